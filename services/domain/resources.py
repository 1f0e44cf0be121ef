"""Emergency supplies, experts and rescue teams (物资、专家、队伍): registries, and the nearest fitting ones proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.domain.case.values import Position
from services.domain.places import distance_km


class ResourceKind(StrEnum):
    """What help it is."""

    SUPPLY = "物资"
    EXPERT = "专家"
    TEAM = "队伍"


class Hazard(StrEnum):
    """What it helps against; a resource may fit several."""

    OIL = "油类"
    ACID_ALKALI = "酸碱"
    TOXIC_GAS = "有毒气体"
    HEAVY_METAL = "重金属"
    ORGANIC = "有机物"
    DRINKING_WATER = "饮用水水源"
    HAZARDOUS_WASTE = "危险废物"
    TAILINGS = "尾矿"
    RADIATION = "辐射"
    FIRE = "火灾次生"
    GENERAL = "通用"


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry. `amount` and `unit` for supplies (and how many people a team has); `checked_on` when last verified."""

    id: str
    kind: ResourceKind
    name: str
    hazards: frozenset[Hazard]
    position: Position
    contact: str
    phone: str
    region: str
    place: str = ""
    amount: float | None = None
    unit: str = ""
    available: bool = True
    checked_on: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A resource proposed for an event: distance, fit and a sentence that says why, with what is doubtful."""

    resource: Resource
    distance_km: float
    sentence: str
    doubtful: bool


STALE_DAYS = 365
"""An entry not verified for a year is proposed with a warning. Default, unverified."""


def nearest(
    resources: Iterable[Resource], at: Position, hazards: Sequence[Hazard], today: date, *, per_kind: int = 3
) -> tuple[Proposal, ...]:
    """The nearest fitting ones of each kind: special help before general help, never expired or unavailable ones."""
    wanted = frozenset(hazards)
    piles: dict[ResourceKind, list[tuple[bool, float, Resource]]] = {kind: [] for kind in ResourceKind}
    for resource in resources:
        if not resource.available or (resource.expires_on and resource.expires_on < today):
            continue
        special = not wanted.isdisjoint(resource.hazards)
        if special or Hazard.GENERAL in resource.hazards or not wanted:
            piles[resource.kind].append((not special, distance_km(at, resource.position), resource))
    proposals = []
    for pile in piles.values():
        pile.sort(key=lambda item: (item[0], item[1], item[2].id))
        proposals += [_proposal(resource, km, wanted, today) for _, km, resource in pile[:per_kind]]
    return tuple(proposals)


def _proposal(resource: Resource, km: float, wanted: frozenset[Hazard], today: date) -> Proposal:
    fits = "、".join(sorted(hazard.value for hazard in wanted & resource.hazards)) or Hazard.GENERAL.value
    amount = f"，{resource.amount:g}{resource.unit}" if resource.amount is not None else ""
    stale = resource.checked_on is None or (today - resource.checked_on).days > STALE_DAYS
    doubt = "，久未核实，请先电话确认" if stale else ""
    text = f"{resource.kind.value}“{resource.name}”（适用{fits}{amount}），约{km:.1f}公里，联系人{resource.contact}{doubt}。"
    return Proposal(resource, km, text, stale)

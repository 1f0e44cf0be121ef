"""Emergency supplies, experts and rescue teams (物资、专家、队伍): registries, and the nearest fitting ones proposed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.domain.case.values import Position
from services.domain.located import LATITUDE, LONGITUDE, REGION, position_fault, region_fault, take_position
from services.domain.places import distance_km
from services.domain.register_rules import HelpRules
from services.domain.tables import Cell, Column, Problem, Reading, heading, read_table


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


COLUMNS: tuple[Column, ...] = (
    Column(
        key="kind", name="类型", aliases=("资源类型",), kind="choice", choices=tuple(kind.value for kind in ResourceKind),
        required=True,
    ),
    Column(key="name", name="名称", aliases=("物资名称", "专家姓名", "队伍名称"), required=True, max_length=200),
    Column(key="hazards", name="适用类别", aliases=("适用", "专长", "救援类别"), kind="list", required=True),
    REGION,
    Column(key="place", name="存放地点", aliases=("地址", "驻地", "工作单位"), max_length=300),
    LONGITUDE,
    LATITUDE,
    Column(key="contact", name="联系人", aliases=("负责人",), required=True, max_length=100),
    Column(key="phone", name="联系电话", aliases=("电话", "值班电话"), required=True, max_length=40),
    Column(key="amount", name="数量", aliases=("人数", "储量"), kind="number"),
    Column(key="unit", name="计量单位", aliases=("单位",), max_length=20),
    Column(key="available", name="是否可用", aliases=("可用",), kind="yes_no"),
    Column(key="checked_on", name="核实日期", aliases=("最近核实", "盘点日期"), kind="date"),
    Column(key="expires_on", name="有效期至", aliases=("有效期", "聘期至"), kind="date"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry. `amount` and `unit` for supplies (and how many people a team has); `checked_on` when last verified."""

    id: str
    kind: ResourceKind
    name: str
    hazards: frozenset[Hazard]
    position: Position | None
    contact: str
    phone: str
    region: str
    place: str = ""
    amount: float | None = None
    unit: str = ""
    available: bool = True
    checked_on: date | None = None
    expires_on: date | None = None


def import_resources(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], *, regions: Collection[str] = (), first: int = 2
) -> tuple[tuple[Resource, ...], Reading]:
    """Supplies, experts and teams of a spreadsheet, every row checked; the same entry twice is refused."""
    reading = read_table(header, rows, COLUMNS, first=first)
    found: list[Resource] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for row in reading.accepted:
        values: dict[str, Any] = {key: value for key, value in row.values.items() if value is not None}
        kind = ResourceKind(values["kind"])
        id_ = resource_id(kind, values["region"], values["name"], values.get("place", ""))
        fault = _fault(row.number, kind, values, regions)
        if fault is None and id_ in taken:
            fault = Problem(row.number, "名称", "表中已有同一地点的同名条目。")
        if fault:
            problems.append(fault)
            continue
        taken.add(id_)
        values |= {"kind": kind, "hazards": frozenset(Hazard(name) for name in values["hazards"])}
        found.append(Resource(id=id_, position=take_position(values), **values))
    return tuple(found), reading.refusing(problems)


def resource_id(kind: ResourceKind, region: str, name: str, place: str) -> str:
    """One id for one entry, however often it is imported."""
    return f"{kind.name.lower()}-{region}-{heading(name)}-{heading(place)}"


def _fault(row: int, kind: ResourceKind, values: Mapping[str, Any], regions: Collection[str]) -> Problem | None:
    if fault := region_fault(row, values, regions) or position_fault(row, values):
        return fault
    hazards = {hazard.value for hazard in Hazard}
    if unknown := [name for name in values["hazards"] if name not in hazards]:
        return Problem(row, "适用类别", f"没有“{'、'.join(unknown)}”，可填：{'、'.join(sorted(hazards))}。")
    if kind is ResourceKind.SUPPLY and values.get("amount") is None:
        return Problem(row, "数量", "物资须填数量。")
    if values.get("amount", 0) < 0:
        return Problem(row, "数量", "不能为负数。")
    return None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A resource proposed for an event: fit, distance where both places are known, and a sentence that says why."""

    resource: Resource
    distance_km: float | None
    sentence: str
    doubtful: bool


SAME_DISTRICT, NEIGHBOUR, ELSEWHERE = 0, 1, 2
"""How near a district is where coordinates are missing."""


def nearest(
    resources: Iterable[Resource], at: Position | None, hazards: Sequence[Hazard], today: date, rules: HelpRules, *,
    region: str | None = None, neighbours: Collection[str] = (),
) -> tuple[Proposal, ...]:  # fmt: skip
    """The nearest fitting ones of each kind: special help before general help, never expired or unavailable ones.

    Order: fit, then kilometres where both positions are known; where one is not, its district counts (the same, a
    neighbouring one, another), and within a district those with a known distance come first.
    """
    wanted = frozenset(hazards)
    piles: dict[ResourceKind, list[tuple[bool, int, float, Resource]]] = {kind: [] for kind in ResourceKind}
    for resource in resources:
        if not resource.available or (resource.expires_on and resource.expires_on < today):
            continue
        special = not wanted.isdisjoint(resource.hazards)
        if special or Hazard.GENERAL in resource.hazards or not wanted:
            km = None if at is None or resource.position is None else distance_km(at, resource.position)
            ring = SAME_DISTRICT if resource.region == region else NEIGHBOUR if resource.region in neighbours else ELSEWHERE
            # Coordinates on both sides say more than a border does.
            near = (SAME_DISTRICT, km) if km is not None else (ring, float("inf"))
            piles[resource.kind].append((not special, *near, resource))
    proposals = []
    for pile in piles.values():
        pile.sort(key=lambda item: (*item[:3], item[3].id))
        proposals += [
            _proposal(resource, None if km == float("inf") else km, wanted, today, rules)
            for _, _, km, resource in pile[: rules.per_kind]
        ]
    return tuple(proposals)


def _proposal(
    resource: Resource, km: float | None, wanted: frozenset[Hazard], today: date, rules: HelpRules
) -> Proposal:
    fits = "、".join(sorted(hazard.value for hazard in wanted & resource.hazards)) or Hazard.GENERAL.value
    amount = f"，{resource.amount:g}{resource.unit}" if resource.amount is not None else ""
    far = f"约{km:.1f}公里" if km is not None else f"距离不详（{resource.place or resource.region}）"
    stale = resource.checked_on is None or (today - resource.checked_on).days > rules.stale_days
    doubt = "，久未核实，请先电话确认" if stale else ""
    text = f"{resource.kind.value}“{resource.name}”（适用{fits}{amount}），{far}，联系人{resource.contact}{doubt}。"
    return Proposal(resource, km, text, stale)

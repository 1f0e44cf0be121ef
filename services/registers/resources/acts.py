"""What people do with supplies, experts and teams: import, look, verify, and find the nearest fitting ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.domain.case.values import Position
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.register_rules import HelpRules
from services.domain.registers import Act, changed, may, missing
from services.domain.resources import COLUMNS, Hazard, Proposal, ResourceKind, import_resources, nearest
from services.domain.tables import Column, Reading
from services.infra.unit_of_work import UnitOfWork
from services.registers.importing import OfCity, Record
from services.registers.resources import repository as rows
from services.registers.scopes import pattern, patterns
from services.sheets import Sheet

TITLE = "应急物资、专家和队伍名录"


class ResourceRegister(OfCity):
    """Imports of supplies, experts and teams."""

    code = "resources"
    title = TITLE
    kept = rows.KEPT
    columns: Sequence[Column] = COLUMNS

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as resources in the city or one of its districts."""
        regions = {self.city.code, *self.city.districts}
        found, reading = import_resources(sheet.header, sheet.rows, regions=regions, first=sheet.first)
        records = []
        for row, item in zip(reading.accepted, found, strict=True):
            records.append((row.number, {
                "id": item.id, "kind": item.kind.value, "name": item.name, "hazards": sorted(hazard.value for hazard in item.hazards),
                "region": item.region, "place": item.place, "longitude": item.position.longitude if item.position else None,
                "latitude": item.position.latitude if item.position else None, "contact": item.contact, "phone": item.phone,
                "amount": item.amount, "unit": item.unit, "available": item.available,
                "checked_on": item.checked_on.isoformat() if item.checked_on else None,
                "expires_on": item.expires_on.isoformat() if item.expires_on else None,
            }))  # fmt: skip
        return records, reading


@dataclass(frozen=True, slots=True)
class Search:
    """Which resources: None is all; `expired_by` those whose term ends before that day."""

    region: str | None = None
    kind: ResourceKind | None = None
    hazard: Hazard | None = None
    expired_by: date | None = None


async def page(
    unit: UnitOfWork, actor: Principal, wanted: Search, *, after: str | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], str | None] | Refusal:
    """(entries, where the next page begins); numbers to call only for those who would call them."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    found = await rows.listed(unit.connection, [
        patterns(actor), pattern(wanted.region), wanted.kind.value if wanted.kind else None,
        wanted.hazard.value if wanted.hazard else None, wanted.expired_by, after, limit + 1,
    ])  # fmt: skip
    calls = may(actor, Act.SEE_CONTACTS, TITLE) is None
    shown = [dict(row) if calls else {**row, "phone": ""} for row in found[:limit]]
    return shown, found[limit - 1]["id"] if len(found) > limit else None


@dataclass(frozen=True, slots=True)
class Verified:
    """What somebody found when verifying an entry; None leaves it as it is."""

    available: bool | None = None
    amount: float | None = None
    expires_on: date | None = None


async def verify(
    unit: UnitOfWork, actor: Principal, id: str, found: Verified, expected: int | None = None
) -> Mapping[str, Any] | Refusal:
    """An entry is verified today: there or gone, how much, until when."""
    row = await rows.locked(unit.connection, patterns(actor), id)
    if row is None:
        return missing("名录条目", id)
    if refusal := may(actor, Act.AMEND, TITLE, row["region"]) or changed("名录条目", id, expected, row["version"]):
        return refusal
    now = unit.clock()
    return await rows.amend(unit.connection, [
        id, row["available"] if found.available is None else found.available, day_of(now),
        row["amount"] if found.amount is None else found.amount,
        row["expires_on"] if found.expires_on is None else found.expires_on, actor.id, now,
    ])  # fmt: skip


async def propose(
    unit: UnitOfWork, rules: HelpRules, city: City, *, region: str | None, position: Position | None, hazards: Sequence[Hazard]
) -> tuple[Proposal, ...]:
    """The nearest fitting help for an event there."""
    today = day_of(unit.clock())
    pool = await rows.usable(unit.connection, today)
    beside = city.neighbours([region]) if region else ()
    return nearest(pool, position, hazards, today, rules, region=region, neighbours=beside)


async def find(
    unit: UnitOfWork, actor: Principal, rules: HelpRules, city: City, *, region: str | None, position: Position | None,
    hazards: Sequence[Hazard],
) -> tuple[Proposal, ...] | Refusal:  # fmt: skip
    """The nearest fitting help for a place, for those who would call it."""
    if refusal := may(actor, Act.SEE_CONTACTS, TITLE):
        return refusal
    return await propose(unit, rules, city, region=region, position=position, hazards=hazards)

"""What people do with the ledger: page through it, take it out, publish the table of complaints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from services.domain import disclosure
from services.domain.case.state import load_state
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.ledger import LedgerRules, export_ledger
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.registers import Act, may
from services.infra.unit_of_work import UnitOfWork
from services.registers.exporting import LOCAL, Given, give_out
from services.registers.ledger import repository as rows
from services.registers.ledger.lines import entry_from
from services.registers.scopes import pattern, patterns, unit_of
from services.sheets import Table

TITLE = "整改台账"
DISCLOSURE_TITLE = "群众信访举报转办和边督边改公开情况一览表"
EXPORT_LIMIT = 100_000
"""Lines in one file; a spreadsheet holds a million, a person none of them. Narrow the filter instead."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines: None is all. `mode` ledger or immediate, `origin` case, import or inspection."""

    region: str | None = None
    unit: str | None = None
    open: bool | None = None
    overdue: bool = False
    mode: str | None = None
    origin: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the record of an export."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) not in (None, False)}


@dataclass(frozen=True, slots=True)
class Page:
    """Lines by deadline, and where the next page begins."""

    lines: tuple[Mapping[str, Any], ...]
    total: int
    after: tuple[date, UUID] | None


def _arguments(actor: Principal, wanted: Filter, today: date) -> list[Any]:
    return [
        patterns(actor), unit_of(actor), pattern(wanted.region), wanted.unit, wanted.open, today if wanted.overdue else None,
        wanted.mode, wanted.origin,
    ]  # fmt: skip


async def page(
    unit: UnitOfWork, actor: Principal, wanted: Filter, *, after: tuple[date, UUID] | None = None, limit: int = 50
) -> Page | Refusal:
    """Lines the actor may see, the earliest deadline first."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    arguments = _arguments(actor, wanted, day_of(unit.clock()))
    found = await rows.page(unit.connection, arguments, after, limit + 1)
    shown = tuple(found[:limit])
    further = (shown[-1]["deadline"], shown[-1]["id"]) if len(found) > limit else None
    return Page(shown, await rows.count(unit.connection, arguments), further)


async def lacking(unit: UnitOfWork, actor: Principal, limit: int = 200) -> list[dict[str, Any]] | Refusal:
    """Cases with measures that are not on the ledger, and what they lack."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    return await rows.incomplete(unit.connection, patterns(actor), unit_of(actor), limit)


async def export(unit: UnitOfWork, actor: Principal, rules: LedgerRules, wanted: Filter, form: str) -> Given | Refusal:
    """The ledger as officials keep it, as xlsx or csv."""
    if refusal := may(actor, Act.EXPORT, TITLE):
        return refusal
    found = await rows.page(unit.connection, _arguments(actor, wanted, day_of(unit.clock())), None, EXPORT_LIMIT)
    header, cells = await asyncio.to_thread(_cells, found, rules)
    return await give_out(unit, actor, "ledger", Table(TITLE, header, cells), form, wanted.as_dict())


def _cells(found: Sequence[Mapping[str, Any]], rules: LedgerRules) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    return export_ledger([entry_from(row) for row in found], rules)


@dataclass(frozen=True, slots=True)
class Published:
    """The public table, and what is held back for a person to mend."""

    given: Given
    held: tuple[disclosure.Held, ...]


Disclosable = tuple[list[disclosure.Line], list[disclosure.Held]]


async def disclosable(
    unit: UnitOfWork, actor: Principal, city: City, *, region: str | None = None, since: date | None = None, until: date | None = None
) -> Disclosable | Refusal:
    """(lines, what is held back) of complaints first received from `since` to `until`, both days included."""
    if refusal := may(actor, Act.EXPORT, "公开情况一览表"):
        return refusal
    begin = datetime.combine(since, time.min, LOCAL) if since else None
    end = datetime.combine(date.fromordinal(until.toordinal() + 1), time.min, LOCAL) if until else None
    states = await rows.verified(unit.connection, [patterns(actor), pattern(region), begin, end])
    return await asyncio.to_thread(_lines, states, city.districts)


async def disclose(
    unit: UnitOfWork, actor: Principal, city: City, form: str, *, region: str | None = None, since: date | None = None,
    until: date | None = None,
) -> Published | Refusal:  # fmt: skip
    """The table the public reads (《群众信访举报转办和边督边改公开情况一览表》) as xlsx or csv."""
    found = await disclosable(unit, actor, city, region=region, since=since, until=until)
    if isinstance(found, Refusal):
        return found
    lines, held = found
    table = Table(DISCLOSURE_TITLE, disclosure.HEADER, disclosure.table(lines))
    wanted = {"region": region, "since": str(since) if since else None, "until": str(until) if until else None}
    given = await give_out(unit, actor, "disclosure", table, form, {k: v for k, v in wanted.items() if v})
    return Published(given, tuple(held))


def _lines(states: Sequence[str], regions: Mapping[str, str]) -> Disclosable:
    lines: list[disclosure.Line] = []
    held: list[disclosure.Held] = []
    for state in states:
        told, kept = disclosure.disclosed(load_state(state), regions)
        lines += told
        held += kept
    return lines, held

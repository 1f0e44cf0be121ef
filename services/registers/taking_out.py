"""Every register as a file: read within the caller's regions, made a table, marked and put on record by `exporting`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.domain import hydropower as hp
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.registers import Act, may
from services.domain.resources import COLUMNS as RESOURCE_COLUMNS
from services.domain.rulebook import RuleBook
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies import repository as emergencies
from services.registers.emergencies import table as emergency_table
from services.registers.emergencies.views import DUTY_COLUMNS
from services.registers.exporting import Given, give_out
from services.registers.ledger import repository as ledger
from services.registers.resources import repository as resources
from services.registers.risks import repository as risks
from services.registers.risks import table as risk_table
from services.registers.scopes import pattern, patterns
from services.registers.stations import repository as stations
from services.registers.stations import table as station_table
from services.sheets import Table

LIMIT = 100_000
"""Entries in one file; a city has hundreds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose register, under which rules, of which region (None: all the caller's)."""

    actor: Principal
    city: City
    rules: RuleBook
    region: str | None = None


Reader = Callable[[UnitOfWork, Wanted], Awaitable[Table]]


async def _risks(unit: UnitOfWork, wanted: Wanted) -> Table:
    found = await risks.listed(unit.connection, [patterns(wanted.actor), pattern(wanted.region), None, False, None, LIMIT])
    held = await risks.inspections_of(unit.connection, [row["id"] for row in found])
    states = await ledger.by_origin(unit.connection, "inspection", [f"{row['id']}/{n}" for row in held for n in range(1, len(row["findings"]) + 1)])
    return await asyncio.to_thread(risk_table.table_of, found, held, states)


async def _stations(unit: UnitOfWork, wanted: Wanted) -> Table:
    rows = await stations.listed(unit.connection, patterns(wanted.actor), pattern(wanted.region))
    today = day_of(unit.clock())
    known = {row["id"]: stations.station_of(row) for row in rows}
    checks = await stations.all_checks(unit.connection, list(known))
    last = {check.station_id: check for check in reversed(checks)}
    standing = []
    for row in rows:
        station, seen = known[row["id"]], last.get(row["id"])
        standing.append((row, hp.status(station, seen, today), hp.results(station, seen), seen.on if seen else None))
    counties = hp.county_list(known.values(), last.values(), today)
    return await asyncio.to_thread(station_table.table_of, standing, counties, [(known[check.station_id], check) for check in checks])


async def _resources(unit: UnitOfWork, wanted: Wanted) -> Table:
    found = await resources.listed(unit.connection, [patterns(wanted.actor), pattern(wanted.region), None, None, None, None, LIMIT])
    header = tuple(column.name for column in RESOURCE_COLUMNS)
    return Table("应急物资、专家和队伍名录", header, [[row[column.key] for column in RESOURCE_COLUMNS] for row in found])


async def _emergencies(unit: UnitOfWork, wanted: Wanted) -> Table:
    arguments = [patterns(wanted.actor), None, pattern(wanted.region), None, None, LIMIT]
    found = await emergencies.whole(unit.connection, arguments)
    return await asyncio.to_thread(emergency_table.table_of, found, wanted.rules.emergency, unit.clock())


async def _duty(unit: UnitOfWork, wanted: Wanted) -> Table:
    found = await emergencies.every_turn(unit.connection, patterns(wanted.actor), pattern(wanted.region))
    return Table("应急值班表", tuple(column.name for column in DUTY_COLUMNS), [[row[column.key] for column in DUTY_COLUMNS] for row in found])


REGISTERS: dict[str, tuple[str, Reader]] = {
    "risk-sources": (risk_table.TITLE, _risks),
    "stations": (station_table.TITLE, _stations),
    "resources": ("应急物资、专家和队伍名录", _resources),
    "emergencies": (emergency_table.TITLE, _emergencies),
    "duty": ("应急值班表", _duty),
}
"""Name in addresses and commands → title, how it is read. The ledger has filters of its own: `ledger.acts.export`."""


async def take_out(unit: UnitOfWork, register: str, form: str, wanted: Wanted) -> Given | Refusal:
    """A register as xlsx (with its records on further sheets) or csv (the register alone). Raises KeyError for another name."""
    title, read = REGISTERS[register]
    if refusal := may(wanted.actor, Act.EXPORT, title):
        return refusal
    filter = {"region": wanted.region} if wanted.region else {}
    return await give_out(unit, wanted.actor, register, await read(unit, wanted), form, filter)

"""What people do with stations: import, check them, see the list per county, begin a case from the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import uuid4

from services.domain import hydropower as hp
from services.domain.case.commands import Plan
from services.domain.case.values import RectifyMode
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.findings import FINDINGS
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.domain.registers import Act, may, missing
from services.domain.tables import Column, Reading
from services.infra.unit_of_work import UnitOfWork
from services.registers.evidence import cite
from services.registers.importing import OfCity, Record
from services.registers.ledger.findings import Visit, put_on
from services.registers.scopes import pattern, patterns
from services.registers.stations import repository as rows
from services.sheets import Sheet

TITLE = "小水电清单"


class StationRegister(OfCity):
    """Imports of stations."""

    code = "stations"
    title = TITLE
    kept = rows.KEPT
    columns: Sequence[Column] = hp.COLUMNS

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as stations of the city's counties."""
        stations, reading = hp.import_stations(sheet.header, sheet.rows, self.city.districts, first=sheet.first)
        records = []
        for row, station in zip(reading.accepted, stations, strict=True):
            unit = self.city.unit_named(station.unit)
            records.append((row.number, {
                "id": station.id, "name": station.name, "region": station.region, "county": station.county, "river": station.river,
                "decided": station.decided.value, "deadline": station.deadline.isoformat(), "unit": station.unit,
                "unit_id": unit.id if unit else None, "person": station.person, "required_flow": station.required_flow,
                "longitude": station.position.longitude if station.position else None,
                "latitude": station.position.latitude if station.position else None,
            }))  # fmt: skip
        return records, reading


@dataclass(frozen=True, slots=True)
class Standing:
    """A station with what was last found at it."""

    station: hp.Station
    status: str
    answers: tuple[hp.ItemResult, ...]
    checked_on: Any
    on_ledger: tuple[str, ...] = ()


async def page(
    unit: UnitOfWork, actor: Principal, *, region: str | None = None, status: str | None = None
) -> list[Standing] | Refusal:
    """Stations with their status, those overdue first."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    found = [rows.station_of(row) for row in await rows.listed(unit.connection, patterns(actor), pattern(region))]
    checks = await rows.last_checks(unit.connection, [station.id for station in found])
    today = day_of(unit.clock())
    standing = [_standing(station, checks.get(station.id), today) for station in found]
    order = {"逾期": 0, "未核查": 1, "整治中": 2, "完成": 3}
    chosen = [item for item in standing if status is None or item.status == status]
    return sorted(chosen, key=lambda item: (order[item.status], item.station.id))


def _standing(station: hp.Station, check: hp.StationCheck | None, today: Any) -> Standing:
    return Standing(
        station, hp.status(station, check, today), hp.results(station, check), check.on if check else None
    )


async def counties(unit: UnitOfWork, actor: Principal) -> tuple[hp.CountyLine, ...] | Refusal:
    """The list per county, the most overdue first."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    found = [rows.station_of(row) for row in await rows.listed(unit.connection, patterns(actor), None)]
    checks = await rows.last_checks(unit.connection, [station.id for station in found])
    return hp.county_list(found, checks.values(), day_of(unit.clock()))


async def visible(unit: UnitOfWork, actor: Principal, id: str) -> Mapping[str, Any] | Refusal:
    """One station, where the actor's regions cover it; otherwise it is not there."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    found = await rows.one(unit.connection, patterns(actor), id)
    return found if found is not None else missing("电站", id)


async def show(unit: UnitOfWork, actor: Principal, id: str) -> dict[str, Any] | Refusal:
    """One station with every check and the cases about it."""
    row = await visible(unit, actor, id)
    if isinstance(row, Refusal):
        return row
    checks = await rows.checks(unit.connection, id)
    standing = _standing(rows.station_of(row), checks[0] if checks else None, day_of(unit.clock()))
    return {
        **row,
        "status": standing.status,
        "answers": [{"item": a.item.value, "met": a.met, "sentence": a.sentence} for a in standing.answers],
        "checks": [asdict(check) for check in checks],
        "complaints": await rows.cases(unit.connection, id),
    }


async def check(unit: UnitOfWork, actor: Principal, city: City, id: str, found: hp.StationCheck) -> Standing | Refusal:
    """A check goes on record; the answer says what it means for the station. Its findings go where inspections' go."""
    row = await rows.one(unit.connection, patterns(actor), id)
    if row is None:
        return missing("电站", id)
    if refusal := may(actor, Act.INSPECT, TITLE, row["region"]):
        return refusal
    now = unit.clock()
    station = rows.station_of(row)
    if refusal := hp.check_visit(station, found, day_of(now)):
        return refusal
    if refusal := await cite(unit, actor, "stations", id, found.evidence):
        return refusal
    visit = Visit("stations", id, uuid4(), f"小水电核查 {station.name}", row["region"], found.on)
    lines = await put_on(unit, actor, city, visit, found.findings)
    if isinstance(lines, Refusal):
        return lines
    flows = [{"flow": f.flow, "at": f.at.isoformat(), "monitored_online": f.monitored_online} for f in found.flows]
    findings = FINDINGS.dump_python(found.findings, mode="json")
    await rows.keep_check(
        unit.connection, [visit.number, id, found.on, actor.id, found.done, list(found.evidence), flows, findings, now]
    )
    last = await rows.last_checks(unit.connection, [id])
    return replace(_standing(station, last[id], day_of(now)), on_ledger=tuple(lines))


async def template(unit: UnitOfWork, actor: Principal, id: str, unit_id: str | None = None) -> Plan | Refusal:
    """The plan a station's case begins with: one measure for each check that applies, for the lead unit to give."""
    row = await visible(unit, actor, id)
    if isinstance(row, Refusal):
        return row
    lead = unit_id or row["unit_id"] or actor.unit_id
    if lead is None:
        return refuse("register.missing", what="责任单位", id=row["unit"], field="unit_id")
    station = rows.station_of(row)
    measures = hp.template(station, day_of(unit.clock()), lead)
    if isinstance(measures, Refusal):
        return measures
    items = "；".join(item.value for item in hp.items_of(station))
    return Plan(mode=RectifyMode.LEDGER, target=f"{station.name}（{station.decided.value}）：{items}", measures=measures)


def about(rows_: Sequence[Mapping[str, Any]], text: str, region: str) -> list[str]:
    """Ids of the stations of a district that a text names."""
    return [row["id"] for row in rows_ if row["region"] == region and len(row["name"]) > 2 and row["name"] in text]

"""What people do with risk sources: import, look, inspect, and say whether a case is about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from contracts.registers import RiskSourceMatched
from contracts.topics import RISK_MATCHED
from contracts.vocabulary import RiskArea
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.findings import FINDINGS, Finding
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.domain.registers import Act, may, missing, no_match
from services.domain.risk_sources import COLUMNS, import_sources
from services.domain.tables import Column, Reading
from services.infra.unit_of_work import UnitOfWork
from services.registers.importing import OfCity, Record
from services.registers.ledger.findings import Visit, put_on
from services.registers.risks import repository as rows
from services.registers.scopes import pattern, patterns
from services.sheets import Sheet

TITLE = "环境风险源清单"


class RiskRegister(OfCity):
    """Imports of risk sources."""

    code = "risk-sources"
    title = TITLE
    kept = rows.KEPT
    columns: Sequence[Column] = COLUMNS

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as sources of the city's districts."""
        sources, reading = import_sources(sheet.header, sheet.rows, regions=self.city.districts, first=sheet.first)
        records = []
        for row, source in zip(reading.accepted, sources, strict=True):
            unit = self.city.unit_named(source.unit)
            records.append((row.number, {
                "id": source.id, "name": source.name, "area": source.area.value, "region": source.region, "address": source.address,
                "longitude": source.position.longitude if source.position else None,
                "latitude": source.position.latitude if source.position else None, "unit": source.unit,
                "unit_id": unit.id if unit else None, "person": source.person, "risk": source.risk, "measures": source.measures,
                "active": True,
            }))  # fmt: skip
        return records, reading


async def page(
    unit: UnitOfWork, actor: Principal, *, region: str | None = None, area: RiskArea | None = None, with_cases: bool = False,
    after: str | None = None, limit: int = 50,
) -> tuple[list[Mapping[str, Any]], str | None] | Refusal:  # fmt: skip
    """(sources, where the next page begins)."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    area_value = area.value if area else None
    found = await rows.listed(
        unit.connection, [patterns(actor), pattern(region), area_value, with_cases, after, limit + 1]
    )
    return found[:limit], found[limit - 1]["id"] if len(found) > limit else None


async def show(unit: UnitOfWork, actor: Principal, id: str) -> dict[str, Any] | Refusal:
    """One source with its inspections and the cases about it."""
    found = await visible(unit, actor, id)
    if isinstance(found, Refusal):
        return found
    return {
        **found,
        "complaints": await rows.cases(unit.connection, id),
        "inspections": await rows.inspections(unit.connection, id),
    }


async def visible(unit: UnitOfWork, actor: Principal, id: str) -> Mapping[str, Any] | Refusal:
    """One source, where the actor's regions cover it; otherwise it is not there."""
    if refusal := may(actor, Act.SEE, TITLE):
        return refusal
    found = await rows.one(unit.connection, patterns(actor), id)
    return found if found is not None else missing("风险源", id)


async def inspect(
    unit: UnitOfWork, actor: Principal, city: City, id: str, held_on: date, findings: tuple[Finding, ...], note: str = ""
) -> dict[str, Any] | Refusal:
    """An inspection goes on record; what is not fixed at once becomes lines of the ledger."""
    found = await rows.one(unit.connection, patterns(actor), id)
    if found is None:
        return missing("风险源", id)
    if refusal := may(actor, Act.INSPECT, TITLE, found["region"]):
        return refusal
    if held_on > day_of(unit.clock()):
        return refuse("station.future", on=held_on, field="on")
    visit = Visit("risk-sources", id, uuid4(), f"环境风险排查 {found['name']}", found["region"], held_on)
    lines = await put_on(unit, actor, city, visit, findings)
    if isinstance(lines, Refusal):
        return lines
    body = FINDINGS.dump_python(findings, mode="json")
    await rows.keep_inspection(unit.connection, [visit.number, id, held_on, actor.id, body, note, unit.clock()])
    return {"id": visit.number, "findings": len(findings), "on_ledger": lines}


async def suggestions(unit: UnitOfWork, actor: Principal, limit: int = 200) -> list[dict[str, Any]] | Refusal:
    """Guesses that a person should decide."""
    if refusal := may(actor, Act.JUDGE_MATCH, TITLE):
        return refusal
    return await rows.suggested(unit.connection, patterns(actor), limit)


async def judge(unit: UnitOfWork, actor: Principal, id: str, case_id: UUID, *, same: bool) -> str | Refusal:
    """A person says that a case is, or is not, about the source; a yes raises the case's urgency."""
    found = await rows.one(unit.connection, patterns(actor), id)
    if found is None:
        return missing("风险源", id)
    if not actor.person:
        return refuse("actor.person", command="判断是否涉及风险源", actor=actor.name)
    if refusal := may(actor, Act.JUDGE_MATCH, TITLE, found["region"]):
        return refusal
    state = "confirmed" if same else "refused"
    match = await rows.judge(unit.connection, id, case_id, state, actor.id, unit.clock())
    if match is None:
        return no_match()
    if same:
        tell(unit, case_id, match["case_no"], found, match["score"], match["why"], confirmed=True, by=actor.id)
    return str(match["case_no"])


def tell(
    unit: UnitOfWork, case_id: UUID, case_no: str, source: Mapping[str, Any], score: float, why: str, *, confirmed: bool, by: str
) -> None:
    """Say that a case is about a source; casework raises its urgency where that is sure."""
    event = RiskSourceMatched(
        occurred_at=unit.clock(), case_id=case_id, case_no=case_no, source_id=source["id"], source=source["name"],
        area=RiskArea(source["area"]), score=score, why=why, confirmed=confirmed, decided_by=by,
    )  # fmt: skip
    unit.emit(RISK_MATCHED, case_id, event)

"""Findings of inspections on the ledger, whichever register they come from, and what is done with their lines.

Every act is one transaction: the line, its entry in the history, the files it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.domain.case.status import Status
from services.domain.case.values import RectifyMode
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.findings import Finding, LineAct, LineState, check_act, check_findings, evidence_of
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.domain.registers import Act, changed, may, missing
from services.infra.unit_of_work import UnitOfWork
from services.registers.evidence import cite
from services.registers.importing import Record
from services.registers.ledger import repository as rows
from services.registers.ledger.lines import line_id
from services.registers.scopes import patterns, unit_of

RETURNED = "退回整改"
BEGINNING = re.compile(r"[0-9a-f-]{6,36}")


@dataclass(frozen=True, slots=True)
class Visit:
    """Where and when the findings were made. `register` and `entry` name what was inspected."""

    register: str
    entry: str
    number: UUID
    source: str
    region: str
    held_on: date


async def put_on(unit: UnitOfWork, actor: Principal, city: City, visit: Visit, findings: Sequence[Finding]) -> list[str] | Refusal:
    """What is not fixed at once becomes lines of the ledger; ids of the lines. The files they rest on are kept."""
    if refusal := check_findings(findings, day_of(unit.clock())):
        return refusal
    for number, finding in enumerate(findings):
        if finding.mode is RectifyMode.LEDGER and city.unit_named(finding.unit) is None:
            return refuse("register.missing", what="责任单位", id=finding.unit, field=f"findings[{number}].unit")
    if refusal := await cite(unit, actor, visit.register, visit.entry, evidence_of(findings), "findings"):
        return refusal
    now = unit.clock().isoformat()
    lines = [
        _line(city, visit, index, finding, now)
        for index, finding in enumerate(findings, start=1)
        if finding.mode is RectifyMode.LEDGER
    ]
    await rows.keep(unit.connection, lines)
    return [line["id"] for line in lines]


def _line(city: City, visit: Visit, index: int, finding: Finding, now: str) -> Record:
    key = f"{visit.number}/{index}"
    unit = city.unit_named(finding.unit)
    return {
        "id": str(line_id("inspection", key)), "origin": "inspection", "origin_key": key, "origin_version": 1, "mode": "ledger",
        "region": visit.region, "lead_unit_id": unit.id if unit else None, "co_unit_ids": [], "open": True,
        "source": f"{visit.source} {visit.held_on}", "problem": finding.text, "target": "隐患消除", "measures": finding.measure,
        "lead_unit": finding.unit, "co_units": [], "person": finding.person, "deadline": str(finding.deadline), "progress": "",
        "acceptance_unit": "", "acceptance": "", "publicity_start": None, "publicity_end": None, "closed_on": None, "document_no": "",
        "satisfaction": "", "state": Status.RECTIFYING.label, "case_no": "", "at": now, "changed_at": now,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What is done with a line: in words, with files, until when (more time), under which number (销号文号)."""

    act: LineAct
    text: str
    evidence: tuple[str, ...] = ()
    until: date | None = None
    document_no: str = ""
    expected: int | None = None


async def act(unit: UnitOfWork, actor: Principal, id: UUID, told: Told) -> Mapping[str, Any] | Refusal:
    """Report, return, postpone or strike off a line of an inspection; the line after it."""
    line = await rows.locked(unit.connection, patterns(actor), unit_of(actor), id)
    if line is None:
        return missing("台账条目", str(id))
    if refusal := changed("台账条目", str(id), told.expected, line["origin_version"]):
        return refusal
    now = unit.clock()
    history = await rows.line_events(unit.connection, id)
    if refusal := check_act(_state(line, history), told.act, actor, day_of(now), until=told.until):
        return refusal
    if refusal := await cite(unit, actor, "ledger", str(id), told.evidence):
        return refusal
    after = {**line, **_after(line, told, actor, day_of(now)), "origin_version": line["origin_version"] + 1, "changed_at": now}
    await rows.keep(unit.connection, [after])
    values = [id, after["origin_version"], told.act.value, actor.id, told.text, list(told.evidence), told.until, now]
    await rows.note(unit.connection, values)
    return after


def _state(line: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> LineState:
    state = LineState(
        origin=line["origin"], open=line["open"], deadline=line["deadline"],
        units=tuple(filter(None, (line["lead_unit_id"], *line["co_unit_ids"]))),
    )  # fmt: skip
    for event in history:
        match event["kind"]:
            case LineAct.REPORT:
                reports = (*state.reports, (event["by"], len(event["evidence"])))
                state = replace(state, reports=reports, handlers=state.handlers | {event["by"]})
            case LineAct.RETURN:
                state = replace(state, reports=())
            case LineAct.POSTPONE:
                state = replace(state, postponed=state.postponed + 1)
    return state


def _after(line: Mapping[str, Any], told: Told, actor: Principal, today: date) -> dict[str, Any]:
    match told.act:
        case LineAct.REPORT:
            return {"progress": f"{today} {told.text}", "state": Status.RECTIFYING.label}
        case LineAct.RETURN:
            return {"progress": f"{today} {RETURNED}：{told.text}", "state": RETURNED}
        case LineAct.POSTPONE:
            return {"deadline": told.until, "progress": f"{today} 延期至{told.until}：{told.text}"}
    return {
        "open": False, "state": Status.CLOSED_OUT.label, "closed_on": today, "acceptance_unit": actor.name, "acceptance": told.text,
        "document_no": told.document_no,
    }  # fmt: skip


async def named(unit: UnitOfWork, actor: Principal, beginning: str) -> UUID | Refusal:
    """The line of an inspection whose id begins so, as people copy it from a list."""
    found = await rows.named(unit.connection, patterns(actor), unit_of(actor), beginning) if BEGINNING.fullmatch(beginning) else []
    return found[0] if len(found) == 1 else missing("台账条目", beginning)


async def history(unit: UnitOfWork, actor: Principal, id: UUID) -> dict[str, Any] | Refusal:
    """A line with what happened to it, the first first."""
    if refusal := may(actor, Act.SEE, "整改台账"):
        return refusal
    line = await rows.one(unit.connection, patterns(actor), unit_of(actor), id)
    if line is None:
        return missing("台账条目", str(id))
    return {**line, "history": [dict(event) for event in await rows.line_events(unit.connection, id)]}

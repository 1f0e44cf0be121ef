"""What people see of emergencies: lists, one with everything about it, the help proposed, the duty roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.domain import emergency as em
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.register_rules import HelpRules
from services.domain.registers import Act, may, missing
from services.domain.resources import Hazard, Proposal
from services.domain.tables import Column, Problem, Reading, read_table
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies import repository as rows
from services.registers.emergencies.acts import WHAT, Duty
from services.registers.importing import Record
from services.registers.resources.acts import propose
from services.registers.scopes import pattern, patterns
from services.sheets import Sheet

DUTY_COLUMNS = (
    Column(key="day", name="日期", aliases=("值班日期",), kind="date", required=True),
    Column(key="post", name="岗位", aliases=("值班岗位", "职务"), required=True, max_length=100),
    Column(key="region", name="行政区划代码", aliases=("区划代码",), max_length=6),
    Column(key="person", name="值班人员", aliases=("姓名", "值班人"), required=True, max_length=100),
    Column(key="phone", name="值班电话", aliases=("联系电话", "电话"), max_length=40),
)


@dataclass(frozen=True)
class DutyRegister:
    """Imports of the duty roster (值班表); posts are those of the paging ladder."""

    duty: Duty
    code: str = "duty"
    title: str = "应急值班表"
    kept = rows.DUTY
    columns: Sequence[Column] = DUTY_COLUMNS

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as turns of duty. A post the ladder does not call would never be paged, so it is refused."""
        reading = read_table(sheet.header, sheet.rows, self.columns, first=sheet.first)
        posts = {step.role for step in self.duty.rules.paging} | {step.role for step in self.duty.rules.reminders}
        regions = {self.duty.city.code, *self.duty.city.districts}
        problems, records, seen = [], [], set()
        for row in reading.accepted:
            values = row.values
            region = str(values.get("region") or self.duty.city.code)
            key = (values["day"], values["post"], region, values["person"])
            if values["post"] not in posts:
                problems.append(Problem(row.number, "岗位", f"不在呼叫阶梯中，可填：{'、'.join(sorted(posts))}。"))
            elif region not in regions:
                problems.append(Problem(row.number, "行政区划代码", f"{region}不在本市区划之内。"))
            elif key in seen:
                problems.append(Problem(row.number, "值班人员", "同一天同一岗位重复。"))
            seen.add(key)
            records.append((row.number, {
                "day": str(values["day"]), "post": values["post"], "region": region, "person": values["person"],
                "phone": values.get("phone") or "",
            }))  # fmt: skip
        return records, reading.refusing(problems)

    async def further(self, unit: UnitOfWork, records: Sequence[tuple[int, Record]]) -> list[Problem]:
        """Nothing more."""
        return []


async def page(
    unit: UnitOfWork, actor: Principal, *, open_: bool | None = None, region: str | None = None,
    after: tuple[datetime, UUID] | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None] | Refusal:  # fmt: skip
    """(emergencies, where the next page begins), the newest first."""
    if refusal := may(actor, Act.SEE, WHAT):
        return refusal
    arguments = [patterns(actor), open_, pattern(region), *(after or (None, None)), limit + 1]
    found = await rows.listed(unit.connection, arguments)
    shown = [_line(row, unit.clock()) for row in found[:limit]]
    further = (found[limit - 1]["known_at"], found[limit - 1]["id"]) if len(found) > limit else None
    return shown, further


def _line(row: Any, now: datetime) -> dict[str, Any]:
    state = row["state"]
    initial = any(report["kind"] == em.ReportKind.INITIAL for report in state["reports"])
    return {
        "id": row["id"], "version": row["version"], "receipt_no": state["receipt_no"], "region": row["region"],
        "triggers": state["triggers"], "status": row["status"], "open": row["open"], "grade": row["grade"],
        "known_at": row["known_at"], "report_due_at": row["report_due_at"],
        "report_overdue": row["open"] and not initial and row["report_due_at"] < now,
    }  # fmt: skip


async def show(unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID) -> dict[str, Any] | Refusal:
    """Everything about one: state, clocks, history, pages, its case, others that may be the same event."""
    if refusal := may(actor, Act.SEE, WHAT):
        return refusal
    event = await visible(unit, actor, id)
    if isinstance(event, Refusal):
        return event
    case = await rows.case_of(unit.connection, event)
    table = em.grade_table(duty.rules, day_of(unit.clock()))
    return {
        "emergency": rows.STATE.dump_python(event, mode="json"),
        "status": event.status,
        "report_due_at": em.report_due(event, duty.rules),
        "recipients": em.recipients(event, duty.rules),
        "case": dict(case) if case else None,
        "similar": await rows.similar(unit.connection, event),
        "history": await rows.events(unit.connection, id),
        "pages": await rows.pages(unit.connection, id),
        "hazards": [hazard.value for hazard in em.hazards_of(event.triggers, duty.rules)],
        "grade_table": table.model_dump(mode="json") if table else None,
    }


async def visible(unit: UnitOfWork, actor: Principal, id: UUID) -> em.Emergency | Refusal:
    """The emergency, where the actor's regions cover it; otherwise it is not there."""
    event = (await rows.states(unit.connection, [id])).get(id)
    if event is None or not actor.covers(event.region):
        return missing(WHAT, str(id))
    return event


async def help_for(
    unit: UnitOfWork, rules: HelpRules, city: City, duty: Duty, actor: Principal, id: UUID, hazards: Sequence[Hazard] | None = None
) -> tuple[Proposal, ...] | Refusal:
    """The nearest fitting supplies, experts and teams; hazards are a person's, or those the triggers hint at."""
    if refusal := may(actor, Act.SEE_CONTACTS, WHAT):
        return refusal
    event = await visible(unit, actor, id)
    if isinstance(event, Refusal):
        return event
    wanted = tuple(hazards) if hazards is not None else em.hazards_of(event.triggers, duty.rules)
    return await propose(unit, rules, city, region=event.region, position=event.position, hazards=wanted)


async def roster(unit: UnitOfWork, actor: Principal, first: date, last: date) -> list[dict[str, Any]] | Refusal:
    """The duty roster of some days."""
    if refusal := may(actor, Act.SEE_CONTACTS, "应急值班表"):
        return refusal
    return await rows.roster(unit.connection, patterns(actor), first, last)

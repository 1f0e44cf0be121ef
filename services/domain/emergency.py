"""Sudden environmental events (突发环境事件): clocks of 2 and 4 hours, three reports with their fields, paging by ladder.

Source: 《突发环境事件信息报告办法》 (Decree 17 of 2011). Nothing here grades an event; a person does, and until then the
strictest clock runs. Threshold tables differ between the 2011 annex and the 2014 plan, so they are data with dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import Field, model_validator

from services.domain.parameters import Parameters
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal, refuse


class Grade(StrEnum):
    """Grades of an event, the gravest first."""

    I = "I"  # noqa: E741 - the grade's own name in the decree
    II = "II"
    III = "III"
    IV = "IV"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"I": "特别重大", "II": "重大", "III": "较大", "IV": "一般"}[self.value]


class ReportKind(StrEnum):
    """The three reports."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    RESULT = "result"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"initial": "初报", "follow_up": "续报", "result": "处理结果报告"}[self.value]


class ReportForm(Parameters):
    """Fields a report must have (key → Chinese name); unknown ones are written as 待查, never left out."""

    required: Mapping[str, str]
    optional: Mapping[str, str] = Field(default_factory=dict)


class GradeRule(Parameters):
    """One row of a threshold table, shown to the person who grades."""

    grade: Grade
    criteria: tuple[str, ...]


class GradeTable(Parameters):
    """A threshold table with its time and source."""

    source: str
    valid_from: date
    confidence: str
    rows: tuple[GradeRule, ...]


class PagingStep(Parameters):
    """Who is paged when nobody acknowledged; minutes from the first page."""

    after_minutes: int = Field(ge=0)
    role: str
    channel: tuple[str, ...]


class EmergencyRules(Parameters):
    """deploy/rules/emergency.yaml."""

    version: str
    report_hours: Mapping[Grade, int]
    ungraded_hours: int
    sensitive_hours: int
    sensitive: tuple[str, ...]
    header: Mapping[str, str]
    forms: Mapping[ReportKind, ReportForm]
    paging: tuple[PagingStep, ...] = Field(min_length=1)
    grade_tables: tuple[GradeTable, ...]
    recipients: Mapping[Grade, tuple[str, ...]]
    provenance: str

    @model_validator(mode="after")
    def _complete(self) -> EmergencyRules:
        lacking = set(ReportKind) - set(self.forms)
        if lacking or set(Grade) - set(self.report_hours):
            raise ValueError("every grade needs its hours and every report its form")
        minutes = [step.after_minutes for step in self.paging]
        if minutes != sorted(set(minutes)) or minutes[0] != 0:
            raise ValueError("paging must start at minute 0 and rise")
        return self


@dataclass(frozen=True, slots=True)
class EmergencyReport:
    """One report as sent."""

    kind: ReportKind
    fields: Mapping[str, str]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """One suspected event. `known_at` starts the clocks, whenever it was looked at."""

    id: str
    complaint_id: str
    region: str | None
    triggers: tuple[str, ...]
    known_at: datetime
    neighbours: tuple[str, ...] = ()
    grade: Grade | None = None
    graded_by: str | None = None
    sensitive: tuple[str, ...] = ()
    dismissed_by: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    reports: tuple[EmergencyReport, ...] = ()


def report_due(event: Emergency, rules: EmergencyRules) -> datetime:
    """When the first report is due: by grade; ungraded and sensitive ones at the stricter pace."""
    hours = rules.ungraded_hours if event.grade is None else rules.report_hours[event.grade]
    if event.sensitive:
        hours = min(hours, rules.sensitive_hours)
    return event.known_at + timedelta(hours=hours)


def grade(
    event: Emergency, value: Grade, actor: Principal, sensitive: tuple[str, ...] = ()
) -> Emergency | Refusal:
    """A person grades the event; a system is refused."""
    if not actor.person or not actor.has((Role.DUTY_OFFICER, Role.LEADER)):
        return refuse("emergency.grade", field="grade")
    return replace(event, grade=value, graded_by=actor.id, sensitive=sensitive)


def dismiss(event: Emergency, actor: Principal) -> Emergency | Refusal:
    """A person finds it is no emergency; the clocks end."""
    if not actor.person or not actor.has((Role.DUTY_OFFICER, Role.LEADER)):
        return refuse("emergency.grade", field="grade")
    return replace(event, dismissed_by=actor.id)


def acknowledge(event: Emergency, actor: Principal, now: datetime) -> Emergency | Refusal:
    """A duty officer has it; paging stops. The first one counts."""
    if not actor.person or not actor.has((Role.DUTY_OFFICER, Role.LEADER)):
        return refuse("actor.role", command="接警", roles="应急值班人员、领导", actor=actor.name)
    if event.acknowledged_by is not None:
        return event
    return replace(event, acknowledged_by=actor.id, acknowledged_at=now)


def report(
    event: Emergency,
    kind: ReportKind,
    fields: Mapping[str, str],
    rules: EmergencyRules,
    actor: Principal,
    now: datetime,
) -> Emergency | Refusal:
    """A report joins the event: all fields said, 初报 first, nothing after the result."""
    sent = {known.kind for known in event.reports}
    if ReportKind.RESULT in sent:
        return refuse("emergency.finished")
    if kind is not ReportKind.INITIAL and ReportKind.INITIAL not in sent:
        return refuse("emergency.order", report=kind.label)
    needed = {**rules.header, **rules.forms[kind].required}
    lacking = [name for key, name in needed.items() if not fields.get(key, "").strip()]
    if lacking:
        return refuse("emergency.fields", report=kind.label, missing="、".join(lacking))
    return replace(event, reports=(*event.reports, EmergencyReport(kind, dict(fields), now, actor.id)))


@dataclass(frozen=True, slots=True)
class Page:
    """One page to one role; `key` is equal wherever it is computed, so that it goes out once."""

    key: str
    role: str
    channels: tuple[str, ...]
    at: datetime
    text: str


def pages(event: Emergency, rules: EmergencyRules) -> tuple[Page, ...]:
    """Every page the ladder holds for an event nobody acknowledged; none once acknowledged or dismissed."""
    if event.acknowledged_by is not None or event.dismissed_by is not None:
        return ()
    due = report_due(event, rules)
    words = "、".join(event.triggers)
    return tuple(
        Page(
            key=f"{event.id}/{step.after_minutes}",
            role=step.role,
            channels=step.channel,
            at=event.known_at + timedelta(minutes=step.after_minutes),
            text=f"疑似突发环境事件（{words}），请立即核实定级，{due:%H:%M}前须报告。",
        )
        for step in rules.paging
    )


def notices(event: Emergency) -> tuple[tuple[str, str], ...]:
    """(district, text) for each neighbour of an event that may cross the border; at once, once graded or not."""
    if event.dismissed_by is not None:
        return ()
    words = "、".join(event.triggers)
    return tuple((code, f"相邻区域发生疑似突发环境事件（{words}），请关注。") for code in event.neighbours)


def recipients(event: Emergency, rules: EmergencyRules) -> tuple[str, ...]:
    """To whom the report goes; an ungraded event as the gravest but one."""
    return rules.recipients[event.grade or Grade.II]


def grade_table(rules: EmergencyRules, day: date) -> GradeTable | None:
    """The threshold table in force on a day, for the person who grades."""
    valid = [table for table in rules.grade_tables if table.valid_from <= day]
    return max(valid, key=lambda table: table.valid_from, default=None)

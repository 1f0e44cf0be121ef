"""One suspected event and what people do about it: acknowledge, grade, place, report, dismiss. Machines only suspect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.case.values import Position
from services.domain.emergency.rules import EmergencyRules, Grade, ReportKind
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal, refuse

ROLES = (Role.DUTY_OFFICER, Role.LEADER)
ROLE_NAMES = "应急值班人员、领导"


@dataclass(frozen=True, slots=True)
class EmergencyReport:
    """One report as sent."""

    kind: ReportKind
    fields: Mapping[str, str]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """One suspected event. `known_at` starts the clocks, whenever it was looked at; `version` counts its events."""

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
    receipt_no: str = ""
    place: str = ""
    position: Position | None = None
    dismissed_at: datetime | None = None
    dismissed_reason: str = ""
    same_as: str | None = None
    version: int = 1

    def sent(self, kind: ReportKind) -> EmergencyReport | None:
        """The first report of that kind."""
        return next((report for report in self.reports if report.kind is kind), None)

    @property
    def status(self) -> str:
        """One Chinese word for lists."""
        if self.dismissed_by is not None:
            return "已并入" if self.same_as else "已排除"
        if self.sent(ReportKind.RESULT):
            return "已报结果"
        if self.sent(ReportKind.INITIAL):
            return "已初报"
        return "已接警" if self.acknowledged_by is not None else "待接警"

    @property
    def open(self) -> bool:
        """True while somebody still owes something."""
        return self.dismissed_by is None and self.sent(ReportKind.RESULT) is None


def report_due(event: Emergency, rules: EmergencyRules) -> datetime:
    """When the first report is due: by grade; ungraded and sensitive ones at the stricter pace."""
    hours = rules.ungraded_hours if event.grade is None else rules.report_hours[event.grade]
    if event.sensitive:
        hours = min(hours, rules.sensitive_hours)
    return event.known_at + timedelta(hours=hours)


def _barred(event: Emergency, actor: Principal, command: str) -> Refusal | None:
    """Why the actor may not: no person, not the role, another region, or the event is over."""
    if not actor.person or not actor.has(ROLES):
        return refuse("actor.role", command=command, roles=ROLE_NAMES, actor=actor.name)
    if not actor.covers(event.region):
        return refuse("register.region", region=event.region, actor=actor.name)
    if event.dismissed_by is not None:
        return refuse("emergency.ended", by=event.dismissed_by)
    return None


def acknowledge(event: Emergency, actor: Principal, now: datetime) -> Emergency | Refusal:
    """A duty officer has it; paging stops. The first one counts."""
    if refusal := _barred(event, actor, "接警"):
        return refusal
    if event.acknowledged_by is not None:
        return event
    return replace(event, acknowledged_by=actor.id, acknowledged_at=now)


def grade(
    event: Emergency, value: Grade, actor: Principal, sensitive: tuple[str, ...] = ()
) -> Emergency | Refusal:
    """A person grades the event, which also acknowledges nothing by itself; a system is refused."""
    if not actor.person or not actor.has(ROLES):
        return refuse("emergency.grade", field="grade")
    if refusal := _barred(event, actor, "定级"):
        return refusal
    return replace(event, grade=value, graded_by=actor.id, sensitive=sensitive)


def check_sensitive(places: tuple[str, ...], rules: EmergencyRules) -> Refusal | None:
    """None when every place is one of the rules'."""
    unknown = [place for place in places if place not in rules.sensitive]
    if not unknown:
        return None
    return refuse("emergency.sensitive", names="、".join(unknown), known="、".join(rules.sensitive), field="sensitive")


def locate(event: Emergency, actor: Principal, place: str, position: Position | None) -> Emergency | Refusal:
    """A person says where it is, so that the nearest help can be found."""
    if refusal := _barred(event, actor, "标定位置"):
        return refusal
    return replace(event, place=place.strip(), position=position)


def dismiss(
    event: Emergency, actor: Principal, reason: str, now: datetime, *, same_as: str | None = None
) -> Emergency | Refusal:
    """A person finds it is no emergency, or the same as another one; the clocks end."""
    if not actor.person or not actor.has(ROLES):
        return refuse("emergency.grade", field="grade")
    if refusal := _barred(event, actor, "排除"):
        return refusal
    if not reason.strip():
        return refuse("emergency.reason", act="排除突发事件", field="reason")
    if same_as == event.id:
        return refuse("emergency.same", id=same_as, field="same_as")
    return replace(event, dismissed_by=actor.id, dismissed_at=now, dismissed_reason=reason.strip(), same_as=same_as)


def report(
    event: Emergency,
    kind: ReportKind,
    fields: Mapping[str, str],
    rules: EmergencyRules,
    actor: Principal,
    now: datetime,
) -> Emergency | Refusal:
    """A report joins the event: all fields said, 初报 first, nothing after the result."""
    if refusal := _barred(event, actor, f"提交{kind.label}"):
        return refusal
    if event.sent(ReportKind.RESULT):
        return refuse("emergency.finished")
    if kind is not ReportKind.INITIAL and not event.sent(ReportKind.INITIAL):
        return refuse("emergency.order", report=kind.label)
    needed = {**rules.header, **rules.forms[kind].required}
    lacking = [name for key, name in needed.items() if not fields.get(key, "").strip()]
    if lacking:
        return refuse("emergency.fields", report=kind.label, missing="、".join(lacking), field="fields")
    known = {*needed, *rules.forms[kind].optional}
    kept = {key: text.strip() for key, text in fields.items() if key in known and text.strip()}
    if extra := sorted(set(fields) - known):
        return refuse("emergency.unknown", report=kind.label, names="、".join(extra), field="fields")
    return replace(event, reports=(*event.reports, EmergencyReport(kind, kept, now, actor.id)))


def recipients(event: Emergency, rules: EmergencyRules) -> tuple[str, ...]:
    """To whom the report goes; an ungraded event as the gravest but one."""
    return rules.recipients[event.grade or Grade.II]

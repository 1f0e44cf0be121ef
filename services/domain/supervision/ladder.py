"""The ladder 提醒 → 预警 → 催办 → 督办 → 挂牌督办 → 约谈: what is due next for a case, and why.

One step at a time, never down; each step waits for the one before to have had its days. Steps the public sees are
proposed to a person, never taken by the machine. `next_due` tells when a case must be looked at again, so that a table
of a million cases is asked by an index and not case by case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from math import ceil
from typing import Literal

from pydantic import Field, model_validator

from contracts.vocabulary import SupervisionStep, Urgency
from services.domain.clocks.calendar import CHINA, WorkCalendar, day_of
from services.domain.parameters import Parameters
from services.domain.supervision.recipients import Audience, Recipients
from services.domain.supervision.view import CaseView

ORDER = list(SupervisionStep)
Cause = Literal["share", "overdue_days", "unowned_days", "stalled_days", "repeats", "rebounds"]
_URGENCY = list(Urgency)


class Trigger(Parameters):
    """One reason for a step: a cause and the value from which it holds. Days are working days, share is of the limit."""

    cause: Cause
    at_least: float = Field(gt=0)
    provenance: str


class StepRule(Parameters):
    """One step: any of its triggers calls for it. `after_days` is the least time since the step before."""

    step: SupervisionStep
    triggers: tuple[Trigger, ...] = Field(min_length=1)
    after_days: int = Field(default=0, ge=0)
    person: bool = False


class QuietHours(Parameters):
    """Local hours in which nothing but an emergency is sent, and when the morning's digest goes out."""

    start_hour: int = Field(ge=0, le=23)
    end_hour: int = Field(ge=0, le=23)
    digest_hour: int = Field(ge=0, le=23)
    working_days_only: bool = True
    provenance: str


class LineRules(Parameters):
    """What is said of lines of the ledger that inspections made: to whom, and how many days before their day."""

    due_days: int = Field(ge=1)
    tell: Recipients
    provenance: str


class LadderRules(Parameters):
    """deploy/rules/ladder.yaml."""

    version: str
    steps: tuple[StepRule, ...]
    quiet: QuietHours
    tell: Audience
    propose_again_days: int = Field(ge=1)
    lines: LineRules

    @model_validator(mode="after")
    def _whole_ladder(self) -> LadderRules:
        if [rule.step for rule in self.steps] != ORDER:
            raise ValueError(
                f"steps must be {' → '.join(step.value for step in ORDER)}, each once, in this order"
            )
        return self


@dataclass(frozen=True, slots=True)
class LadderStep:
    """The next step for a case, with its reason in Chinese; `person` tells that somebody must decide it."""

    case_id: str
    case_no: str
    step: SupervisionStep
    reason: str
    person: bool
    unowned: bool
    provenance: str


def next_step(case: CaseView, rules: LadderRules, calendar: WorkCalendar, now: datetime) -> LadderStep | None:
    """The step due now, or None. Only the rung after the last one taken is looked at, so none is skipped."""
    if not case.open:
        return None
    rung = ORDER.index(case.step) + 1 if case.step else 0
    if rung >= len(rules.steps):
        return None
    rule = rules.steps[rung]
    if case.stepped_at is not None and _worked(calendar, case.stepped_at, now) < rule.after_days:
        return None
    for trigger in rule.triggers:
        reason = _holds(trigger, case, calendar, now)
        if reason:
            return LadderStep(
                case.case_id, case.case_no, rule.step, reason, rule.person, case.unowned, trigger.provenance
            )
    return None


def next_due(case: CaseView, rules: LadderRules, calendar: WorkCalendar) -> datetime | None:
    """The moment from which on `next_step` gives a step, as long as the case stays as it is; None for never."""
    rung = ORDER.index(case.step) + 1 if case.step else 0
    if not case.open or rung >= len(rules.steps):
        return None
    rule = rules.steps[rung]
    moments = [at for trigger in rule.triggers if (at := _from(trigger, case, calendar)) is not None]
    if not moments:
        return None
    first = min(moments)
    if case.stepped_at is None or not rule.after_days:
        return first
    return max(first, _morning(calendar.add_working_days(day_of(case.stepped_at), rule.after_days)))


def steps(
    cases: Iterable[CaseView], rules: LadderRules, calendar: WorkCalendar, now: datetime
) -> tuple[LadderStep, ...]:
    """Steps due for all cases: unowned first, then the highest rung, then by case number."""
    found = [step for case in cases if (step := next_step(case, rules, calendar, now))]
    return tuple(sorted(found, key=lambda step: (not step.unowned, -ORDER.index(step.step), step.case_no)))


def _worked(calendar: WorkCalendar, start: datetime, now: datetime) -> int:
    return calendar.working_days_between(day_of(start), day_of(now))


def _holds(trigger: Trigger, case: CaseView, calendar: WorkCalendar, now: datetime) -> str | None:
    """The reason as a Chinese sentence where the trigger holds."""
    match trigger.cause:
        case "share":
            for deadline in case.deadlines:
                share = deadline.elapsed_share(now)
                if share >= trigger.at_least:
                    used = "已届满" if share >= 1 else f"已用{int(share * 100)}%"
                    return f"期限“{deadline.label}”{used}，{deadline.last_day}届满。"
        case "overdue_days":
            late = case.overdue(now)
            days = _worked(calendar, late.due_at, now) if late else 0
            if late and now >= late.due_at and days >= trigger.at_least:
                return f"期限“{late.label}”已于{late.last_day}届满，逾期{days}个工作日。"
        case "unowned_days":
            days = _worked(calendar, case.last_progress_at, now) if case.unowned else 0
            if days >= trigger.at_least:
                return f"{case.status.label}已{days}个工作日，尚无承办单位。"
        case "stalled_days":
            days = _worked(calendar, case.last_progress_at, now)
            if days >= trigger.at_least:
                return f"已{days}个工作日没有进展，停在“{case.status.label}”。"
        case "repeats":
            if case.repeat_ordinal >= trigger.at_least:
                return f"同一信访人已反映{case.repeat_ordinal}次。"
        case "rebounds":
            if case.ordinal - 1 >= trigger.at_least:
                return f"销号后反弹，已第{case.ordinal}次立案。"
    return None


def _from(trigger: Trigger, case: CaseView, calendar: WorkCalendar) -> datetime | None:
    """Since when the trigger holds, or from when on it will."""
    days = ceil(trigger.at_least)
    match trigger.cause:
        case "share":
            ends = [d.started_at + (d.due_at - d.started_at) * trigger.at_least for d in case.deadlines]
            return min(ends, default=None)
        case "overdue_days":
            due = min((deadline.due_at for deadline in case.deadlines), default=None)
            return _morning(calendar.add_working_days(day_of(due), days)) if due else None
        case "unowned_days" if not case.unowned:
            return None
        case "unowned_days" | "stalled_days":
            return _morning(calendar.add_working_days(day_of(case.last_progress_at), days))
        case "repeats":
            return case.first_received_at if case.repeat_ordinal >= trigger.at_least else None
        case "rebounds":
            return case.first_received_at if case.ordinal - 1 >= trigger.at_least else None
    return None


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def worst_first(case: CaseView, now: datetime) -> tuple[object, ...]:
    """Sort key of work lists: unowned, overdue longest, most urgent, next due, most repeated, oldest."""
    late = case.overdue(now)
    upcoming = min(
        (deadline.due_at for deadline in case.deadlines), default=datetime.max.replace(tzinfo=now.tzinfo)
    )
    return (
        not case.unowned,
        late.due_at.timestamp() if late else float("inf"),
        -_URGENCY.index(case.urgency),
        upcoming.timestamp() if case.deadlines else float("inf"),
        -case.repeat_ordinal,
        case.first_received_at,
        case.case_id,
    )

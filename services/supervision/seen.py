"""A case as supervision keeps it: made from its state under the rules in force, whole and without looking at the past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.vocabulary import SupervisionStep, Urgency
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.clocks.calendar import CalendarExhausted, WorkCalendar
from services.domain.clocks.deadlines import Deadline, deadlines
from services.domain.clocks.moments import carried, next_moment
from services.domain.clocks.rules import Anchor, DeadlineRules
from services.domain.rulebook import RuleBook
from services.domain.supervision.ladder import ORDER, LadderRules, next_due
from services.domain.supervision.look_back import source_key
from services.domain.supervision.view import CaseView, owed, view

ASK_AGAIN = timedelta(days=1)
"""A step asked of casework and not taken by then was lost or refused; it is asked again while its reason holds."""
CLOSED = (Status.CLOSED_OUT, Status.LOOKED_BACK)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a state says, and its running clocks. `trouble` tells why clocks are missing."""

    view: CaseView
    version: int
    clocks: tuple[Deadline, ...]
    signed_in_at: datetime | None
    source_key: str | None
    closed_out: bool
    closed_at: datetime | None
    look_backs: int
    fakes: int
    key_item: bool
    supervised_source: bool
    trouble: str | None = None


def see(state: CaseState, book: RuleBook) -> Seen | None:
    """None before the case is opened."""
    trouble = None
    try:
        clocks = owed(state.status, deadlines(state.clock_facts(), book.case.deadlines, book.case.calendar), book.case.deadlines)
    except CalendarExhausted as exhausted:
        clocks, trouble = (), str(exhausted)
    seen = view(state, clocks)
    if seen is None:
        return None
    return Seen(
        view=seen,
        version=state.version,
        clocks=clocks,
        signed_in_at=state.anchors.get(Anchor.SIGNED_IN),
        source_key=source_key(state.region, state.matter.respondent, state.matter.place),
        closed_out=state.status in CLOSED,
        closed_at=state.anchors.get(Anchor.CLOSED_OUT),
        look_backs=state.look_backs,
        fakes=state.fake_found,
        key_item=state.matter.key_item,
        supervised_source=any(link.channel.supervised for link in state.links),
        trouble=trouble,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that was asked of casework or proposed to a person and is not taken yet; `held_until` after a refusal."""

    step: SupervisionStep | None = None
    at: datetime | None = None
    held_until: datetime | None = None


def ladder_at(case: CaseView, asked: Asked, rules: LadderRules, calendar: WorkCalendar) -> datetime | None:
    """When the ladder must look at the case again; None where only an event can change anything."""
    due = next_due(case, rules, calendar)
    if due is None:
        return None
    rule = rules.steps[ORDER.index(case.step) + 1 if case.step else 0]
    if asked.step is rule.step and asked.at is not None:
        return None if rule.person else max(due, asked.at + ASK_AGAIN)
    return max(due, asked.held_until) if asked.held_until else due


def case_row(seen: Seen, asked: Asked, book: RuleBook) -> dict[str, Any]:
    """Columns of `supervision.cases` that follow from the state, ready for JSON."""
    case, trouble = seen.view, seen.trouble
    try:
        look = ladder_at(case, asked, book.ladder, book.case.calendar)
    except CalendarExhausted as exhausted:
        look, trouble = None, str(exhausted)
    return {
        "case_id": case.case_id, "version": seen.version, "case_no": case.case_no, "status": case.status.value,
        "open": case.open, "unowned": case.unowned, "summary": case.summary, "region": case.region, "unit_id": case.unit_id,
        "unit": case.unit, "person_id": case.person_id, "leader_id": case.leader_id, "leader": case.leader,
        "urgency": case.urgency.value, "first_received_at": case.first_received_at, "signed_in_at": seen.signed_in_at,
        "last_progress_at": case.last_progress_at, "ordinal": case.ordinal, "repeat_ordinal": case.repeat_ordinal,
        "step": case.step.value if case.step else None, "stepped_at": case.stepped_at,
        "ladder_at": look,
        "asked_step": asked.step.value if asked.step else None, "asked_at": asked.at, "held_until": asked.held_until,
        "source_key": seen.source_key, "closed_out": seen.closed_out, "look_backs": seen.look_backs, "fakes": seen.fakes,
        "key_item": seen.key_item, "supervised_source": seen.supervised_source, "trouble": trouble,
    }  # fmt: skip


CLOCK_COLUMNS = (
    "case_id", "clock", "label", "kind", "perspective", "rule_id", "rule_version", "calendar_version", "started_at",
    "due_at", "last_day", "paused_until", "extended_by", "provisional", "fired_share", "next_share", "next_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A running clock of the table with the share that was announced."""

    deadline: Deadline
    fired: float


def clock_rows(case_id: Any, clocks: Iterable[Deadline], before: Iterable[Kept], rules: DeadlineRules, now: datetime) -> list[tuple[Any, ...]]:
    """Rows of `supervision.clocks` in the order of `CLOCK_COLUMNS`, with what was announced carried over."""
    known = {kept.deadline.clock: kept for kept in before}
    rows = []
    for deadline in clocks:
        old = known.get(deadline.clock)
        fired = carried(old.deadline, old.fired, deadline, rules.warn_shares, now) if old else 0.0
        coming = next_moment(deadline, rules.warn_shares, fired)
        rows.append((
            case_id, deadline.clock, deadline.label, deadline.kind, deadline.perspective, deadline.rule_id,
            deadline.rule_version, deadline.calendar_version, deadline.started_at, deadline.due_at, deadline.last_day,
            deadline.paused_until, deadline.extended_by, deadline.provisional, fired,
            coming.share if coming else None, coming.at if coming else None,
        ))  # fmt: skip
    return rows


def as_deadline(row: Any) -> Deadline:
    """A row of `supervision.clocks` as the deadline it is; the provenance is the rule's."""
    return Deadline(
        clock=row["clock"], label=row["label"], kind=row["kind"], perspective=row["perspective"], rule_id=row["rule_id"],
        rule_version=row["rule_version"], calendar_version=row["calendar_version"], provenance="",
        started_at=row["started_at"], due_at=row["due_at"], last_day=row["last_day"], paused_until=row["paused_until"],
        extended_by=row["extended_by"], provisional=row["provisional"],
    )  # fmt: skip


def as_view(row: Any, clocks: Iterable[Deadline]) -> CaseView:
    """A row of `supervision.cases` with its clocks as the domain sees a case."""
    return CaseView(
        case_id=str(row["case_id"]), case_no=row["case_no"], status=Status(row["status"]), summary=row["summary"],
        region=row["region"], unit_id=row["unit_id"], unit=row["unit"], person_id=row["person_id"], leader_id=row["leader_id"],
        leader=row["leader"], urgency=Urgency(row["urgency"]), first_received_at=row["first_received_at"],
        last_progress_at=row["last_progress_at"],
        deadlines=tuple(sorted((d for d in clocks if d.kind == "limit"), key=lambda d: (d.due_at, d.clock))),
        ordinal=row["ordinal"], repeat_ordinal=row["repeat_ordinal"],
        step=SupervisionStep(row["step"]) if row["step"] else None, stepped_at=row["stepped_at"],
    )  # fmt: skip


def as_asked(row: Any) -> Asked:
    """What was asked and not yet taken."""
    step = row["asked_step"]
    return Asked(SupervisionStep(step) if step else None, row["asked_at"], row["held_until"])


def brief(clocks: Iterable[Deadline]) -> list[dict[str, Any]]:
    """Running clocks for lists of cases: name, label, kind, due moment and last day."""
    wanted = ("clock", "label", "kind", "due_at", "last_day", "rule_id", "provisional")
    return [{name: value for name, value in asdict(deadline).items() if name in wanted} for deadline in clocks]

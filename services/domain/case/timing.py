"""Extensions and pauses of a case's clocks: only by their rules, only with a second person, never the public's clock."""

from __future__ import annotations

from datetime import datetime

from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.proposals import propose
from services.domain.case.state import CaseState, Proposal
from services.domain.case.status import ENDED
from services.domain.case.values import ProposalKind
from services.domain.clocks.calendar import WorkCalendar, end_of
from services.domain.clocks.deadlines import Deadline, TwoClocks, deadlines, two_clocks
from services.domain.clocks.rules import Anchor, DeadlineRule
from services.domain.refusals import Refusal, refuse


def _running(decision: Decision, clock: str) -> tuple[Deadline, DeadlineRule] | Refusal:
    rules = decision.rules.deadlines
    for deadline in deadlines(decision.state.clock_facts(), rules, decision.rules.calendar):
        rule = rules.by_id(deadline.rule_id)
        if deadline.clock == clock and deadline.running and rule is not None:
            return deadline, rule
    return refuse("clock.unknown", clock=clock, field="clock")


def _check_extension(decision: Decision, command: c.Extend) -> Refusal | None:
    found = _running(decision, command.clock)
    if isinstance(found, Refusal):
        return found
    deadline, rule = found
    if rule.extension is None:
        return refuse("extend.rule", clock=deadline.label, source=rule.provenance)
    if decision.now >= deadline.due_at:
        return refuse("extend.expired", due=deadline.last_day)
    times = sum(known.clock == command.clock for known in decision.state.extensions)
    if times >= rule.extension.times:
        return refuse("extend.again", times=times, source=rule.provenance)
    if command.n > rule.extension.max:
        unit = rule.unit.label
        days, limit = f"{command.n}{unit}", f"{rule.extension.max}{unit}"
        return refuse("extend.too_long", days=days, limit=limit, source=rule.provenance, field="n")
    return None


def extend(decision: Decision, command: c.Extend) -> Result:
    """More time, asked for before the limit ends."""
    refusal = _check_extension(decision, command)
    return refusal or propose(decision, ProposalKind.EXTEND, command)


def extended(decision: Decision, command: c.Extend, proposal: Proposal) -> Result:
    """Approved; the limit must still be running, since nobody may mend it after it ended."""
    refusal = _check_extension(decision, command)
    return refusal or (
        e.Extended(clock=command.clock, n=command.n, proposed_by=proposal.by, **decision.stamp()),
    )


def _check_pause(decision: Decision, command: c.PauseClock) -> Refusal | None:
    found = _running(decision, command.clock)
    if isinstance(found, Refusal):
        return found
    deadline, rule = found
    names = decision.rules.deadlines.pauses
    if command.ground not in rule.pause_grounds:
        allowed = "、".join(names[ground] for ground in rule.pause_grounds) or "无"
        ground = names.get(command.ground, command.ground)
        return refuse("pause.rule", ground=ground, allowed=allowed, source=rule.provenance, field="ground")
    if any(pause.clock == command.clock and pause.end > decision.now for pause in decision.state.pauses):
        return refuse("pause.running", clock=deadline.label)
    if decision.now >= deadline.due_at:
        return refuse("extend.expired", due=deadline.last_day)
    days = (command.until - decision.today).days
    if not 1 <= days <= rule.max_pause_days:
        return refuse(
            "pause.too_long", days=days, limit=rule.max_pause_days, source=rule.provenance, field="until"
        )
    return None


def pause_clock(decision: Decision, command: c.PauseClock) -> Result:
    """The clock is to stand still until a day."""
    return _check_pause(decision, command) or propose(decision, ProposalKind.PAUSE, command)


def paused(decision: Decision, command: c.PauseClock, proposal: Proposal) -> Result:
    """Approved; it stands still from the approval on, never backwards."""
    refusal = _check_pause(decision, command)
    return refusal or (
        e.Paused(
            clock=command.clock,
            ground=command.ground,
            start=decision.now,
            until=end_of(command.until),
            proposed_by=proposal.by,
            **decision.stamp(),
        ),
    )


def resume_clock(decision: Decision, command: c.ResumeClock) -> Result:
    """The clock runs again before its day."""
    if not any(p.clock == command.clock and p.end > decision.now for p in decision.state.pauses):
        return refuse("pause.none", clock=command.clock, field="clock")
    return (e.PauseEnded(clock=command.clock, **decision.stamp()),)


def waiting(state: CaseState, now: datetime, calendar: WorkCalendar) -> TwoClocks | None:
    """Both clocks of the case, or None before it is opened."""
    if state.first_received_at is None:
        return None
    ended = state.last_event_at if state.status in ENDED else None
    closed = state.anchors.get(Anchor.CLOSED_OUT) or state.anchors.get(Anchor.CONCLUDED)
    return two_clocks(
        state.first_received_at,
        state.anchors.get(Anchor.SIGNED_IN),
        (closed or ended) if ended else None,
        now,
        calendar,
    )

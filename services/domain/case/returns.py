"""Returns (退单): a coded ground, inside the limit, once a unit; never after designation or acceptance.

A lead's return is a counter-example for dispatch and a label for triage's training; see `training_record`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.vocabulary import UnitRole
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.state import CaseState
from services.domain.case.values import PartState
from services.domain.clocks.deadlines import Deadline, deadlines
from services.domain.clocks.rules import Anchor
from services.domain.refusals import refuse

CLOCK = "return"


def return_window(decision: Decision) -> Deadline | None:
    """The window in which the case may be returned, from dispatch; None where no rule gives one."""
    found = deadlines(decision.state.clock_facts(), decision.rules.deadlines, decision.rules.calendar)
    return next((deadline for deadline in found if deadline.clock == CLOCK), None)


def return_part(decision: Decision, command: c.ReturnPart) -> Result:
    """The actor's unit gives its part back, or the rule that forbids it."""
    state, part, rules = decision.state, decision.part, decision.rules.casework.returns
    if part is None:
        return refuse("part.none", unit=decision.actor.unit_id or decision.actor.name)
    if state.designated:
        return refuse("return.designated", by=state.designated_by or "交办方", unit=part.name)
    if part.state not in (PartState.PENDING, PartState.SIGNED_IN):
        if part.state is PartState.ACCEPTED:
            return refuse("return.accepted", unit=part.name)
        return refuse("part.state", unit=part.name, state=part.state.label, command="退单")
    if sum(record.unit_id == part.unit_id for record in state.returns) >= rules.per_unit:
        return refuse("return.again", unit=part.name)
    if len(state.returns) >= rules.per_case:
        return refuse("return.too_often", count=len(state.returns))
    window = return_window(decision)
    if window is not None and decision.now >= window.due_at:
        rule = decision.rules.deadlines.by_id(window.rule_id)
        limit = rule.limit.n if rule and rule.limit else ""
        return refuse("return.too_late", limit=limit, last=window.last_day, source=window.provenance)
    lead = part.role is UnitRole.LEAD
    return (
        e.PartReturned(
            ground=command.ground, proposed_unit=command.proposed_unit, lead=lead, **decision.stamp()
        ),
    )


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """A wrong dispatch as training data: what the case was about, who it was not for, who took it in the end."""

    case_id: str
    summary: str
    types: tuple[str, ...]
    respondent: str
    place: str
    region: str | None
    not_unit: str
    ground: str
    at: datetime
    right_unit: str | None


def training_records(state: CaseState) -> tuple[TrainingRecord, ...]:
    """One record for each return by a lead unit; the right unit is known once another lead accepted."""
    lead = state.lead
    accepted = lead is not None and Anchor.ACCEPTED in state.anchors
    return tuple(
        TrainingRecord(
            case_id=state.case_id,
            summary=state.matter.summary,
            types=tuple(state.matter.types),
            respondent=state.matter.respondent,
            place=state.matter.place,
            region=state.region,
            not_unit=record.unit_id,
            ground=record.ground.value,
            at=record.at,
            right_unit=lead.unit_id if lead and accepted else None,
        )
        for record in state.returns
        if record.lead
    )

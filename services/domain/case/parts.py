"""Parts of the task force: each unit signs in, accepts or returns its part, reports its measures, and finishes."""

from __future__ import annotations

from contracts.vocabulary import UnitRole
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.state import CaseState
from services.domain.case.values import Measure, PartState
from services.domain.refusals import Refusal, refuse


def open_parts(state: CaseState) -> tuple[str, ...]:
    """Names of co-handling units that still owe their part."""
    return tuple(
        part.name for part in state.parts if part.role is UnitRole.CO_HANDLING and not part.state.settled
    )


def open_measures(state: CaseState, unit_id: str | None = None) -> tuple[Measure, ...]:
    """Measures not done, of one unit or of all."""
    return tuple(
        measure
        for measure in state.measures
        if measure.progress < 100 and (unit_id is None or measure.unit_id == unit_id)
    )


def _at(decision: Decision, command: str, *allowed: PartState) -> Refusal | None:
    part = decision.part
    if part is None:
        return refuse("part.none", unit=decision.actor.unit_id or decision.actor.name)
    if part.state not in allowed:
        return refuse("part.state", unit=part.name, state=part.state.label, command=command)
    return None


def _is_lead(decision: Decision) -> bool:
    return decision.part is not None and decision.part.role is UnitRole.LEAD


def sign_in(decision: Decision, command: c.SignIn) -> Result:
    """签收: the unit has its part; the lead's sign-in moves the case."""
    refusal = _at(decision, "签收", PartState.PENDING)
    return refusal or (e.SignedIn(lead=_is_lead(decision), **decision.stamp()),)


def accept_part(decision: Decision, command: c.AcceptPart) -> Result:
    """The unit takes its part on, naming its people; from then on it cannot return it."""
    refusal = _at(decision, "接受任务", PartState.SIGNED_IN)
    return refusal or (e.PartAccepted(members=command.members, lead=_is_lead(decision), **decision.stamp()),)


def finish_part(decision: Decision, command: c.FinishPart) -> Result:
    """A co-handling unit reports its part done; none of its measures may be open."""
    part = decision.part
    if part is not None and part.role is UnitRole.LEAD:
        return refuse(
            "part.state", unit=part.name, state="主办", command="报告本单位完成（主办单位请用“报告办结”）"
        )
    refusal = _at(decision, "报告本单位完成", PartState.ACCEPTED)
    if refusal or part is None:
        return refusal or refuse("part.none", unit=decision.actor.name)
    undone = open_measures(decision.state, part.unit_id)
    if undone:
        return refuse("part.measures_open", unit=part.name, measures="、".join(item.text for item in undone))
    return (e.PartFinished(report=command.report, **decision.stamp()),)


def withdraw_part(decision: Decision, command: c.WithdrawPart) -> Result:
    """The dispatcher lets a co-handling unit go; its open measures must be planned elsewhere first."""
    part = decision.state.part(command.unit_id)
    if part is None:
        return refuse("part.none", unit=command.unit_id, field="unit_id")
    if part.role is UnitRole.LEAD or part.state.settled:
        state = "主办" if part.role is UnitRole.LEAD else part.state.label
        return refuse("part.state", unit=part.name, state=state, command="撤出")
    undone = open_measures(decision.state, part.unit_id)
    if undone:
        return refuse("part.measures_open", unit=part.name, measures="、".join(item.text for item in undone))
    return (e.PartWithdrawn(unit_id=part.unit_id, **decision.stamp()),)


def change_member(decision: Decision, command: c.ChangeMember) -> Result:
    """A person joins or leaves a part, on record; nobody recused joins."""
    part = decision.state.part(command.unit_id)
    if part is None:
        return refuse("part.none", unit=command.unit_id, field="unit_id")
    member = command.member
    present = any(known.person_id == member.person_id for known in part.members)
    if command.join and member.person_id in decision.state.recused:
        return refuse("actor.recused", actor=member.name, field="member")
    if command.join and present:
        return refuse("member.present", person=member.name, unit=part.name, field="member")
    if not command.join and not present:
        return refuse("member.unknown", person=member.name, unit=part.name, field="member")
    return (e.MemberChanged(unit_id=command.unit_id, member=member, join=command.join, **decision.stamp()),)

"""Opening, assigning, leaders, recusal, declining: what dispatch and its people do to a case."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.vocabulary import SupervisionStep, UnitRole
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.evolve import members_of
from services.domain.case.proposals import propose
from services.domain.case.state import Proposal
from services.domain.case.values import WHOLE, ProposalKind
from services.domain.principals import Role
from services.domain.refusals import refuse
from services.domain.risk_sources import raised

STEPS = list(SupervisionStep)
BY_SYSTEM = frozenset({SupervisionStep.REMIND, SupervisionStep.WARN, SupervisionStep.URGE})


def open_case(decision: Decision, command: c.Open) -> Result:
    """The case with its first complaint, whole."""
    if command.first.weight != WHOLE or command.first.operation is not None:
        return refuse("split.weight", case=command.case_no, weight=command.first.weight, field="first.weight")
    return (
        e.Opened(
            case_no=command.case_no,
            region=command.region,
            city=command.city,
            matter=command.matter,
            links=(command.first,),
            **decision.stamp(),
        ),
    )


def amend(decision: Decision, command: c.Amend) -> Result:
    """The description is corrected; clocks that depend on it are recomputed by themselves.

    The machine may only raise the urgency by a step, for a reason: what a case is about is people's to say.
    """
    if decision.role is Role.SYSTEM:
        matter = decision.state.matter
        if command.matter != matter.model_copy(update={"urgency": raised(matter.urgency)}) or command.region is not None:
            return refuse("amend.machine", field="matter")
    return (e.Amended(matter=command.matter, region=command.region, **decision.stamp()),)


def assign(decision: Decision, command: c.Assign) -> Result:
    """The case goes to exactly one lead and any number of co-handling units, each once."""
    leads = [unit for unit in command.units if unit.role is UnitRole.LEAD]
    if len(leads) != 1 or len({unit.unit_id for unit in command.units}) != len(command.units):
        return refuse("assign.units", leads=len(leads), field="units")
    bounced = {record.unit_id for record in decision.state.returns if record.lead}
    if leads[0].unit_id in bounced and not command.designated:
        return refuse("assign.returned", unit=leads[0].name, field="designated")
    assigned = e.Assigned(
        sequence=decision.state.sequence + 1,
        units=command.units,
        designated=command.designated,
        basis=command.basis,
        **decision.stamp(),
    )
    return (assigned, *_members_again(decision, command))


def _members_again(decision: Decision, command: c.Assign) -> Iterator[e.MemberChanged]:
    """People of the task force whose unit has a part again join it again, on record: the matter is the same, and nobody
    else would ask them. A recused one does not."""
    state = decision.state
    before = members_of(state)
    for unit in command.units:
        for member in before.get(unit.unit_id, ()):
            if member.person_id not in state.recused:
                yield e.MemberChanged(
                    unit_id=unit.unit_id, member=member, join=True, **decision.stamp() | {"reason": "重新交办，原专班人员继续承办"}
                )


def assign_leader(decision: Decision, command: c.AssignLeader) -> Result:
    """A leader takes the case over; nobody recused, nobody who handles it."""
    person = command.leader
    if person.person_id in decision.state.recused:
        return refuse("actor.recused", actor=person.name, field="leader")
    if person.person_id in decision.state.handlers:
        return refuse("actor.handler", actor=person.name, command="担任包案领导", field="leader")
    return (e.LeaderAppointed(leader=person, triggers=command.triggers, **decision.stamp()),)


def recuse(decision: Decision, command: c.Recuse) -> Result:
    """A person steps aside; an officer may only do so for himself."""
    if decision.role is Role.OFFICER and command.person_id != decision.actor.id:
        return refuse("recuse.other", actor=decision.actor.name, field="person_id")
    return (e.Recused(person_id=command.person_id, **decision.stamp()),)


def decline(decision: Decision, command: c.Decline) -> Result:
    """Proposed: the matter belongs on another road. New facts forbid it."""
    fresh = next((link for link in decision.state.links if link.new_facts), None)
    if fresh is not None:
        return refuse("link.new_facts", complaint=fresh.receipt_no)
    return propose(decision, ProposalKind.DECLINE, command)


def declined(decision: Decision, command: c.Decline, proposal: Proposal) -> Result:
    """Confirmed."""
    return (e.Declined(ground=command.ground, proposed_by=proposal.by, **decision.stamp()),)


def supervise(decision: Decision, command: c.Supervise) -> Result:
    """A step of the ladder, never back down; what the public sees (督办 and above) is a person's to decide."""
    if decision.role is Role.SYSTEM and command.step not in BY_SYSTEM:
        return refuse("actor.person", command=command.step.value, actor=decision.actor.name)
    done = max((STEPS.index(record.step) for record in decision.state.supervision), default=-1)
    if STEPS.index(command.step) < done:
        return refuse("supervise.backwards", now=STEPS[done].value, step=command.step.value, field="step")
    return (e.Supervised(step=command.step, **decision.stamp()),)

"""Decisions that need a second person: proposed by one, confirmed or refused by another who did not handle the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.state import Proposal
from services.domain.case.values import ProposalKind
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse

Effect = Callable[[Decision, Any, Proposal], Result]


def propose(decision: Decision, kind: ProposalKind, command: c.AnyCommand) -> Result:
    """The proposal as an event; a second one for the same thing waits for the first."""
    twin = _subject(command)
    if any(known.kind is kind and _subject(known.command) == twin for known in decision.state.proposals):
        return refuse("proposal.pending", what=kind.label)
    bare = command.model_copy(update={"expected_version": None})
    number = f"p{decision.next_version}"
    return (e.Proposed(proposal_id=number, kind=kind, command=bare, **decision.stamp()),)


def _subject(command: Any) -> tuple[str, str | None]:
    """What a proposal is about: a complaint, a clock, or the case itself."""
    return command.type, getattr(command, "complaint_id", None) or getattr(command, "clock", None)


def _second_person(decision: Decision, proposal_id: str, label: str) -> Proposal | Refusal:
    proposal = decision.state.proposal(proposal_id)
    if proposal is None:
        return refuse("proposal.unknown", id=proposal_id, field="proposal_id")
    roles = decision.rules.casework.second_person.roles[proposal.kind]
    if not decision.actor.has(roles):
        names = "、".join(role.label for role in Role if role in roles)
        return refuse(
            "actor.role", command=f"{label}（{proposal.kind.label}）", roles=names, actor=decision.actor.name
        )
    if proposal.by == decision.actor.id:
        return refuse("actor.same_person", actor=decision.actor.name)
    if decision.actor.id in decision.state.handlers:
        return refuse("actor.handler", actor=decision.actor.name, command=label)
    return proposal


def confirm(decision: Decision, command: c.Confirm, effects: Mapping[ProposalKind, Effect]) -> Result:
    """The confirmation and what it brings about; refused again if the rule it stands on no longer holds."""
    proposal = _second_person(decision, command.proposal_id, "复核同意")
    if isinstance(proposal, Refusal):
        return proposal
    confirmed = e.ProposalConfirmed(proposal_id=proposal.id, kind=proposal.kind, **decision.stamp())
    decision.reason = proposal.command.reason
    effect = effects[proposal.kind](decision, proposal.command, proposal)
    return effect if isinstance(effect, Refusal) else (confirmed, *effect)


def reject(decision: Decision, command: c.Reject) -> Result:
    """The second person says no, with a reason."""
    proposal = _second_person(decision, command.proposal_id, "复核不同意")
    if isinstance(proposal, Refusal):
        return proposal
    return (e.ProposalRejected(proposal_id=proposal.id, kind=proposal.kind, **decision.stamp()),)

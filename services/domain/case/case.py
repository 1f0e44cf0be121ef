"""The aggregate: `decide(command, state, context)` gives events or a refusal, `evolve(state, event)` the next state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.domain.case import (
    closing,
    dispatching,
    evidence,
    handling,
    links,
    parts,
    proposals,
    returns,
    timing,
)
from services.domain.case import commands as c
from services.domain.case.decision import Decision, Result
from services.domain.case.events import CaseEvent
from services.domain.case.evolve import evolve, rebuild
from services.domain.case.rules import Context
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE, CommandRule
from services.domain.case.status import Status
from services.domain.case.values import ProposalKind
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse

ROLES = tuple(Role)
"""In the order in which one of several is acted in; iterating over the enumeration itself costs ten times as much."""

__all__ = ["allowed_commands", "changes_since", "decide", "evolve", "handle", "rebuild"]

_EFFECTS: Mapping[ProposalKind, proposals.Effect] = {
    ProposalKind.VERDICT_UNTRUE: handling.untrue_confirmed,
    ProposalKind.DECLINE: dispatching.declined,
    ProposalKind.REFUSE_COMPLAINT: links.complaint_refused,
    ProposalKind.EXTEND: timing.extended,
    ProposalKind.PAUSE: timing.paused,
}

_DECIDERS: Mapping[type[c.Command], Callable[[Decision, Any], Result]] = {
    c.Open: dispatching.open_case,
    c.AddLink: links.add_link,
    c.ConfirmLink: links.confirm_link,
    c.RefuseComplaint: links.refuse_complaint,
    c.NoteSourceComplaint: links.note_source_complaint,
    c.Amend: dispatching.amend,
    c.Assign: dispatching.assign,
    c.AssignLeader: dispatching.assign_leader,
    c.Recuse: dispatching.recuse,
    c.SignIn: parts.sign_in,
    c.AcceptPart: parts.accept_part,
    c.ReturnPart: returns.return_part,
    c.FinishPart: parts.finish_part,
    c.WithdrawPart: parts.withdraw_part,
    c.ChangeMember: parts.change_member,
    c.Investigate: handling.investigate,
    c.AddEvidence: evidence.add_evidence,
    c.Verify: handling.verify,
    c.Plan: handling.plan,
    c.ReportMeasure: handling.report_measure,
    c.SettleResponsibility: handling.settle_responsibility,
    c.ConcludeStage: handling.conclude_stage,
    c.Resume: handling.resume,
    c.Conclude: handling.conclude,
    c.RecordCallback: handling.record_callback,
    c.RequestCloseOut: closing.request_close_out,
    c.AcceptWork: closing.accept_work,
    c.SendBack: closing.send_back,
    c.StartPublicity: closing.start_publicity,
    c.RecordObjection: closing.record_objection,
    c.AnswerObjection: closing.answer_objection,
    c.FinishPublicity: closing.finish_publicity,
    c.Sign: closing.sign,
    c.SubmitReview: closing.submit_review,
    c.CloseOut: closing.close_out,
    c.LookBack: closing.look_back,
    c.Reopen: closing.reopen,
    c.JudgeRectification: closing.judge_rectification,
    c.Decline: dispatching.decline,
    c.Extend: timing.extend,
    c.PauseClock: timing.pause_clock,
    c.ResumeClock: timing.resume_clock,
    c.Confirm: lambda decision, command: proposals.confirm(decision, command, _EFFECTS),
    c.Reject: proposals.reject,
    c.Supervise: dispatching.supervise,
    c.RecordReview: closing.record_review,
}


def decide(command: c.Command, state: CaseState, context: Context) -> Result:
    """The events the command brings about, or which rule refused it. Pure; raises only on a bug.

    May raise `CalendarExhausted` when a deadline lies past a holiday table that refuses.
    """
    rule = TABLE[command.type]
    refusal = _may(command, rule, state, context)
    if refusal:
        return refusal
    role = next(role for role in ROLES if role in rule.roles and role in context.actor.roles)
    return _DECIDERS[type(command)](Decision(state, context, role, command.reason), command)


def handle(
    command: c.Command, state: CaseState, context: Context
) -> tuple[tuple[CaseEvent, ...], CaseState] | Refusal:
    """Decide and evolve in one step: the events to store and the state after them."""
    result = decide(command, state, context)
    if isinstance(result, Refusal):
        return result
    for event in result:
        state = evolve(state, event)
    return result, state


def _may(command: c.Command, rule: CommandRule, state: CaseState, context: Context) -> Refusal | None:
    """Who and when, for every command alike: role, scope, second person, version, state."""
    actor = context.actor
    if not actor.has(rule.roles):
        roles = "、".join(role.label for role in Role if role in rule.roles)
        return refuse("actor.role", command=rule.label, roles=roles, actor=actor.name)
    if isinstance(command, c.Open):
        if not actor.covers(command.region):
            return refuse("actor.region", region=command.region, actor=actor.name)
        return refuse("case.exists", case=state.case_no) if state.status else None
    if state.status is None:
        return refuse("case.missing", case=state.case_id)
    return _who(rule, state, context) or _when(command, rule, state)


def _who(rule: CommandRule, state: CaseState, context: Context) -> Refusal | None:
    actor = context.actor
    if not actor.covers(state.region):
        return refuse("actor.region", region=state.region, actor=actor.name)
    if rule.person and not actor.person:
        return refuse("actor.person", command=rule.label, actor=actor.name)
    if actor.id in state.recused:
        return refuse("actor.recused", actor=actor.name)
    if rule.fresh and actor.id in state.handlers:
        return refuse("actor.handler", actor=actor.name, command=rule.label)
    if rule.scope == "any" or state.status is Status.MERGED:
        return None
    part = state.part(actor.unit_id)
    if part is None:
        return refuse("actor.unit", actor=actor.name, command=rule.label)
    if rule.scope == "lead" and (state.lead is None or part is not state.lead):
        return refuse("actor.lead", command=rule.label, actor=actor.name)
    return None


def _when(command: c.Command, rule: CommandRule, state: CaseState) -> Refusal | None:
    assert state.status is not None
    if state.status is Status.MERGED:
        return refuse("case.merged", into=state.merged_into)
    if command.expected_version is not None and command.expected_version != state.version:
        return refuse(
            "case.changed", seen=command.expected_version, now=state.version, field="expected_version"
        )
    if state.status not in rule.states:
        allowed = "、".join(f"“{status.label}”" for status in Status if status in rule.states)
        return refuse(
            "case.state", state=state.status.label, command=rule.label, allowed=allowed, hint=rule.hint
        )
    return None


def allowed_commands(state: CaseState, context: Context) -> tuple[str, ...]:
    """Commands this actor could give now as far as who and when go; their content may still be refused."""
    if state.status is None:
        return ()
    return tuple(
        kind
        for kind, rule in TABLE.items()
        if kind != "open"
        and context.actor.has(rule.roles)
        and state.status in rule.states
        and _who(rule, state, context) is None
    )


def changes_since(events: Iterable[CaseEvent], version: int) -> tuple[str, ...]:
    """What happened after a version, one Chinese line each, for somebody whose command came too late."""
    return tuple(
        f"第{event.version}版 {event.at:%Y-%m-%d %H:%M} {event.by}（{event.role.label}）{event.label}"
        for event in events
        if event.version > version
    )

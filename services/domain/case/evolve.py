"""What each event does to the state: one small function per event, no decision, no refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.vocabulary import Verdict
from services.domain.case import events as e
from services.domain.case.evolve_links import LINK_EVOLVERS, Changes
from services.domain.case.state import (
    Acceptance,
    CaseState,
    Conclusion,
    Objection,
    Proposal,
    Publicity,
    Responsibility,
    ReturnRecord,
    StagePlan,
    SupervisionRecord,
    Verification,
)
from services.domain.case.status import Status
from services.domain.case.values import Member, Part, PartState
from services.domain.clocks.deadlines import EVERY, Extension, Pause
from services.domain.clocks.rules import Anchor
from services.domain.principals import Role

HANDLER_ROLES = frozenset({Role.OFFICER, Role.UNIT_HEAD})
_ROUND = {
    "verification": None, "mode": None, "target": "", "measures": (), "responsibility": None, "stage": None,
    "conclusion": None, "acceptance": None, "publicity": None, "signed_by": None, "closed_out_by": None,
    "document_no": None, "declined": None, "callbacks": (), "proposals": (), "pauses": (), "extensions": (),
}  # fmt: skip


def evolve(state: CaseState, event: e.CaseEvent) -> CaseState:
    """The state after the event. Raises ValueError when the event is not the next one of this case."""
    if event.version != state.version + 1 or event.case_id != state.case_id:
        raise ValueError(f"event {event.version} of {event.case_id} does not follow version {state.version}")
    changes = _EVOLVERS[type(event)](state, event)
    changes["version"] = event.version
    changes["last_event_at"] = event.at
    if event.handling or (isinstance(event, e.EvidenceAdded) and event.role in HANDLER_ROLES):
        changes["handlers"] = state.handlers | {event.by}
        changes["last_progress_at"] = event.at
    return state.but(changes)


def rebuild(case_id: str, events: Iterable[e.CaseEvent]) -> CaseState:
    """The state after all events from the first."""
    state = CaseState(case_id)
    for event in events:
        state = evolve(state, event)
    return state


def _anchors(state: CaseState, *drop: Anchor, **set_: datetime) -> dict[Anchor, datetime]:
    kept = {anchor: moment for anchor, moment in state.anchors.items() if anchor not in drop}
    return kept | {Anchor(name): moment for name, moment in set_.items()}


def members_of(state: CaseState) -> Mapping[str, tuple[Member, ...]]:
    """The task force's people by unit: those of the parts, before them those from before the case was opened again."""
    return {**state.members_before, **{part.unit_id: part.members for part in state.parts if part.members}}


def _part(state: CaseState, unit_id: str | None, /, **changes: Any) -> tuple[Part, ...]:
    return tuple(part.model_copy(update=changes) if part.unit_id == unit_id else part for part in state.parts)


def _opened(state: CaseState, event: e.Opened) -> Changes:
    received = min(link.received_at for link in event.links)
    return {
        "status": Status.OPENED,
        "case_no": event.case_no,
        "region": event.region,
        "city": event.city,
        "matter": event.matter,
        "links": event.links,
        "opened_at": event.at,
        "first_received_at": received,
        "anchors": {Anchor.RECEIVED: received},
    }


def _amended(state: CaseState, event: e.Amended) -> Changes:
    return {"matter": event.matter, "region": event.region or state.region}


def _assigned(state: CaseState, event: e.Assigned) -> Changes:
    return {
        "status": Status.ASSIGNED,
        "sequence": event.sequence,
        "designated": event.designated,
        "designated_by": event.by if event.designated else None,
        "parts": tuple(
            Part(unit_id=unit.unit_id, name=unit.name, role=unit.role, since=event.at) for unit in event.units
        ),
        "anchors": _anchors(
            state,
            Anchor.SIGNED_IN,
            Anchor.ACCEPTED,
            Anchor.ON_SITE,
            Anchor.STAGE_CONCLUDED,
            dispatched=event.at,
        ),
        "pauses": (),
        "extensions": (),
        "members_before": members_of(state),
        "last_progress_at": event.at,
    }


def _signed_in(state: CaseState, event: e.SignedIn) -> Changes:
    changes: Changes = {"parts": _part(state, event.unit, state=PartState.SIGNED_IN, since=event.at)}
    if event.lead:
        changes |= {"status": Status.SIGNED_IN, "anchors": _anchors(state, signed_in=event.at)}
    return changes


def _part_accepted(state: CaseState, event: e.PartAccepted) -> Changes:
    part = state.part(event.unit)
    members = event.members or (part.members if part else ())
    changes: Changes = {
        "parts": _part(state, event.unit, state=PartState.ACCEPTED, since=event.at, members=members)
    }
    if event.lead:
        changes["anchors"] = _anchors(state, accepted=event.at)
    return changes


def _part_returned(state: CaseState, event: e.PartReturned) -> Changes:
    record = ReturnRecord(event.unit or "", event.ground, event.reason or "", event.at, event.lead)
    changes: Changes = {
        "returns": (*state.returns, record),
        "parts": _part(state, event.unit, state=PartState.RETURNED, since=event.at),
    }
    if event.lead:
        # The duty to sign in and to answer ends for this unit; the public's clock keeps running from RECEIVED.
        changes |= {
            "status": Status.RETURNED,
            "anchors": _anchors(state, Anchor.DISPATCHED, Anchor.SIGNED_IN, Anchor.ACCEPTED),
        }
    return changes


def _part_finished(state: CaseState, event: e.PartFinished) -> Changes:
    return {"parts": _part(state, event.unit, state=PartState.DONE, since=event.at, report=event.report)}


def _member_changed(state: CaseState, event: e.MemberChanged) -> Changes:
    part = state.part(event.unit_id)
    members: tuple[Member, ...] = part.members if part else ()
    members = tuple(member for member in members if member.person_id != event.member.person_id)
    return {"parts": _part(state, event.unit_id, members=(*members, event.member) if event.join else members)}


def _evidence_added(state: CaseState, event: e.EvidenceAdded) -> Changes:
    changes: Changes = {"evidence": (*state.evidence, event.evidence)}
    if event.evidence.on_site and Anchor.ON_SITE not in state.anchors and event.role in HANDLER_ROLES:
        changes["anchors"] = _anchors(state, on_site=event.at)
    return changes


def _verified(state: CaseState, event: e.Verified) -> Changes:
    untrue = event.verdict is Verdict.UNTRUE
    moments = {"verified": event.at} | ({"concluded": event.at} if untrue else {})
    return {
        "status": Status.UNTRUE if untrue else Status.VERIFIED,
        "verification": Verification(
            event.verdict,
            event.found,
            event.root_cause,
            event.report,
            event.evidence,
            event.at,
            event.found_by,
        ),
        "anchors": _anchors(state, **moments),
        "last_progress_at": event.at,
        "handlers": state.handlers | {event.found_by},
    }


def _planned(state: CaseState, event: e.Planned) -> Changes:
    new = {measure.id for measure in event.measures}
    kept = tuple(measure for measure in state.measures if measure.id not in new)
    return {
        "status": Status.RECTIFYING,
        "mode": event.mode,
        "target": event.target,
        "measures": (*kept, *event.measures),
        "anchors": _anchors(state, planned=event.at),
    }


def _measure_reported(state: CaseState, event: e.MeasureReported) -> Changes:
    def changed(progress: int) -> Changes:
        done = (
            {"done_at": event.at, "done_by": event.by}
            if progress == 100
            else {"done_at": None, "done_by": None}
        )
        return {"progress": progress, "note": event.note, **done}

    return {"measures": tuple(
        measure.model_copy(update={**changed(event.progress), "evidence": (*measure.evidence, *event.evidence)})
        if measure.id == event.measure_id else measure
        for measure in state.measures
    )}  # fmt: skip


def _settled(state: CaseState, event: e.ResponsibilitySettled) -> Changes:
    return {"responsibility": Responsibility(
        event.responsible_unit, event.person, event.punishments, event.accountability, event.none_needed
    )}  # fmt: skip


def _stage(state: CaseState, event: e.StageConcluded) -> Changes:
    return {
        "status": Status.STAGE_CONCLUDED,
        "stage": StagePlan(event.controlled, event.remaining, event.person, event.planned_for),
        "anchors": _anchors(state, stage_concluded=event.at),
    }


def _concluded(state: CaseState, event: e.Concluded) -> Changes:
    lead = state.lead
    return {
        "status": Status.CONCLUDED,
        "conclusion": Conclusion(event.result, event.similar_sites, event.lasting_mechanism, event.at),
        "anchors": _anchors(state, concluded=event.at),
        "parts": _part(state, lead.unit_id if lead else None, state=PartState.DONE, since=event.at),
    }


def _work_accepted(state: CaseState, event: e.WorkAccepted) -> Changes:
    return {
        "status": Status.ACCEPTED,
        "acceptance": Acceptance(event.accepting_unit, event.by, event.at, event.finding, event.evidence),
        "anchors": _anchors(state, acceptance_passed=event.at),
    }


def _sent_back(state: CaseState, event: e.SentBack) -> Changes:
    lead, concluded = state.lead, state.anchors.get(Anchor.CONCLUDED)
    # Between its conclusion and now the case lay with others; the unit's clocks go on, they do not jump.
    elsewhere = (Pause(EVERY, "closing", concluded, event.at),) if concluded else ()
    return {
        "status": Status.RECTIFYING,
        "pauses": (*state.pauses, *elsewhere),
        "conclusion": None,
        "acceptance": None,
        "publicity": None,
        "signed_by": None,
        # Answers given before more work was done say nothing about its result.
        "callbacks": (),
        "gates_sent_back": event.gates,
        "anchors": _anchors(
            state,
            Anchor.CONCLUDED,
            Anchor.CLOSE_OUT_REQUESTED,
            Anchor.ACCEPTANCE_PASSED,
            Anchor.PUBLICITY_DONE,
        ),
        "parts": _part(state, lead.unit_id if lead else None, state=PartState.ACCEPTED, since=event.at),
    }


def _publicity(state: CaseState, /, **changes: Any) -> Changes:
    assert state.publicity is not None
    return {"publicity": replace(state.publicity, **changes)}


def _objection(state: CaseState, event: e.ObjectionRecorded) -> Changes:
    known = state.publicity.objections if state.publicity else ()
    return _publicity(state, objections=(*known, Objection(event.objection_id, event.text, event.at)))


def _objection_answered(state: CaseState, event: e.ObjectionAnswered) -> Changes:
    known = state.publicity.objections if state.publicity else ()
    return _publicity(state, objections=tuple(
        replace(item, answer=event.answer) if item.id == event.objection_id else item for item in known
    ))  # fmt: skip


def _publicity_finished(state: CaseState, event: e.PublicityFinished) -> Changes:
    return {
        "status": Status.PUBLICISED,
        "anchors": _anchors(state, publicity_done=event.at),
        **_publicity(state, finished_at=event.at),
    }


def _closed_out(state: CaseState, event: e.ClosedOut) -> Changes:
    return {
        "status": Status.CLOSED_OUT,
        "closed_out_by": event.by,
        "document_no": event.document_no,
        "anchors": _anchors(state, closed_out=event.at),
    }


def _reopened(state: CaseState, event: e.Reopened) -> Changes:
    return {
        **_ROUND,
        "status": Status.REOPENED,
        "ordinal": event.ordinal,
        "leader_due": event.after_close_out and state.leader is None,
        "fake_open": event.after_close_out,
        "designated": False,
        "designated_by": None,
        "parts": (),
        "members_before": members_of(state),
        "anchors": {Anchor.RECEIVED: event.received_at},
        "last_source_complaint_at": None,
        "gates_sent_back": (),
        "terminated": False,
    }


def _proposed(state: CaseState, event: e.Proposed) -> Changes:
    return {
        "proposals": (
            *state.proposals,
            Proposal(event.proposal_id, event.kind, event.by, event.at, event.command),
        )
    }


def _proposal_done(state: CaseState, event: e.ProposalConfirmed | e.ProposalRejected) -> Changes:
    return {"proposals": tuple(item for item in state.proposals if item.id != event.proposal_id)}


def _pause_ended(state: CaseState, event: e.PauseEnded) -> Changes:
    return {"pauses": tuple(
        replace(pause, end=event.at) if pause.clock == event.clock and pause.end > event.at else pause
        for pause in state.pauses
    )}  # fmt: skip


def _supervised(state: CaseState, event: e.Supervised) -> Changes:
    record = SupervisionRecord(event.step, event.reason or "", event.at, event.by)
    return {"supervision": (*state.supervision, record)}


def _review(state: CaseState, event: e.ReviewRecorded) -> Changes:
    return {
        "anchors": _anchors(state, **{event.step: event.happened_at}),
        "terminated": state.terminated or event.step == "recheck_decided",
    }


_EVOLVERS: dict[type[e.CaseEvent], Callable[[CaseState, Any], Changes]] = {
    e.Opened: _opened,
    **LINK_EVOLVERS,
    e.Amended: _amended,
    e.Assigned: _assigned,
    e.LeaderAppointed: lambda s, v: {"leader": v.leader, "leader_due": False},
    e.Recused: lambda s, v: {"recused": (*s.recused, v.person_id)},
    e.SignedIn: _signed_in,
    e.PartAccepted: _part_accepted,
    e.PartReturned: _part_returned,
    e.PartFinished: _part_finished,
    e.PartWithdrawn: lambda s, v: {"parts": _part(s, v.unit_id, state=PartState.WITHDRAWN, since=v.at)},
    e.MemberChanged: _member_changed,
    e.InvestigationStarted: lambda s, v: {"status": Status.INVESTIGATING},
    e.EvidenceAdded: _evidence_added,
    e.Verified: _verified,
    e.Planned: _planned,
    e.MeasureReported: _measure_reported,
    e.ResponsibilitySettled: _settled,
    e.StageConcluded: _stage,
    e.Resumed: lambda s, v: {"status": Status.RECTIFYING},
    e.Concluded: _concluded,
    e.CalledBack: lambda s, v: {"callbacks": (*s.callbacks, v.callback)},
    e.CloseOutRequested: lambda s, v: {
        "status": Status.CLOSE_OUT_REQUESTED,
        "anchors": _anchors(s, close_out_requested=v.at),
    },
    e.WorkAccepted: _work_accepted,
    e.SentBack: _sent_back,
    e.PublicityStarted: lambda s, v: {
        "status": Status.PUBLICITY,
        "publicity": Publicity(v.media, v.at, v.last_day),
    },
    e.ObjectionRecorded: _objection,
    e.ObjectionAnswered: _objection_answered,
    e.PublicityFinished: _publicity_finished,
    e.LeaderSigned: lambda s, v: {
        # A leader appointed during the city's review signs there; the case need not go back for it.
        "status": Status.CITY_REVIEW if s.status is Status.CITY_REVIEW else Status.LEADER_SIGNED,
        "signed_by": v.by,
    },
    e.ReviewSubmitted: lambda s, v: {"status": Status.CITY_REVIEW},
    e.ClosedOut: _closed_out,
    e.LookedBack: lambda s, v: {"status": Status.LOOKED_BACK, "look_backs": s.look_backs + 1},
    e.Reopened: _reopened,
    e.RectificationJudged: lambda s, v: {"fake_open": False, "fake_found": s.fake_found + v.fake},
    e.Proposed: _proposed,
    e.ProposalConfirmed: _proposal_done,
    e.ProposalRejected: _proposal_done,
    e.Declined: lambda s, v: {"status": Status.DECLINED, "declined": v.ground},
    e.Extended: lambda s, v: {"extensions": (*s.extensions, Extension(v.clock, v.n, v.at))},
    e.Paused: lambda s, v: {"pauses": (*s.pauses, Pause(v.clock, v.ground, v.start, v.until))},
    e.PauseEnded: _pause_ended,
    e.Supervised: _supervised,
    e.ReviewRecorded: _review,
}

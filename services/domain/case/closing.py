"""From the application to close-out, the look-back, and back again: what cannot be faked by one person alone."""

from __future__ import annotations

from datetime import timedelta

from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case import evidence, gates
from services.domain.case.decision import Decision, Result
from services.domain.case.privacy import check_public
from services.domain.case.status import Status
from services.domain.clocks.calendar import end_of
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse


def _gates(decision: Decision, stage: gates.Stage, command: str) -> Refusal | None:
    lacking = gates.missing(decision.state, decision.rules.gates, decision.rules.calendar, decision.now, stage)
    return refuse("gates.unmet", command=command, missing=lacking) if lacking else None


def request_close_out(decision: Decision, command: c.RequestCloseOut) -> Result:
    """申请销号: what the unit itself can show must be there."""
    if decision.state.leader_due:
        return refuse("leader.due")
    if decision.state.fake_open:
        return refuse("fake.open")
    refusal = _gates(decision, gates.Stage.REQUEST, "申请销号")
    return refusal or (e.CloseOutRequested(**decision.stamp()),)


def accept_work(decision: Decision, command: c.AcceptWork) -> Result:
    """The district saw it on the spot; whoever accepts is responsible for it."""
    strange = evidence.unknown(decision.state, command.evidence)
    if strange:
        return refuse("verify.evidence", ids="、".join(strange), field="evidence")
    refusal = _gates(decision, gates.Stage.ACCEPTANCE, "区县验收")
    return refusal or (
        e.WorkAccepted(
            accepting_unit=command.unit,
            finding=command.finding,
            evidence=command.evidence,
            **decision.stamp(),
        ),
    )


def send_back(decision: Decision, command: c.SendBack) -> Result:
    """Back to rectification, naming the gates that were not met; a leader sends back only his own cases."""
    leader = decision.state.leader
    only_leader = decision.actor.roles.isdisjoint((Role.ACCEPTOR, Role.CITY_REVIEWER, Role.SUPERVISOR))
    if only_leader and (leader is None or leader.person_id != decision.actor.id):
        return refuse(
            "actor.leader", leader=leader.name if leader else "（未确定）", actor=decision.actor.name
        )
    return (e.SentBack(gates=command.gates, **decision.stamp()),)


def start_publicity(decision: Decision, command: c.StartPublicity) -> Result:
    """The result is shown for at least the configured days, counted from tomorrow."""
    least = decision.rules.casework.publicity.min_days
    if command.days < least:
        return refuse("publicity.short", days=least, given=command.days, field="days")
    last = decision.rules.calendar.add_calendar_days(decision.today, command.days)
    return (e.PublicityStarted(media=command.media, last_day=last, **decision.stamp()),)


def record_objection(decision: Decision, command: c.RecordObjection) -> Result:
    """Somebody objected; publicity cannot end before it is answered."""
    shown = decision.state.publicity
    if shown and any(item.id == command.objection_id for item in shown.objections):
        return refuse("objection.unknown", id=command.objection_id, field="objection_id")
    return (e.ObjectionRecorded(objection_id=command.objection_id, text=command.text, **decision.stamp()),)


def answer_objection(decision: Decision, command: c.AnswerObjection) -> Result:
    """The objection was looked into."""
    shown = decision.state.publicity
    if not shown or not any(i.id == command.objection_id and i.answer is None for i in shown.objections):
        return refuse("objection.unknown", id=command.objection_id, field="objection_id")
    refusal = check_public("answer", command.answer)
    return refusal or (
        e.ObjectionAnswered(objection_id=command.objection_id, answer=command.answer, **decision.stamp()),
    )


def _objections(decision: Decision) -> Refusal | None:
    shown = decision.state.publicity
    unanswered = sum(item.answer is None for item in shown.objections) if shown else 0
    return refuse("objection.open", count=unanswered) if unanswered else None


def finish_publicity(decision: Decision, command: c.FinishPublicity) -> Result:
    """Only after the last day, and only without an open objection."""
    shown = decision.state.publicity
    if shown is not None and decision.now < end_of(shown.last_day):
        return refuse("publicity.running", last=shown.last_day)
    return _objections(decision) or (e.PublicityFinished(**decision.stamp()),)


def sign(decision: Decision, command: c.Sign) -> Result:
    """The leader in charge, in person."""
    leader = decision.state.leader
    if leader is None:
        return refuse("signature.none")
    if leader.person_id != decision.actor.id:
        return refuse("actor.leader", leader=leader.name, actor=decision.actor.name)
    if decision.state.signed_by == decision.actor.id:
        return refuse("signature.done", leader=leader.name)
    return _objections(decision) or (e.LeaderSigned(**decision.stamp()),)


def _signature(decision: Decision) -> Refusal | None:
    leader = decision.state.leader
    if leader is not None and decision.state.signed_by != leader.person_id:
        return refuse("signature.due", leader=leader.name)
    return None


def submit_review(decision: Decision, command: c.SubmitReview) -> Result:
    """To the city; with the leader's signature where there is a leader."""
    return _signature(decision) or _objections(decision) or (e.ReviewSubmitted(**decision.stamp()),)


def close_out(decision: Decision, command: c.CloseOut) -> Result:
    """销号: every gate, the signature, publicity, and a person who neither handled nor accepted it."""
    state = decision.state
    if state.acceptance is not None and state.acceptance.by == decision.actor.id:
        return refuse("actor.same_person", actor=decision.actor.name)
    if state.publicity is None or state.publicity.finished_at is None:
        last = state.publicity.last_day if state.publicity else "（未开始）"
        return refuse("publicity.running", last=last)
    refusal = _signature(decision) or _objections(decision)
    if refusal:
        return refusal
    if state.leader_due:
        return refuse("leader.due")
    if state.fake_open:
        return refuse("fake.open")
    refusal = _gates(decision, gates.Stage.CLOSE_OUT, "销号")
    names = tuple(spec.gate for spec in decision.rules.gates.gates)
    return refusal or (
        e.ClosedOut(
            document_no=command.document_no, finding=command.finding, gates=names, **decision.stamp()
        ),
    )


def look_back(decision: Decision, command: c.LookBack) -> Result:
    """The three questions, each answered; a no, a rebound or a fake opens the case again, the fake judged with it."""
    questions = {
        "整改措施是否到位": command.measures_in_place,
        "目标是否达到": command.target_met,
        "销号台账资料是否完整": command.file_complete,
    }
    lacking = [name for name, answer in questions.items() if answer is None]
    measures, target, file = command.measures_in_place, command.target_met, command.file_complete
    if measures is None or target is None or file is None:
        return refuse("look_back.answers", missing="、".join(lacking))
    state = decision.state
    if state.acceptance is not None and state.acceptance.by == decision.actor.id:
        return refuse("actor.handler", actor=decision.actor.name, command="回头看")
    if state.closed_out_by == decision.actor.id:
        return refuse("actor.handler", actor=decision.actor.name, command="回头看")
    passed = measures.ok and target.ok and file.ok and not command.rebound and not command.fake
    looked = e.LookedBack(
        measures_in_place=measures,
        target_met=target,
        file_complete=file,
        rebound=command.rebound,
        fake=command.fake,
        finding=command.finding,
        passed=passed,
        **decision.stamp(),
    )
    if passed:
        return (looked,)
    decision.reason = decision.reason or command.finding
    reopened = _reopened(decision)
    judged = e.RectificationJudged(fake=command.fake, finding=command.finding, **decision.stamp())
    return (looked, reopened, judged)


def _reopened(decision: Decision) -> e.Reopened:
    state = decision.state
    return e.Reopened(
        ordinal=state.ordinal + 1,
        after_close_out=state.status in (Status.CLOSED_OUT, Status.LOOKED_BACK),
        received_at=decision.now,
        **decision.stamp(),
    )


def reopen(decision: Decision, command: c.Reopen) -> Result:
    """A person opens the case again, with a reason."""
    return (_reopened(decision),)


def judge_rectification(decision: Decision, command: c.JudgeRectification) -> Result:
    """Whether the rectification before the reopening was fake; asked after every reopening of a closed-out case."""
    if not decision.state.fake_open:
        return refuse("fake.not_asked")
    return (e.RectificationJudged(fake=command.fake, finding=command.finding, **decision.stamp()),)


def record_review(decision: Decision, command: c.RecordReview) -> Result:
    """复查 and 复核 move their clocks; none may lie in the future."""
    if command.happened_at > decision.now + timedelta(minutes=5):
        return refuse("evidence.future", taken=f"{command.happened_at:%Y-%m-%d %H:%M}", field="happened_at")
    return (e.ReviewRecorded(step=command.step, happened_at=command.happened_at, **decision.stamp()),)

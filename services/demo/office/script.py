"""What the office does with a case, step by step: who gives which commands now, and how long people take to get to it.

Pure: the state, the moment and the luck decide. Shares are invented but for the verdicts (Hainan 2019: 440 true, 108
mainly true, 779 partly true, 100 untrue).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts.vocabulary import ReturnGround, UnitRole, Verdict
from services.demo.office.closing import CLOSING_MOVES, CLOSING_WAITS
from services.demo.office.luck import Luck
from services.demo.office.moves import Desk, Move, file_of
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.case.state import CaseState
from services.domain.case.status import ENDED, Status
from services.domain.case.values import PartState
from services.domain.clocks.rules import Anchor

DAY = timedelta(days=1)
VERDICTS = ((Verdict.TRUE, 440), (Verdict.MOSTLY_TRUE, 108), (Verdict.PARTLY_TRUE, 779), (Verdict.UNTRUE, 100))
RETURNS, STAGES, EXTENSIONS, IMMEDIATE = 0.05, 0.85, 0.08, 0.6
"""Shares of cases returned, stage-concluded (of ledger cases), extended, and put right at once."""
__all__ = ["Move", "moves", "wait"]


def wait(state: CaseState, desk: Desk, luck: Luck) -> timedelta | None:
    """How long until somebody does the next thing; None where nothing is to be done."""
    assert state.status is not None
    pace = desk.staff.pace(state.lead.unit_id) if state.lead else 1.0
    if state.proposals:
        return luck.days(f"second/{state.version}", 0.4)
    mean = _WAITS.get(state.status)
    if mean is None:
        return None
    if state.status is Status.RECTIFYING and state.mode is v.RectifyMode.LEDGER and state.stage is not None:
        mean = 9.0
    if state.status is Status.ASSIGNED and state.matter.urgency.value != "一般" and not luck.happens("asleep", 0.1):
        return timedelta(0)
    if state.status in CLOSING_WAITS:
        pace = 1.0
    return luck.days(f"wait/{state.status}/{state.version}", mean * pace)


_WAITS = {
    Status.OPENED: 1.0, Status.RETURNED: 0.7, Status.REOPENED: 0.7, Status.ASSIGNED: 0.35, Status.SIGNED_IN: 0.5,
    Status.INVESTIGATING: 0.8, Status.VERIFIED: 0.5, Status.RECTIFYING: 1.5, Status.STAGE_CONCLUDED: 14.0, **CLOSING_WAITS,
}  # fmt: skip


def moves(state: CaseState, now: datetime, desk: Desk, luck: Luck) -> list[Move]:
    """The commands to give now, in order."""
    assert state.status is not None
    turn = _Turn(state, now, desk, luck)
    return [*_after_a_rebound(turn), *_MOVES[state.status](turn)]


@dataclass(frozen=True, slots=True)
class _Turn:
    """One case at one moment."""

    state: CaseState
    now: datetime
    desk: Desk
    luck: Luck

    @property
    def today(self) -> date:
        return self.desk.day(self.now)


def _assign(turn: _Turn) -> Iterator[Move]:
    """A case without a unit: the one that had it, another one after a return, the co-ordination desk at last."""
    state, desk = turn.state, turn.desk
    dispatcher = desk.staff.desk("dispatcher", state.region)
    lead = desk.leads.get(state.case_id)
    bounced = {record.unit_id for record in state.returns if record.lead}
    unit_id = lead if lead and lead not in bounced else desk.staff.city.desk(state.region).id
    designated = bool(bounced)
    unit = v.UnitRef(unit_id=unit_id, name=desk.staff.city.unit(unit_id).name, role=UnitRole.LEAD)
    yield Move(dispatcher, c.Assign(units=(unit,), designated=designated, basis=("由交办台确定",)))


def _after_a_rebound(turn: _Turn) -> Iterator[Move]:
    """A matter that came back gets a leader, and somebody tells whether it was ever put right."""
    state, desk = turn.state, turn.desk
    if state.leader_due:
        yield Move(desk.staff.desk("dispatcher", state.region), c.AssignLeader(leader=desk.leader(turn.luck), triggers=("销号后反弹",)))
    if state.fake_open and state.status not in ENDED:
        fake = turn.luck.happens("fake", 0.15)
        yield Move(desk.staff.desk("inspector"), c.JudgeRectification(fake=fake, finding="已现场核对整改痕迹"))


def _take_on(turn: _Turn) -> Iterator[Move]:
    state, staff = turn.state, turn.desk.staff
    assert state.lead is not None
    officer = staff.officer(state.lead.unit_id)
    if officer is None:
        if turn.now - state.lead.since > 12 * DAY:
            yield from _reassign(turn)
        return
    in_time = turn.now - state.lead.since < 2 * DAY
    if in_time and not state.designated and not state.returns and turn.luck.happens("return", RETURNS):
        ground = turn.luck.pick("ground", list(ReturnGround)[:3])
        yield Move(officer, c.ReturnPart(ground=ground, reason="经核对不属本单位办理"))
        return
    yield Move(officer, c.SignIn())


def _reassign(turn: _Turn) -> Iterator[Move]:
    """Nobody took it for two weeks: the dispatcher gives it to the co-ordination desk."""
    city = turn.desk.staff.city
    unit = city.desk(turn.state.region)
    if turn.state.lead is not None and unit.id == turn.state.lead.unit_id:
        unit = city.desk(None)
    ref = v.UnitRef(unit_id=unit.id, name=unit.name, role=UnitRole.LEAD)
    yield Move(turn.desk.staff.desk("dispatcher", turn.state.region), c.Assign(units=(ref,), designated=True, basis=("原承办单位长期未签收",)))


def _begin(turn: _Turn) -> Iterator[Move]:
    state, staff = turn.state, turn.desk.staff
    assert state.lead is not None
    officer = staff.officer(state.lead.unit_id)
    if officer is None:
        return
    yield Move(officer, c.AcceptPart(members=(v.Member(person_id=officer.id, name=officer.name),)))
    yield Move(officer, c.Investigate())
    for part in state.parts:
        helper = staff.officer(part.unit_id) if part.role is UnitRole.CO_HANDLING and part.state is PartState.PENDING else None
        if helper is not None:
            yield Move(helper, c.SignIn())
            yield Move(helper, c.AcceptPart())
    yield Move(officer, _evidence(turn, "before"))
    yield Move(officer, _evidence(turn, "report"))


def _find(turn: _Turn) -> Iterator[Move]:
    state, staff, luck = turn.state, turn.desk.staff, turn.luck
    assert state.lead is not None
    yield from _second_person(turn)
    if any(item.kind is v.ProposalKind.VERDICT_UNTRUE for item in state.proposals):
        return
    officer = staff.officer(state.lead.unit_id)
    if officer is None:
        return
    verdict = luck.weighted("verdict", VERDICTS)
    if luck.happens("extend", EXTENSIONS) and not state.extensions and not state.proposals:
        yield Move(officer, c.Extend(clock="reply", n=5, reason="需委托监测，五日内不能得出结论"))
    cause = "" if verdict is Verdict.UNTRUE else luck.pick("cause", ("未安装或未使用治理设施", "作业时间和方式不符合规定", "日常管理不到位"))
    found = "现场检查未发现所反映的问题" if verdict is Verdict.UNTRUE else "现场检查发现所反映的问题存在"
    proofs = tuple(item.id for item in state.evidence)
    report = next((item.id for item in reversed(state.evidence) if item.purpose is v.EvidencePurpose.REPORT), None)
    yield Move(officer, c.Verify(verdict=verdict, found=found, root_cause=cause, report=report, evidence=proofs[-2:]))


def _second_person(turn: _Turn) -> Iterator[Move]:
    """What waits for a second person is confirmed, now and then refused."""
    for item in turn.state.proposals:
        lead = turn.state.lead
        person = turn.desk.staff.desk("supervisor")
        if item.kind in (v.ProposalKind.EXTEND, v.ProposalKind.PAUSE) and lead is not None:
            person = turn.desk.staff.head(lead.unit_id)
        late = turn.now - item.at > 3 * DAY  # a limit that has ended is not extended any more
        late |= item.kind is v.ProposalKind.EXTEND and Anchor.PLANNED in turn.state.anchors  # nor is one that was kept
        if turn.luck.happens(f"confirm/{item.id}", 0.9) and not late:
            yield Move(person, c.Confirm(proposal_id=item.id))
        else:
            yield Move(person, c.Reject(proposal_id=item.id, reason="依据不足，请补充核查"))


def _plan(turn: _Turn) -> Iterator[Move]:
    state, staff, luck = turn.state, turn.desk.staff, turn.luck
    assert state.lead is not None
    officer = staff.officer(state.lead.unit_id)
    if officer is None:
        return
    at_once = luck.happens("at_once", IMMEDIATE)
    # Planned with an eye on how long such work takes here: a stage first, then one measure after another.
    days = 7 if at_once else 40 + int(luck.share("days") * 50)
    texts = ("停止违规行为并恢复原状", "安装并正常使用治理设施", "建立巡查台账，定期复查")[: 1 if at_once else 3]
    measures = tuple(
        v.PlannedMeasure(
            id=f"m{state.ordinal}-{n}", text=text, unit_id=state.lead.unit_id, person_id=officer.id, person=officer.name,
            deadline=turn.today + timedelta(days=days * (len(texts) + n) // (2 * len(texts))), target="达标排放",
        )
        for n, text in enumerate(texts, 1)
    )  # fmt: skip
    mode = v.RectifyMode.IMMEDIATE if at_once else v.RectifyMode.LEDGER
    yield Move(officer, c.Plan(mode=mode, target="问题消除，不再扰民", measures=measures))
    fined = luck.happens("fined", 0.3)
    settle = {"punishments": ("责令改正并处罚款",)} if fined else {"none_needed": "首次违规并及时改正，依法不予处罚"}
    yield Move(officer, c.SettleResponsibility(unit=state.matter.respondent or "责任主体", person="负责人", **settle))


def _rectify(turn: _Turn) -> Iterator[Move]:
    """One measure at a time; the last one brings the proof of the effect, then the conclusion."""
    state, staff, luck = turn.state, turn.desk.staff, turn.luck
    assert state.lead is not None
    officer = staff.officer(state.lead.unit_id)
    if officer is None:
        return
    yield from _second_person(turn)
    yield from _helpers(turn)
    undone = [measure for measure in state.measures if measure.progress < 100]
    if undone and state.mode is v.RectifyMode.LEDGER and state.stage is None and luck.happens("stage", STAGES):
        yield Move(officer, c.ConcludeStage(
            controlled="主要污染已得到控制", remaining="完成剩余整改措施", person=officer.name, planned_for=turn.today + timedelta(days=30),
        ))  # fmt: skip
        return
    if undone:
        after = _evidence(turn, "after")
        yield Move(officer, after)
        yield Move(officer, c.ReportMeasure(measure_id=undone[0].id, progress=100, note="已完成", evidence=(after.evidence.id,)))
    elif not _proof_since_verdict(state):
        yield Move(officer, _evidence(turn, "after"))
    if len(undone) <= 1:
        lasting = {"similar_sites": "已排查同类点位", "lasting_mechanism": "纳入日常巡查"}
        yield Move(officer, c.Conclude(result="问题已整改，现场复核达标", **lasting))


def _proof_since_verdict(state: CaseState) -> bool:
    verified = state.verification.at if state.verification else None
    return any(item.purpose is v.EvidencePurpose.AFTER and verified and item.added_at >= verified for item in state.evidence)


def _helpers(turn: _Turn) -> Iterator[Move]:
    """Co-handling units finish their part; one without an officer is let go."""
    for part in turn.state.parts:
        if part.role is not UnitRole.CO_HANDLING or part.state.settled:
            continue
        helper = turn.desk.staff.officer(part.unit_id)
        if helper is None:
            yield Move(turn.desk.staff.desk("dispatcher", turn.state.region), c.WithdrawPart(unit_id=part.unit_id, reason="无人承办，由主办单位一并办理"))
            continue
        if part.state is PartState.PENDING:
            yield Move(helper, c.SignIn())
        if part.state in (PartState.PENDING, PartState.SIGNED_IN):
            yield Move(helper, c.AcceptPart())
        yield Move(helper, c.FinishPart(report="已配合完成检查"))


def _resume(turn: _Turn) -> Iterator[Move]:
    assert turn.state.lead is not None
    officer = turn.desk.staff.officer(turn.state.lead.unit_id)
    if officer is not None:
        yield Move(officer, c.Resume())


def _evidence(turn: _Turn, purpose: str) -> c.AddEvidence:
    """An item of evidence whose file the office is to put in place."""
    number = len(turn.state.evidence) + 1
    id = f"{purpose}-{turn.state.ordinal}-{number}"
    file = file_of(turn.desk, purpose, f"{turn.state.case_id}/{id}", turn.luck)
    before = next((item.id for item in reversed(turn.state.evidence) if item.purpose is v.EvidencePurpose.BEFORE), None)
    return c.AddEvidence(evidence=v.Evidence(
        id=id, sha256=file.sha256, kind=file.kind, purpose=v.EvidencePurpose(purpose), media_type=file.media_type, size=file.size,
        on_site=purpose != "report", taken_at=turn.now, pair_of=before if purpose == "after" else None,
    ))  # fmt: skip


_MOVES: dict[Status, Callable[[_Turn], Iterator[Move]]] = {
    Status.OPENED: _assign, Status.RETURNED: _assign, Status.REOPENED: _assign, Status.ASSIGNED: _take_on,
    Status.SIGNED_IN: _begin, Status.INVESTIGATING: _find, Status.VERIFIED: _plan, Status.RECTIFYING: _rectify,
    Status.STAGE_CONCLUDED: _resume, **CLOSING_MOVES,
}  # fmt: skip

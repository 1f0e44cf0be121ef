"""The script from the conclusion to the look-back: calls, acceptance, publicity, signature, review, 销号, 回头看."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from services.demo.office.luck import Luck
from services.demo.office.moves import Desk, Move
from services.domain.case import commands as c
from services.domain.case import petitioners
from services.domain.case import values as v
from services.domain.case.gates import Stage, missing
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.clocks.calendar import day_of, end_of

ANSWERS = (
    (v.Satisfaction.SATISFIED, 0.72), (v.Satisfaction.MOSTLY_SATISFIED, 0.14), (v.Satisfaction.UNSATISFIED, 0.04),
    (v.Satisfaction.NO_ANSWER, 0.06), (v.Satisfaction.UNREACHABLE, 0.04),
)  # fmt: skip
SENT_BACK, LOOK_BACK_PASSES = 0.08, 0.913
"""Share of cases the district sends back (invented); share of look-backs that pass (2019: 91.3 %)."""
CONTACTED, SOLVED = 0.97, {True: 0.95, False: 0.2}
"""Share of those who answer that the unit contacted them (是否响应), and that it is solved (是否解决), by whether they are content (invented)."""
CLOSING_WAITS = {
    Status.CONCLUDED: 1.0, Status.CLOSE_OUT_REQUESTED: 2.0, Status.ACCEPTED: 1.0, Status.PUBLICITY: 3.0, Status.PUBLICISED: 1.0,
    Status.LEADER_SIGNED: 0.5, Status.CITY_REVIEW: 3.0, Status.CLOSED_OUT: 6.0, Status.LOOKED_BACK: 6.0, Status.UNTRUE: None,
    Status.DECLINED: None, Status.MERGED: None,
}  # fmt: skip


class Turn(Protocol):
    """One case at one moment."""

    @property
    def state(self) -> CaseState: ...
    @property
    def now(self) -> datetime: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def luck(self) -> Luck: ...


def _request(turn: Turn) -> Iterator[Move]:
    lead = turn.state.lead
    officer = turn.desk.staff.officer(lead.unit_id) if lead else None
    if officer is not None:
        yield from _calls(turn)
        yield Move(officer, c.RequestCloseOut())


def _calls(turn: Turn) -> Iterator[Move]:
    """Everybody who can be reached and has not answered is called, once a day."""
    state, today = turn.state, day_of(turn.now)
    answered = {call.reporter for call in state.callbacks if call.outcome not in petitioners.MUTE}
    called = {call.reporter for call in state.callbacks if day_of(call.at) == today}
    # In the order they wrote: ids of petitioners differ from one installation to the next.
    for number, reporter in enumerate(dict.fromkeys(link.reporter for link in state.links if link.reporter)):
        if reporter in answered or reporter in called:
            continue
        tries = sum(call.reporter == reporter for call in state.callbacks)
        outcome = turn.luck.weighted(f"call/{number}/{tries}", ANSWERS)
        asked = outcome not in petitioners.MUTE
        call = c.RecordCallback(
            reporter=reporter,
            outcome=outcome,
            contacted=turn.luck.happens(f"contacted/{number}", CONTACTED) if asked else None,
            solved=turn.luck.happens(f"solved/{number}", SOLVED[outcome in petitioners.CONTENT]) if asked else None,
        )
        yield Move(turn.desk.staff.desk("caller", state.region), call)


def _accept(turn: Turn) -> Iterator[Move]:
    state = turn.state
    acceptor = turn.desk.staff.desk("acceptor", state.region)
    if not state.gates_sent_back and turn.luck.happens(f"sent_back/{state.version}", SENT_BACK):
        yield Move(acceptor, c.SendBack(reason="现场仍有残留，须继续整改"))
        return
    proof = tuple(item.id for item in state.evidence if item.purpose is v.EvidencePurpose.AFTER)[-1:]
    yield Move(acceptor, c.AcceptWork(unit="区县整改办", finding="现场查看，整改到位", evidence=proof))


def _show(turn: Turn) -> Iterator[Move]:
    yield Move(turn.desk.staff.desk("acceptor", turn.state.region), c.StartPublicity(media="政府网站", days=10))


def _finish_showing(turn: Turn) -> Iterator[Move]:
    yield from _calls(turn)
    shown = turn.state.publicity
    if shown is not None and turn.now >= end_of(shown.last_day):
        yield Move(turn.desk.staff.desk("acceptor", turn.state.region), c.FinishPublicity())


def _sign_and_submit(turn: Turn) -> Iterator[Move]:
    leader = turn.state.leader
    if leader is not None and turn.state.signed_by is None and leader.person_id in turn.desk.staff.leaders:
        yield Move(turn.desk.staff.leaders[leader.person_id], c.Sign())
    yield Move(turn.desk.staff.desk("acceptor", turn.state.region), c.SubmitReview())


def _close(turn: Turn) -> Iterator[Move]:
    """Who is still silent is called; who is unsatisfied sends the case back to work."""
    state = turn.state
    yield from _calls(turn)
    unhappy = [call for call in state.callbacks if call.outcome is v.Satisfaction.UNSATISFIED]
    if state.leader is not None and state.signed_by != state.leader.person_id:
        # The leader was appointed when the case lay with the city already.
        yield Move(turn.desk.staff.leaders[state.leader.person_id], c.Sign())
    if len(unhappy) * 10 > len(petitioners.known(state)):
        yield Move(turn.desk.staff.desk("reviewer"), c.SendBack(reason="信访人不满意，须继续整改"))
        return
    rules = turn.desk.rules
    if missing(state, rules.gates, rules.calendar, turn.now, Stage.CLOSE_OUT):
        return  # the reviewer sees what is missing, most often the end of the observation period, and comes back
    number = int(turn.luck.share("document") * 9000) + 1000
    yield Move(turn.desk.staff.desk("reviewer"), c.CloseOut(document_no=f"销〔{turn.now.year}〕{number}号", finding="同意销号"))


def _look_back(turn: Turn) -> Iterator[Move]:
    if turn.state.case_id not in turn.desk.due_look_backs:
        return
    passed = turn.luck.happens(f"look_back/{turn.state.look_backs}", LOOK_BACK_PASSES)
    good, bad = v.LookBackAnswer(ok=True), v.LookBackAnswer(ok=False, note="设施停用")
    yield Move(turn.desk.staff.desk("inspector"), c.LookBack(
        measures_in_place=good if passed else bad, target_met=good if passed else bad, file_complete=good, rebound=not passed,
        fake=not passed and turn.luck.happens("fake_found", 0.3), finding="整改成效保持" if passed else "问题反弹",
    ))  # fmt: skip


def _nothing(turn: Turn) -> Iterator[Move]:
    return iter(())


CLOSING_MOVES: dict[Status, Callable[[Turn], Iterator[Move]]] = {
    Status.CONCLUDED: _request, Status.CLOSE_OUT_REQUESTED: _accept, Status.ACCEPTED: _show, Status.PUBLICITY: _finish_showing,
    Status.PUBLICISED: _sign_and_submit, Status.LEADER_SIGNED: _sign_and_submit, Status.CITY_REVIEW: _close,
    Status.CLOSED_OUT: _look_back, Status.LOOKED_BACK: _look_back, Status.UNTRUE: _nothing, Status.DECLINED: _nothing,
    Status.MERGED: _nothing,
}  # fmt: skip

"""Rounds of handling from the events of a case: what was closed twice counts twice."""

from __future__ import annotations

from datetime import date

from contracts.vocabulary import LinkKind, SupervisionStep
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.indicators.history import CaseHistory, history
from tests.unit.domain.case.office import (
    CALLER,
    DISPATCHER,
    INSPECTOR,
    LEAD_UNIT,
    LOOKED,
    MACHINE,
    OFFICER,
    SUPERVISOR,
    Desk,
    link,
    measure,
    rule_book,
)


def told(desk: Desk) -> CaseHistory:
    book = rule_book()
    return history("case-1", desk.events, book.case.deadlines, book.case.calendar, book.indicators.thresholds)


def test_a_rebound_ends_a_round_and_starts_the_next() -> None:
    desk = Desk().to_closed().wait(days=40)
    desk.give(MACHINE, c.AddLink(link=link(2, reporter="p1", kind=LinkKind.RECURRENCE, received_at=desk.now)))
    first, second = told(desk).rounds
    assert first.outcome == "closed_out" and first.closed_out_at is not None and first.rebound_at == desk.now
    assert second.ordinal == 2 and second.outcome == "open" and second.received_at == desk.now and second.unit is None
    assert (told(desk).rebounds, told(desk).resolved) == (1, False)


def test_a_duty_done_in_time_late_or_still_running() -> None:
    assert told(Desk().opened().assigned()).rounds[0].in_time is None
    assert told(Desk().to_concluded()).rounds[0].in_time is True
    late = told(Desk().to_rectifying().wait(days=90).rectified().concluded()).rounds[0]
    assert late.in_time is False and late.due_at is not None and late.concluded_at is not None and late.concluded_at > late.due_at


def test_an_answer_in_time_and_a_conclusion_in_time_are_judged_apart() -> None:
    planned = told(Desk().to_rectifying()).rounds[0]
    assert (planned.answer_in_time, planned.in_time) == (True, None), "answered with a plan, nothing concluded yet"
    late = Desk().opened().assigned().investigating().verified().wait(days=30).planned()
    assert told(late).rounds[0].answer_in_time is False
    broken = Desk().opened().assigned().investigating().verified().planned(measure(deadline=date(2026, 3, 4))).rectified().concluded()
    found = told(broken).rounds[0]
    assert (found.answer_in_time, found.in_time) == (True, False), "the plan's own day was missed"
    assert found.answer_due_at is not None and found.due_at is not None and found.due_at < found.answer_due_at


def test_a_complaint_after_the_conclusion_moves_no_deadline_that_was_met() -> None:
    desk = Desk().to_concluded()
    before = told(desk).rounds[0]
    desk.give(MACHINE, c.AddLink(link=link(2, channel="DC_CENTRAL_CALL", received_at=desk.now)))
    assert told(desk).rounds[0] == before
    assert told(desk).version < len(desk.events), "linking is no act on the matter"


def test_a_send_back_takes_the_conclusion_away_and_is_counted() -> None:
    desk = Desk().to_concluded().requested()
    desk.give(SUPERVISOR, c.SendBack(reason="整改不到位"))
    [only] = told(desk).rounds
    assert only.concluded_at is None and only.sent_back == 1


def test_returns_belong_to_the_unit_that_returned() -> None:
    desk = Desk().opened().assigned()
    desk.give(OFFICER, c.ReturnPart(ground="非本单位职责", reason="不归本单位管辖"))
    found = told(desk)
    assert [(item.unit, item.lead) for item in found.returns] == [("eco", True)]
    assert found.rounds[0].returns == 1


def test_each_petitioners_last_word_counts_and_silence_never_replaces_it() -> None:
    desk = Desk().opened(link(2)).assigned().investigating().verified().planned().rectified().concluded()
    said = [("p1", "no_answer"), ("p1", "satisfied"), ("p1", "no_answer"), ("p2", "unreachable"), ("p2", "no_answer")]
    for reporter, outcome in said:
        desk.give(CALLER, c.RecordCallback(reporter=reporter, outcome=v.Satisfaction(outcome), contacted=True, solved=outcome == "satisfied"))
    counting = [(call.reporter, call.outcome.value, call.solved) for call in told(desk).calls if call.last]
    assert counting == [("p1", "satisfied", True), ("p2", "no_answer", False)]


def test_a_look_back_passes_or_finds_fake_work() -> None:
    passed = Desk().to_closed().wait(days=31)
    passed.give(INSPECTOR, LOOKED)
    assert told(passed).rounds[0].look_back_passed is True
    fake = Desk().to_closed().wait(days=31)
    fake.give(INSPECTOR, LOOKED.model_copy(update={"fake": True, "rebound": True, "target_met": v.LookBackAnswer(ok=False, note="设施停用")}))
    first, second = told(fake).rounds
    assert first.look_back_passed is False and first.fake and first.rebound_at == second.started_at


def test_leader_and_supervision_keep_their_first_moment() -> None:
    desk = Desk().opened().assigned()
    desk.give(SUPERVISOR, c.Supervise(step=SupervisionStep.SUPERVISE, reason="多次反映"))
    first = desk.now
    desk.wait(days=9).give(SUPERVISOR, c.Supervise(step=SupervisionStep.LISTED, reason="仍未解决"))
    found = told(desk)
    assert (found.supervised_at, found.supervisions, found.step) == (first, 2, SupervisionStep.LISTED)
    desk.give(DISPATCHER, c.AssignLeader(leader=v.Leader(person_id="leader", name="某领导"), reason="多次重复"))
    assert told(desk).leader_at == desk.now and told(desk).rounds[0].leader_at == desk.now
    assert told(desk).unit == LEAD_UNIT.unit_id

"""The duty to answer ends with an interim answer in time; from then on the plan holds the unit to its own days."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from contracts.vocabulary import Verdict
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.case.answers import AnswerKind, answers
from services.domain.case.timing import waiting
from services.domain.clocks.calendar import CHINA
from services.domain.clocks.deadlines import Deadline, deadlines
from services.domain.clocks.moments import carried, due_moments, fire
from services.domain.clocks.rules import DeadlineRule
from services.domain.ledger import entry_of
from tests.unit.domain.case.office import ACCEPTOR, HEAD, OFFICER, Desk, evidence, measure, rules


def clock(desk: Desk, name: str) -> Deadline | None:
    found = deadlines(desk.state.clock_facts(), desk.rules.deadlines, desk.rules.calendar)
    return next((item for item in found if item.clock == name), None)


def running(desk: Desk) -> set[str]:
    found = deadlines(desk.state.clock_facts(), desk.rules.deadlines, desk.rules.calendar)
    return {item.clock for item in found if item.running and item.kind == "limit"}


@pytest.mark.parametrize("changes", [{"promised": True, "limit": {"n": 1, "unit": "hour"}}, {}, {"promised": True, "pause_grounds": ["monitoring"]}])
def test_a_rule_has_a_limit_or_a_promised_day_and_a_promise_never_pauses(changes):
    with pytest.raises(ValidationError):
        DeadlineRule(id="x", clock="x", label="x", anchor="planned", provenance="试验", confidence="I", **changes)


def test_finding_the_facts_alone_is_no_answer_but_facts_with_plan_and_day_are():
    desk = Desk().opened().assigned().investigating().verified()
    assert "reply" in running(desk)
    desk.planned(measure(deadline=date(2026, 4, 30)))
    assert {"reply", "rectify"} & running(desk) == {"rectify"}
    told = answers(desk.events[-1:], desk.state)
    assert [item.kind for item in told] == [AnswerKind.IN_PROGRESS]
    assert "属实" in told[0].message and "计划2026年04月30日前完成" in told[0].message


def test_an_interim_answer_too_late_stays_late():
    desk = Desk().opened().assigned().investigating().verified().wait(days=30)
    desk.planned(measure(deadline=date(2026, 4, 30)))
    late = clock(desk, "reply")
    assert late is not None and not late.running and late.overdue(desk.now)


def test_an_answer_given_in_time_is_not_undone_when_the_work_is_sent_back():
    desk = Desk().to_concluded().requested()
    desk.give(ACCEPTOR, c.SendBack(reason="现场仍有残留"))
    assert "reply" not in running(desk) and "resolve" in running(desk)


def test_work_sent_back_is_not_late_for_the_time_it_lay_with_others_but_the_public_waited_all_along():
    desk = Desk().to_concluded().requested()
    done = clock(desk, "resolve")
    desk.wait(days=70)
    desk.give(ACCEPTOR, c.SendBack(reason="现场仍有残留"))
    again = clock(desk, "resolve")
    assert done is not None and again is not None and again.running
    assert desk.now > done.due_at and not again.overdue(desk.now), "sixty days are over, fifty-five of the unit's are not"
    assert (again.last_day - done.last_day).days in range(64, 72) and again.paused_until == desk.now
    desk.wait(days=70)
    assert again.overdue(desk.now)
    waited = waiting(desk.state, desk.now, desk.rules.calendar)
    assert waited is not None and waited.public.days >= 140


def test_an_untrue_verdict_answers_and_promises_nothing():
    desk = Desk().opened().assigned().investigating()
    assert clock(desk, "rectify") is None
    desk.verified(Verdict.PARTLY_TRUE)
    assert clock(desk, "rectify") is None


def test_the_measure_due_first_sets_the_clock_and_the_next_begins_when_it_is_done():
    desk = Desk().opened().assigned().investigating().verified()
    desk.planned(measure("m1", date(2026, 3, 20)), measure("m2", date(2026, 4, 10)))
    first = clock(desk, "rectify")
    assert first is not None and first.last_day == date(2026, 3, 20)
    assert not first.overdue(datetime(2026, 3, 20, 23, 59, tzinfo=CHINA)) and first.overdue(datetime(2026, 3, 21, tzinfo=CHINA))
    desk.wait(days=19)
    desk.give(OFFICER, c.AddEvidence(evidence=_after(desk)), c.ReportMeasure(measure_id="m1", progress=100, note="已完成", evidence=("e-after",)))
    second = clock(desk, "rectify")
    assert second is not None and (second.last_day, second.started_at) == (date(2026, 4, 10), desk.now)
    assert carried(first, 1.0, second, desk.rules.deadlines.warn_shares, desk.now) == 0.0, "its warnings are its own"


def test_all_measures_done_keep_the_promise_or_have_broken_it():
    kept = Desk().opened().assigned().investigating().verified().planned(measure(deadline=date(2026, 3, 31))).rectified()
    found = clock(kept, "rectify")
    assert found is not None and not found.running and not found.overdue(kept.now.replace(year=2027))
    broken = Desk().opened().assigned().investigating().verified().planned(measure(deadline=date(2026, 3, 4))).rectified()
    found = clock(broken, "rectify")
    assert found is not None and not found.running and found.overdue(broken.now)


def test_a_day_that_was_over_before_the_work_before_it_was_done_is_overdue_at_once():
    desk = Desk().opened().assigned().investigating().verified()
    desk.planned(measure("m1", date(2026, 3, 3)), measure("m2", date(2026, 3, 4)))
    desk.wait(days=5)
    desk.give(OFFICER, c.AddEvidence(evidence=_after(desk)), c.ReportMeasure(measure_id="m1", progress=100, note="已完成", evidence=("e-after",)))
    found = clock(desk, "rectify")
    assert found is not None and found.overdue(desk.now) and found.elapsed_share(desk.now) == 1.0
    [firing] = fire(due_moments("x", (found,), desk.rules.deadlines.warn_shares), desk.now)
    assert firing.moment.share == 1.0, "said once, as what it is"


def test_more_time_for_a_plan_needs_a_second_person_before_its_day_and_moves_the_ledger_too():
    desk = Desk().opened().assigned().investigating().verified().planned(measure(deadline=date(2026, 3, 31)))
    assert desk.refused(OFFICER, c.Extend(clock="rectify", n=31, reason="设备未到货")).code == "extend.too_long"
    desk.give(OFFICER, c.Extend(clock="rectify", n=20, reason="设备未到货"))
    asked = clock(desk, "rectify")
    assert asked is not None and asked.last_day == date(2026, 3, 31), "asking moves nothing"
    desk.give(HEAD, c.Confirm(proposal_id=desk.state.proposals[0].id))
    moved = clock(desk, "rectify")
    assert moved is not None and (moved.last_day, moved.extended_by) == (date(2026, 4, 20), 20)
    assert entry_of(desk.state).deadline == date(2026, 4, 20)
    assert desk.refused(OFFICER, c.Extend(clock="rectify", n=1, reason="再延")).code == "extend.again"
    desk.wait(days=60)
    late = Desk().opened().assigned().investigating().verified().planned(measure(deadline=date(2026, 3, 31))).wait(days=40)
    assert late.refused(OFFICER, c.Extend(clock="rectify", n=5, reason="忘了")).code == "extend.expired"


def test_a_new_plan_is_a_new_promise():
    desk = Desk().to_rectifying().wait(days=3)
    desk.planned(measure(deadline=date(2026, 3, 12)))
    found = clock(desk, "rectify")
    assert found is not None and (found.last_day, found.started_at) == (date(2026, 3, 12), desk.now)
    assert found.provenance.startswith("讲话") and rules().deadlines.by_id("plan.deadline") is not None


def _after(desk: Desk) -> v.Evidence:
    return evidence("e-after", "after", desk.now, pair_of="e-site")

"""The ladder, digests, the weekly list and look-backs, on a simulated clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import LinkKind, SupervisionStep, Urgency
from services.domain.case import commands as c
from services.domain.case.status import Status
from services.domain.clocks.calendar import CHINA
from services.domain.clocks.deadlines import deadlines
from services.domain.parameters import RuleFileError, parse_parameters
from services.domain.supervision import dispatch_list, look_back
from services.domain.supervision.digest import Notice, digests, is_quiet, next_digest
from services.domain.supervision.ladder import (
    ORDER,
    LadderRules,
    next_step,
    steps,
    worst_first,
)
from services.domain.supervision.look_back import Candidate, LookBackRules, sample
from services.domain.supervision.view import CaseView, view
from tests.unit.domain.case.office import (
    DISPATCHER,
    MACHINE,
    OFFICER,
    RULES,
    SUPERVISOR,
    Desk,
    link,
    rule_book,
    v,
)

BOOK = rule_book()
CALENDAR = BOOK.case.calendar
LADDER = BOOK.ladder
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def seen(desk: Desk) -> CaseView:
    found = view(desk.state, deadlines(desk.state.clock_facts(), desk.rules.deadlines, CALENDAR))
    assert found is not None
    return found


def row(id_: str, **changes) -> CaseView:
    base = CaseView(
        case_id=id_, case_no=f"A-{id_}", status=Status.RECTIFYING, summary="异味", region="429304", unit_id="eco",
        unit="生态环境分局", person_id="officer", leader_id=None, leader="", urgency=Urgency.NORMAL,
        first_received_at=AT, last_progress_at=AT, deadlines=(),
    )  # fmt: skip
    return replace(base, **changes)


# --- the ladder -------------------------------------------------------------------------------------------------------


def test_an_unopened_case_and_a_closed_one_are_nobodys_to_supervise():
    assert view(Desk().state, ()) is None
    assert next_step(seen(Desk().to_closed()), LADDER, CALENDAR, AT + timedelta(days=300)) is None


def test_nothing_is_due_on_the_first_morning():
    desk = Desk().opened().assigned()
    assert next_step(seen(desk), LADDER, CALENDAR, desk.now) is None


def test_an_unowned_case_is_reminded_of_after_a_day_and_stands_first():
    desk = Desk().opened().wait(days=1)
    step = next_step(seen(desk), LADDER, CALENDAR, desk.now)
    assert step is not None and step.unowned and step.step is SupervisionStep.REMIND
    assert step.reason == "已立案待交办已1个工作日，尚无承办单位。" and step.provenance
    later = row("z", repeat_ordinal=5, step=SupervisionStep.URGE, stepped_at=AT - timedelta(days=9))
    assert [item.unowned for item in steps([later, seen(desk)], LADDER, CALENDAR, desk.now)] == [True, False]


def test_the_ladder_is_climbed_rung_by_rung_to_the_top_and_persons_decide_from_supervision_on():
    desk = Desk().opened().assigned().give(OFFICER, c.SignIn())
    taken = []
    for _ in range(80):
        desk.wait(days=1)
        step = next_step(seen(desk), LADDER, CALENDAR, desk.now)
        if step:
            taken.append((step.step, step.person))
            actor = SUPERVISOR if step.person else MACHINE
            desk.give(actor, c.Supervise(step=step.step, reason=step.reason))
    assert [step for step, _ in taken] == ORDER
    assert [person for _, person in taken] == [False, False, False, True, True, True]


def test_a_reason_names_the_limit_and_its_last_day():
    desk = Desk().opened().assigned().give(OFFICER, c.SignIn()).wait(days=5)
    step = next_step(seen(desk), LADDER, CALENDAR, desk.now)
    assert (
        step is not None and step.reason.startswith("期限“热线答复”已用") and "2026-03-09届满" in step.reason
    )


def test_a_rung_waits_its_days_and_overdue_is_counted_in_working_days():
    base = row("a", step=SupervisionStep.URGE, stepped_at=AT, repeat_ordinal=3)
    assert next_step(base, LADDER, CALENDAR, AT + timedelta(hours=5)) is None
    step = next_step(base, LADDER, CALENDAR, AT + timedelta(days=1))
    assert (
        step is not None and step.step is SupervisionStep.SUPERVISE and step.reason == "同一信访人已反映3次。"
    )


def test_rebounds_reach_the_listed_rung():
    again = row("a", ordinal=3, step=SupervisionStep.SUPERVISE, stepped_at=AT)
    step = next_step(again, LADDER, CALENDAR, AT + timedelta(days=14))
    assert step is not None and step.step is SupervisionStep.LISTED and "第3次立案" in step.reason


def test_a_ladder_with_a_missing_rung_is_refused():
    text = (RULES / "ladder.yaml").read_text(encoding="utf-8").replace("step: 催办", "step: 督办")
    with pytest.raises(RuleFileError, match="提醒 → 预警 → 催办 → 督办 → 挂牌督办 → 约谈"):
        parse_parameters(text, "ladder.yaml", LadderRules)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 20), max_size=15), st.integers(1, 6), st.integers(1, 3))
def test_no_rung_is_skipped_or_taken_twice(waits, repeats, ordinal):
    case, now, taken = row("a", repeat_ordinal=repeats, ordinal=ordinal), AT, []
    for days in waits:
        now += timedelta(days=days)
        step = next_step(case, LADDER, CALENDAR, now)
        if step:
            taken.append(step.step)
            case = replace(case, step=step.step, stepped_at=now)
    assert taken == ORDER[: len(taken)]


def test_work_is_ordered_unowned_overdue_urgent_due_repeated_oldest():
    desk = Desk().opened().assigned()
    late = seen(desk.wait(days=30))
    rows = [
        row("calm"),
        row("urgent", urgency=Urgency.EMERGENCY),
        replace(late, case_id="late"),
        row("unowned", status=Status.RETURNED, unit_id=None, unit=""),
        row("repeated", repeat_ordinal=4),
    ]
    ordered = [item.case_id for item in sorted(rows, key=lambda item: worst_first(item, desk.now))]
    assert ordered == ["unowned", "late", "urgent", "repeated", "calm"]


# --- digests ----------------------------------------------------------------------------------------------------------


def notice(case: str, rank: int, at: datetime = AT, person: str = "officer", **more) -> Notice:
    return Notice(person, case, f"A-{case}", rank, f"理由{case}{rank}。", at, **more)


def test_one_person_gets_one_digest_a_morning_with_a_reason_on_every_line():
    found = digests(
        [notice("a", 2), notice("b", 0), notice("a", 1), notice("c", 4, person="leader")],
        LADDER.quiet,
        CALENDAR,
    )
    assert [digest.person_id for digest in found] == ["leader", "officer"]
    mine = found[1]
    assert mine.at == datetime(2026, 3, 3, 8, tzinfo=CHINA)
    assert mine.text.splitlines() == [
        "您今日有2件事项需要处理：", "【无人承办】1件", "- A-b：理由b0。", "【已逾期】1件", "- A-a：理由a1。理由a2。",
    ]  # fmt: skip


def test_over_a_long_holiday_digests_wait_and_emergencies_do_not():
    eve = datetime(2026, 2, 14, 10, tzinfo=CHINA)  # a worked Saturday; the holiday ends on 23 February
    found = digests([notice("a", 1, eve), notice("b", 0, eve, emergency=True)], LADDER.quiet, CALENDAR)
    assert [(item.at, len(item.notices)) for item in found] == [
        (eve, 1),
        (datetime(2026, 2, 24, 8, tzinfo=CHINA), 1),
    ]
    assert found[0].text.startswith("您有1件突发事项须立即处理")


def test_before_the_digest_hour_it_is_still_this_mornings():
    early = datetime(2026, 3, 3, 7, 59, tzinfo=CHINA)
    assert next_digest(early, LADDER.quiet, CALENDAR) == datetime(2026, 3, 3, 8, tzinfo=CHINA)


def test_quiet_hours_span_midnight():
    hours = [hour for hour in range(24) if is_quiet(datetime(2026, 3, 3, hour, tzinfo=CHINA), LADDER.quiet)]
    assert hours == [0, 1, 2, 3, 4, 5, 6, 7, 21, 22, 23]
    none = LADDER.quiet.model_copy(update={"start_hour": 8, "end_hour": 8})
    assert not is_quiet(AT, none)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.integers(0, 4), st.integers(0, 200), st.sampled_from("xyz"))
    )
)
def test_no_notice_is_lost_and_none_sent_twice(items):
    notices = [notice(case, rank, AT + timedelta(hours=hours), person) for case, rank, hours, person in items]
    found = digests(notices, LADDER.quiet, CALENDAR)
    assert len({digest.key for digest in found}) == len(found)
    for item in notices:
        homes = [
            d
            for d in found
            if d.person_id == item.person_id
            for n in d.notices
            if n.case_id == item.case_id and item.reason in n.reason
        ]
        assert homes and all(home.at >= min(h.at for h in homes) for home in homes)
        assert any(home.at >= item.at for home in homes)


# --- the weekly list --------------------------------------------------------------------------------------------------


def test_the_weekly_list_says_what_moved_what_did_not_what_is_due_and_what_is_repeated():
    now = AT + timedelta(days=14)
    rows = [
        row("moved", last_progress_at=now - timedelta(days=2)),
        row("still", repeat_ordinal=3),
        row("unowned", unit_id=None, unit="", status=Status.RETURNED),
        row("closed", status=Status.CLOSED_OUT),
        row("closing", status=Status.PUBLICITY),
    ]
    lists = dispatch_list.by_unit(rows, now)
    assert [item.owner for item in lists] == [dispatch_list.UNOWNED_DESK, "生态环境分局"]
    unit = lists[1]
    assert (unit.total, [line.case.case_id for line in unit.moved]) == (2, ["moved"])
    assert [line.remark for line in unit.still] == ["14日无进展，停在“整改中”"]
    assert [line.remark for line in unit.repeated] == ["同一信访人反映3次"]
    assert (
        unit.summary == "生态环境分局：在办2件，本周有进展1件、无进展1件，下周到期0件，逾期0件，重复反映1件。"
    )


def test_a_leaders_list_holds_his_cases_with_what_is_due_and_overdue():
    desk = (
        Desk()
        .opened()
        .assigned()
        .give(DISPATCHER, c.AssignLeader(leader=v.Leader(person_id="leader", name="秦副区长")))
    )
    soon = dispatch_list.by_leader([seen(desk)], desk.now + timedelta(days=3))[0]
    assert soon.owner == "秦副区长" and soon.due and soon.overdue, "sign-in is overdue, the reply is due"
    assert dispatch_list.by_leader([row("a")], AT) == ()


# --- look-back --------------------------------------------------------------------------------------------------------


def candidate(n: int, **changes) -> Candidate:
    base = Candidate(f"k{n}", f"A-{n}", AT - timedelta(days=90), look_backs=1)
    return replace(base, **changes)


def test_a_case_is_a_candidate_only_once_closed_out():
    assert look_back.candidate(Desk().to_concluded().state, 1) is None
    found = look_back.candidate(Desk().to_closed().state, 3, 0.5)
    assert found is not None and (found.repeats, found.rebounds, found.unit_failures) == (2, 0, 0.5)


def test_the_sample_can_be_drawn_again_by_anybody_and_changes_with_the_seed():
    cases = [candidate(n) for n in range(200)]
    first = [item.candidate.case_id for item in sample(cases, BOOK.look_back, "2026-03", AT)]
    assert len(first) == 20
    assert first == [
        item.candidate.case_id for item in sample(reversed(cases), BOOK.look_back, "2026-03", AT)
    ]
    assert first != [item.candidate.case_id for item in sample(cases, BOOK.look_back, "2026-04", AT)]


def test_riskier_cases_are_drawn_in_proportion_to_their_weight():
    risky = candidate(0, rebounds=2, fakes=1)  # weight 1 + 4 + 4 = 9
    cases = [risky, *(candidate(n) for n in range(1, 10))]
    weight, reasons = look_back.risk(risky, BOOK.look_back.weights)
    assert weight == 9 and reasons == ("曾反弹2次", "曾认定假整改1次")
    firsts = Counter(
        sample(cases, BOOK.look_back, f"seed{n}", AT, size=1)[0].candidate.case_id for n in range(4000)
    )
    assert firsts["k0"] / 4000 == pytest.approx(0.5, abs=0.03), "9 of 18"


def test_cases_just_closed_are_left_to_settle_and_small_pools_are_taken_whole():
    fresh = candidate(1, closed_at=AT - timedelta(days=3))
    assert sample([fresh], BOOK.look_back, "s", AT) == ()
    assert len(sample([candidate(n) for n in range(3)], BOOK.look_back, "s", AT)) == 3


def test_a_complaint_after_close_out_is_a_rebound_inside_the_window():
    desk = Desk().to_closed()
    later = desk.now + timedelta(days=40)
    found = look_back.rebound(
        desk.state, link(2, kind=LinkKind.MERGED_REPORT, received_at=later), BOOK.look_back
    )
    assert found is not None and found.days == 40 and found.reason == "销号40日后再次反映（合并件）。"
    rules: LookBackRules = BOOK.look_back
    assert (
        look_back.rebound(desk.state, link(2, kind=LinkKind.DUPLICATE_DELIVERY, received_at=later), rules)
        is None
    )
    assert look_back.rebound(desk.state, link(2), rules) is None, "written before the close-out"
    years = link(2, received_at=desk.now + timedelta(days=800))
    assert look_back.rebound(desk.state, years, rules) is None
    assert (
        look_back.rebound(desk.state, years.model_copy(update={"kind": LinkKind.RECURRENCE}), rules)
        is not None
    )
    assert look_back.rebound(Desk().to_concluded().state, link(2, received_at=later), rules) is None


def test_one_failed_look_back_does_not_make_a_unit_the_worst_of_all():
    shares = look_back.failure_shares([("small", False), *[("big", False)] * 60, *[("big", True)] * 20])
    assert shares["small"] == pytest.approx(2 / 3) and shares["big"] == pytest.approx(61 / 82)

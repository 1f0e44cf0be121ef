"""Deadlines: which rule holds, when it is due, what pauses and extensions do, what changes with a new rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import PollutionType, SourceChannel, Urgency
from services.domain.clocks.calendar import (
    CHINA,
    CalendarRules,
    CalendarYear,
    WorkCalendar,
)
from services.domain.clocks.deadlines import (
    ClockFacts,
    Deadline,
    Extension,
    Pause,
    deadlines,
    differences,
    due,
    two_clocks,
)  # fmt: skip
from services.domain.clocks.moments import due_moments, fire
from services.domain.clocks.rules import Anchor, DeadlineRules, Unit
from tests.unit.domain.case.office import rules

BOOK = rules().deadlines
CALENDAR = WorkCalendar()
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 9:00 in China


def facts(*channels: SourceChannel, **changes) -> ClockFacts:
    given_ = {"anchors": {Anchor.RECEIVED: AT, Anchor.DISPATCHED: AT, Anchor.ACCEPTED: AT}, **changes}
    return ClockFacts(channels=frozenset(channels or {SourceChannel.HOTLINE_12345}), **given_)


def clock(
    name: str, of: ClockFacts, book: DeadlineRules = BOOK, calendar: WorkCalendar = CALENDAR
) -> Deadline | None:
    return next((item for item in deadlines(of, book, calendar) if item.clock == name), None)


def test_a_clock_that_has_not_started_is_not_there():
    assert clock("resolve", facts(anchors={Anchor.RECEIVED: AT})) is None
    assert deadlines(ClockFacts(), BOOK, CALENDAR) == ()


@pytest.mark.parametrize(
    ("channel", "changes", "name", "rule", "last"),
    [
        (SourceChannel.HOTLINE_12345, {}, "reply", "hl.reply_wd", "2026-03-09"),
        (SourceChannel.ENV_12369_WEB, {}, "reply", "env.reply_days", "2026-03-09"),
        (SourceChannel.ENV_12369_WEB, {"types": frozenset({PollutionType.SOIL})}, "reply", "env.reply_ecology_days", "2026-03-17"),
        (SourceChannel.DC_CENTRAL_CALL, {}, "feedback", "dc.feedback_days", "2026-03-12"),
        (SourceChannel.XF_LETTER, {"legal_path": 6}, "resolve", "xf.resolve_days", "2026-05-06"),
        (SourceChannel.XF_LETTER, {"legal_path": 5}, "resolve", "env.outer_days", "2026-05-06"),
        (SourceChannel.XF_LETTER, {}, "return", "xf.objection_days", "2026-03-09"),
        (SourceChannel.HOTLINE_12345, {}, "return", "hl.return_wd", "2026-03-04"),
        (SourceChannel.HOTLINE_12345, {}, "route", "xf.route_days", "2026-03-17"),
        (SourceChannel.HOTLINE_12345, {}, "notice", "xf.notice_days", "2026-03-17"),
        (SourceChannel.HOTLINE_12345, {"urgency": Urgency.EMERGENCY}, "first_action", "env.first_action_emergency", "2026-03-02"),
        (SourceChannel.HOTLINE_12345, {"urgency": Urgency.URGENT}, "first_action", "env.first_action_urgent", "2026-03-03"),
        (SourceChannel.HOTLINE_12345, {"urgency": Urgency.URGENT}, "sign_in", "hl.sign_in_urgent", "2026-03-02"),
        (SourceChannel.HOTLINE_12345, {}, "sign_in", "hl.sign_in_normal", "2026-03-03"),
    ],
)  # fmt: skip
def test_the_rule_of_source_path_type_and_urgency_makes_the_deadline(channel, changes, name, rule, last):
    found = clock(name, facts(channel, **changes))
    assert found is not None
    assert (found.rule_id, str(found.last_day)) == (rule, last)
    assert (
        found.rule_version == BOOK.version and found.calendar_version == CALENDAR.version and found.provenance
    )


def test_of_two_sources_the_strictest_limit_counts():
    both = facts(SourceChannel.XF_LETTER, SourceChannel.HOTLINE_12345)
    found = clock("return", both)
    assert found is not None and found.rule_id == "hl.return_wd"


def test_sixty_days_ending_in_the_labour_day_holiday_end_after_it():
    # 2 March + 60 = 1 May; 1 to 5 May 2026 are off.
    found = clock("resolve", facts(SourceChannel.XF_WEB, legal_path=6))
    assert found is not None and found.last_day == date(2026, 5, 6)
    assert found.due_at == datetime(2026, 5, 7, tzinfo=CHINA)


def test_it_is_overdue_at_midnight_and_not_a_moment_sooner():
    found = clock("reply", facts())
    assert found is not None
    assert not found.overdue(found.due_at - timedelta(microseconds=1))
    assert found.overdue(found.due_at)
    assert found.elapsed_share(found.started_at) == 0 and found.elapsed_share(found.due_at) == 1


def test_a_duty_done_late_stays_late_and_one_done_in_time_never_becomes_so():
    anchors = {Anchor.DISPATCHED: AT, Anchor.CONCLUDED: AT + timedelta(days=30)}
    late = clock("reply", facts(anchors=anchors))
    assert late is not None and not late.running and late.overdue(AT)
    in_time = clock("reply", facts(anchors={Anchor.DISPATCHED: AT, Anchor.CONCLUDED: AT + timedelta(days=1)}))
    assert in_time is not None and not in_time.overdue(AT + timedelta(days=99))


def test_a_window_that_lapsed_is_no_overdue_duty():
    found = clock("return", facts())
    assert found is not None and found.kind == "window" and not found.overdue(AT + timedelta(days=50))


def test_an_extension_is_counted_in_the_rules_own_days():
    found = clock("reply", facts(extensions=(Extension("reply", 5, AT),)))
    assert found is not None and found.extended_by == 5 and found.last_day == date(2026, 3, 16)


def test_a_pause_leaves_its_days_out_and_overlapping_pauses_count_once():
    until = datetime(2026, 3, 5, tzinfo=CHINA)  # 24:00 of Wednesday 4 March
    pause = Pause("reply", "monitoring", AT, until)
    found = clock("reply", facts(pauses=(pause,)))
    assert found is not None and found.last_day == date(2026, 3, 11), "3 and 4 March left out"
    twice = clock(
        "reply", facts(pauses=(pause, Pause("reply", "monitoring", AT + timedelta(hours=5), until)))
    )
    assert twice is not None and twice.last_day == found.last_day
    assert clock("return", facts(pauses=(pause,))) == clock("return", facts())


def test_an_hour_clock_loses_exactly_the_paused_time():
    start = AT + timedelta(minutes=30)
    pauses = [
        Pause("x", "weather", start, start + timedelta(hours=1)),
        Pause("x", "weather", start, start + timedelta(minutes=30)),
    ]
    assert due(2, Unit.HOUR, AT, pauses, CALENDAR)[0] == AT + timedelta(hours=3)
    assert due(15, Unit.MINUTE, AT, [], CALENDAR)[0] == AT + timedelta(minutes=15)


def test_a_public_clock_with_a_pause_is_refused_when_the_rules_are_read():
    rule = BOOK.by_id("xf.route_days")
    assert rule is not None
    with pytest.raises(ValueError, match="a clock of the public never pauses"):
        DeadlineRules(
            version="x", warn_shares=(0.5,), warn_provenance="x", pauses={"hearing": "听证"},
            rules=[rule.model_dump() | {"pause_grounds": ("hearing",)}],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warn_shares": (0.9, 0.5)}, "must rise"),
        ({"pauses": {}}, "unknown pause grounds"),
        ({"rules": (BOOK.rules[0], BOOK.rules[0])}, "must be unique"),
    ],
)
def test_inconsistent_rules_are_refused(changes, message):
    whole = {
        "version": "x",
        "warn_shares": (0.5,),
        "warn_provenance": "x",
        "pauses": dict(BOOK.pauses),
        "rules": BOOK.rules,
    }
    with pytest.raises(ValueError, match=message):
        DeadlineRules(**(whole | changes))


def test_a_rule_holds_from_its_day_on():
    rule = BOOK.by_id("hl.reply_wd")
    assert rule is not None
    old = rule.model_copy(update={"valid_to": date(2026, 3, 1)})
    new = rule.model_copy(
        update={
            "id": "hl.reply_new",
            "valid_from": date(2026, 3, 2),
            "limit": rule.limit.model_copy(update={"n": 3}),
        }
    )
    book = BOOK.model_copy(update={"rules": (old, new), "_cache": {}})
    book = DeadlineRules(
        version="2",
        warn_shares=BOOK.warn_shares,
        warn_provenance="x",
        pauses=dict(BOOK.pauses),
        rules=(old, new),
    )
    today = clock("reply", facts(), book)
    before = clock("reply", facts(anchors={Anchor.DISPATCHED: AT - timedelta(days=3)}), book)
    assert today is not None and today.rule_id == "hl.reply_new"
    assert before is not None and before.rule_id == "hl.reply_wd"


def test_a_new_calendar_lists_what_it_moves_and_nothing_else():
    off = CalendarYear(year=2026, provenance="x", days_off=(date(2026, 3, 6), date(2026, 3, 9)))
    other = WorkCalendar(CalendarRules(version="local", years=(off,)))
    found = differences("case-1", deadlines(facts(), BOOK, CALENDAR), deadlines(facts(), BOOK, other))
    moved = {item.clock: item.text for item in found}
    assert (
        moved["reply"]
        == "期限“热线答复”由2026-03-09改为2026-03-11（hl.reply_wd/2026.2 → hl.reply_wd/2026.2）"
    )
    assert "return" not in moved


def test_a_new_rule_lists_clocks_that_appear_and_vanish():
    old = deadlines(facts(), BOOK, CALENDAR)
    texts = [
        item.text
        for item in differences("c", old, deadlines(facts(SourceChannel.DC_PROVINCIAL), BOOK, CALENDAR))
    ]
    assert any(text.startswith("新增期限“督察边督边改反馈”") for text in texts)
    assert any(text.startswith("期限“热线答复”不再适用") for text in texts)
    assert differences("c", old, old) == ()


def test_two_clocks_since_the_public_wrote_and_since_sign_in():
    both = two_clocks(AT, AT + timedelta(days=3), None, AT + timedelta(days=10), CALENDAR)
    assert (both.public, both.unit) == (timedelta(days=10), timedelta(days=7))
    assert (both.public_working_days, both.unit_working_days) == (8, 5)
    assert two_clocks(
        AT, None, AT + timedelta(days=2), AT + timedelta(days=10), CALENDAR
    ).public == timedelta(days=2)
    assert two_clocks(AT, None, None, AT + timedelta(days=900), CALENDAR).public_working_days is None


# --- due moments -----------------------------------------------------------------------------------------------------


def moments(of: ClockFacts | None = None):
    of = of or facts(anchors={Anchor.RECEIVED: AT, Anchor.DISPATCHED: AT})
    return due_moments("case-1", deadlines(of, BOOK, CALENDAR), BOOK.warn_shares)


def test_a_duty_warns_in_tiers_and_a_window_only_lapses():
    found = moments()
    assert [m.share for m in found if m.clock == "reply"] == [0.5, 0.75, 0.85, 0.99, 1.0]
    assert [m.share for m in found if m.clock == "return"] == [1.0]
    assert sorted(found, key=lambda m: m.at) == list(found)
    assert len({m.key for m in found}) == len(found)


def test_a_stopped_clock_has_nothing_more_to_say():
    anchors = {Anchor.DISPATCHED: AT, Anchor.SIGNED_IN: AT}
    assert not [m for m in moments(facts(anchors=anchors)) if m.clock == "sign_in"]


def test_after_an_outage_each_clock_rings_once_late_and_for_the_gravest():
    reply = [m for m in moments() if m.clock == "reply"]
    now = reply[-1].at + timedelta(days=3)
    firings = fire(reply, now)
    assert len(firings) == 1
    assert firings[0].moment.share == 1.0 and firings[0].late_seconds == 3 * 86400
    assert set(firings[0].covers) == {m.key for m in reply}
    assert fire(reply, now, frozenset(firings[0].covers)) == ()


def test_nothing_rings_before_its_time():
    reply = [m for m in moments() if m.clock == "reply"]
    assert fire(reply, reply[0].at - timedelta(seconds=1)) == ()
    assert [f.moment.share for f in fire(reply, reply[0].at)] == [0.5]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20 * 86400), min_size=1, max_size=25))
def test_however_often_and_whenever_it_is_swept_every_moment_is_covered_exactly_once(sweeps):
    reply = [m for m in moments() if m.clock == "reply"]
    fired: set[str] = set()
    rung: list[str] = []
    for seconds in [*sorted(sweeps), 30 * 86400]:
        for firing in fire(reply, AT + timedelta(seconds=seconds), frozenset(fired)):
            assert fired.isdisjoint(firing.covers)
            fired |= set(firing.covers)
            rung.append(firing.moment.key)
    assert fired == {m.key for m in reply} and len(rung) == len(set(rung))
    assert rung[-1] == reply[-1].key


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 100), st.integers(0, 30), st.sampled_from(list(SourceChannel)), st.sampled_from(list(Urgency)),
    st.sampled_from((None, 1, 5, 6)), st.integers(0, 14),
)  # fmt: skip
def test_later_starts_extensions_and_pauses_never_make_a_deadline_earlier(
    hours, extra, channel, urgency, path, paused
):
    plain = facts(channel, urgency=urgency, legal_path=path)
    shift = timedelta(hours=hours)
    later = facts(
        channel, urgency=urgency, legal_path=path, anchors={a: at + shift for a, at in plain.anchors.items()}
    )
    names = [item.clock for item in deadlines(plain, BOOK, CALENDAR)]
    extended = facts(
        channel, urgency=urgency, legal_path=path,
        extensions=tuple(Extension(name, extra, AT) for name in names),
        pauses=tuple(Pause(name, "monitoring", AT, AT + timedelta(days=paused)) for name in names),
    )  # fmt: skip
    for name in names:
        first = clock(name, plain)
        assert first is not None and first.due_at > first.started_at
        for other in (clock(name, later), clock(name, extended)):
            assert other is not None and other.due_at >= first.due_at

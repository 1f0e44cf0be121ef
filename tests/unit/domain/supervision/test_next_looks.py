"""When supervision must look again, whom it tells, and what a moved deadline has announced already."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import SupervisionStep
from services.domain.case.status import Status
from services.domain.clocks.calendar import CHINA, CalendarRules, WorkCalendar
from services.domain.clocks.deadlines import Deadline, deadlines
from services.domain.clocks.moments import carried, due_moments, fire, next_moment
from services.domain.principals import Principal, Role
from services.domain.supervision.digest import may_send, next_digest
from services.domain.supervision.ladder import ORDER, next_due, next_step
from services.domain.supervision.look_back import source_key
from services.domain.supervision.recipients import Directory, Recipient
from services.domain.supervision.view import CaseView, owed
from tests.unit.domain.case.office import Desk, rule_book

BOOK = rule_book()
CALENDAR, LADDER, TIERS = BOOK.case.calendar, BOOK.ladder, BOOK.case.deadlines.warn_shares
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def limit(hours: float, start: datetime = AT, **changes) -> Deadline:
    due = start + timedelta(hours=hours)
    base = Deadline("reply", "热线答复", "limit", "unit", "hl.reply_wd", "1", "c1", "依据", start, due, due.date())
    return replace(base, **changes)


VIEWS = st.builds(
    lambda status, progress, clocks, ordinal, repeats, step, stepped: CaseView(
        case_id="k", case_no="A-k", status=status, summary="", region="470302", unit_id="u", unit="局", person_id=None, leader_id=None,
        leader="", urgency=Desk().opened().state.matter.urgency, first_received_at=AT, last_progress_at=AT + timedelta(hours=progress),
        deadlines=tuple(sorted((limit(hours, AT + timedelta(hours=start)) for start, hours in clocks), key=lambda d: d.due_at)),
        ordinal=ordinal, repeat_ordinal=repeats, step=step, stepped_at=AT + timedelta(hours=stepped) if step else None,
    ),
    st.sampled_from([Status.OPENED, Status.ASSIGNED, Status.RETURNED, Status.RECTIFYING, Status.PUBLICITY]),
    st.integers(0, 300), st.lists(st.tuples(st.integers(0, 100), st.integers(1, 900)), max_size=3), st.integers(1, 3),
    st.integers(1, 5), st.sampled_from([None, *ORDER]), st.integers(0, 400),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(VIEWS, st.integers(1, 3000))
def test_a_case_is_looked_at_from_the_moment_a_step_is_due_and_never_before(case, hours):
    due = next_due(case, LADDER, CALENDAR)
    now = max([AT, case.last_progress_at, *([case.stepped_at] if case.stepped_at else [])]) + timedelta(hours=hours)
    if due is None:
        assert next_step(case, LADDER, CALENDAR, now) is None
        return
    assert next_step(case, LADDER, CALENDAR, due + timedelta(seconds=1)) is not None
    assert next_step(case, LADDER, CALENDAR, due - timedelta(seconds=1)) is None or due <= case.first_received_at
    assert (next_step(case, LADDER, CALENDAR, now) is not None) == (now >= due)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 900), st.booleans(), st.booleans())
def test_moving_a_deadline_never_repeats_a_warning_unless_other_time_was_granted(before, after, hours, granted, restarted):
    now, old = AT + timedelta(hours=hours), limit(before)
    reached = fire(due_moments("k", (old,), TIERS), now)
    fired = reached[0].moment.share if reached else 0.0
    new = limit(after, extended_by=1 if granted else 0) if not restarted else limit(after, AT + timedelta(hours=1))
    kept = carried(old, fired, new, TIERS, now)
    coming = next_moment(new, TIERS, kept)
    if restarted:
        assert kept == 0
    elif granted:
        known = [m.at for m in due_moments("k", (new,), TIERS) if m.share <= kept]
        assert new.due_at == old.due_at or all(at <= now for at in known)
    elif coming is not None:
        assert coming.share > fired or coming.share == 1.0, "no tier is told again; an end that moved ahead is"
    if coming is not None and coming.share <= fired and not restarted:
        assert coming.at > now, "what is told again lies ahead"


def test_the_end_of_a_clock_is_the_end_of_its_moments():
    assert next_moment(limit(10), TIERS, 1.0) is None
    first = next_moment(limit(10), TIERS, 0.0)
    assert first is not None and first.share == 0.5
    assert next_moment(limit(10, kind="window"), TIERS, 0.0).share == 1.0  # type: ignore[union-attr]
    assert next_moment(limit(10, stopped_at=AT), TIERS, 0.0) is None


def test_an_ended_case_owes_nothing_but_its_review_and_a_merged_one_nothing():
    desk = Desk().to_closed()
    found = deadlines(desk.state.clock_facts(), desk.rules.deadlines, CALENDAR)
    never = Desk().opened().assigned()
    running = deadlines(never.state.clock_facts(), desk.rules.deadlines, CALENDAR)
    assert {d.clock for d in owed(Status.DECLINED, running, desk.rules.deadlines)} == set()
    assert owed(Status.MERGED, running, desk.rules.deadlines) == () and owed(Status.CLOSED_OUT, found, desk.rules.deadlines) == ()
    assert {d.clock for d in owed(never.state.status, running, desk.rules.deadlines)} == {"sign_in", "notice", "return", "reply"}
    letter = replace(found[0], clock="review_request", rule_id="xf.review_request_days", stopped_at=None)
    assert owed(Status.CLOSED_OUT, (letter,), desk.rules.deadlines) == (letter,)


# --- who is told ------------------------------------------------------------------------------------------------------


def someone(id: str, *roles: Role, unit: str | None = None, region: str = "470300") -> Principal:
    return Principal(id, id, frozenset(roles), unit, frozenset({region}))


DIRECTORY = Directory.of([
    someone("officer-b", Role.OFFICER, unit="u"), someone("officer-a", Role.OFFICER, unit="u"), someone("head", Role.UNIT_HEAD, unit="u"),
    someone("other-head", Role.UNIT_HEAD, unit="w"), someone("supervisor", Role.SUPERVISOR),
    someone("elsewhere", Role.SUPERVISOR, region="470321"), someone("dispatcher", Role.DISPATCHER), someone("leader", Role.LEADER),
    Principal("machine", "系统", frozenset({Role.SUPERVISOR}), None, frozenset({"470300"}), person=False),
])  # fmt: skip
CASE = CaseView(
    case_id="k", case_no="A-k", status=Status.ASSIGNED, summary="", region="470302", unit_id="u", unit="局", person_id="officer-b",
    leader_id="leader", leader="", urgency=Desk().opened().state.matter.urgency, first_received_at=AT, last_progress_at=AT, deadlines=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("recipients", "case", "told"),
    [
        ((Recipient.HANDLER,), CASE, ("officer-b",)),
        ((Recipient.HANDLER,), replace(CASE, person_id="who-left"), ("officer-a", "officer-b")),
        ((Recipient.HANDLER, Recipient.UNIT_HEAD), CASE, ("head", "officer-b")),
        ((Recipient.LEADER, Recipient.DISPATCHER), CASE, ("dispatcher", "leader")),
        ((Recipient.SUPERVISOR,), CASE, ("supervisor",)),
        ((Recipient.LEADER,), replace(CASE, leader_id=None), ("supervisor",)),
        ((Recipient.HANDLER,), replace(CASE, unit_id="nobody", person_id=None), ("supervisor",)),
        ((Recipient.SUPERVISOR,), replace(CASE, region="470321"), ("elsewhere", "supervisor")),
    ],
)
def test_persons_are_told_by_their_part_and_the_regions_supervisors_where_nobody_fits(recipients, case, told):
    assert DIRECTORY.told(recipients, case) == told


def test_every_step_of_the_ladder_has_somebody_to_tell():
    assert set(LADDER.tell.steps) == set(SupervisionStep) and all(LADDER.tell.steps.values())


# --- mornings past the table, sources ---------------------------------------------------------------------------------


def test_digests_go_on_past_the_holiday_table_on_weekdays():
    refusing = WorkCalendar(CalendarRules(version="x"))
    friday = datetime(2027, 1, 8, 9, tzinfo=CHINA)
    assert next_digest(friday, LADDER.quiet, refusing) == datetime(2027, 1, 11, 8, tzinfo=CHINA)
    assert may_send(friday, LADDER.quiet, refusing) and not may_send(friday + timedelta(days=1), LADDER.quiet, refusing)


@pytest.mark.parametrize(
    ("moment", "may"),
    [("2026-03-03 07:59", False), ("2026-03-03 08:00", True), ("2026-03-03 21:00", False), ("2026-03-07 10:00", False),
     ("2026-02-28 10:00", True), ("2026-02-17 10:00", False)],
)  # fmt: skip
def test_mornings_are_worked_days_between_the_quiet_hours(moment, may):
    assert may_send(datetime.fromisoformat(moment).replace(tzinfo=CHINA), LADDER.quiet, CALENDAR) is may


def test_a_source_is_the_same_whatever_the_width_and_spaces_of_its_name():
    assert source_key("470302", "鑫味 烧烤", "云溪路88号") == source_key("470302", "鑫味烧烤", "云溪路８８号")
    assert source_key("470302", "鑫味烧烤", "云溪路88号") != source_key("470303", "鑫味烧烤", "云溪路88号")
    assert source_key("470302", "鑫味烧烤", None) is None and source_key(None, "", "云溪路") is None

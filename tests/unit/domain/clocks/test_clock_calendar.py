"""Days counted by hand over Spring Festival and National Day 2025 and 2026, and what the calendar refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.clocks.calendar import (
    CHINA,
    CalendarExhausted,
    CalendarRules,
    CalendarYear,
    WorkCalendar,
    day_of,
    end_of,
    local,
)  # fmt: skip

CALENDAR = WorkCalendar()

# Written down from the State Council's notices, counted with a pencil: start day, length, last day.
# 2025: off 28 Jan - 4 Feb, worked 26 Jan and 8 Feb; off 1 - 8 Oct, worked 28 Sep and 11 Oct.
# 2026: off 15 - 23 Feb, worked 14 and 28 Feb; off 25 - 27 Sep and 1 - 7 Oct, worked 20 Sep and 10 Oct.
WORKING = [
    ("2025-01-20", 5, "2025-01-26"),
    ("2025-01-22", 5, "2025-02-05"),
    ("2025-01-24", 2, "2025-01-27"),
    ("2025-01-25", 1, "2025-01-26"),
    ("2025-01-27", 1, "2025-02-05"),
    ("2025-01-27", 5, "2025-02-10"),
    ("2025-01-29", 2, "2025-02-06"),
    ("2025-02-04", 5, "2025-02-10"),
    ("2025-02-07", 2, "2025-02-10"),
    ("2025-02-08", 1, "2025-02-10"),
    ("2025-09-26", 2, "2025-09-29"),
    ("2025-09-26", 5, "2025-10-10"),
    ("2025-09-30", 2, "2025-10-10"),
    ("2025-10-01", 1, "2025-10-09"),
    ("2025-10-09", 2, "2025-10-11"),
    ("2025-10-11", 1, "2025-10-13"),
    ("2025-09-29", 5, "2025-10-13"),
    ("2026-02-11", 5, "2026-02-25"),
    ("2026-02-13", 1, "2026-02-14"),
    ("2026-02-14", 1, "2026-02-24"),
    ("2026-02-18", 5, "2026-02-28"),
    ("2026-02-27", 2, "2026-03-02"),
    ("2026-09-24", 5, "2026-10-09"),
    ("2026-09-18", 2, "2026-09-21"),
    ("2026-09-30", 3, "2026-10-10"),
]
CALENDAR_DAYS = [
    ("2025-01-13", 15, "2025-02-05"),  # 28 Jan, New Year's Eve
    ("2025-01-11", 15, "2025-01-26"),  # a worked Sunday
    ("2025-01-10", 15, "2025-01-26"),  # Saturday, on to the worked Sunday
    ("2025-01-24", 15, "2025-02-08"),  # a worked Saturday
    ("2025-01-25", 15, "2025-02-10"),
    ("2024-12-06", 60, "2025-02-05"),
    ("2025-09-21", 10, "2025-10-09"),
    ("2025-09-18", 10, "2025-09-28"),
    ("2025-10-01", 10, "2025-10-11"),
    ("2025-10-02", 10, "2025-10-13"),
    ("2025-09-17", 10, "2025-09-28"),
    ("2025-08-09", 60, "2025-10-09"),
    ("2026-02-01", 15, "2026-02-24"),
    ("2026-01-30", 15, "2026-02-14"),
    ("2026-02-18", 10, "2026-02-28"),
    ("2026-02-19", 10, "2026-03-02"),
    ("2026-09-15", 10, "2026-09-28"),
    ("2026-09-25", 10, "2026-10-08"),
    ("2026-10-01", 10, "2026-10-12"),
]


@pytest.mark.parametrize(("start", "days", "last"), WORKING)
def test_working_days_counted_by_hand(start, days, last):
    assert CALENDAR.add_working_days(date.fromisoformat(start), days) == date.fromisoformat(last)


@pytest.mark.parametrize(("start", "days", "last"), CALENDAR_DAYS)
def test_calendar_days_counted_by_hand(start, days, last):
    assert CALENDAR.add_calendar_days(date.fromisoformat(start), days) == date.fromisoformat(last)


def test_there_are_at_least_forty_cases_made_by_hand():
    assert len(WORKING) + len(CALENDAR_DAYS) >= 40


def test_past_the_table_a_refusing_calendar_says_what_to_do():
    with pytest.raises(CalendarExhausted, match=r"节假日表只到2026年.*录入国务院当年放假通知"):
        CALENDAR.add_working_days(date(2026, 12, 30), 5)
    with pytest.raises(CalendarExhausted):
        CALENDAR.add_calendar_days(date(2026, 12, 1), 60)
    with pytest.raises(CalendarExhausted):
        CALENDAR.is_working(date(2003, 12, 31))


def test_a_provisional_calendar_counts_on_and_says_that_it_guesses():
    calendar = WorkCalendar(CalendarRules(version="1", beyond="provisional"))
    last = calendar.add_calendar_days(date(2026, 12, 1), 31)
    assert last == date(2027, 1, 4), "1 January is off, 2 and 3 are a weekend"
    assert calendar.is_provisional(last) and not calendar.is_provisional(date(2026, 12, 31))
    with pytest.raises(CalendarExhausted):
        calendar.add_working_days(date(2031, 12, 30), 5)


def test_a_year_typed_in_by_the_city_ends_the_guessing():
    year = CalendarYear(
        year=2027,
        provenance="放假通知",
        days_off=(date(2027, 1, 1), date(2027, 1, 4)),
        make_up_days=(date(2027, 1, 9),),
    )
    calendar = WorkCalendar(CalendarRules(version="2", years=(year,)))
    assert calendar.add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 5)
    assert calendar.is_working(date(2027, 1, 9)) and calendar.last_year == 2027
    assert calendar.version.endswith("+2") and calendar.version.startswith("chinese-calendar-")


def test_a_typed_in_year_with_a_slip_is_refused():
    with pytest.raises(ValueError, match="2026-05-01 is not in 2027"):
        CalendarYear(year=2027, provenance="x", days_off=(date(2026, 5, 1),))
    with pytest.raises(ValueError, match="both a day off and a make-up day"):
        CalendarYear(
            year=2027, provenance="x", days_off=(date(2027, 5, 1),), make_up_days=(date(2027, 5, 1),)
        )
    with pytest.raises(ValueError, match="beyond must be"):
        WorkCalendar(CalendarRules(version="1", beyond="guess"))


def test_a_period_has_at_least_one_day_and_a_moment_a_zone():
    with pytest.raises(ValueError, match="at least one day"):
        CALENDAR.add_working_days(date(2026, 3, 2), 0)
    with pytest.raises(ValueError, match="at least one day"):
        CALENDAR.add_calendar_days(date(2026, 3, 2), 0)
    with pytest.raises(ValueError, match="ambiguous"):
        local(datetime(2026, 3, 2))


def test_the_day_is_the_day_in_china():
    assert day_of(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)) == date(2026, 3, 2)
    assert end_of(date(2026, 3, 2)) == datetime(2026, 3, 3, tzinfo=CHINA)


def test_paused_days_are_left_out():
    skip = {date(2026, 3, 4), date(2026, 3, 5)}
    assert CALENDAR.add_working_days(date(2026, 3, 2), 3, skip) == date(2026, 3, 9)
    assert CALENDAR.add_calendar_days(date(2026, 3, 2), 4, skip) == date(2026, 3, 9), "8 March is a Sunday"


DAYS = st.dates(date(2004, 1, 1), date(2026, 6, 30))


@given(DAYS, st.integers(1, 60))
def test_a_working_period_ends_on_a_working_day_and_holds_as_many_as_asked(start, days):
    last = CALENDAR.add_working_days(start, days)
    assert CALENDAR.is_working(last) and last > start
    assert CALENDAR.working_days_between(start, last) == days


@given(DAYS, st.integers(1, 60))
def test_a_calendar_period_ends_on_the_first_working_day_from_its_last_day_on(start, days):
    last = CALENDAR.add_calendar_days(start, days)
    assert CALENDAR.is_working(last) and last >= start + timedelta(days=days)
    assert not any(CALENDAR.is_working(start + timedelta(days=n)) for n in range(days, (last - start).days))


@given(DAYS, st.integers(1, 40), st.integers(0, 20), st.integers(0, 20))
def test_clocks_are_monotone_in_start_and_length(start, days, later, more):
    other = start + timedelta(days=later)
    assert CALENDAR.add_working_days(other, days + more) >= CALENDAR.add_working_days(start, days)
    assert CALENDAR.add_calendar_days(other, days + more) >= CALENDAR.add_calendar_days(start, days)


@given(DAYS, st.integers(1, 20), st.sets(st.integers(1, 30), max_size=6))
def test_a_pause_never_brings_a_period_to_an_earlier_end(start, days, skipped):
    skip = {start + timedelta(days=n) for n in skipped}
    assert CALENDAR.add_working_days(start, days, skip) >= CALENDAR.add_working_days(start, days)
    assert CALENDAR.add_calendar_days(start, days, skip) >= CALENDAR.add_calendar_days(start, days)
    assert CALENDAR.add_working_days(start, days, set()) == CALENDAR.add_working_days(start, days)

"""Working days with the State Council's holidays and make-up days (调休), and periods counted by the civil code.

The yearly tables come from the chinese-calendar package; a city adds or corrects years in `deploy/rules/calendar.yaml`,
for instance when the notice for the next year is out before the package is. Past the last known year the calendar
refuses (`CalendarExhausted`) unless it was told to answer provisionally, with weekends and New Year's Day alone; what
was provisional is recomputed when the table arrives.

Counting (Civil Code arts 200-204, by analogy): the first day is not counted; a period in calendar days that ends on a
day off ends on the next working day; the last day ends at 24:00.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta, timezone
from importlib.metadata import version as package_version

import chinese_calendar  # type: ignore[import-untyped]
from pydantic import model_validator

from services.domain.parameters import Parameters

CHINA = timezone(timedelta(hours=8), "CST")
"""One zone without summer time since 1992; every date of this system is a date in it."""

DAY = timedelta(days=1)
FIRST_YEAR = 2004


class CalendarExhausted(LookupError):
    """The holiday table does not reach the date asked for."""

    def __init__(self, day: date, last_year: int) -> None:
        self.day, self.last_year = day, last_year
        super().__init__(
            f"节假日表只到{last_year}年，不能计算{day}。请更新 chinese-calendar，"
            "或在 deploy/rules/calendar.yaml 中录入国务院当年放假通知。"
        )


class CalendarYear(Parameters):
    """One year typed in by the city: days off (weekdays that are free) and make-up days (weekends that are worked)."""

    year: int
    provenance: str
    days_off: tuple[date, ...]
    make_up_days: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _same_year(self) -> CalendarYear:
        wrong = [day for day in (*self.days_off, *self.make_up_days) if day.year != self.year]
        if wrong:
            raise ValueError(f"{wrong[0]} is not in {self.year}")
        both = set(self.days_off) & set(self.make_up_days)
        if both:
            raise ValueError(f"{min(both)} is both a day off and a make-up day")
        return self


class CalendarRules(Parameters):
    """The city's additions to the package's table."""

    version: str
    years: tuple[CalendarYear, ...] = ()
    beyond: str = "refuse"


def local(moment: datetime) -> datetime:
    """The moment in China's zone; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is ambiguous")
    return moment.astimezone(CHINA)


def day_of(moment: datetime) -> date:
    """The date in China at that moment."""
    return local(moment).date()


def end_of(day: date) -> datetime:
    """24:00 of the day, that is 0:00 of the next one."""
    return datetime.combine(day + DAY, time(), CHINA)


class WorkCalendar:
    """Which days are worked, and periods counted in them. Immutable after construction; safe to share."""

    def __init__(self, rules: CalendarRules | None = None) -> None:
        """Build the table of working days; raises ValueError for an unknown `beyond`."""
        rules = rules or CalendarRules(version="0")
        if rules.beyond not in ("refuse", "provisional"):
            raise ValueError(f"beyond must be refuse or provisional, not {rules.beyond!r}")
        table = chinese_calendar.constants
        own = {year.year: year for year in rules.years}
        self.last_year: int = max([max(day.year for day in table.holidays), *own])
        self.provisional_allowed = rules.beyond == "provisional"
        self.version = f"chinese-calendar-{package_version('chinese-calendar')}+{rules.version}"
        horizon = self.last_year + (5 if self.provisional_allowed else 0)
        self._working: list[int] = []
        for year in range(FIRST_YEAR, horizon + 1):
            if year in own:
                off, extra = set(own[year].days_off), set(own[year].make_up_days)
            else:
                off, extra = (
                    set(table.holidays) if year <= self.last_year else {date(year, 1, 1)},
                    set(table.workdays),
                )
            self._working.extend(_working_days(year, off, extra))
        self._last = date(horizon, 12, 31)
        self._set = frozenset(self._working)

    def is_working(self, day: date) -> bool:
        """True on a working day; raises `CalendarExhausted` outside the table."""
        self._check(day)
        return bool(day.toordinal() in self._set)

    def is_provisional(self, day: date) -> bool:
        """True past the last year whose holidays are known."""
        return day.year > self.last_year

    def next_working(self, day: date) -> date:
        """The day itself if worked, else the first worked day after it."""
        self._check(day)
        return self._at(bisect_left(self._working, day.toordinal()), day)

    def add_working_days(self, start: date, days: int, skip: Collection[date] = ()) -> date:
        """The last day of a period of `days` working days that begins the day after `start`, days in `skip` left out."""
        if days < 1:
            raise ValueError(f"a period has at least one day, not {days}")
        self._check(start)
        index = bisect_right(self._working, start.toordinal())
        if not skip:
            return self._at(index + days - 1, start + days * DAY)
        skipped = {day.toordinal() for day in skip}
        while True:
            day = self._at(index, start)
            days -= day.toordinal() not in skipped
            if not days:
                return day
            index += 1

    def add_calendar_days(self, start: date, days: int, skip: Collection[date] = ()) -> date:
        """The last day of a period of `days` calendar days after `start`; moved on when it ends on a day off."""
        if days < 1:
            raise ValueError(f"a period has at least one day, not {days}")
        day = start + days * DAY
        if skip:
            skipped, day = set(skip), start
            while days:
                day += DAY
                days -= day not in skipped
        return self.next_working(day)

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; 0 when `end` is not after `start`."""
        self._check(start)
        self._check(end)
        first = bisect_right(self._working, start.toordinal())
        return max(0, bisect_right(self._working, end.toordinal()) - first)

    def _at(self, index: int, wanted: date) -> date:
        if index >= len(self._working):
            raise CalendarExhausted(max(wanted, self._last + DAY), self.last_year)
        return date.fromordinal(self._working[index])

    def _check(self, day: date) -> None:
        if not FIRST_YEAR <= day.year <= self._last.year:
            raise CalendarExhausted(day, self.last_year)


def _working_days(year: int, off: Collection[date], extra: Collection[date]) -> Iterable[int]:
    day = date(year, 1, 1)
    while day.year == year:
        if day in extra or (day.weekday() < 5 and day not in off):
            yield day.toordinal()
        day += DAY

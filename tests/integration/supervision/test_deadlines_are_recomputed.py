"""A new calendar or rule: differences listed first, applied on demand, nothing announced twice; rows rebuilt from the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from contracts.topics import OVERDUE, WARNED
from services.domain.case import commands as c
from services.domain.clocks.calendar import CHINA, CalendarRules, CalendarYear, WorkCalendar
from services.domain.rulebook import RuleBook
from services.supervision.recompute import rebuild, recompute, status
from tests.integration.supervision.conftest import Watch
from tests.support.office import OFFICER, assigned, case_id, opened, rule_book

CLOCKS = "SELECT clock, due_at, last_day, fired_share, next_share, next_at, calendar_version FROM supervision.clocks ORDER BY clock"


def with_days_off(*days: date) -> RuleBook:
    """The rules with 2026 as the city typed it in: these days off besides the weekends."""
    book = rule_book()
    year = CalendarYear(year=2026, provenance="试验", days_off=days)
    calendar = WorkCalendar(CalendarRules(version="2", years=(year,), beyond="provisional"))
    return replace(book, case=replace(book.case, calendar=calendar))


async def run(watch: Watch, *, apply: bool):
    return await recompute(watch.pool, watch.vault, watch.book, clock=watch.clock, by="admin", apply=apply)


async def test_differences_are_listed_before_anything_changes(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.bus.drain()
    before = await watch.rows(CLOCKS)
    watch.supervise_by(with_days_off(date(2026, 3, 6)))
    found = await run(watch, apply=False)
    [moved] = [d for d in found.as_json()["differences"] if d["clock"] == "reply"]
    assert (moved["before"], moved["after"]) == ("2026-03-09", "2026-03-10") and "热线答复" in moved["text"]
    assert await watch.rows(CLOCKS) == before and (await status(watch.pool, watch.book, clock=watch.clock))["stale"] == 4
    await run(watch, apply=True)
    after = {row["clock"]: row for row in await watch.rows(CLOCKS)}
    assert str(after["reply"]["last_day"]) == "2026-03-10" and (await run(watch, apply=True)).cases == 0
    kept = await watch.pool.fetchrow("SELECT by, cases, differences FROM supervision.recomputations")
    assert kept["by"] == "admin" and kept["differences"][0]["case_no"] == "AJ2026-0000001"


async def test_nothing_is_announced_twice_because_of_it_and_a_later_end_is(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.round(hours=20)
    await watch.until(datetime(2026, 3, 4, 9, tzinfo=CHINA))  # the end of sign-in was announced
    told = len(watch.bus.seen(WARNED.name)), len(watch.bus.seen(OVERDUE.name))
    watch.supervise_by(with_days_off(date(2026, 3, 3), date(2026, 3, 4)))
    await run(watch, apply=True)
    await watch.round(hours=1)
    assert (len(watch.bus.seen(WARNED.name)), len(watch.bus.seen(OVERDUE.name))) == (0, 0), "this bus is new"
    sign_in = {row["clock"]: row for row in await watch.rows(CLOCKS)}["sign_in"]
    assert str(sign_in["last_day"]) == "2026-03-05" and sign_in["next_share"] == 1.0
    await watch.until(datetime(2026, 3, 6, 1, tzinfo=CHINA))
    late = [event for event in watch.bus.seen(OVERDUE.name) if event["clock"] == "sign_in"]
    assert told[1] == 1 and [event["last_day"] for event in late] == ["2026-03-05"]


async def test_an_earlier_end_that_has_passed_is_announced_once(watch: Watch) -> None:
    watch.supervise_by(with_days_off(date(2026, 3, 3)))
    await watch.hear(opened(), assigned())
    await watch.until(datetime(2026, 3, 4, 9, tzinfo=CHINA))
    assert watch.bus.seen(OVERDUE.name) == []
    watch.supervise_by(rule_book())
    await run(watch, apply=True)
    await watch.round(minutes=1)
    await watch.round(minutes=1)
    assert [(event["clock"], event["last_day"]) for event in watch.bus.seen(OVERDUE.name)] == [("sign_in", "2026-03-03")]


async def test_rows_are_rebuilt_from_the_log_with_what_was_announced(watch: Watch) -> None:
    await watch.hear(opened(1), opened(2), assigned(1), assigned(2))
    await watch.give(OFFICER, c.SignIn(), case=2)
    await watch.round(days=3)
    before, cases = await watch.rows(CLOCKS), await watch.rows("SELECT * FROM supervision.cases ORDER BY case_id")
    assert any(row["fired_share"] for row in before)
    await watch.pool.execute("DELETE FROM supervision.clocks")
    await watch.pool.execute("UPDATE supervision.cases SET version = 0, status = '', open = false, ladder_at = NULL")
    assert await rebuild(watch.pool, watch.vault, watch.book, clock=watch.clock) == 2
    assert await watch.rows(CLOCKS) == before
    assert [{**row, "ladder_at": None} for row in await watch.rows("SELECT * FROM supervision.cases ORDER BY case_id")] == [
        {**row, "ladder_at": None} for row in cases
    ]
    swept = await watch.round(minutes=1)
    assert swept.overdue + swept.warned == 0


async def test_past_the_holiday_table_a_refusing_calendar_says_so_and_harms_nobody_else(watch: Watch) -> None:
    book = rule_book()
    year = WorkCalendar(CalendarRules(version="3"))
    watch.supervise_by(replace(book, case=replace(book.case, calendar=year)))
    watch.clock.at = datetime(2026, 12, 30, 9, tzinfo=CHINA)
    await watch.hear(opened(1, received_at=watch.clock(), registered_at=watch.clock()), assigned(1))
    await watch.bus.drain()
    found = await status(watch.pool, watch.book, clock=watch.clock)
    assert (found["troubled"], found["clocks"], found["calendar_until"]) == (1, 0, 2026)
    assert "节假日表只到2026年" in found["trouble"] and "deploy/rules/calendar.yaml" in found["trouble"]
    watch.supervise_by(book)
    mended = await run(watch, apply=True)
    assert mended.cases == 1 and (await status(watch.pool, book, clock=watch.clock))["troubled"] == 0
    assert (await status(watch.pool, book, clock=watch.clock))["provisional"] > 0
    assert await watch.pool.fetchval("SELECT trouble FROM supervision.cases WHERE case_id = $1", case_id(1)) is None

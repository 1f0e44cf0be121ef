"""Whole clocks over Spring Festival and National Day 2025 and 2026: rule, moment of dispatch, last day, counted by hand.

From the State Council's notices. 2025: off 28 Jan - 4 Feb (worked 26 Jan, 8 Feb) and 1 - 8 Oct (worked 28 Sep, 11 Oct).
2026: off 15 - 23 Feb (worked 14 and 28 Feb), 25 - 27 Sep and 1 - 7 Oct (worked 20 Sep, 10 Oct). Moments are China's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from contracts.vocabulary import SourceChannel, Urgency
from services.domain.clocks.calendar import CHINA
from services.domain.clocks.deadlines import ClockFacts, Deadline, Extension, Pause, deadlines
from services.domain.clocks.rules import Anchor
from tests.unit.domain.case.office import rules

HOTLINE, WEB, INSPECTION = SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WEB, SourceChannel.DC_PROVINCIAL

TABLE = [
    # Friday before the festival, the Sunday after it is worked
    ("2025-01-24 16:30", HOTLINE, "sign_in", "2025-01-26"),
    ("2025-01-24 16:30", HOTLINE, "return", "2025-01-27"),
    ("2025-01-24 16:30", HOTLINE, "reply", "2025-02-07"),
    ("2025-01-24 16:30", HOTLINE, "notice", "2025-02-08"),
    ("2025-01-24 16:30", WEB, "reply", "2025-02-05"),
    ("2025-01-24 16:30", INSPECTION, "feedback", "2025-02-05"),
    # The last worked day, ten minutes before midnight, and ten after: another day, the same first worked one
    ("2025-01-27 23:50", HOTLINE, "sign_in", "2025-02-05"),
    ("2025-01-27 23:50", HOTLINE, "reply", "2025-02-10"),
    ("2025-01-27 23:50", HOTLINE, "notice", "2025-02-11"),
    ("2025-01-28 00:10", HOTLINE, "sign_in", "2025-02-05"),
    ("2025-01-28 00:10", HOTLINE, "reply", "2025-02-10"),
    ("2025-01-28 00:10", HOTLINE, "notice", "2025-02-12"),
    # Friday before a worked Sunday and National Day
    ("2025-09-26 10:00", HOTLINE, "sign_in", "2025-09-28"),
    ("2025-09-26 10:00", HOTLINE, "return", "2025-09-29"),
    ("2025-09-26 10:00", HOTLINE, "reply", "2025-10-10"),
    ("2025-09-26 10:00", HOTLINE, "notice", "2025-10-11"),
    ("2025-09-26 10:00", WEB, "reply", "2025-10-09"),
    ("2025-09-26 10:00", INSPECTION, "feedback", "2025-10-09"),
    ("2025-09-30 17:59", HOTLINE, "sign_in", "2025-10-09"),
    ("2025-09-30 17:59", HOTLINE, "reply", "2025-10-14"),
    ("2025-09-30 17:59", HOTLINE, "notice", "2025-10-15"),
    # Friday before a worked Saturday and the festival
    ("2026-02-13 09:00", HOTLINE, "sign_in", "2026-02-14"),
    ("2026-02-13 09:00", HOTLINE, "return", "2026-02-24"),
    ("2026-02-13 09:00", HOTLINE, "reply", "2026-02-27"),
    ("2026-02-13 09:00", HOTLINE, "notice", "2026-02-28"),
    ("2026-02-13 09:00", WEB, "reply", "2026-02-24"),
    ("2026-02-13 09:00", INSPECTION, "feedback", "2026-02-24"),
    # In the middle of the festival
    ("2026-02-16 12:00", HOTLINE, "sign_in", "2026-02-24"),
    ("2026-02-16 12:00", HOTLINE, "reply", "2026-02-28"),
    ("2026-02-16 12:00", HOTLINE, "notice", "2026-03-03"),
    # Mid-autumn and National Day close together
    ("2026-09-24 15:00", HOTLINE, "sign_in", "2026-09-28"),
    ("2026-09-24 15:00", HOTLINE, "reply", "2026-10-09"),
    ("2026-09-24 15:00", HOTLINE, "notice", "2026-10-09"),
    ("2026-09-24 15:00", INSPECTION, "feedback", "2026-10-08"),
    ("2026-09-30 20:00", HOTLINE, "sign_in", "2026-10-08"),
    ("2026-09-30 20:00", HOTLINE, "return", "2026-10-09"),
    ("2026-09-30 20:00", HOTLINE, "reply", "2026-10-13"),
    ("2026-09-30 20:00", WEB, "reply", "2026-10-08"),
    # Sixty days that end in a holiday
    ("2025-08-02 09:00", HOTLINE, "resolve", "2025-10-09"),
    ("2025-12-17 09:00", HOTLINE, "resolve", "2026-02-24"),
]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=CHINA)


def clock(name: str, moment: str, channel: SourceChannel, **changes) -> Deadline:
    anchors = {Anchor.RECEIVED: at(moment), Anchor.DISPATCHED: at(moment), Anchor.ACCEPTED: at(moment)}
    anchors = {a: m for a, m in anchors.items() if a is not Anchor.ACCEPTED or name == "resolve"}
    found = deadlines(ClockFacts(frozenset({channel}), anchors=anchors, **changes), rules().deadlines, rules().calendar)
    return next(item for item in found if item.clock == name)


@pytest.mark.parametrize(("moment", "channel", "name", "last"), TABLE)
def test_the_last_day_is_the_one_counted_by_hand_and_ends_at_midnight(moment, channel, name, last):
    found = clock(name, moment, channel)
    assert found.last_day == date.fromisoformat(last)
    assert found.due_at == at(f"{last} 00:00") + timedelta(days=1)


def test_the_table_has_forty_rows_over_four_holidays():
    assert len(TABLE) >= 40
    assert {moment[:7] for moment, *_ in TABLE} >= {"2025-01", "2025-09", "2026-02", "2026-09"}


def test_a_pause_over_the_festival_and_an_extension_are_counted_by_hand_too():
    pause = Pause("reply", "monitoring", at("2026-02-13 09:00"), at("2026-02-25 00:00"))  # up to and with 24 February
    assert clock("reply", "2026-02-13 09:00", HOTLINE, pauses=(pause,)).last_day == date(2026, 3, 2)
    longer = Extension("reply", 5, at("2026-02-14 09:00"))
    assert clock("reply", "2026-02-13 09:00", HOTLINE, extensions=(longer,)).last_day == date(2026, 3, 5)


def test_an_hour_clock_knows_no_holiday():
    urgent = clock("first_action", "2026-02-16 12:00", HOTLINE, urgency=Urgency.URGENT)
    assert urgent.due_at == at("2026-02-17 12:00")

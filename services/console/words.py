"""Figures as words people read: times, clocks, counts, sureness. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.domain.clocks.calendar import WorkCalendar, day_of, local
from services.domain.clocks.deadlines import Deadline

SOON_SHARE = 0.75
"""From this share of a limit on a clock is amber, the second warning tier of the deadline rules."""
SURE, LIKELY = 0.9, 0.6
"""A link's score from which it reads 很可能, and 可能; below it 不确定."""


@dataclass(frozen=True, slots=True)
class ClockWords:
    """A clock for people: words first, then the day; `tone` is late, soon, calm, paused or done; `share` 0 to 100."""

    label: str
    words: str
    day: str
    tone: str
    share: int
    note: str = ""

    @property
    def text(self) -> str:
        """Words and day in one."""
        return f"{self.words}（{self.day}）" if self.day else self.words


def clock_words(deadline: Deadline, now: datetime, calendar: WorkCalendar) -> ClockWords:
    """What a clock says at `now`."""
    share = min(100, round(deadline.elapsed_share(now) * 100))
    due_day = due_text(deadline, now)
    if deadline.stopped_at is not None:
        kept = deadline.stopped_at < deadline.due_at
        return ClockWords(deadline.label, "按期完成" if kept else "超期完成", moment(deadline.stopped_at, now), "done" if kept else "late", share)
    if deadline.paused_until is not None and deadline.paused_until > now:
        until = day_text(day_of(deadline.paused_until - timedelta(microseconds=1)), now)
        return ClockWords(deadline.label, "暂停计时", f"至 {until}", "paused", share, "恢复后顺延")
    if now >= deadline.due_at:
        tone = "late" if deadline.kind == "limit" else "calm"
        return ClockWords(deadline.label, f"已超 {late_words(deadline.due_at, now, calendar)}", due_day, tone, 100)
    tone = "soon" if deadline.elapsed_share(now) >= SOON_SHARE else "calm"
    return ClockWords(deadline.label, f"剩 {left_words(now, deadline.due_at, calendar)}", due_day, tone, share)


def left_words(now: datetime, due_at: datetime, calendar: WorkCalendar) -> str:
    """How long until then: hours below a day, working days after it."""
    left = due_at - now
    if left < timedelta(hours=1):
        return f"{max(1, int(left.total_seconds() // 60))} 分钟"
    if left < timedelta(days=1):
        return f"{int(left.total_seconds() // 3600)} 小时"
    days = _worked(calendar, day_of(now), day_of(due_at - timedelta(microseconds=1)))
    return f"{days} 个工作日" if days else f"{left.days} 天"


def late_words(due_at: datetime, now: datetime, calendar: WorkCalendar) -> str:
    """How long since then."""
    late = now - due_at
    if late < timedelta(days=1):
        return f"{max(1, int(late.total_seconds() // 3600))} 小时"
    days = _worked(calendar, day_of(due_at - timedelta(microseconds=1)), day_of(now))
    return f"{days} 个工作日" if days else f"{late.days} 天"


def due_text(deadline: Deadline, now: datetime) -> str:
    """The last day; with the hour where the clock counts hours."""
    end = local(deadline.due_at)
    if end.hour == 0 and end.minute == 0:
        return day_text(deadline.last_day, now)
    return moment(deadline.due_at, now)


def day_text(day: date, now: datetime) -> str:
    """11-25, or with the year where it is another one."""
    return f"{day:%m-%d}" if day.year == local(now).year else f"{day:%Y-%m-%d}"


def moment(at: datetime, now: datetime) -> str:
    """11-25 17:30, or with the year where it is another one."""
    here = local(at)
    return f"{here:%m-%d %H:%M}" if here.year == local(now).year else f"{here:%Y-%m-%d %H:%M}"


def waited(span: timedelta) -> str:
    """A span in its largest unit."""
    if span < timedelta(hours=1):
        return f"{max(1, int(span.total_seconds() // 60))} 分钟"
    if span < timedelta(days=1):
        return f"{int(span.total_seconds() // 3600)} 小时"
    return f"{span.days} 天"


def sureness(score: float | None) -> str:
    """The machine's sureness in words; the number belongs into the title."""
    if score is None:
        return "人工"
    return "很可能" if score >= SURE else "可能" if score >= LIKELY else "不确定"


def count(number: int) -> str:
    """A count with thin separators; ten thousands as 万 only past a hundred thousand."""
    return f"{number / 10_000:.1f} 万" if number >= 100_000 else f"{number:,}"


def _worked(calendar: WorkCalendar, first: date, last: date) -> int | None:
    try:
        return calendar.working_days_between(first, last)
    except LookupError:
        return None

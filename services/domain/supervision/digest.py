"""One digest a person and morning instead of a notice each; quiet hours; the reason on every line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from services.domain.clocks.calendar import CHINA, DAY, CalendarExhausted, WorkCalendar, local
from services.domain.supervision.ladder import QuietHours


@dataclass(frozen=True, slots=True)
class Notice:
    """Something one person should know of a case, or of a line of the ledger that no case follows. `rank` orders kinds: 0 unowned, 1 overdue, 2 due soon, 3 repeated, 4 other."""

    person_id: str
    case_id: str
    case_no: str
    rank: int
    reason: str
    at: datetime
    emergency: bool = False
    about: Literal["case", "ledger_line"] = "case"


HEADINGS = ("无人承办", "已逾期", "即将到期", "重复反映", "其他")


@dataclass(frozen=True, slots=True)
class Digest:
    """One message to one person: lines by heading, to be sent at `at`."""

    key: str
    person_id: str
    at: datetime
    notices: tuple[Notice, ...]
    text: str


def next_digest(now: datetime, quiet: QuietHours, calendar: WorkCalendar) -> datetime:
    """The next digest hour at or after `now`; on working days only where so configured."""
    here = local(now)
    day = here.date()
    at = datetime.combine(day, time(quiet.digest_hour), CHINA)
    if here > at:
        at += DAY
    while quiet.working_days_only and not _worked(at.date(), calendar):
        at += DAY
    return at


def _worked(day: date, calendar: WorkCalendar) -> bool:
    """Past the holiday table weekdays count: a digest on a holiday harms less than none for a year."""
    try:
        return calendar.is_working(day)
    except CalendarExhausted:
        return day.weekday() < 5


def is_quiet(now: datetime, quiet: QuietHours) -> bool:
    """True inside the quiet hours, which may span midnight; equal hours mean none."""
    hour, start, end = local(now).hour, quiet.start_hour, quiet.end_hour
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def send_at(notice: Notice, quiet: QuietHours, calendar: WorkCalendar) -> datetime:
    """An emergency at once, everything else with the next digest."""
    return notice.at if notice.emergency else next_digest(notice.at, quiet, calendar)


def digests(notices: Iterable[Notice], quiet: QuietHours, calendar: WorkCalendar) -> tuple[Digest, ...]:
    """Notices gathered per person and morning; of several about one case only the gravest, with all reasons."""
    piles: dict[tuple[str, datetime, bool], list[Notice]] = {}
    for notice in notices:
        slot = (notice.person_id, send_at(notice, quiet, calendar), notice.emergency)
        piles.setdefault(slot, []).append(notice)
    return tuple(
        compose(person, at, pile, emergency=emergency)
        for (person, at, emergency), pile in sorted(piles.items(), key=lambda item: (item[0][1], item[0][0]))
    )


def may_send(now: datetime, quiet: QuietHours, calendar: WorkCalendar) -> bool:
    """Whether the morning's digests may go out now: past their hour, outside quiet hours, on a day for them."""
    here = local(now)
    if here.hour < quiet.digest_hour or is_quiet(now, quiet):
        return False
    return not quiet.working_days_only or _worked(here.date(), calendar)


def compose(person: str, at: datetime, pile: Sequence[Notice], *, emergency: bool = False) -> Digest:
    """One person's digest of these notices: a case once, with all its reasons, the gravest heading first."""
    return _digest(person, at, _one_per_case(pile), emergency)


def _one_per_case(pile: Sequence[Notice]) -> tuple[Notice, ...]:
    by_case: dict[str, list[Notice]] = {}
    for notice in pile:
        by_case.setdefault(notice.case_id, []).append(notice)
    merged = []
    for group in by_case.values():
        group.sort(key=lambda notice: (notice.rank, notice.at))
        reasons = "".join(dict.fromkeys(notice.reason for notice in group))
        first = group[0]
        merged.append(
            Notice(
                first.person_id, first.case_id, first.case_no, first.rank, reasons, first.at, first.emergency, first.about
            )
        )
    return tuple(sorted(merged, key=lambda notice: (notice.rank, notice.at, notice.case_no)))


def _digest(person: str, at: datetime, notices: tuple[Notice, ...], emergency: bool) -> Digest:
    lines = [
        f"您有{len(notices)}件突发事项须立即处理："
        if emergency
        else f"您今日有{len(notices)}件事项需要处理："
    ]
    for rank, heading in enumerate(HEADINGS):
        group = [notice for notice in notices if min(notice.rank, len(HEADINGS) - 1) == rank]
        if group:
            lines.append(f"【{heading}】{len(group)}件")
            lines += [f"- {notice.case_no}：{notice.reason}" for notice in group]
    kind = "emergency" if emergency else "digest"
    return Digest(f"{kind}/{person}/{at:%Y%m%d%H%M}", person, at, notices, "\n".join(lines))

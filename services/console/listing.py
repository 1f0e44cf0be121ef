"""Work lists: rows with their next step and clock, ordered by what must be done next, cut into pages by key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from contracts.vocabulary import Urgency
from services.console.brief import Brief
from services.console.next_step import NextStep, next_step
from services.console.words import SOON_SHARE, ClockWords, clock_words
from services.domain.case.status import Status
from services.domain.clocks.calendar import WorkCalendar
from services.domain.principals import Principal

PAGE = 50
_URGENCY = {urgency.value: place for place, urgency in enumerate(reversed(Urgency))}
TAGS = {Urgency.EMERGENCY.value: "late", Urgency.URGENT.value: "soon"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a work list."""

    row: Any
    step: NextStep
    clock: ClockWords | None
    late: bool
    soon: bool
    co: bool

    @property
    def status(self) -> Status:
        """Where the case stands."""
        return Status(self.row["status"])

    @property
    def title(self) -> str:
        """What the case is called: respondent or place, and what it is about."""
        return self.row["summary"] or self.row["respondent"] or self.row["place"] or "对象和地点不明"

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """(tone, word) of what makes the case special."""
        found = []
        if self.row["urgency"] in TAGS:
            found.append((TAGS[self.row["urgency"]], self.row["urgency"]))
        if self.row["ordinal"] > 1:
            found.append(("late", f"第{self.row['ordinal']}次立案"))
        if self.row["repeat_ordinal"] > 1:
            found.append(("soon", f"重复{self.row['repeat_ordinal']}次"))
        if self.co:
            found.append(("", "协办"))
        return tuple(found)


def lines(rows: Iterable[Any], briefs: Mapping[Any, Brief], actor: Principal, now: datetime, calendar: WorkCalendar) -> list[Line]:
    """Rows with their next steps, what must be done first at the top; what only waits for others comes last."""
    found = []
    for row in rows:
        brief = briefs.get(row["case_id"])
        if brief is None:
            continue
        step = next_step(brief, actor, now)
        clock = step.clock
        late = clock is not None and clock.overdue(now) and not (clock.paused_until and clock.paused_until > now)
        soon = clock is not None and not late and clock.elapsed_share(now) >= SOON_SHARE
        own = brief.parts.get(actor.unit_id or "")
        found.append(Line(row, step, clock_words(clock, now, calendar) if clock else None, late, soon, own is not None and not own[0]))
    return sorted(found, key=_order)


def _order(line: Line) -> tuple[Any, ...]:
    due = line.step.clock.due_at.timestamp() if line.step.clock else float("inf")
    urgent = _URGENCY.get(line.row["urgency"], 9)
    return (line.step.kind is None, urgent > 0, not line.late, due, urgent, line.row["first_received_at"], line.row["case_no"])


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above a list, with how many it holds."""

    key: str
    label: str
    holds: Callable[[Line], bool]
    tone: str = ""


FILTERS: tuple[Filter, ...] = (
    Filter("", "全部", lambda line: True),
    Filter("act", "待我办理", lambda line: line.step.kind is not None),
    Filter("late", "已超期", lambda line: line.late, "late"),
    Filter("soon", "将到期", lambda line: line.soon, "soon"),
    Filter("new", "待签收", lambda line: line.step.kind == "sign_in"),
    Filter("repeat", "重复反映", lambda line: line.row["repeat_ordinal"] > 1 or line.row["ordinal"] > 1),
    Filter("co", "协办", lambda line: line.co),
    Filter("wait", "等待他人", lambda line: line.step.kind is None),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter as shown."""

    label: str
    count: int
    href: str
    current: bool
    tone: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. `said` counts; `first` and `next` are addresses."""

    lines: Sequence[Line]
    chips: tuple[Chip, ...]
    total: int
    said: str
    first: str
    next: str


def listing(path: str, all_lines: Sequence[Line], show: str, after: str, filters: Sequence[Filter] = FILTERS) -> Listing:
    """The lines of a filter from the case after `after` on; a case that left the list since then begins it anew."""
    chosen = next((item for item in filters if item.key == show), filters[0])
    held = [line for line in all_lines if chosen.holds(line)]
    start = next((n + 1 for n, line in enumerate(held) if line.row["case_no"] == after), 0) if after else 0
    page = held[start : start + PAGE]

    def href(**query: str) -> str:
        kept = {key: value for key, value in query.items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path

    chips = tuple(
        Chip(item.label, count, href(show=item.key), item is chosen, item.tone if count else "")
        for item in filters
        if (count := sum(1 for line in all_lines if item.holds(line))) or item is chosen or not item.key
    )
    more = start + PAGE < len(held)
    said = f"第 {start + 1}–{start + len(page)} 件，共 {len(held)} 件" if start or more else f"共 {len(held)} 件"
    return Listing(page, chips, len(held), said, href(show=show) if start else "", href(show=show, after=page[-1].row["case_no"]) if more else "")

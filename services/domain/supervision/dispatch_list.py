"""定期调度: the weekly list per leader and per unit: what moved, what did not, what is due, which are repeated.

A unit's list also has the lines of the ledger that no case follows: findings of inspections and imported lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.domain.clocks.calendar import day_of
from services.domain.supervision.ladder import worst_first
from services.domain.supervision.view import CaseView

UNOWNED_DESK = "（尚无承办单位）"


@dataclass(frozen=True, slots=True)
class Line:
    """One case on the list with what to say about it."""

    case: CaseView
    remark: str


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A line of the ledger without a case that is due within the week or late."""

    id: str
    unit_id: str
    unit: str
    source: str
    problem: str
    person: str
    deadline: date

    def remark(self, now: datetime) -> str:
        """What to say about it."""
        late = (day_of(now) - self.deadline).days
        return f"整改时限{self.deadline}" + (f"，逾期{late}日" if late > 0 else "届满")


@dataclass(frozen=True, slots=True)
class DispatchList:
    """One owner's list for the week before `now` and the week after it. A case may stand under several headings."""

    owner_id: str
    owner: str
    since: datetime
    until: datetime
    total: int
    moved: tuple[Line, ...]
    still: tuple[Line, ...]
    due: tuple[Line, ...]
    overdue: tuple[Line, ...]
    repeated: tuple[Line, ...]
    ledger: tuple[OwedLine, ...] = ()

    @property
    def summary(self) -> str:
        """One Chinese sentence for the top of the page."""
        return (
            f"{self.owner}：在办{self.total}件，本周有进展{len(self.moved)}件、无进展{len(self.still)}件，"
            f"下周到期{len(self.due)}件，逾期{len(self.overdue)}件，重复反映{len(self.repeated)}件"
            + (f"；检查和导入台账到期或逾期{len(self.ledger)}条。" if self.ledger else "。")
        )


def by_unit(cases: Iterable[CaseView], now: datetime, days: int = 7, *, lines: Iterable[OwedLine] = ()) -> tuple[DispatchList, ...]:
    """A list for each lead unit; cases without one stand under their own heading, first. `lines` by their deadline."""
    lists = _lists(cases, now, days, lambda case: (case.unit_id or "", case.unit or UNOWNED_DESK))
    owed: dict[str, list[OwedLine]] = {}
    for line in lines:
        owed.setdefault(line.unit_id, []).append(line)
    lists = [replace(item, ledger=tuple(owed.pop(item.owner_id, ()))) for item in lists]
    lists += [replace(_list(unit_id, group[0].unit, [], now, timedelta(days=days)), ledger=tuple(group)) for unit_id, group in owed.items()]
    return tuple(sorted(lists, key=lambda item: (item.owner_id != "", -len(item.overdue), item.owner_id)))


def by_leader(cases: Iterable[CaseView], now: datetime, days: int = 7) -> tuple[DispatchList, ...]:
    """A list for each leader in charge."""
    led = [case for case in cases if case.leader_id]
    lists = _lists(led, now, days, lambda case: (case.leader_id or "", case.leader))
    return tuple(sorted(lists, key=lambda item: (-len(item.overdue), item.owner_id)))


def _lists(
    cases: Iterable[CaseView], now: datetime, days: int, owner: Callable[[CaseView], tuple[str, str]]
) -> list[DispatchList]:
    groups: dict[tuple[str, str], list[CaseView]] = {}
    for case in cases:
        if case.open:
            groups.setdefault(owner(case), []).append(case)
    return [
        _list(key, name, sorted(group, key=lambda case: worst_first(case, now)), now, timedelta(days=days))
        for (key, name), group in groups.items()
    ]


def _list(key: str, name: str, cases: list[CaseView], now: datetime, week: timedelta) -> DispatchList:
    since, until = now - week, now + week
    moved, still, due, overdue, repeated = [], [], [], [], []
    for case in cases:
        if case.last_progress_at > since:
            moved.append(Line(case, f"{case.last_progress_at:%m-%d}有进展，现为“{case.status.label}”"))
        else:
            idle = (now - case.last_progress_at).days
            still.append(Line(case, f"{idle}日无进展，停在“{case.status.label}”"))
        late = case.overdue(now)
        if late:
            overdue.append(Line(case, f"“{late.label}”{late.last_day}届满"))
        coming = [item for item in case.deadlines if now < item.due_at <= until]
        if coming:
            due.append(Line(case, f"“{coming[0].label}”{coming[0].last_day}届满"))
        if case.repeat_ordinal > 1 or case.ordinal > 1:
            times = f"同一信访人反映{case.repeat_ordinal}次" if case.repeat_ordinal > 1 else ""
            again = f"第{case.ordinal}次立案" if case.ordinal > 1 else ""
            repeated.append(Line(case, "，".join(filter(None, (times, again)))))
    return DispatchList(
        key, name, since, until, len(cases), tuple(moved), tuple(still), tuple(due), tuple(overdue), tuple(repeated)
    )

"""What a leader in charge looks at: own cases, which stand still and who holds them, and the week's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.console.listing import Line
from services.domain.case.status import CLOSING, Status

STILL_DAYS = 7
"""A week without progress is what the weekly meeting asks about (定期调度 is weekly, supervision's own span)."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Held:
    """A case that stands still, and who holds it."""

    line: Line
    days: int
    holder: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A leader's cases by what they need."""

    sign: tuple[Line, ...]
    still: tuple[Held, ...]
    late: tuple[Line, ...]
    due: tuple[Line, ...]
    moved: tuple[Line, ...]
    closing: int
    total: int

    @property
    def summary(self) -> str:
        """One sentence for the top of the page."""
        return (
            f"包案 {self.total} 件：待签字 {len(self.sign)} 件，{STILL_DAYS} 天以上没有进展 {len(self.still)} 件，已超期 {len(self.late)} 件，"
            f"本周有进展 {len(self.moved)} 件，销号流程中 {self.closing} 件。"
        )


def desk(lines: Sequence[Line], now: datetime, holder: dict[str, str]) -> Desk:
    """The desk of these lines; `holder` names who has a case, by case number."""
    still = []
    for line in lines:
        last = line.row["last_progress_at"] or line.row["first_received_at"]
        idle = (now - last).days
        if idle >= STILL_DAYS and line.step.kind != "sign" and line.status is not Status.PUBLICITY:
            still.append(Held(line, idle, holder[line.row["case_no"]]))
    still.sort(key=lambda held: -held.days)
    return Desk(
        sign=tuple(line for line in lines if line.step.kind == "sign"),
        still=tuple(still),
        late=tuple(line for line in lines if line.late),
        due=tuple(line for line in lines if not line.late and line.step.clock and now < line.step.clock.due_at <= now + WEEK),
        moved=tuple(line for line in lines if line.row["last_progress_at"] and line.row["last_progress_at"] > now - WEEK),
        closing=sum(1 for line in lines if line.status in CLOSING),
        total=len(lines),
    )

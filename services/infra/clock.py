"""Time, injected: whoever needs the moment is handed a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Returns the current moment, aware, in UTC."""

    def __call__(self) -> datetime: ...


def system_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class FrozenClock:
    """A clock that moves only when told, for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move forward; raises ValueError for a step back, which no real clock takes."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self.at += by

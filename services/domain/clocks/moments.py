"""Due moments: the points in time at which a clock has something to say, found by an indexed query, each fired once.

A moment has a key that is equal wherever it is computed; the store keeps fired keys unique, so that it fires once
however many instances sweep, and late rather than never after an outage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.domain.clocks.deadlines import Deadline


@dataclass(frozen=True, slots=True)
class DueMoment:
    """`share` is the part of the limit used at `at`: a warning below 1, overdue at 1, a window's lapse at 1."""

    case_id: str
    clock: str
    rule_id: str
    share: float
    at: datetime
    due_at: datetime
    kind: str

    @property
    def key(self) -> str:
        """Equal for the same moment of the same clock; another due date makes another moment."""
        return f"{self.case_id}/{self.clock}/{self.due_at.timestamp():.0f}/{self.share:g}"


def due_moments(
    case_id: str, deadlines: Iterable[Deadline], warn_shares: Iterable[float]
) -> tuple[DueMoment, ...]:
    """Every moment still to come of the running clocks, earliest first. A window and a minimum speak only at the end."""
    tiers = tuple(warn_shares)
    moments = []
    for deadline in deadlines:
        if not deadline.running:
            continue
        for share in (*(tiers if deadline.kind == "limit" else ()), 1.0):
            at = deadline.started_at + (deadline.due_at - deadline.started_at) * share
            moments.append(
                DueMoment(
                    case_id, deadline.clock, deadline.rule_id, share, at, deadline.due_at, deadline.kind
                )
            )
    return tuple(sorted(moments, key=lambda moment: (moment.at, moment.clock, moment.share)))


@dataclass(frozen=True, slots=True)
class Firing:
    """The moment to act on, and the keys it covers: marking all of them fired keeps an outage from ringing thrice."""

    moment: DueMoment
    covers: tuple[str, ...]
    late_seconds: float


def fire(
    moments: Iterable[DueMoment], now: datetime, fired: frozenset[str] = frozenset()
) -> tuple[Firing, ...]:
    """One firing per clock: the furthest moment reached and not yet fired, earlier ones of the same clock covered."""
    reached: dict[tuple[str, str], list[DueMoment]] = {}
    for moment in moments:
        if moment.at <= now and moment.key not in fired:
            reached.setdefault((moment.case_id, moment.clock), []).append(moment)
    firings = []
    for group in reached.values():
        group.sort(key=lambda moment: (moment.at, moment.share))
        last = group[-1]
        firings.append(Firing(last, tuple(moment.key for moment in group), (now - last.at).total_seconds()))
    return tuple(sorted(firings, key=lambda firing: (firing.moment.at, firing.moment.key)))

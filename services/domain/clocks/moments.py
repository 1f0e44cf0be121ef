"""Due moments: the points in time at which a clock has something to say, found by an indexed query, each fired once.

A moment has a key that is equal wherever it is computed; the store keeps fired keys unique, so that it fires once
however many instances sweep, and late rather than never after an outage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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
        length = max(timedelta(0), deadline.due_at - deadline.started_at)
        for share in (*(tiers if deadline.kind == "limit" else ()), 1.0):
            at = deadline.started_at + length * share
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


def next_moment(deadline: Deadline, warn_shares: Iterable[float], fired: float) -> DueMoment | None:
    """The first moment of a running clock past the share already announced (0 where nothing was), or None."""
    moments = due_moments("", (deadline,), warn_shares)
    return next((moment for moment in moments if moment.share > fired), None)


def carried(
    before: Deadline, fired: float, after: Deadline, warn_shares: Iterable[float], now: datetime
) -> float:
    """The share that counts as announced when a clock's due date moved from `before` to `after`.

    A clock that started anew has announced nothing. Where more or less time was granted (an extension, a pause), tiers
    that lie ahead again are announced again, since they tell of another date. Where only a rule or the calendar
    changed, no warning is repeated; the end is announced for the new date if that is still to come.
    """
    if after.started_at != before.started_at:
        return 0.0
    if after.due_at == before.due_at or not fired:
        return fired
    granted = after.extended_by != before.extended_by or after.paused_until != before.paused_until
    tiers = [moment for moment in due_moments("", (after,), warn_shares) if moment.share <= fired]
    kept = [moment.share for moment in tiers if moment.at <= now or (not granted and moment.share < 1.0)]
    return max(kept, default=0.0)

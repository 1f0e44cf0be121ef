"""Deadlines computed from what happened: never stored as the truth, always the same from the same events.

Each carries the rule, the versions of rules and calendar, and the days that made it, so that a change of either can be
answered with a list of differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from contracts.vocabulary import PollutionType, SourceChannel, Urgency
from services.domain.clocks.calendar import DAY, WorkCalendar, day_of, end_of, local
from services.domain.clocks.rules import Anchor, DeadlineRule, DeadlineRules, Unit

INSTANT = timedelta(microseconds=1)
"""A pause until 24:00 of a day ends at 0:00 of the next one, which is not paused any more."""


EVERY = "*"
"""Stands for all clocks of the unit in a pause: time in which the case lay with others."""


@dataclass(frozen=True, slots=True)
class Pause:
    """An approved pause of one clock, from a moment to the day it ends at the latest or was resumed.

    Of every clock of the unit, without approval: from its conclusion until others sent the case back.
    """

    clock: str
    ground: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Extension:
    """An approved extension of one clock by `n` of the rule's own units."""

    clock: str
    n: int
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """What a plan owes next: by when, counted from when, and when the whole of it was done."""

    since: datetime
    last_day: date
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What the clocks of one case depend on."""

    channels: frozenset[SourceChannel] = frozenset()
    legal_path: int | None = None
    types: frozenset[PollutionType] = frozenset()
    urgency: Urgency = Urgency.NORMAL
    anchors: Mapping[Anchor, datetime] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    promise: Promise | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """One running or stopped clock. `due_at` is exclusive: at that moment it is overdue. `last_day` is for people."""

    clock: str
    label: str
    kind: str
    perspective: str
    rule_id: str
    rule_version: str
    calendar_version: str
    provenance: str
    started_at: datetime
    due_at: datetime
    last_day: date
    stopped_at: datetime | None = None
    paused_until: datetime | None = None
    extended_by: int = 0
    provisional: bool = False

    @property
    def running(self) -> bool:
        """True until one of the stopping events happened."""
        return self.stopped_at is None

    def overdue(self, now: datetime) -> bool:
        """True for a duty not done in time, also when it was done late."""
        return self.kind == "limit" and (self.stopped_at or now) >= self.due_at

    def elapsed_share(self, now: datetime) -> float:
        """Share of the time used, 0 at the start, 1 at the due moment, more after it."""
        total = (self.due_at - self.started_at).total_seconds()
        used = ((self.stopped_at or now) - self.started_at).total_seconds()
        if total <= 0:  # a promised day that was over before the work before it was done
            return float(used >= total)
        return max(0.0, used / total)


def deadlines(facts: ClockFacts, rules: DeadlineRules, calendar: WorkCalendar) -> tuple[Deadline, ...]:
    """Every clock that has started, the strictest per clock name, in the order they become due.

    Raises `CalendarExhausted` when a due day lies past the holiday table of a calendar that refuses.
    """
    strictest: dict[str, Deadline] = {}
    for rule in rules.select(facts.channels, facts.legal_path, facts.types, facts.urgency):
        started = facts.anchors.get(rule.anchor)
        if rule.promised and started is not None:
            started = facts.promise.since if facts.promise else None
        if started is None or not rule.valid_from <= day_of(started) <= (rule.valid_to or date.max):
            continue
        deadline = _deadline(rule, started, facts, rules.version, calendar)
        known = strictest.get(rule.clock)
        if known is None or deadline.due_at < known.due_at:
            strictest[rule.clock] = deadline
    return tuple(sorted(strictest.values(), key=lambda deadline: (deadline.due_at, deadline.clock)))


def _deadline(
    rule: DeadlineRule, started: datetime, facts: ClockFacts, version: str, calendar: WorkCalendar
) -> Deadline:
    names = {rule.clock} if rule.perspective == "public" else {rule.clock, EVERY}
    pauses = [pause for pause in facts.pauses if pause.clock in names and pause.end > started]
    extra = sum(extension.n for extension in facts.extensions if extension.clock == rule.clock)
    stops = [moment for anchor in rule.stops if (moment := facts.anchors.get(anchor)) and moment >= started]
    if rule.limit is not None:
        due_at, last_day = due(rule.limit.n + extra, rule.limit.unit, started, pauses, calendar)
    else:
        assert facts.promise is not None
        last_day = facts.promise.last_day + extra * DAY
        due_at = end_of(last_day)
        stops += [facts.promise.kept_at] if facts.promise.kept_at else []
    stopped = min(stops, default=None)
    return Deadline(
        clock=rule.clock,
        label=rule.label,
        kind=rule.kind,
        perspective=rule.perspective,
        rule_id=rule.id,
        rule_version=version,
        calendar_version=calendar.version,
        provenance=rule.provenance,
        started_at=started,
        due_at=due_at,
        last_day=last_day,
        stopped_at=stopped,
        paused_until=None if stopped else max((pause.end for pause in pauses), default=None),
        extended_by=extra,
        provisional=calendar.is_provisional(last_day),
    )


def due(
    n: int, unit: Unit, started: datetime, pauses: Iterable[Pause], calendar: WorkCalendar
) -> tuple[datetime, date]:
    """The due moment and the last day of a period of `n` units from `started`, pauses left out."""
    if unit in (Unit.MINUTE, Unit.HOUR):
        end = local(started) + timedelta(minutes=n) * (60 if unit is Unit.HOUR else 1)
        for start, stop in _merged((max(pause.start, started), pause.end) for pause in pauses):
            if start < end:
                end += stop - start
        return end, day_of(end)
    # As the first day of a period is not counted, so the first day of a pause is not left out.
    skip = {day for pause in pauses for day in _days(day_of(pause.start), day_of(pause.end - INSTANT))}
    first = day_of(started)
    last = (
        calendar.add_working_days(first, n, skip)
        if unit is Unit.WORKING_DAY
        else calendar.add_calendar_days(first, n, skip)
    )
    return end_of(last), last


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Overlapping spans joined, so that time paused twice is left out once."""
    merged: list[tuple[datetime, datetime]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _days(after: date, until: date) -> Iterable[date]:
    day = after + DAY
    while day <= until:
        yield day
        day += DAY


@dataclass(frozen=True, slots=True)
class TwoClocks:
    """How long the public has waited, and how long the present unit has had it (None before it signed in).

    `public_working_days` and `unit_working_days` are None past the holiday table.
    """

    public: timedelta
    public_working_days: int | None
    unit: timedelta | None
    unit_working_days: int | None


def two_clocks(
    received_at: datetime,
    signed_in_at: datetime | None,
    ended_at: datetime | None,
    now: datetime,
    calendar: WorkCalendar,
) -> TwoClocks:
    """Both clocks at `now`, or at `ended_at` when the case is closed. A return never stops the first one."""
    until = min(now, ended_at) if ended_at else now

    def worked(start: datetime) -> int | None:
        try:
            return calendar.working_days_between(day_of(start), day_of(until))
        except LookupError:
            return None

    return TwoClocks(
        public=until - received_at,
        public_working_days=worked(received_at),
        unit=until - signed_in_at if signed_in_at else None,
        unit_working_days=worked(signed_in_at) if signed_in_at else None,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new calendar or rule does to one clock of one case: appeared, vanished or moved."""

    case_id: str
    clock: str
    before: Deadline | None
    after: Deadline | None

    @property
    def text(self) -> str:
        """One Chinese sentence for the list of changes."""
        if self.before is None and self.after is not None:
            return f"新增期限“{self.after.label}”，{self.after.last_day}届满（{self.after.rule_id}）"
        if self.after is None and self.before is not None:
            return f"期限“{self.before.label}”不再适用（原{self.before.last_day}届满）"
        assert self.before is not None and self.after is not None
        return (
            f"期限“{self.after.label}”由{self.before.last_day}改为{self.after.last_day}"
            f"（{self.before.rule_id}/{self.before.rule_version} → {self.after.rule_id}/{self.after.rule_version}）"
        )


def differences(
    case_id: str, before: Iterable[Deadline], after: Iterable[Deadline]
) -> tuple[Difference, ...]:
    """Clocks whose due moment differs; a new version with the same due moment is no difference."""
    old = {deadline.clock: deadline for deadline in before}
    new = {deadline.clock: deadline for deadline in after}
    return tuple(
        Difference(case_id, clock, old.get(clock), new.get(clock))
        for clock in sorted(old.keys() | new.keys())
        if getattr(old.get(clock), "due_at", None) != getattr(new.get(clock), "due_at", None)
    )

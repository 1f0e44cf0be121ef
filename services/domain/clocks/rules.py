"""Deadline rules as data: which limit runs from which event, for which sources, paths, types and urgencies.

Read from `deploy/rules/deadlines.yaml`; each rule names where it comes from and how sure that is (A law, B official
page, C secondary, D weak, I inference, G general knowledge).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from contracts.vocabulary import PollutionType, SourceChannel, Urgency
from services.domain.parameters import Parameters


class Anchor(StrEnum):
    """The events of a case that start or stop a clock."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    SIGNED_IN = "signed_in"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    VERIFIED = "verified"
    PLANNED = "planned"
    STAGE_CONCLUDED = "stage_concluded"
    CONCLUDED = "concluded"
    CLOSE_OUT_REQUESTED = "close_out_requested"
    ACCEPTANCE_PASSED = "acceptance_passed"
    PUBLICITY_DONE = "publicity_done"
    CLOSED_OUT = "closed_out"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_DECIDED = "review_decided"
    RECHECK_REQUESTED = "recheck_requested"
    RECHECK_DECIDED = "recheck_decided"


class Unit(StrEnum):
    """Units of a limit."""

    MINUTE = "minute"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"minute": "分钟", "hour": "小时", "calendar_day": "日", "working_day": "个工作日"}[self.value]


class Limit(Parameters):
    """A length of time."""

    n: int = Field(ge=1, le=100_000)
    unit: Unit

    @property
    def text(self) -> str:
        """The length in Chinese, as in 5个工作日."""
        return f"{self.n}{self.unit.label}"


class Conditions(Parameters):
    """For which cases a rule holds; an empty list holds for all."""

    channels: frozenset[SourceChannel] = frozenset()
    legal_paths: frozenset[int] = frozenset()
    types: frozenset[PollutionType] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()

    @property
    def weight(self) -> int:
        """How specific: the number of conditions set."""
        return sum(map(bool, (self.channels, self.legal_paths, self.types, self.urgencies)))


class ExtensionRule(Parameters):
    """How far a limit may be extended, always before it ends and always approved by a second person."""

    max: int = Field(ge=1)
    times: int = Field(default=1, ge=1)


class DeadlineRule(Parameters):
    """One limit: a length of time from an event, or the day that was promised in a plan (`promised`).

    `kind`: `limit` is a duty that becomes overdue; `window` a right that lapses; `minimum` a period that must pass.
    `perspective`: `public` clocks never pause, `unit` clocks may where `pause_grounds` allow it.
    """

    id: str
    clock: str
    label: str
    kind: Literal["limit", "window", "minimum"] = "limit"
    perspective: Literal["public", "unit"] = "unit"
    limit: Limit | None = None
    promised: bool = False
    anchor: Anchor
    stops: tuple[Anchor, ...] = ()
    when: Conditions = Conditions()
    extension: ExtensionRule | None = None
    pause_grounds: tuple[str, ...] = ()
    max_pause_days: int = Field(default=30, ge=1)
    valid_from: date = date(2004, 1, 1)
    valid_to: date | None = None
    provenance: str
    confidence: Literal["A", "B", "C", "D", "G", "I"]

    @model_validator(mode="after")
    def _can_be_counted(self) -> DeadlineRule:
        if self.promised == (self.limit is not None):
            raise ValueError(f"{self.id}: either a limit, or promised: true")
        if self.promised and self.pause_grounds:
            raise ValueError(f"{self.id}: a promised day does not pause")
        if self.perspective == "public" and self.pause_grounds:
            raise ValueError(f"{self.id}: a clock of the public never pauses")
        return self

    @property
    def unit(self) -> Unit:
        """What the rule counts in; a promised day moves by calendar days."""
        return self.limit.unit if self.limit else Unit.CALENDAR_DAY

    def holds(
        self, channel: SourceChannel, path: int | None, types: frozenset[PollutionType], urgency: Urgency
    ) -> bool:
        """True when every condition set is met by this source, path, these types and this urgency."""
        when = self.when
        return (
            (not when.channels or channel in when.channels)
            and (not when.legal_paths or path in when.legal_paths)
            and (not when.types or not when.types.isdisjoint(types))
            and (not when.urgencies or urgency in when.urgencies)
        )


class DeadlineRules(Parameters):
    """All deadline rules with their version; `pauses` names the grounds a pause may have."""

    version: str
    warn_shares: tuple[float, ...]
    warn_provenance: str
    pauses: Mapping[str, str] = Field(default_factory=dict)
    rules: tuple[DeadlineRule, ...]

    _cache: dict[tuple[object, ...], tuple[DeadlineRule, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> DeadlineRules:
        ids = [rule.id for rule in self.rules]
        twice = {key for key in ids if ids.count(key) > 1}
        if twice:
            raise ValueError(f"rule ids must be unique: {', '.join(sorted(twice))}")
        if any(not 0 < share < 1 for share in self.warn_shares) or sorted(self.warn_shares) != list(
            self.warn_shares
        ):
            raise ValueError("warn_shares must rise between 0 and 1")
        for rule in self.rules:
            unknown = set(rule.pause_grounds) - set(self.pauses)
            if unknown:
                raise ValueError(f"{rule.id}: unknown pause grounds {', '.join(sorted(unknown))}")
        return self

    def select(
        self,
        channels: Iterable[SourceChannel],
        path: int | None,
        types: Iterable[PollutionType],
        urgency: Urgency,
    ) -> tuple[DeadlineRule, ...]:
        """The rules that hold: per channel and clock the most specific one (the earlier in the file on a tie).

        A case with several sources may have several rules for one clock; the strictest due date counts.
        """
        key = (frozenset(channels), path, frozenset(types), urgency)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = tuple(self._select(*key))
        return found

    def _select(
        self,
        channels: frozenset[SourceChannel],
        path: int | None,
        types: frozenset[PollutionType],
        urgency: Urgency,
    ) -> Iterable[DeadlineRule]:
        chosen: dict[str, DeadlineRule] = {}
        for channel in sorted(channels or {SourceChannel.OTHER}):
            best: dict[tuple[str, date], DeadlineRule] = {}
            for rule in self.rules:
                if not rule.holds(channel, path, types, urgency):
                    continue
                slot = (rule.clock, rule.valid_from)
                if slot not in best or rule.when.weight > best[slot].when.weight:
                    best[slot] = rule
            chosen.update({rule.id: rule for rule in best.values()})
        return (rule for rule in self.rules if rule.id in chosen)

    def by_id(self, rule_id: str) -> DeadlineRule | None:
        """The rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

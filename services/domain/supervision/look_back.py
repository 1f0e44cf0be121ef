"""回头看: risk-weighted samples of closed-out cases, and rebounds found against them.

The draw can be repeated by anybody: each case's lot is a hash of the draw's seed and the case id, and the weights are
data. A case whose matter came back is not drawn but taken.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from contracts.vocabulary import LinkKind
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.case.values import Link
from services.domain.clocks.rules import Anchor
from services.domain.parameters import Parameters

QUESTIONS = ("整改措施是否到位", "目标是否达到", "销号台账资料是否完整")
"""The speech's three questions."""


class Weights(Parameters):
    """What makes a closed case likelier to be drawn; each is added to a base of 1."""

    per_repeat: float = Field(ge=0)
    per_rebound: float = Field(ge=0)
    per_fake: float = Field(ge=0)
    unit_record: float = Field(ge=0)
    key_item: float = Field(ge=0)
    supervised_source: float = Field(ge=0)
    never_looked_at: float = Field(ge=0)


class LookBackRules(Parameters):
    """deploy/rules/look_back.yaml."""

    version: str
    share: float = Field(gt=0, le=1)
    least: int = Field(ge=1)
    after_days: int = Field(ge=0)
    rebound_days: int = Field(ge=1)
    due_days: int = Field(ge=1)
    monthly: bool
    weights: Weights
    provenance: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A closed-out case as the draw sees it. `unit_failures` is the unit's share of failed look-backs, 0..1."""

    case_id: str
    case_no: str
    closed_at: datetime
    repeats: int = 0
    rebounds: int = 0
    fakes: int = 0
    unit_failures: float = 0.0
    key_item: bool = False
    supervised_source: bool = False
    look_backs: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A case of the sample with its weight, its lot and the reasons for the weight in Chinese."""

    candidate: Candidate
    weight: float
    lot: float
    reasons: tuple[str, ...]


def candidate(state: CaseState, repeat_ordinal: int, unit_failures: float = 0.0) -> Candidate | None:
    """The candidate a closed-out case makes, or None for one that is not closed out."""
    closed = state.anchors.get(Anchor.CLOSED_OUT)
    if state.status not in (Status.CLOSED_OUT, Status.LOOKED_BACK) or closed is None:
        return None
    return Candidate(
        case_id=state.case_id,
        case_no=state.case_no,
        closed_at=closed,
        repeats=max(0, repeat_ordinal - 1),
        rebounds=state.ordinal - 1,
        fakes=state.fake_found,
        unit_failures=unit_failures,
        key_item=state.matter.key_item,
        supervised_source=any(link.channel.supervised for link in state.links),
        look_backs=state.look_backs,
    )


def risk(case: Candidate, weights: Weights) -> tuple[float, tuple[str, ...]]:
    """Weight of a case, at least 1, and why."""
    parts = (
        (weights.per_repeat * case.repeats, f"重复反映{case.repeats}次"),
        (weights.per_rebound * case.rebounds, f"曾反弹{case.rebounds}次"),
        (weights.per_fake * case.fakes, f"曾认定假整改{case.fakes}次"),
        (weights.unit_record * case.unit_failures, f"承办单位回头看不合格率{case.unit_failures:.0%}"),
        (weights.key_item * case.key_item, "重点关注件"),
        (weights.supervised_source * case.supervised_source, "督察交办件"),
        (weights.never_looked_at * (case.look_backs == 0), "未曾回头看"),
    )
    return 1 + sum(value for value, _ in parts), tuple(reason for value, reason in parts if value)


def _uniform(seed: str, case_id: str) -> float:
    """A number in (0, 1) that anybody can recompute from the published seed."""
    digest = hashlib.sha256(f"{seed}\0{case_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 0.5) / 2**64


def sample(
    cases: Iterable[Candidate], rules: LookBackRules, seed: str, now: datetime, size: int | None = None
) -> tuple[Drawn, ...]:
    """A weighted sample without replacement (Efraimidis and Spirakis 2006), the likeliest first.

    Size: `share` of those closed at least `after_days` ago, `least` or more, or `size`.
    """
    ripe = [case for case in cases if case.closed_at <= now - timedelta(days=rules.after_days)]
    wanted = size if size is not None else max(rules.least, math.ceil(rules.share * len(ripe)))
    drawn = []
    for case in ripe:
        weight, reasons = risk(case, rules.weights)
        # log of u^(1/w): the same order, without underflow.
        drawn.append(Drawn(case, weight, math.log(_uniform(seed, case.case_id)) / weight, reasons))
    drawn.sort(key=lambda item: (-item.lot, item.candidate.case_id))
    return tuple(drawn[:wanted])


@dataclass(frozen=True, slots=True)
class Rebound:
    """A closed-out matter came back: after how long, by whose hand it is known, and what kind of link says so."""

    case_id: str
    complaint_id: str
    days: int
    kind: LinkKind
    reason: str


def rebound(state: CaseState, link: Link, rules: LookBackRules) -> Rebound | None:
    """Whether a new complaint on a closed-out case is a rebound inside the window; `state` before it was linked."""
    closed = state.anchors.get(Anchor.CLOSED_OUT)
    if state.status not in (Status.CLOSED_OUT, Status.LOOKED_BACK):
        return None
    return rebound_after(state.case_id, closed, link, rules)


def rebound_after(case_id: str, closed: datetime | None, link: Link, rules: LookBackRules) -> Rebound | None:
    """The same for a case known to be closed out since `closed`."""
    if closed is None:
        return None
    if link.kind is LinkKind.DUPLICATE_DELIVERY or link.received_at <= closed:
        return None
    days = (link.received_at - closed).days
    if days > rules.rebound_days and link.kind is not LinkKind.RECURRENCE:
        return None
    return Rebound(case_id, link.complaint_id, days, link.kind, f"销号{days}日后再次反映（{link.kind.label}）。")


def source_key(region: str | None, respondent: str | None, place: str | None) -> str | None:
    """Equal for two cases that name the same respondent at the same place; None where either is unknown.

    Written the same but for width, case, spaces and punctuation counts as the same. Cases that triage did not link and
    that agree in both are worth a look at what was closed out; it is a person who then tells whether it is back.
    """
    parts = [_plain(respondent), _plain(place)]
    return "|".join([region or "", *parts]) if all(parts) else None


def _plain(name: str | None) -> str:
    text = unicodedata.normalize("NFKC", name or "").casefold()
    return "".join(sign for sign in text if sign.isalnum())


def failure_shares(outcomes: Iterable[tuple[str, bool]]) -> Mapping[str, float]:
    """Share of failed look-backs per unit from (unit id, passed); with one pass and one failure added to each.

    The addition keeps a unit with a single failed look-back from standing at 100 %.
    """
    tally: dict[str, list[int]] = {}
    for unit, passed in outcomes:
        failed, total = tally.setdefault(unit, [0, 0])
        tally[unit] = [failed + (not passed), total + 1]
    return {unit: (failed + 1) / (total + 2) for unit, (failed, total) in tally.items()}

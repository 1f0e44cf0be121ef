"""Sites that rise: this week's different petitioners against the site's own past and the season of its kind.

A site's past is its share of all complaints of its pollution type, so that a noisy summer raises every noise site's
expectation alike. What this week may bring follows a negative binomial: the past as a gamma, plus bursts that sites
have without any rise, estimated from all of them. Many sites are looked at each week; `scipy.stats.false_discovery_control`
(Benjamini–Hochberg) keeps the share of false alarms among alarms. `measure` says on simulated data how often it errs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, nbinom

from services.domain.indicators.dictionary import Thresholds

PRIOR = 0.5
"""Pseudo-petitioners of a site nobody complained of before: without it a first complaint would be infinitely surprising."""


@dataclass(frozen=True, slots=True)
class Series:
    """Different petitioners a week, the week looked at last; `kind` is the pollution type its season follows."""

    key: str
    kind: str
    weeks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rise:
    """A site whose last week is more than its past and season explain. `p` is the chance of as many without a rise."""

    key: str
    kind: str
    now: int
    expected: float
    p: float
    weeks: tuple[int, ...]

    @property
    def times(self) -> float:
        """How many times as many as expected."""
        return self.now / self.expected if self.expected else float(self.now)


def dispersion(series: Sequence[Series], totals: Mapping[str, Sequence[int]]) -> float:
    """How much burstier sites are than chance: the pooled alpha of var = m + alpha m² over the past weeks, by moments."""
    excess = square = 0.0
    for item in series:
        past = np.asarray(item.weeks[:-1], float)
        season = np.asarray(totals[item.kind][:-1], float)
        if past.sum() < 4 or season.sum() == 0:
            continue
        mean = past.sum() * season / season.sum()
        excess += float(((past - mean) ** 2 - mean).sum())
        square += float((mean**2).sum())
    return max(0.0, excess / square) if square else 0.0


def rises(
    series: Sequence[Series], totals: Mapping[str, Sequence[int]], thresholds: Thresholds
) -> tuple[Rise, ...]:
    """The rises of the last week, the surest first. `totals` are the weekly petitioners of each kind in the city."""
    looked = [item for item in series if len(item.weeks) >= 2]
    if not looked:
        return ()
    alpha = dispersion(looked, totals)
    found = [_look(item, totals[item.kind], alpha) for item in looked]
    adjusted = false_discovery_control(np.clip([rise.p for rise in found], 0.0, 1.0), method="bh")
    alarms = [
        rise
        for rise, q in zip(found, adjusted, strict=True)
        if q <= thresholds.rising_false_discovery and rise.now >= thresholds.rising_least and rise.now > rise.expected
    ]
    return tuple(sorted(alarms, key=lambda rise: (rise.p, rise.key)))


def _look(item: Series, totals: Sequence[int], alpha: float) -> Rise:
    season = np.asarray(totals, float)
    past, exposure, now = float(sum(item.weeks[:-1])), float(season[:-1].sum()), float(season[-1])
    # without its own complaints, so that a rise does not raise what it is held against
    now = max(now - item.weeks[-1] + (past / len(item.weeks[:-1])), 1.0)
    exposure = max(exposure, 1.0)
    shape = past + PRIOR
    mean = shape * now / exposure
    # uncertainty of the rate (1/shape) and bursts (alpha) add up in the variance
    size = 1.0 / (1.0 / shape + alpha)
    p = float(nbinom.sf(item.weeks[-1] - 1, size, size / (size + mean)))
    return Rise(item.key, item.kind, item.weeks[-1], mean, p, item.weeks)


@dataclass(frozen=True, slots=True)
class Measured:
    """What simulation says: alarms of `site_weeks` quiet ones, weeks with any false alarm, and planted rises found."""

    weeks: int
    sites: int
    false_alarms: int
    site_weeks: int
    weeks_with_false_alarm: int
    planted: int
    found: int
    factor: float

    @property
    def false_alarm_rate(self) -> float:
        """False alarms per quiet site and week."""
        return self.false_alarms / self.site_weeks if self.site_weeks else 0.0

    @property
    def power(self) -> float:
        """Share of planted rises found in their first week."""
        return self.found / self.planted if self.planted else 0.0


def measure(
    thresholds: Thresholds, *, seed: int = 1, sites: int = 400, weeks: int = 104, factor: float = 4.0, alpha: float = 0.3
) -> Measured:
    """Run the detector week by week over an invented city: a heavy tail of sites, a yearly season, bursts of `alpha`, and
    in each week one site whose rate is `factor` times its own (at least 1.5 petitioners a week before).
    """
    rng = np.random.default_rng(seed)
    rates = 0.05 * (1 - rng.random(sites)) ** -0.8
    kinds = np.array(["大气", "噪声", "水"])[rng.integers(0, 3, sites)]
    season = 1 + 0.5 * np.sin(2 * np.pi * (np.arange(weeks)[None, :] / 52 + np.array([0.0, 0.33, 0.66])[:, None]))
    index = {"大气": 0, "噪声": 1, "水": 2}
    means = rates[:, None] * season[[index[kind] for kind in kinds]]
    quiet: NDArray[np.int64] = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * means))
    window = thresholds.rising_weeks + 1
    busy = np.flatnonzero(rates >= 1.5) if (rates >= 1.5).any() else np.argsort(rates)[-5:]
    false_alarms = site_weeks = noisy = planted = found = 0
    for end in range(window, weeks + 1):
        counts = quiet[:, end - window : end].copy()
        chosen = int(rng.choice(busy))
        counts[chosen, -1] = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * means[chosen, end - 1] * factor))
        series = [Series(str(n), str(kinds[n]), tuple(map(int, counts[n]))) for n in range(sites) if counts[n].any()]
        totals = {kind: tuple(map(int, counts[kinds == kind].sum(axis=0))) for kind in index}
        alarms = {rise.key for rise in rises(series, totals, thresholds)}
        wrong = len(alarms - {str(chosen)})
        false_alarms += wrong
        noisy += wrong > 0
        site_weeks += len(series) - 1
        planted += 1
        found += str(chosen) in alarms
    return Measured(weeks - window + 1, sites, false_alarms, site_weeks, noisy, planted, found, factor)

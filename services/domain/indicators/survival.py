"""How long it takes, when some have not got there yet: Kaplan–Meier with those still open as censored (scipy.stats.ecdf)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import CensoredData, ecdf

QUANTILES = (0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Duration:
    """Days until an end, from `events` that ended and `open` that had not.

    `quantiles` maps a share to the days by which that share has ended; None where the curve does not come down so far,
    which is an answer too. `curve` are (days, share ended, low, high) at each step, for drawing.
    """

    events: int
    open: int
    quantiles: dict[float, float | None]
    curve: tuple[tuple[float, float, float, float], ...]

    @property
    def median(self) -> float | None:
        """Days by which half have ended."""
        return self.quantiles[0.5]


def duration(days: Sequence[float], ended: Sequence[bool], level: float, steps: int = 60) -> Duration:
    """Kaplan–Meier over days waited and whether that wait ended. `steps` bounds the points of the curve."""
    waited, done = np.asarray(days, float), np.asarray(ended, bool)
    events = int(done.sum())
    if events == 0:
        return Duration(0, len(waited), dict.fromkeys(QUANTILES), ())
    found = ecdf(CensoredData.right_censored(waited, ~done))
    times, reached = found.cdf.quantiles, found.cdf.probabilities
    quantiles: dict[float, float | None] = {}
    for share in QUANTILES:
        past = np.flatnonzero(reached >= share - 1e-12)
        quantiles[share] = float(times[past[0]]) if past.size else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the limits of a last step where nobody is left are undefined
        interval = found.cdf.confidence_interval(confidence_level=level, method="log-log")
    low, high = interval.low.probabilities, interval.high.probabilities
    chosen = np.unique(np.linspace(0, len(times) - 1, min(steps, len(times))).round().astype(int))
    curve = tuple((float(times[i]), float(reached[i]), _or(low[i], reached[i]), _or(high[i], reached[i])) for i in chosen)
    return Duration(events, len(waited) - events, quantiles, curve)


def _or(limit: float, otherwise: float) -> float:
    return float(otherwise if np.isnan(limit) else limit)

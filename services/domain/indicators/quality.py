"""The machine's own quality, from what people said to its links: calibration of its sureness, and what was undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.domain.indicators.figures import Interval, wilson

EDGES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Answered links of about one sureness: what was promised and what came true."""

    low: float
    high: float
    answered: int
    right: int
    promised: float

    @property
    def observed(self) -> float:
        """Share that people found right."""
        return self.right / self.answered

    def interval(self, level: float) -> Interval | None:
        """Of the observed share."""
        return wilson(self.right, self.answered, level)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bins with at least one answer, and the mean distance of promise and outcome, weighted by answers (ECE)."""

    bins: tuple[Bin, ...]
    answered: int
    error: float | None


def calibration(answers: Iterable[tuple[float, bool]], edges: Sequence[float] = EDGES) -> Calibration:
    """Calibration from (score, was right). Only links that people answered count: nobody's silence is a yes."""
    sums: dict[int, list[float]] = {}
    for score, right in answers:
        index = max(i for i, edge in enumerate(edges[:-1]) if score >= edge)
        found = sums.setdefault(index, [0, 0, 0.0])
        found[0] += 1
        found[1] += right
        found[2] += score
    bins = tuple(
        Bin(edges[i], edges[i + 1], int(n), int(k), total / n) for i, (n, k, total) in sorted(sums.items())
    )
    answered = sum(item.answered for item in bins)
    error = sum(item.answered * abs(item.observed - item.promised) for item in bins) / answered if answered else None
    return Calibration(bins, answered, error)

"""Chance that does not depend on the order of things: every draw follows from the seed and what it is drawn for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Luck:
    """Draws for one subject, e.g. one round of one case."""

    seed: str

    def of(self, *what: object) -> Luck:
        """The luck of a part of it."""
        return Luck("/".join((self.seed, *map(str, what))))

    def share(self, what: str) -> float:
        """Evenly in 0 to 1."""
        digest = hashlib.blake2b(f"{self.seed}/{what}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") + 0.5) / 2**64

    def happens(self, what: str, share: float) -> bool:
        """True in this share of all draws."""
        return self.share(what) < share

    def pick(self, what: str, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.share(what) * len(choices))]

    def weighted(self, what: str, choices: Sequence[tuple[T, float]]) -> T:
        """One of them by its weight."""
        rest = self.share(what) * sum(weight for _, weight in choices)
        for choice, weight in choices:
            rest -= weight
            if rest < 0:
                return choice
        return choices[-1][0]

    def days(self, what: str, mean: float) -> timedelta:
        """A waiting time with this mean, mostly shorter and sometimes much longer (exponential)."""
        return timedelta(days=-mean * math.log(1 - self.share(what)))

"""Many small trees asked at once: every test of every tree in one comparison, the leaf by masks of leaves ruled out.

A leaf is one bit of its tree's mask, the leftmost the lowest. A test that sends a row to the right rules out the leaves
below it to the left; the lowest bit that is left is the leaf the row would have walked to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

MOST_LEAVES = 16  # a table of all masks tells the lowest bit
_ROWS = 1024  # at a time: the comparisons stay in the cache


class Shape(Protocol):
    """A binary tree in arrays, as `scoring.Tree`: at node i go left where x[feature] <= threshold."""

    @property
    def feature(self) -> npt.NDArray[np.int32]: ...
    @property
    def threshold(self) -> npt.NDArray[np.float64]: ...
    @property
    def left(self) -> npt.NDArray[np.int32]: ...
    @property
    def right(self) -> npt.NDArray[np.int32]: ...
    @property
    def value(self) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Forest:
    """Tests of all trees side by side; `starts` where each tree's begin, `values` its leaves from the left."""

    features: npt.NDArray[np.intp]
    thresholds: npt.NDArray[np.float32]
    kept: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.intp]
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, trees: Sequence[Shape]) -> Forest | None:
        """None where a tree has more than 16 leaves or is only one."""
        features: list[int] = []
        thresholds: list[float] = []
        kept: list[int] = []
        starts: list[int] = []
        values = np.zeros((len(trees), MOST_LEAVES))
        for number, tree in enumerate(trees):
            leaves: list[float] = []
            starts.append(len(features))
            _walk(tree, 0, leaves, features, thresholds, kept)
            if not 2 <= len(leaves) <= MOST_LEAVES:
                return None
            values[number, : len(leaves)] = leaves
        if not trees:
            return None
        # rows are of 32 bits: rounded down, a threshold parts them as before, and nothing is widened
        rounded = np.array(thresholds, np.float32)
        rounded = np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
        return cls(np.array(features), rounded, np.array(kept, np.uint16), np.array(starts), values)

    def __call__(self, x: npt.NDArray[np.float32], base: float) -> npt.NDArray[np.float64]:
        """`base` and the values of all trees, added in their order; `x` has one row a case."""
        total = np.full(len(x), base)
        x = np.asarray(x, np.float32)
        for start in range(0, len(x), _ROWS):
            part = x[start : start + _ROWS]
            # features first, so that a tree's tests of all rows lie side by side
            left = np.take(part.T, self.features, axis=0) <= self.thresholds[:, None]
            # all ones where it goes left, else the leaves that are kept
            masks = np.negative(left.view(np.uint8), dtype=np.uint16, casting="unsafe")
            masks |= self.kept[:, None]
            leaves = np.take(_LOWEST, np.bitwise_and.reduceat(masks, self.starts, axis=0))
            sums = total[start : start + _ROWS]
            for values, leaf in zip(self.values, leaves, strict=True):
                sums += np.take(values, leaf)
        return total


def _walk(
    tree: Shape, node: int, leaves: list[float], features: list[int], thresholds: list[float], kept: list[int]
) -> None:
    if tree.left[node] == node:
        leaves.append(float(tree.value[node]))
        return
    at, first = len(features), len(leaves)
    features.append(int(tree.feature[node]))
    thresholds.append(float(tree.threshold[node]))
    kept.append(0)
    _walk(tree, int(tree.left[node]), leaves, features, thresholds, kept)
    below = ((1 << len(leaves)) - 1) & ~((1 << first) - 1)
    kept[at] = ~below & 0xFFFF
    _walk(tree, int(tree.right[node]), leaves, features, thresholds, kept)


def _lowest() -> npt.NDArray[np.uint8]:
    """Number of the lowest bit of every mask."""
    masks = np.arange(1 << MOST_LEAVES, dtype=np.int64)
    masks[0] = 1
    found: npt.NDArray[np.uint8] = np.log2(masks & -masks).astype(np.uint8)
    return found


_LOWEST = _lowest()

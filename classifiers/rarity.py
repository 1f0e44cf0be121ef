"""How many complaints hold a gram, in a table of hashed counters of fixed size."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 22
_UNDO = 8192


class GramCounts:
    """Document frequencies of 32-bit gram hashes in 2**22 counters (16 MB); collisions only make a gram look commoner.

    The grams of the newest 8,192 complaints are remembered, so that forgetting one of them takes its counts back too.
    For older ones pass the grams again; without them a count or two too many stays, which names nobody.
    """

    def __init__(self, counts: NDArray[np.uint32] | None = None) -> None:
        self.counts = np.zeros(1 << BITS, np.uint32) if counts is None else counts
        self._undo: deque[tuple[int, int, NDArray[np.uint32], NDArray[np.int64]]] = deque()
        self._held = 0

    def of(self, grams: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Complaints holding each gram."""
        found: NDArray[np.uint32] = self.counts[grams >> np.uint32(32 - BITS)]
        return found

    def add(self, first: int, grams: NDArray[np.uint32], rows: NDArray[np.uint32], size: int) -> None:
        """Count the grams of `size` complaints, numbered from `first`; `rows` ascending, each gram once a row."""
        buckets = grams >> np.uint32(32 - BITS)
        np.add.at(self.counts, buckets, np.uint32(1))
        offsets = np.searchsorted(rows, np.arange(size + 1, dtype=np.uint32)).astype(np.int64)
        self._undo.append((first, size, buckets, offsets))
        self._held += size
        while self._held > _UNDO and len(self._undo) > 1:
            self._held -= self._undo.popleft()[1]

    def forget(self, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take back the counts of complaints whose grams are remembered; return those it knew nothing of."""
        known = np.zeros(items.size, bool)
        kept: deque[tuple[int, int, NDArray[np.uint32], NDArray[np.int64]]] = deque()
        for first, size, buckets, offsets in self._undo:
            here = (items >= first) & (items < first + size)
            if here.any():
                known |= here
                lengths = np.diff(offsets)
                gone = np.zeros(size, bool)
                gone[items[here] - first] = True
                mask = np.repeat(gone, lengths)
                self.discard(buckets[mask])
                buckets = buckets[~mask]
                lengths[gone] = 0
                offsets = np.concatenate(([0], np.cumsum(lengths)))
            kept.append((first, size, buckets, offsets))
        self._undo = kept
        return items[~known]

    def discard(self, buckets: NDArray[np.uint32]) -> None:
        """Take one from each counter named (a counter named twice loses two)."""
        np.subtract.at(self.counts, buckets, np.uint32(1))

    def save(self, folder: Path) -> None:
        """Write the counters and what is remembered into a folder."""
        np.save(folder / "counts.npy", self.counts, allow_pickle=False)
        entries = [np.array([[first, size] for first, size, _, _ in self._undo], np.int64).reshape(-1, 2)]
        lengths = [np.diff(offsets) for *_, offsets in self._undo]
        buckets = [buckets for _, _, buckets, _ in self._undo]
        for name, parts in (("entries", entries), ("lengths", lengths), ("buckets", buckets)):
            joined = np.concatenate(parts) if parts else np.empty(0, np.int64)
            np.save(folder / f"counts-{name}.npy", joined, allow_pickle=False)

    @classmethod
    def open(cls, folder: Path) -> GramCounts:
        """Map what `save` wrote."""
        counts = cls(np.asarray(np.load(folder / "counts.npy", mmap_mode="c", allow_pickle=False)))
        entries, lengths, buckets = (
            np.load(folder / f"counts-{name}.npy", allow_pickle=False) for name in ("entries", "lengths", "buckets")
        )
        row = bucket = 0
        for first, size in entries.tolist():
            offsets = np.concatenate(([0], np.cumsum(lengths[row : row + size]))).astype(np.int64)
            counts._undo.append((first, size, buckets[bucket : bucket + offsets[-1]], offsets))
            counts._held += size
            row, bucket = row + size, bucket + int(offsets[-1])
        return counts

    def truncate(self, size: int) -> None:
        """Forget what was remembered of complaints numbered `size` and up; their numbers will be given again."""
        while self._undo and self._undo[-1][0] >= size:
            self._held -= self._undo.pop()[1]
        if self._undo and self._undo[-1][0] + self._undo[-1][1] > size:
            first, old, buckets, offsets = self._undo.pop()
            count = size - first
            self._undo.append((first, count, buckets[: offsets[count]], offsets[: count + 1]))
            self._held -= old - count

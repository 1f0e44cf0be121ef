"""Posting lists in plain arrays: which items hold a key, newest first, bounded, mapped from files.

Items are numbered in order of arrival. A run holds its keys in buckets by their high bits: the keys of bucket b are
`directory[b] : directory[b + 1]`, `prints` their low bits (ascending within a bucket), and the items of key k are
`items[starts[k] : starts[k + 1]]`, ascending: about six bytes a posting. Runs are merged log-structured, neighbours in
time only, so that a later run holds only later items and answers do not depend on how the runs were merged.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KEY_BITS = 30
_ITEM_BITS = np.uint64(32)
# a run is merged into its elder once it has grown to a quarter of it, or where the elder is small
_RATIO, _SMALL = 4, 1 << 15
# keys to a bucket: few make a run quick to search, more make a large one small
_PER_BUCKET = 4
_LARGE = 1 << 22
_PARTS = ("directory", "prints", "starts", "items")

Keys = NDArray[np.uint32]
Bounds = NDArray[np.int64]


@dataclass(slots=True)
class Run:
    """One sorted run; the arrays may be read-only maps of files in `folder`, named `stem`-part."""

    directory: NDArray[np.uint32]
    prints: NDArray[np.uint8] | NDArray[np.uint16]
    starts: NDArray[np.uint32]
    items: NDArray[np.uint32]
    newest: int
    source: tuple[Path, str] | None = None

    @property
    def low_bits(self) -> int:
        """How many bits of a key the prints hold."""
        return KEY_BITS - (self.directory.size - 1).bit_length() + 1

    @classmethod
    def build(cls, packed: NDArray[np.uint64]) -> Run:
        """From sorted `key << 32 | item`."""
        keys = (packed >> _ITEM_BITS).astype(np.uint32)
        items = packed.astype(np.uint32)
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        keys = keys[starts]
        large = keys.size >= _LARGE
        buckets = keys.size // (_PER_BUCKET if large else 1)
        bits = min(max(buckets.bit_length(), KEY_BITS - (8 if large else 16)), KEY_BITS - 4)
        low = KEY_BITS - bits
        directory = np.zeros((1 << bits) + 1, np.uint32)
        np.cumsum(np.bincount(keys >> np.uint32(low), minlength=1 << bits), dtype=np.uint32, out=directory[1:])
        prints = keys & np.uint32((1 << low) - 1)
        return cls(
            directory, prints.astype(np.uint8) if low <= 8 else prints.astype(np.uint16),
            np.append(starts, packed.size).astype(np.uint32), items, int(items.max()),
        )

    def packed(self) -> NDArray[np.uint64]:
        """Back to sorted `key << 32 | item`."""
        buckets = np.repeat(np.arange(self.directory.size - 1, dtype=np.uint64), np.diff(self.directory))
        keys = (buckets << np.uint64(self.low_bits)) | self.prints
        return (np.repeat(keys, np.diff(self.starts)) << _ITEM_BITS) | self.items

    def ranges(self, keys: Keys) -> tuple[Bounds, Bounds]:
        """Where the items of each key begin and end."""
        low = np.uint32(self.low_bits)
        buckets = keys >> low
        wanted = keys & np.uint32((1 << int(low)) - 1)
        last = self.directory[buckets + np.uint32(1)].astype(np.int64)
        at = _bisect(self.prints, self.directory[buckets].astype(np.int64), last, wanted)
        start, stop = np.zeros(keys.size, np.int64), np.zeros(keys.size, np.int64)
        held = np.flatnonzero(at < last)
        at = at[held]
        met = self.prints[at] == wanted[held]
        held, at = held[met], at[met]
        start[held], stop[held] = self.starts[at], self.starts[at + 1]
        return start, stop

    def without(self, doomed: NDArray[np.bool_]) -> Run:
        """The same run with some postings taken out; a key that loses all stays, empty, until the next merge."""
        gone = np.concatenate(([0], np.cumsum(doomed)))
        starts = (self.starts - gone[self.starts]).astype(np.uint32)
        items = self.items[~doomed]
        return Run(self.directory, self.prints, starts, items, int(items.max(initial=0)))

    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(getattr(self, part).nbytes for part in _PARTS)

    def save(self, folder: Path, stem: str) -> None:
        """Write the arrays, or link them where the same arrays are on file already."""
        for part in _PARTS:
            target = folder / f"{stem}-{part}.npy"
            if self.source is None:
                np.save(target, getattr(self, part), allow_pickle=False)
            else:
                _link(self.source[0] / f"{self.source[1]}-{part}.npy", target)

    @classmethod
    def open(cls, folder: Path, stem: str, newest: int) -> Run:
        """Map a saved run."""
        arrays = [np.load(folder / f"{stem}-{part}.npy", mmap_mode="r", allow_pickle=False) for part in _PARTS]
        directory, prints, starts, items = (np.asarray(array) for array in arrays)
        return cls(directory, prints, starts, items, newest, (folder, stem))


@dataclass(frozen=True, slots=True)
class Hits:
    """Where each key's postings are, run by run from the newest; `counts` is their number over all runs."""

    runs: tuple[tuple[Run, Bounds, Bounds], ...]
    counts: NDArray[np.int64]

    def then(self, older: Hits) -> Hits:
        """The same keys found in lists of which the others are the older."""
        return Hits(self.runs + older.runs, self.counts + older.counts)

    def newest(self, limits: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The newest postings of each key, at most `limits` of them: index of the key, item; in no certain order."""
        left = limits.copy()
        which: list[NDArray[np.int64]] = []
        items: list[NDArray[np.uint32]] = []
        for run, start, stop in self.runs:
            taken = np.minimum(stop - start, left)
            left -= taken
            held = np.flatnonzero(taken)
            if held.size:
                lengths = taken[held]
                ends = np.cumsum(lengths)
                places = np.repeat(stop[held] - ends, lengths)
                places += np.arange(ends[-1])
                which.append(np.repeat(held, lengths))
                items.append(run.items[places])
        if not which:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        return np.concatenate(which), np.concatenate(items)


class Postings:
    """Posting lists of keys below 2**30 and items below 2**31, added in rising order of items."""

    def __init__(self, runs: list[Run] | None = None) -> None:
        self._runs: list[Run] = runs or []

    def __len__(self) -> int:
        return sum(run.items.size for run in self._runs)

    def add(self, keys: Keys, items: NDArray[np.uint32]) -> None:
        """Add postings; every item is newer than all that were there before the call."""
        if not keys.size:
            return
        packed = (keys.astype(np.uint64) << _ITEM_BITS) | items
        packed.sort()
        while self._runs and self._runs[-1].items.size < max(_RATIO * packed.size, _SMALL):
            packed = _merge(self._runs.pop().packed(), packed)
        self._runs.append(Run.build(packed))

    def find(self, keys: Keys, before: NDArray[np.int64] | None = None) -> Hits:
        """Look keys up; with `before`, only items below that bound count (one bound a key)."""
        counts = np.zeros(keys.size, np.int64)
        runs = []
        # in rising order the look-ups of a large run walk through memory instead of jumping about
        order = np.argsort(keys)
        rising, place = keys[order], np.empty_like(order)
        place[order] = np.arange(order.size)
        for run in reversed(self._runs):
            start, stop = (bound[place] for bound in run.ranges(rising))
            if before is not None and before.size and run.newest >= before.min():
                stop = _bisect(run.items, start, stop, before)
            counts += stop - start
            runs.append((run, start, stop))
        return Hits(tuple(runs), counts)

    def forget(self, items: NDArray[np.int64]) -> None:
        """Take out every posting of some items: cheap where they are recent, a pass over the run where they are old."""
        if not items.size:
            return
        oldest = int(items.min())
        kept: list[Run] = []
        for run in self._runs:
            if run.newest >= oldest:
                dead = np.zeros(run.newest + 1 - oldest, bool)
                dead[items[items <= run.newest] - oldest] = True
                doomed = np.zeros(run.items.size, bool)
                maybe = np.flatnonzero(run.items >= oldest)
                doomed[maybe] = dead[run.items[maybe] - np.uint32(oldest)]
                if doomed.any():
                    run = run.without(doomed)
            if run.items.size:
                kept.append(run)
        self._runs = kept

    def nbytes(self) -> int:
        """Bytes of all runs."""
        return sum(run.nbytes() for run in self._runs)

    def save(self, folder: Path, prefix: str) -> None:
        """Write every run into a folder; runs that came from files are linked, not written again."""
        names = [f"{prefix}-run{number}" for number in range(len(self._runs))]
        for number, (run, name) in enumerate(zip(self._runs, names, strict=True)):
            run.save(folder, name)
            self._runs[number] = Run.open(folder, name, run.newest)
        listed = [[name, run.newest] for name, run in zip(names, self._runs, strict=True)]
        (folder / f"{prefix}-runs.json").write_text(json.dumps(listed))

    @classmethod
    def open(cls, folder: Path, prefix: str) -> Postings:
        """Map what `save` wrote."""
        listed = json.loads((folder / f"{prefix}-runs.json").read_text())
        return cls([Run.open(folder, name, newest) for name, newest in listed])


def _bisect(values: NDArray[np.generic], start: Bounds, stop: Bounds, target: NDArray[np.generic]) -> Bounds:
    """First place in `[start, stop)` of each row where the (ascending) value is not below the row's target."""
    low, high = start.copy(), stop.copy()
    open_ = np.flatnonzero(low < high)
    while open_.size:
        bottom, top = low[open_], high[open_]
        middle = (bottom + top) >> 1
        below = values[middle] < target[open_]
        bottom = np.where(below, middle + 1, bottom)
        top = np.where(below, top, middle)
        low[open_], high[open_] = bottom, top
        open_ = open_[bottom < top]
    return low


def _merge(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> NDArray[np.uint64]:
    both = np.concatenate((old, new))
    # numpy's vectorised sort is as quick as a merge in Python could be
    both.sort()
    return both


def _link(source: Path, target: Path) -> None:
    if source == target:
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

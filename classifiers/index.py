"""Candidate search: the earlier complaints that could be one matter with a new one, at a bounded cost.

Keys of four channels (classifiers.keys) are looked up in posting lists (classifiers.postings), which never forget a
case because it is closed. Of each key the newest few hundred postings are read, the rarest keys first, and at most a
fixed number in all; the score is the sum of the shared keys' weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.columns import Column
from classifiers.keys import Keys, city_salt, read_keys
from classifiers.postings import Postings
from classifiers.rarity import GramCounts
from classifiers.reading import Complaint, Reading

BATCH = 512
NEWEST = 256  # postings of one key
READ = 192  # postings of one complaint
_WEIGHTS = np.array([1.0, 1.6, 0.6, 3.0])
# what a candidate counts from a district that is not a neighbour, in the same city and in another
_ELSEWHERE, _ABROAD = 0.7, 0.4
# a posting to sort: complaint of the batch (9 bits), item (31), weight or score (24)
_ROW, _ITEM = np.uint64(55), np.uint64(24)
_NUMBER, _SCORE = np.uint64((1 << 31) - 1), np.uint64((1 << 24) - 1)


@dataclass(frozen=True, slots=True)
class Features:
    """What a batch of complaints is found by: keys, and the numbers of their regions."""

    keys: Keys
    regions: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates of a batch: those of complaint i are `items[offsets[i] : offsets[i + 1]]`, best first."""

    offsets: NDArray[np.int64]
    items: NDArray[np.int64]
    scores: NDArray[np.float32]


class Index:
    """Posting lists and rarity of every complaint of a history; items are row numbers of the history.

    `neighbours` maps a district code to the codes of the districts it borders on.
    """

    def __init__(self, neighbours: Mapping[str, Sequence[str]] | None = None) -> None:
        self.postings = Postings()
        self.counts = GramCounts()
        self.size = 0  # numbers given, forgotten ones among them
        self.live = 0
        self._regions: dict[str, int] = {}
        self._borders, self._borders_of = np.empty(0, np.uint32), -1
        self._cities = np.zeros(1, np.int64)
        self._neighbours = {region: tuple(others) for region, others in (neighbours or {}).items()}

    def region(self, code: str | None) -> int:
        """The number of a region; 0 is unknown."""
        if not code:
            return 0
        return self._regions.setdefault(code, len(self._regions) + 1)

    def features(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading] | None, together: bool = False
    ) -> Features:
        """Read at most 512 complaints; nothing is counted yet. `together` as in `search`."""
        keys = read_keys(complaints, readings, self.counts, self._neighbours, together, self.live)
        regions = np.array([self.region(complaint.region) for complaint in complaints], np.uint16)
        return Features(keys, regions)

    def add(self, features: Features) -> int:
        """Add a batch; the number of its first item."""
        keys, first, size = features.keys, self.size, features.keys.size
        self.postings.add(keys.keys[keys.posted], (keys.rows[keys.posted] + first).astype(np.uint32))
        rows = np.concatenate((keys.text.rows, keys.names.rows))
        order = np.argsort(rows, kind="stable")
        grams = np.concatenate((keys.text.hashes, keys.names.hashes))[order]
        self.counts.add(first, grams, rows[order], size)
        self.size += size
        self.live += size
        return first

    def forget(self, items: NDArray[np.int64]) -> None:
        """Take items out of every list."""
        self.postings.forget(items)
        self.counts.forget(items)
        self.live -= items.size

    def truncate(self, size: int) -> None:
        """Give the numbers from `size` on free again; those items have been forgotten before."""
        self.size = size
        self.counts.truncate(size)

    def search(self, features: Features, most: int, regions: Column, together: bool = False) -> Found:
        """The `most` best candidates of each complaint; `regions` are those of all items.

        With `together`, complaints meet the earlier ones of their own batch as well, by the numbers those will get
        when the batch is added.
        """
        keys, batch = features.keys, features.keys.size
        hits = self.postings.find(keys.keys)
        if together:
            own, numbers = Postings(), keys.rows + self.size
            own.add(keys.keys[keys.posted], numbers[keys.posted].astype(np.uint32))
            hits = own.find(keys.keys, before=numbers).then(hits)
        # a key's own list holds only complaints that chose it; the true frequency tells a template from a name
        frequency = np.maximum(keys.frequency, hits.counts)
        weights = (_weights(frequency, self.live) * _WEIGHTS[keys.channels]).astype(np.uint64)
        which, items = hits.newest(_limits(keys.rows, hits.counts, weights))
        if not which.size:
            return Found(np.zeros(batch + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        packed = ((keys.rows.astype(np.uint64) << _ROW) | weights)[which] | (items.astype(np.uint64) << _ITEM)
        packed.sort()
        pairs = packed >> _ITEM
        starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        scores = np.add.reduceat(packed & _SCORE, starts)
        pairs = pairs[starts]
        rows = (pairs >> (_ROW - _ITEM)).astype(np.int64)
        numbers = pairs & _NUMBER
        where = numbers.astype(np.int64)
        there = np.empty(where.size, np.uint16)
        old = where < self.size
        there[old], there[~old] = regions[where[old]], features.regions[where[~old] - self.size]
        scores = (scores * self._nearness(features.regions[rows], there)).astype(np.uint64)
        # best first, the newer first of equals
        packed = (pairs & ~_NUMBER) << _ITEM | ((_SCORE - scores) << np.uint64(31)) | (_NUMBER - numbers)
        packed.sort()
        first = np.searchsorted(rows, np.arange(batch + 1))
        kept = packed[np.arange(rows.size) - first[rows] < most]
        offsets = np.zeros(batch + 1, np.int64)
        np.cumsum(np.minimum(np.diff(first), most), out=offsets[1:])
        numbers = _NUMBER - (kept & _NUMBER)
        scores = _SCORE - ((kept >> np.uint64(31)) & _SCORE)
        return Found(offsets, numbers.astype(np.int64), scores.astype(np.float32))

    def _nearness(self, here: NDArray[np.uint16], there: NDArray[np.uint16]) -> NDArray[np.float64]:
        """What a candidate counts by its district: fully in the same or a neighbouring one, or where one is unknown."""
        if len(self._regions) != self._borders_of:
            known = self._regions
            bordering_on = [
                (known[region] << 16) | known[other]
                for region in known for other in self._neighbours.get(region, ()) if other in known
            ]
            self._borders = np.array(sorted(bordering_on), np.uint32)
            self._cities = np.array([0, *(city_salt(region) for region in known)], np.int64)
            self._borders_of = len(known)
        factor = np.ones(here.size)
        apart = np.flatnonzero((here != there) & (here != 0) & (there != 0))
        if apart.size:
            one, other = here[apart], there[apart]
            same_city = self._cities[one] == self._cities[other]
            factor[apart] = np.where(same_city, _ELSEWHERE, _ABROAD)
            pairs = (one.astype(np.uint32) << np.uint32(16)) | other
            at = np.searchsorted(self._borders, pairs)
            bordering = np.zeros(apart.size, bool)
            inside = at < self._borders.size
            bordering[inside] = self._borders[at[inside]] == pairs[inside]
            factor[apart[bordering]] = 1.0
        return factor

    def nbytes(self) -> dict[str, int]:
        """Bytes by part."""
        return {"postings": self.postings.nbytes(), "counts": self.counts.counts.nbytes}

    def save(self, folder: Path) -> None:
        """Write into a folder."""
        self.postings.save(folder, "feature")
        self.counts.save(folder)
        state = {"size": self.size, "live": self.live, "regions": self._regions}
        (folder / "index.json").write_text(json.dumps(state))

    @classmethod
    def open(cls, folder: Path, neighbours: Mapping[str, Sequence[str]] | None = None) -> Index:
        """Map what `save` wrote."""
        index = cls(neighbours)
        index.postings = Postings.open(folder, "feature")
        index.counts = GramCounts.open(folder)
        state = json.loads((folder / "index.json").read_text())
        index.size, index.live, index._regions = state["size"], state["live"], state["regions"]
        return index


def _weights(counts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """What sharing a key says: the cube of its rarity, on a scale whose sum over a complaint's keys fits 24 bits."""
    # among the first few complaints nothing is known to be rare or common: they count as if in a hundred
    size += 100
    rare = np.log((size + 1.0) / (counts + 1.0)) / np.log(size + 2.0)
    says: NDArray[np.float64] = 40_000.0 * np.maximum(rare, 0.0) ** 3 + 1.0
    return says


def _limits(rows: NDArray[np.int64], counts: NDArray[np.int64], weights: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many postings of each key are read: the newest of each, the rarest keys first, until the bound is met."""
    order = (rows.astype(np.uint64) << _ROW) | ((_SCORE - weights) << _ITEM)
    order |= np.arange(rows.size, dtype=np.uint64)
    order.sort()
    order = (order & _SCORE).astype(np.int64)
    limits = np.minimum(counts, NEWEST)
    ordered = limits[order]
    before = np.cumsum(ordered) - ordered
    first = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1]))) if rows.size else rows
    spent = before - np.repeat(before[first], np.diff(np.append(first, rows.size)))
    limits[order] = np.clip(READ - spent, 0, ordered)
    return limits



"""Candidate search: the earlier complaints that could be one matter with a new one, at a bounded cost.

Four channels of rare features, looked up in posting lists (classifiers.postings):

text      the rarest 3-grams of the text
name      the rarest 2- and 3-grams inside names of places and businesses
nation    the few rarest of the names again, not salted: a border or an unknown region does not part one matter
identity  reporter, respondent, receipt numbers (own and cited) and keyed identity tokens, not salted

Text and name keys are salted with the city, so cities never meet; a complaint from a district that borders on another
city asks there too and takes only what lies in the neighbouring districts. Cases closed long ago stay in. Of each key
the newest few hundred postings are read, the rarest keys first, and at most a fixed number in all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from classifiers.columns import Column
from classifiers.grams import Grams, read_grams
from classifiers.normalize import identity_tokens
from classifiers.postings import KEY_BITS, Postings
from classifiers.rarity import GramCounts
from classifiers.reading import Complaint, Reading

TEXT, NAME, NATION, IDENTITY = range(4)
TEXT_KEYS, NAME_KEYS, NATION_KEYS = 24, 16, 4
NEWEST = 256  # postings of one key
READ = 1536  # postings of one complaint
BATCH = 512
_WEIGHTS = np.array([1.0, 1.6, 0.6, 3.0])
_ELSEWHERE = 0.7  # what a candidate of another, not neighbouring district of the city counts
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Features:
    """What a batch of complaints is found by.

    `rows`, `keys`, `channels` are parallel and `rows` ascend; `text` and `names` hold every gram, for counting;
    `regions` are numbers of `Index.region`.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.uint32]
    channels: NDArray[np.uint8]
    text: Grams
    names: Grams
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
        self._neighbours = {region: tuple(others) for region, others in (neighbours or {}).items()}

    def region(self, code: str | None) -> int:
        """The number of a region; 0 is unknown."""
        if not code:
            return 0
        return self._regions.setdefault(code, len(self._regions) + 1)

    def features(self, complaints: Sequence[Complaint], readings: Sequence[Reading] | None) -> Features:
        """Read at most 512 complaints; nothing is counted yet."""
        text, names = read_grams(complaints, readings)
        cities = np.array([_city(complaint.region) for complaint in complaints], np.uint64)
        some_text = text.rarest(self.counts.of(text.hashes), TEXT_KEYS)
        some_names = names.rarest(self.counts.of(names.hashes), NAME_KEYS)
        national = names.rarest(self.counts.of(names.hashes), NATION_KEYS)
        identity_rows, identity = _identities(complaints, readings)
        parts = [
            (some_text.rows, _salted(some_text.hashes, cities[some_text.rows], TEXT)),
            (some_names.rows, _salted(some_names.hashes, cities[some_names.rows], NAME)),
            (national.rows, _salted(national.hashes, np.zeros(1, np.uint64), NATION)),
            (identity_rows, _salted(identity, np.zeros(1, np.uint64), IDENTITY)),
        ]
        rows = np.concatenate([part[0] for part in parts]).astype(np.int64)
        keys = np.concatenate([part[1] for part in parts])
        channels = np.repeat(np.arange(4, dtype=np.uint8), [part[0].size for part in parts])
        order = np.argsort(rows, kind="stable")
        regions = np.array([self.region(complaint.region) for complaint in complaints], np.uint16)
        return Features(rows[order], keys[order], channels[order], text, names, regions)

    def add(self, features: Features) -> int:
        """Add a batch; the number of its first item."""
        first, size = self.size, features.regions.size
        self.postings.add(features.keys, (features.rows + first).astype(np.uint32))
        rows = np.concatenate((features.text.rows, features.names.rows))
        order = np.argsort(rows, kind="stable")
        grams = np.concatenate((features.text.hashes, features.names.hashes))[order]
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

    def search(self, features: Features, most: int, regions: Column) -> Found:
        """The `most` best candidates of each complaint; `regions` are those of all items."""
        batch = features.regions.size
        hits = self.postings.find(features.keys)
        weights = _weights(hits.counts, self.live) * _WEIGHTS[features.channels]
        limits = _limits(features.rows, hits.counts)
        which, items = hits.newest(limits)
        packed = (features.rows[which].astype(np.uint64) << np.uint64(55)) | (items.astype(np.uint64) << np.uint64(24))
        packed |= weights[which].astype(np.uint64)
        packed.sort()
        pairs = packed >> np.uint64(24)
        if not pairs.size:
            return Found(np.zeros(batch + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        scores = np.add.reduceat((packed & np.uint64(0xFFFFFF)).astype(np.float64), starts)
        rows = (pairs[starts] >> np.uint64(31)).astype(np.int64)
        items = (pairs[starts] & np.uint64(0x7FFFFFFF)).astype(np.int64)
        here, there = features.regions[rows], regions[items]
        scores *= np.where((here == there) | (here == 0) | (there == 0), 1.0, _ELSEWHERE)
        order = np.lexsort((-items, -scores, rows))
        rank = np.arange(rows.size) - np.searchsorted(rows, rows)
        order = order[rank < most]
        offsets = np.searchsorted(rows[order], np.arange(batch + 1))
        return Found(offsets, items[order], scores[order].astype(np.float32))

    def nbytes(self) -> dict[str, int]:
        """Bytes by part."""
        return {"postings": self.postings.nbytes(), "counts": self.counts.counts.nbytes}

    def save(self, folder: Path) -> None:
        """Write into a folder."""
        self.postings.save(folder, "feature")
        np.save(folder / "counts.npy", self.counts.counts, allow_pickle=False)
        state = {"size": self.size, "live": self.live, "regions": self._regions}
        (folder / "index.json").write_text(json.dumps(state))

    @classmethod
    def open(cls, folder: Path, neighbours: Mapping[str, Sequence[str]] | None = None) -> Index:
        """Map what `save` wrote."""
        index = cls(neighbours)
        index.postings = Postings.open(folder, "feature")
        index.counts = GramCounts(np.load(folder / "counts.npy", mmap_mode="c", allow_pickle=False))
        state = json.loads((folder / "index.json").read_text())
        index.size, index.live, index._regions = state["size"], state["live"], state["regions"]
        return index


def _weights(counts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """What sharing a key says: the cube of its rarity, on a scale whose sum over a complaint's keys fits 24 bits."""
    rare = np.log((size + 1.0) / (counts + 1.0)) / np.log(size + 2.0)
    return 40_000.0 * np.maximum(rare, 0.0) ** 3 + 1.0


def _limits(rows: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many postings of each key are read: the newest of each, the rarest keys first, until the bound is met."""
    limits = np.minimum(counts, NEWEST)
    order = np.lexsort((counts, rows))
    ordered = limits[order]
    total = np.cumsum(ordered)
    starts = np.searchsorted(rows, rows)
    before = total - ordered
    spent = before - before[starts]
    limits[order] = np.clip(READ - spent, 0, ordered)
    return limits


def _city(region: str | None) -> int:
    return crc32(region[:4].encode()) if region else 0


def _salted(grams: NDArray[np.uint32], salts: NDArray[np.uint64], channel: int) -> NDArray[np.uint32]:
    """Keys of the posting lists: a gram of one city and channel never meets that of another, but by chance."""
    mixed = (grams.astype(np.uint64) << np.uint64(32)) ^ (salts * _MIX) ^ np.uint64(channel * 0x9E3779B1)
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    return (mixed >> np.uint64(64 - KEY_BITS)).astype(np.uint32)


def _identities(
    complaints: Sequence[Complaint], readings: Sequence[Reading] | None
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    rows: list[int] = []
    hashes: list[int] = []
    for row, complaint in enumerate(complaints):
        reading = readings[row] if readings else None
        cited = complaint.cited_receipts + (reading.cited_receipts if reading else ())
        respondent = complaint.respondent or (reading.respondent if reading else None)
        found = {f"receipt:{receipt}" for receipt in (*cited, complaint.receipt_no) if receipt}
        if complaint.reporter:
            found.add(f"reporter:{complaint.reporter}")
        if respondent:
            found.add(f"respondent:{respondent}")
        found |= {f"token:{kind}:{key}" for kind, key, _ in identity_tokens(complaint.full_text)}
        rows += [row] * len(found)
        hashes += [crc32(value.encode()) for value in sorted(found)]
    return np.array(rows, np.uint32), np.array(hashes, np.uint32)

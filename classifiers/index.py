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
# the share of a complaint's grams that is posted, at least and at most so many; text, name, nation
SHARE = (0.125, 0.5, 0.0)
LEAST = (10, 18, 3)
MOST = (48, 48, 3)
# asked for: nearly everything, for a question costs little and needs no memory
ASKED = (192, 96, 6)
NEWEST = 256  # postings of one key
READ = 768  # postings of one complaint
BATCH = 512
_WEIGHTS = np.array([1.0, 1.6, 0.6, 3.0])
_ELSEWHERE = 0.7  # what a candidate of another, not neighbouring district of the city counts
# a posting to sort: complaint of the batch (9 bits), item (31), weight or score (24)
_ROW, _ITEM = np.uint64(55), np.uint64(24)
_NUMBER, _SCORE = np.uint64((1 << 31) - 1), np.uint64((1 << 24) - 1)
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Features:
    """What a batch of complaints is found by.

    `rows`, `keys`, `channels`, `frequency` (complaints with that gram; of identities 0) and `posted` (whether it is
    found by that key, too) are parallel and `rows` ascend; `text` and `names` hold every gram, for counting; `regions` are numbers of `Index.region`.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.uint32]
    channels: NDArray[np.uint8]
    frequency: NDArray[np.int64]
    posted: NDArray[np.bool_]
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
        size = len(complaints)
        nowhere = np.zeros(size, np.uint64)
        identity = _identities(complaints, readings)
        parts = [
            (*self._rarest(text, size, TEXT), cities, TEXT),
            (*self._rarest(names, size, NAME), cities, NAME),
            (*self._rarest(names, size, NATION), nowhere, NATION),
            (identity, np.zeros(identity.rows.size, np.uint32), np.ones(identity.rows.size, bool), nowhere, IDENTITY),
        ]
        rows = np.concatenate([grams.rows for grams, *_ in parts]).astype(np.int64)
        keys = np.concatenate([_salted(grams.hashes, salt[grams.rows], sort) for grams, _, _, salt, sort in parts])
        frequency = np.concatenate([frequency for _, frequency, *_ in parts]).astype(np.int64)
        posted = np.concatenate([posted for _, _, posted, *_ in parts])
        channels = np.repeat(np.arange(4, dtype=np.uint8), [grams.rows.size for grams, *_ in parts])
        order = np.argsort(rows, kind="stable")
        regions = np.array([self.region(complaint.region) for complaint in complaints], np.uint16)
        return Features(rows[order], keys[order], channels[order], frequency[order], posted[order], text, names, regions)

    def add(self, features: Features) -> int:
        """Add a batch; the number of its first item."""
        first, size = self.size, features.regions.size
        posted = features.posted
        self.postings.add(features.keys[posted], (features.rows[posted] + first).astype(np.uint32))
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
        # a key's own list holds only complaints that chose it; the true frequency tells a template from a name
        frequency = np.maximum(features.frequency, hits.counts)
        weights = (_weights(frequency, self.live) * _WEIGHTS[features.channels]).astype(np.uint64)
        which, items = hits.newest(_limits(features.rows, hits.counts))
        if not which.size:
            return Found(np.zeros(batch + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        packed = ((features.rows.astype(np.uint64) << _ROW) | weights)[which] | (items.astype(np.uint64) << _ITEM)
        packed.sort()
        pairs = packed >> _ITEM
        starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        scores = np.add.reduceat(packed & _SCORE, starts)
        pairs = pairs[starts]
        rows = (pairs >> (_ROW - _ITEM)).astype(np.int64)
        numbers = pairs & _NUMBER
        here, there = features.regions[rows], regions[numbers.astype(np.int64)]
        scores = np.where((here == there) | (here == 0) | (there == 0), scores, scores * _ELSEWHERE).astype(np.uint64)
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

    def _rarest(
        self, grams: Grams, texts: int, channel: int
    ) -> tuple[Grams, NDArray[np.uint32], NDArray[np.bool_]]:
        """The grams one channel asks for, their frequency, and which of them it posts.

        A gram nobody has written yet is posted, but there is nothing to ask for.
        """
        quota = np.clip(grams.sizes(texts) * SHARE[channel], LEAST[channel], MOST[channel]).astype(np.int64)
        grams, frequency, rank = grams.by_rarity(self.counts.of(grams.hashes))
        posted = rank < quota[grams.rows]
        kept = posted | ((rank < ASKED[channel]) & (frequency > 0))
        return Grams(grams.rows[kept], grams.hashes[kept]), frequency[kept], posted[kept]

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
    before = total - ordered
    first = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    spent = before - np.repeat(before[first], np.diff(np.append(first, rows.size)))
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
) -> Grams:
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
    return Grams(np.array(rows, np.uint32), np.array(hashes, np.uint32))

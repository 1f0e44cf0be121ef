"""Which complaint of a batch meets which earlier one: the history's candidates, the bound ones, neighbours in the batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classifiers import profile as pf
from classifiers.aliases import Aliases
from classifiers.reading import Complaint, Reading

CANDIDATES = 16
NEIGHBOURS = 8  # candidates from the same batch, beside those of the history
_STRONG = 32  # rarest features of a complaint that find its neighbours
_LEAST, _ALWAYS = 0.05, 3  # of what shares less than this part of all its rarest features say only so many are looked at
_NEWEST = 64  # earlier ones of the batch looked at by one feature
_IDENTITY, _CITED = 30.0, 60.0  # what sharing a reporter or a receipt, a token or a cited number, counts beside rarities
_TOKEN = np.uint64(0x9E3779B97F4A7C15)


class Stored(Protocol):
    """An earlier complaint as the history gives it back."""

    @property
    def id(self) -> str: ...
    @property
    def case(self) -> str: ...
    @property
    def profile(self) -> bytes:
        """`Reading.profile` as it was added."""


class History(Protocol):
    """What `decide` needs of the earlier complaints; `classifiers.history.History` is one."""

    rarity: pf.Rarity

    @property
    def aliases(self) -> Aliases: ...
    def member_records(self, case: str, most: int) -> pf.Records:
        """Packed records of the newest complaints of a case."""
    def add(self, complaint: Complaint, reading: Reading, case: str) -> None: ...
    def add_many(self, complaints: Sequence[Complaint], readings: Sequence[Reading], cases: Sequence[str]) -> None: ...
    def earlier(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading], k: int
    ) -> tuple[npt.NDArray[np.intp], Sequence[Stored], pf.Records]:
        """Up to k stored complaints for each that could be one matter with it: how many, which, and their records."""
    def constrained(self, id: str) -> bool:
        """Whether a person said anything of this complaint."""
    def bound(self, id: str) -> Iterable[str]:
        """Ids of stored complaints that must be with `id`."""
    def forbidden(self, id: str, case: str) -> bool:
        """Whether a cannot-link keeps `id` out of `case`: with any member counts."""
    def closed(self, case: str) -> bool: ...
    def get(self, id: str) -> Stored | None: ...
    def records(self, items: Sequence[Stored]) -> pf.Records:
        """Packed records of what `candidates` and `get` gave back."""


@dataclass(frozen=True, slots=True)
class Meetings:
    """Pairs of a batch; `here` ascends. `origin` is a place in `stored`, or -1 - i for complaint i of the batch."""

    here: npt.NDArray[np.intp]
    origin: npt.NDArray[np.intp]
    stored: Sequence[Stored]
    bound: Sequence[Stored]
    records: pf.Records

    def __len__(self) -> int:
        return len(self.here)

    def earlier(self, at: int) -> Stored | int:
        """The earlier complaint of a pair: a stored one, or the number of one of the batch."""
        origin = int(self.origin[at])
        if origin < 0:
            return -1 - origin
        return self.stored[origin] if origin < len(self.stored) else self.bound[origin - len(self.stored)]

    def id_of(self, at: int, batch: Sequence[Complaint]) -> str:
        """Id of the earlier complaint."""
        item = self.earlier(at)
        return batch[item].id if isinstance(item, int) else item.id


def pair_up(
    complaints: Sequence[Complaint], readings: Sequence[Reading], own: pf.Records, history: History, distant: int = _ALWAYS
) -> Meetings:
    """The history's candidates, the bound ones, and neighbours within the batch, for every complaint.

    `distant`: how many neighbours are met even where they share little; whoever learns wants them all, as examples.
    """
    counts, stored, records = history.earlier(complaints, readings, CANDIDATES)
    found = np.repeat(np.arange(len(complaints)), counts)
    bound, binds = _bound(complaints, found, stored, history)
    near, mates = neighbours(own, history.rarity, distant)
    here = np.concatenate([found, binds, near])
    origin = np.concatenate([np.arange(len(found) + len(bound)), -1 - mates])
    order = np.argsort(here, kind="stable")
    every = np.concatenate([records, history.records(bound), own[mates]]) if len(bound) else np.concatenate([records, own[mates]])
    return Meetings(here[order], origin[order], stored, bound, every[order])


def _bound(
    complaints: Sequence[Complaint], found: npt.NDArray[np.intp], stored: Sequence[Stored], history: History
) -> tuple[list[Stored], npt.NDArray[np.intp]]:
    """Stored complaints that must be with one of the batch and were not found, and with which."""
    items: list[Stored] = []
    rows: list[int] = []
    for i, complaint in enumerate(complaints):
        if history.constrained(complaint.id):
            met = {stored[at].id for at in np.flatnonzero(found == i).tolist()}
            more = [item for item in map(history.get, history.bound(complaint.id)) if item is not None and item.id not in met]
            items += more
            rows += [i] * len(more)
    return items, np.array(rows, np.intp)


def neighbours(
    own: pf.Records, rarity: pf.Rarity, distant: int = _ALWAYS
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of a record and an earlier one of the same batch that shares its rarest features; the best first of each."""
    size = len(own)
    rows, keys, weights = _features(own, rarity)
    # equal keys side by side, in order of arrival: those of the row before, two before … are the earlier sharers
    order = np.lexsort((rows, keys))
    sorted_keys, sorted_rows = keys[order], rows[order]
    later, earlier = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
    for lag in range(1, min(_NEWEST, size - 1) + 1):
        at = np.flatnonzero(sorted_keys[lag:] == sorted_keys[:-lag]) + lag
        if not at.size:
            break
        later.append(order[at])
        earlier.append(sorted_rows[at - lag])
    places, others = np.concatenate(later), np.concatenate(earlier)
    if not places.size:
        return places, others.astype(np.intp)
    # weights add up in the order of a complaint's own features, whatever the order they were found in
    turn = np.argsort(places, kind="stable")
    pairs, pair = np.unique(rows[places[turn]] * size + others[turn], return_inverse=True)
    scores = np.bincount(pair, weights[places[turn]])
    best = np.lexsort((pairs % size, -scores, pairs // size))
    here, there = pairs[best] // size, pairs[best] % size
    rank = np.arange(len(here)) - np.searchsorted(here, here)
    little = scores[best] < _LEAST * np.bincount(rows, weights, size)[here]
    kept = rank < np.where(little, distant, NEIGHBOURS)
    return here[kept], there[kept]


def _features(
    own: pf.Records, rarity: pf.Rarity
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
    """Row, key and weight of the features that find neighbours, row by row; a key stands once a row."""
    words = np.concatenate([own["words"][:, :24], own["grams"], own["names"]], axis=1)
    rare = rarity.idf(words)
    strong = np.argsort(-rare, axis=1, kind="stable")[:, :_STRONG]
    keys = [np.take_along_axis(words, strong, axis=1).astype(np.uint64)]
    weights = [np.take_along_axis(rare, strong, axis=1).astype(np.float64) ** 2]
    identities = (
        (own["reporter"][:, None].view(np.uint64), _IDENTITY), (own["receipt"][:, None].view(np.uint64), _IDENTITY),
        (np.ascontiguousarray(own["cites"]).view(np.uint64), _CITED), (own["tokens"].astype(np.uint64) * _TOKEN, _CITED),
    )
    for values, counts in identities:
        keys.append(values)
        weights.append(np.full(values.shape, counts**2))
    key = np.concatenate(keys, axis=1)
    rows = np.repeat(np.arange(len(own)), key.shape[1])
    flat, weight = key.ravel(), np.concatenate(weights, axis=1).ravel()
    # of a key that stands twice in a row (a complaint citing its own number) the first stays
    order = np.lexsort((np.arange(flat.size), flat, rows))
    first = np.ones(flat.size, bool)
    first[order[1:]] = (flat[order[1:]] != flat[order[:-1]]) | (rows[order[1:]] != rows[order[:-1]])
    kept = np.flatnonzero(first & (flat != 0))
    return rows[kept], flat[kept], weight[kept]

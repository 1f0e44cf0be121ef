"""A small exact history in memory: for tests, training and files of some ten thousand lines.

It answers as `classifiers.history.History` does, without its bounds: every posting of every feature is read. What
is forgotten leaves no trace, which the tests of undo hold against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers import profile as pf
from classifiers.aliases import Mentioned
from classifiers.learning import Learning
from classifiers.reading import Complaint, Reading

_FIELDS = ("words", "grams", "sounds", "names")
_KEYS = 60  # rarest features asked of one complaint
_POSTINGS = 512  # newest complaints read of one feature
_IDENTITY = 200.0  # a shared reporter, token or cited number outweighs any text


@dataclass(slots=True)
class Item:
    """A stored complaint."""

    id: str
    case: str
    profile: bytes
    order: int


class RecentHistory(Learning):
    """Complaints by feature, cases, constraints."""

    def __init__(self) -> None:
        super().__init__()
        self.rarity = pf.Rarity()
        self._items: dict[str, Item] = {}
        self._postings: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._members: dict[str, set[str]] = defaultdict(set)
        self._closed: set[str] = set()
        self._next = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, complaint: Complaint, reading: Reading, case: str) -> None:
        """Store a complaint; the same id again replaces it."""
        if complaint.id in self._items:
            self.forget([complaint.id])
        record, texts = pf.unpack(reading.profile)
        mates = self._mates(case)
        self._items[complaint.id] = Item(complaint.id, case, reading.profile, self._next)
        self._next += 1
        self._members[case].add(complaint.id)
        self.learn_names(complaint.id, Mentioned.of(record, texts), mates)
        for key in _keys(record):
            self._postings[key].append(complaint.id)
        self.rarity.count(record, 1)

    def add_many(self, complaints: Sequence[Complaint], readings: Sequence[Reading], cases: Sequence[str]) -> None:
        """Store many complaints, the oldest first."""
        for complaint, reading, case in zip(complaints, readings, cases, strict=True):
            self.add(complaint, reading, case)

    def forget(self, ids: Iterable[str]) -> None:
        """Remove complaints; constraints stay, they are people's decisions."""
        for id in ids:
            item = self._items.pop(id, None)
            if item is None:
                continue
            record, texts = pf.unpack(item.profile)
            self.aliases.part(id)
            self.aliases.forget(Mentioned.of(record, texts))
            for key in _keys(record):
                self._postings[key].remove(id)
                if not self._postings[key]:
                    del self._postings[key]
            self._leave(item)
            self.rarity.count(record, -1)

    def move(self, id: str, case: str) -> None:
        """Put a stored complaint into another case."""
        item = self._items[id]
        self._leave(item)
        self.aliases.part(id)
        mates = self._mates(case)
        item.case = case
        self._members[case].add(id)
        self.meet_mates(id, Mentioned.of(*pf.unpack(item.profile)), mates)

    def _mates(self, case: str) -> list[str]:
        return sorted(self._members.get(case, ()), key=lambda id: self._items[id].order)

    def mentioned(self, id: str) -> Mentioned | None:
        """How a stored complaint names the one complained of; None where it is not stored."""
        item = self._items.get(id)
        return None if item is None else Mentioned.of(*pf.unpack(item.profile))

    def member_records(self, case: str, most: int) -> pf.Records:
        """Packed records of the newest complaints of a case."""
        return self.records([self._items[id] for id in self._mates(case)[-most:]])

    def _leave(self, item: Item) -> None:
        self._members[item.case].discard(item.id)
        if not self._members[item.case]:
            del self._members[item.case]

    def close(self, case: str) -> None:
        """The case is closed out; what comes now is a recurrence."""
        self._closed.add(case)

    def reopen(self, case: str) -> None:
        """The case is open again."""
        self._closed.discard(case)

    def closed(self, case: str) -> bool:
        """Whether a case is closed out."""
        return case in self._closed

    def case_of(self, id: str) -> str | None:
        """The case of a complaint, None where it is not stored."""
        item = self._items.get(id)
        return item.case if item else None

    def get(self, id: str) -> Item | None:
        """A stored complaint."""
        return self._items.get(id)

    def records(self, items: Sequence[Any]) -> pf.Records:
        """Packed records of items."""
        size = pf.DTYPE.itemsize
        return np.frombuffer(b"".join(item.profile[:size] for item in items), pf.DTYPE)

    def candidates(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading], k: int
    ) -> list[list[tuple[Item, float]]]:
        """For each complaint the k stored ones that share most of its rarest features, best first."""
        found: list[list[tuple[Item, float]]] = []
        for complaint, reading in zip(complaints, readings, strict=True):
            record, _ = pf.unpack(reading.profile)
            scores: dict[str, float] = defaultdict(float)
            for key, weight in self._weighted(record):
                for id in self._postings.get(key, ())[-_POSTINGS:]:
                    scores[id] += weight
            scores.pop(complaint.id, None)
            best = sorted(scores, key=lambda id: (-scores[id], self._items[id].order))[:k]
            found.append([(self._items[id], scores[id]) for id in best])
        return found

    def earlier(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading], k: int
    ) -> tuple[np.ndarray[Any, np.dtype[np.intp]], Sequence[Item], pf.Records]:
        """The same one after the other: how many of each complaint, which, and their records."""
        found = self.candidates(complaints, readings, k)
        items = [item for each in found for item, _ in each]
        return np.array([len(each) for each in found], np.intp), items, self.records(items)

    def _weighted(self, record: np.void) -> list[tuple[tuple[str, int], float]]:
        keys = np.unique(np.concatenate([record[field] for field in _FIELDS]))
        keys = keys[keys > 0]
        weights = self.rarity.idf(keys)
        order = np.argsort(-weights, kind="stable")[:_KEYS]
        text = [(("x", key), weight * weight) for key, weight in zip(keys[order].tolist(), weights[order].tolist(), strict=True)]
        return text + [(key, _IDENTITY) for key in _keys(record) if key[0] != "x"] + [
            (("receipt", int(cite)), _IDENTITY) for cite in record["cites"] if cite
        ]

    def state(self) -> object:
        """Everything it holds, comparable; for tests of undo."""
        return (
            {id: (item.case, item.profile) for id, item in self._items.items()},
            {key: tuple(ids) for key, ids in self._postings.items()},
            {case: frozenset(ids) for case, ids in self._members.items()},
            self.rarity.documents, self.rarity.digest(), sorted(map(str, self.aliases.state()["names"])), self.aliases.state()["votes"],
        )


def _keys(record: np.void) -> list[tuple[str, int]]:
    text = {int(key) for field in _FIELDS for key in record[field] if key}
    found = [("x", key) for key in sorted(text)]
    found += [("token", int(token)) for token in record["tokens"] if token]
    found += [("cite", int(cite)) for cite in record["cites"] if cite]
    found.append(("receipt", int(record["receipt"])))
    if record["reporter"]:
        found.append(("reporter", int(record["reporter"])))
    return found

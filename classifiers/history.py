"""Every earlier complaint of a shard as triage needs it: candidates, profiles, cases, people's constraints.

Rows are numpy columns (16 bytes an identifier), so a million complaints need no million Python objects. It is a cache
of rows in PostgreSQL: `save` writes it, with notes that say up to where it has read, `open` maps it, and the service adds
what came after. Not for use by several threads at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import generations
from classifiers import profile as pf
from classifiers.aliases import Aliases, Mentioned
from classifiers.columns import Column, Names
from classifiers.index import BATCH, Features, Found, Index
from classifiers.learning import MEMBERS, Learning, names_somebody
from classifiers.reading import Complaint, Reading

FORMAT = 3
_COLUMNS: dict[str, Any] = {"case": "i4", "next": "i4", "region": "u2", "profile": pf.DTYPE, "noted": "i8", "notes": "u1"}
_CASE_COLUMNS: dict[str, Any] = {"head": "i4", "closed": "u1"}
_SPILLED = ("profile", "notes")


@dataclass(slots=True)
class Stored:
    """An earlier complaint, read from the history when asked; valid until something is forgotten."""

    history: History
    item: int

    @property
    def id(self) -> str:
        """Its id."""
        return self.history.ids.name(self.item)

    @property
    def case(self) -> str:
        """The case it is in now."""
        return self.history.case_at(self.item)

    @property
    def profile(self) -> bytes:
        """`Reading.profile` as it was added."""
        return self.history.profile_at(self.item)


@dataclass(frozen=True, slots=True)
class _Many(Sequence[Stored]):
    """Earlier complaints by number; each becomes an object when it is looked at."""

    history: History
    items: NDArray[np.int64]

    def __len__(self) -> int:
        return self.items.size

    def __getitem__(self, at: Any) -> Any:
        return Stored(self.history, int(self.items[at]))


class History(Learning):
    """Complaints with their cases, to be searched; see the module's docstring.

    `neighbours` maps a district code to those of the districts it borders on. `spill` is a folder for the profiles
    (some 800 bytes a complaint), which are then mapped and not held.
    """

    def __init__(self, neighbours: Mapping[str, Sequence[str]] | None = None, spill: Path | None = None) -> None:
        super().__init__()
        self.rarity = pf.Rarity()
        self.notes: dict[str, Any] = {}
        self.ids = Names()
        self.cases = Names()
        self.index = Index(neighbours)
        self._rows = {
            name: Column(dtype, spill=spill if name in _SPILLED else None) for name, dtype in _COLUMNS.items()
        }
        self._case_rows = {name: Column(dtype) for name, dtype in _CASE_COLUMNS.items()}
        self._staged: list[tuple[Complaint, Reading]] = []
        self._read: tuple[list[Complaint], Features] | None = None

    def __len__(self) -> int:
        return self.index.live + len(self._staged)

    def __contains__(self, id: str) -> bool:
        return self.ids.number(id) >= 0

    # complaints

    def add(self, complaint: Complaint, reading: Reading, case: str) -> None:
        """Store a complaint in a case, opening the case if it is new; the same id again replaces the complaint."""
        if complaint.id in self:
            self.forget([complaint.id])
        self._add_batch([complaint], [reading], [case])

    def add_many(self, complaints: Sequence[Complaint], readings: Sequence[Reading], cases: Sequence[str]) -> None:
        """Store many complaints, the oldest first; the same as one by one."""
        for start in range(0, len(complaints), BATCH):
            stop = start + BATCH
            self._add_batch(complaints[start:stop], readings[start:stop], cases[start:stop])

    def _add_batch(self, complaints: Sequence[Complaint], readings: Sequence[Reading], cases: Sequence[str]) -> None:
        ids = [complaint.id for complaint in complaints]
        if len(set(ids)) < len(ids) or (self.ids.find(ids) >= 0).any():
            for complaint, reading, case in zip(complaints, readings, cases, strict=True):
                self.add(complaint, reading, case)
            return
        if len(self._staged) + len(ids) > BATCH:
            self._settle()
        rows, size, first = self._rows, pf.DTYPE.itemsize, self.rows()
        items = np.arange(first, first + len(ids), dtype=np.int32)
        rows["case"].append(np.full(len(ids), -1, np.int32))
        rows["next"].append(items)
        rows["region"].append(np.array([self.index.region(complaint.region) for complaint in complaints], np.uint16))
        records = np.frombuffer(b"".join([r.profile[:size].ljust(size, b"\0") for r in readings]), pf.DTYPE)
        rows["profile"].append(records)
        notes = [reading.profile[size:] for reading in readings]
        noted = rows["notes"].size + np.cumsum([len(note) for note in notes])
        rows["notes"].append(np.frombuffer(b"".join(notes), np.uint8))
        rows["noted"].append(noted.astype(np.int64))
        self.ids.push_many(ids)
        naming = names_somebody(records).tolist()
        self._open(cases)
        for at, (item, case) in enumerate(zip(items.tolist(), cases, strict=True)):
            mates = self._enter(item, case)
            if naming[at] or mates:
                self.learn_names(ids[at], Mentioned.of(records[at], pf.texts(notes[at])), mates)
        self._staged += zip(complaints, readings, strict=True)
        if len(self._staged) == BATCH:
            self._settle()

    def forget(self, ids: Iterable[str]) -> None:
        """Remove complaints as if they had never been added; unknown ids are passed over.

        Constraints stay: they are people's decisions. Cheap for the newest; one pass over the lists for older ones,
        whose grams' frequencies stay counted (a number that names nobody) once 8,192 complaints have followed.
        """
        self._settle()
        found = self.ids.find(list(ids))
        items = np.unique(found[found >= 0])
        if not items.size:
            return
        self.rarity.count_all(self._rows["profile"][items], -1)
        for item in items.tolist():
            id = self.ids.name(item)
            self.aliases.part(id)
            if (mentioned := self.mentioned(id)) is not None:
                self.aliases.forget(mentioned)
            self._leave(item)
        self.index.forget(items)
        self.ids.forget(items)
        self._trim()

    def get(self, id: str) -> Stored | None:
        """A stored complaint."""
        item = self.ids.number(id)
        return None if item < 0 else Stored(self, item)

    def candidates(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading] | None, k: int
    ) -> list[list[tuple[Stored, float]]]:
        """For each complaint up to k earlier ones, the best first, with their scores; closed cases included."""
        result: list[list[tuple[Stored, float]]] = []
        for start in range(0, len(complaints), BATCH):
            part = complaints[start : start + BATCH]
            found = self.search(part, readings[start : start + BATCH] if readings else None, k + 1)
            items, scores, offsets = found.items.tolist(), found.scores.tolist(), found.offsets.tolist()
            for row, own in enumerate(self.ids.find([complaint.id for complaint in part]).tolist()):
                here = range(offsets[row], offsets[row + 1])
                result.append([(Stored(self, items[at]), scores[at]) for at in here if items[at] != own][:k])
        return result

    def earlier(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading], k: int
    ) -> tuple[NDArray[np.intp], Sequence[Stored], pf.Records]:
        """As `candidates`, one after the other: how many of each complaint, which, and their records."""
        counts: list[NDArray[np.intp]] = []
        items: list[NDArray[np.int64]] = []
        for start in range(0, len(complaints), BATCH):
            part = complaints[start : start + BATCH]
            found = self.search(part, readings[start : start + BATCH], k + 1)
            rows = np.repeat(np.arange(len(part)), np.diff(found.offsets))
            own = self.ids.find([complaint.id for complaint in part])
            others = np.flatnonzero(found.items != own[rows])
            rows = rows[others]
            kept = np.arange(rows.size) - np.searchsorted(rows, rows) < k
            counts.append(np.bincount(rows[kept], minlength=len(part)))
            items.append(found.items[others[kept]])
        found_items = np.concatenate(items)
        return np.concatenate(counts), _Many(self, found_items), self.profiles(found_items)

    def search(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading] | None, k: int, together: bool = False
    ) -> Found:
        """The same for at most 512 complaints, as arrays of item numbers; a stored complaint finds itself.

        With `together`, each also finds the earlier ones of the batch: number `rows() + i` is complaint i of it, which
        is the number it gets if exactly these are added next, in this order.
        """
        self._settle()
        features = self.index.features(complaints, readings, together)
        self._read = (list(complaints), features)
        return self.index.search(features, k, self._rows["region"], together)

    def rows(self) -> int:
        """The number the next complaint gets."""
        return self._rows["case"].size

    def profiles(self, items: NDArray[np.int64]) -> pf.Records:
        """Packed records of many items."""
        return self._rows["profile"][items]

    def records(self, items: Sequence[Any]) -> pf.Records:
        """Packed records of what `candidates` and `get` gave back."""
        return self.profiles(np.fromiter((stored.item for stored in items), np.int64, len(items)))

    def profile_at(self, item: int) -> bytes:
        """`Reading.profile` of one item as it was added."""
        start = int(self._rows["noted"].get(item - 1)) if item else 0
        stop = int(self._rows["noted"].get(item))
        record: bytes = self._rows["profile"].get(item).tobytes()
        return record + self._rows["notes"].run(start, stop).tobytes()

    # cases

    def case_at(self, item: int) -> str:
        """The case of an item."""
        return self.cases.name(int(self._rows["case"].get(item)))

    def mentioned(self, id: str) -> Mentioned | None:
        """How a stored complaint names the one complained of; None where it is not stored."""
        item = self.ids.number(id)
        return None if item < 0 else Mentioned.of(*pf.unpack(self.profile_at(item)))

    def member_records(self, case: str, most: int) -> pf.Records:
        """Packed records of the newest complaints of a case."""
        number = self.cases.number(case)
        head = int(self._case_rows["head"].get(number)) if number >= 0 else -1
        items = [] if head < 0 else [*self._newest(head, most - 1), head]
        return self.profiles(np.array(items, np.int64))

    def case_of(self, id: str) -> str | None:
        """The case of a complaint, None where it is not stored."""
        item = self.ids.number(id)
        return None if item < 0 else self.case_at(item)

    def members(self, case: str) -> list[str]:
        """Ids of the complaints of a case in order of arrival."""
        number = self.cases.number(case)
        first = int(self._case_rows["head"].get(number)) if number >= 0 else -1
        items: list[int] = []
        item = first
        while item >= 0:
            items.append(item)
            item = int(self._rows["next"].get(item))
            if item == first:
                break
        return [self.ids.name(item) for item in sorted(items)]

    def move(self, id: str, case: str) -> None:
        """Put a stored complaint into another case. KeyError where it is not stored."""
        item = self.ids.number(id)
        if item < 0:
            raise KeyError(id)
        self._leave(item)
        self.aliases.part(id)
        self._open([case])
        mates, mentioned = self._enter(item, case), self.mentioned(id)
        if mentioned is not None:
            self.meet_mates(id, mentioned, mates)

    def close(self, case: str) -> None:
        """The case is closed out; what comes now is a recurrence."""
        self._case_rows["closed"].set(self._case(case), 1)

    def reopen(self, case: str) -> None:
        """The case is open again."""
        self._case_rows["closed"].set(self._case(case), 0)

    def closed(self, case: str) -> bool:
        """Whether a case is closed out."""
        number = self.cases.number(case)
        return number >= 0 and bool(self._case_rows["closed"].get(number))

    # files

    def save(self, path: Path) -> None:
        """Write everything into a folder; a reader sees the old state or the new one, never a mixture."""
        self._settle()
        about = {"format": FORMAT, "profile": pf.VERSION, "size": len(self), "notes": self.notes}
        generations.write(path, self._write, about)

    def _write(self, folder: Path) -> None:
        for prefix, columns in (("row", self._rows), ("case", self._case_rows)):
            for name, column in columns.items():
                column.save(folder / f"{prefix}-{name}.npy")
        self.ids.save(folder, "id")
        self.cases.save(folder, "case-id")
        self.index.save(folder)
        self.rarity.save(folder / "rarity.npy")
        (folder / "constraints.json").write_text(json.dumps(self.constraints(), ensure_ascii=False))
        (folder / "aliases.json").write_text(json.dumps(self.aliases.state(), ensure_ascii=False))

    @classmethod
    def open(cls, path: Path, neighbours: Mapping[str, Sequence[str]] | None = None) -> History:
        """Map a saved history.

        FileNotFoundError where there is none, generations.Damaged where a file is not what its checksum says, ValueError
        where it is of another format.
        """
        about = generations.about(path)
        if (about.get("format"), about.get("profile")) != (FORMAT, pf.VERSION):
            raise ValueError(f"a history of format {about.get('format')}, profile {about.get('profile')}: rebuild it")
        folder, about = generations.read(path)
        history = cls(neighbours, spill=path)
        history.notes = about["notes"]
        for prefix, columns, dtypes in (
            ("row", history._rows, _COLUMNS), ("case", history._case_rows, _CASE_COLUMNS),
        ):
            for name, dtype in dtypes.items():
                spill = path if name in _SPILLED else None
                columns[name] = Column.open(folder / f"{prefix}-{name}.npy", dtype, spill)
        history.ids = Names.open(folder, "id")
        history.cases = Names.open(folder, "case-id")
        history.index = Index.open(folder, neighbours)
        history.rarity = pf.Rarity.open(folder / "rarity.npy")
        history.aliases = Aliases.restore(json.loads((folder / "aliases.json").read_text()))
        history.constrain_all(json.loads((folder / "constraints.json").read_text()))
        return history

    def nbytes(self) -> dict[str, int]:
        """Bytes by part; profiles and notes are mapped where there is a `spill` folder."""
        self._settle()
        parts = {name: column.nbytes() for name, column in self._rows.items()}
        parts |= {f"case-{name}": column.nbytes() for name, column in self._case_rows.items()}
        return parts | {"ids": self.ids.nbytes(), "case-ids": self.cases.nbytes()} | self.index.nbytes()

    # within

    def _settle(self) -> None:
        """Let what was added join the index, as one batch."""
        if not self._staged:
            return
        complaints = [complaint for complaint, _ in self._staged]
        if self._read is not None and all(map(_same, self._read[0], complaints)) and len(self._read[0]) == len(complaints):
            features = self._read[1]
        else:
            features = self.index.features(complaints, [reading for _, reading in self._staged])
        self._staged, self._read = [], None
        first = self.index.add(features)
        self.rarity.count_all(self._rows["profile"][np.arange(first, first + len(complaints))], 1)

    def _case(self, case: str) -> int:
        self._open([case])
        return self.cases.number(case)

    def _open(self, cases: Sequence[str]) -> None:
        """Number the cases that are new."""
        distinct = list(dict.fromkeys(cases))
        if new := [distinct[at] for at in np.flatnonzero(self.cases.find(distinct) < 0).tolist()]:
            self.cases.push_many(new)
            self._case_rows["head"].append(np.full(len(new), -1, np.int32))
            self._case_rows["closed"].append(np.zeros(len(new), np.uint8))

    def _enter(self, item: int, case: str) -> list[str]:
        """Put an item into a case that has a number; the ids of up to four of its members before, the newest last."""
        number, following = self.cases.number(case), self._rows["next"]
        head = int(self._case_rows["head"].get(number))
        if head < 0:
            self._case_rows["head"].set(number, item)
            following.set(item, item)
        else:
            following.set(item, following.get(head))
            following.set(head, item)
        self._rows["case"].set(item, number)
        return [] if head < 0 else [self.ids.name(mate) for mate in self._newest(item, MEMBERS)]

    def _newest(self, item: int, most: int) -> list[int]:
        """Up to so many other members of an item's case, those that came into it last at the end."""
        found: list[int] = []
        mate = int(self._rows["next"].get(item))
        while mate != item and len(found) < most:
            found.append(mate)
            mate = int(self._rows["next"].get(mate))
        return found[::-1]

    def _leave(self, item: int) -> None:
        number, following = int(self._rows["case"].get(item)), self._rows["next"]
        after = int(following.get(item))
        before = item
        while int(following.get(before)) != item:
            before = int(following.get(before))
        following.set(before, after)
        if int(self._case_rows["head"].get(number)) == item:
            self._case_rows["head"].set(number, -1 if after == item else before)
        self._rows["case"].set(item, -1)

    def _trim(self) -> None:
        """Give the numbers of forgotten items and empty cases at the end free again."""
        size = self._rows["case"].size
        while size and int(self._rows["case"].get(size - 1)) < 0:
            size -= 1
        if size < self._rows["case"].size:
            notes = int(self._rows["noted"].get(size - 1)) if size else 0
            for name, column in self._rows.items():
                column.truncate(notes if name == "notes" else size)
            self.ids.truncate(size)
            self.index.truncate(size)
        count = len(self.cases)
        heads, closed = self._case_rows["head"], self._case_rows["closed"]
        while count and int(heads.get(count - 1)) < 0 and not closed.get(count - 1):
            count -= 1
        if count < len(self.cases):
            self.cases.forget(np.arange(count, len(self.cases)))
            self.cases.truncate(count)
            heads.truncate(count)
            closed.truncate(count)


def _same(one: Complaint, other: Complaint) -> bool:
    return one is other

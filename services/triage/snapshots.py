"""A worker's index on disk: claimed for as long as the process lives, saved now and then, opened at the next start.

Folders are slots: a worker takes the first that no living process holds, so two on one machine never share one, and a
restarted one finds what its predecessor left. What was saved is used only where it belongs to this database and is
whole; else it is dropped, which is said in the log, and the shards are read from PostgreSQL again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from classifiers import generations
from classifiers.history import History

log = structlog.get_logger()
MOST_SLOTS = 64


class NoSlot(Exception):
    """Every slot is held by a living process."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where an index has read: the database it belongs to, its shards and the transactions seen in each, and in all."""

    installation: str
    shards: Mapping[str, str]
    snapshot: str

    def notes(self) -> dict[str, Any]:
        """For the manifest."""
        return {"installation": self.installation, "shards": dict(sorted(self.shards.items())), "snapshot": self.snapshot}


class Slot:
    """One claimed folder; released when the process ends or `release` is called."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def claim(cls, root: Path) -> Slot:
        """The first free slot. NoSlot where none is."""
        root.mkdir(parents=True, exist_ok=True)
        for number in range(MOST_SLOTS):
            if slot := cls._try(root / f"slot-{number}"):
                return slot
        raise NoSlot(f"all {MOST_SLOTS} slots in {root} are held by running processes")

    @classmethod
    def free(cls, root: Path) -> list[Slot]:
        """Claim every slot that nobody holds; for commands that rebuild."""
        paths = sorted(root.glob("slot-*[0-9]")) if root.is_dir() else []
        return [slot for path in paths if (slot := cls._try(path))]

    @classmethod
    def _try(cls, path: Path) -> Slot | None:
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        return cls(path, lock)

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._lock)

    def open(self, installation: str, neighbours: Mapping[str, Sequence[str]]) -> tuple[History, Mark] | None:
        """What was saved here, if it is of this database and whole; anything else is dropped and logged."""
        try:
            history = History.open(self.path, neighbours)
            mark = Mark(history.notes["installation"], dict(history.notes["shards"]), history.notes["snapshot"])
        except FileNotFoundError:
            return None
        except (generations.Damaged, ValueError, KeyError, OSError) as failure:
            self.drop(str(failure))
            return None
        if mark.installation != installation:
            self.drop("it belongs to another database")
            return None
        return history, mark

    def save(self, history: History, mark: Mark) -> None:
        """Replace what is saved; a kill in the middle leaves the former state."""
        history.notes = mark.notes()
        history.save(self.path)

    def drop(self, reason: str) -> None:
        """Remove what is saved; the shards are then read from PostgreSQL."""
        log.warning("index_dropped", slot=self.path.name, reason=reason, remedy="it is read again from PostgreSQL")
        shutil.rmtree(self.path, ignore_errors=True)


def saved(root: Path) -> list[dict[str, Any]]:
    """The manifests of all slots, for people."""
    found: list[dict[str, Any]] = []
    for path in sorted(root.glob("slot-*[0-9]")) if root.is_dir() else []:
        try:
            found.append({"slot": path.name, **generations.about(path)})
        except (FileNotFoundError, generations.Damaged) as failure:
            found.append({"slot": path.name, "damaged": str(failure)})
    return found

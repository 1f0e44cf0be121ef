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
REBUILT = "rebuilt"
"""Beside the slots: what `petitions index rebuild` made, while triage may be running."""


class NoSlot(Exception):
    """Every slot is held by a living process."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where an index has read: the database it belongs to, its shards and the transactions seen in each, and in all."""

    installation: str
    shards: Mapping[str, str]
    snapshot: str
    origin: str = ""

    def notes(self) -> dict[str, Any]:
        """For the manifest."""
        return {"installation": self.installation, "shards": dict(sorted(self.shards.items())), "snapshot": self.snapshot, "origin": self.origin}


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
    def for_rebuilding(cls, root: Path) -> Slot | None:
        """The folder to rebuild in; None where another process does so already."""
        root.mkdir(parents=True, exist_ok=True)
        return cls._try(root / REBUILT)

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
            mark = Mark(history.notes["installation"], dict(history.notes["shards"]), history.notes["snapshot"], history.notes.get("origin", ""))
        except FileNotFoundError:
            return None
        except (generations.Damaged, ValueError, KeyError, OSError) as failure:
            self.drop(str(failure))
            return None
        if mark.installation != installation:
            self.drop("it belongs to another database")
            return None
        return history, mark

    def adopt(self, installation: str) -> None:
        """Take over what was rebuilt for this database, where the slot does not come from it; files are linked, not copied."""
        made = self.path.with_name(REBUILT)
        there, here = _notes(made), _notes(self.path)
        if there.get("installation") != installation or there.get("origin") == here.get("origin"):
            return
        new = self.path.with_name(f"{self.path.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            shutil.copytree(made, new, copy_function=_linked)
        except (OSError, shutil.Error) as failure:  # rebuilt once more in this moment: the next start takes that
            log.warning("rebuilt_index_passed_over", slot=self.path.name, reason=str(failure))
            return
        shutil.rmtree(self.path, ignore_errors=True)
        os.replace(new, self.path)
        log.info("rebuilt_index_taken_over", slot=self.path.name, origin=there.get("origin"))

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
    paths = [*sorted(root.glob("slot-*[0-9]")), root / REBUILT] if root.is_dir() else []
    for path in (path for path in paths if path.is_dir()):
        try:
            found.append({"slot": path.name, **generations.about(path)})
        except (FileNotFoundError, generations.Damaged) as failure:
            found.append({"slot": path.name, "damaged": str(failure)})
    return found


def _notes(path: Path) -> dict[str, Any]:
    try:
        notes: dict[str, Any] = generations.about(path).get("notes", {})
    except (FileNotFoundError, generations.Damaged):
        return {}
    return notes


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target

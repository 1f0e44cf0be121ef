"""What this clone started: kept in `<home>/state.json`, trusted only where the process is the very one that was started."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from services.stack.errors import disk_errors


@dataclass(frozen=True, slots=True)
class Started:
    """A process: its id, its start time (a pid alone may by now be somebody else's), and the port it serves."""

    pid: int
    started: float
    port: int

    @classmethod
    def of(cls, pid: int, port: int) -> Started:
        """The process of this pid, which must be alive."""
        return cls(pid, psutil.Process(pid).create_time(), port)

    def process(self) -> psutil.Process | None:
        """The process, or None where it ended or the pid was given to another."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < 1.0
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class State:
    """The file of started processes of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "state.json"

    def read(self) -> dict[str, Started]:
        """Everything on record, alive or not; an unreadable file counts as empty, since it only saves a search."""
        try:
            entries = json.loads(self.path.read_text("utf-8"))
            return {name: Started(**entry) for name, entry in entries.items()}
        except (FileNotFoundError, ValueError, TypeError):
            return {}

    def running(self, name: str) -> Started | None:
        """The entry, if its process is alive."""
        entry = self.read().get(name)
        return entry if entry and entry.process() else None

    def remember(self, name: str, entry: Started) -> None:
        """Add or replace an entry."""
        self._write({**self.read(), name: entry})

    def forget(self, name: str) -> None:
        """Remove an entry, if there."""
        self._write({key: entry for key, entry in self.read().items() if key != name})

    def _write(self, entries: dict[str, Started]) -> None:
        with disk_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(f".{os.getpid()}.tmp")
            fresh.write_text(json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1), "utf-8")
            fresh.replace(self.path)

"""What this clone started: kept in `<home>/state.json`, trusted only where the process is the very one that was started."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from services.stack.errors import StackError, disk_errors

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def birth(pid: int) -> str:
    """What tells this process from a later one of the same pid; raises `psutil.NoSuchProcess`.

    On Linux the boot and the start in clock ticks since then: the wall-clock time that psutil computes from it moves when
    the system clock is set. Elsewhere that time.
    """
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
        return f"{BOOT_ID.read_text('ascii').strip()}:{ticks}"
    except (FileNotFoundError, ProcessLookupError):
        return f"{psutil.Process(pid).create_time():.0f}"


@dataclass(frozen=True, slots=True)
class Started:
    """A process: its id, its birth (a pid alone may by now be somebody else's), and the port it serves (0: none)."""

    pid: int
    born: str
    port: int

    @classmethod
    def of(cls, pid: int, port: int) -> Started:
        """The process of this pid, which must be alive."""
        return cls(pid, birth(pid), port)

    def process(self) -> psutil.Process | None:
        """The process, or None where it ended or the pid was given to another."""
        try:
            found = psutil.Process(self.pid)
            return found if birth(self.pid) == self.born and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@contextmanager
def exclusive(path: Path, *, busy: str | None = None) -> Iterator[None]:
    """Hold a lock file; where another process holds it, wait, or raise `StackError` with the sentence `busy`."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise StackError(busy or "") from None
        yield


class State:
    """The file of started processes of one home. Several processes may change it at once."""

    def __init__(self, home: Path) -> None:
        self.path = home / "state.json"

    def read(self) -> dict[str, Started]:
        """Everything on record, alive or not; an unreadable file counts as empty, since it only saves a search."""
        try:
            entries = json.loads(self.path.read_text("utf-8"))
            return {name: Started(**entry) for name, entry in entries.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def running(self, name: str) -> Started | None:
        """The entry, if its process is alive."""
        entry = self.read().get(name)
        return entry if entry and entry.process() else None

    def remember(self, name: str, entry: Started) -> None:
        """Add or replace an entry."""
        self._change(lambda entries: {**entries, name: entry})

    def forget(self, name: str) -> None:
        """Remove an entry, if there."""
        if name in self.read():
            self._change(lambda entries: {key: entry for key, entry in entries.items() if key != name})

    def _change(self, change: Callable[[dict[str, Started]], dict[str, Started]]) -> None:
        with disk_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with exclusive(self.path.with_suffix(".lock")):
                entries = {name: asdict(entry) for name, entry in change(self.read()).items()}
                fresh = self.path.with_suffix(f".{os.getpid()}.tmp")
                fresh.write_text(json.dumps(entries, indent=1), "utf-8")
                fresh.replace(self.path)

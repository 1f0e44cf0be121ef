"""Starting and ending single processes: own session, output to a file, a bounded wait."""

from __future__ import annotations

import atexit
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.stack.errors import StackError, died, disk_errors, telling
from services.stack.ports import free_port, port_taken
from services.stack.state import Started

__all__ = ["end", "free_port", "last_words", "port_taken", "spawn", "wait_until"]

LOG_BYTES = 20 * 1024**2
"""A log longer than this is set aside at the next start; one older generation is kept."""

_LIVING: list[subprocess.Popen[bytes]] = []
"""They outlive whoever started them; Python would warn when it collects the handle of a living process."""


@atexit.register
def _let_live() -> None:
    for process in _LIVING:
        process.returncode = process.returncode or 0


def set_aside(log: Path) -> None:
    """Start a log anew where it has grown too long."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


@dataclass(frozen=True, slots=True)
class Launched:
    """A server process of ours that is starting: its log, and from which byte on the log is about this start."""

    process: subprocess.Popen[bytes]
    entry: Started
    log: Path
    log_from: int


def spawn(command: Sequence[str], *, log: Path, cwd: Path, port: int) -> Launched:
    """Start a process that outlives us; its output goes to `log`."""
    with disk_errors(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        set_aside(log)
        with log.open("ab") as out:
            before = out.tell()
            process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    _LIVING.append(process)
    return Launched(process, Started.of(process.pid, port), log, before)


def wait_until(ready: Callable[[], bool], server: Launched, *, seconds: float, name: str, folder: Path) -> None:
    """Wait until `ready`; raises `StackError` that says why where the process ended or took too long.

    A process that took too long is ended, so that the next start does not meet it.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        if server.process.poll() is not None:
            raise died(name, last_words(server.log, server.log_from), log=server.log, folder=folder, port=server.entry.port)
        time.sleep(0.05)
    server.process.kill()
    server.process.wait()
    words = telling(last_words(server.log, server.log_from))
    raise StackError(
        f"{name} did not answer within {seconds:.0f} s ({words}): "
        f"end what keeps the machine busy or see {server.log}, then run petitions up"
    )


def last_words(log: Path, after: int = 0) -> str:
    """The end of a log, at most 20,000 bytes of it and none before byte `after`."""
    try:
        with log.open("rb") as text:
            text.seek(max(after, log.stat().st_size - 20_000))
            return text.read().decode("utf-8", "replace")
    except OSError:
        return ""


def end(entry: Started, *, seconds: float = 10.0, politely: signal.Signals = signal.SIGTERM) -> bool:
    """A polite signal, and SIGKILL after the grace; only the very process that was started. True where one was ended."""
    process = entry.process()
    if process is None:
        return False
    ours = next((handle for handle in _LIVING if handle.pid == entry.pid), None)
    wait = ours.wait if ours else process.wait  # a child must be reaped by its own handle
    try:
        process.send_signal(politely)
        wait(seconds)
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        process.kill()
        wait(5)
    except psutil.NoSuchProcess:
        return False
    if ours:
        _LIVING.remove(ours)
    return True

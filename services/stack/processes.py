"""Starting and ending single processes: own session, output to a file, a bounded wait."""

from __future__ import annotations

import atexit
import pwd
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from services.stack.errors import StackError, disk_errors
from services.stack.state import Started


_LIVING: list[subprocess.Popen[bytes]] = []
"""They outlive whoever started them; Python would warn when it collects the handle of a living process."""


@atexit.register
def _let_live() -> None:
    for handle in _LIVING:
        handle.returncode = handle.returncode or 0


def free_port() -> int:
    """A loopback port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_taken(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def as_user(name: str | None) -> dict[str, Any]:
    """Popen's arguments for running as another user, with that user's group and no other: ours may be shut out."""
    if name is None:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def spawn(
    command: Sequence[str], *, log: Path, cwd: Path, port: int, user: str | None = None, env: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], Started]:
    """Start a process that outlives us; its output goes to `log`."""
    with disk_errors(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(
                command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env=dict(env) if env is not None else None, **as_user(user),
            )  # fmt: skip
    _LIVING.append(process)
    return process, Started.of(process.pid, port)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float, name: str, log: Path) -> None:
    """Wait until `ready`; raises `StackError` with the last line of the log where the process died or took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        if process.poll() is not None:
            raise StackError(f"{name} ended while starting: {last_words(log)}; see {log}")
        time.sleep(0.05)
    raise StackError(f"{name} did not answer within {seconds:.0f} s: {last_words(log)}; see {log}, then try again")


def last_words(log: Path) -> str:
    """The last telling line of a log, cut short."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return "no log"
    telling = [line for line in lines[-50:] if any(word in line for word in ("ERROR", "FATAL", "Exception", "error", "No space"))]
    return (telling or lines or ["no output"])[-1].strip()[:200]


def end(entry: Started, *, seconds: float = 10.0) -> bool:
    """SIGTERM, and SIGKILL after the grace; only the very process that was started. True where one was ended."""
    process = entry.process()
    if process is None:
        return False
    ours = next((handle for handle in _LIVING if handle.pid == entry.pid), None)
    wait = ours.wait if ours else process.wait  # a child must be reaped by its own handle
    try:
        process.terminate()
        wait(seconds)
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        process.kill()
        wait(5)
    except psutil.NoSuchProcess:
        return False
    if ours:
        _LIVING.remove(ours)
    return True

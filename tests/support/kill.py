"""The worst that can happen to a broker or a database, in one call each."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from services.stack import Kafka, Postgres
from services.stack.state import Started, State


def kill(home: Path, name: str) -> int:
    """SIGKILL the broker ("kafka") or the database ("postgres") of a home, wait until it is gone; returns its pid."""
    pid = State(home).read()[name].pid
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
    return pid


def kill_and_restart(part: Kafka | Postgres) -> Started:
    """SIGKILL and start again on the same data and port; returns the new process."""
    kill(part.state.path.parent, part.name)
    return part.start()

"""Loopback ports: a free one, or the one of last time, so that clients find us where we were."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import psutil

from services.stack.errors import disk_errors

PATIENCE_SECONDS = 2.0
"""A process that was killed a moment ago still holds its port until its last thread is gone."""


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


def bindable(port: int) -> bool:
    """Whether we could listen on a loopback port now (one left in TIME_WAIT by our last process counts as free)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
        return True


def holder(port: int) -> str:
    """Who listens on a port, as far as the system tells us."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f"{psutil.Process(one.pid).name()} (pid {one.pid})"
    except psutil.Error:
        pass
    return "another program"


class LastPort:
    """The port of one part, kept in a file of its folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> int | None:
        """The port of last time, if any."""
        try:
            return int(self.path.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def choose(self, name: str) -> tuple[int, str | None]:
        """The port of last time, or a free one and, where the old one was taken meanwhile, a sentence about it."""
        last = self.read()
        if last and self._comes_free(last):
            return last, None
        port = free_port()
        told = None
        if last:
            told = (
                f"port {last} of {name} was taken by {holder(last)} meanwhile, so {name} now listens on {port}: "
                "tell clients that know the old address, or end that program and run petitions down and petitions up"
            )
        with disk_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(str(port), "ascii")
        return port, told

    @staticmethod
    def _comes_free(port: int) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not bindable(port):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def forget(self) -> None:
        """Choose anew next time."""
        self.path.unlink(missing_ok=True)

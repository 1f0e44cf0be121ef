"""Keeps what one machine runs running: restarts dead services with back-off, a dead broker or database too, ends all in order.

In production an orchestrator does this; here a parent process does, so that `up --detach` outlives its terminal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from services.infra.settings import Settings, load, repository_root
from services.registry import layout_of, process_names
from services.stack import StackError, problems, start
from services.stack.ports import free_port
from services.stack.processes import end, set_aside
from services.stack.state import Started, State, exclusive

GRACE_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 30.0
"""A process that lived so long starts with a short pause again."""
LOOK_SECONDS = 5.0
"""How often the supervisor looks after the broker and the database."""


def next_pause(pause: float, lived: float) -> float:
    """Seconds to wait before a process that lived `lived` seconds and last waited `pause` is started again."""
    return FIRST_PAUSE_SECONDS if lived > STEADY_SECONDS else min(LONGEST_PAUSE_SECONDS, pause * 2)


def serve_command(services: Sequence[str], port: int) -> list[str]:
    """How a service process is started."""
    return [sys.executable, "-m", "services.cli", "serve", ",".join(services), "--probe-port", str(port)]


@dataclass(slots=True)
class Child:
    """One service process: its name in state and logs, how it is started, when it may start again."""

    name: str
    services: tuple[str, ...]
    port: int
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    due: float = 0.0
    restarts: int = 0


@dataclass(slots=True)
class Supervisor:
    """Children of one home. `run` returns after SIGTERM or SIGINT, with every child ended."""

    settings: Settings
    layout: Sequence[tuple[str, ...]]
    command: Callable[[Sequence[str], int], list[str]] = serve_command
    problems: Callable[[], list[str]] = list
    """Tells what is wrong with broker and database, in sentences."""
    revive: Callable[[], None] = lambda: None
    """Starts what of them is ours and gone; raises `StackError` where it cannot."""
    stopping: bool = False
    children: list[Child] = field(default_factory=list)

    def run(self) -> None:
        """Start the children and tend them until told to stop."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self.children = [Child(name, group, free_port()) for name, group in zip(process_names(self.layout), self.layout, strict=True)]
        state = State(self.settings.home)
        try:
            look, pause = 0.0, FIRST_PAUSE_SECONDS
            known: list[str] = []
            told: set[str] = set()
            while not self.stopping:
                now = time.monotonic()
                for child in self.children:
                    self._tend(child, state, now)
                if now >= look:
                    before, known = known, self.problems()
                    lasting = {sentence for sentence in known if sentence in before}  # while a part starts, it is no problem
                    for sentence in sorted(lasting - told):
                        tell(sentence)
                    told = lasting
                    if lasting:
                        pause = self._revive(pause)
                    else:
                        pause = FIRST_PAUSE_SECONDS
                    look = time.monotonic() + LOOK_SECONDS + (pause if lasting else 0)
                time.sleep(0.2)
        finally:
            self._end(state)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _revive(self, pause: float) -> float:
        """Start the broker or the database again; returns how long to wait before the next try, should it not do."""
        try:
            self.revive()
        except StackError as failure:
            tell(str(failure))
        return next_pause(pause, 0)

    def _tend(self, child: Child, state: State, now: float) -> None:
        if child.process is not None and child.process.poll() is None:
            return
        if child.process is not None:
            status, lived = child.process.returncode, now - child.began
            child.process = None
            child.restarts += 1
            child.pause = next_pause(child.pause, lived)
            child.due = now + child.pause
            ending = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            tell(f"{child.name} {ending} after {lived:.0f} s and is started again in {child.pause:.1f} s: see {self._log(child)}")
        if now >= child.due:
            try:
                child.process = self._spawn(child)
            except OSError as failure:  # a full disk, no memory: what runs goes on, this one is tried again
                child.pause = next_pause(child.pause, 0)
                child.due = now + child.pause
                tell(f"{child.name} could not be started ({failure.strerror}): make room, tried again in {child.pause:.1f} s")
                return
            child.began = now
            state.remember(child.name, Started.of(child.process.pid, child.port))

    def _log(self, child: Child) -> Path:
        return self.settings.home / "log" / f"{child.name}.log"

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        log = self._log(child)
        log.parent.mkdir(parents=True, exist_ok=True)
        set_aside(log)
        with log.open("ab") as out:
            return subprocess.Popen(
                self.command(child.services, child.port), cwd=repository_root(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "PETITIONS_HOME": str(self.settings.home.absolute())},
            )  # fmt: skip

    def _end(self, state: State) -> None:
        living = [child for child in self.children if child.process is not None and child.process.poll() is None]
        for child in living:
            assert child.process is not None
            child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in living:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        for child in self.children:
            state.forget(child.name)


def tell(sentence: str) -> None:
    """Into the supervisor's own log, which is its standard error."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {sentence}", file=sys.stderr, flush=True)


def supervise(settings: Settings, layout: Sequence[tuple[str, ...]]) -> None:
    """Run in the foreground; exits with status 1 and a sentence where another supervisor of this home runs."""
    state = State(settings.home)
    busy = f"the services of {settings.home} already run: petitions down ends them"
    try:
        with exclusive(settings.home / "supervisor.lock", busy=busy):
            state.remember("supervisor", Started.of(os.getpid(), 0))
            try:
                Supervisor(settings, layout, problems=lambda: problems(settings), revive=lambda: _start(settings)).run()
            finally:
                state.forget("supervisor")
    except StackError as failure:
        tell(str(failure))
        sys.exit(1)


def _start(settings: Settings) -> None:
    start(settings, tell)


def detach(settings: Settings, services: str) -> Started:
    """Start a supervisor of its own session for these services (comma-separated); it lives on when we end.

    It is started as this module, not as the command line, which would cost it a hundred megabytes of what it never uses.
    """
    groups = [",".join(group) for group in layout_of(services.split(","))]
    log = settings.home / "log" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    set_aside(log)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.stack.supervisor", *groups], cwd=repository_root(), stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, start_new_session=True,
            env={**os.environ, "PETITIONS_HOME": str(settings.home.absolute())},
        )  # fmt: skip
    started = Started.of(process.pid, 0)
    State(settings.home).remember("supervisor", started)
    process.returncode = 0  # it is meant to outlive us; Python would warn otherwise
    return started


def stop(home: Path) -> bool:
    """End the supervisor of a home and, should it be gone already, the children it left behind."""
    state = State(home)
    entry = state.read().get("supervisor")
    ended = end(entry, seconds=GRACE_SECONDS + 3) if entry else False
    for name, left in state.read().items():
        if name not in ("kafka", "postgres"):
            ended = end(left, seconds=GRACE_SECONDS) or ended
            state.forget(name)
    return ended


if __name__ == "__main__":
    supervise(load(), [tuple(group.split(",")) for group in sys.argv[1:]])

"""Service processes are kept running and end together, in time."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.infra.settings import repository_root
from services.stack import supervisor
from services.stack.state import State

SCRIPT = """
import sys
from pathlib import Path
from services.infra.settings import Settings
from services.stack import supervisor
supervisor.GRACE_SECONDS = 1.5
supervisor.LOOK_SECONDS = 0.2
def command(services, port):
    return [sys.executable, "-c", {child!r}, *services]
sentences = ["the broker is gone, killed or crashed: run petitions up"]
supervisor.Supervisor(Settings(home=Path({home!r})), [("one",), ("two",)], command=command, problems=lambda: sentences,
    revive=lambda: supervisor.tell("tried to start it again")).run()
"""
SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
DYING = "raise SystemExit(3)"


@pytest.fixture
def supervise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], subprocess.Popen[str]]:
    started: list[subprocess.Popen[str]] = []

    def start(child: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(child=child, home=str(tmp_path))],
            cwd=repository_root(), stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(repository_root())},
        )  # fmt: skip
        started.append(process)
        return process

    return start


def _eventually(look: Callable[[], object], seconds: float = 60) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(
    ("pause", "lived", "then"),
    [(0.5, 0.0, 1.0), (1.0, 29.9, 2.0), (10.0, 0.0, 15.0), (15.0, 0.0, 15.0), (15.0, 31.0, 0.5)],
)
def test_pauses_double_up_to_a_limit_and_start_small_again_after_a_steady_run(pause: float, lived: float, then: float) -> None:
    assert supervisor.next_pause(pause, lived) == then


def test_a_killed_service_is_started_again_and_the_others_are_left_alone(
    supervise: Callable[[str], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervise(SLEEP)
    state = State(tmp_path)
    _eventually(lambda: state.running("one") and state.running("two"))
    before = state.read()
    os.kill(before["one"].pid, signal.SIGKILL)
    _eventually(lambda: (entry := state.running("one")) and entry.pid != before["one"].pid)
    assert state.read()["two"] == before["two"]
    process.terminate()
    _, told = process.communicate(timeout=15)
    assert "one was killed by SIGKILL" in told
    assert told.count("run petitions up") == 1, "a lasting problem is told once"
    assert "tried to start it again" in told
    assert state.read() == {}


def test_what_ignores_the_polite_signal_is_ended_after_the_grace(
    supervise: Callable[[str], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervise(STUBBORN)
    state = State(tmp_path)
    _eventually(lambda: state.running("one") and state.running("two"))
    time.sleep(0.5)  # until the children ignore SIGTERM
    entries = state.read()
    began = time.monotonic()
    process.terminate()
    process.communicate(timeout=15)
    assert time.monotonic() - began < 5
    assert all(entry.process() is None for entry in entries.values())


def test_a_service_that_cannot_live_is_tried_again_ever_more_slowly(
    supervise: Callable[[str], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervise(DYING)
    assert process.stderr is not None
    pauses: list[float] = []
    for line in process.stderr:
        if found := re.match(r".*one ended with status 3 .* is started again in ([0-9.]+) s", line):
            pauses.append(float(found[1]))
        if len(pauses) == 2:
            break
    process.terminate()
    process.communicate(timeout=15)
    assert pauses[0] < pauses[1]


def test_what_a_killed_supervisor_left_behind_is_ended(supervise: Callable[[str], subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervise(SLEEP)
    state = State(tmp_path)
    _eventually(lambda: state.running("one") and state.running("two"))
    entries = state.read()
    process.kill()
    process.communicate()
    assert entries["one"].process() is not None
    assert supervisor.stop(tmp_path)
    assert all(entry.process() is None for entry in entries.values())
    assert state.read() == {}

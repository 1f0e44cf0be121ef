"""The local stack on real processes: killed, robbed of its port, run out of disk, doubled, stopped."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from services import stack
from services.infra.settings import Settings
from services.stack import Kafka, Postgres, StackError, jar_cache, ports, postgres
from services.stack.ports import LastPort
from services.stack.state import State, exclusive
from tests.support.kill import kill
from tests.support.sentences import assert_one_sentence

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose stack is ended with the module. Its folder is closed to others, as temporary folders are."""
    folder = tmp_path_factory.mktemp("stack-home")
    folder.chmod(0o700)
    yield folder
    stack.stop(Settings(home=folder))


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings of a machine where nothing is configured."""
    return Settings(home=home, kafka=None, database=None, vault_key=None, vault_key_file=None)


@pytest.fixture
def resolved(settings: Settings) -> Settings:
    """The same, started."""
    return stack.start(settings)


def dsn(resolved: Settings) -> str:
    assert resolved.database is not None
    return resolved.database.get_secret_value()


async def records(address: str | None, topic: str, *values: bytes) -> list[bytes | None]:
    """Publish to a topic and read all it holds."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    if topic not in await admin.list_topics():
        await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)
    found: list[bytes | None] = []
    async with AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
        while batch := await consumer.getmany(timeout_ms=1500):
            found += [record.value for part in batch.values() for record in part]
    return found


async def test_a_killed_broker_is_named_with_its_remedy_and_comes_back_with_its_records(
    settings: Settings, resolved: Settings
) -> None:
    assert await records(resolved.kafka, "kept", b"1", b"2") == [b"1", b"2"]
    kill(settings.home, "kafka")
    with pytest.raises(StackError) as told:
        stack.resolve(settings)
    assert_one_sentence(str(told.value), "Kafka", "killed", "petitions up", "kafka.log")
    assert stack.problems(settings) == [str(told.value)]
    heard: list[str] = []
    again = stack.start(settings, heard.append)
    assert any("gone without having been stopped" in sentence for sentence in heard)
    assert again.kafka == resolved.kafka, "clients find it where it was"
    assert await records(again.kafka, "kept", b"3") == [b"1", b"2", b"3"]
    assert stack.problems(settings) == []


def test_a_killed_database_comes_back_with_its_rows_even_where_its_pid_went_to_another(
    settings: Settings, resolved: Settings
) -> None:
    with psycopg.connect(dsn(resolved)) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    kill(settings.home, "postgres")
    pid_file = Postgres(settings.home).data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert_one_sentence(stack.problems(settings)[0], "PostgreSQL", "petitions up")
    again = stack.start(settings)
    assert dsn(again) == dsn(resolved)
    with psycopg.connect(dsn(again)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_server_that_hangs_is_renewed(settings: Settings, resolved: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = State(settings.home).read()["postgres"]
    os.kill(before.pid, signal.SIGSTOP)
    monkeypatch.setattr(postgres, "STOP_SECONDS", 0.5)
    try:
        assert_one_sentence(stack.problems(settings)[0], "does not answer", "petitions up")
        server = Postgres(settings.home)
        server.start()
        assert server.answers(State(settings.home).read()["postgres"].port)
        assert before.process() is None
    finally:
        if process := before.process():
            process.kill()


def test_starting_twice_starts_nothing_twice(settings: Settings, resolved: Settings) -> None:
    before = State(settings.home).read()
    assert stack.start(settings) == resolved
    assert State(settings.home).read() == before


def test_a_stop_cuts_off_clients_and_a_second_start_finds_everything_where_it_was(settings: Settings, resolved: Settings) -> None:
    with psycopg.connect(dsn(resolved)) as client:
        assert sorted(stack.stop(settings)) == ["kafka", "postgres"]
        assert stack.stop(settings) == []
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    with pytest.raises(StackError) as told:
        stack.resolve(settings)
    assert_one_sentence(str(told.value), "PETITIONS_KAFKA")
    assert stack.start(settings) == resolved


def test_a_port_taken_meanwhile_is_told_and_another_one_is_used(
    settings: Settings, resolved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "PATIENCE_SECONDS", 0.2)
    entries = State(settings.home).read()
    stack.stop(settings)
    heard: list[str] = []
    with (
        socket.create_server(("127.0.0.1", entries["kafka"].port)),
        socket.create_server(("127.0.0.1", entries["postgres"].port)),
    ):
        again = stack.start(settings, heard.append)
    assert again.kafka != resolved.kafka
    assert dsn(again) != dsn(resolved)
    oddities = [sentence for sentence in heard if "was taken by" in sentence]
    assert len(oddities) == 2
    for sentence in oddities:
        assert_one_sentence(sentence, "now listens on")
    assert stack.problems(settings) == []


@pytest.mark.parametrize("part", ["kafka", "postgres"])
def test_a_port_taken_while_starting_is_replaced(
    part: str, settings: Settings, resolved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Kafka(settings.home, jar_cache()) if part == "kafka" else Postgres(settings.home)
    server.stop()
    choose = LastPort.choose
    with socket.create_server(("127.0.0.1", 0)) as thief:
        stolen = [(thief.getsockname()[1], None)]
        monkeypatch.setattr(LastPort, "choose", lambda self, name: stolen.pop() if stolen else choose(self, name))
        started = server.start()
        assert not stolen
        assert started.port != thief.getsockname()[1]
    assert server.answers(started.port)


def test_two_homes_run_side_by_side_and_down_ends_only_its_own(settings: Settings, resolved: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path, kafka="configured:9092", database=None)
    mine = Postgres(settings.home)
    theirs = stack.start(other)
    try:
        assert dsn(theirs) != dsn(resolved)
        assert stack.stop(other) == ["postgres"]
        assert mine.answers(State(settings.home).read()["postgres"].port)
        assert State(settings.home).running("kafka")
    finally:
        stack.stop(other)


def test_what_is_configured_is_not_started(tmp_path: Path) -> None:
    configured = Settings(
        home=tmp_path / "home",
        kafka="broker.example:9093",
        database=SecretStr("postgresql://db.example/x"),
        vault_key=SecretStr("{}"),
    )
    assert stack.start(configured) == configured
    assert stack.problems(configured) == []
    assert not {path.name for path in (tmp_path / "home").iterdir()} & {"kafka", "postgres", "state.json"}


def test_two_starts_at_once_are_told_apart(settings: Settings, resolved: Settings) -> None:
    with exclusive(settings.home / "lock"), pytest.raises(StackError) as told:
        stack.start(settings)
    assert_one_sentence(str(told.value), "another petitions up", "wait")


def test_data_of_another_version_are_not_touched(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StackError) as told:
        server.start()
    assert_one_sentence(str(told.value), "PostgreSQL 12", "remove")
    assert (server.data / "PG_VERSION").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs rights that this machine does not give")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_too_small_or_full_is_told_in_one_sentence(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Postgres(small_disk)
    with pytest.raises(StackError) as told:
        server.start()
    assert_one_sentence(str(told.value), "nearly full", "PETITIONS_HOME")
    monkeypatch.setattr(postgres, "require_space", lambda path: None)
    with pytest.raises(StackError) as told:
        server.start()
    assert_one_sentence(str(told.value), "full", "PETITIONS_HOME")


def test_logs_say_something(settings: Settings, resolved: Settings) -> None:
    assert "Kafka Server started" in (settings.home / "log" / "kafka.log").read_text()
    assert "ready to accept connections" in (settings.home / "log" / "postgres.log").read_text()


def test_values_of_a_failing_statement_do_not_reach_the_log(settings: Settings, resolved: Settings) -> None:
    with psycopg.connect(dsn(resolved), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS once (name text PRIMARY KEY)")
        connection.execute("INSERT INTO once VALUES ('canary-9f3a') ON CONFLICT DO NOTHING")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO once VALUES ('canary-9f3a')")
    log = (settings.home / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary-9f3a" not in log

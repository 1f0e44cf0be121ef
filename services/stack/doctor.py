"""`petitions doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from contracts.topics import every_topic
from services.domain.sealing import SealingError
from services.infra import migrations, topics
from services.infra.cities import CityInvalid, load_city
from services.infra.settings import Settings
from services.infra.vault import Vault, VaultKeyMissing
from services.stack import StackError, jar_cache, problems, resolve, vault_key
from services.stack.errors import NEEDED_BYTES
from services.stack.jars import class_path
from services.stack.java import java
from services.stack.state import State

PARKED_SECONDS = 600
"""An event that waits longer for its case's opening waits for one that was lost or set aside (default, unverified)."""
PARKED = """
SELECT count(*) OVER ()::int, extract(epoch FROM now() - at)::int, case_id, topic FROM casework.parked
UNION ALL SELECT 0, 0, NULL, NULL ORDER BY 2 DESC, 1 DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `remedy` is empty where all is well."""

    subject: str
    good: bool
    text: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything a working installation needs, the foundations first."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "python", sys.version_info >= (3, 11), version, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    )
    home = settings.home if settings.home.exists() else settings.home.absolute().parent
    free = shutil.disk_usage(home).free
    yield Finding(
        "disk",
        free > NEEDED_BYTES,
        f"{free // 2**30} GB free",
        "" if free > NEEDED_BYTES else "make room, or set PETITIONS_HOME to another disk",
    )
    if settings.kafka is None:
        yield _try("java", lambda: str(java()), "run make again")
        yield _try(
            "kafka jars", lambda: f"{class_path(jar_cache()).count(':') + 1} jars", "check the connection to the Maven registry"
        )
    key = settings.home / "secrets" / "vault.json"
    if settings.vault_key is None and settings.vault_key_file is None and key.exists():
        yield _try("vault key file", lambda: str(vault_key(settings.home)), f"chmod 600 {key}")
    for sentence in problems(settings):
        cause, _, remedy = sentence.rpartition(": ")
        yield Finding("stack", False, cause, remedy)
    try:
        resolved = resolve(settings)
    except StackError:
        return
    address = resolved.kafka or ""
    answers = asyncio.run(topics.ping(resolved))
    yield Finding("kafka", answers, address, "" if answers else _restart(settings, "Kafka", "PETITIONS_KAFKA"))
    if answers:
        missing = asyncio.run(_missing_topics(resolved))
        yield Finding(
            "topics", not missing, f"{len(missing)} missing" if missing else "all there", "run petitions up" if missing else ""
        )
    assert resolved.database is not None
    dsn = resolved.database.get_secret_value()
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            waiting = connection.execute("SELECT to_regclass('bus.dead_letters')").fetchone()
        yield Finding("database", True, f"PostgreSQL {row[0] if row else ''}")
    except psycopg.Error:
        yield Finding("database", False, "does not answer", _restart(settings, "PostgreSQL", "PETITIONS_DATABASE"))
        return
    missing_steps = migrations.pending(dsn)
    yield Finding(
        "schema", not missing_steps, ", ".join(missing_steps) or "up to date", "run petitions up" if missing_steps else ""
    )
    if waiting and waiting[0]:
        with psycopg.connect(dsn) as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FROM bus.dead_letters"
            ).fetchone()
            age = connection.execute("SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::int FROM bus.outbox").fetchone()
            parked = connection.execute(PARKED).fetchone()
        assert row is not None
        assert age is not None
        assert parked is not None
        yield Finding(
            "dead letters", row[0] == 0, f"{row[0]} waiting of {row[1]}", "look at petitions dlq list" if row[0] else ""
        )
        yield Finding(
            "outbox", age[0] < 60, f"oldest event {age[0]} s", "" if age[0] < 60 else "see that the relay runs: petitions status"
        )
        yield parked_events(*parked)
    yield _try(
        "vault key",
        lambda: repr(Vault.from_settings(resolved).keyring),
        "set PETITIONS_VAULT_KEY_FILE, or run petitions up",
        VaultKeyMissing,
        SealingError,
    )
    yield _try("city file", lambda: load_city(resolved.city).name, "run petitions city check", CityInvalid)
    for name, entry in State(settings.home).read().items():
        if name not in ("kafka", "postgres"):
            alive = entry.process() is not None
            yield Finding(
                name,
                alive,
                f"pid {entry.pid}" if alive else "ended",
                "" if alive else f"see {settings.home}/log/{name}.log, then petitions up",
            )


def parked_events(count: int, oldest: int, case: object, topic: str | None) -> Finding:
    """Events that wait for their case: usual for moments, since topics are not ordered to each other."""
    good = oldest < PARKED_SECONDS
    text = f"{count} waiting, the oldest {oldest} s: {topic} of case {case}" if count else "none waiting"
    remedy = "see that triage and casework keep up (petitions status); was the case's opening set aside? petitions dlq list, then replay"
    return Finding("parked events", good, text, "" if good else remedy)


def _try(subject: str, look: Callable[[], str], remedy: str, *expected: type[Exception]) -> Finding:
    kinds: tuple[type[Exception], ...] = (StackError, *expected)
    try:
        return Finding(subject, True, look())
    except kinds as failure:
        return Finding(subject, False, str(failure), remedy)


def _restart(settings: Settings, part: str, variable: str) -> str:
    ours = settings.kafka is None if part == "Kafka" else settings.database is None
    return (
        f"petitions down, then petitions up; the log is {settings.home}/log"
        if ours
        else f"check {variable}, the network and the server"
    )


async def _missing_topics(settings: Settings) -> list[str]:
    existing = await topics.existing(settings)
    return [topic.name for topic in every_topic() if topic.name not in existing]

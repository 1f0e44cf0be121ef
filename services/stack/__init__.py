"""The parts a machine without Kafka and PostgreSQL needs: started on demand, on free loopback ports, ended by name.

What is configured (PETITIONS_KAFKA, PETITIONS_DATABASE) is never started here.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from services.infra.settings import Settings
from services.stack.assets import provide_assets
from services.stack.errors import StackError, disk_errors
from services.stack.kafka import Kafka, Say, silent
from services.stack.postgres import Postgres
from services.stack.secrets import token_key, vault_key
from services.stack.state import Started, State, exclusive

__all__ = ["Kafka", "Postgres", "StackError", "State", "jar_cache", "problems", "resolve", "start", "stop", "token_key", "vault_key"]

TITLES = {Kafka.name: "Kafka", Postgres.name: "PostgreSQL"}
VARIABLES = {Kafka.name: "PETITIONS_KAFKA", Postgres.name: "PETITIONS_DATABASE"}


def jar_cache() -> Path:
    """Where Kafka's jars lie: shared between clones, since they never change."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "petitions" / "maven"


def start(settings: Settings, say: Say = silent) -> Settings:
    """Start what is not configured, make secrets where there are none; returns settings with every address.

    Raises `StackError`, also where another process is starting or ending the same home just now.
    """
    with disk_errors(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
        busy = f"another petitions up or down is at work in {settings.home}: wait until it is done, then try again"
        with exclusive(settings.home / "lock", busy=busy):
            if settings.kafka is None:
                Kafka(settings.home, jar_cache()).start(say)
            if settings.database is None:
                Postgres(settings.home).start(say)
            if settings.vault_key is None and settings.vault_key_file is None:
                vault_key(settings.home)
            try:
                provide_assets(settings.home, jar_cache(), say)
            except StackError as failure:
                say(str(failure))
            if settings.token_key is None and settings.token_key_file is None:
                token_key(settings.home)
    return resolve(settings)


def resolve(settings: Settings) -> Settings:
    """Settings with the addresses of the running stack; raises `StackError` where nothing is configured or running."""
    changes: dict[str, object] = {}
    if settings.kafka is None:
        changes["kafka"] = f"127.0.0.1:{_running(settings.home, Kafka.name).port}"
    if settings.database is None:
        running = _running(settings.home, Postgres.name)
        changes["database"] = SecretStr(Postgres(settings.home).dsn(running.port))
    return settings.model_copy(update=changes)


def problems(settings: Settings) -> list[str]:
    """A sentence for each part of the local stack that should run and does not, or runs and does not answer."""
    found = []
    for name, configured in ((Kafka.name, settings.kafka), (Postgres.name, settings.database)):
        if configured is not None:
            continue
        try:
            entry = _running(settings.home, name)
        except StackError as failure:
            found.append(str(failure))
            continue
        answers = Kafka(settings.home, jar_cache()).answers if name == Kafka.name else Postgres(settings.home).answers
        if not answers(entry.port):
            log = settings.home / "log" / f"{name}.log"
            found.append(
                f"{TITLES[name]} runs (pid {entry.pid}) but does not answer at port {entry.port}: see {log}, then "
                "run petitions up to renew it"
            )
    return found


def stop(settings: Settings) -> list[str]:
    """End the broker and the database this home started; returns their names."""
    parts = (Kafka(settings.home, jar_cache()), Postgres(settings.home))
    return [part.name for part in parts if part.stop()]


def _running(home: Path, name: str) -> Started:
    entry = State(home).read().get(name)
    title = TITLES[name]
    if entry is None:
        raise StackError(f"{title} is neither configured nor running: run petitions up, or set {VARIABLES[name]}")
    if entry.process() is None:
        raise StackError(
            f"{title} was started by this clone (pid {entry.pid}) and is gone, killed or crashed: run petitions up, "
            "which starts it again "
            f"with its data; its last words are in {home / 'log' / name}.log"
        )
    return entry

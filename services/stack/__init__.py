"""The parts a machine without Kafka and PostgreSQL needs: started on demand, on free loopback ports, ended by name.

What is configured (PETITIONS_KAFKA, PETITIONS_DATABASE) is never started here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from services.domain.sealing import Keyring
from services.infra.settings import Settings
from services.stack.errors import StackError, disk_errors
from services.stack.kafka import Kafka
from services.stack.postgres import Postgres
from services.stack.state import State

__all__ = ["Kafka", "Postgres", "StackError", "State", "jar_cache", "resolve", "start", "stop"]

Say = Callable[[str], None]


def jar_cache() -> Path:
    """Where Kafka's jars lie: shared between clones, since they never change."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "petitions" / "maven"


def start(settings: Settings, say: Say = lambda text: None) -> Settings:
    """Start what is not configured, make a vault key where there is none; returns settings with every address."""
    if settings.kafka is None:
        say("starting Kafka (the first time its jars are fetched, 50 MB)")
        Kafka(settings.home, jar_cache()).start()
    if settings.database is None:
        say("starting PostgreSQL")
        Postgres(settings.home).start()
    if settings.vault_key is None and settings.vault_key_file is None:
        vault_key(settings.home)
    return resolve(settings)


def resolve(settings: Settings) -> Settings:
    """Settings with the addresses of the running stack; raises `StackError` where nothing is configured or running."""
    changes: dict[str, object] = {}
    state = State(settings.home)
    if settings.kafka is None:
        running = state.running(Kafka.name)
        if running is None:
            raise StackError("Kafka is neither configured nor running: run petitions up, or set PETITIONS_KAFKA")
        changes["kafka"] = f"127.0.0.1:{running.port}"
    if settings.database is None:
        running = state.running(Postgres.name)
        if running is None:
            raise StackError("PostgreSQL is neither configured nor running: run petitions up, or set PETITIONS_DATABASE")
        changes["database"] = SecretStr(Postgres(settings.home).dsn(running.port))
    return settings.model_copy(update=changes)


def stop(settings: Settings) -> list[str]:
    """End the broker and the database this home started; returns their names."""
    parts = (Kafka(settings.home, jar_cache()), Postgres(settings.home))
    return [part.name for part in parts if part.stop()]


def vault_key(home: Path) -> Path:
    """The key ring of a machine that was given none: made once, readable by its owner only."""
    path = home / "secrets" / "vault.json"
    if not path.exists():
        with disk_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(Keyring.generate().to_json())
            fresh.replace(path)
    return path

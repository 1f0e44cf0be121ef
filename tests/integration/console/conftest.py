"""One console for all of these tests: a real server, a real database, an invented office."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from services.domain.sealing import Keyring
from services.stack import Postgres, StackError, jar_cache
from services.stack.assets import provide_assets
from tests.support.console_server import Console, make


@pytest.fixture(scope="session")
def console(postgres: Postgres, template: str, kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console with two dozen cases at every step."""
    name, port = f"console_{uuid.uuid4().hex[:8]}", postgres.start().port
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    home = tmp_path_factory.mktemp("console-home")
    with contextlib.suppress(StackError):  # pages work without
        provide_assets(home, jar_cache())
    running = make(home, postgres.dsn(port, name), Keyring.generate(), kafka=kafka).start(13)
    yield running
    running.stop()

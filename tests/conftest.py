"""Kafka and PostgreSQL once for the whole run; a fresh migrated database for every test that asks for one."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from services.infra.migrations import migrate
from services.infra.settings import Settings
from services.infra.topics import create_topics
from services.stack import Kafka, Postgres, jar_cache

# No example is timed: a busy machine is no fault of what is tested.
hypothesis.settings.register_profile("petitions", deadline=None)
hypothesis.settings.load_profile("petitions")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real Apache Kafka for this run; tests may kill and start it."""
    kafka = Kafka(tmp_path_factory.mktemp("kafka-home"), jar_cache())
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture(scope="session")
def kafka(broker: Kafka) -> str:
    """Bootstrap servers with every topic there."""
    address = f"127.0.0.1:{broker.start().port}"
    asyncio.run(create_topics(Settings(kafka=address)))
    return address


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL for this run; tests may kill and start it."""
    home = Path(os.path.realpath(tmp_path_factory.mktemp("postgres-home")))
    server = Postgres(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """The name of a migrated database that others are copied from."""
    name = "template_petitions"
    port = postgres.start().port
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    migrate(postgres.dsn(port, name))
    return name


@pytest.fixture
async def database(postgres: Postgres, template: str) -> AsyncIterator[str]:
    """DSN of a migrated database of this test alone."""
    name, port = f"t_{uuid.uuid4().hex[:12]}", postgres.start().port
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.dsn(port, name)
    with psycopg.connect(postgres.dsn(postgres.start().port, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

"""Whole systems: a broker, a database and a home of their own for each test, real service processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.domain.sealing import Keyring
from services.infra.settings import Settings, repository_root
from services.infra.topics import create_topics
from services.stack import Kafka, jar_cache


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker of this test alone: topics deleted and made again under one name are not empty topics for long."""
    kafka = Kafka(tmp_path_factory.mktemp("broker"), jar_cache())
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture
def system(database: str, broker: Kafka, tmp_path: Path) -> Settings:
    """Settings of a system with empty topics."""
    settings = Settings(
        home=tmp_path,
        kafka=f"127.0.0.1:{broker.start().port}",
        database=database,  # type: ignore[arg-type]
        vault_key=Keyring.generate().to_json(),  # type: ignore[arg-type]
        city=repository_root() / "deploy" / "city" / "example",
    )
    asyncio.run(create_topics(settings))
    return settings

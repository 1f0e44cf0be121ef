"""Whole systems: a database, topics and a home of their own for each test, real service processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import every_topic
from services.domain.sealing import Keyring
from services.infra.settings import Settings, repository_root
from services.infra.topics import create_topics
from services.stack import Kafka


@pytest.fixture
def system(database: str, broker: Kafka, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a system with empty topics; topics are removed again, so that no test reads another's."""
    settings = Settings(
        home=tmp_path,
        kafka=f"127.0.0.1:{broker.start().port}",
        database=database,  # type: ignore[arg-type]
        vault_key=Keyring.generate().to_json(),  # type: ignore[arg-type]
        city=repository_root() / "deploy" / "city" / "example",
    )
    asyncio.run(_recreate(settings))
    yield settings


async def _recreate(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        ours = {topic.name for topic in every_topic()}
        present = [name for name in await admin.list_topics() if name in ours]
        if present:
            await admin.delete_topics(present)
        groups = [group[0] for group in await admin.list_consumer_groups()]
        if groups:
            await admin.delete_consumer_groups(groups)
        while any(name in ours for name in await admin.list_topics()):
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await create_topics(settings)

"""Writing to and reading whole topics in tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.infra.kafka import client_options
from services.infra.settings import Settings


async def publish(settings: Settings, topic: str, records: Sequence[tuple[bytes | None, bytes]], **more: Any) -> None:
    """Publish (key, value) records and wait for every acknowledgement."""
    producer = AIOKafkaProducer(**client_options(settings), acks="all", enable_idempotence=True, max_request_size=4_000_000)
    await producer.start()
    try:
        for start in range(0, len(records), 1000):
            waiting = [await producer.send(topic, key=key, value=value, **more) for key, value in records[start : start + 1000]]
            for future in waiting:
                await future
    finally:
        await producer.stop()


async def everything(settings: Settings, topic: str) -> list[Any]:
    """Every record that lies in a topic now."""
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        # A topic nobody asked for before is unknown to a fresh client until its metadata came.
        await consumer._client.force_metadata_update()
        parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        found: list[Any] = []
        for part, end in ends.items():
            await consumer.seek_to_beginning(part)
            while await consumer.position(part) < end:
                batch = await consumer.getmany(part, timeout_ms=1000)
                found += [record for records in batch.values() for record in records]
        return found
    finally:
        await consumer.stop()

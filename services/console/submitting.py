"""Complaints taken in by hand go where a hotline's go: to the submitted topic. Identities touch no table on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from contracts.topics import SUBMITTED
from services.infra.kafka import client_options
from services.infra.settings import Settings

SEND_SECONDS = 20.0
AT_ONCE = 1000


class Submitter:
    """Publishes records; the connection is made with the first one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """(key, value) of each record, acknowledged by every replica before this returns."""
        producer = await self._started()
        async with asyncio.timeout(SEND_SECONDS + len(records) / AT_ONCE):
            for start in range(0, len(records), AT_ONCE):
                waiting = [await producer.send(SUBMITTED.name, value=value, key=key) for key, value in records[start : start + AT_ONCE]]
                await asyncio.gather(*waiting)

    async def stop(self) -> None:
        """Close the connection."""
        if self._producer is not None:
            await self._producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **client_options(self._settings), acks="all", enable_idempotence=True, max_request_size=SUBMITTED.max_bytes
                )
                await producer.start()
                self._producer = producer
            return self._producer

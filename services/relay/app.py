"""Relay: outbox → Kafka. One instance is active at a time; the others wait for its lock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from aiokafka import AIOKafkaProducer

from services.infra.batches import jitter
from services.infra.failures import TRANSIENT, describe
from services.infra.kafka import client_options
from services.infra.metrics import OUTBOX_OLDEST, RELAYED
from services.infra.runtime import Runtime
from services.infra.stages import stage
from services.relay.repository import active_batch, listen, oldest_seconds

log = structlog.get_logger()

BATCH = 1000
SEND_SECONDS = 30.0
"""An idempotent producer waits for ever in an outage; past this the batch is given up, rolled back and sent again."""
IDLE_SECONDS = 0.5
"""Notifications wake the relay; polling is only for one lost with its connection."""
STANDBY_SECONDS = 1.0


def attach(runtime: Runtime) -> None:
    """Publish what services leave in the outbox for as long as the process lives."""
    runtime.background(lambda: relay(runtime))
    runtime.background(lambda: watch_age(runtime))


async def relay(runtime: Runtime) -> None:
    """Publish batches in outbox order; after a failure start again with a new producer, so that nothing stays stuck."""
    failures = 0
    while True:
        try:
            async with _producer(runtime) as producer, listen(runtime.pool) as news:
                while True:
                    news.clear()
                    sent = await publish_batch(runtime, producer)
                    failures = 0
                    if sent is None:
                        await jitter(STANDBY_SECONDS)
                    elif sent < BATCH:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(news.wait(), IDLE_SECONDS)
        except TRANSIENT as failure:
            failures += 1
            log.warning("relay_retrying", reason=describe(failure))
            await jitter(min(5.0, 0.2 * 2**failures))


async def publish_batch(runtime: Runtime, producer: AIOKafkaProducer) -> int | None:
    """Publish the oldest events and delete them; None when another instance is active.

    Order: send → broker's acknowledgement of every record → delete → commit. A crash in between publishes a batch
    twice, which the inboxes drop; per key the order never changes.
    """
    async with active_batch(runtime.pool, BATCH) as rows:
        if rows is None:
            return None
        if rows:
            with stage("relay", "send"):
                async with asyncio.timeout(SEND_SECONDS):
                    waiting = [
                        await producer.send(
                            row["topic"],
                            value=row["value"],
                            key=row["key"].encode(),
                            headers=[(name, value.encode()) for name, value in row["headers"].items()],
                        )
                        for row in rows
                    ]
                    await asyncio.gather(*waiting)
            RELAYED.inc(len(rows))
        return len(rows)


async def watch_age(runtime: Runtime) -> None:
    """Keep the age of the oldest waiting event visible."""
    while True:
        with contextlib.suppress(*TRANSIENT):
            OUTBOX_OLDEST.set(await oldest_seconds(runtime.pool))
        await asyncio.sleep(2)


@contextlib.asynccontextmanager
async def _producer(runtime: Runtime) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **client_options(runtime.settings),
        client_id=f"relay-{runtime.instance.hex[:8]}",
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=4 * 1024 * 1024,
    )
    await producer.start()
    try:
        yield producer
    finally:
        # A producer that waits for a dead broker must not keep the process from stopping.
        with contextlib.suppress(TimeoutError, *TRANSIENT):
            await asyncio.wait_for(producer.stop(), 3)

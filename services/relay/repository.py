"""The outbox, read in order under a lock that only one relay holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.infra.postgres import Pool
from services.infra.stages import stage

RELAY_LOCK = 0x7E1A7
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
OLDEST = "SELECT id, topic, key, value, headers FROM bus.outbox ORDER BY id LIMIT $1"
# Deleted by id, not by range: ids commit out of order, and a row below the highest may not have been seen.
DELETE = "DELETE FROM bus.outbox WHERE id = ANY($1::bigint[])"
AGE = "SELECT coalesce(extract(epoch FROM now() - at), 0)::float8 FROM bus.outbox ORDER BY id LIMIT 1"


@asynccontextmanager
async def active_batch(pool: Pool, limit: int) -> AsyncIterator[list[Any] | None]:
    """The oldest rows, deleted when the block ends normally; None where another relay is active."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(TRY_LOCK, RELAY_LOCK):
            yield None
            return
        with stage("relay", "read"):
            rows = await connection.fetch(OLDEST, limit)
        yield rows
        if rows:
            with stage("relay", "delete"):
                await connection.execute(DELETE, [row["id"] for row in rows])


@asynccontextmanager
async def listen(pool: Pool) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever somebody committed to the outbox."""
    news = asyncio.Event()
    async with pool.acquire() as connection:

        def wake(*_: Any) -> None:
            news.set()

        await connection.add_listener("petitions_outbox", wake)
        try:
            yield news
        finally:
            if not connection.is_closed():
                await connection.remove_listener("petitions_outbox", wake)


async def oldest_seconds(pool: Pool) -> float:
    """Age of the oldest waiting event in seconds; 0 when none waits."""
    return float(await pool.fetchval(AGE) or 0.0)

"""Builds the index of every shard anew from PostgreSQL, beside workers that run: they take it over at their next start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.infra.postgres import Connection
from services.triage import repository as rows
from services.triage.memory import Memory


async def rebuild(connection: Connection, memory: Memory, on_progress: Callable[[int, int], None]) -> None:
    """Fill an empty memory from the rows of one snapshot and save it in its slot.

    `connection` is in a repeatable-read transaction; `on_progress` hears how many complaints of how many were read.
    """
    memory.installation, now = await rows.installation(connection), await rows.snapshot(connection)
    shards = await rows.all_shards(connection)
    total = sum(shards.values())
    on_progress(0, total)
    async for part in rows.shard_rows(connection, sorted(shards)):
        await asyncio.to_thread(memory.learn, part)
        on_progress(len(memory.history), total)
    memory.end((case, True) for case in await rows.ended_in(connection, sorted(shards)))
    for rule, a, b in await rows.constraints(connection, None):
        memory.constrain(rule, a, b)
    memory.shards, memory.snapshot = dict.fromkeys(shards, now), now
    await asyncio.to_thread(memory.save)

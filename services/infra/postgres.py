"""The connection pool: codecs, timeouts, a name that shows in pg_stat_activity."""

from __future__ import annotations

import asyncpg
import orjson

Pool = asyncpg.Pool
Connection = asyncpg.Connection

STATEMENT_TIMEOUT_SECONDS = 60
"""A statement that runs longer is a bug or a lock we should not wait for; the batch is then retried."""


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_jsonb, decoder=lambda raw: orjson.loads(raw[1:])
    )


def _jsonb(value: object) -> bytes:
    return b"\x01" + (value if isinstance(value, bytes) else orjson.dumps(value))


async def _as_it_is(connection: asyncpg.Connection) -> None:
    """Nothing to reset when a connection comes back: asyncpg ends an open transaction by itself, listeners leave by
    themselves, and no statement of ours sets or locks anything beyond its transaction (a test reads them all). Asking the
    server anyway costs each use a round trip."""


async def create_pool(dsn: str, *, service: str, size: int) -> asyncpg.Pool:
    """A pool for one service. jsonb values go in and come out as Python objects; bytes are taken as ready JSON."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=_prepare,
        reset=_as_it_is,
        timeout=10,
        command_timeout=STATEMENT_TIMEOUT_SECONDS,
        server_settings={"application_name": f"petitions-{service}", "timezone": "UTC"},
    )

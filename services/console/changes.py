"""News of changes for pages that are open: one listener per process, however many people watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.infra.failures import TRANSIENT, describe
from services.infra.postgres import Pool

CHANNEL = "petitions_work"
RETRY_SECONDS = 3.0
log = structlog.get_logger()


@dataclass(eq=False)
class Watcher:
    """Somebody with a page open; `news` is set when something of the unit's (or anything, without a unit) changed."""

    unit_id: str | None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Changes:
    """Passes on what the database announces. `run` for as long as the process lives."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._watchers: set[Watcher] = set()
        self.stopped = False

    def stop(self) -> None:
        """Let everybody who watches go, since the process ends."""
        self.stopped = True
        for watcher in self._watchers:
            watcher.news.set()

    @contextlib.asynccontextmanager
    async def watch(self, unit_id: str | None) -> AsyncIterator[Watcher]:
        """Watch a unit's cases, or all of them."""
        watcher = Watcher(unit_id)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def _heard(self, connection: Any, pid: int, channel: str, unit: str) -> None:
        for watcher in self._watchers:
            if watcher.unit_id == unit or (watcher.unit_id is None and not unit):
                watcher.news.set()

    async def run(self) -> None:
        """Listen; after a lost connection everybody is told, since something may have been missed."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await connection.add_listener(CHANNEL, self._heard)
                    for watcher in self._watchers:
                        watcher.news.set()
                    try:
                        while True:
                            await asyncio.sleep(RETRY_SECONDS)
                            await connection.execute("SELECT 1")
                    finally:
                        with contextlib.suppress(Exception):
                            await connection.remove_listener(CHANNEL, self._heard)
            except TRANSIENT as failure:
                log.warning("listening_again", reason=describe(failure))
                await asyncio.sleep(RETRY_SECONDS)

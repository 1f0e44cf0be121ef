"""The bus without a broker: events leave the outbox in order and reach the services' own handlers as records.

`LocalRuntime` takes the place of a process: every service attaches to it as it does to the real one, but its background
work is left to the caller, who also moves the clock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.topics import Topic
from services.infra.batches import Batches, Work
from services.infra.clock import Clock
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.runtime import Runtime
from services.infra.settings import Settings
from services.infra.vault import Vault

TAKE = "DELETE FROM bus.outbox WHERE id IN (SELECT id FROM bus.outbox ORDER BY id LIMIT 500) RETURNING id, topic, key, value, headers"
INSTANCE = UUID("00000000-0000-0000-0000-00000000d340")


@dataclass(frozen=True, slots=True)
class Reader:
    """A service that reads topics, in batches of its own."""

    topics: frozenset[str]
    work: Work
    batches: Batches
    only: Callable[[Record], bool] | None = None

    async def read(self, records: Sequence[Record]) -> None:
        """Handle what is for this service."""
        mine = [record for record in records if record.topic in self.topics and (self.only is None or self.only(record))]
        if mine:
            await self.batches.run(mine, self.work)


class LocalBus:
    """Carries events from the outbox to the services that read them, until nothing is left."""

    def __init__(self, pool: Pool, vault: Vault, *, clock: Clock, keep: bool = False) -> None:
        self.pool, self.vault, self.clock, self.keep = pool, vault, clock, keep
        self.readers: dict[str, Reader] = {}
        self.passed: list[Record] = []
        self.counts: Counter[str] = Counter()
        self._offset = 0

    def add(
        self, name: str, topics: Sequence[Topic], work: Work, *, only: Callable[[Record], bool] | None = None,
        abandon: Callable[[Sequence[Record]], None] = lambda records: None,
    ) -> None:  # fmt: skip
        """Let a service read topics; a bug in it stops the bus at once."""
        count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=0))
        batches = Batches(name, self.pool, self.vault, count, retry_seconds=5, clock=self.clock, abandon=abandon)
        self.readers[name] = Reader(frozenset(topic.name for topic in topics), work, batches, only)

    async def drain(self) -> None:
        """Deliver until the outbox is empty."""
        while records := await self._take():
            await self.deliver(records)

    async def deliver(self, records: Sequence[Record]) -> None:
        """Hand records to whoever reads their topics."""
        self.counts.update(record.topic for record in records)
        if self.keep:
            self.passed += records
        for reader in self.readers.values():
            await reader.read(records)

    async def _take(self) -> list[Record]:
        rows = sorted(await self.pool.fetch(TAKE), key=lambda row: row["id"])
        found = []
        for row in rows:
            self._offset += 1
            found.append(Record(row["topic"], 0, self._offset, row["key"].encode(), bytes(row["value"]), row["headers"], 0))
        return found

    def seen(self, topic: str) -> list[dict[str, Any]]:
        """Payloads that passed on a topic, in order, where they are kept."""
        return [json.loads(record.value) for record in self.passed if record.topic == topic]


class LocalRuntime(Runtime):
    """A process without a broker: what services subscribe to is read from the bus."""

    def __init__(self, settings: Settings, pool: Pool, vault: Vault, *, clock: Clock) -> None:
        self.settings, self.pool, self.vault, self.clock = settings, pool, vault, clock
        self.instance = INSTANCE
        self.provided: dict[str, Any] = {}
        self.bus = LocalBus(pool, vault, clock=clock)
        self._at_start, self._at_stop = [], []

    def subscribe(
        self, service: str, topics: Sequence[Topic], work: Work, *, abandon: Callable[[Sequence[Record]], None] = lambda records: None,
        only: Callable[[Record], bool] | None = None,
    ) -> None:  # fmt: skip
        """Read from the bus."""
        self.bus.add(service, topics, work, only=only, abandon=abandon)

    def background(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Nothing runs by itself here: whoever moves the clock calls what is due."""

    async def start(self) -> None:
        """What services do before the first record."""
        for work in self._at_start:
            await work()

    async def stop(self) -> None:
        """What services do after the last one."""
        for work in self._at_stop:
            await work()

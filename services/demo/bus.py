"""The bus without a broker: events leave the outbox in order and reach handlers as records, each batch as a service has it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.infra.batches import Batches, Work
from services.infra.clock import Clock
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.vault import Vault

Abandon = Callable[[Sequence[Record]], None]
TAKE = "DELETE FROM bus.outbox WHERE id IN (SELECT id FROM bus.outbox ORDER BY id LIMIT 500) RETURNING id, topic, key, value, headers"


class LocalBus:
    """Carries events from the outbox to the services that read them, until nothing is left."""

    def __init__(
        self, pool: Pool, vault: Vault, *, clock: Clock, readers: Mapping[str, tuple[Sequence[str], Work]],
        abandon: Mapping[str, Abandon] | None = None, keep: bool = True,
    ) -> None:  # fmt: skip
        self.pool = pool
        self.readers = readers
        self.keep = keep
        count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=0))  # a bug stops the bus at once
        self.batches = {
            name: Batches(
                name, pool, vault, count, retry_seconds=5, clock=clock, abandon=(abandon or {}).get(name, lambda records: None)
            )
            for name in readers
        }
        self.passed: list[Record] = []
        self.counts: Counter[str] = Counter()
        self._offset = 0

    async def drain(self) -> None:
        """Deliver until the outbox is empty."""
        while records := await self._take():
            await self.deliver(records)

    async def deliver(self, records: Sequence[Record]) -> None:
        """Hand records to whoever reads their topics, one batch each."""
        self.counts.update(record.topic for record in records)
        if self.keep:
            self.passed += records
        for name, (topics, work) in self.readers.items():
            if mine := [record for record in records if record.topic in topics]:
                await self.batches[name].run(mine, work)

    async def _take(self) -> list[Record]:
        rows = sorted(await self.pool.fetch(TAKE), key=lambda row: row["id"])
        found = []
        for row in rows:
            self._offset += 1
            headers = row["headers"] if isinstance(row["headers"], dict) else json.loads(row["headers"])
            found.append(Record(row["topic"], 0, self._offset, row["key"].encode(), bytes(row["value"]), headers, 0))
        return found

    def seen(self, topic: str) -> list[dict[str, Any]]:
        """Payloads that passed on a topic, in order."""
        return [json.loads(record.value) for record in self.passed if record.topic == topic]

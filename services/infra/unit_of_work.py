"""One batch, one transaction: claims in the inbox, business rows, events in the outbox. All of it or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4

import orjson

from contracts.dead_letter import DeadLettered, FailureVerdict
from contracts.envelope import Event, cloud_headers, headers_of
from contracts.topics import BY_NAME, Topic
from services.infra.clock import Clock, system_clock
from services.infra.failures import Permanent
from services.infra.postgres import Connection, Pool
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.trace import child_of
from services.infra.vault import Vault

# Sorted ids: two batches that share events lock them in one order and cannot deadlock.
CLAIM = """
INSERT INTO bus.inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING RETURNING event_id
"""
WAKE_RELAY = "SELECT pg_notify('petitions_outbox', '')"
OUTBOX_COLUMNS = ("event_id", "topic", "key", "value", "headers")
DEAD_LETTER = """
INSERT INTO bus.dead_letters
    (id, topic, partition, record_offset, record_key, consumer, event_id, verdict, reason, reasons, key_id, sealed, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (consumer, event_id) DO NOTHING
"""


def pack(headers: dict[str, str], value: bytes) -> bytes:
    """A record's headers and value as one run of bytes, for sealing."""
    return orjson.dumps(headers) + b"\n" + value


def unpack(packed: bytes) -> tuple[dict[str, str], bytes]:
    """What `pack` put together."""
    head, _, value = packed.partition(b"\n")
    return orjson.loads(head), value


class UnitOfWork:
    """Work in progress inside one transaction of `connection`; made by `begin`."""

    def __init__(self, connection: Connection, *, service: str, vault: Vault, clock: Clock) -> None:
        self.connection = connection
        self.service = service
        self.vault = vault
        self.clock = clock
        self._outbox: list[tuple[UUID, str, str, bytes, dict[str, str]]] = []

    async def claim(self, event_ids: Iterable[UUID]) -> set[UUID]:
        """The ids this service has not handled before; they count as handled once the transaction commits."""
        rows = await self.connection.fetch(CLAIM, self.service, list(set(event_ids)))
        return {row["event_id"] for row in rows}

    def emit(
        self, topic: Topic, key: object, event: Event, *, traceparent: str | None = None, type_: str | None = None
    ) -> bytes:
        """Publish `event` under `key` when, and only when, the transaction commits; events of one key keep order.

        `type_` is the CloudEvents type where one topic carries several; the topic's name otherwise. Returns the
        record's value, so that a row that keeps the event need not write it out again.
        """
        headers = cloud_headers(
            event,
            type_=type_ or topic.name,
            source=f"petitions/{self.service}",
            subject=str(key),
            traceparent=child_of(traceparent),
        )
        value = event.to_bytes()
        self._add(topic, key, event.event_id, value, headers)
        return value

    def emit_value(
        self, topic: Topic, key: object, event_id: UUID, value: bytes, *, at: datetime, type_: str, traceparent: str | None = None
    ) -> None:
        """As `emit`, for a payload that is JSON already: on hot paths the model is not built to be taken apart again.

        `traceparent` is the span that tells it, as it is.
        """
        headers = headers_of(event_id, at, type_=type_, source=f"petitions/{self.service}", subject=str(key), traceparent=traceparent)
        self._add(topic, key, event_id, value, headers)

    def _add(self, topic: Topic, key: object, event_id: UUID, value: bytes, headers: dict[str, str]) -> None:
        if len(value) > topic.max_bytes:
            # The broker would refuse it, and the relay would stand still behind it for ever.
            raise Permanent(f"an event for {topic.name} has {len(value)} bytes, more than the {topic.max_bytes} allowed")
        self._outbox.append((event_id, topic.name, str(key), value, headers))

    def mark(self) -> int:
        """Where the collected events stand; for `forget`."""
        return len(self._outbox)

    def forget(self, mark: int) -> None:
        """Drop events collected since a mark, together with the savepoint they belonged to."""
        del self._outbox[mark:]

    def emit_raw(self, topic: str, key: bytes | None, value: bytes, headers: dict[str, str]) -> None:
        """Publish a record as it once came, for replays; the relay treats it like any other."""
        self._outbox.append((uuid4(), topic, (key or b"").decode("utf-8", "replace"), value, headers))

    async def dead_letter(
        self, record: Record, verdict: FailureVerdict, reason: str, *, reasons: Sequence[dict[str, object]] = (), id: UUID | None = None
    ) -> UUID:
        """Set a record aside with its bytes sealed, and announce it on the topic's dead-letter topic."""
        letter = id or uuid4()
        sealed = self.vault.seal_bytes(pack(record.headers, record.value), context=letter.bytes)
        now = self.clock()
        await self.connection.execute(
            DEAD_LETTER,
            letter,
            record.topic,
            record.partition,
            record.offset,
            record.key,
            self.service,
            record.event_id,
            verdict.value,
            reason,
            list(reasons),
            sealed.key_id,
            sealed.blob,
            now,
        )
        topic = BY_NAME.get(record.topic)
        if topic is not None:
            event = DeadLettered(
                occurred_at=now,
                dead_letter_id=letter,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                consumer=self.service,
                verdict=verdict,
                reason=reason,
            )
            self.emit(topic.dlq, letter, event, traceparent=record.traceparent)
        return letter

    async def write_outbox(self) -> int:
        """Write the collected events; called by `begin` as the last thing before the commit."""
        if not self._outbox:
            return 0
        await self.connection.copy_records_to_table(
            "outbox", schema_name="bus", columns=OUTBOX_COLUMNS, records=self._outbox
        )
        await self.connection.execute(WAKE_RELAY)
        return len(self._outbox)


@asynccontextmanager
async def begin(pool: Pool, *, service: str, vault: Vault, clock: Clock = system_clock) -> AsyncIterator[UnitOfWork]:
    """A transaction that commits when the block ends normally and leaves nothing behind when it raises."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            work = UnitOfWork(connection, service=service, vault=vault, clock=clock)
            yield work
            with stage(service, "outbox"):
                await work.write_outbox()
        except BaseException:
            await transaction.rollback()
            raise
        with stage(service, "commit"):
            await transaction.commit()

"""Intake's statements: one a name, whole batches at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.infra.postgres import Connection

# Locked in one order, so that two batches with the same complaints cannot deadlock.
KNOWN = """
SELECT c.id, c.receipt_no, c.version, c.content_mac, c.registered_at
FROM intake.complaints c WHERE c.id = ANY($1::uuid[]) ORDER BY c.id FOR UPDATE
"""
# Ids come from (source, external id); the lock makes two workers that meet a complaint for the first time take turns.
LOCK = "SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest($1::bigint[]) AS k) AS keys"
RECEIPTS = "SELECT nextval('intake.receipts') FROM generate_series(1, $1)"
COMPLAINT_COLUMNS = (
    "id", "source", "external_id", "receipt_no", "version", "content_mac", "channel", "region_code",
    "region_confidence", "reporter", "received_at", "registered_at", "event",
)  # fmt: skip
RESENT = """
UPDATE intake.complaints AS c SET resends = c.resends + r.n
FROM unnest($1::uuid[], $2::int[]) AS r (id, n) WHERE c.id = r.id
"""
KEEP_VERSION = """
INSERT INTO intake.complaint_versions (complaint_id, version, content_mac, event, at)
SELECT id, version, content_mac, event, $2 FROM intake.complaints WHERE id = $1 ON CONFLICT DO NOTHING
"""
CHANGED = """
UPDATE intake.complaints SET version = $2, content_mac = $3, region_code = $4, region_confidence = $5, reporter = $6, event = $7
WHERE id = $1
"""
ORIGINAL_COLUMNS = ("complaint_id", "version", "key_id", "sealed", "at")


@dataclass(slots=True)
class Known:
    """What intake remembers of a complaint while a batch is handled."""

    receipt_no: str
    version: int
    content_mac: bytes
    registered_at: datetime


async def lock_new(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Those of the complaints that are registered, locked; the others are reserved until the transaction ends."""
    found = await _known(connection, ids)
    missing = sorted({id.int & 0x7FFF_FFFF_FFFF_FFFF for id in ids if id not in found})
    if missing:
        await connection.execute(LOCK, missing)
        found |= await _known(connection, [id for id in ids if id not in found])
    return found


async def _known(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Known]:
    rows = await connection.fetch(KNOWN, list(ids))
    return {r["id"]: Known(r["receipt_no"], r["version"], r["content_mac"], r["registered_at"]) for r in rows}


async def next_receipts(connection: Connection, count: int) -> list[int]:
    """So many fresh sequence numbers; a rolled-back batch leaves a gap, never a double."""
    return [row[0] for row in await connection.fetch(RECEIPTS, count)]


async def insert_complaints(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """New complaints, in the order of COMPLAINT_COLUMNS."""
    if rows:
        await connection.copy_records_to_table(
            "complaints", schema_name="intake", columns=COMPLAINT_COLUMNS, records=rows
        )


async def insert_originals(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Sealed originals, in the order of ORIGINAL_COLUMNS."""
    if rows:
        await connection.copy_records_to_table("originals", schema_name="vault", columns=ORIGINAL_COLUMNS, records=rows)


async def count_resends(connection: Connection, resent: dict[UUID, int]) -> None:
    """The same content came again."""
    if resent:
        await connection.execute(RESENT, list(resent), list(resent.values()))


async def change_complaint(connection: Connection, id: UUID, at: datetime, *values: Any) -> None:
    """Keep the version in force and put a new one in its place."""
    await connection.execute(KEEP_VERSION, id, at)
    await connection.execute(CHANGED, id, *values)

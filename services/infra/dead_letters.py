"""Dead letters: seen without their content, mended with a validated change, replayed as often as you like.

Replaying lifts the inbox's claim of the consumer that failed and of no other, so every other consumer drops the record
as known; replaying twice has the effect of once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from contracts.submitted import parse_submitted
from contracts.topics import BY_NAME, SUBMITTED
from services.infra.failures import describe
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork, pack, unpack
from services.infra.vault import Blob

LIST = """
SELECT id, topic, partition, record_offset, consumer, verdict, reason, reasons, at, state, mended IS NOT NULL AS mended
FROM bus.dead_letters WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR id = $2) ORDER BY at DESC LIMIT $3
"""
SEALED = """
SELECT id, topic, record_key, consumer, event_id, state, key_id, sealed, mended_key_id, mended
FROM bus.dead_letters WHERE id = $1 FOR UPDATE
"""
REVEALED = "INSERT INTO vault.unsealings (complaint_id, actor, purpose, fields, at) VALUES ($1, $2, $3, $4, $5)"
MEND = "UPDATE bus.dead_letters SET mended_key_id = $2, mended = $3, mended_by = $4 WHERE id = $1"
REPLAYED = "UPDATE bus.dead_letters SET state = 'replayed', replayed_at = $2 WHERE id = $1"
LIFT_CLAIM = "DELETE FROM bus.inbox WHERE consumer = $1 AND event_id = $2"


class DeadLetterRefused(Exception):
    """The dead letter cannot be treated so; the message names the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What may be seen of a record set aside; its content stays sealed."""

    id: UUID
    topic: str
    partition: int
    record_offset: int
    consumer: str
    verdict: str
    reason: str
    reasons: list[dict[str, Any]]
    at: datetime
    state: str
    mended: bool

    def as_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        return {**asdict(self), "id": str(self.id), "at": self.at.isoformat()}


async def dead_letters(
    connection: Connection, *, state: str | None = "waiting", id: UUID | None = None, limit: int = 100
) -> list[DeadLetter]:
    """The newest first."""
    return [DeadLetter(**row) for row in await connection.fetch(LIST, state, id, limit)]


async def reveal(unit: UnitOfWork, id: UUID, *, actor: str, purpose: str) -> bytes:
    """The record's value in clear, as an act with a purpose that is kept on record."""
    row = await _row(unit, id)
    if not purpose.strip():
        raise DeadLetterRefused("revealing a record needs a purpose; name it")
    await unit.connection.execute(REVEALED, id, actor, purpose, ["dead_letter"], unit.clock())
    return _open(unit, row)[1]


async def mend(unit: UnitOfWork, id: UUID, changes: dict[str, Any] | bytes, *, actor: str) -> None:
    """Change fields of the record (or put whole new bytes in its place); refused where it would fail again."""
    row = await _row(unit, id)
    headers, value = _open(unit, row)
    if isinstance(changes, bytes):
        mended = changes
    else:
        try:
            document = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise DeadLetterRefused("the record is not JSON, so no field of it can be set; mend it with a whole file") from None
        if not isinstance(document, dict):
            raise DeadLetterRefused("the record is not a JSON object; mend it with a whole file")
        mended = orjson.dumps({**document, **changes})
    if problem := _problem(row["topic"], mended):
        raise DeadLetterRefused(f"the mended record would be refused again: {problem}")
    sealed = unit.vault.seal_bytes(pack(headers, mended), context=id.bytes)
    await unit.connection.execute(MEND, id, sealed.key_id, sealed.blob, actor)


async def replay(unit: UnitOfWork, id: UUID) -> None:
    """Publish the record (as mended, if it was) to its topic again."""
    row = await _row(unit, id)
    headers, value = _open(unit, row)
    await unit.connection.execute(LIFT_CLAIM, row["consumer"], row["event_id"])
    unit.emit_raw(row["topic"], row["record_key"], value, headers)
    await unit.connection.execute(REPLAYED, id, unit.clock())


def _problem(topic: str, value: bytes) -> str | None:
    """Why a record of this topic would not be read, or None; never a value of it."""
    if topic == SUBMITTED.name:
        outcome = parse_submitted(value)
        if isinstance(outcome, list):
            return "; ".join(f"{r.field}: {r.reason_en}" for r in outcome)
        return None
    try:
        BY_NAME[topic].payload.model_validate_json(value)
    except ValidationError as failure:
        return describe(failure)
    return None


def _open(unit: UnitOfWork, row: Any) -> tuple[dict[str, str], bytes]:
    key_id, sealed = (row["mended_key_id"], row["mended"]) if row["mended"] else (row["key_id"], row["sealed"])
    return unpack(unit.vault.unseal_bytes(Blob(key_id, sealed), context=row["id"].bytes))


async def _row(unit: UnitOfWork, id: UUID) -> Any:
    row = await unit.connection.fetchrow(SEALED, id)
    if row is None:
        raise DeadLetterRefused(f"there is no dead letter {id}; see petitions dlq list")
    return row

"""Statements of emergencies, their events and their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from services.domain.emergency import Emergency, Page
from services.infra.postgres import Connection
from services.registers.repository import Kept

STATE: TypeAdapter[Emergency] = TypeAdapter(Emergency)
DUTY = Kept(
    table="duty", key=("day", "post", "region", "person"), columns=("day", "post", "region", "person", "phone"),
    extra=("import_id",), versioned=False,
)  # fmt: skip
OPEN = """
INSERT INTO registers.emergencies (id, complaint_id, version, region, status, open, grade, known_at, report_due_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (complaint_id) DO NOTHING RETURNING id
"""
SAVE = """
UPDATE registers.emergencies SET version = $2, status = $3, open = $4, grade = $5, report_due_at = $6, state = $7 WHERE id = $1
"""
LOCKED = "SELECT state::text AS state FROM registers.emergencies WHERE id = $1 FOR UPDATE"
BY_COMPLAINT = "SELECT state::text AS state FROM registers.emergencies WHERE complaint_id = $1 FOR UPDATE"
NOTE = """
INSERT INTO registers.emergency_events (emergency_id, version, kind, by, reason, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
EVENTS = "SELECT version, kind, by, reason, body, at FROM registers.emergency_events WHERE emergency_id = $1 ORDER BY version"
SCOPED = "(region IS NULL OR region LIKE ANY($1::text[]))"
LIST = f"""
SELECT id, version, region, status, open, grade, known_at, report_due_at, state FROM registers.emergencies
WHERE {SCOPED} AND ($2::bool IS NULL OR open = $2) AND ($3::text IS NULL OR region LIKE $3)
    AND ($4::timestamptz IS NULL OR (known_at, id) < ($4, $5))
ORDER BY known_at DESC, id DESC LIMIT $6
"""
WHOLE = LIST.replace("id, version, region, status, open, grade, known_at, report_due_at, state", "state::text AS state")
SIMILAR = """
SELECT id FROM registers.emergencies WHERE open AND id <> $1 AND region IS NOT DISTINCT FROM $2
    AND known_at BETWEEN $3::timestamptz - interval '6 hours' AND $3::timestamptz + interval '6 hours' ORDER BY known_at LIMIT 10
"""
BY_RECEIPT = "SELECT id FROM registers.emergencies WHERE state ->> 'receipt_no' = $1 ORDER BY known_at LIMIT 1"
CASE_OF = "SELECT c.case_id, c.case_no FROM casework.complaint_cases l JOIN casework.cases c USING (case_id) WHERE l.complaint_id = $1 LIMIT 1"
KEEP_PAGES = """
INSERT INTO registers.pages (key, emergency_id, purpose, role, channels, text, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET state = 'waiting', text = excluded.text WHERE pages.state = 'cancelled'
"""
CANCEL = """
UPDATE registers.pages SET state = 'cancelled' WHERE emergency_id = $1 AND state = 'waiting' AND NOT key = ANY($2::text[])
"""
# Rows another instance holds are skipped: each moment fires once, and nobody waits for anybody.
DUE = """
SELECT key, emergency_id, purpose, role, channels, text, due_at FROM registers.pages
WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, key LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SENT = "UPDATE registers.pages SET state = 'sent', sent_at = $2, persons = $3 WHERE key = $1"
NEXT_DUE = "SELECT min(due_at) FROM registers.pages WHERE state = 'waiting'"
PAGES = "SELECT key, purpose, role, channels, due_at, state, sent_at, persons FROM registers.pages WHERE emergency_id = $1 ORDER BY due_at, key"
STATES = "SELECT id, state::text AS state FROM registers.emergencies WHERE id = ANY($1::uuid[])"
ON_DUTY = "SELECT post, region, person FROM registers.duty WHERE day = $1 AND post = ANY($2::text[]) ORDER BY person"
ROSTER = f"SELECT day, post, region, person, phone FROM registers.duty WHERE {SCOPED} AND day BETWEEN $2 AND $3 ORDER BY day, post, person"


EVERY_TURN = f"""
SELECT day, post, region, person, phone FROM registers.duty WHERE {SCOPED} AND ($2::text IS NULL OR region LIKE $2) ORDER BY day, post, person
"""


def load(state: str) -> Emergency:
    """An emergency from its row."""
    return STATE.validate_json(state)


def dump(event: Emergency) -> bytes:
    """An emergency as its row keeps it."""
    return STATE.dump_json(event)


async def open_(connection: Connection, event: Emergency, due: datetime) -> bool:
    """Keep a new emergency; False where the complaint has one already."""
    found = await connection.fetchval(
        OPEN, UUID(event.id), UUID(event.complaint_id), event.version, event.region, event.status, event.open,
        event.grade.value if event.grade else None, event.known_at, due, dump(event),
    )  # fmt: skip
    return found is not None


async def save(connection: Connection, event: Emergency, due: datetime) -> None:
    """Write an emergency that is held locked."""
    grade = event.grade.value if event.grade else None
    await connection.execute(SAVE, UUID(event.id), event.version, event.status, event.open, grade, due, dump(event))


async def locked(connection: Connection, id: UUID) -> Emergency | None:
    """One emergency, kept from other writers until the transaction ends."""
    state = await connection.fetchval(LOCKED, id)
    return load(state) if state else None


async def of_complaint(connection: Connection, complaint: UUID) -> Emergency | None:
    """The emergency of a complaint, locked."""
    state = await connection.fetchval(BY_COMPLAINT, complaint)
    return load(state) if state else None


async def note(connection: Connection, event: Emergency, kind: str, by: str, reason: str | None, body: Any, at: datetime) -> None:
    """Append to the history."""
    await connection.execute(NOTE, UUID(event.id), event.version, kind, by, reason, body, at)


async def events(connection: Connection, id: UUID) -> list[dict[str, Any]]:
    """The history, in order."""
    return [dict(row) for row in await connection.fetch(EVENTS, id)]


async def listed(connection: Connection, arguments: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Emergencies, the newest first."""
    found: list[Mapping[str, Any]] = await connection.fetch(LIST, *arguments)
    return found


async def whole(connection: Connection, arguments: Sequence[Any]) -> list[Emergency]:
    """The same, with everything about each."""
    return [load(row["state"]) for row in await connection.fetch(WHOLE, *arguments)]


async def every_turn(connection: Connection, patterns: Sequence[str], region: str | None) -> list[Mapping[str, Any]]:
    """The whole roster."""
    found: list[Mapping[str, Any]] = await connection.fetch(EVERY_TURN, list(patterns), region)
    return found


async def similar(connection: Connection, event: Emergency) -> list[str]:
    """Other open emergencies of the same district and hours: perhaps the same event told by others."""
    return [str(row["id"]) for row in await connection.fetch(SIMILAR, UUID(event.id), event.region, event.known_at)]


async def by_receipt(connection: Connection, receipt: str) -> UUID | None:
    """The emergency of the complaint with this receipt number."""
    found: UUID | None = await connection.fetchval(BY_RECEIPT, receipt)
    return found


async def case_of(connection: Connection, event: Emergency) -> Mapping[str, Any] | None:
    """The case its complaint is in."""
    found: Mapping[str, Any] | None = await connection.fetchrow(CASE_OF, UUID(event.complaint_id))
    return found


async def keep_pages(connection: Connection, event: Emergency, pages: Sequence[Page]) -> None:
    """The pages still to come are exactly these; what was sent stays sent."""
    await connection.execute(CANCEL, UUID(event.id), [page.key for page in pages])
    await connection.executemany(
        KEEP_PAGES,
        [(p.key, UUID(event.id), p.purpose.value, p.role, list(p.channels), p.text, p.at) for p in pages],
    )


async def due(connection: Connection, now: datetime, limit: int) -> list[Mapping[str, Any]]:
    """Pages whose moment has come, held by this transaction alone."""
    found: list[Mapping[str, Any]] = await connection.fetch(DUE, now, limit)
    return found


async def sent(connection: Connection, rows: Sequence[tuple[str, datetime, list[str]]]) -> None:
    """Pages that went out."""
    await connection.executemany(SENT, rows)


async def next_due(connection: Connection) -> datetime | None:
    """When the next page is due."""
    found: datetime | None = await connection.fetchval(NEXT_DUE)
    return found


async def pages(connection: Connection, id: UUID) -> list[dict[str, Any]]:
    """Every page of an emergency."""
    return [dict(row) for row in await connection.fetch(PAGES, id)]


async def states(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Emergency]:
    """Emergencies by id."""
    return {row["id"]: load(row["state"]) for row in await connection.fetch(STATES, list(ids))}


async def on_duty(connection: Connection, day: date, posts: Sequence[str]) -> list[Mapping[str, Any]]:
    """Who is on duty that day in these posts."""
    found: list[Mapping[str, Any]] = await connection.fetch(ON_DUTY, day, list(posts))
    return found


async def roster(connection: Connection, patterns: Sequence[str], first: date, last: date) -> list[dict[str, Any]]:
    """The roster of some days."""
    return [dict(row) for row in await connection.fetch(ROSTER, list(patterns), first, last)]

"""Statements of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from services.infra.postgres import Connection
from services.registers.repository import Kept

FIELDS = (
    "source", "problem", "target", "measures", "lead_unit", "co_units", "person", "deadline", "progress", "acceptance_unit",
    "acceptance", "publicity_start", "publicity_end", "closed_on", "document_no", "satisfaction", "state", "case_no",
)  # fmt: skip
"""Columns of an entry, as `domain.ledger.LedgerEntry` names them."""
PLACED = ("mode", "region", "lead_unit_id", "co_unit_ids", "open")
IMPORTED = Kept(
    table="ledger",
    key=("origin", "origin_key"),
    columns=("origin", "origin_key", *PLACED, *FIELDS),
    extra=("import_id", "changed_at"),
    once=("id", "at"),
    versioned=False,
)
LINE = ("id", "origin", "origin_key", "origin_version", *PLACED, *FIELDS, "at", "changed_at")
KEEP = f"""
INSERT INTO registers.ledger ({', '.join(LINE)})
SELECT {', '.join(LINE)} FROM jsonb_populate_recordset(null::registers.ledger, $1)
ON CONFLICT (origin, origin_key) DO UPDATE SET origin_version = excluded.origin_version, changed_at = excluded.changed_at,
    {', '.join(f'{name} = excluded.{name}' for name in (*PLACED, *FIELDS))}
WHERE ledger.origin_version < excluded.origin_version
"""
DROP = "DELETE FROM registers.ledger WHERE origin = $1 AND origin_key = ANY($2::text[])"
LACKING = """
INSERT INTO registers.ledger_lacking (case_id, case_no, case_version, region, lead_unit_id, missing, at)
SELECT case_id, case_no, case_version, region, lead_unit_id, missing, at
FROM jsonb_populate_recordset(null::registers.ledger_lacking, $1)
ON CONFLICT (case_id) DO UPDATE SET case_version = excluded.case_version, missing = excluded.missing, at = excluded.at,
    region = excluded.region, lead_unit_id = excluded.lead_unit_id
WHERE ledger_lacking.case_version < excluded.case_version
"""
COMPLETE = "DELETE FROM registers.ledger_lacking WHERE case_id = ANY($1::uuid[])"
# Only cases that have measures have a line; the state is theirs to keep and ours to read.
STATES = """
SELECT case_id, state::text AS state FROM casework.cases
WHERE case_id = ANY($1::uuid[]) AND jsonb_array_length(coalesce(state -> 'measures', '[]')) > 0
"""
LOG = "SELECT body FROM casework.events WHERE case_id = $1 AND version < $2 ORDER BY version"
SCOPED = """
    (region IS NULL OR region LIKE ANY($1::text[]))
    AND ($2::text IS NULL OR lead_unit_id = $2 OR co_unit_ids @> ARRAY[$2])
"""
WHERE = f"""
{SCOPED} AND ($3::text IS NULL OR region LIKE $3) AND ($4::text IS NULL OR lead_unit_id = $4 OR co_unit_ids @> ARRAY[$4])
    AND ($5::bool IS NULL OR open = $5) AND ($6::date IS NULL OR (open AND deadline < $6)) AND ($7::text IS NULL OR mode = $7)
    AND ($8::text IS NULL OR origin = $8)
"""
LIST = f"""
SELECT {', '.join(LINE)} FROM registers.ledger WHERE {WHERE}
    AND ($9::date IS NULL OR (deadline, id) > ($9, $10)) ORDER BY deadline, id LIMIT $11
"""
COUNT = f"SELECT count(*)::int FROM registers.ledger WHERE {WHERE}"
ONE = f"SELECT {', '.join(LINE)} FROM registers.ledger WHERE id = $3 AND {SCOPED}"
LOCKED = f"{ONE} FOR UPDATE"
NOTE = """
INSERT INTO registers.ledger_events (line_id, version, kind, by, text, evidence, deadline, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
NAMED = f"SELECT id FROM registers.ledger WHERE id::text LIKE $3 AND origin = 'inspection' AND {SCOPED} LIMIT 2"
EVENTS = "SELECT version, kind, by, text, evidence, deadline, at FROM registers.ledger_events WHERE line_id = $1 ORDER BY version"
INCOMPLETE = f"""
SELECT case_id, case_no, region, lead_unit_id, missing, at FROM
    (SELECT *, '{{}}'::text[] AS co_unit_ids FROM registers.ledger_lacking) AS lacking WHERE {SCOPED} ORDER BY at DESC LIMIT $3
"""
BY_ORIGIN = "SELECT origin_key, open, state, deadline FROM registers.ledger WHERE origin = $1 AND origin_key = ANY($2::text[])"
CASE_LINES = "SELECT case_no FROM registers.ledger WHERE origin = 'case' AND case_no = ANY($1::text[])"
VERIFIED = """
SELECT state::text AS state FROM casework.cases
WHERE state ? 'verification' AND state -> 'verification' <> 'null' AND (region IS NULL OR region LIKE ANY($1::text[]))
    AND ($2::text IS NULL OR region LIKE $2) AND ($3::timestamptz IS NULL OR first_received_at >= $3)
    AND ($4::timestamptz IS NULL OR first_received_at < $4)
ORDER BY opened_at, case_id
"""


async def keep(connection: Connection, lines: Sequence[Mapping[str, Any]]) -> None:
    """Insert or bring up to date lines of cases and inspections; an older version changes nothing."""
    if lines:
        await connection.execute(KEEP, orjson.dumps([dict(line) for line in lines], default=str))


async def drop(connection: Connection, origin: str, keys: Sequence[str]) -> None:
    """Lines whose origin has none any more."""
    if keys:
        await connection.execute(DROP, origin, list(keys))


async def note_lacking(connection: Connection, items: Sequence[Mapping[str, Any]], complete: Iterable[UUID]) -> None:
    """Remember cases that lack something, and forget those that lack nothing."""
    if items:
        await connection.execute(LACKING, orjson.dumps([dict(item) for item in items], default=str))
    if ids := list(complete):
        await connection.execute(COMPLETE, ids)


async def states(connection: Connection, ids: Sequence[UUID]) -> list[str]:
    """Snapshots of the cases that have measures."""
    return [row["state"] for row in await connection.fetch(STATES, list(ids))]


async def log_before(connection: Connection, case_id: UUID, version: int) -> list[bytes]:
    """A case's events before a version, in order."""
    return [row["body"] for row in await connection.fetch(LOG, case_id, version)]


async def page(
    connection: Connection, arguments: Sequence[Any], after: tuple[date, UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Lines in the order of their deadlines; `arguments` are those of `WHERE`."""
    found: list[Mapping[str, Any]] = await connection.fetch(LIST, *arguments, *(after or (None, None)), limit)
    return found


async def count(connection: Connection, arguments: Sequence[Any]) -> int:
    """How many lines the filter has."""
    return int(await connection.fetchval(COUNT, *arguments))


async def one(connection: Connection, patterns: Sequence[str], unit: str | None, id: UUID) -> Mapping[str, Any] | None:
    """One line inside a scope."""
    found: Mapping[str, Any] | None = await connection.fetchrow(ONE, list(patterns), unit, id)
    return found


async def locked(connection: Connection, patterns: Sequence[str], unit: str | None, id: UUID) -> dict[str, Any] | None:
    """The same, kept from other writers."""
    found = await connection.fetchrow(LOCKED, list(patterns), unit, id)
    return dict(found) if found else None


async def named(connection: Connection, patterns: Sequence[str], unit: str | None, beginning: str) -> list[UUID]:
    """Up to two lines of inspections whose id begins so."""
    return [row["id"] for row in await connection.fetch(NAMED, list(patterns), unit, f"{beginning}%")]


async def note(connection: Connection, values: Sequence[Any]) -> None:
    """Append to a line's history."""
    await connection.execute(NOTE, *values)


async def line_events(connection: Connection, id: UUID) -> list[Mapping[str, Any]]:
    """What happened to a line, in order."""
    found: list[Mapping[str, Any]] = await connection.fetch(EVENTS, id)
    return found


async def incomplete(connection: Connection, patterns: Sequence[str], unit: str | None, limit: int) -> list[dict[str, Any]]:
    """Cases that are not on the ledger for want of something."""
    return [dict(row) for row in await connection.fetch(INCOMPLETE, list(patterns), unit, limit)]


async def by_origin(connection: Connection, origin: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Lines by their key, those that are there."""
    return {row["origin_key"]: row for row in await connection.fetch(BY_ORIGIN, origin, list(keys))}


async def numbers_of_cases(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Which of these case numbers have lines made from cases."""
    return {row["case_no"] for row in await connection.fetch(CASE_LINES, list(numbers))}


async def verified(connection: Connection, arguments: Sequence[Any]) -> list[str]:
    """Snapshots of verified cases, for the public table."""
    return [row["state"] for row in await connection.fetch(VERIFIED, *arguments)]

"""Casework's statements: whole batches, cases locked in one order, history only ever appended to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.infra.postgres import Connection

# `$2` are digests whose state the caller still knows: a state follows from its history, so it need not travel again.
LOCK = """
SELECT case_id, version, head, CASE WHEN head = ANY($2::text[]) THEN NULL ELSE state::text END AS state
FROM casework.cases WHERE case_id = ANY($1::uuid[]) ORDER BY case_id FOR UPDATE
"""
READ = """
SELECT case_id, version, head, state::text AS state FROM casework.cases WHERE case_id = ANY($1::uuid[])
"""
# Two that open the same case take turns before there is a row to lock.
LOCK_NEW = "SELECT pg_advisory_xact_lock(hashtextextended(id::text, 7003)) FROM unnest($1::uuid[]) AS id ORDER BY id"
CASE_COLUMNS = (
    "case_id", "case_no", "version", "head", "status", "region", "city", "lead_unit", "units", "leader_id", "urgency", "types",
    "respondent", "place", "summary", "ordinal", "repeat_ordinal", "complaints", "reporters", "opened_at",
    "first_received_at", "last_event_at", "last_progress_at", "person_id", "state",
)  # fmt: skip
EVENT_COLUMNS = ("case_id", "version", "kind", "at", "by", "role", "unit", "body", "digest")
LINK_COLUMNS = (
    "complaint_id", "case_id", "link_id", "receipt_no", "kind", "weight", "reporter", "signatories", "received_at",
)  # fmt: skip
RETURN_COLUMNS = ("case_id", "version", "unit_id", "lead", "ground", "reason", "proposed_unit", "at")
PARKED_COLUMNS = ("case_id", "topic", "event", "at")
SAVE = """
UPDATE casework.cases AS c SET version = n.version, head = n.head, status = n.status, region = n.region,
    lead_unit = n.lead_unit, units = string_to_array(n.units, ','), leader_id = n.leader_id, urgency = n.urgency, types = string_to_array(n.types, ','),
    respondent = n.respondent, place = n.place, summary = n.summary, ordinal = n.ordinal,
    repeat_ordinal = coalesce(n.repeat_ordinal, c.repeat_ordinal), complaints = coalesce(n.complaints, c.complaints),
    reporters = coalesce(n.reporters, c.reporters),
    first_received_at = n.first_received_at, last_event_at = n.last_event_at, last_progress_at = n.last_progress_at,
    person_id = n.person_id, state = n.state
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::int[], $14::int[], $15::numeric[], $16::int[], $17::timestamptz[],
            $18::timestamptz[], $19::timestamptz[], $20::text[], $21::jsonb[], $22::text[])
    AS n (id, version, head, status, region, lead_unit, leader_id, urgency, types, respondent, place, summary, ordinal,
          repeat_ordinal, complaints, reporters, first_received_at, last_event_at, last_progress_at, person_id, state, units)
WHERE c.case_id = n.id
"""
DROP_LINKS = "DELETE FROM casework.complaint_cases WHERE case_id = ANY($1::uuid[])"
SOURCES = """
SELECT complaint_id, source, external_id FROM casework.complaint_sources WHERE complaint_id = ANY($1::uuid[])
"""
KEEP_SOURCES = """
INSERT INTO casework.complaint_sources (complaint_id, receipt_no, source, external_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
"""
REGISTERED_SOURCES = "SELECT id, source, external_id FROM intake.complaints WHERE id = ANY($1::uuid[])"
WHERE = "SELECT complaint_id, case_id FROM casework.complaint_cases WHERE complaint_id = ANY($1::uuid[])"
SHARES = "SELECT complaint_id, case_id, kind, weight FROM casework.complaint_cases WHERE complaint_id = ANY($1::uuid[])"
SINCE = "SELECT body FROM casework.events WHERE case_id = $1 AND version > $2 ORDER BY version LIMIT $3"
USE_FILES = """
INSERT INTO casework.file_uses (sha256, case_id, evidence_id) SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
ON CONFLICT DO NOTHING
"""
FILES = """
SELECT sha256, kind, media_type, size, taken_at, latitude, longitude FROM casework.files
WHERE sha256 = ANY($1::text[]) AND state = 'stored'
"""
UNPARK = "DELETE FROM casework.parked WHERE case_id = ANY($1::uuid[]) RETURNING id, case_id, topic, event"
PARKED = "SELECT count(*) AS n, min(at) AS oldest FROM casework.parked"
# Cases being closed whose source is the same: the respondent, or the place where none is known. A reading gives nouns for
# respondents too (工地, 河, 住户); what is shorter than a name ($8, same_source.min_name) is the same only at the same place.
SAME_SOURCE = """
WITH n AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    AS n (case_id, city, respondent, place, case_no, received_at))
SELECT n.case_id AS heard, n.received_at, n.case_no, c.case_id FROM n JOIN casework.cases c ON c.respondent = n.respondent
WHERE c.case_id <> n.case_id AND c.city = n.city AND c.status = ANY($7::text[])
    AND (char_length(n.respondent) >= $8 OR c.place = n.place)
UNION
SELECT n.case_id, n.received_at, n.case_no, c.case_id FROM n JOIN casework.cases c ON c.place = n.place
WHERE n.respondent IS NULL AND c.case_id <> n.case_id AND c.city = n.city AND c.status = ANY($7::text[])
"""


async def lock(connection: Connection, ids: Iterable[UUID], known: Iterable[str]) -> list[Any]:
    """The cases' rows, locked in one order."""
    found: list[Any] = await connection.fetch(LOCK, sorted(ids), list(known))
    return found


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows to one of casework's tables."""
    if rows:
        await connection.copy_records_to_table(table, schema_name="casework", columns=columns, records=rows)

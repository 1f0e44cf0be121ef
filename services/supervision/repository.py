"""Supervision's statements. Locks are taken in one order: a case's row before its clocks, cases by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.domain.clocks.moments import next_moment
from services.domain.clocks.rules import DeadlineRules
from services.domain.principals import Principal
from services.domain.supervision.recipients import Directory
from services.infra.access import COLUMNS, as_principal
from services.infra.postgres import Connection
from services.supervision.seen import CLOCK_COLUMNS, Kept, as_deadline

ENSURE = "INSERT INTO supervision.cases (case_id) SELECT id FROM unnest($1::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING"
LOCK = "SELECT * FROM supervision.cases WHERE case_id = ANY($1::uuid[]) ORDER BY case_id FOR UPDATE"
STATES = "SELECT case_id, state::text AS state FROM casework.cases WHERE case_id = ANY($1::uuid[])"
CLOCKS = "SELECT * FROM supervision.clocks WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, clock"
ANNOUNCED = """
SELECT c.*, f.share AS announced FROM supervision.clocks c JOIN LATERAL (
    SELECT max(share) AS share FROM supervision.firings WHERE case_id = c.case_id AND clock = c.clock AND due_at = c.due_at
) f ON f.share > c.fired_share WHERE c.case_id = ANY($1::uuid[])
"""
SAVED = (
    "version", "case_no", "status", "open", "unowned", "summary", "region", "unit_id", "unit", "person_id", "leader_id",
    "leader", "urgency", "first_received_at", "signed_in_at", "last_progress_at", "ordinal", "repeat_ordinal", "step",
    "stepped_at", "ladder_at", "asked_step", "asked_at", "held_until", "source_key", "closed_out", "look_backs", "fakes",
    "key_item", "supervised_source", "trouble",
)  # fmt: skip
SAVE = f"""
UPDATE supervision.cases AS c SET {", ".join(f"{name} = n.{name}" for name in SAVED)}
FROM jsonb_populate_recordset(NULL::supervision.cases, $1::jsonb) AS n WHERE c.case_id = n.case_id
"""
DROP_CLOCKS = "DELETE FROM supervision.clocks WHERE case_id = ANY($1::uuid[])"
# Casework locks cases by id; so does this, as the last thing in its transaction, so that nobody waits long or for ever.
FOR_LISTS = """
WITH held AS MATERIALIZED (SELECT case_id FROM casework.cases WHERE case_id = ANY($1::uuid[]) ORDER BY case_id FOR NO KEY UPDATE)
UPDATE casework.cases AS c SET deadlines = n.deadlines
FROM held JOIN jsonb_to_recordset($2::jsonb) AS n (case_id uuid, deadlines jsonb) USING (case_id) WHERE c.case_id = held.case_id
"""
CLOSED = "UPDATE supervision.cases SET closed_at = $2, closed_unit = $3 WHERE case_id = $1"
DIRECTORY = f"SELECT {COLUMNS} FROM access.principals p WHERE p.active AND p.person"

DUE_CLOCKS = """
SELECT c.*, k.case_no, k.status, k.summary, k.region, k.unit_id, k.unit, k.person_id, k.leader_id, k.leader, k.urgency,
       k.first_received_at, k.last_progress_at, k.ordinal, k.repeat_ordinal, k.step, k.stepped_at, k.unowned
FROM supervision.clocks c JOIN supervision.cases k ON k.case_id = c.case_id
WHERE c.next_at <= $1 ORDER BY c.next_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED
"""
FIRE = """
INSERT INTO supervision.firings (case_id, clock, due_at, share, moment, fired_at, rule_id, rule_version, calendar_version)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::float8[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                     $8::text[], $9::text[])
ON CONFLICT DO NOTHING RETURNING case_id, clock
"""
ADVANCE = """
UPDATE supervision.clocks AS c SET fired_share = n.fired, next_share = n.share, next_at = n.at
FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[], $5::timestamptz[]) AS n (case_id, clock, fired, share, at)
WHERE c.case_id = n.case_id AND c.clock = n.clock
"""
DUE_STEPS = """
SELECT * FROM supervision.cases WHERE unowned = $3 AND ladder_at <= $1 ORDER BY ladder_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
ASKED = """
UPDATE supervision.cases AS c SET asked_step = n.step, asked_at = n.asked_at, ladder_at = n.ladder_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS n (case_id, step, asked_at, ladder_at)
WHERE c.case_id = n.case_id
"""
UNCOUNTABLE = "UPDATE supervision.cases SET ladder_at = NULL, trouble = $2 WHERE case_id = ANY($1::uuid[])"
NOTICE_COLUMNS = ("key", "person_id", "case_id", "case_no", "rank", "reason", "at", "send_at", "emergency", "clock", "due_at", "passing", "about")
NOTIFY = f"""
INSERT INTO supervision.notices ({", ".join(NOTICE_COLUMNS)})
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::timestamptz[], $8::timestamptz[],
                     $9::bool[], $10::text[], $11::timestamptz[], $12::bool[], $13::text[])
ON CONFLICT (key) DO NOTHING
"""


async def lock_cases(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The cases' rows, made where missing, locked in one order."""
    await connection.execute(ENSURE, list(ids))
    return {row["case_id"]: row for row in await connection.fetch(LOCK, list(ids))}


async def kept_clocks(connection: Connection, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, list[Kept]]:
    """The running clocks of cases with what was announced of each."""
    found: dict[UUID, list[Kept]] = {}
    for row in await connection.fetch(CLOCKS + (" FOR UPDATE" if lock else ""), list(ids)):
        found.setdefault(row["case_id"], []).append(Kept(as_deadline(row), row["fired_share"]))
    return found


async def save(connection: Connection, cases: Sequence[Mapping[str, Any]], clocks: Sequence[tuple[Any, ...]]) -> None:
    """Replace what is kept of these cases."""
    ids = [UUID(str(case["case_id"])) for case in cases]
    await connection.execute(SAVE, orjson.dumps(cases))
    await connection.execute(DROP_CLOCKS, ids)
    await connection.copy_records_to_table("clocks", schema_name="supervision", columns=CLOCK_COLUMNS, records=clocks)


async def restore_announced(connection: Connection, ids: Sequence[UUID], rules: DeadlineRules) -> None:
    """Tell clocks that were made anew what was announced of them before."""
    found = []
    for row in await connection.fetch(ANNOUNCED, list(ids)):
        coming = next_moment(as_deadline(row), rules.warn_shares, row["announced"])
        found.append((row["case_id"], row["clock"], row["announced"], coming.share if coming else None, coming.at if coming else None))
    if found:
        await connection.execute(ADVANCE, *map(list, zip(*found, strict=True)))


async def show_in_lists(connection: Connection, clocks: Mapping[UUID, Sequence[Mapping[str, Any]]]) -> None:
    """Put the running clocks beside casework's own rows, where lists of cases read them."""
    if clocks:
        rows = [{"case_id": str(id), "deadlines": found} for id, found in clocks.items()]
        await connection.execute(FOR_LISTS, sorted(clocks), orjson.dumps(rows))


async def notify(connection: Connection, notices: Iterable[tuple[Any, ...]]) -> None:
    """Keep notices for the digests; one whose key is known is not kept again."""
    if found := list(notices):
        await connection.execute(NOTIFY, *map(list, zip(*found, strict=True)))


async def directory(connection: Connection) -> Directory:
    """Everybody who may be told something."""
    principals: list[Principal] = [as_principal(row) for row in await connection.fetch(DIRECTORY)]
    return Directory.of(principals)


async def fire(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> set[tuple[UUID, str]]:
    """Record announcements; those announced before are left out of the answer."""
    if not rows:
        return set()
    return {(row["case_id"], row["clock"]) for row in await connection.fetch(FIRE, *map(list, zip(*rows, strict=True)))}


async def due_clocks(connection: Connection, now: datetime, limit: int) -> list[Any]:
    """Clocks with a due moment reached, the earliest first; what another instance holds is passed over."""
    found: list[Any] = await connection.fetch(DUE_CLOCKS, now, limit)
    return found


async def due_steps(connection: Connection, now: datetime, limit: int, *, unowned: bool) -> list[Any]:
    """Cases the ladder must look at, the longest waiting first."""
    found: list[Any] = await connection.fetch(DUE_STEPS, now, limit, unowned)
    return found

"""Analytics' statements: what changed, the rows that are true, the facts made of them.

Analytics reads the tables of intake, triage, dispatch and casework (never the vault) and writes only its own schema.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.analytics.rows import Row
from services.infra.postgres import Connection, Pool

REFRESH_LOCK = 0x7E1A8
TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
TAKE = """
DELETE FROM analytics.touched WHERE id IN (SELECT id FROM analytics.touched ORDER BY id LIMIT $1) RETURNING kind, entity, id
"""
TOUCH = "INSERT INTO analytics.touched (kind, entity) SELECT * FROM unnest($1::text[], $2::uuid[])"
BACKLOG = "SELECT count(*) FROM (SELECT 1 FROM analytics.touched LIMIT $1) t"
TRUTH = """
SELECT i.id AS complaint_id, i.receipt_no, i.received_at, i.region_code AS region, i.channel, i.reporter,
       coalesce((i.event ->> 'signatories')::int, 1) AS signatories, coalesce((i.event ->> 'key_item')::boolean, false) AS key_item,
       i.event ->> 'respondent' AS declared, i.event ->> 'title' AS title, i.event ->> 'text' AS text, i.version > t.version AS unread,
       (t.reading ->> 'environmental')::float8 AS environmental, t.reading -> 'types' AS types, t.reading -> 'subtype' AS subtype,
       t.reading ->> 'respondent' AS respondent, t.reading -> 'place' AS place
FROM intake.complaints i JOIN triage.complaints t ON t.id = i.id WHERE i.id = ANY($1::uuid[])
"""
# Casework's live rows where it has them, triage's until then; two rows of one complaint in one case count as one.
PLACEMENTS = """
WITH known AS (
    SELECT complaint_id, case_id, (array_agg(kind ORDER BY kind = 'SPLIT', link_id))[1] AS kind, sum(weight) AS weight
    FROM casework.complaint_cases WHERE complaint_id = ANY($1::uuid[]) GROUP BY complaint_id, case_id
), fresh AS (
    SELECT v.complaint_id, v.case_id, l.kind, v.weight, l.band, l.decided_by
    FROM triage.live_links v JOIN triage.links l ON l.id = v.link_id WHERE v.complaint_id = ANY($1::uuid[])
)
SELECT k.complaint_id, k.case_id, k.kind, k.weight, f.band, f.decided_by
FROM known k LEFT JOIN fresh f ON f.complaint_id = k.complaint_id AND f.case_id = k.case_id
UNION ALL
SELECT f.complaint_id, f.case_id, f.kind, f.weight, f.band, f.decided_by
FROM fresh f WHERE f.complaint_id NOT IN (SELECT complaint_id FROM known)
"""
LINKS = """
SELECT l.id, l.complaint_id, l.case_id, l.act, l.kind, l.score, l.versions ->> 'model' AS model, l.at, a.act AS answer,
       a.at AS answered_at
FROM triage.links l LEFT JOIN triage.links a ON a.answers = l.id AND a.act IN ('undo', 'confirm', 'refuse')
WHERE l.complaint_id = ANY($1::uuid[])
  AND (l.act = 'suggest' OR (l.act = 'link' AND l.band = 'auto' AND l.decided_by = 'machine'))
"""
CASES = """
SELECT n.id AS case_id, coalesce(w.case_no, t.case_no) AS case_no, t.matter, coalesce(t.opened_at, w.opened_at) AS opened_at,
       w.types, w.respondent, w.place, w.urgency, coalesce(w.region, t.region_code) AS region, d.lead_unit,
       a.event -> 'lead' ->> 'name' AS lead_name, l.leader_id, l.event ->> 'name' AS leader_name, l.at AS leader_at
FROM unnest($1::uuid[]) AS n (id)
LEFT JOIN triage.cases t ON t.id = n.id
LEFT JOIN casework.cases w ON w.case_id = n.id
LEFT JOIN dispatch.cases d ON d.case_id = n.id
LEFT JOIN dispatch.leader_assignments l ON l.case_id = n.id
LEFT JOIN LATERAL (SELECT event FROM dispatch.assignments WHERE case_id = n.id ORDER BY sequence DESC LIMIT 1) a ON true
WHERE coalesce(w.case_no, t.case_no) IS NOT NULL
"""
EVENTS = "SELECT case_id, body FROM casework.events WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, version"
DIRTY = """
INSERT INTO analytics.dirty_days AS d (day, sets) SELECT day, $2::boolean FROM unnest($1::date[]) AS day
ON CONFLICT (day) DO UPDATE SET sets = true WHERE excluded.sets AND NOT d.sets
"""
TAKE_DAYS = """
DELETE FROM analytics.dirty_days WHERE day IN (SELECT day FROM analytics.dirty_days ORDER BY day DESC LIMIT $1) RETURNING day, sets
"""
CLEAR_DAYS = "DELETE FROM analytics.daily WHERE day = ANY($1::date[])"
CLEAR_SETS = "DELETE FROM analytics.daily_sets WHERE day = ANY($1::date[])"
ALL_DAYS = """
SELECT DISTINCT day FROM (
    SELECT received_on AS day FROM analytics.complaint_facts UNION SELECT day FROM analytics.daily UNION SELECT day FROM analytics.daily_sets UNION
    SELECT unnest(ARRAY[opened_on, first_received_on, leader_on, supervised_on, first_closed_on]) FROM analytics.case_facts UNION
    SELECT unnest(ARRAY[started_on, assigned_on, accepted_on, verified_on, concluded_on, closed_out_on, looked_back_on, rebound_on,
                        due_on, answer_due_on, notice_due_on, sign_in_due_on, leader_on]) FROM analytics.round_facts UNION
    SELECT called_on FROM analytics.callback_facts UNION SELECT returned_on FROM analytics.return_facts UNION
    SELECT decided_on FROM analytics.link_facts
) d WHERE day IS NOT NULL
"""
MOVED = "UPDATE analytics.state SET generation = generation + 1, dictionary = $1, refreshed_at = $2"
STATE = "SELECT generation, dictionary, refreshed_at FROM analytics.state"
# A rebuild touches everything there is and everything that is counted, so that what is gone is uncounted too.
TOUCH_ALL_COMPLAINTS = """
INSERT INTO analytics.touched (kind, entity)
SELECT 'complaint', id FROM (SELECT id FROM triage.complaints UNION SELECT complaint_id FROM analytics.complaint_facts) c
"""
TOUCH_ALL_CASES = """
INSERT INTO analytics.touched (kind, entity)
SELECT 'case', id FROM (SELECT id FROM triage.cases UNION SELECT case_id FROM casework.cases UNION SELECT case_id FROM analytics.case_facts) c
"""

UNREAD = "INSERT INTO analytics.unread SELECT DISTINCT id FROM unnest($1::uuid[]) AS id ON CONFLICT DO NOTHING"
TAKE_UNREAD = """
DELETE FROM analytics.unread WHERE complaint_id IN (SELECT complaint_id FROM analytics.unread LIMIT $1) RETURNING complaint_id
"""
DIGESTS = "SELECT complaint_id, digest FROM analytics.complaint_words WHERE complaint_id = ANY($1::uuid[])"
FORGET_WORDS = "DELETE FROM analytics.complaint_words WHERE complaint_id = ANY($1::uuid[])"

KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "complaint_facts": (("complaint_id", "uuid"), ("case_id", "uuid")),
    "case_facts": (("case_id", "uuid"),),
    "round_facts": (("case_id", "uuid"), ("ordinal", "int")),
    "callback_facts": (("case_id", "uuid"), ("version", "int")),
    "return_facts": (("case_id", "uuid"), ("version", "int")),
    "link_facts": (("link_id", "uuid"),),
}
"""Primary keys of the facts: what tells one row from another when old and new are compared."""


@asynccontextmanager
async def refreshing(pool: Pool) -> AsyncIterator[Connection | None]:
    """A transaction of the only refresher; None where another one is at work."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection if await connection.fetchval(TRY_LOCK, REFRESH_LOCK) else None


async def touch(connection: Connection, touched: Iterable[tuple[str, UUID]]) -> None:
    """Say what is to be counted anew."""
    kinds_entities = list(dict.fromkeys(touched))
    if kinds_entities:
        await connection.execute(TOUCH, [kind for kind, _ in kinds_entities], [entity for _, entity in kinds_entities])


async def take(connection: Connection, limit: int) -> tuple[list[UUID], list[UUID]]:
    """Complaints and cases to count anew, oldest first; they are taken when the transaction commits."""
    complaints: dict[UUID, None] = {}
    cases: dict[UUID, None] = {}
    for row in await connection.fetch(TAKE, limit):
        (complaints if row["kind"] == "complaint" else cases)[row["entity"]] = None
    return list(complaints), list(cases)


async def truths(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """What intake and triage know of complaints."""
    return {row["complaint_id"]: row for row in await connection.fetch(TRUTH, ids)}


async def placements(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """The cases complaints are in, with kind and weight."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.fetch(PLACEMENTS, ids):
        found[row["complaint_id"]].append(row)
    return found


async def case_truths(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """What triage, dispatch and casework know of cases, their histories apart."""
    return {row["case_id"]: row for row in await connection.fetch(CASES, ids)}


async def bodies(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[bytes]]:
    """The log of cases, in order."""
    found: dict[UUID, list[bytes]] = defaultdict(list)
    for row in await connection.fetch(EVENTS, ids):
        found[row["case_id"]].append(row["body"])
    return found


async def facts(connection: Connection, table: str, column: str, ids: Sequence[UUID]) -> list[Row]:
    """The facts there are, by a column of ids."""
    return [dict(row) for row in await connection.fetch(f"SELECT * FROM analytics.{table} WHERE {column} = ANY($1::uuid[])", ids)]


async def replace(connection: Connection, table: str, old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Make `old` rows into `new` ones, touching only what differs; returns every row that went or came."""
    names = [name for name, _ in KEYS[table]]
    before = {tuple(row[name] for name in names): row for row in old}
    after = {tuple(row[name] for name in names): row for row in new}
    gone = [row for key, row in before.items() if after.get(key) != row]
    come = [row for key, row in after.items() if before.get(key) != row]
    if gone:
        keys = [[row[name] for row in gone] for name in names]
        using = ", ".join(f"${n}::{kind}[]" for n, (_, kind) in enumerate(KEYS[table], 1))
        match = " AND ".join(f"t.{name} = k.{name}" for name in names)
        await connection.execute(f"DELETE FROM analytics.{table} t USING unnest({using}) AS k ({', '.join(names)}) WHERE {match}", *keys)
    if come:
        columns = list(come[0])
        await connection.copy_records_to_table(
            table, schema_name="analytics", columns=columns, records=[tuple(row[name] for name in columns) for row in come]
        )
    return [*gone, *come]


async def take_unread(connection: Connection, limit: int) -> list[UUID]:
    """Complaints whose words are to be read; they are taken when the transaction commits."""
    return [row["complaint_id"] for row in await connection.fetch(TAKE_UNREAD, limit)]


async def digests(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """What the words of complaints were made from."""
    return {row["complaint_id"]: row["digest"] for row in await connection.fetch(DIGESTS, ids)}


async def rewrite_words(connection: Connection, stale: Sequence[UUID], rows: Sequence[Row]) -> None:
    """Put words in the place of stale ones."""
    if stale:
        await connection.execute(FORGET_WORDS, stale)
    if rows:
        columns = list(rows[0])
        await connection.copy_records_to_table(
            "complaint_words", schema_name="analytics", columns=columns, records=[tuple(row.values()) for row in rows]
        )


async def mark_days(connection: Connection, days: Iterable[date], *, sets: bool) -> None:
    """Days whose sums are to be made anew; with `sets` the values they tell apart too."""
    wanted = sorted(set(days))
    if wanted:
        await connection.execute(DIRTY, wanted, sets)


async def moved(connection: Connection, dictionary: str, at: datetime) -> None:
    """The sums changed: what was kept of them is old."""
    await connection.execute(MOVED, dictionary, at)


async def stream(connection: Connection, statement: str, values: Sequence[Any], size: int) -> AsyncIterator[list[Any]]:
    """Rows of a statement in batches, from one snapshot, without holding them all."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(statement, *values)
        while batch := await cursor.fetch(size):
            yield batch

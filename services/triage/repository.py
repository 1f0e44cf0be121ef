"""Triage's statements: reading what others did, locking what is touched, writing whole batches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from classifiers import profile as pf
from classifiers.reading import Reading
from contracts.complaints import ComplaintRegistered
from services.infra.postgres import Connection
from services.triage.memory import Known, as_complaint

READING: TypeAdapter[Reading] = TypeAdapter(Reading)

INSTALLATION = "SELECT id::text FROM triage.installation"
SNAPSHOT = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_KNOWN = """
SELECT c.id, c.event::text AS event, c.reading::text AS reading, c.profile, c.profile_format, l.case_id
FROM triage.complaints c JOIN LATERAL (
    SELECT case_id FROM triage.live_links WHERE complaint_id = c.id ORDER BY weight DESC LIMIT 1) l ON true
"""
SHARD = _KNOWN + "WHERE c.shard = ANY($1::text[]) ORDER BY c.received_at, c.id"
BY_IDS = _KNOWN + "WHERE c.id = ANY($1::uuid[])"
NEWER = _KNOWN + """
JOIN unnest($1::text[], $2::text[]::xid8[]) AS m (shard, since) ON m.shard = c.shard AND c.changed >= m.since
WHERE c.changed >= $3::text::xid8 AND c.worker <> $4 ORDER BY c.received_at, c.id
"""
SHARDS = "SELECT shard, count(*) AS count FROM triage.complaints GROUP BY shard ORDER BY shard"
NOBODY = UUID(int=0)
"""Stands for no worker: reading with it reads one's own rows, too."""
PART = 2000
"""Rows read at a time: a nation's history is never in memory as Python objects."""
MOVED = """
SELECT DISTINCT l.complaint_id, v.case_id FROM triage.links l JOIN triage.live_links v USING (complaint_id)
WHERE l.changed >= $1::text::xid8 AND l.worker IS DISTINCT FROM $2 AND l.act IN ('confirm', 'undo', 'link', 'place')
"""
ENDED = """
SELECT id, closed FROM triage.cases WHERE ended_changed >= $1::text::xid8
"""
ENDED_IN = """
SELECT DISTINCT k.id FROM triage.cases k JOIN triage.live_links v ON v.case_id = k.id JOIN triage.complaints c ON c.id = v.complaint_id
WHERE k.closed AND c.shard = ANY($1::text[])
"""
END = """
UPDATE triage.cases AS c SET closed = n.closed, ended_changed = pg_current_xact_id()
FROM unnest($1::uuid[], $2::bool[]) AS n (id, closed) WHERE c.id = n.id AND c.closed <> n.closed
"""
CONSTRAINTS = "SELECT rule, a, b FROM triage.constraints WHERE $1::text IS NULL OR changed >= $1::text::xid8"
# Two complaints that could be one matter share a guard: whoever decides second sees the first one's rows.
# 65,536 slots bound the lock table; a false meeting costs a wait, never an answer.
GUARD_SLOTS = 1 << 16
GUARD_LOCK = "SELECT pg_advisory_xact_lock(7001, k) FROM (SELECT unnest($1::int[]) AS k) AS keys"
GUARDED = """
SELECT DISTINCT g.complaint_id FROM unnest($1::bigint[]) AS f (feature) CROSS JOIN LATERAL (
    SELECT complaint_id, shard, changed FROM triage.guards WHERE feature = f.feature ORDER BY at DESC LIMIT 8) AS g
LEFT JOIN unnest($2::text[], $3::text[]::xid8[]) AS m (shard, since) ON m.shard = g.shard
WHERE m.shard IS NULL OR g.changed >= m.since
"""
GUARD_COLUMNS = ("feature", "complaint_id", "at", "shard")
ALREADY = "SELECT id, version FROM triage.complaints WHERE id = ANY($1::uuid[])"
LOCK_CASES = """
SELECT id, case_no, complaints, reporters, repeat_ordinal, closed FROM triage.cases
WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""
REPORTERS = "SELECT case_id, reporter, times FROM triage.case_reporters WHERE case_id = ANY($1::uuid[]) AND reporter = ANY($2::text[])"
CASE_NUMBERS = "SELECT nextval('triage.case_numbers') FROM generate_series(1, $1)"
CASE_COLUMNS = (
    "id", "case_no", "first_complaint", "region_code", "matter", "complaints", "reporters", "repeat_ordinal", "opened_at",
)  # fmt: skip
COMPLAINT_COLUMNS = ("id", "receipt_no", "version", "shard", "reporter", "received_at", "event", "reading", "profile", "worker", "profile_format")
LINK_COLUMNS = (
    "id", "complaint_id", "case_id", "act", "kind", "band", "score", "to_complaint", "why", "against", "parts",
    "versions", "decided_by", "at", "worker",
)  # fmt: skip
LIVE_COLUMNS = ("complaint_id", "case_id", "link_id")
UPDATE_CASES = """
UPDATE triage.cases AS c SET complaints = n.complaints, reporters = n.reporters, repeat_ordinal = n.ordinal
FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS n (id, complaints, reporters, ordinal) WHERE c.id = n.id
"""
UPSERT_REPORTERS = """
INSERT INTO triage.case_reporters (case_id, reporter, times)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[])
ON CONFLICT (case_id, reporter) DO UPDATE SET times = excluded.times
"""
NEW_VERSION = """
UPDATE triage.complaints SET version = $2, reporter = $3, event = $4, reading = $5, profile = $6, worker = $7, profile_format = $8, changed = pg_current_xact_id()
WHERE id = $1
"""


ANONYMOUS = ""
"""Stands for everybody who gave no name in a case's petitioners."""


@dataclass(slots=True)
class CaseCounts:
    """A case's counts while a batch is handled: 件次, 人 and the most insistent petitioner's ordinal."""

    case_no: str
    complaints: int = 0
    reporters: int = 0
    repeat_ordinal: int = 0
    closed: bool = False
    times: dict[str, int] = field(default_factory=dict)

    def count(self, reporter: str | None) -> None:
        """One more complaint. An anonymous one may come from somebody already counted, so it never adds a petitioner."""
        nobody_known = self.times.get(ANONYMOUS, 0) == self.complaints
        self.complaints += 1
        mark = reporter or ANONYMOUS
        before = self.times.get(mark, 0)
        self.times[mark] = before + 1
        if nobody_known:
            self.reporters = 1
        elif reporter and before == 0:
            self.reporters += 1
        self.repeat_ordinal = max(self.repeat_ordinal, before + 1 if reporter else 1)


def reading_json(reading: Reading) -> bytes:
    """A reading as it is stored; its packed profile has a column of its own."""
    return READING.dump_json(reading, exclude={"profile"})


def as_reading(stored: str, profile: bytes) -> Reading:
    """What `reading_json` wrote, with its profile."""
    return replace(READING.validate_json(stored), profile=profile)


def _known(rows: Iterable[Any]) -> list[Known]:
    return [
        Known(
            as_complaint(ComplaintRegistered.model_validate_json(row["event"])),
            as_reading(row["reading"], row["profile"]),
            str(row["case_id"]),
            row["profile_format"] == pf.VERSION,
        )
        for row in rows
    ]


async def installation(connection: Connection) -> str:
    """Which database this is; a copy or a new one has another id."""
    return str(await connection.fetchval(INSTALLATION))


async def snapshot(connection: Connection) -> str:
    """Every transaction before this one is visible now; read again from here next time."""
    return str(await connection.fetchval(SNAPSHOT))


async def shard_rows(connection: Connection, shards: Sequence[str]) -> AsyncIterator[list[Known]]:
    """Everything known in these shards, oldest first, some thousands at a time; within a transaction."""
    async for part in _parts(connection, SHARD, list(shards)):
        yield part


async def newer_rows(
    connection: Connection, since: Mapping[str, str], worker: UUID
) -> AsyncIterator[list[Known]]:
    """What workers other than this one added or changed in shards since the snapshot given for each, oldest first."""
    earliest = min(since.values(), key=int)
    async for part in _parts(connection, NEWER, list(since), list(since.values()), earliest, worker):
        yield part


async def _parts(connection: Connection, statement: str, *arguments: object) -> AsyncIterator[list[Known]]:
    cursor = await connection.cursor(statement, *arguments)
    while rows := await cursor.fetch(PART):
        yield _known(rows)


async def all_shards(connection: Connection) -> dict[str, int]:
    """Every shard and how many complaints it holds."""
    return {r["shard"]: r["count"] for r in await connection.fetch(SHARDS)}


async def moved(connection: Connection, since: str, worker: UUID) -> list[tuple[str, str]]:
    """Complaints that people (or other workers) put into another case since a snapshot."""
    return [(str(r["complaint_id"]), str(r["case_id"])) for r in await connection.fetch(MOVED, since, worker)]


async def ended(connection: Connection, since: str) -> list[tuple[str, bool]]:
    """Cases that ended (true) or were opened again since a snapshot."""
    return [(str(r["id"]), r["closed"]) for r in await connection.fetch(ENDED, since)]


async def ended_in(connection: Connection, shards: Sequence[str]) -> list[str]:
    """Ended cases with complaints of these shards."""
    return [str(r["id"]) for r in await connection.fetch(ENDED_IN, list(shards))]


async def constraints(connection: Connection, since: str | None) -> list[tuple[str, UUID, UUID]]:
    """Must-links and cannot-links since a snapshot, or all of them."""
    return [(r["rule"], r["a"], r["b"]) for r in await connection.fetch(CONSTRAINTS, since)]


async def rows_by_id(connection: Connection, ids: Sequence[str]) -> list[Known]:
    """Complaints of other shards that turned out to matter."""
    return _known(await connection.fetch(BY_IDS, [UUID(id) for id in ids]))


async def guard(connection: Connection, features: Collection[int], read: Mapping[str, str]) -> list[str]:
    """Take turns with every worker that holds one of the features; returns the newest complaints that share one.

    Those are left out that the caller read: in shards of `read`, written before the snapshot given for the shard.
    """
    if not features:
        return []
    await connection.execute(GUARD_LOCK, sorted({feature % GUARD_SLOTS for feature in features}))
    return [str(r["complaint_id"]) for r in await connection.fetch(GUARDED, list(features), list(read), list(read.values()))]


async def lock_cases(connection: Connection, ids: Sequence[UUID], reporters: Sequence[str]) -> dict[UUID, CaseCounts]:
    """The cases a batch adds to, locked in one order, with their counts."""
    cases = {
        r["id"]: CaseCounts(r["case_no"], r["complaints"], r["reporters"], r["repeat_ordinal"], r["closed"])
        for r in await connection.fetch(LOCK_CASES, sorted(ids))
    }
    for r in await connection.fetch(REPORTERS, list(cases), [ANONYMOUS, *reporters]):
        cases[r["case_id"]].times[r["reporter"]] = r["times"]
    return cases


async def case_numbers(connection: Connection, count: int) -> list[int]:
    """So many fresh sequence numbers for cases."""
    return [row[0] for row in await connection.fetch(CASE_NUMBERS, count)] if count else []


async def already(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Which of these complaints triage knows, and in which version."""
    return {r["id"]: r["version"] for r in await connection.fetch(ALREADY, list(ids))}


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows to one of triage's tables."""
    if rows:
        await connection.copy_records_to_table(table, schema_name="triage", columns=columns, records=rows)


async def save_counts(connection: Connection, cases: dict[UUID, CaseCounts], new: Collection[UUID] = ()) -> None:
    """Write back the counts of locked cases, and the petitioners of these and of new ones, whose rows have their counts."""
    if locked := {id: case for id, case in cases.items() if id not in new}:
        await connection.execute(
            UPDATE_CASES,
            list(locked),
            [c.complaints for c in locked.values()],
            [c.reporters for c in locked.values()],
            [c.repeat_ordinal for c in locked.values()],
        )
    times = sorted((id, reporter, n) for id, case in cases.items() for reporter, n in case.times.items())
    if times:
        await connection.execute(UPSERT_REPORTERS, *map(list, zip(*times, strict=True)))

"""Dispatch's statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.infra.postgres import Connection

# Rows first, then their locks, both in one order: two batches about one case take turns.
ENSURE = "INSERT INTO dispatch.cases (case_id) SELECT id FROM unnest($1::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING"
LOCK = """
SELECT case_id, case_no, opened::text AS opened, complaints, reporters, repeat_ordinal, signatories, supervised, key_item,
       reopened, ended, assignments, lead_unit, leader_id, channel, first_received, last_received
FROM dispatch.cases WHERE case_id = ANY($1::uuid[]) ORDER BY case_id FOR UPDATE
"""
SAVE = """
UPDATE dispatch.cases AS c SET case_no = n.case_no, opened = coalesce(n.opened, c.opened), complaints = n.complaints,
    reporters = n.reporters, repeat_ordinal = n.ordinal, signatories = n.signatories, supervised = n.supervised,
    key_item = n.key_item, assignments = n.assignments, lead_unit = n.lead_unit, leader_id = n.leader_id,
    channel = n.channel, first_received = n.first_received, last_received = n.last_received, reopened = n.reopened,
    ended = n.ended
FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::int[], $5::int[], $6::int[], $7::int[], $8::bool[], $9::bool[],
            $10::int[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bool[],
            $17::bool[])
    AS n (id, case_no, opened, complaints, reporters, ordinal, signatories, supervised, key_item, assignments, lead_unit,
          leader_id, channel, first_received, last_received, reopened, ended)
WHERE c.case_id = n.id
"""
# Loads are read under one lock, so that two batches cannot both give a leader the last case of the limit.
LEADERS_LOCK = "SELECT pg_advisory_xact_lock(7002)"
LOADS = "SELECT leader_id, count(*)::int AS n FROM dispatch.cases WHERE leader_id IS NOT NULL AND NOT ended GROUP BY leader_id"
KEEP_CITY = """
INSERT INTO dispatch.city_versions (version, content, loaded_at, loaded_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
CURRENT_CITY = "SELECT version, content::text AS content FROM dispatch.city_versions ORDER BY loaded_at DESC LIMIT 1"
CURRENT_VERSION = "SELECT version FROM dispatch.city_versions ORDER BY loaded_at DESC LIMIT 1"
KEEP_RETURNS = """
INSERT INTO dispatch.returns (case_id, version, unit_id, ground, proposed_unit, at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) ON CONFLICT DO NOTHING
"""
RETURNS = """
SELECT case_id, unit_id, ground, proposed_unit FROM dispatch.returns WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, version
"""
# A case is announced once as wanting a leader, however many complaints ask again.
WANTED = "SELECT case_id FROM dispatch.leaders_wanted WHERE case_id = ANY($1::uuid[])"
WANTED_COLUMNS = ("case_id", "event", "since")
APPOINTED = "UPDATE dispatch.leaders_wanted SET appointed_at = $2 WHERE case_id = ANY($1::uuid[]) AND appointed_at IS NULL"
ASSIGNMENT_COLUMNS = ("case_id", "sequence", "lead_unit", "event", "at")
LEADER_COLUMNS = ("case_id", "leader_id", "event", "at")
FORCE_COLUMNS = ("id", "case_id", "template", "event", "at")
SAVED = (
    "case_id", "case_no", "changed_event", "complaints", "reporters", "repeat_ordinal", "signatories", "supervised",
    "key_item", "assignments", "lead_unit", "leader_id", "channel", "first_received", "last_received", "reopened", "ended",
)  # fmt: skip
COLUMNS = (*(name for name in SAVED if name != "changed_event"), "opened")


class CaseRow:
    """What dispatch knows of a case while a batch is handled; `opened` is the opened event as JSON, once it came."""

    __slots__ = (
        "assignments", "case_id", "case_no", "changed_event", "channel", "complaints", "ended", "first_received",
        "key_item", "last_received", "lead_unit", "leader_id", "opened", "reopened", "repeat_ordinal", "reporters", "signatories",
        "supervised",
    )  # fmt: skip
    case_id: UUID
    case_no: str | None
    opened: str | None
    complaints: int
    reporters: int
    repeat_ordinal: int
    signatories: int
    supervised: bool
    key_item: bool
    reopened: bool
    ended: bool
    assignments: int
    lead_unit: str | None
    leader_id: str | None
    channel: str | None
    first_received: datetime | None
    last_received: datetime | None
    changed_event: bytes | None
    """The opened event where it came in this batch: only then is it written."""

    def __init__(self, row: Any) -> None:
        for name in COLUMNS:
            setattr(self, name, row[name])
        self.changed_event = None

    def heard(self, received: datetime) -> None:
        """A complaint of this case was received then; letters do not arrive in the order they were written."""
        self.first_received = min(self.first_received or received, received)
        self.last_received = max(self.last_received or received, received)


async def lock_cases(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, CaseRow]:
    """The cases of a batch, made where missing, locked."""
    await connection.execute(ENSURE, list(ids))
    return {row["case_id"]: CaseRow(row) for row in await connection.fetch(LOCK, list(ids))}


async def save_cases(connection: Connection, cases: Sequence[CaseRow]) -> None:
    """Write back what a batch changed."""
    columns = [[getattr(case, name) for case in cases] for name in SAVED]
    await connection.execute(SAVE, *columns)


async def leader_loads(connection: Connection) -> Counter[str]:
    """Live cases per leader, exact until the transaction ends."""
    await connection.execute(LEADERS_LOCK)
    return Counter({row["leader_id"]: row["n"] for row in await connection.fetch(LOADS)})


async def wanted_before(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the cases that were announced as wanting a leader."""
    return {row["case_id"] for row in await connection.fetch(WANTED, list(ids))}


async def appointed(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """These cases have their leader now."""
    await connection.execute(APPOINTED, list(ids), at)


async def keep_city(connection: Connection, version: str, content: bytes, at: datetime) -> None:
    """The version decisions name must be there to look at."""
    await connection.execute(KEEP_CITY, version, content, at, "dispatch")


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows to one of dispatch's tables."""
    if rows:
        await connection.copy_records_to_table(table, schema_name="dispatch", columns=columns, records=rows)


async def returned(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Returns of these cases in order."""
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(RETURNS, list(ids)):
        found.setdefault(row["case_id"], []).append(row)
    return found

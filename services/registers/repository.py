"""Rows of registers whose entries have one key: read, compared, written whole imports at a time; imports and exports on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.infra.postgres import Connection

KEEP_IMPORT = """
INSERT INTO registers.imports (id, register, file_name, sha256, by, at, summary, problems, returned)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
IMPORT = "SELECT id, register, file_name, sha256, by, at, summary, problems, returned FROM registers.imports WHERE id = $1"
IMPORTS = """
SELECT id, register, file_name, by, at, summary, returned IS NOT NULL AS has_returned FROM registers.imports
WHERE register = $1 AND ($2::text IS NULL OR by = $2) ORDER BY at DESC LIMIT $3
"""
KEEP_EXPORT = """
INSERT INTO registers.exports (number, register, form, filter, rows, sha256, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
NEXT_NUMBER = "SELECT nextval('registers.export_numbers')"
# Two imports of one register take turns, so that each compares itself with what the other left.
LOCK = "SELECT pg_advisory_xact_lock(7009, hashtext($1))"


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of entries: its name, key columns, and the columns an import writes and compares.

    `extra` are written with every change, `once` only when the entry is new.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    extra: tuple[str, ...] = ("import_id", "changed_by", "changed_at")
    once: tuple[str, ...] = ()
    versioned: bool = True

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The key of a row, as text."""
        return tuple(str(row[name]) for name in self.key)


async def lock(connection: Connection, register: str) -> None:
    """Keep other imports of this register waiting until the transaction ends."""
    await connection.execute(LOCK, register)


async def standing(connection: Connection, kept: Kept, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Entries that are there already, by key, as JSON would have them."""
    if not rows:
        return {}
    join = " AND ".join(f"t.{name} = k.{name}" for name in kept.key)
    names = ", ".join(kept.key)
    sql = f"""
    SELECT to_jsonb(t) AS row FROM registers.{kept.table} t
    JOIN (SELECT {names} FROM jsonb_populate_recordset(null::registers.{kept.table}, $1)) k ON {join}
    """
    keys = [{name: row[name] for name in kept.key} for row in rows]
    found = await connection.fetch(sql, orjson.dumps(keys))
    return {kept.key_of(item["row"]): item["row"] for item in found}


async def write(connection: Connection, kept: Kept, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace entries by key."""
    if not rows:
        return
    names = (*kept.columns, *kept.extra, *kept.once)
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*kept.columns, *kept.extra) if name not in kept.key)
    version = f", version = {kept.table}.version + 1" if kept.versioned else ""
    sql = f"""
    INSERT INTO registers.{kept.table} ({', '.join(names)})
    SELECT {', '.join(names)} FROM jsonb_populate_recordset(null::registers.{kept.table}, $1)
    ON CONFLICT ({', '.join(kept.key)}) DO UPDATE SET {changes}{version}
    """
    await connection.execute(sql, orjson.dumps([dict(row) for row in rows], default=str))


async def keep_import(
    connection: Connection, id: UUID, register: str, name: str, sha256: str, by: str, at: datetime, summary: Mapping[str, Any],
    problems: Sequence[Mapping[str, Any]], returned: bytes | None,
) -> None:  # fmt: skip
    """Put an import on record."""
    await connection.execute(KEEP_IMPORT, id, register, name, sha256, by, at, dict(summary), list(problems), returned)


async def find_import(connection: Connection, id: UUID) -> Mapping[str, Any] | None:
    """One import."""
    found: Mapping[str, Any] | None = await connection.fetchrow(IMPORT, id)
    return found


async def list_imports(connection: Connection, register: str, by: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest imports of a register."""
    return [dict(row) for row in await connection.fetch(IMPORTS, register, by, limit)]


async def next_number(connection: Connection) -> int:
    """For the number printed on an export; numbers of failed exports are lost, never used twice."""
    return int(await connection.fetchval(NEXT_NUMBER))


async def keep_export(
    connection: Connection, number: str, register: str, form: str, filter: Mapping[str, Any], rows: int, sha256: str, by: str,
    at: datetime,
) -> None:  # fmt: skip
    """Put an export on record."""
    await connection.execute(KEEP_EXPORT, number, register, form, dict(filter), rows, sha256, by, at)

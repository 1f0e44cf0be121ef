"""Statements of the register of risk sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.vocabulary import RiskArea
from services.domain.case.values import Position
from services.domain.risk_sources import RiskSource
from services.infra.postgres import Connection
from services.registers.repository import Kept

KEPT = Kept(
    table="risk_sources",
    key=("id",),
    columns=(
        "id", "name", "area", "region", "address", "longitude", "latitude", "unit", "unit_id", "person", "risk", "measures", "active",
    ),
)  # fmt: skip
SCOPED = "region LIKE ANY($1::text[])"
COUNTS = """
    (SELECT count(*)::int FROM registers.risk_cases c WHERE c.source_id = s.id AND c.state IN ('matched', 'confirmed')) AS cases,
    (SELECT max(held_on) FROM registers.inspections i WHERE i.source_id = s.id) AS inspected_on
"""
LIST = f"""
SELECT s.*, {COUNTS} FROM registers.risk_sources s
WHERE {SCOPED} AND ($2::text IS NULL OR region LIKE $2) AND ($3::text IS NULL OR area = $3) AND active
    AND (NOT $4 OR EXISTS (SELECT 1 FROM registers.risk_cases c WHERE c.source_id = s.id AND c.state <> 'refused'))
    AND ($5::text IS NULL OR id > $5)
ORDER BY id LIMIT $6
"""
ONE = f"SELECT s.*, {COUNTS} FROM registers.risk_sources s WHERE id = $2 AND {SCOPED}"
CASES = """
SELECT case_id, case_no, score, why, state, decided_by, at FROM registers.risk_cases WHERE source_id = $1 ORDER BY at DESC, case_id
"""
INSPECTIONS = """
SELECT id, held_on, by, findings, note, at FROM registers.inspections WHERE source_id = $1 ORDER BY held_on DESC, at DESC LIMIT 100
"""
INSPECTIONS_OF = """
SELECT id, source_id, held_on, by, findings, note FROM registers.inspections WHERE source_id = ANY($1::text[]) ORDER BY held_on DESC, at DESC
"""
NEAR = """
SELECT id, name, area, region, address, longitude, latitude, unit, person FROM registers.risk_sources
WHERE active AND ($1::text[] IS NULL OR region = ANY($1))
"""
KEEP_MATCH = """
INSERT INTO registers.risk_cases (source_id, case_id, case_no, score, why, state, decided_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING source_id
"""
JUDGE = """
UPDATE registers.risk_cases SET state = $3, decided_by = $4, at = $5
WHERE source_id = $1 AND case_id = $2 AND state IN ('suggested', 'matched') RETURNING case_no, score, why
"""
SUGGESTED = f"""
SELECT c.source_id, s.name, s.area, s.region, c.case_id, c.case_no, c.score, c.why, c.at
FROM registers.risk_cases c JOIN registers.risk_sources s ON s.id = c.source_id
WHERE c.state = 'suggested' AND s.{SCOPED} ORDER BY c.at, c.case_id LIMIT $2
"""
KEEP_INSPECTION = """
INSERT INTO registers.inspections (id, source_id, held_on, by, findings, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def source_of(row: Mapping[str, Any]) -> RiskSource:
    """The source of a row."""
    longitude, latitude = row["longitude"], row["latitude"]
    return RiskSource(
        id=row["id"], name=row["name"], area=RiskArea(row["area"]), region=row["region"], unit=row["unit"], person=row["person"],
        address=row["address"],
        position=None if longitude is None or latitude is None else Position(latitude=latitude, longitude=longitude),
    )  # fmt: skip


async def near(connection: Connection, regions: Sequence[str] | None) -> list[RiskSource]:
    """Sources of these districts, or of the whole city."""
    return [source_of(row) for row in await connection.fetch(NEAR, list(regions) if regions is not None else None)]


async def keep_match(connection: Connection, values: Sequence[Any]) -> bool:
    """Remember that a case is about a source; False where that was known."""
    return await connection.fetchval(KEEP_MATCH, *values) is not None


async def judge(connection: Connection, source: str, case: UUID, state: str, by: str, at: Any) -> Mapping[str, Any] | None:
    """A person decides about a match; None where there is none or it was decided before."""
    found: Mapping[str, Any] | None = await connection.fetchrow(JUDGE, source, case, state, by, at)
    return found


async def listed(connection: Connection, arguments: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Sources by id."""
    found: list[Mapping[str, Any]] = await connection.fetch(LIST, *arguments)
    return found


async def one(connection: Connection, patterns: Sequence[str], id: str) -> Mapping[str, Any] | None:
    """One source inside a scope."""
    found: Mapping[str, Any] | None = await connection.fetchrow(ONE, list(patterns), id)
    return found


async def cases(connection: Connection, id: str) -> list[dict[str, Any]]:
    """Cases about a source, the newest first."""
    return [dict(row) for row in await connection.fetch(CASES, id)]


async def inspections(connection: Connection, id: str) -> list[dict[str, Any]]:
    """Inspections of a source, the newest first."""
    return [dict(row) for row in await connection.fetch(INSPECTIONS, id)]


async def inspections_of(connection: Connection, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Every inspection of these sources, the newest first."""
    found: list[Mapping[str, Any]] = await connection.fetch(INSPECTIONS_OF, list(ids))
    return found


async def suggested(connection: Connection, patterns: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Guesses that wait for a person."""
    return [dict(row) for row in await connection.fetch(SUGGESTED, list(patterns), limit)]


async def keep_inspection(connection: Connection, values: Sequence[Any]) -> None:
    """Put an inspection on record."""
    await connection.execute(KEEP_INSPECTION, *values)

"""Statements of the register of supplies, experts and teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.domain.case.values import Position
from services.domain.resources import Hazard, Resource, ResourceKind
from services.infra.postgres import Connection
from services.registers.repository import Kept

KEPT = Kept(
    table="resources",
    key=("id",),
    columns=(
        "id", "kind", "name", "hazards", "region", "place", "longitude", "latitude", "contact", "phone", "amount", "unit", "available",
        "checked_on", "expires_on",
    ),
)  # fmt: skip
SCOPED = "region LIKE ANY($1::text[])"
LIST = f"""
SELECT * FROM registers.resources WHERE {SCOPED} AND ($2::text IS NULL OR region LIKE $2) AND ($3::text IS NULL OR kind = $3)
    AND ($4::text IS NULL OR $4 = ANY(hazards)) AND ($5::date IS NULL OR expires_on < $5) AND ($6::text IS NULL OR id > $6)
ORDER BY id LIMIT $7
"""
USABLE = "SELECT * FROM registers.resources WHERE available AND (expires_on IS NULL OR expires_on >= $1)"
ONE = f"SELECT * FROM registers.resources WHERE id = $2 AND {SCOPED} FOR UPDATE"
AMEND = """
UPDATE registers.resources SET available = $2, checked_on = $3, amount = $4, expires_on = $5, changed_by = $6, changed_at = $7,
    version = version + 1 WHERE id = $1 RETURNING *
"""


def resource_of(row: Mapping[str, Any]) -> Resource:
    """The resource of a row."""
    longitude, latitude = row["longitude"], row["latitude"]
    return Resource(
        id=row["id"], kind=ResourceKind(row["kind"]), name=row["name"], hazards=frozenset(Hazard(name) for name in row["hazards"]),
        position=None if longitude is None or latitude is None else Position(latitude=latitude, longitude=longitude),
        contact=row["contact"], phone=row["phone"], region=row["region"], place=row["place"], amount=row["amount"], unit=row["unit"],
        available=row["available"], checked_on=row["checked_on"], expires_on=row["expires_on"],
    )  # fmt: skip


async def listed(connection: Connection, arguments: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Resources by id."""
    found: list[Mapping[str, Any]] = await connection.fetch(LIST, *arguments)
    return found


async def usable(connection: Connection, today: date) -> list[Resource]:
    """Every resource that could help today; help knows no district."""
    return [resource_of(row) for row in await connection.fetch(USABLE, today)]


async def locked(connection: Connection, patterns: Sequence[str], id: str) -> Mapping[str, Any] | None:
    """One resource inside a scope, kept from other writers."""
    found: Mapping[str, Any] | None = await connection.fetchrow(ONE, list(patterns), id)
    return found


async def amend(connection: Connection, values: Sequence[Any]) -> Mapping[str, Any]:
    """Write what changed."""
    found: Mapping[str, Any] = await connection.fetchrow(AMEND, *values)
    return found

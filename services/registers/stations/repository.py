"""Statements of the register of stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.domain.case.values import Position
from services.domain.findings import FINDINGS
from services.domain.hydropower import FlowReading, Station, StationCheck, StationClass
from services.infra.postgres import Connection
from services.registers.repository import Kept

KEPT = Kept(
    table="stations",
    key=("id",),
    columns=(
        "id", "name", "region", "county", "river", "decided", "deadline", "unit", "unit_id", "person", "required_flow", "longitude",
        "latitude",
    ),
)  # fmt: skip
SCOPED = "region LIKE ANY($1::text[])"
LIST = f"SELECT * FROM registers.stations WHERE {SCOPED} AND ($2::text IS NULL OR region LIKE $2) ORDER BY id"
ONE = f"SELECT * FROM registers.stations WHERE id = $2 AND {SCOPED}"
LAST_CHECKS = """
SELECT DISTINCT ON (station_id) station_id, held_on, by, done, evidence, flows, findings FROM registers.station_checks
WHERE station_id = ANY($1::text[]) ORDER BY station_id, held_on DESC, at DESC
"""
CHECKS = """
SELECT station_id, held_on, by, done, evidence, flows, findings FROM registers.station_checks
WHERE station_id = $1 ORDER BY held_on DESC, at DESC LIMIT 100
"""
ALL_CHECKS = """
SELECT station_id, held_on, by, done, evidence, flows, findings FROM registers.station_checks
WHERE station_id = ANY($1::text[]) ORDER BY station_id, held_on DESC, at DESC
"""
KEEP_CHECK = """
INSERT INTO registers.station_checks (id, station_id, held_on, by, done, evidence, flows, findings, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
NEAR = "SELECT id, name, region FROM registers.stations WHERE region = ANY($1::text[])"
KEEP_CASE = """
INSERT INTO registers.station_cases (station_id, case_id, case_no, why, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
CASES = "SELECT case_id, case_no, why, at FROM registers.station_cases WHERE station_id = $1 ORDER BY at DESC, case_id"


def station_of(row: Mapping[str, Any]) -> Station:
    """The station of a row."""
    longitude, latitude = row["longitude"], row["latitude"]
    return Station(
        id=row["id"], name=row["name"], county=row["county"], river=row["river"], decided=StationClass(row["decided"]),
        deadline=row["deadline"], unit=row["unit"], person=row["person"], required_flow=row["required_flow"],
        position=None if longitude is None or latitude is None else Position(latitude=latitude, longitude=longitude),
        region=row["region"],
    )  # fmt: skip


def check_of(row: Mapping[str, Any]) -> StationCheck:
    """The check of a row."""
    flows = tuple(FlowReading(f["flow"], datetime.fromisoformat(f["at"]), f["monitored_online"]) for f in row["flows"])
    return StationCheck(row["station_id"], row["held_on"], row["by"], row["done"], tuple(row["evidence"]), flows, FINDINGS.validate_python(row["findings"]))


async def listed(connection: Connection, patterns: Sequence[str], region: str | None) -> list[Mapping[str, Any]]:
    """Stations by id; a city has tens to hundreds."""
    found: list[Mapping[str, Any]] = await connection.fetch(LIST, list(patterns), region)
    return found


async def one(connection: Connection, patterns: Sequence[str], id: str) -> Mapping[str, Any] | None:
    """One station inside a scope."""
    found: Mapping[str, Any] | None = await connection.fetchrow(ONE, list(patterns), id)
    return found


async def last_checks(connection: Connection, ids: Sequence[str]) -> dict[str, StationCheck]:
    """The last check of each station."""
    return {row["station_id"]: check_of(row) for row in await connection.fetch(LAST_CHECKS, list(ids))}


async def checks(connection: Connection, id: str) -> list[StationCheck]:
    """Checks of a station, the newest first."""
    return [check_of(row) for row in await connection.fetch(CHECKS, id)]


async def all_checks(connection: Connection, ids: Sequence[str]) -> list[StationCheck]:
    """Every check of these stations, the newest of each first."""
    return [check_of(row) for row in await connection.fetch(ALL_CHECKS, list(ids))]


async def keep_check(connection: Connection, values: Sequence[Any]) -> None:
    """Put a check on record."""
    await connection.execute(KEEP_CHECK, *values)


async def near(connection: Connection, regions: Sequence[str]) -> list[Mapping[str, Any]]:
    """Names of the stations of these districts."""
    found: list[Mapping[str, Any]] = await connection.fetch(NEAR, list(regions))
    return found


async def keep_cases(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Remember cases about stations."""
    await connection.executemany(KEEP_CASE, rows)


async def cases(connection: Connection, id: str) -> list[dict[str, Any]]:
    """Cases about a station."""
    return [dict(row) for row in await connection.fetch(CASES, id)]

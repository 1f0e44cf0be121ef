"""Different people and matters of a window: the union of its days' values, for each window anew and exact.

A value is eight bytes of its hash. Among ten million different ones, the chance that any two fall together is three in a
million; nothing is estimated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from services.domain.indicators.figures import Window
from services.infra.postgres import Connection

UNION = """
SELECT measure, string_agg(keys, ''::bytea) AS keys FROM analytics.daily_sets
WHERE dimension = $1 AND region = $2 AND member = $3 AND day BETWEEN $4 AND $5 AND measure = ANY($6::text[]) GROUP BY 1
"""
BY_MEMBER = """
SELECT member, measure, string_agg(keys, ''::bytea) AS keys FROM analytics.daily_sets
WHERE dimension = $1 AND region = $2 AND day BETWEEN $3 AND $4 AND measure = ANY($5::text[]) GROUP BY 1, 2
"""
BY_REGION = """
SELECT region AS member, measure, string_agg(keys, ''::bytea) AS keys FROM analytics.daily_sets
WHERE dimension = $1 AND region <> '' AND member = $2 AND day BETWEEN $3 AND $4 AND measure = ANY($5::text[]) GROUP BY 1, 2
"""


async def totals(connection: Connection, kept: tuple[str, str, str], window: Window, measures: Sequence[str]) -> dict[str, Decimal]:
    """How many different values each measure has in the window; measures without any are left out."""
    rows = await connection.fetch(UNION, *kept, window.start, window.end, measures)
    return {row["measure"]: row["value"] for row in await asyncio.to_thread(_counted, rows)}


async def by_member(connection: Connection, dimension: str, region: str, window: Window, measures: Sequence[str]) -> list[dict[str, Any]]:
    """(member, measure, value) of every member of a dimension."""
    rows = await connection.fetch(BY_MEMBER, dimension, region, window.start, window.end, measures)
    return await asyncio.to_thread(_counted, rows)


async def by_region(connection: Connection, dimension: str, member: str, window: Window, measures: Sequence[str]) -> list[dict[str, Any]]:
    """(member, measure, value) of every district, of one member of a dimension."""
    rows = await connection.fetch(BY_REGION, dimension, member, window.start, window.end, measures)
    return await asyncio.to_thread(_counted, rows)


def _counted(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{**{name: value for name, value in row.items() if name != "keys"}, "value": Decimal(different(row["keys"]))} for row in rows]


def different(keys: bytes) -> int:
    """How many different values of eight bytes there are."""
    values = np.sort(np.frombuffer(keys, np.uint64))
    return int(values.size and 1 + np.count_nonzero(values[1:] != values[:-1]))

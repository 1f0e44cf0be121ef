"""Measures as SQL: the same conditions the dictionary evaluates on rows, compiled with every value as a parameter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.domain.indicators.dictionary import Condition, Measure
from services.domain.indicators.facts import DIMENSION_COLUMNS, FACTS, Dimension, FactKind
from services.domain.indicators.figures import Slice, Window


class Parameters:
    """Values of a statement, numbered as they are used."""

    def __init__(self, *values: Any) -> None:
        self.values: list[Any] = list(values)

    def add(self, value: Any, cast: str = "") -> str:
        """The placeholder of one more value."""
        self.values.append(value)
        return f"${len(self.values)}{'::' + cast if cast else ''}"


def condition(test: Condition, p: Parameters) -> str:
    """One condition; column names come from the fixed lists of `domain.indicators.facts`, values are parameters."""
    column = test.column
    if test.present is not None:
        return f"{column} IS {'NOT ' if test.present else ''}NULL"
    if test.among is not None:
        return f"{column} = ANY({p.add([str(value) for value in test.among], 'text[]')})"
    if test.not_among is not None:
        return f"{column} <> ALL({p.add([str(value) for value in test.not_among], 'text[]')})"
    if test.true is not None:
        return column if test.true else f"NOT {column}"
    if test.at_least is not None:
        return f"{column} >= {p.add(test.at_least, 'float8')}"
    return f"{column} <= {p.add(test.at_most, 'float8')}"


def conditions(measure: Measure, p: Parameters) -> str:
    """All conditions of a measure; `true` where there are none."""
    return " AND ".join(condition(test, p) for test in measure.where) or "true"


def sliced(slice_: Slice, p: Parameters, table: str = "") -> str:
    """The dimensions of a slice as conditions on the columns of `table`, given as `f.` where two are joined."""
    parts = ["true"]
    for dimension, value in slice_.values:
        column = f"{table}{DIMENSION_COLUMNS[dimension]}"
        mark = p.add(value, "text")
        parts.append(f"{mark} = ANY({column})" if dimension is Dimension.TYPE else _equals(dimension, column, mark))
    return " AND ".join(parts)


def _equals(dimension: Dimension, column: str, mark: str) -> str:
    return f"coalesce({column}, '-') = {mark}" if dimension is Dimension.REGION else f"{column} = {mark}"


def amount(measure: Measure) -> str:
    """What one matching row adds."""
    return f"{measure.of}::numeric" if measure.of else "1::numeric"


def total(measures: Mapping[str, Measure], slice_: Slice, window: Window) -> tuple[str, list[Any]]:
    """One statement giving (measure, value) for measures of any facts, counted on the facts themselves."""
    p = Parameters(window.start, window.end)
    parts = []
    for (fact, on), names in _by_source(measures).items():
        where = f"{on} BETWEEN $1 AND $2 AND {sliced(slice_, p)}"
        view = f"analytics.{FACTS[fact].view}"
        if sums := [name for name in names if measures[name].additive]:
            columns = [f"coalesce(sum({amount(measures[name])}) FILTER (WHERE {conditions(measures[name], p)}), 0)" for name in sums]
            parts.append(_named(sums, columns, f"{view} WHERE {where}", p))
        for column in sorted({measures[name].distinct or "" for name in names} - {""}):
            # one hashed pass over the values for all measures that tell them apart, instead of a sort for each
            told = [name for name in names if measures[name].distinct == column]
            marks = ", ".join(f"bool_or({conditions(measures[name], p)}) AS m{n}" for n, name in enumerate(told))
            groups = f"(SELECT {marks} FROM {view} WHERE {where} AND {column} IS NOT NULL GROUP BY {column}) g"
            parts.append(_named(told, [f"count(*) FILTER (WHERE m{n})" for n in range(len(told))], groups, p))
    return " UNION ALL ".join(parts), p.values


def _named(names: Sequence[str], columns: Sequence[str], source: str, p: Parameters) -> str:
    """(measure, value) rows of one row of columns."""
    pairs = ", ".join(f"ROW({p.add(name, 'text')}, {column})::analytics.named" for name, column in zip(names, columns, strict=True))
    return f"SELECT v.measure, v.value FROM (SELECT ARRAY[{pairs}] AS a FROM {source}) s CROSS JOIN LATERAL unnest(s.a) AS v (measure, value)"


def by_member(measures: Mapping[str, Measure], dimension: Dimension, slice_: Slice, window: Window) -> tuple[str, list[Any]]:
    """(member, measure, value) counted on the facts, for dimensions and measures that have no daily sums."""
    p = Parameters(window.start, window.end)
    column = DIMENSION_COLUMNS[dimension]
    parts = []
    for (fact, on), names in _by_source(measures).items():
        member = "m.member" if dimension is Dimension.TYPE else f"coalesce({column}, '-')"
        join = "CROSS JOIN LATERAL unnest(types) AS m (member)" if dimension is Dimension.TYPE else ""
        for name in names:
            measure = measures[name]
            value = f"count(DISTINCT {measure.distinct})" if measure.distinct else f"sum({amount(measure)})"
            mark = p.add(name, "text")
            parts.append(
                f"SELECT {member} AS member, {mark} AS measure, {value}::numeric AS value FROM analytics.{FACTS[fact].view} {join}"
                f" WHERE {on} BETWEEN $1 AND $2 AND {sliced(slice_, p)} AND {conditions(measure, p)} GROUP BY 1"
            )
    return " UNION ALL ".join(parts), p.values


def listing(measure: Measure, slice_: Slice, window: Window, columns: str, limit: int, after: int) -> tuple[str, list[Any]]:
    """The rows a measure counts, newest first."""
    p = Parameters(window.start, window.end)
    fact = FACTS[measure.fact]
    where = f"{measure.on} BETWEEN $1 AND $2 AND {sliced(slice_, p)} AND {conditions(measure, p)}"
    page = f"LIMIT {p.add(limit, 'int')} OFFSET {p.add(after, 'int')}"
    return (
        f"WITH f AS (SELECT *, {measure.on} AS counted_on FROM analytics.{fact.view} WHERE {where}"
        f" ORDER BY {measure.on} DESC, {fact.entity} {page}) SELECT {columns} FROM f"
        " LEFT JOIN analytics.case_facts k ON k.case_id = f.case_id ORDER BY f.counted_on DESC, f.case_id",
        p.values,
    )


def daily(measures: Mapping[str, Measure], days: Sequence[Any]) -> tuple[str, list[Any]]:
    """Rows of analytics.daily for whole days: city and district, everything and each member of the kept dimensions."""
    p = Parameters(list(days))
    parts = []
    for (fact, on), names in _by_source(measures).items():
        values = []
        for name in names:
            measure = measures[name]
            values.append(f"({p.add(name, 'text')}, {amount(measure)}, {conditions(measure, p)})")
        parts.append(
            f"SELECT {on} AS day, region, unit, leader, channel, types, v.measure, v.value FROM analytics.{FACTS[fact].view}"
            f" CROSS JOIN LATERAL (VALUES {', '.join(values)}) AS v (measure, value, counted)"
            f" WHERE {on} = ANY($1::date[]) AND v.counted AND v.value <> 0"
        )
    return DAILY.format(counted=" UNION ALL ".join(parts)), p.values


def daily_sets(measures: Mapping[str, Measure], days: Sequence[Any]) -> tuple[str, list[Any]]:
    """Rows of analytics.daily_sets for whole days: which values each measure of different values has."""
    p = Parameters(list(days))
    parts = []
    for (fact, on), names in _by_source(measures).items():
        told = [(name, measures[name]) for name in names if measures[name].distinct]
        values = ", ".join(f"({p.add(name, 'text')}, {m.distinct}::text, {conditions(m, p)})" for name, m in told)
        if told:
            parts.append(
                f"SELECT {on} AS day, region, unit, leader, channel, types, v.measure, hashtextextended(v.value, 0) AS key"
                f" FROM analytics.{FACTS[fact].view} CROSS JOIN LATERAL (VALUES {values}) AS v (measure, value, counted)"
                f" WHERE {on} = ANY($1::date[]) AND v.counted AND v.value IS NOT NULL"
            )
    return DAILY_SETS.format(counted=" UNION ALL ".join(parts)), p.values


PLACES = """
    CROSS JOIN LATERAL (VALUES (''), (coalesce(c.region, '-'))) AS a (area)
    CROSS JOIN LATERAL (
        SELECT 'all' AS dimension, '' AS member UNION ALL
        SELECT 'unit', c.unit WHERE c.unit IS NOT NULL UNION ALL
        SELECT 'leader', c.leader WHERE c.leader IS NOT NULL UNION ALL
        SELECT 'channel', c.channel UNION ALL
        SELECT 'type', t FROM unnest(c.types) AS t
    ) AS d
"""
DAILY = f"""
INSERT INTO analytics.daily (dimension, region, day, member, sums)
SELECT dimension, area, day, member, jsonb_object_agg(measure, total)
FROM (
    SELECT d.dimension, a.area, c.day, d.member, c.measure, sum(c.value) AS total
    FROM (
        SELECT day, region, unit, leader, channel, types, measure, sum(value) AS value FROM ({{counted}}) rows
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) c {PLACES}
    GROUP BY 1, 2, 3, 4, 5
) s
GROUP BY 1, 2, 3, 4
"""
DAILY_SETS = f"""
INSERT INTO analytics.daily_sets (dimension, region, day, member, measure, keys)
SELECT dimension, area, day, member, measure, string_agg(int8send(key), ''::bytea ORDER BY key)
FROM (SELECT DISTINCT d.dimension, a.area, c.day, d.member, c.measure, c.key FROM ({{counted}}) c {PLACES}) s
GROUP BY 1, 2, 3, 4, 5
"""


def _by_source(measures: Mapping[str, Measure]) -> dict[tuple[FactKind, str], list[str]]:
    """Names of measures by the fact and date they are counted on, so that each is scanned once."""
    grouped: dict[tuple[FactKind, str], list[str]] = defaultdict(list)
    for name, measure in measures.items():
        grouped[(measure.fact, measure.on)].append(name)
    return grouped


def named(rows: Iterable[Any]) -> dict[str, Any]:
    """(measure, value) rows as a dictionary."""
    return {row["measure"]: row["value"] for row in rows}

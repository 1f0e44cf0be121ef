"""Figures read: from daily sums where the slice has them, from the facts where it has not. Data only, no drawing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.analytics import sets, sql
from services.domain.indicators.dictionary import Form, Indicator, IndicatorRules, Measure
from services.domain.indicators.facts import Dimension, FactKind
from services.domain.indicators.figures import Change, Figure, Slice, Window, figure
from services.domain.indicators.survival import Duration, duration
from services.infra.postgres import Connection

WHOLE_CITY = ""
WHOLE = Slice()
KEPT = {Dimension.UNIT: "unit", Dimension.LEADER: "leader", Dimension.CHANNEL: "channel", Dimension.TYPE: "type"}
"""Dimensions with daily sums, a district apart."""
SUMS = """
SELECT e.key AS measure, sum(e.value::numeric) AS value FROM analytics.daily d CROSS JOIN LATERAL jsonb_each(d.sums) e
WHERE d.dimension = $1 AND d.region = $2 AND d.member = $3 AND d.day BETWEEN $4 AND $5 AND e.key = ANY($6::text[]) GROUP BY 1
"""
MEMBERS = """
SELECT d.member, e.key AS measure, sum(e.value::numeric) AS value
FROM analytics.daily d CROSS JOIN LATERAL jsonb_each(d.sums) e
WHERE d.dimension = $1 AND d.region = $2 AND d.day BETWEEN $3 AND $4 AND e.key = ANY($5::text[]) GROUP BY 1, 2
"""
REGIONS = """
SELECT d.region AS member, e.key AS measure, sum(e.value::numeric) AS value
FROM analytics.daily d CROSS JOIN LATERAL jsonb_each(d.sums) e
WHERE d.dimension = $1 AND d.region <> '' AND d.member = $2 AND d.day BETWEEN $3 AND $4 AND e.key = ANY($5::text[]) GROUP BY 1, 2
"""
SERIES = """
SELECT date_trunc($6, d.day)::date AS start, d.region, e.key AS measure, sum(e.value::numeric) AS value
FROM analytics.daily d CROSS JOIN LATERAL jsonb_each(d.sums) e
WHERE d.dimension = $1 AND d.member = $2 AND d.day BETWEEN $3 AND $4 AND e.key = ANY($5::text[])
  AND ($7::text IS NULL AND d.region <> '' OR d.region = $7) GROUP BY 1, 2, 3
"""
WAITS = """
SELECT coalesce(days_to_close, $3::date - first_received_on)::float8 AS days, days_to_close IS NOT NULL AS ended
FROM analytics.case_facts WHERE first_received_on BETWEEN $1 AND $2 AND live AND status NOT IN ('untrue', 'declined', 'merged')
"""
REBOUNDS = """
SELECT coalesce(rebound_days, $3::date - closed_out_on)::float8 AS days, rebound_days IS NOT NULL AS ended
FROM analytics.round_facts WHERE closed_out_on BETWEEN $1 AND $2
"""
LISTS: Mapping[FactKind, str] = {
    FactKind.COMPLAINT: "f.receipt_no, f.case_id, k.case_no, f.counted_on, f.kind, f.weight, f.region, f.channel, f.types, f.subtype,"
    " k.respondent, k.place, k.status, k.unit_name, f.reporter_ordinal, f.case_ordinal",
    FactKind.CASE: "f.case_id, f.case_no, f.counted_on, f.region, f.types, f.subtype, f.respondent, f.place, f.status, f.unit_name,"
    " f.leader_name, f.complaints, f.reporters, f.repeat_ordinal, f.ordinal, f.rebounds",
    FactKind.ROUND: "f.case_id, k.case_no, f.counted_on, f.ordinal, f.region, f.types, k.respondent, k.place, f.outcome, f.verdict,"
    " k.unit_name, f.due_on, f.concluded_on, f.closed_out_on, f.in_time, f.returns, f.rebound",
    FactKind.CALLBACK: "f.case_id, k.case_no, f.counted_on, f.region, f.types, k.respondent, k.place, f.outcome, f.contacted, f.solved",
    FactKind.RETURN: "f.case_id, k.case_no, f.counted_on, f.region, f.types, k.respondent, k.place, f.unit, f.ground, f.lead",
    FactKind.LINK: "f.case_id, k.case_no, f.counted_on, f.region, f.types, k.respondent, k.place, f.act, f.kind, f.score, f.answer",
}
"""What a list of the counted shows; never who petitioned."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: a window of days and a slice."""

    window: Window
    slice: Slice = WHOLE


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows a measure counts, one page of them, and how much they come to in all."""

    measure: str
    label: str
    total: Decimal
    rows: tuple[dict[str, Any], ...]
    offset: int
    limit: int

    @property
    def more(self) -> bool:
        """Whether there is another page."""
        return len(self.rows) == self.limit


async def sums(connection: Connection, rules: IndicatorRules, names: Sequence[str], query: Query) -> dict[str, Decimal]:
    """The measures over window and slice."""
    wanted = {name: rules.measures[name] for name in names}
    kept = _kept(query.slice)
    if kept is None:
        statement, values = sql.total(wanted, query.slice, query.window)
        return sql.named(await counted(connection, statement, values))
    found: dict[str, Decimal] = {}
    if additive := [name for name, measure in wanted.items() if measure.additive]:
        found |= sql.named(await connection.fetch(SUMS, *kept, query.window.start, query.window.end, additive))
    if told_apart := [name for name, measure in wanted.items() if not measure.additive]:
        found |= await sets.totals(connection, kept, query.window, told_apart)
    return found


async def counted(connection: Connection, statement: str, values: Sequence[Any]) -> list[Any]:
    """Rows of a statement that tells many values apart: with room for its hashes, so that none is written to disk."""
    async with connection.transaction():
        await connection.execute("SET LOCAL work_mem = '64MB'")
        return list(await connection.fetch(statement, *values))


async def figures(
    connection: Connection, rules: IndicatorRules, query: Query, ids: Sequence[str] | None = None
) -> list[Figure]:
    """Indicators over window and slice, in the order of the dictionary or of `ids`."""
    wanted = list(ids or rules.indicators)
    found = await sums(connection, rules, needed(rules, wanted), query)
    return [figure(id, rules, query.window, found) for id in wanted]


async def changes(
    connection: Connection, rules: IndicatorRules, query: Query, ids: Sequence[str] | None = None
) -> list[Change]:
    """Indicators with those of the window of the same length before it."""
    after = await figures(connection, rules, query, ids)
    before = await figures(connection, rules, Query(query.window.before, query.slice), ids)
    return [Change(one, other) for one, other in zip(before, after, strict=True)]


async def breakdown(
    connection: Connection, rules: IndicatorRules, id: str, dimension: Dimension, query: Query, *, suppress: bool = False
) -> list[tuple[str, Figure]]:
    """An indicator for every value of a dimension, the largest denominators first; `-` is unknown.

    With `suppress`, values with fewer petitioners than the small-group limit come without figures.
    """
    names = needed(rules, [id])
    if suppress:
        names = [*names, "petitioners", "anonymous"]
    per_member: dict[str, dict[str, Decimal]] = {}
    for row in await _members(connection, rules, names, dimension, query):
        per_member.setdefault(row["member"], {})[row["measure"]] = row["value"]
    limit = rules.thresholds.small_group
    listed = [
        (member, figure(id, rules, query.window, found, suppressed=suppress and 0 < _people(found) < limit))
        for member, found in per_member.items()
    ]
    return sorted(listed, key=lambda item: (-(item[1].denominator or item[1].numerator), item[0]))


def _people(found: Mapping[str, Decimal]) -> Decimal:
    return found.get("petitioners", Decimal(0)) + found.get("anonymous", Decimal(0))


async def _members(
    connection: Connection, rules: IndicatorRules, names: Sequence[str], dimension: Dimension, query: Query
) -> list[Any]:
    measures = {name: rules.measures[name] for name in names}
    window, region = query.window, query.slice.get(Dimension.REGION)
    others = [d for d, _ in query.slice.values if d is not Dimension.REGION]
    additive = [name for name, measure in measures.items() if measure.additive]
    told_apart = [name for name in names if name not in additive]
    if dimension is Dimension.REGION and (kept := _kept(query.slice)):
        rows = list(await connection.fetch(REGIONS, kept[0], kept[2], window.start, window.end, additive))
        return rows + (await sets.by_region(connection, kept[0], kept[2], window, told_apart) if told_apart else [])
    if dimension in KEPT and not others:
        rows = list(await connection.fetch(MEMBERS, KEPT[dimension], region or WHOLE_CITY, window.start, window.end, additive))
        return rows + (await sets.by_member(connection, KEPT[dimension], region or WHOLE_CITY, window, told_apart) if told_apart else [])
    statement, values = sql.by_member(measures, dimension, query.slice, window)
    return [row for row in await counted(connection, statement, values) if row["member"] is not None]


async def trend(
    connection: Connection, rules: IndicatorRules, ids: Sequence[str], query: Query, *, step: str = "week", regions: bool = False
) -> dict[tuple[str, str], list[tuple[date, Figure]]]:
    """Additive indicators week by week (or `month`), as (id, region) → points; with `regions` one line a district.

    The first and the last step may be cut short by the window; a step nothing happened in has a figure without value.
    """
    kept = _kept(query.slice)
    assert kept is not None and step in ("week", "month")
    dimension, region, member = kept
    wanted = [id for id in ids if all(rules.measures[name].additive for name in needed(rules, [id]))]
    rows = await connection.fetch(
        SERIES, dimension, member, query.window.start, query.window.end, needed(rules, wanted), step, None if regions else region
    )
    found: dict[tuple[str, date], dict[str, Decimal]] = {}
    for row in rows:
        found.setdefault((row["region"], row["start"]), {})[row["measure"]] = row["value"]
    places = sorted({place for place, _ in found}) if regions else [region]
    return {
        (id, place): [
            (start, figure(id, rules, Window(start, _end(start, step)), found.get((place, start), {})))
            for start in steps(query.window, step)
        ]
        for id in wanted
        for place in places
    }


def steps(window: Window, step: str) -> list[date]:
    """First days of the weeks (Mondays) or months that touch the window."""
    start = window.start - timedelta(days=window.start.weekday()) if step == "week" else window.start.replace(day=1)
    found = []
    while start <= window.end:
        found.append(start)
        start = _end(start, step) + timedelta(days=1)
    return found


def _end(start: date, step: str) -> date:
    if step == "week":
        return start + timedelta(days=6)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def listing(
    connection: Connection, rules: IndicatorRules, measure: str, query: Query, *, limit: int = 50, offset: int = 0
) -> Listing:
    """What a number counts, newest first; raises KeyError for a measure the dictionary does not have."""
    found = rules.measures[measure]
    statement, values = sql.listing(found, query.slice, query.window, LISTS[found.fact], limit, offset)
    rows = tuple(dict(row) for row in await connection.fetch(statement, *values))
    total = (await sums(connection, rules, [measure], query)).get(measure, Decimal(0))
    return Listing(measure, found.label, total, rows, offset, limit)


async def time_to_close(connection: Connection, rules: IndicatorRules, query: Query, today: date) -> Duration:
    """Days from the first complaint to close-out of matters first raised in the window; those still open are censored."""
    return await _duration(connection, rules, WAITS, query, today)


async def time_to_rebound(connection: Connection, rules: IndicatorRules, query: Query, today: date) -> Duration:
    """Days from close-out to rebound of rounds closed out in the window; those still quiet are censored."""
    return await _duration(connection, rules, REBOUNDS, query, today)


async def _duration(connection: Connection, rules: IndicatorRules, statement: str, query: Query, today: date) -> Duration:
    p = sql.Parameters(query.window.start, query.window.end, today)
    where = sql.sliced(query.slice, p)
    rows = await connection.fetch(f"{statement} AND {where}", *p.values)
    days, ended = [row["days"] for row in rows], [row["ended"] for row in rows]
    return await asyncio.to_thread(duration, days, ended, rules.thresholds.confidence_level)


def needed(rules: IndicatorRules, ids: Sequence[str]) -> list[str]:
    """Measures the indicators are made of."""
    names: dict[str, None] = {}
    for id in ids:
        indicator: Indicator = rules.indicators[id]
        if indicator.form is Form.PRODUCT:
            assert indicator.denominator is not None
            names |= dict.fromkeys(needed(rules, [indicator.numerator, indicator.denominator]))
        else:
            names |= dict.fromkeys(name for name in (indicator.numerator, indicator.denominator) if name)
    return list(names)


def _kept(slice_: Slice) -> tuple[str, str, str] | None:
    """(dimension, region, member) of the daily sums of a slice; None where only the facts know."""
    values = dict(slice_.values)
    region = values.pop(Dimension.REGION, WHOLE_CITY)
    if not values:
        return "all", region, ""
    if len(values) == 1:
        [(dimension, member)] = values.items()
        if dimension in KEPT:
            return KEPT[dimension], region, member
    return None


def measures_of(rules: IndicatorRules, id: str) -> list[tuple[str, Measure]]:
    """The measures of one indicator with their names, numerator first."""
    return [(name, rules.measures[name]) for name in needed(rules, [id])]

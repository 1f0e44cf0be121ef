"""Hot, chronic and rising sites and respondents, read from the facts of a window."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from services.analytics import sql
from services.analytics.figures import Listing, Query, counted
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.indicators.heat import Concentration, Ranked, Site, concentration, rank
from services.domain.indicators.rising import Rise, Series, rises
from services.infra.postgres import Connection

By = Literal["site", "respondent"]
COLUMNS = {"site": "site_key", "respondent": "respondent_key"}
# Which sites: by petitioner first, so that one caller's share is known. Reads nothing but an index.
PEOPLE = """
SELECT key, sum(weight) AS submissions, count(reporter) AS petitioners, coalesce(sum(n) FILTER (WHERE reporter IS NULL), 0) AS anonymous,
       coalesce(max(weight) FILTER (WHERE reporter IS NOT NULL), 0) AS top_caller
FROM (
    SELECT {column} AS key, reporter, sum(weight) AS weight, count(*) AS n FROM analytics.complaint_facts
    WHERE received_on BETWEEN $1 AND $2 AND {column} IS NOT NULL AND kind <> 'DUPLICATE_DELIVERY' AND {slice} GROUP BY 1, 2
) callers
GROUP BY key ORDER BY petitioners DESC, submissions DESC, key LIMIT {limit}
"""
# What is to be said of those few: their complaints, alike ones together, since most of a site's say the same.
ABOUT = """
WITH f AS MATERIALIZED (
    SELECT {column} AS key, case_id, date_trunc('month', received_on) AS month, region, types[1] AS type, subtype, respondent, respondent_key, place,
           coalesce(sum(weight) FILTER (WHERE reporter_ordinal >= 2 AND kind <> 'FOLLOW_ON'), 0) AS repeats,
           count(*)::int AS n, min(received_on) AS first, max(received_on) AS last
    FROM analytics.complaint_facts
    WHERE {column} = ANY({keys}) AND received_on BETWEEN $1 AND $2 AND kind <> 'DUPLICATE_DELIVERY' AND {slice} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), matters AS (
    SELECT key, count(*) AS cases, sum(k.ordinal) AS rounds, sum(k.rebounds) AS rebounds
    FROM (SELECT DISTINCT key, case_id FROM f) d JOIN analytics.case_facts k USING (case_id) GROUP BY key
), said AS (
    SELECT key, region, respondent, respondent_key, place, sum(n) AS n FROM f GROUP BY 1, 2, 3, 4, 5
), called AS (
    SELECT key, array_agg(respondent_key) AS names
    FROM (SELECT key, respondent_key FROM said WHERE respondent_key IS NOT NULL GROUP BY 1, 2 HAVING sum(n) >= 2) n GROUP BY key
), known AS (
    SELECT DISTINCT ON (key) key, region FROM (SELECT key, region, sum(n) AS n FROM said WHERE region IS NOT NULL GROUP BY 1, 2) r ORDER BY key, n DESC, region
), named AS (
    SELECT DISTINCT ON (key) key, respondent
    FROM (SELECT key, respondent, sum(n) AS n FROM said WHERE respondent_key IS NOT NULL GROUP BY 1, 2) r ORDER BY key, n DESC, respondent
), placed AS (
    SELECT DISTINCT ON (key) key, place FROM (SELECT key, place, sum(n) AS n FROM said WHERE place IS NOT NULL GROUP BY 1, 2) r ORDER BY key, n DESC, place
), summed AS (
    SELECT key, sum(repeats) AS repeats, count(DISTINCT month) AS months, min(first) AS first, max(last) AS last,
           array_agg(DISTINCT subtype) AS subtypes, array_agg(DISTINCT type) AS types
    FROM f GROUP BY key
)
SELECT s.*, m.cases, m.rounds, m.rebounds, region, respondent, place, names
FROM summed s JOIN matters m USING (key) LEFT JOIN called USING (key) LEFT JOIN known USING (key) LEFT JOIN named USING (key) LEFT JOIN placed USING (key)
"""
NUMBERS = """
SELECT {column} AS key, sum(weight) AS submissions, coalesce(sum(weight) FILTER (WHERE reporter_ordinal >= 2 AND kind <> 'FOLLOW_ON'), 0) AS repeats
FROM analytics.complaint_facts
WHERE received_on BETWEEN $1 AND $2 AND kind <> 'DUPLICATE_DELIVERY' AND {slice} GROUP BY 1
"""
WEEKS = """
SELECT site_key AS key, types[1] AS kind, ($1::date - received_on) / 7 AS back, count(DISTINCT coalesce(reporter, complaint_id::text)) AS n
FROM analytics.complaint_facts
WHERE received_on > $1::date - 7 * $2::int AND received_on <= $1 AND kind <> 'DUPLICATE_DELIVERY' AND {slice} GROUP BY 1, 2, 3
"""
NAMES = """
SELECT DISTINCT ON (site_key) site_key AS key, CASE WHEN respondent_key IS NOT NULL THEN respondent END AS respondent, place, region
FROM analytics.complaint_facts
WHERE site_key = ANY($1::text[]) ORDER BY site_key, received_on DESC
"""


@dataclass(frozen=True, slots=True)
class Risen:
    """A rise with the names people know the site by."""

    rise: Rise
    name: str
    region: str | None
    until: date


def _name(respondent: str | None, place: str | None, key: str) -> str:
    return " ".join(part for part in (respondent, place) if part) or key.partition(":")[2] or key


async def hot(
    connection: Connection, rules: IndicatorRules, query: Query, *, by: By = "site", limit: int = 50
) -> list[Ranked]:
    """Sites or respondents of the window, the one most different petitioners complain of first."""
    p = sql.Parameters(query.window.start, query.window.end)
    statement = PEOPLE.format(column=COLUMNS[by], slice=sql.sliced(query.slice, p), limit=p.add(limit, "int"))
    people = await counted(connection, statement, p.values)
    p = sql.Parameters(query.window.start, query.window.end)
    keys = p.add([row["key"] for row in people], "text[]")
    statement = ABOUT.format(column=COLUMNS[by], slice=sql.sliced(query.slice, p), keys=keys)
    about = {row["key"]: row for row in await counted(connection, statement, p.values)}
    rows = [{**row, **about[row["key"]]} for row in people]
    sites = [
        Site(
            key=row["key"], name=_name(row["respondent"], row["place"] if by == "site" else None, row["key"]), region=row["region"],
            submissions=row["submissions"], petitioners=row["petitioners"], anonymous=int(row["anonymous"]),
            top_caller=row["top_caller"], repeats=row["repeats"], cases=row["cases"], rounds=int(row["rounds"]), rebounds=int(row["rebounds"]),
            months=row["months"], first=row["first"], last=row["last"], names=_there(row["names"]), types=_there(row["types"]),
            subtypes=_there(row["subtypes"]),
        )
        for row in rows
    ]  # fmt: skip
    return rank(sites, rules.thresholds)


def _there(values: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(sorted(value for value in values or () if value))


async def chronic(connection: Connection, rules: IndicatorRules, query: Query, *, limit: int = 50) -> list[Ranked]:
    """Sites complained of in many months of the window's last year, whatever they were called or classified as."""
    months = rules.thresholds.chronic_of_months
    start = query.window.end - timedelta(days=round(months * 365.25 / 12))
    year = Query(type(query.window)(start, query.window.end), query.slice)
    found = [item for item in await hot(connection, rules, year, limit=1000) if item.chronic]
    return sorted(found, key=lambda item: (-item.site.months, item.rank))[:limit]


async def concentrated(
    connection: Connection, query: Query, *, by: By = "respondent", sites: int = 12, repeats: bool = True
) -> Concentration:
    """How much of all (repeat) complaints the first few sites or respondents hold."""
    p = sql.Parameters(query.window.start, query.window.end)
    rows = await counted(connection, NUMBERS.format(column=COLUMNS[by], slice=sql.sliced(query.slice, p)), p.values)
    column = "repeats" if repeats else "submissions"
    total = sum((row[column] for row in rows), Decimal(0))
    return concentration([row[column] for row in rows if row["key"] is not None], total, sites)


async def rising(
    connection: Connection, rules: IndicatorRules, until: date, query: Query, *, limit: int = 30
) -> list[Risen]:
    """Sites whose last seven days up to `until` are more than their past and season explain, the surest first."""
    weeks = rules.thresholds.rising_weeks + 1
    p = sql.Parameters(until, weeks)
    rows = await connection.fetch(WEEKS.format(slice=sql.sliced(query.slice, p)), *p.values)
    found = await asyncio.to_thread(_rises, [dict(row) for row in rows], weeks, rules)
    names = {row["key"]: row for row in await connection.fetch(NAMES, [rise.key for rise in found[:limit]])}
    return [
        Risen(rise, _name(names[rise.key]["respondent"], names[rise.key]["place"], rise.key), names[rise.key]["region"], until)
        for rise in found[:limit]
    ]


def _rises(rows: Sequence[dict[str, object]], weeks: int, rules: IndicatorRules) -> tuple[Rise, ...]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0] * weeks)
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * weeks)
    kinds: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        week, n, kind = weeks - 1 - int(str(row["back"])), int(str(row["n"])), str(row["kind"])
        totals[kind][week] += n
        if row["key"] is not None:
            counts[str(row["key"])][week] += n
            kinds[str(row["key"])][kind] += n
    series = [
        Series(key, min(kinds[key], key=lambda kind: (-kinds[key][kind], kind)), tuple(found)) for key, found in counts.items()
    ]
    return rises(series, totals, rules.thresholds)


COMPLAINTS = """
SELECT f.receipt_no, f.case_id, k.case_no, f.received_on AS counted_on, f.kind, f.weight, f.region, f.channel, f.types, f.subtype,
       f.respondent, f.place, k.status, k.unit_name, f.reporter_ordinal, f.case_ordinal
FROM analytics.complaint_facts f LEFT JOIN analytics.case_facts k USING (case_id)
WHERE (f.site_key = $1 OR f.respondent_key = $1) AND f.received_on BETWEEN $2 AND $3 AND f.kind <> 'DUPLICATE_DELIVERY' AND {slice}
ORDER BY f.received_on DESC, f.complaint_id LIMIT {limit} OFFSET {offset}
"""
TOTAL = """
SELECT coalesce(sum(weight), 0) FROM analytics.complaint_facts f
WHERE (site_key = $1 OR respondent_key = $1) AND received_on BETWEEN $2 AND $3 AND kind <> 'DUPLICATE_DELIVERY' AND {slice}
"""


async def complaints(connection: Connection, key: str, query: Query, *, limit: int, offset: int) -> Listing:
    """The complaints of one site or respondent in the window and slice, newest first."""
    p = sql.Parameters(key, query.window.start, query.window.end)
    total = await connection.fetchval(TOTAL.format(slice=sql.sliced(query.slice, p, "f.")), *p.values)
    p = sql.Parameters(key, query.window.start, query.window.end)
    statement = COMPLAINTS.format(slice=sql.sliced(query.slice, p, "f."), limit=p.add(limit, "int"), offset=p.add(offset, "int"))
    rows = await connection.fetch(statement, *p.values)
    return Listing("submissions", "信访件次", total, tuple(map(dict, rows)), offset, limit)

"""Facts for analysts as CSV or Parquet: pseudonyms that hold within one file only, no free text, small groups blurred.

A pseudonym is a keyed hash under a key made for the file and thrown away: rows of one petitioner or case stay together
within the file, and two files cannot be joined by them. Where a month, type and channel of a district has fewer
petitioners than the small-group limit, district and sub-type are left out of its rows.
"""

from __future__ import annotations

import csv
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from services.analytics import sql
from services.analytics.figures import Query
from services.analytics.repository import stream
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.tables import cell_out
from services.infra.postgres import Connection

BATCH = 10_000
COMPLAINTS = """
WITH g AS (
    SELECT region, channel, types[1] AS type, date_trunc('month', received_on) AS month,
           count(DISTINCT coalesce(reporter, complaint_id::text)) AS people
    FROM analytics.complaint_facts WHERE received_on BETWEEN $1 AND $2 AND {slice} GROUP BY 1, 2, 3, 4
)
SELECT f.complaint_id::text AS complaint, f.case_id::text AS "case", f.reporter AS petitioner, f.site_key AS site,
       date_trunc('week', f.received_on)::date AS received_week, CASE WHEN g.people >= {limit} THEN f.region END AS region, f.channel,
       f.types, CASE WHEN g.people >= {limit} THEN f.subtype END AS subtype, f.environmental, f.kind, f.band, f.machine,
       f.weight::float8 AS weight, f.valid, f.case_ordinal, f.reporter_ordinal, f.after_supervision
FROM analytics.complaint_facts f
JOIN g ON g.region IS NOT DISTINCT FROM f.region AND g.channel = f.channel AND g.type = f.types[1] AND g.month = date_trunc('month', f.received_on)
WHERE f.received_on BETWEEN $1 AND $2 AND {slice_f} ORDER BY f.received_on
"""
CASES = """
SELECT f.case_id::text AS "case", f.site_key AS site, CASE WHEN f.reporters >= {limit} THEN f.region END AS region, f.channel, f.types,
       CASE WHEN f.reporters >= {limit} THEN f.subtype END AS subtype, f.environmental, f.key_item, f.urgency, f.status, f.verdict,
       f.complaints::float8 AS complaints, f.repeat_ordinal, f.ordinal, f.rebounds, f.fakes, f.supervisions,
       date_trunc('week', f.first_received_on)::date AS first_received_week, f.leader_on IS NOT NULL AS has_leader,
       f.days_to_close::float8 AS days_to_close
FROM analytics.case_facts f WHERE f.first_received_on BETWEEN $1 AND $2 AND f.live AND {slice} ORDER BY f.first_received_on
"""
Table = Literal["complaints", "cases"]
SCHEMAS: Mapping[Table, pa.Schema] = {
    "complaints": pa.schema([
        ("complaint", pa.string()), ("case", pa.string()), ("petitioner", pa.string()), ("site", pa.string()),
        ("received_week", pa.date32()), ("region", pa.string()), ("channel", pa.string()), ("types", pa.list_(pa.string())),
        ("subtype", pa.string()), ("environmental", pa.bool_()), ("kind", pa.string()), ("band", pa.string()), ("machine", pa.bool_()),
        ("weight", pa.float64()), ("valid", pa.bool_()), ("case_ordinal", pa.int32()), ("reporter_ordinal", pa.int32()),
        ("after_supervision", pa.bool_()),
    ]),
    "cases": pa.schema([
        ("case", pa.string()), ("site", pa.string()), ("region", pa.string()), ("channel", pa.string()), ("types", pa.list_(pa.string())),
        ("subtype", pa.string()), ("environmental", pa.bool_()), ("key_item", pa.bool_()), ("urgency", pa.string()), ("status", pa.string()),
        ("verdict", pa.string()), ("complaints", pa.float64()), ("repeat_ordinal", pa.int32()), ("ordinal", pa.int32()),
        ("rebounds", pa.int32()), ("fakes", pa.int32()), ("supervisions", pa.int32()), ("first_received_week", pa.date32()),
        ("has_leader", pa.bool_()), ("days_to_close", pa.float64()),
    ]),
}  # fmt: skip
PSEUDONYMS = {"complaint": "C", "case": "A", "petitioner": "P", "site": "S"}


class Pseudonyms:
    """Names for one file: equal for equal values, without meaning outside it."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def of(self, kind: str, value: str | None) -> str | None:
        """The pseudonym of a value; None stays None."""
        if value is None:
            return None
        digest = hashlib.blake2b(f"{kind}\0{value}".encode(), key=self._key, digest_size=8)
        return f"{PSEUDONYMS[kind]}{digest.hexdigest()}"


async def rows(connection: Connection, rules: IndicatorRules, table: Table, query: Query) -> AsyncIterator[list[dict[str, Any]]]:
    """Batches of rows ready to be written; memory does not grow with their number."""
    p = sql.Parameters(query.window.start, query.window.end)
    names = Pseudonyms()
    whole, joined = sql.sliced(query.slice, p), sql.sliced(query.slice, p, "f.")
    statement = (COMPLAINTS if table == "complaints" else CASES).format(
        limit=p.add(rules.thresholds.small_group, "int"), slice=whole, slice_f=joined
    )  # fmt: skip
    async for batch in stream(connection, statement, p.values, BATCH):
        yield [
            {**row, **{kind: names.of(kind, row[kind]) for kind in PSEUDONYMS if kind in row}} for row in map(dict, batch)
        ]


async def write(connection: Connection, rules: IndicatorRules, table: Table, query: Query, path: Path) -> int:
    """Write a table to `.csv` or `.parquet` by the name's ending; returns the number of rows. Raises ValueError for another."""
    schema = SCHEMAS[table]
    count = 0
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            async for batch in rows(connection, rules, table, query):
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                count += len(batch)
        return count
    if path.suffix != ".csv":
        raise ValueError(f"{path.name}: the name must end in .csv or .parquet")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(schema.names)
        async for batch in rows(connection, rules, table, query):
            sheet.writerows([[cell_out(row[name]) for name in schema.names] for row in batch])
            count += len(batch)
    return count

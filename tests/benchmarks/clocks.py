"""`make bench-clocks`: a sweep over a million open clocks.

    python -m tests.benchmarks.clocks [--clocks 1000000] [--due 1000] [--midnight 20000] [--json FILE]

Four clocks a case, invented by the database. Measured on PostgreSQL of its own: a sweep with nothing due, one with so many
due at once (both must stay under a second), and the working-day midnight at which a great many fall due. Every
announcement is a firing, an event in the outbox and a notice, in one transaction a batch.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.domain.rulebook import read_rule_book
from services.domain.sealing import Keyring
from services.infra.clock import FrozenClock
from services.infra.migrations import migrate
from services.infra.postgres import Pool, create_pool
from services.infra.settings import repository_root
from services.infra.vault import Vault
from services.stack import Postgres
from services.supervision.sweep import Sweep

NOW = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
PER_CASE = 4
CASES = """
INSERT INTO supervision.cases (case_id, version, case_no, status, open, summary, region, unit_id, unit, person_id, first_received_at,
                               signed_in_at, last_progress_at, ladder_at)
SELECT md5('case' || n)::uuid, 9, 'AJ2026-' || lpad(n::text, 7, '0'), 'rectifying', true, '夜间噪声', '470302', 'da-hb',
       '东岸区生态环境分局', 'da-hb-1', $1::timestamptz - interval '9 days', $1::timestamptz - interval '8 days',
       $1::timestamptz - interval '1 day', $1::timestamptz + interval '3 days'
FROM generate_series(1, $2::int) n
"""
CLOCKS = """
INSERT INTO supervision.clocks (case_id, clock, label, kind, perspective, rule_id, rule_version, calendar_version, started_at, due_at,
                                last_day, next_share, next_at)
SELECT md5('case' || n)::uuid, 'clock' || k, '热线答复', 'limit', 'unit', 'hl.reply_wd', '2026.1', 'chinese-calendar+1',
       $1::timestamptz - interval '5 days', due, (due AT TIME ZONE 'Asia/Shanghai')::date - 1, 0.99, due - interval '1 hour'
FROM (SELECT n, k, $1::timestamptz + interval '2 days' + random() * interval '50 days' AS due
      FROM generate_series(1, $2::int) n, generate_series(1, $3::int) k) AS made
"""
MAKE_DUE = """
UPDATE supervision.clocks SET due_at = $1, next_at = $1, next_share = 1, fired_share = 0.99
WHERE (case_id, clock) IN (SELECT case_id, clock FROM supervision.clocks WHERE next_at > $1 LIMIT $2)
"""
PERSON = """
INSERT INTO access.principals (id, name, roles, unit_id, regions) VALUES ('da-hb-1', '姚安毅', '{officer}', 'da-hb', '{470302}')
"""
SIZE = "SELECT sum(pg_total_relation_size(('supervision.' || t)::regclass)) FROM unnest(ARRAY['cases', 'clocks']) AS t"
console = Console(stderr=True)


async def measure(dsn: str, clocks: int, due: int, midnight: int) -> dict[str, Any]:
    """Fill the tables, then sweep."""
    pool = await create_pool(dsn, service="bench", size=2)
    try:
        await fill(pool, clocks // PER_CASE)
        clock = FrozenClock(NOW)
        book = read_rule_book(repository_root() / "deploy" / "rules")
        sweep = Sweep(pool, Vault(Keyring.generate()), book, clock=clock)
        await sweep.once()  # connections and plans
        result: dict[str, Any] = {
            "clocks": await pool.fetchval("SELECT count(*) FROM supervision.clocks"),
            "bytes_per_clock": round(float(await pool.fetchval(SIZE)) / clocks),
            "nothing_due": await timed(pool, sweep, 0, 9),
            f"due_{due}": await timed(pool, sweep, due, 5),
        }
        at_midnight = await timed(pool, sweep, midnight, 1)
        result[f"due_{midnight}"] = {**at_midnight, "per_second": round(midnight / at_midnight["seconds"])}
        return result
    finally:
        await pool.close()


async def fill(pool: Pool, cases: int) -> None:
    with console.status(f"{cases * PER_CASE} clocks"):
        await pool.execute(PERSON)
        await pool.execute(CASES, NOW, cases, timeout=600)
        await pool.execute(CLOCKS, NOW, cases, PER_CASE, timeout=600)
        await pool.execute("VACUUM ANALYZE supervision.cases", timeout=600)
        await pool.execute("VACUUM ANALYZE supervision.clocks", timeout=600)


async def timed(pool: Pool, sweep: Sweep, due: int, runs: int) -> dict[str, Any]:
    """The median sweep with so many due."""
    seconds: list[float] = []
    for run in range(runs):
        if due:
            await pool.execute(MAKE_DUE, NOW - timedelta(minutes=runs - run), due, timeout=600)
        started = time.perf_counter()
        swept = await sweep.once()
        seconds.append(time.perf_counter() - started)
        if swept.overdue != due:
            raise SystemExit(f"{swept.overdue} announced, {due} were due")
    return {"seconds": round(statistics.median(seconds), 4), "runs": runs}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=1_000)
    parser.add_argument("--midnight", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        postgres = Postgres(Path(home).resolve())
        port = postgres.start().port
        try:
            dsn = postgres.dsn(port)
            migrate(dsn)
            result = asyncio.run(measure(dsn, arguments.clocks, arguments.due, arguments.midnight))
        finally:
            postgres.stop()
    table = Table("sweep", "seconds", title=f"{result['clocks']} open clocks, {result['bytes_per_clock']} bytes each with their cases")
    for name, figure in result.items():
        if isinstance(figure, dict):
            table.add_row(name.replace("_", " "), f"{figure['seconds']:.3f}" + (f"  ({figure['per_second']}/s)" if "per_second" in figure else ""))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""How fast figures are read and kept at size: `python -m tests.benchmarks.analytics --complaints 1000000`.

Fills the read models of a database of its own with invented facts (0.3 cases a complaint, two years), then times what the
analysts' pages read, and what it costs to sum today anew. In milliseconds: wall time as median and 95th percentile, and the
processor time of database connection and reader together, which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import psycopg

from services.analytics import figures as read
from services.analytics import matters, sites
from services.analytics import repository as store
from services.analytics.figures import Query
from services.analytics.sql import daily, daily_sets
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Slice, Window
from services.domain.rulebook import read_rule_book
from services.infra.migrations import migrate
from services.infra.postgres import Pool, create_pool
from services.stack import Postgres
from tests.support.figures import fill

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 24)


async def measure(pool: Pool, complaints: int, rounds: int) -> None:
    book = read_rule_book(ROOT / "deploy" / "rules")
    rules = book.indicators
    started = time.perf_counter()
    if not await pool.fetchval("SELECT count(*) FROM analytics.case_facts"):
        await fill(pool, book, complaints, until=TODAY)
    counts = await pool.fetchrow("SELECT (SELECT count(*) FROM analytics.complaint_facts) c, (SELECT count(*) FROM analytics.case_facts) k")
    assert counts is not None
    print(f"{counts['c']} complaints in {counts['k']} cases, filled in {time.perf_counter() - started:.0f} s", flush=True)
    quarter, year = Query(Window.last(90, TODAY)), Query(Window.last(365, TODAY))
    district = Query(quarter.window, Slice.of({Dimension.REGION: "470303"}))
    async with pool.acquire() as c:
        case = await c.fetchval("SELECT case_no FROM analytics.case_facts ORDER BY complaints DESC LIMIT 1 OFFSET 50")
        found = await matters.find(c, case)
        assert found is not None
        reads: dict[str, Callable[[], Awaitable[Any]]] = {
            "indicators page, 90 days and the 90 before": lambda: read.changes(c, rules, quarter),
            "indicators page of a district": lambda: read.changes(c, rules, district),
            "indicators page, 365 days and the 365 before": lambda: read.changes(c, rules, year),
            "trend of half a year by week": lambda: read.trend(c, rules, ["repeat_rate_submissions"], Query(Window.last(182, TODAY))),
            "one indicator by unit": lambda: read.breakdown(c, rules, "conclude_in_time", Dimension.UNIT, quarter),
            "list behind a figure": lambda: read.listing(c, rules, "repeats", quarter),
            "hot sites, 90 days": lambda: sites.hot(c, rules, quarter),
            "rising sites, 27 weeks": lambda: sites.rising(c, rules, TODAY, quarter),
            "one matter": lambda: matters.story(c, found),
            "time to close-out, 365 days": lambda: read.time_to_close(c, rules, year, TODAY),
        }
        process = psutil.Process(await c.fetchval("SELECT pg_backend_pid()"))
        for name, ask in reads.items():
            print(f"{name:48} {await timed(ask, rounds, process)}", flush=True)

        sums, apart = daily(rules.additive(), [TODAY]), daily_sets(rules.told_apart(), [TODAY])

        async def sum_today() -> None:
            transaction = c.transaction()
            await transaction.start()
            await c.execute(store.CLEAR_DAYS, [TODAY])
            await c.execute(store.CLEAR_SETS, [TODAY])
            for statement, values in (sums, apart):
                await c.execute(statement, *values)
            await transaction.rollback()

        print(f"{'sums and sets of one day made anew':48} {await timed(sum_today, rounds, process)}")


async def timed(ask: Callable[[], Awaitable[Any]], rounds: int, backend: psutil.Process) -> str:
    await ask()
    took, before = [], processor(backend)
    for _ in range(rounds):
        started = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - started) * 1000)
    each = (processor(backend) - before) / rounds * 1000
    return f"{statistics.median(took):8.0f} {statistics.quantiles(took, n=20)[-1]:8.0f} {each:8.0f}"


def processor(backend: psutil.Process) -> float:
    """Seconds of processor time so far, of the connection's process and of this one."""
    return sum(sum(process.cpu_times()[:2]) for process in (backend, psutil.Process()))


async def main(complaints: int, rounds: int, home: Path) -> None:
    server = Postgres(home)
    try:
        port = server.start().port
        with psycopg.connect(server.dsn(port, "postgres"), autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'bench'").fetchone()
            if there is None:
                connection.execute("CREATE DATABASE bench")
        dsn = server.dsn(port, "bench")
        migrate(dsn)
        pool = await create_pool(dsn, service="bench", size=2)
        try:
            await measure(pool, complaints, rounds)
        finally:
            await pool.close()
    finally:
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--home", type=Path, help="Where the database is kept, to be measured again without filling.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as temporary:
        asyncio.run(main(options.complaints, options.rounds, (options.home or Path(temporary)).resolve()))

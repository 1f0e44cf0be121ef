"""Pages over a million complaints: `make bench-console`. Times a person waits, and two hundred officers at once.

The cases are copies of an invented office under other numbers, loaded in bulk, so the run is about reading, which is what
pages do; the tables behind the lists are made by the same function that rebuilds them in an emergency.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson

from contracts.vocabulary import SourceChannel
from services.analytics.refresh import Refresher
from services.analytics.repository import stream
from services.analytics.words import digest, word_row
from services.demo.people import PASSWORD
from services.demo.story import matters, tell
from services.domain.clocks.calendar import CHINA
from services.domain.rulebook import read_rule_book
from services.domain.sealing import Keyring
from services.infra.migrations import migrate
from services.infra.postgres import Pool, create_pool
from services.stack import Postgres
from services.stack.ports import free_port
from tests.support import browser
from tests.support.console_server import make, token_of
from tests.support.figures import fill as fill_figures

ROOT = Path(__file__).resolve().parents[2]
CASES, PER_CASE, OFFICERS = 300_000, 3, 200
LIVE_SHARE = 0.12
"""Share of cases still open: three months of a hotline's year and a stock of stubborn ones (assumed)."""
MULTIPLY = """
INSERT INTO casework.cases (case_id, case_no, version, head, status, region, city, lead_unit, leader_id, urgency, types, respondent, place, summary,
    ordinal, repeat_ordinal, complaints, reporters, opened_at, first_received_at, last_event_at, last_progress_at, person_id, units, state)
SELECT id, no, version, head, status, region, city, unit, leader_id, urgency, types, respondent || n % 5000, place || n % 900, n % 5000 || summary,
    ordinal, repeat_ordinal, complaints, reporters, opened_at, first_received_at, last_event_at, last_progress_at, person_id, ARRAY[unit],
    jsonb_set(jsonb_set(jsonb_set(state, '{case_id}', to_jsonb(id::text)), '{case_no}', to_jsonb(no)), '{parts}',
        CASE WHEN jsonb_array_length(state -> 'parts') > 0 THEN jsonb_build_array(jsonb_set(state #> '{parts,0}', '{unit_id}', to_jsonb(unit))) ELSE '[]' END)
FROM (
    SELECT c.*, n, md5('case' || n)::uuid AS id, 'BM2026-' || lpad(n::text, 7, '0') AS no, u.ids[1 + n % cardinality(u.ids)] AS unit
    FROM generate_series($1::int, $2::int) AS n
    JOIN (SELECT array_agg(case_no ORDER BY case_no) AS live FROM casework.cases WHERE status NOT IN ('closed_out', 'opened') AND case_no LIKE 'AJ%') l ON true
    JOIN (SELECT array_agg(case_no ORDER BY case_no) AS ended FROM casework.cases WHERE status = 'closed_out' AND case_no LIKE 'AJ%') e ON true
    JOIN casework.cases c ON c.case_no = CASE WHEN n % 100 < $3 THEN l.live[1 + n % cardinality(l.live)] ELSE e.ended[1 + n % cardinality(e.ended)] END
    CROSS JOIN (SELECT $4::text[] AS ids) u
) AS copies
"""
COMPLAINTS = """
INSERT INTO casework.complaint_cases (complaint_id, case_id, link_id, receipt_no, kind, weight, reporter, received_at)
SELECT md5('complaint' || n || '/' || k)::uuid, md5('case' || n)::uuid, 'l' || n || '/' || k, 'BM' || lpad(n::text, 7, '0') || k, 'MERGED_REPORT', 1,
       'r' || n % 100000 || k, now() - interval '1 day' * (730 - 730.0 * n / $4::int)
FROM generate_series($1::int, $2::int) AS n, generate_series(1, $3::int) AS k
"""
REGISTERED = """
INSERT INTO intake.complaints (id, source, external_id, receipt_no, content_mac, channel, region_code, reporter, received_at, registered_at, event)
SELECT k.complaint_id, 'bench', k.receipt_no, k.receipt_no, '', 'HOTLINE_12345', '470302', k.reporter, k.received_at, k.received_at,
       jsonb_set(t.event, '{text}', to_jsonb(($4::text[])[1 + (n * 7 + j * 131) % cardinality($4::text[])] || '门牌' || n % 997 || '号。'))
FROM generate_series($1::int, $2::int) AS n CROSS JOIN generate_series(1, $3::int) AS j
JOIN casework.complaint_cases k ON k.complaint_id = md5('complaint' || n || '/' || j)::uuid,
     (SELECT event FROM intake.complaints WHERE source = 'hotline-12345' LIMIT 1) t
ON CONFLICT DO NOTHING
"""
TEXT_OF = """
SELECT id AS complaint_id, received_at, region_code AS region, event ->> 'title' AS title, event ->> 'text' AS text
FROM intake.complaints WHERE source = 'bench' ORDER BY received_at
"""
CHUNK = 20_000
TEXTS = 4_000
RARE = "荧光绿泡沫"
"""A word of one text in four thousand: some two hundred complaints of a million."""


def texts() -> list[str]:
    """Complaints as people tell them, each another one."""
    rng, found = random.Random(3), []
    stories = [story for story in matters() if story.environmental]
    for n in range(TEXTS):
        said = [tell(rng.choice(stories), n, SourceChannel.HOTLINE_12345, None, rng) for _ in range(3)]
        found.append("".join(said) + (f"河面漂着{RARE}。" if n == 7 else ""))
    return found


async def fill(dsn: str, cases: int, units: list[str]) -> None:
    """Copies of what is there, in bulk; then the lists' tables and the figures' facts."""
    connection = await asyncpg.connect(dsn, timeout=30)
    told = texts()
    try:
        await connection.execute("SET synchronous_commit = off; ALTER TABLE casework.cases DISABLE TRIGGER USER")
        for start in range(1, cases + 1, CHUNK):
            end = min(cases, start + CHUNK - 1)
            await connection.execute(MULTIPLY, start, end, round(LIVE_SHARE * 100), units, timeout=1200)
            await connection.execute(COMPLAINTS, start, end, PER_CASE, cases, timeout=1200)
            await connection.execute(REGISTERED, start, end, PER_CASE, told, timeout=1200)
            print(f"\r{end} cases", end="", file=sys.stderr, flush=True)
        await connection.execute("ALTER TABLE casework.cases ENABLE TRIGGER USER")
        index = await connection.fetchval("SELECT pg_get_indexdef('console.names_pairs_idx'::regclass)")
        await connection.execute("DROP INDEX console.names_pairs_idx")
        await connection.fetchval("SELECT console.rebuild()", timeout=3600)
        await connection.execute(index, timeout=3600)
        print("\nfigures", file=sys.stderr, flush=True)
    finally:
        await connection.close()
    pool = await create_pool(dsn, service="bench", size=2)
    try:
        await fill_figures(pool, read_rule_book(ROOT / "deploy" / "rules"), cases * PER_CASE, until=datetime.now(CHINA).date())
    finally:
        await pool.close()


async def refresh(dsn: str) -> None:
    """Whatever a newer version of this project counts beside: sums and sets of days, words of texts."""
    pool = await create_pool(dsn, service="bench", size=2)
    try:
        await Refresher(pool, read_rule_book(ROOT / "deploy" / "rules")).drain()
        if not await pool.fetchval("SELECT EXISTS (SELECT FROM analytics.complaint_words w JOIN intake.complaints i ON i.id = w.complaint_id WHERE i.source = 'bench')"):
            await fill_words(pool)
        await pool.execute("VACUUM ANALYZE", timeout=3600)
    finally:
        await pool.close()


async def fill_words(pool: Pool) -> None:
    """The words of the copies, by the function the refresher uses."""
    async with pool.acquire() as reader, pool.acquire() as writer:
        index = await writer.fetchval("SELECT pg_get_indexdef('analytics.complaint_words_keys_idx'::regclass)")
        await writer.execute("DROP INDEX analytics.complaint_words_keys_idx")
        done = 0
        async for batch in stream(reader, TEXT_OF, (), CHUNK):
            rows = [word_row(truth, digest(truth)) for truth in batch]
            await writer.copy_records_to_table(
                "complaint_words", schema_name="analytics", columns=list(rows[0]), records=[tuple(row.values()) for row in rows], timeout=600
            )
            done += len(rows)
            print(f"\r{done} texts", end="", file=sys.stderr, flush=True)
        await writer.execute("SET maintenance_work_mem = '512MB'")
        await writer.execute(index, timeout=3600)


async def log_in(url: str, who: str) -> httpx.AsyncClient:
    """A client with a session."""
    client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, limits=httpx.Limits(max_connections=4))
    form = await client.get("/login")
    answer = await client.post("/login", data={"_token": token_of(form), "login": who, "password": PASSWORD})
    assert answer.status_code == 303, answer.status_code
    return client


async def timed(
    client: httpx.AsyncClient, paths: list[str], times: int, rng: random.Random, before: Callable[[], Awaitable[None]] | None = None
) -> dict[str, Any]:
    """Milliseconds of one person's requests, one after the other; `before` is done before each."""
    found = []
    for path in paths[:2]:
        await client.get(path)
    for _ in range(times):
        if before is not None:
            await before()
        began = time.perf_counter()
        answer = await client.get(rng.choice(paths))
        found.append((time.perf_counter() - began) * 1000)
        assert answer.status_code in (200, 303), answer.status_code
    found.sort()
    return {"n": times, "p50_ms": round(statistics.median(found), 1), "p95_ms": round(found[int(len(found) * 0.95) - 1], 1)}


async def move(dsn: str) -> None:
    """The figures change, as they do with every complaint that comes in: nothing that was kept of them may be shown."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("UPDATE analytics.state SET generation = generation + 1")
    await connection.close()


def in_browser(url: str) -> dict[str, Any]:
    """Milliseconds from the click on 登录 until my work is loaded, in a real browser; a word where there is none."""
    if browser.CHROMIUM is None:
        return {"left_out": str(browser.WHY_NOT)}
    found = []
    with browser.browser() as there:
        for _ in range(7):
            context = there.new_context()
            page = context.new_page()
            page.goto(f"{url}/login")
            page.fill("input[name=login]", "da-cg-2")
            page.fill("input[name=password]", PASSWORD)
            began = time.perf_counter()
            page.click("button:has-text('登录')")
            page.wait_for_url("**/work")
            page.wait_for_load_state("load")
            found.append((time.perf_counter() - began) * 1000)
            context.close()
    return {"n": len(found), "p50_ms": round(statistics.median(found), 1), "worst_ms": round(max(found), 1)}


async def crowd(clients: list[httpx.AsyncClient], paths: list[str], seconds: float) -> dict[str, Any]:
    """Officers who open a page, look at it for some seconds, and open the next; every answer must be good."""
    until, found, errors = time.monotonic() + seconds, [], 0

    async def officer(n: int, client: httpx.AsyncClient) -> None:
        nonlocal errors
        rng = random.Random(n)
        await asyncio.sleep(rng.uniform(0, 6))
        while time.monotonic() < until:
            began = time.perf_counter()
            try:
                answer = await client.get(rng.choice(("/work", rng.choice(paths))))
                errors += answer.status_code != 200
            except httpx.HTTPError:
                errors += 1
            found.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(rng.uniform(3, 9))

    await asyncio.gather(*(officer(n, client) for n, client in enumerate(clients)))
    found.sort()
    return {"officers": len(clients), "requests": len(found), "errors": errors, "p50_ms": round(statistics.median(found), 1),
            "p95_ms": round(found[int(len(found) * 0.95) - 1], 1)}  # fmt: skip


async def measure(url: str, dsn: str, cases: int, seconds: float) -> dict[str, Any]:
    """Everything promised."""
    connection = await asyncpg.connect(dsn)
    numbers = [row["case_no"] for row in await connection.fetch(
        "SELECT case_no FROM casework.cases c JOIN console.parts p USING (case_id) WHERE p.unit_id = 'da-cg' AND case_no LIKE 'BM%' LIMIT 400")]  # fmt: skip
    live = await connection.fetchval("SELECT count(*) FROM console.parts WHERE unit_id = 'da-cg'")
    await connection.close()
    rng = random.Random(1)
    officer, supervisor = await log_in(url, "da-cg-2"), await log_in(url, "supervisor-1")
    pages = [f"/cases/{number}" for number in numbers]
    found: dict[str, Any] = {"cases": cases, "complaints": cases * PER_CASE, "live_cases_of_the_unit": live}
    found["my_work"] = await timed(officer, ["/work", "/work?show=late"], 60, rng)
    found["case"] = await timed(officer, pages, 120, rng)
    found["search_receipt"] = await timed(officer, [f"/search?q=BM{n:07d}1" for n in rng.sample(range(1, cases), 50)], 60, rng)
    found["search_words"] = await timed(supervisor, ["/search?q=工地 噪声", "/search?q=混凝土公司4", "/search?q=面馆 油烟", "/search?q=云溪路"], 60, rng)
    found["search_texts"] = await timed(supervisor, [f"/search?q={RARE}", "/search?q=门牌811号", "/search?q=睡不着 门牌7", "/search?q=老人孩子"], 60, rng)
    found["search_texts_of_an_officer"] = await timed(officer, [f"/search?q={RARE}", "/search?q=门牌811号", "/search?q=老人孩子"], 60, rng)
    figures = ["/analysis", "/analysis?days=182", "/analysis?days=365", "/analysis?region=470303"]
    found["indicators"] = await timed(supervisor, figures, 40, rng)
    found["indicators_while_figures_move"] = await timed(supervisor, figures, 40, rng, before=lambda: move(dsn))
    found["hot_sites_while_figures_move"] = await timed(supervisor, ["/analysis/hot", "/analysis/hot?by=site"], 20, rng, before=lambda: move(dsn))
    found["first_page_in_the_browser"] = await asyncio.to_thread(in_browser, url)
    token = re.search(r"petitions_session=([^;]+)", "; ".join(f"{k}={v}" for k, v in officer.cookies.items()))
    assert token
    clients = [httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, cookies=dict(officer.cookies)) for _ in range(OFFICERS)]
    found["crowd"] = await crowd(clients, pages, seconds)
    for client in (officer, supervisor, *clients):
        await client.aclose()
    return found


def main() -> None:
    """Fill, serve from a process of its own, measure, print one JSON document."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=CASES)
    asked.add_argument("--seconds", type=float, default=40)
    asked.add_argument("--serve", nargs=3, metavar=("HOME", "DSN", "PORT"), help=argparse.SUPPRESS)
    asked.add_argument("--home", type=Path, help="where the database is kept, to be measured again without filling")
    asked.add_argument("--fill-only", action="store_true", help="fill --home and measure another time")
    options = asked.parse_args()
    if options.serve:
        home, dsn, port = options.serve
        keyring = Keyring.from_file(Path(home) / "ring.json")
        make(Path(home), dsn, keyring).start(0, port=int(port))
        time.sleep(100_000)
        return
    with contextlib.ExitStack() as stack:
        folder = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="petitions-bench-")))
        run(folder.absolute(), options)


def run(home: Path, options: argparse.Namespace) -> None:
    """One run over a folder: filled where it is not yet, then measured."""
    (home / "postgres").mkdir(parents=True, exist_ok=True)
    server, filled, ring = Postgres(home / "postgres"), home / "filled", home / "ring.json"
    dsn = server.dsn(server.start().port)
    try:
        migrate(dsn)
        if not filled.exists():
            keyring = Keyring.generate()
            ring.write_text(keyring.to_json())
            console = make(home, dsn, keyring).start(13)
            units = [unit.id for unit in console.office.city.document.units]
            console.stop()
            asyncio.run(fill(dsn, options.cases, units))
            filled.write_text(str(options.cases))
        asyncio.run(refresh(dsn))
        if options.fill_only:
            return
        port = free_port()
        process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.console", "--serve", str(home), dsn, str(port)], env=os.environ)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            print(orjson.dumps(asyncio.run(measure(url, dsn, int(filled.read_text()), options.seconds)), option=orjson.OPT_INDENT_2).decode())
        finally:
            process.terminate()
            process.wait()
    finally:
        server.stop()


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{url}/login", trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("the console did not start")


if __name__ == "__main__":
    main()

"""`make bench-casework`: whole lifecycles through the HTTP API, with history behind them.

    python -m tests.benchmarks.casework [--history 10000 1000000] [--lifecycles 1500] [--batch 50] [--single 150] [--json FILE]

A lifecycle: a case is opened and assigned, signed in and accepted, investigated, given three files of evidence (uploaded,
unique), verified, planned, rectified, its responsibility settled, concluded, accepted by the district, made public, called
back, reviewed and closed out: 20 commands of five systems' tokens, every gate met. The servers' clock is moved 20 days
between publicity and close-out. Processor time is given beside the rate, since a shared machine's rate says little. Two ways: systems that send many commands in one request (`POST /commands`, the files by
`POST /evidence`), and one command a request. Servers, database and client share the machine's processors.

History: closed cases with their whole logs, loaded by SQL (their digests are not valid chains; nothing here reads them).
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from services.domain.principals import Role
from services.infra.access import give_token
from services.infra.clock import system_clock
from services.infra.memory import settle
from services.infra.migrations import migrate
from services.stack import Postgres
from services.stack.processes import free_port
from tests.benchmarks.casework_server import PEPPER

console = Console(stderr=True)
SERVERS = 2
PEOPLE = {
    "dispatcher": ((Role.DISPATCHER,), None), "officer": ((Role.OFFICER,), "da-hb"), "acceptor": ((Role.ACCEPTOR,), None),
    "caller": ((Role.CALL_BACK,), None), "reviewer": ((Role.CITY_REVIEWER,), None),
}  # fmt: skip
Command = dict[str, Any]
LOAD = """
INSERT INTO casework.cases (case_id, case_no, version, head, status, region, city, lead_unit, units, urgency, types, respondent, place, summary,
    ordinal, repeat_ordinal, complaints, reporters, opened_at, first_received_at, last_event_at, last_progress_at, state)
SELECT md5('h' || n)::uuid, 'H' || n, version, md5(n::text) || md5(n::text), status, region, city, lead_unit, units, urgency, types,
    respondent || n % 50000, place || n % 50000, summary, ordinal, repeat_ordinal, complaints, reporters, opened_at - n * interval '1 second',
    first_received_at, last_event_at, last_progress_at, replace(state::text, case_id::text, md5('h' || n)::uuid::text)::jsonb
FROM casework.cases, generate_series({first}, {last}) AS n WHERE case_id = '{template}'
"""
LOAD_EVENTS = """
INSERT INTO casework.events (case_id, version, kind, at, by, role, unit, body, digest)
SELECT md5('h' || n)::uuid, version, kind, at, by, role, unit,
    convert_to(replace(convert_from(body, 'UTF8'), case_id::text, md5('h' || n)::uuid::text), 'UTF8'), md5(n::text) || digest_tail
FROM generate_series({first}, {last}) AS n, (SELECT *, left(digest, 32) AS digest_tail FROM casework.events WHERE case_id = '{template}') AS e
"""
LOAD_LINKS = """
INSERT INTO casework.complaint_cases (complaint_id, case_id, link_id, receipt_no, kind, weight, reporter, signatories, received_at)
SELECT md5('c' || n)::uuid, md5('h' || n)::uuid, link_id, 'H' || n, kind, weight, reporter, signatories, received_at
FROM generate_series({first}, {last}) AS n, casework.complaint_cases WHERE case_id = '{template}'
"""
STEP = 20_000


class Lifecycle:
    """One case's commands, by who gives them."""

    def __init__(self, number: int, hashes: Sequence[str] = ()) -> None:
        self.case, self.complaint = uuid4(), uuid4()
        self.number = number
        self.hashes = list(hashes)

    def files(self) -> list[bytes]:
        """An inspection record, a report, measured values; unlike any other's."""
        mark = self.complaint.hex.encode()
        return [b"%PDF-1.4 record " + mark * 60, b"%PDF-1.4 report " + mark * 120, b"time,value\n" + b"".join(b"08:%02d,1.2\n" % n for n in range(60)) + mark]

    def opening(self) -> list[Command]:
        first = {"id": uuid4().hex, "complaint_id": str(self.complaint), "receipt_no": f"B{self.number:09d}", "kind": "FIRST_REPORT",
                 "received_at": system_clock().isoformat(), "reporter": "petitioner"}  # fmt: skip
        matter = {"summary": "烧烤店油烟直排", "place": f"云溪路{self.number}号", "respondent": f"烧烤店{self.number}", "types": ["大气"]}
        return [
            {"type": "open", "case_no": f"B{self.case.hex[:16]}", "region": "470302", "city": "470300", "matter": matter, "first": first},
            {"type": "assign", "units": [{"unit_id": "da-hb", "name": "东安区生态环境分局", "role": "主办"}], "basis": ["大气污染防治法第八十一条"]},
        ]

    def evidence(self, id: str, purpose: str, sha256: str, **more: Any) -> Command:
        kind = "monitoring" if purpose == "measurement" else "document"
        media = "text/csv" if kind == "monitoring" else "application/pdf"
        return {"type": "add_evidence", "evidence": {"id": id, "sha256": sha256, "kind": kind, "purpose": purpose, "media_type": media, "size": 1} | more}

    def work(self, today: date) -> list[Command]:
        record, report, _ = self.hashes
        return [
            {"type": "sign_in"}, {"type": "accept_part", "members": [{"person_id": "officer", "name": "周工"}]}, {"type": "investigate"},
            self.evidence("record", "site", record, on_site=True), self.evidence("report", "report", report),
            {"type": "verify", "verdict": "属实", "found": "油烟直排", "root_cause": "未用净化设施", "report": "report", "evidence": ["record"]},
            {"type": "plan", "mode": "ledger", "target": "达标", "measures": [
                {"id": "m1", "text": "更换净化器", "unit_id": "da-hb", "person_id": "officer", "person": "周工", "deadline": f"{today.year + 1}-06-30"}]},
        ]  # fmt: skip

    def result(self, now: str) -> list[Command]:
        value = {"indicator": "油烟", "value": 1.2, "unit": "mg/m³", "standard": "GB 18483", "limit": 2.0, "measured_at": now}
        return [
            self.evidence("values", "measurement", self.hashes[2], monitoring=value),
            {"type": "report_measure", "measure_id": "m1", "progress": 100, "note": "已完成", "evidence": ["values"]},
            {"type": "settle_responsibility", "unit": "烧烤店", "person": "店主", "punishments": ["罚款五千元"]},
            {"type": "conclude", "result": "已更换净化器，油烟达标"}, {"type": "request_close_out"},
        ]  # fmt: skip

    def acceptance(self) -> list[Command]:
        return [{"type": "accept_work", "unit": "整改办", "finding": "运行正常", "evidence": ["values"]}, {"type": "start_publicity", "media": "网站", "days": 10}]

    def ending(self) -> Iterator[tuple[str, list[Command]]]:
        yield "caller", [{"type": "record_callback", "reporter": "petitioner", "outcome": "satisfied"}]
        yield "acceptor", [{"type": "finish_publicity"}, {"type": "submit_review"}]
        yield "reviewer", [{"type": "close_out", "document_no": "销1号", "finding": "同意"}]


class Bench:
    """Database, two API processes, tokens."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = Postgres(home)
        self.database = self.postgres.start()
        self.dsn = self.postgres.dsn(self.database.port)
        migrate(self.dsn)
        (home / "clock").write_bytes(struct.pack("<q", 0))
        self.tokens = asyncio.run(self._people())
        self.processes: list[subprocess.Popen[bytes]] = []
        self.loaded = 0

    async def _people(self) -> dict[str, str]:
        connection = await asyncpg.connect(self.dsn)
        tokens = {}
        for id, (roles, unit) in PEOPLE.items():
            await connection.execute(
                "INSERT INTO access.principals (id, name, roles, unit_id, regions, person) VALUES ($1, $1, $2, $3, '{470300}', true)",
                id, [role.value for role in roles], unit,
            )  # fmt: skip
            tokens[id] = await give_token(connection, id, PEPPER, system_clock(), expires_at=None, note="bench")
        await connection.close()
        return tokens

    def days(self, days: int) -> None:
        with (self.home / "clock").open("r+b") as clock:
            clock.write(struct.pack("<q", days))

    def spawn(self, collector: str) -> None:
        self.ports = [free_port() for _ in range(SERVERS)]
        for port in self.ports:
            self.processes.append(subprocess.Popen([sys.executable, "-m", "tests.benchmarks.casework_server", str(port), self.dsn, str(self.home), collector]))

    async def ready(self) -> None:
        self.clients = [
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False, timeout=120, limits=httpx.Limits(max_connections=32))
            for port in self.ports
        ]
        for client in self.clients:
            while True:
                try:
                    if (await client.get("/commands")).status_code == 401:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait()
        self.postgres.stop()

    async def call(self, who: str, worker: int, path: str, **options: Any) -> Any:
        answer = await self.clients[worker % SERVERS].post(path, headers={"Authorization": f"Bearer {self.tokens[who]}"}, **options)
        if answer.status_code >= 300:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return orjson.loads(answer.content)

    def spent(self) -> dict[str, float]:
        """Processor seconds so far of the API's processes, of the database, and of this client."""
        server = psutil.Process(self.database.pid)
        return {
            "servers": sum(busy(psutil.Process(process.pid)) for process in self.processes),
            "database": busy(server) + sum(busy(child) for child in server.children(recursive=True)),
            "client": busy(psutil.Process()),
        }

    def size(self) -> int:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            row = connection.execute("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                                     " WHERE n.nspname = 'casework' AND c.relkind = 'r'").fetchone()  # fmt: skip
            assert row
            return int(row[0])

    def load(self, history: int, template: UUID) -> None:
        """Closed cases like the template, up to so many."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for setting in ("synchronous_commit = off", "wal_compression = off", "session_replication_role = replica", "work_mem = '256MB'"):
                connection.execute(f"SET {setting}")
            for first in range(self.loaded + 1, history + 1, STEP):
                last = min(history, first + STEP - 1)
                for statement in (LOAD, LOAD_EVENTS, LOAD_LINKS):
                    connection.execute(statement.format(first=first, last=last, template=template))
                console.print(f"loaded {last:,} cases", end="\r")
            connection.execute("SELECT console.rebuild()")  # what the triggers keep, in one go
            for table in ("casework.cases", "casework.events", "casework.complaint_cases", "console.names", "console.standing", "console.parts"):
                connection.execute(f"VACUUM ANALYZE {table}")
            connection.execute("CHECKPOINT")
            connection.execute("TRUNCATE bus.outbox")
        self.loaded = history


def busy(process: psutil.Process) -> float:
    """Processor seconds of a process and of its children that ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


def spent_per(before: dict[str, float], after: dict[str, float], count: int) -> dict[str, float]:
    """Milliseconds of processor a piece."""
    return {name: round(1000 * (after[name] - before[name]) / count, 3) for name in before}


async def in_batches(bench: Bench, lifecycles: Sequence[Lifecycle], batch: int) -> float:
    """Seconds for these lifecycles, many commands a request; two streams at each server."""
    groups = [lifecycles[n : n + batch] for n in range(0, len(lifecycles), batch)]

    async def many(who: str, worker: int, asked: list[tuple[Lifecycle, Command]]) -> None:
        body = {"commands": [{"case": str(one.case), "command": command} for one, command in asked], "atomic": True}
        await bench.call(who, worker, "/commands", content=orjson.dumps(body))

    async def begin(worker: int, group: Sequence[Lifecycle]) -> None:
        today = system_clock().date()
        await many("dispatcher", worker, [(one, command) for one in group for command in one.opening()])
        for n in range(0, len(group), 33):
            some = group[n : n + 33]
            parts = [("files", (f"{n}", content)) for one in some for n, content in enumerate(one.files())]
            kept = (await bench.call("officer", worker, "/evidence", files=parts))["files"]
            for at, one in enumerate(some):
                one.hashes = [file["sha256"] for file in kept[3 * at : 3 * at + 3]]
        await many("officer", worker, [(one, command) for one in group for command in one.work(today)])
        now = system_clock().isoformat()
        await many("officer", worker, [(one, command) for one in group for command in one.result(now)])
        await many("acceptor", worker, [(one, command) for one in group for command in one.acceptance()])

    async def end(worker: int, group: Sequence[Lifecycle]) -> None:
        steps = [list(one.ending()) for one in group]
        for at, (who, _) in enumerate(steps[0]):
            await many(who, worker, [(one, command) for one, step in zip(group, steps, strict=True) for command in step[at][1]])

    return await timed(bench, groups, begin, end, streams=2 * SERVERS)


async def one_by_one(bench: Bench, lifecycles: Sequence[Lifecycle]) -> float:
    """Seconds for these lifecycles, one command or file a request; eight streams at each server."""

    async def begin(worker: int, one: Lifecycle) -> None:
        for command in one.opening():
            await bench.call("dispatcher", worker, f"/cases/{one.case}/commands", json=command)
        for content in one.files():
            kept = await bench.call("officer", worker, "/evidence", files=[("files", ("f", content))])
            one.hashes.append(kept["files"][0]["sha256"])
        for command in one.work(system_clock().date()):
            await bench.call("officer", worker, f"/cases/{one.case}/commands", json=command)
        for command in one.result(system_clock().isoformat()):
            await bench.call("officer", worker, f"/cases/{one.case}/commands", json=command)
        for command in one.acceptance():
            await bench.call("acceptor", worker, f"/cases/{one.case}/commands", json=command)

    async def end(worker: int, one: Lifecycle) -> None:
        for who, commands in one.ending():
            for command in commands:
                await bench.call(who, worker, f"/cases/{one.case}/commands", json=command)

    return await timed(bench, lifecycles, begin, end, streams=8 * SERVERS)


async def timed(
    bench: Bench, work: Sequence[Any], begin: Callable[[int, Any], Awaitable[None]], end: Callable[[int, Any], Awaitable[None]], *, streams: int
) -> float:
    """Both halves of the work over so many streams, with the days between them."""
    seconds = 0.0
    for day, half in ((0, begin), (20, end)):
        bench.days(day)
        waiting = iter(work)

        async def stream(worker: int, half: Any = half, waiting: Iterator[Any] = waiting) -> None:
            for one in waiting:
                await half(worker, one)

        started = time.perf_counter()
        await asyncio.gather(*(stream(worker) for worker in range(streams)))
        seconds += time.perf_counter() - started
    bench.days(0)
    return seconds


@contextmanager
def turn(file: Path | None) -> Iterator[None]:
    """Hold this file's lock while timing, so that several who measure on one machine take turns; loading needs none."""
    with file.open("a") if file else nullcontext() as held:
        if held:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


async def timed_part(bench: Bench, arguments: argparse.Namespace, numbers: Iterator[int]) -> dict[str, Any]:
    """Both ways, after a few lifecycles to warm up."""
    await in_batches(bench, [Lifecycle(next(numbers)) for _ in range(arguments.batch * 4)], arguments.batch)
    load, spent = os.getloadavg()[0], bench.spent()
    many = await in_batches(bench, [Lifecycle(next(numbers)) for _ in range(arguments.lifecycles)], arguments.batch)
    batched = spent_per(spent, bench.spent(), arguments.lifecycles)
    spent = bench.spent()
    single = await one_by_one(bench, [Lifecycle(next(numbers)) for _ in range(arguments.single)])
    singly = spent_per(spent, bench.spent(), max(1, 23 * arguments.single))
    with psycopg.connect(bench.dsn) as connection:
        row = connection.execute("SELECT count(*) FILTER (WHERE status = 'closed_out'), count(*) FROM casework.cases WHERE case_no LIKE 'B%'").fetchone()
    assert row and row[0] == row[1], f"{row} of the lifecycles reached close-out"
    return {
        "lifecycles_per_second": arguments.lifecycles / many, "commands_per_second": 20 * arguments.lifecycles / many,
        "processor_ms_per_lifecycle": batched, "processor_ms_per_single_request": singly, "load_before": load,
        "single_lifecycles_per_second": arguments.single / single, "single_requests_per_second": 23 * arguments.single / single,
        "server_mib": [psutil.Process(p.pid).memory_full_info().pss / 2**20 for p in bench.processes],
    }  # fmt: skip


async def measure(bench: Bench, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row of figures for each size of history."""
    await bench.ready()
    warm = [Lifecycle(n) for n in range(arguments.batch * 4)]
    await in_batches(bench, warm, arguments.batch)
    rows, numbers = [], iter(range(10**6, 10**9))
    for history in arguments.history:
        began = time.perf_counter()
        before, held = bench.size(), bench.loaded
        bench.load(history, warm[0].case)
        per_case = (bench.size() - before) / max(1, history - held)
        console.print(f"history of {history:,} cases ready after {time.perf_counter() - began:.0f} s")
        settle()
        with turn(arguments.turn):
            figures = await timed_part(bench, arguments, numbers)
        rows.append({"history": history, "bytes_per_case": per_case, **figures})
        console.print(rows[-1])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--lifecycles", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--single", type=int, default=150)
    parser.add_argument("--collector", choices=("settled", "default"), default="settled", help="of cycles, in the servers; see services/infra/memory.py")
    parser.add_argument("--turn", type=Path, metavar="FILE", help="hold this file's lock while timing")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        bench = Bench(Path(folder))
        try:
            bench.spawn(arguments.collector)
            rows = asyncio.run(measure(bench, arguments))
        finally:
            bench.stop()
    table = Table("history", "lifecycles/s", "commands/s", "one by one: lifecycles/s", "requests/s", "processor ms a lifecycle", "bytes/case", "server MiB", title="casework")
    for row in rows:
        table.add_row(f"{row['history']:,}", f"{row['lifecycles_per_second']:.0f}", f"{row['commands_per_second']:.0f}",
                      f"{row['single_lifecycles_per_second']:.1f}", f"{row['single_requests_per_second']:.0f}",
                      " ".join(f"{name} {ms:.1f}" for name, ms in row["processor_ms_per_lifecycle"].items()), f"{row['bytes_per_case']:.0f}",
                      " ".join(f"{mib:.0f}" for mib in row["server_mib"]))  # fmt: skip
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()

"""`make bench`: from published to assigned, on this machine, with history behind it.

    python -m tests.benchmarks.spine [--history 100000] [--backlog 50000] [--rate 100] [--seconds 60] [--json FILE]

Three figures: drain of a backlog (complaints a second, published to assigned), the same code at batch size 1, and latency
at a steady rate (published to assigned, p50/p95/p99). Memory is the sum of the Python processes' proportional set sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import psutil
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from contracts.topics import SUBMITTED
from services.domain.sealing import Keyring
from services.infra.migrations import migrate
from services.infra.settings import Settings, repository_root
from services.infra.topics import create_topics
from services.stack import Kafka, Postgres, jar_cache
from services.stack.processes import free_port
from tests.support.complaints import a_complaint
from tests.support.processes import Processes
from tests.support.topics import publish

SERVICES = ("intake", "triage", "dispatch", "relay")
console = Console(stderr=True)
DONE = "SELECT count(*) FROM triage.complaints"
ASSIGNED = "SELECT (SELECT count(*) FROM triage.cases) - (SELECT count(*) FROM dispatch.assignments), (SELECT count(*) FROM bus.outbox)"
LATENCIES = """
SELECT extract(epoch FROM coalesce(a.at, c.received_at) - (c.event ->> 'received_at')::timestamptz)::float8 AS seconds
FROM triage.complaints c JOIN triage.cases k ON k.first_complaint = c.id JOIN dispatch.assignments a ON a.case_id = k.id
WHERE c.event ->> 'source' = 'bench-live'
"""


class Bench:
    """One system with its broker and database; phases run one after another."""

    def __init__(self, home: Path) -> None:
        self.kafka, self.postgres = Kafka(home, jar_cache()), Postgres(home)
        self.home = home
        self.ports = {name: free_port() for name in SERVICES}
        self.published = 0

    def start(self) -> None:
        port = self.kafka.start().port
        dsn = self.postgres.dsn(self.postgres.start().port)
        migrate(dsn)
        self.settings = Settings(
            home=self.home, kafka=f"127.0.0.1:{port}", database=dsn, vault_key=Keyring.generate().to_json(),  # type: ignore[arg-type]
            city=repository_root() / "deploy" / "city" / "example",
        )  # fmt: skip
        asyncio.run(create_topics(self.settings))
        self.dsn = dsn

    def serve(self, batch: int) -> None:
        self.processes = Processes(self.settings.model_copy(update={"batch": batch}), SERVICES, self.home)
        for name, port in self.ports.items():
            self.processes.environment["PETITIONS_PROBE_PORT"] = str(port)
            self.processes.services = [name]
            self.processes.start()
        self.processes.services = list(SERVICES)
        for port in self.ports.values():
            while True:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=3, trust_env=False).status_code == 200:
                        break
                except httpx.HTTPError:
                    pass
                time.sleep(0.1)

    def stop(self) -> None:
        self.processes.stop()

    def send(self, complaints: Iterable[dict[str, Any]]) -> int:
        records = [(c["external_id"].encode(), orjson.dumps(c)) for c in complaints]
        asyncio.run(publish(self.settings, SUBMITTED.name, records))
        self.published += len(records)
        return len(records)

    def drain(self, *, limit: float = 900) -> float:
        """Seconds until everything published is linked, assigned and relayed."""
        started = time.perf_counter()
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while time.perf_counter() - started < limit:
                [done] = connection.execute(DONE).fetchone() or (0,)
                if done >= self.published:
                    [open_cases, outbox] = connection.execute(ASSIGNED).fetchone() or (1, 1)
                    if not open_cases and not outbox:
                        return time.perf_counter() - started
                time.sleep(0.1)
        raise SystemExit(f"not drained within {limit} s: {done} of {self.published}")

    def memory_mb(self) -> dict[str, float]:
        return {name: psutil.Process(p.pid).memory_full_info().pss / 2**20 for name, p in self.processes.running.items()}

    def cpu_seconds(self) -> dict[str, float]:
        found = {name: sum(psutil.Process(p.pid).cpu_times()[:2]) for name, p in self.processes.running.items()}
        for name, entry in (("kafka", self.kafka.state.running("kafka")), ("postgres", self.postgres.state.running("postgres"))):
            process = entry.process() if entry else None
            family = [process, *process.children(recursive=True)] if process else []
            found[name] = sum(sum(p.cpu_times()[:2]) for p in family if p.is_running())
        return found

    def stages(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for port in self.ports.values():
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    if sample.name == "petitions_stage_seconds_total":
                        found[f"{sample.labels['service']}.{sample.labels['stage']}"] = sample.value
        return found


async def steady(bench: Bench, rate: int, seconds: int) -> list[float]:
    """Publish at a steady rate; latency of each complaint that opened a case, from publication to assignment."""
    from datetime import UTC, datetime

    for second in range(seconds):
        began = time.perf_counter()
        for tenth in range(10):
            now = datetime.now(UTC).isoformat()
            numbers = range(second * rate + tenth * rate // 10, second * rate + (tenth + 1) * rate // 10)
            batch = [a_complaint(n, matters=10**6, seed=99, source="bench-live", received_at=now) for n in numbers]
            await publish(bench.settings, SUBMITTED.name, [(c["external_id"].encode(), orjson.dumps(c)) for c in batch])
            bench.published += len(batch)
            await asyncio.sleep(max(0, began + (tenth + 1) / 10 - time.perf_counter()))
    await asyncio.sleep(3)
    connection = await asyncpg.connect(bench.dsn)
    try:
        return sorted(r["seconds"] for r in await connection.fetch(LATENCIES))
    finally:
        await connection.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--history", type=int, default=100_000)
    arguments.add_argument("--backlog", type=int, default=50_000)
    arguments.add_argument("--single", type=int, default=1_000, help="backlog at batch size 1")
    arguments.add_argument("--rate", type=int, default=100)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--json", type=Path)
    asked = arguments.parse_args()
    result: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        bench = Bench(Path(folder))
        bench.start()
        try:
            matters = max(1, asked.history // 3)
            bench.serve(500)
            if asked.history:
                console.print(f"history: {asked.history} complaints")
                for start in range(0, asked.history, 10_000):
                    bench.send(a_complaint(n, matters=matters) for n in range(start, min(start + 10_000, asked.history)))
                result["history_seconds"] = bench.drain()
            bench.stop()
            console.print(f"backlog: {asked.backlog}")
            for start in range(0, asked.backlog, 10_000):
                bench.send(a_complaint(n, matters=matters, seed=8) for n in range(start, min(start + 10_000, asked.backlog)))
            began = time.perf_counter()
            bench.serve(500)
            result["start_seconds"] = time.perf_counter() - began
            cpu = bench.cpu_seconds()
            seconds = time.perf_counter() - began
            bench.drain()
            seconds = time.perf_counter() - began
            result |= {"drain_seconds": seconds, "drain_per_second": asked.backlog / seconds, "memory_mb": bench.memory_mb()}
            result["cpu_share"] = {k: v - cpu.get(k, 0) for k, v in bench.cpu_seconds().items()}
            result["stages"] = bench.stages()
            console.print(f"steady: {asked.rate}/s for {asked.seconds} s")
            latencies = asyncio.run(steady(bench, asked.rate, asked.seconds))
            pick = lambda q: latencies[min(len(latencies) - 1, int(q * len(latencies)))]
            result["latency_seconds"] = {"n": len(latencies), "p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99)}
            bench.drain()
            bench.stop()
            console.print(f"batch size 1: {asked.single}")
            bench.send(a_complaint(n, matters=matters, seed=9) for n in range(asked.single))
            began = time.perf_counter()
            bench.serve(1)
            bench.drain()
            result["single_per_second"] = asked.single / (time.perf_counter() - began)
            result["batch_gain"] = result["drain_per_second"] / result["single_per_second"]
        finally:
            bench.stop()
            bench.kafka.stop()
            bench.postgres.stop()
    show(result, asked)
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text, "utf-8")
    print(text)


def show(result: dict[str, Any], asked: argparse.Namespace) -> None:
    table = Table(title=f"{asked.history} complaints of history, {result['cores']} cores, broker and database on the same machine")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_row(f"drain of {asked.backlog}, published to assigned, start included", f"{result['drain_per_second']:.0f}/s")
    table.add_row("the same code at batch size 1", f"{result['single_per_second']:.0f}/s ({result['batch_gain']:.1f}×)")
    latency = result["latency_seconds"]
    table.add_row(f"latency at {asked.rate}/s, p50 / p95 / p99", " / ".join(f"{latency[q]:.2f} s" for q in ("p50", "p95", "p99")))
    table.add_row("memory of the Python processes", f"{sum(result['memory_mb'].values()):.0f} MB")
    total = sum(result["cpu_share"].values())
    for name, seconds in sorted(result["cpu_share"].items(), key=lambda item: -item[1]):
        table.add_row(f"  processor time: {name}", f"{seconds:.1f} s ({seconds / total:.0%})")
    stages = sum(result["stages"].values())
    for name, seconds in sorted(result["stages"].items(), key=lambda item: -item[1]):
        table.add_row(f"  stage: {name}", f"{seconds:.1f} s ({seconds / stages:.0%})")
    console.print(table)


if __name__ == "__main__":
    main()

"""The system under the benchmark: broker, database and service processes of its own, and what they cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from contracts.topics import SUBMITTED
from services.domain.sealing import Keyring
from services.infra.migrations import migrate
from services.infra.settings import Settings, repository_root
from services.infra.topics import create_topics
from services.registry import layout_of
from services.stack import Kafka, Postgres, jar_cache
from services.stack.processes import free_port
from tests.support.processes import Processes
from tests.support.topics import publish

SPINE = ("intake", "triage", "dispatch", "relay")
"""What stands between a published complaint and its assignment; each as many processes as `petitions up` runs."""
DONE = "SELECT count(*) FROM triage.complaints"
OPEN = """
SELECT (SELECT count(*) FROM triage.cases k WHERE NOT EXISTS (SELECT 1 FROM dispatch.assignments a WHERE a.case_id = k.id))
     + (SELECT count(*) FROM bus.outbox)
"""
Complaint = dict[str, Any]


class System:
    """Everything in one folder; services come and go, broker and database stay until `end`."""

    def __init__(self, home: Path) -> None:
        self.kafka, self.postgres = Kafka(home, jar_cache()), Postgres(home)
        self.home = home
        self.published = 0
        self.ports: dict[str, int] = {}
        self.processes: Processes | None = None

    def start(self) -> None:
        """Broker, schema, topics."""
        port = self.kafka.start().port
        self.dsn = self.postgres.dsn(self.postgres.start().port)
        migrate(self.dsn)
        self.settings = Settings(
            home=self.home, kafka=f"127.0.0.1:{port}", database=self.dsn, vault_key=Keyring.generate().to_json(),  # type: ignore[arg-type]
            city=repository_root() / "deploy" / "city" / "example",
        )  # fmt: skip
        asyncio.run(create_topics(self.settings))

    def serve(self, batch: int) -> float:
        """Start every service as `petitions up` lays them out; returns seconds until all are ready."""
        began = time.perf_counter()
        names = [f"{','.join(group)}#{n}" for n, group in enumerate(layout_of(SPINE))]
        self.ports = {name: free_port() for name in names}
        self.processes = Processes(self.settings.model_copy(update={"batch": batch}), [], self.home)
        for name, port in self.ports.items():
            self.processes.environment["PETITIONS_PROBE_PORT"] = str(port)
            self.processes.services = [name]
            self.processes.start()
        for port in self.ports.values():
            while not _ready(port):
                time.sleep(0.1)
        return time.perf_counter() - began

    def stop(self) -> None:
        """End the services."""
        if self.processes:
            self.processes.stop()
            self.processes = None

    def end(self) -> None:
        """End everything."""
        self.stop()
        self.kafka.stop()
        self.postgres.stop()

    def second_start(self) -> dict[str, float]:
        """End everything and start it again with its data; seconds of each part, one after the other as `petitions up` does."""
        self.end()
        took = {}
        for name, start in (("kafka", self.kafka.start), ("postgres", self.postgres.start), ("services", lambda: self.serve(500))):
            began = time.perf_counter()
            start()
            took[name] = time.perf_counter() - began
        return took

    def send(self, complaints: Iterable[Complaint]) -> int:
        """Publish and wait until the broker has all of them."""
        records = [(c["external_id"].encode(), orjson.dumps(c)) for c in complaints]
        asyncio.run(publish(self.settings, SUBMITTED.name, records))
        self.published += len(records)
        return len(records)

    def drain(self, *, limit: float = 1800) -> None:
        """Wait until everything published is linked, its cases assigned and every event with the broker."""
        started, done = time.perf_counter(), 0
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while time.perf_counter() - started < limit:
                # Counting costs processor time too, so it is not asked often while much is missing.
                [done] = connection.execute(DONE).fetchone() or (0,)
                if done >= self.published and (connection.execute(OPEN).fetchone() or (1,))[0] == 0:
                    return
                time.sleep(1.0 if self.published - done > 2000 else 0.05)
        raise SystemExit(f"not drained within {limit} s: {done} of {self.published}")

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size of each service process."""
        assert self.processes
        return {name: psutil.Process(p.pid).memory_full_info().pss / 2**20 for name, p in self.processes.running.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """Processor seconds so far, by process."""
        assert self.processes
        found = {name: sum(psutil.Process(p.pid).cpu_times()[:2]) for name, p in self.processes.running.items()}
        for name, entry in (("kafka", self.kafka.state.running("kafka")), ("postgres", self.postgres.state.running("postgres"))):
            root = entry.process() if entry else None
            found[name] = sum(sum(p.cpu_times()[:2]) for p in ([root, *root.children(recursive=True)] if root else []) if p.is_running())
        return found

    def stages(self) -> dict[str, tuple[float, float]]:
        """Stage → (wall seconds, processor seconds) so far, summed over processes."""
        found: dict[str, list[float]] = {}
        wanted = ("petitions_stage_seconds_total", "petitions_stage_cpu_seconds_total")
        for port in self.ports.values():
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    if sample.name in wanted:
                        entry = found.setdefault(f"{sample.labels['service']}.{sample.labels['stage']}", [0.0, 0.0])
                        entry[wanted.index(sample.name)] += sample.value
        return {name: (wall, cpu) for name, (wall, cpu) in found.items()}

    def database_bytes(self) -> int:
        """Size of the database on disk."""
        with psycopg.connect(self.dsn) as connection:
            [size] = connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
        return int(size)


def since(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Differences of two readings of `cpu_seconds` or `stages`."""
    zero: Sequence[float] = (0.0, 0.0)
    return {
        name: tuple(a - b for a, b in zip(value, before.get(name, zero), strict=True)) if isinstance(value, tuple) else value - before.get(name, 0.0)
        for name, value in now.items()
    }


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=3, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False

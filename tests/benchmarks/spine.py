"""`make bench`: from published to assigned, on this machine, with history behind it.

    python -m tests.benchmarks.spine [--history 100000] [--backlog 50000] [--rate 100] [--seconds 60] [--json FILE]

The complaints are those of `tests.benchmarks.stream` (105 characters in the mean, four in ten a repeat of an earlier
matter), spread over the districts of the example city, with name and telephone. Figures: a backlog published to warm
services, from its first record to the last assignment; the same at batch size 1; latency at a steady rate, from
publication to the moment a consumer of the assigned topic has the record; memory as the sum of the service processes'
proportional set sizes; where processor time went, by process and by stage. A restart with all history and a second start
of everything are timed apart.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from rich.console import Console
from rich.table import Table

from contracts.topics import ASSIGNED, LINKED, SUBMITTED
from services.infra.cities import load_city
from services.infra.kafka import client_options
from services.infra.settings import repository_root
from tests.benchmarks.stream import stream
from tests.benchmarks.system import System, since

console = Console(stderr=True)
WARM = 200
"""Complaints sent before a phase is timed: every district's index is in memory then."""
TICK = 0.05
Result = dict[str, Any]


def complaints(size: int) -> Iterator[dict[str, Any]]:
    """The stream as a hotline of the example city would send it, the last one received just now."""
    city = load_city(repository_root() / "deploy" / "city" / "example")
    codes = sorted(district.code for district in city.document.districts)
    began = datetime.now(UTC) - timedelta(minutes=size)
    for n, told in enumerate(stream(size)):
        one = told.complaint
        mark = hashlib.blake2b((one.reporter or "").encode(), digest_size=8).digest()
        yield {
            "source": "hotline-bench",
            "external_id": f"B-{n:07d}",
            "received_at": (began + timedelta(minutes=n)).isoformat(),
            "channel": "HOTLINE_12345",
            "region_code": codes[int(one.region[-2:]) % len(codes)] if one.region else None,
            "text": one.text,
            "petitioner": {"name": "测试某", "phone": f"199{int.from_bytes(mark) % 10**8:08d}"},
        }


def timed(system: System, supply: Iterator[dict[str, Any]], count: int) -> Result:
    """Publish so many complaints and wait for the last assignment; what it took and where it went."""
    batch = list(islice(supply, count))
    cpu, stages, began = system.cpu_seconds(), system.stages(), time.perf_counter()
    system.send(batch)
    system.drain()
    seconds = time.perf_counter() - began
    return {
        "complaints": count, "seconds": seconds, "per_second": count / seconds,
        "cpu_ms": {name: 1000 * value / count for name, value in since(system.cpu_seconds(), cpu).items()},
        "stages_ms": {name: [1000 * v / count for v in pair] for name, pair in since(system.stages(), stages).items()},
    }  # fmt: skip


async def steady(system: System, supply: Iterator[dict[str, Any]], rate: int, seconds: int) -> Result:
    """Publish at a steady rate and see when the answers come: assigned where a case was opened, linked where one was joined."""
    waits: dict[str, list[float]] = {"assigned": [], "linked": []}
    stop = asyncio.Event()
    consumer = AIOKafkaConsumer(**client_options(system.settings), enable_auto_commit=False)
    producer = AIOKafkaProducer(**client_options(system.settings), acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    parts = [TopicPartition(topic.name, p) for topic in (ASSIGNED, LINKED) for p in range(topic.partitions)]
    consumer.assign(parts)
    await consumer.seek_to_end(*parts)

    async def listen() -> None:
        while not stop.is_set():
            for part, records in (await consumer.getmany(timeout_ms=50)).items():
                now = datetime.now(UTC)
                name, field = ("assigned", "complaint_received_at") if part.topic == ASSIGNED.name else ("linked", "received_at")
                waits[name] += [(now - datetime.fromisoformat(orjson.loads(r.value)[field])).total_seconds() for r in records]

    listening = asyncio.create_task(listen())
    began, sent = time.perf_counter(), 0
    try:
        while sent < rate * seconds:
            due = int((time.perf_counter() - began + TICK) * rate)
            for one in islice(supply, min(due, rate * seconds) - sent):
                one["received_at"] = datetime.now(UTC).isoformat()
                await producer.send(SUBMITTED.name, key=one["external_id"].encode(), value=orjson.dumps(one))
                sent += 1
            await asyncio.sleep(TICK)
        await producer.flush()
        system.published += sent
        for _ in range(300):
            if sum(map(len, waits.values())) >= sent:
                break
            await asyncio.sleep(0.1)
    finally:
        stop.set()
        await listening
        await consumer.stop()
        await producer.stop()
    return {"rate": rate, "sent": sent, **{name: quantiles(sorted(found)) for name, found in waits.items()}}


def quantiles(found: list[float]) -> Result:
    """n, p50, p95, p99 and the longest, in seconds."""

    def pick(q: float) -> float:
        return found[min(len(found) - 1, int(q * len(found)))] if found else 0.0

    return {"n": len(found), "p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99), "max": pick(1.0)}


def main() -> None:
    """Run every phase and print a table and JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--history", type=int, default=100_000)
    arguments.add_argument("--backlog", type=int, default=50_000)
    arguments.add_argument("--single", type=int, default=1_000, help="backlog at batch size 1")
    arguments.add_argument("--rate", type=int, default=100)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--json", type=Path)
    asked = arguments.parse_args()
    result: Result = {"cores": os.cpu_count(), "history": asked.history}
    supply = complaints(asked.history + asked.backlog + asked.single + asked.rate * asked.seconds + 4 * WARM)
    with tempfile.TemporaryDirectory(prefix="petitions-bench-") as folder:
        system = System(Path(folder))
        try:
            system.start()
            system.serve(500)
            if asked.history:
                console.print(f"history: {asked.history} complaints")
                result["history_phase"] = timed(system, supply, asked.history)
                result["database_bytes_per_complaint"] = system.database_bytes() / asked.history
            system.stop()
            console.print("restart")
            began = time.perf_counter()
            ready = system.serve(500)
            warm(system, supply)
            result["restart"] = {"ready_seconds": ready, "first_assigned_seconds": time.perf_counter() - began}
            console.print(f"backlog: {asked.backlog}")
            result["backlog"] = timed(system, supply, asked.backlog)
            console.print(f"steady: {asked.rate}/s for {asked.seconds} s")
            result["steady"] = asyncio.run(steady(system, supply, asked.rate, asked.seconds))
            result["memory_mb"] = system.memory_mb()
            system.stop()
            console.print(f"batch size 1: {asked.single}")
            system.serve(1)
            warm(system, supply)
            result["single"] = timed(system, supply, asked.single)
            result["second_start"] = system.second_start()
            result["batch_gain"] = result["backlog"]["per_second"] / result["single"]["per_second"]
        finally:
            system.end()
    show(result)
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text, "utf-8")
    print(text)


def warm(system: System, supply: Iterator[dict[str, Any]]) -> None:
    """Let the services meet every district once."""
    system.send(islice(supply, WARM))
    system.drain()


def show(result: Result) -> None:
    """The figures as a table."""
    table = Table(title=f"{result['history']} complaints of history, {result['cores']} cores, broker and database on the same machine")
    table.add_column("measure")
    table.add_column("value", justify="right")
    backlog, single, steadily = result["backlog"], result["single"], result["steady"]
    table.add_row(f"backlog of {backlog['complaints']}, first published to last assigned", f"{backlog['per_second']:.0f}/s")
    table.add_row("the same code at batch size 1", f"{single['per_second']:.0f}/s ({result['batch_gain']:.1f}×)")
    for name in ("assigned", "linked"):
        found = steadily[name]
        table.add_row(f"at {steadily['rate']}/s, published to {name}: p50 / p95 / p99 of {found['n']}", " / ".join(f"{found[q]:.2f} s" for q in ("p50", "p95", "p99")))
    table.add_row("memory of the service processes", f"{sum(result['memory_mb'].values()):.0f} MB")
    table.add_row("restart: ready, first assigned", " / ".join(f"{value:.1f} s" for value in result["restart"].values()))
    started = result["second_start"]
    table.add_row("second start: " + ", ".join(started), " + ".join(f"{value:.1f}" for value in started.values()) + f" = {sum(started.values()):.1f} s")
    total = sum(backlog["cpu_ms"].values())
    table.add_section()
    table.add_row("processor time a complaint, backlog", f"{total:.2f} ms")
    for name, value in sorted(backlog["cpu_ms"].items(), key=lambda item: -item[1]):
        table.add_row(f"  {name}", f"{value:.3f} ms ({value / total:.0%})")
    table.add_section()
    table.add_row("stage, a complaint", "wall / processor")
    for name, (wall, cpu) in sorted(backlog["stages_ms"].items(), key=lambda item: -item[1][0]):
        table.add_row(f"  {name}", f"{wall:.3f} / {cpu:.3f} ms")
    console.print(table)


if __name__ == "__main__":
    main()

"""Kill anything, at any moment: every complaint arrives once, every case is assigned once, in order."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from contracts.topics import REGISTERED, SUBMITTED
from services.infra.settings import Settings
from services.stack import Kafka, Postgres
from tests.support.complaints import a_complaint
from tests.support.outcome import broken_promises, settled
from tests.support.processes import Processes
from tests.support.topics import publish

SERVICES = ("intake", "triage", "dispatch", "relay")
COMPLAINTS, MATTERS, KILLS = 5_000, 1_500, 32
SEED = int(os.environ.get("PETITIONS_TEST_SEED", "0") or 0) or random.SystemRandom().randrange(1, 10**6)


def records(numbers: range) -> list[tuple[bytes, bytes]]:
    complaints = (a_complaint(n, matters=MATTERS) for n in numbers)
    return [(c["external_id"].encode(), orjson.dumps(c)) for c in complaints]


@pytest.mark.timeout(400)
async def test_32_kills_of_services_broker_and_database_lose_and_double_nothing(
    system: Settings, broker: Kafka, postgres: Postgres, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    victims = [*(SERVICES * 6), *["kafka"] * 4, *["postgres"] * 4][:KILLS]
    rng.shuffle(victims)
    processes = Processes(system, SERVICES, tmp_path)
    processes.start()
    stream = asyncio.create_task(_trickle(system))
    try:
        for victim in victims:
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            if victim == "kafka":
                _kill(broker.state.read()["kafka"].pid)
                await asyncio.to_thread(broker.start)
            elif victim == "postgres":
                _kill(postgres.state.read()["postgres"].pid)
                await asyncio.to_thread(postgres.start)
            else:
                processes.start()
                processes.kill(victim)
            processes.start()
        await stream
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            processes.start()
            counts = await settled(system, COMPLAINTS, seconds=5)
            if counts.get("triaged", 0) >= COMPLAINTS and counts["outbox"] == 0 and counts["assigned"] >= counts["cases"]:
                break
        wrong = await broken_promises(system, {f"T7-{n:06d}" for n in range(COMPLAINTS)})
        assert wrong == [], f"seed {SEED}: {wrong}; {counts}"
        assert counts["dead_letters"] == 0
    finally:
        stream.cancel()
        processes.stop()


async def _trickle(settings: Settings) -> None:
    """Publish while things are being killed, with one producer that keeps trying, as a hotline has."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for start in range(0, COMPLAINTS, 250):
            batch = records(range(start, min(start + 250, COMPLAINTS)))
            await asyncio.gather(*[await producer.send(SUBMITTED.name, key=key, value=value) for key, value in batch])
            await asyncio.sleep(0.8)
    finally:
        await producer.stop()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def test_every_record_delivered_twice_has_the_effect_of_once(system: Settings, tmp_path: Path) -> None:
    processes = Processes(system, SERVICES, tmp_path)
    batch = records(range(400))
    await publish(system, SUBMITTED.name, batch)
    processes.start()
    try:
        await settled(system, 400, seconds=60)
        processes.running["triage"].terminate()
        processes.running["triage"].wait(20)
        await _rewind(system)
        await publish(system, SUBMITTED.name, batch)
        processes.start()
        await asyncio.sleep(3)
        await settled(system, 400, seconds=60)
        assert await broken_promises(system, {f"T7-{n:06d}" for n in range(400)}) == []
    finally:
        processes.stop()


async def _rewind(settings: Settings) -> None:
    """Every registered record comes to triage again: its group stands at the beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id="triage", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(REGISTERED.name, n) for n in range(REGISTERED.partitions)])
        await consumer.commit(dict.fromkeys(consumer.assignment(), 0))
    finally:
        await consumer.stop()


async def test_members_that_join_and_leave_mid_stream_lose_and_double_nothing(system: Settings, tmp_path: Path) -> None:
    processes = Processes(system, [*SERVICES, "triage#2"], tmp_path)
    processes.services.remove("triage#2")
    processes.start()
    try:
        await publish(system, SUBMITTED.name, records(range(600)))
        processes.services.append("triage#2")
        processes.start()
        await publish(system, SUBMITTED.name, records(range(600, 1200)))
        await asyncio.sleep(2)
        processes.running["triage"].terminate()
        processes.services.remove("triage")
        await publish(system, SUBMITTED.name, records(range(1200, 1800)))
        await settled(system, 1800, seconds=90)
        assert await broken_promises(system, {f"T7-{n:06d}" for n in range(1800)}) == []
    finally:
        processes.stop()


async def test_services_stop_within_ten_seconds_in_the_middle_of_a_stream(system: Settings, tmp_path: Path) -> None:
    processes = Processes(system, SERVICES, tmp_path)
    processes.start()
    await publish(system, SUBMITTED.name, records(range(3000)))
    await settled(system, 100, seconds=30)
    took = processes.stop()
    assert max(took.values()) < 10, took

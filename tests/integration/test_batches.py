"""One batch, one transaction: what commits, what is retried, what is set aside. On a real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from contracts.complaints import AnswerState, ComplaintAnswered
from contracts.topics import ANSWERED, REGISTERED
from services.infra.batches import Batches
from services.infra.clock import FrozenClock
from services.infra.dead_letters import DeadLetterRefused, dead_letters, mend, replay, reveal
from services.infra.failures import DeadLetterCount, DeadLetterLimit, DeadLettersExceeded, Permanent
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = b"19900001234"


def a_record(offset: int, value: bytes = b"{}", topic: str = REGISTERED.name) -> Record:
    return Record(topic, 0, offset, b"key", value, {"ce_id": str(uuid4()), "ce_source": "petitions/test"}, 1)


def an_answer() -> ComplaintAnswered:
    return ComplaintAnswered(
        occurred_at=NOW, source="s", external_id="e", receipt_no="r", state=AnswerState.REGISTERED, message="已登记"
    )


def batches(pool: Pool, vault: Vault, *, run: int = 10, retry_seconds: float = 5.0) -> Batches:
    count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=run))
    return Batches("test", pool, vault, count, retry_seconds=retry_seconds, clock=FrozenClock(NOW))


async def outbox(pool: Pool) -> list[str]:
    return [row["topic"] for row in await pool.fetch("SELECT topic FROM bus.outbox ORDER BY id")]


async def test_a_batch_that_fails_leaves_no_claim_and_no_event(pool: Pool, vault: Vault) -> None:
    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        unit.emit(ANSWERED, "s", an_answer())
        raise asyncpg.PostgresConnectionError("gone")

    with pytest.raises(asyncpg.PostgresConnectionError):
        await batches(pool, vault, retry_seconds=0.3).run([a_record(1)], work)
    assert await outbox(pool) == []
    assert await pool.fetchval("SELECT count(*) FROM bus.inbox") == 0


async def test_a_failure_of_the_world_is_tried_again_in_place(pool: Pool, vault: Vault) -> None:
    attempts = 0

    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        nonlocal attempts
        attempts += 1
        unit.emit(ANSWERED, "s", an_answer())
        if attempts < 3:
            raise asyncpg.DeadlockDetectedError("again")

    await batches(pool, vault).run([a_record(1)], work)
    assert attempts == 3
    assert await outbox(pool) == [ANSWERED.name]


async def test_a_poison_record_is_set_aside_and_its_500_neighbours_arrive(pool: Pool, vault: Vault) -> None:
    handled: list[int] = []

    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        if any(record.offset == 250 for record in records):
            raise KeyError("a bug")
        handled.extend(record.offset for record in records)

    await batches(pool, vault).run([a_record(n, SECRET) for n in range(501)], work)
    assert sorted(handled) == [n for n in range(501) if n != 250]
    [letter] = await dead_letters(pool)
    assert (letter.record_offset, letter.verdict) == (250, "bug")
    assert await outbox(pool) == [f"{REGISTERED.name}.dlq"]


async def test_a_dead_letter_holds_no_clear_text(pool: Pool, vault: Vault) -> None:
    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        raise Permanent("cannot be read")

    await batches(pool, vault).run([a_record(1, b'{"phone": "' + SECRET + b'"}')], work)
    row = await pool.fetchrow("SELECT * FROM bus.dead_letters")
    assert row is not None and SECRET not in row["sealed"] and SECRET.decode() not in str(dict(row))


async def test_too_many_bugs_stop_the_service_and_leave_the_rest_in_the_queue(pool: Pool, vault: Vault) -> None:
    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        raise KeyError("a bug")

    with pytest.raises(DeadLettersExceeded):
        await batches(pool, vault, run=3).run([a_record(n) for n in range(10)], work)
    assert len(await dead_letters(pool)) == 3


async def test_a_record_delivered_twice_is_handled_once(pool: Pool, vault: Vault) -> None:
    seen: list[int] = []

    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        seen.extend(record.offset for record in records)

    record = a_record(1)
    await batches(pool, vault).run([record, record], work)
    await batches(pool, vault).run([record], work)
    assert seen == [1]


async def test_two_workers_with_the_same_record_handle_it_once(pool: Pool, vault: Vault) -> None:
    seen: list[int] = []
    both = asyncio.Barrier(2)

    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        await asyncio.sleep(0.1)
        seen.extend(record.offset for record in records)

    record = a_record(1)

    async def worker() -> None:
        await both.wait()
        await batches(pool, vault).run([record], work)

    await asyncio.gather(worker(), worker())
    assert seen == [1]


async def test_an_event_too_large_for_its_topic_is_set_aside_instead_of_blocking_the_relay(pool: Pool, vault: Vault) -> None:
    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        unit.emit(ANSWERED, "s", an_answer().model_copy(update={"message": "长" * 600_000}))

    await batches(pool, vault).run([a_record(1)], work)
    [letter] = await dead_letters(pool)
    assert letter.verdict == "permanent"


async def test_a_mended_record_is_replayed_to_its_topic_and_handled_again(pool: Pool, vault: Vault) -> None:
    async def refuse(unit: UnitOfWork, records: Sequence[Record]) -> None:
        raise Permanent("cannot be read")

    record = a_record(1, b'{"source": "s", "external_id": "e"}', topic="petition.complaint.submitted.v1")
    await batches(pool, vault).run([record], refuse)
    [letter] = await dead_letters(pool)
    good = {"text": "河水发黑", "received_at": "2026-11-23T09:15:00+08:00"}
    async with begin(pool, service="cli", vault=vault) as unit:
        with pytest.raises(DeadLetterRefused, match="text"):
            await mend(unit, letter.id, {"received_at": good["received_at"]}, actor="admin")
        await mend(unit, letter.id, good, actor="admin")
        await replay(unit, letter.id)
    again = await pool.fetchrow("SELECT * FROM bus.outbox WHERE topic = 'petition.complaint.submitted.v1'")
    assert again is not None and "河水发黑".encode() in again["value"] and again["key"] == "key"
    handled: list[int] = []

    async def work(unit: UnitOfWork, records: Sequence[Record]) -> None:
        handled.extend(r.offset for r in records)

    await batches(pool, vault).run([record], work)
    assert handled == [1], "the inbox's claim was lifted"


async def test_revealing_a_record_needs_a_purpose_and_leaves_a_trace(pool: Pool, vault: Vault) -> None:
    async def refuse(unit: UnitOfWork, records: Sequence[Record]) -> None:
        raise Permanent("cannot be read")

    await batches(pool, vault).run([a_record(1, SECRET)], refuse)
    [letter] = await dead_letters(pool)
    async with begin(pool, service="cli", vault=vault) as unit:
        with pytest.raises(DeadLetterRefused, match="purpose"):
            await reveal(unit, letter.id, actor="admin", purpose=" ")
        assert await reveal(unit, letter.id, actor="admin", purpose="来电人要求更正") == SECRET
    assert await pool.fetchval("SELECT purpose FROM vault.unsealings WHERE actor = 'admin'") == "来电人要求更正"

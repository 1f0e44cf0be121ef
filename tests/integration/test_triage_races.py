"""Workers on different partitions that hold the same matter at the same moment open one case, not two."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from classifiers.history import History
from classifiers.triage import Triage
from contracts.complaints import ComplaintRegistered, Region
from contracts.topics import LINK_UNDONE, OPENED, REGISTERED
from services.domain.errors import Refused
from services.infra.batches import Batches
from services.infra.clock import FrozenClock
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.triage import links
from services.triage.handlers import Triaging
from services.triage.memory import Memory

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CLOCK = FrozenClock(NOW)
TEXT = "云溪路88号鑫味烧烤店每天晚上油烟直排，楼上住户开窗就呛得咳嗽，油烟净化器从来不开，请尽快查处。"


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage.load()


def a_worker(pool: Pool, vault: Vault, triage: Triage) -> tuple[Triaging, Batches]:
    clock = FrozenClock(NOW)
    worker = Triaging(Memory(triage, History()), worker=uuid4(), clock=clock)
    count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=10))
    return worker, Batches("triage", pool, vault, count, retry_seconds=10, clock=clock, abandon=worker.abandon)


def a_record(text: str, *, district: str | None = "470302", reporter: str | None = None, id: UUID | None = None) -> Record:
    event = ComplaintRegistered(
        occurred_at=NOW, complaint_id=id or uuid4(), receipt_no=f"XF20261124-{uuid4().int % 10**6:06d}-1", source="s",
        external_id=uuid4().hex, received_at=NOW, registered_at=NOW, text=text, reporter=reporter,
        region=Region(code=district, city="470300", confidence=0.9 if district else 0.0),
    )  # fmt: skip
    headers = {"ce_id": str(event.event_id), "ce_source": "petitions/intake"}
    return Record(REGISTERED.name, 0, uuid4().int % 10**9, b"k", event.to_bytes(), headers, 1)


async def cases(pool: Pool) -> Sequence[int]:
    return [r["complaints"] for r in await pool.fetch("SELECT complaints FROM triage.cases WHERE complaints > 0 ORDER BY complaints DESC")]


@pytest.mark.parametrize("attempt", range(5))
async def test_like_complaints_arriving_at_once_at_two_workers_open_one_case(pool: Pool, vault: Vault, triage: Triage, attempt: int) -> None:
    (one, first), (two, second) = a_worker(pool, vault, triage), a_worker(pool, vault, triage)
    both = asyncio.Barrier(2)

    async def work(worker: Triaging, batches: Batches, district: str | None, reporter: str) -> None:
        await both.wait()
        await batches.run([a_record(TEXT, district=district, reporter=reporter)], worker.handle)

    await asyncio.gather(work(one, first, "470302", "a"), work(two, second, None if attempt % 2 else "470303", "b"))
    assert await cases(pool) == [2]
    assert await pool.fetchval("SELECT count(*) FROM bus.outbox WHERE topic = $1", OPENED.name) == 1


async def test_a_batch_that_fails_leaves_the_index_as_it_was(pool: Pool, vault: Vault, triage: Triage) -> None:
    worker, batches = a_worker(pool, vault, triage)
    await batches.run([a_record(TEXT, reporter="a")], worker.handle)
    before = len(worker.memory.history)
    attempts = 0
    write = worker._write

    async def failing_write(*arguments: object) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionResetError
        await write(*arguments)  # type: ignore[arg-type]

    worker._write = failing_write  # type: ignore[method-assign]
    await batches.run([a_record(TEXT, reporter="b")], worker.handle)
    assert (attempts, len(worker.memory.history)) == (2, before + 1)
    assert await cases(pool) == [2]


async def test_an_undone_link_stays_undone_and_the_next_batch_knows(pool: Pool, vault: Vault, triage: Triage) -> None:
    worker, batches = a_worker(pool, vault, triage)
    second = uuid4()
    await batches.run([a_record(TEXT, reporter="a")], worker.handle)
    await batches.run([a_record(TEXT, reporter="b", id=second)], worker.handle)
    assert await cases(pool) == [2]
    link = await pool.fetchval("SELECT link_id FROM triage.live_links WHERE complaint_id = $1", second)
    async with begin(pool, service="triage", vault=vault, clock=FrozenClock(NOW)) as unit:
        await links.undo(unit, link, actor="审核员", reason="不是同一家店")
    assert await cases(pool) == [1, 1]
    assert await pool.fetchval("SELECT count(*) FROM bus.outbox WHERE topic = $1", LINK_UNDONE.name) == 1
    async with begin(pool, service="triage", vault=vault, clock=FrozenClock(NOW)) as unit:
        with pytest.raises(Refused, match=r"已有人处理|已不再有效"):
            await links.undo(unit, link, actor="审核员", reason="再来一次")
    await batches.run([a_record("另有一事：" + TEXT, reporter="b")], worker.handle)
    live = {r["complaint_id"]: r["case_id"] for r in await pool.fetch("SELECT complaint_id, case_id FROM triage.live_links")}
    [first] = [id for id in live if id != second and live[id] != live[second]][:1]
    assert live[first] != live[second]


async def test_a_fresh_worker_rebuilds_its_index_from_rows_and_links_to_what_others_registered(pool: Pool, vault: Vault, triage: Triage) -> None:
    worker, batches = a_worker(pool, vault, triage)
    await batches.run([a_record(TEXT, reporter="a")], worker.handle)
    another, more = a_worker(pool, vault, triage)
    await more.run([a_record(TEXT, reporter="b")], another.handle)
    assert await cases(pool) == [2]


async def test_a_new_version_is_read_again_and_keeps_its_case(pool: Pool, vault: Vault, triage: Triage) -> None:
    worker, batches = a_worker(pool, vault, triage)
    record = a_record(TEXT, reporter="a")
    await batches.run([record], worker.handle)
    event = ComplaintRegistered.from_bytes(record.value)
    newer = event.model_copy(update={"event_id": uuid4(), "version": 2, "text": TEXT + "今天又排了一整晚。"})
    headers = {"ce_id": str(newer.event_id), "ce_source": "petitions/intake"}
    await batches.run([Record(REGISTERED.name, 0, 99, b"k", newer.to_bytes(), headers, 1)], worker.handle)
    assert await pool.fetchval("SELECT version FROM triage.complaints") == 2
    assert await cases(pool) == [1]

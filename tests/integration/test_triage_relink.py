"""A re-link changes nothing by itself: it proposes, goes on after a stop, and leaves alone what people decided."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from classifiers.history import History
from classifiers.linking import Thresholds
from classifiers.reading import Versions
from classifiers.triage import Triage
from contracts.topics import REVIEW_REQUESTED
from contracts.vocabulary import LinkBand, LinkKind
from services.infra.postgres import Pool
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.triage import links, proposals, relink
from services.triage.relink import Relink, Standing, compare
from tests.integration.test_triage_races import CLOCK, TEXT, a_record, a_worker

ALIKE = "云溪路88号那家烧烤店又在排油烟，楼上呛得睡不着觉，什么时候有人管"
OTHER = "书院路幼儿园旁边工地半夜打桩，孩子吓得直哭"


@pytest.fixture(scope="module")
def shipped() -> Triage:
    return Triage.load()


def other_models(shipped: Triage, **limits: float) -> Triage:
    """The shipped models under another name and other limits: enough to see things otherwise."""
    triage = Triage(shipped.categories, shipped.model, shipped.segmenter, Thresholds(**limits))
    triage.versions = Versions("other", shipped.versions.lexicon, shipped.versions.taxonomy)
    return triage


def strict(shipped: Triage) -> Triage:
    """Nothing is linked, nothing asked."""
    return other_models(shipped, auto=1.1, suggest=1.05)


def eager(shipped: Triage) -> Triage:
    """Nearly everything alike is linked."""
    return other_models(shipped, auto=0.05, suggest=0.04)


async def standing(pool: Pool) -> dict[UUID, UUID]:
    return {r["complaint_id"]: r["case_id"] for r in await pool.fetch("SELECT complaint_id, case_id FROM triage.live_links")}


async def open_proposals(pool: Pool) -> list[proposals.Any]:
    async with pool.acquire() as connection:
        newest = await proposals.latest(connection)
        return await proposals.undecided(connection, newest["id"], 100)


async def test_a_joining_is_proposed_offered_and_confirmed_by_a_person(pool: Pool, vault: Vault, shipped: Triage, tmp_path: Path) -> None:
    worker, batches = a_worker(pool, vault, strict(shipped))
    one, two = uuid4(), uuid4()
    for record in (a_record(TEXT, reporter="a", id=one), a_record(OTHER, reporter="x"), a_record(ALIKE, reporter="b", id=two)):
        await batches.run([record], worker.handle)
    before = await standing(pool)
    counts = await Relink(eager(shipped), pool, tmp_path, clock=CLOCK, share=1.0).run()
    assert (counts["seen"], counts["would join"]) == (3, 1)
    assert await standing(pool) == before
    assert await pool.fetchval("SELECT count(*) FROM triage.links WHERE act <> 'link'") == 0
    [found] = await open_proposals(pool)
    assert found["act"] == "join"
    async with begin(pool, service="triage", vault=vault, clock=CLOCK) as unit:
        [question] = await proposals.offer(unit, [found["id"]], actor="审核员")
        assert await proposals.offer(unit, [found["id"]], actor="审核员") == []
    assert await pool.fetchval("SELECT count(*) FROM bus.outbox WHERE topic = $1", REVIEW_REQUESTED.name) == 1
    async with begin(pool, service="triage", vault=vault, clock=CLOCK) as unit:
        await links.confirm(unit, question, actor="审核员")
    after = await standing(pool)
    assert after[one] == after[two]
    again = await Relink(eager(shipped), pool, tmp_path, clock=CLOCK, share=1.0).run()
    assert again.get("would join", 0) == 0


async def test_a_parting_is_proposed_for_machine_links_and_never_for_a_persons(pool: Pool, vault: Vault, shipped: Triage, tmp_path: Path) -> None:
    worker, batches = a_worker(pool, vault, shipped)
    for reporter in ("a", "b", "c"):
        await batches.run([a_record(TEXT, reporter=reporter)], worker.handle)
    assert len(set((await standing(pool)).values())) == 1
    confirmed = await pool.fetchval("SELECT id FROM triage.links WHERE kind <> 'FIRST_REPORT' LIMIT 1")
    await pool.execute("UPDATE triage.links SET decided_by = '审核员', act = 'confirm' WHERE id = $1", confirmed)
    counts = await Relink(strict(shipped), pool, tmp_path, clock=CLOCK, share=1.0).run()
    assert (counts["would part"], counts.get("would join", 0)) == (1, 0)
    [found] = await open_proposals(pool)
    assert found["link_id"] != confirmed
    async with begin(pool, service="triage", vault=vault, clock=CLOCK) as unit:
        assert await proposals.dismiss(unit, [found["id"]], actor="审核员") == 1
    assert await open_proposals(pool) == []


async def test_a_stopped_run_goes_on_where_it_was_kept(pool: Pool, vault: Vault, shipped: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, batches = a_worker(pool, vault, strict(shipped))
    for text, reporter in ((TEXT, "a"), (OTHER, "x"), (ALIKE, "b")):
        await batches.run([a_record(text, reporter=reporter)], worker.handle)
    models = eager(shipped)
    monkeypatch.setattr(relink, "BATCH", 1)
    assert (await Relink(models, pool, tmp_path, clock=CLOCK, share=1.0).run(most=2))["seen"] == 2
    rest = Relink(models, pool, tmp_path, clock=CLOCK, share=1.0)
    counts = await rest.run()
    assert (counts["seen"], len(rest.history)) == (3, 3)
    assert len(await open_proposals(pool)) == 1
    assert await pool.fetchval("SELECT count(*) FROM triage.relinks WHERE ended_at IS NOT NULL") == 1


def test_what_a_person_decided_is_not_proposed_otherwise(shipped: Triage) -> None:
    [decision] = shipped.decide(*(lambda c: ([c], shipped.read([c])))(worker_complaint()), History(), lambda c: "own")
    joined = replace(decision, band=LinkBand.AUTO, to="other")
    cases = {"other": "B"}.get
    by_person = Standing("A", uuid4(), by_machine=False, first=False)
    assert compare(joined, by_person, cases) is None
    assert compare(decision, by_person, cases) is None
    by_machine = Standing("A", uuid4(), by_machine=True, first=False)
    assert (compare(joined, by_machine, cases) or decision).act == "join"  # type: ignore[union-attr]
    assert (compare(decision, by_machine, cases) or decision).act == "part"  # type: ignore[union-attr]
    assert compare(joined, Standing("B", uuid4(), True, False), cases) is None
    assert decision.kind is LinkKind.FIRST_REPORT


def worker_complaint():  # type: ignore[no-untyped-def]
    from classifiers.reading import Complaint

    return Complaint("c", TEXT)

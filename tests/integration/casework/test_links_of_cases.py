"""Links through both books at once: triage's rows and casework's cases stay one truth, whatever people do and undo."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from classifiers.history import History
from classifiers.triage import Triage
from contracts.complaints import ComplaintRegistered, Region
from contracts.topics import LINK_UNDONE, LINKED, OPENED, REGISTERED
from services.casework.acts import (
    Act,
    ConfirmSuggestion,
    Merge,
    RefuseSuggestion,
    Split,
    UndoLink,
    UndoMerge,
    UndoSplit,
)
from services.casework.execute import Denied, Done, Outcome
from services.casework.handlers import Hearing
from services.domain.case import commands as c
from services.domain.case.events import parse_event
from services.domain.case.evolve import rebuild
from services.domain.case.links import counts
from services.domain.case.state import CaseState, load_state
from services.domain.case.status import Status
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.triage.handlers import Triaging
from services.triage.memory import Memory
from tests.support.office import DISPATCHER, OFFICER, START, Desk

HEARD = [OPENED.name, LINKED.name, LINK_UNDONE.name]
SHOPS = ("鑫味烧烤店每晚油烟直排", "老街坊火锅店排烟管对着窗户", "康华五金厂夜间冲压噪声很大")
PLACES = ("云溪路88号", "望江街12号", "磨坊街305号")


@pytest.fixture(scope="module")
def model() -> Triage:
    return Triage.load()


class Street:
    """Triage and casework over one database; complaints come in, their events go across."""

    def __init__(self, pool: Pool, desk: Desk, model: Triage) -> None:
        self.pool, self.desk = pool, desk
        self.worker = Triaging(Memory(model, History()), worker=uuid4(), clock=desk.clock)

    async def complain(self, matter: int, reporter: str) -> UUID:
        """One more complaint about a matter."""
        id = uuid4()
        event = ComplaintRegistered(
            occurred_at=self.desk.clock(), complaint_id=id, receipt_no=f"XF20260302-{id.int % 10**6:06d}-1", source="hotline-test",
            external_id=id.hex, received_at=self.desk.clock(), registered_at=self.desk.clock(), reporter=reporter,
            text=f"{PLACES[matter]}的{SHOPS[matter]}，住户苦不堪言，请尽快查处。", region=Region(code="470302", city="470300", confidence=0.9),
        )  # fmt: skip
        record = Record(REGISTERED.name, 0, id.int % 10**9, b"k", event.to_bytes(), {"ce_id": str(event.event_id), "ce_source": "petitions/t"}, 1)
        async with begin(self.pool, service="triage", vault=self.desk.vault, clock=self.desk.clock) as unit:
            await self.worker.handle(unit, [record])
        return id

    async def across(self) -> None:
        """What triage told reaches casework."""
        rows = await self.pool.fetch("DELETE FROM bus.outbox WHERE topic = ANY($1::text[]) RETURNING id, topic, value", HEARD)
        records = [Record(row["topic"], 0, row["id"], b"k", row["value"], {}, 1) for row in sorted(rows, key=lambda row: row["id"])]
        if records:
            async with begin(self.pool, service="casework", vault=self.desk.vault, clock=self.desk.clock) as unit:
                await Hearing(self.desk.office).handle(unit, records)

    async def act(self, case: UUID, act: Act) -> Outcome:
        return await self.desk.ask(DISPATCHER, act, case)

    async def case_of(self, complaint: UUID) -> UUID:
        found: UUID = await self.pool.fetchval("SELECT case_id FROM triage.live_links WHERE complaint_id = $1 ORDER BY weight DESC", complaint)
        return found

    async def state(self, case: UUID) -> CaseState:
        return load_state(await self.pool.fetchval("SELECT state::text FROM casework.cases WHERE case_id = $1", case))

    async def disagreements(self) -> list[str]:
        """Where the two books, or counts and a recount from history, differ."""
        found: list[str] = []
        triage = {(r["complaint_id"], r["case_id"]): r["weight"] for r in await self.pool.fetch("SELECT * FROM triage.live_links")}
        casework: dict[tuple[UUID, UUID], Decimal] = {}
        for row in await self.pool.fetch("SELECT complaint_id, case_id, weight FROM casework.complaint_cases"):
            key = (row["complaint_id"], row["case_id"])
            casework[key] = casework.get(key, Decimal(0)) + row["weight"]
        if triage != casework:
            found.append(f"links: {set(triage.items()) ^ set(casework.items())}")
        sums: dict[UUID, Decimal] = {}
        for (complaint, _), weight in triage.items():
            sums[complaint] = sums.get(complaint, Decimal(0)) + weight
        if any(total != 1 for total in sums.values()):
            found.append(f"weights: {sums}")
        wrong = await self.pool.fetchval(
            "SELECT count(*) FROM triage.cases c WHERE complaints <> (SELECT count(*) FROM triage.live_links v JOIN triage.links l ON l.id = v.link_id"
            " WHERE v.case_id = c.id AND l.kind <> 'DUPLICATE_DELIVERY')"
        )
        if wrong:
            found.append(f"{wrong} of triage's counts")
        rows = await self.pool.fetch("SELECT case_id, body FROM casework.events ORDER BY case_id, version")
        histories: dict[UUID, list[bytes]] = {}
        for row in rows:
            histories.setdefault(row["case_id"], []).append(row["body"])
        states = {id: rebuild(str(id), map(parse_event, bodies)) for id, bodies in histories.items()}
        for row in await self.pool.fetch("SELECT case_id, complaints, reporters FROM casework.cases"):
            recounted = counts([states[row["case_id"]].links])
            if recounted.submissions != row["complaints"]:
                found.append(f"{row['case_id']} says {row['complaints']}, its history {recounted.submissions}")
        whole = counts(state.links for state in states.values())
        if whole.deliveries != len(sums):
            found.append(f"{whole.deliveries} deliveries of {len(sums)} complaints")
        return found


@pytest.fixture
async def street(pool: Pool, desk: Desk, model: Triage) -> Street:
    return Street(pool, desk, model)


async def test_an_undone_link_leaves_both_books_at_once_and_what_is_told_of_it_changes_nothing_more(street: Street) -> None:
    first, second = await street.complain(0, "a"), await street.complain(0, "b")
    await street.across()
    case = await street.case_of(first)
    assert await street.case_of(second) == case
    done = await street.act(case, UndoLink(complaint_id=second, reason="不是同一家店"))
    assert isinstance(done, Done) and done.events[0].type == "link_removed"
    own = await street.case_of(second)
    assert own != case and (await street.state(own)).link(str(second)) is not None
    assert await street.disagreements() == []
    versions = await street.pool.fetch("SELECT case_id, version FROM casework.cases ORDER BY case_id")
    await street.across()
    assert await street.pool.fetch("SELECT case_id, version FROM casework.cases ORDER BY case_id") == versions
    third = await street.complain(0, "b")
    await street.across()
    assert await street.case_of(third) in (case, own)
    assert await street.pool.fetchval("SELECT count(*) FROM triage.constraints WHERE rule = 'cannot'") == 1


async def test_the_last_complaint_of_a_case_cannot_be_taken_out_and_neither_book_moves(street: Street) -> None:
    first, second = await street.complain(0, "a"), await street.complain(0, "b")
    await street.across()
    case = await street.case_of(first)
    assert isinstance(await street.act(case, UndoLink(complaint_id=second, reason="错")), Done)
    before = await street.pool.fetchval("SELECT count(*) FROM triage.links")
    refused = await street.act(case, UndoLink(complaint_id=first, reason="错"))
    assert isinstance(refused, Denied) and refused.refusal.code == "link.first_report"
    assert await street.pool.fetchval("SELECT count(*) FROM triage.links") == before
    assert await street.disagreements() == []


async def test_a_merge_and_its_undoing_move_every_complaint_there_and_back(street: Street) -> None:
    one, two = await street.complain(0, "a"), await street.complain(1, "b")
    await street.across()
    here, there = await street.case_of(one), await street.case_of(two)
    assert here != there
    assert isinstance(await street.act(here, Merge(into=there, reason="同一排烟管")), Done)
    assert await street.case_of(one) == there and (await street.state(here)).status is Status.MERGED
    assert await street.disagreements() == []
    await street.across()
    refused = await street.desk.ask(OFFICER, c.Amend(matter=(await street.state(there)).matter, reason="x"), here)
    assert isinstance(refused, Denied)
    assert isinstance(await street.act(here, UndoMerge(reason="两家店")), Done)
    assert await street.case_of(one) == here
    await street.across()
    assert await street.disagreements() == []


async def test_a_split_shares_a_complaint_and_comes_back_whole(street: Street) -> None:
    one, two = await street.complain(0, "a"), await street.complain(1, "b")
    await street.across()
    here, there = await street.case_of(one), await street.case_of(two)
    shares = {here: Decimal("0.60"), there: Decimal("0.40")}
    done = await street.act(here, Split(complaint_id=one, shares=shares, reason="涉及两处"))
    assert isinstance(done, Done)
    await street.across()
    assert await street.disagreements() == []
    row = await street.pool.fetchrow("SELECT complaints FROM casework.cases WHERE case_id = $1", there)
    assert row["complaints"] == Decimal("1.40")
    wrong = await street.act(here, Split(complaint_id=one, shares={here: Decimal("0.5"), there: Decimal("0.5")}, reason="x"))
    assert isinstance(wrong, Denied) and wrong.refusal.code == "split.already"
    operation = next(link.operation for link in (await street.state(there)).links if link.complaint_id == str(one))
    assert operation
    assert isinstance(await street.act(here, UndoSplit(complaint_id=one, operation=operation, reason="归一处")), Done)
    assert await street.disagreements() == []


async def test_a_suggestion_is_confirmed_into_one_case_or_refused_for_good(street: Street) -> None:
    one, two = await street.complain(0, "a"), await street.complain(1, "b")
    await street.across()
    here, there = await street.case_of(one), await street.case_of(two)
    suggestion, other = uuid4(), uuid4()
    for id in (suggestion, other):
        await street.pool.execute(
            "INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, versions, decided_by, at)"
            " VALUES ($1, $2, $3, 'suggest', 'MERGED_REPORT', 'suggest', 0.6, $4, '{\"model\": \"m\", \"lexicon\": \"l\", \"taxonomy\": \"t\"}', 'machine', $5)",
            id, two, here, one, START,
        )  # fmt: skip
    assert isinstance(await street.act(there, RefuseSuggestion(link_id=other)), Done)
    assert isinstance(await street.act(there, ConfirmSuggestion(link_id=suggestion)), Done)
    assert await street.case_of(two) == here and (await street.state(there)).merged_into == str(here)
    await street.across()
    assert await street.disagreements() == []
    again = await street.act(there, ConfirmSuggestion(link_id=suggestion))
    assert isinstance(again, Denied) and again.refusal.code in ("link.decided", "case.merged")


async def test_a_suggestion_confirmed_before_casework_heard_of_the_complaint_is_followed_when_it_does(street: Street) -> None:
    one = await street.complain(0, "a")
    await street.across()
    two = await street.complain(1, "b")
    here, there = await street.case_of(one), await street.case_of(two)
    suggestion = uuid4()
    await street.pool.execute(
        "INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, versions, decided_by, at)"
        " VALUES ($1, $2, $3, 'suggest', 'MERGED_REPORT', 'suggest', 0.6, $4, '{\"model\": \"m\", \"lexicon\": \"l\", \"taxonomy\": \"t\"}', 'machine', $5)",
        suggestion, two, here, one, START,
    )  # fmt: skip
    assert isinstance(await street.act(here, ConfirmSuggestion(link_id=suggestion)), Done)
    await street.across()
    assert (await street.state(there)).merged_into == str(here)
    assert await street.disagreements() == []


async def test_a_confirmed_link_binds_every_later_run(street: Street) -> None:
    first, second = await street.complain(0, "a"), await street.complain(0, "b")
    await street.across()
    await street.desk.give(DISPATCHER, c.ConfirmLink(complaint_id=str(second)), case=await street.case_of(first))
    row = await street.pool.fetchrow("SELECT a, b, rule FROM triage.constraints")
    assert ({row["a"], row["b"]}, row["rule"]) == ({first, second}, "must")


async def test_an_undo_and_a_merge_of_the_same_complaint_at_once_take_turns(street: Street) -> None:
    for _ in range(3):
        first, second, third = await street.complain(0, "a"), await street.complain(0, "b"), await street.complain(1, "c")
        await street.across()
        case, other = await street.case_of(first), await street.case_of(third)
        both = asyncio.Barrier(2)
        rival = Street(street.pool, Desk(street.pool, street.desk.vault, street.desk.office.book), street.worker.memory.triage)

        async def run(street: Street, case: UUID, act: Act, both: asyncio.Barrier = both) -> object:
            await both.wait()
            return await street.act(case, act)

        acts: Sequence[Act] = (UndoLink(complaint_id=second, reason="错"), Merge(into=other, reason="同"))
        await asyncio.gather(run(street, case, acts[0]), run(rival, case, acts[1]))
        await street.across()
        assert await street.disagreements() == []


@pytest.mark.parametrize("seed", range(4))
async def test_counts_equal_a_recount_after_any_mix_of_acts(street: Street, seed: int) -> None:
    rng = random.Random(seed)
    complaints = [await street.complain(matter, f"p{n % 4}") for n, matter in enumerate((0, 0, 1, 1, 2, 0, 1))]
    await street.across()
    done = 0
    for _ in range(24):
        complaint = rng.choice(complaints)
        cases = [row["id"] for row in await street.pool.fetch("SELECT id FROM triage.cases ORDER BY case_no")]
        here, there = await street.case_of(complaint), rng.choice(cases)
        state = await street.state(there)
        operation = next((link.operation for link in state.links if link.complaint_id == str(complaint) and link.operation), None)
        shares = {here: Decimal("0.30"), there: Decimal("0.70")}
        act: Act = rng.choice([
            UndoLink(complaint_id=complaint, reason="错"),
            Merge(into=there, reason="同"),
            Split(complaint_id=complaint, shares=shares, reason="两处"),
            UndoSplit(complaint_id=complaint, operation=operation or "none", reason="归一"),
            UndoMerge(reason="错并"),
        ])  # fmt: skip
        target = there if isinstance(act, UndoMerge) else here
        done += isinstance(await street.act(target, act), Done)
        if rng.random() < 0.5:
            await street.across()
        assert await street.disagreements() == [], f"after {act}"
    assert done >= 5

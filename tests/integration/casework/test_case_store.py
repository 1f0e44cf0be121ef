"""Cases through the database: events of other services in any order, commands, snapshots, answers, two at once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from contracts.cases import CaseOpened
from contracts.casework import CaseChanged
from contracts.complaints import ComplaintAnswered
from contracts.topics import ANSWERED, CASE_CHANGED
from contracts.vocabulary import LinkKind, ReturnGround
from services.casework.cases import StateCache
from services.casework.execute import Denied, Done
from services.casework.housekeeping import note_parked
from services.domain.case import commands as c
from services.domain.case.events import parse_event
from services.domain.case.evolve import rebuild
from services.domain.case.state import load_state
from services.domain.case.status import Status
from services.domain.history import ChainLink, verify_chain
from services.infra.metrics import PARKED, PARKED_OLDEST
from services.infra.postgres import Pool
from services.infra.vault import Vault
from services.stack import doctor
from services.stack.doctor import parked_events
from tests.support.office import (
    COLLEAGUE,
    HELPER,
    OFFICER,
    START,
    Desk,
    assigned,
    case_id,
    leader_assigned,
    linked,
    opened,
    undone,
)


@pytest.fixture
def desk(pool: Pool, vault: Vault) -> Desk:
    return Desk(pool, vault)


async def status(pool: Pool, number: int = 1) -> str:
    return str(await pool.fetchval("SELECT status FROM casework.cases WHERE case_id = $1", case_id(number)))


async def kinds(pool: Pool, number: int = 1) -> list[str]:
    rows = await pool.fetch("SELECT kind FROM casework.events WHERE case_id = $1 ORDER BY version", case_id(number))
    return [row["kind"] for row in rows]


async def test_a_case_is_worked_to_its_close_out_and_its_history_gives_its_state(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), linked(2), assigned(), leader_assigned())
    await desk.to_closed()
    assert await status(pool) == "closed_out"
    rows = await pool.fetch("SELECT version, body, digest FROM casework.events WHERE case_id = $1 ORDER BY version", case_id(1))
    links = [ChainLink(str(case_id(1)), row["version"], row["body"], row["digest"]) for row in rows]
    assert verify_chain(str(case_id(1)), links) is None
    stored = await pool.fetchrow("SELECT head, version, state::text AS state, complaints FROM casework.cases WHERE case_id = $1", case_id(1))
    assert (stored["head"], stored["version"], stored["complaints"]) == (links[-1].digest, links[-1].version, 2)
    again = rebuild(str(case_id(1)), (parse_event(link.body) for link in links))
    assert load_state(stored["state"]) == again
    told = [row["value"] for row in await pool.fetch("SELECT value FROM bus.outbox WHERE topic = $1 ORDER BY id", CASE_CHANGED.name)]
    changes = [CaseChanged.from_bytes(value) for value in told]
    assert [change.version for change in changes] == list(range(1, len(links) + 1))
    assert changes[-1].status == "closed_out" and changes[-1].detail == orjson.loads(links[-1].body)
    assert changes[1].complaints == 2 and changes[2].lead_unit == "da-hb"


async def test_every_complaint_is_answered_towards_its_own_source_without_a_word_of_the_others(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), linked(2, external_id="E2"), assigned())
    await desk.to_closed()
    rows = await pool.fetch("SELECT value FROM bus.outbox WHERE topic = $1 ORDER BY id", ANSWERED.name)
    answers = [ComplaintAnswered.from_bytes(row["value"]) for row in rows]
    for external, receipt, other in (("E1", "XF20260302-000001-1", "000002"), ("E2", "XF20260302-000002-1", "000001")):
        mine = [answer for answer in answers if answer.external_id == external]
        assert [answer.state.value for answer in mine[-2:]] == ["concluded", "closed_out"] or mine[-1].state.value == "closed_out"
        assert all(answer.receipt_no == receipt and other not in answer.message for answer in mine)


async def test_what_arrives_before_its_case_waits_for_it(desk: Desk, pool: Pool) -> None:
    await desk.hear(leader_assigned(), assigned())
    await desk.hear(linked(2))
    assert await pool.fetchval("SELECT count(*) FROM casework.parked") == 3
    await note_parked(pool, desk.clock() + timedelta(minutes=20))
    assert (PARKED._value.get(), PARKED_OLDEST._value.get()) == (3, 1200)
    found = parked_events(*await pool.fetchrow(doctor.PARKED))
    assert not found.good and str(case_id(1)) in found.text and "petitions dlq list" in found.remedy
    await desk.hear(opened())
    assert await kinds(pool) == ["opened", "link_added", "assigned", "leader_appointed"]
    await note_parked(pool, desk.clock())
    assert (PARKED._value.get(), PARKED_OLDEST._value.get()) == (0, 0)
    assert parked_events(*await pool.fetchrow(doctor.PARKED)).good


async def test_an_undone_link_is_followed_whatever_the_order_of_its_events(desk: Desk, pool: Pool) -> None:
    apart, link, own = undone(2, 1, 2), linked(2), opened(2, external_id="E2")
    for number, batches in enumerate((
        [[opened()], [link], [apart], [own]],
        [[opened()], [link], [own], [apart]],
        [[opened()], [apart], [link], [own]],
        [[apart], [own], [opened()], [link]],
        [[opened(), link, apart, own]],
    )):  # fmt: skip
        for batch in batches:
            await desk.hear(*batch)
        rows = await pool.fetch("SELECT complaint_id, case_id FROM casework.complaint_cases ORDER BY receipt_no")
        assert [row["case_id"] for row in rows] == [case_id(1), case_id(2)], f"order {number}"
        await pool.execute("TRUNCATE casework.complaint_cases, casework.cases, casework.events, casework.parked CASCADE")
        desk = Desk(pool, desk.vault)


async def test_the_same_events_again_change_nothing(desk: Desk, pool: Pool) -> None:
    batch = (opened(), linked(2), assigned(), leader_assigned())
    await desk.hear(*batch)
    before = await kinds(pool)
    await desk.hear(*batch)
    assert await kinds(pool) == before


async def test_of_two_officers_at_once_one_wins_and_the_other_is_told_what_changed(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned())
    seen = await pool.fetchval("SELECT version FROM casework.cases")
    both = asyncio.Barrier(2)

    async def sign(desk: Desk, actor: object) -> object:
        await both.wait()
        return await desk.ask(actor, c.SignIn(expected_version=seen))  # type: ignore[arg-type]

    other = Desk(pool, desk.vault)
    results = await asyncio.gather(sign(desk, OFFICER), sign(other, COLLEAGUE))
    won = [r for r in results if isinstance(r, Done)]
    lost = [r for r in results if isinstance(r, Denied)]
    assert len(won) == len(lost) == 1
    assert lost[0].refusal.code == "case.changed"
    assert len(lost[0].changes) == 1 and "签收" in lost[0].changes[0]
    assert (await kinds(pool)).count("signed_in") == 1


async def test_a_state_remembered_in_one_process_is_not_used_after_another_changed_the_case(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned(helper=True))
    await desk.give(OFFICER, c.SignIn())
    await Desk(pool, desk.vault).give(OFFICER, c.AcceptPart())
    done = await desk.give(HELPER, c.SignIn())
    assert [part.state.value for part in done.state.parts] == ["accepted", "signed_in"]


async def test_a_remembered_state_is_dropped_when_there_is_no_room(desk: Desk) -> None:
    small = StateCache(1)
    await desk.hear(opened(1), opened(2, complaint_id=UUID(int=9)))
    for number in (1, 2):
        state = (await desk.ask(OFFICER, c.SignIn(), number)).case_id
        small.put(state, f"head{number}", load_state(b'{"case_id": "%s"}' % str(state).encode()))
    assert small.heads([case_id(1), case_id(2)]) == ["head2"]


async def test_a_repeat_after_close_out_reopens_the_case_and_asks_whether_the_rectification_was_fake(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned())
    await desk.to_closed()
    await desk.hear(linked(3, kind=LinkKind.RECURRENCE, received_at=desk.clock()))
    state = load_state(await pool.fetchval("SELECT state::text FROM casework.cases"))
    assert (state.status, state.ordinal, state.fake_open, state.leader_due) == (Status.REOPENED, 2, True, True)


async def test_a_noun_that_stands_for_many_sources_restarts_no_observation_elsewhere(desk: Desk, pool: Pool) -> None:
    def site(place: str, number: int) -> CaseOpened:
        matter = opened().matter.model_copy(update={"respondent": "工地", "place": place})
        return opened(number, external_id=f"E{number}", matter=matter, received_at=desk.clock())

    await desk.hear(site("云溪路", 1), assigned())
    await desk.to_concluded()
    await desk.hear(site("柳堤路", 7))
    assert "source_complaint_noted" not in await kinds(pool)
    assert desk.office.rules.case.casework.same_source.min_name == 4, "what tells a name from a noun is a rule of the city"
    await desk.hear(site("云溪路", 8))
    assert (await kinds(pool))[-1] == "source_complaint_noted"


async def test_a_new_complaint_on_the_same_source_in_another_case_starts_the_observation_anew(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned())
    await desk.to_concluded()
    await desk.hear(opened(7, external_id="E7", received_at=desk.clock()))
    assert (await kinds(pool))[-1] == "source_complaint_noted"
    assert load_state(await pool.fetchval("SELECT state::text FROM casework.cases WHERE case_id = $1", case_id(1))).last_source_complaint_at == desk.clock()


async def test_a_returned_case_is_kept_as_a_counter_example(desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned())
    await desk.give(OFFICER, c.ReturnPart(ground=next(iter(ReturnGround)), reason="属城管职责", proposed_unit="da-cg"))
    row = await pool.fetchrow("SELECT * FROM casework.returns")
    assert (row["unit_id"], row["lead"], row["proposed_unit"], row["reason"]) == ("da-hb", True, "da-cg", "属城管职责")
    assert row["at"] == START

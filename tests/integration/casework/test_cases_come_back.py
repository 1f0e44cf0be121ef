"""A case that comes back: dispatch gives a returned one to another unit or the desk, a reopened one anew; triage hears of ends."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.topics import ASSIGNED, CASE_CHANGED, LEADER_ASSIGNED, TASK_FORCE_FORMED
from contracts.vocabulary import LinkKind, ReturnGround, UnitRole
from services.casework.handlers import Hearing
from services.casework.returned import returned_assignments, unit_labels
from services.dispatch.changes import Changes
from services.dispatch.changes import concerns as concerns_dispatch
from services.dispatch.handlers import Dispatching
from services.dispatch.repository import leader_loads
from services.domain.case import commands as c
from services.domain.case.state import load_state
from services.domain.case.status import Status
from services.domain.case.values import DeclineGround, UnitRef
from services.domain.principals import Principal, Role
from services.infra.cities import load_city
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.settings import Settings
from services.infra.unit_of_work import begin
from services.triage.ending import Ending
from services.triage.ending import concerns as concerns_triage
from tests.support.office import DISPATCHER, SUPERVISOR, Desk, case_id, linked, opened, record

OWN = [ASSIGNED.name, LEADER_ASSIGNED.name, TASK_FORCE_FORMED.name]


class Town:
    """Dispatch, triage and casework over one database; `go` carries what each told to the others."""

    def __init__(self, pool: Pool, desk: Desk) -> None:
        self.pool, self.desk = pool, desk
        self.dispatching = Dispatching(load_city(Settings().city), clock=desk.clock)
        self.changes = Changes(self.dispatching)

    async def open(self, *events: Any) -> None:
        async with begin(self.pool, service="dispatch", vault=self.desk.vault, clock=self.desk.clock) as unit:
            await self.dispatching.handle(unit, [record(event) for event in events])
        await self.desk.hear(*events)
        await self.go()

    async def go(self) -> None:
        for _ in range(4):
            rows = await self.pool.fetch("DELETE FROM bus.outbox WHERE topic = ANY($1::text[]) RETURNING id, topic, value, headers", [*OWN, CASE_CHANGED.name])
            records = [Record(r["topic"], 0, r["id"], b"k", r["value"], r["headers"], 1) for r in sorted(rows, key=lambda r: r["id"])]
            for service, handle, wanted in (
                ("casework", Hearing(self.desk.office).handle, lambda r: r.topic in OWN),
                ("dispatch-cases", self.changes.handle, lambda r: r.topic == CASE_CHANGED.name and concerns_dispatch(r)),
                ("triage-cases", Ending().handle, lambda r: r.topic == CASE_CHANGED.name and concerns_triage(r)),
            ):
                if mine := [r for r in records if wanted(r)]:
                    async with begin(self.pool, service=service, vault=self.desk.vault, clock=self.desk.clock) as unit:
                        await handle(unit, mine)

    async def lead(self) -> str:
        found: str = await self.pool.fetchval("SELECT lead_unit FROM casework.cases WHERE case_id = $1", case_id(1))
        return found

    async def status(self) -> Status:
        return Status(await self.pool.fetchval("SELECT status FROM casework.cases WHERE case_id = $1", case_id(1)))

    async def head(self, unit: str) -> Principal:
        return Principal(f"{unit}-head", "负责人", frozenset({Role.UNIT_HEAD}), unit, frozenset({"470300"}))

    async def give_back(self, ground: ReturnGround, proposed: str | None = None) -> str:
        unit = await self.lead()
        await self.desk.give(await self.head(unit), c.ReturnPart(ground=ground, reason="不归本单位", proposed_unit=proposed))
        await self.go()
        return unit


async def loads(pool: Pool) -> dict[str, int]:
    async with pool.acquire() as connection, connection.transaction():
        return dict(await leader_loads(connection))


@pytest.fixture
def town(pool: Pool, desk: Desk) -> Town:
    return Town(pool, desk)


async def test_a_case_outside_the_region_goes_to_the_unit_above_and_never_back(town: Town) -> None:
    await town.open(opened())
    first = await town.give_back(ReturnGround.NOT_OUR_REGION)
    assert await town.status() is Status.ASSIGNED
    assert (first, await town.lead()) == ("da-hb", "city-hb")


async def test_what_is_not_their_duty_goes_to_the_desk_with_the_unit_they_named_and_the_second_return_designates(town: Town, pool: Pool) -> None:
    await town.open(opened())
    first = await town.give_back(ReturnGround.NOT_OUR_DUTY, "da-cg")
    desk = await town.lead()
    assert desk not in (first, "city-hb") and await town.status() is Status.ASSIGNED
    await town.give_back(ReturnGround.NOT_OUR_DUTY)
    state = load_state(await pool.fetchval("SELECT state::text FROM casework.cases"))
    assert state.status is Status.ASSIGNED and state.designated and await town.lead() not in (first, desk)
    refused = await town.desk.ask(await town.head(await town.lead()), c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="x"))
    assert refused.refusal.code == "return.designated"  # type: ignore[union-attr]
    assert await pool.fetchval("SELECT count(*) FROM dispatch.returns") == 2
    async with pool.acquire() as connection:
        [ticket] = await returned_assignments(connection, 36_500, lambda unit: f"<{unit}>")
        [label] = (await unit_labels(connection, lambda unit: f"<{unit}>")).values()
    assert label == {"case": label["case"], "unit": None, "returns": ticket["returns"]}, "nobody has taken it yet"
    assert (ticket["id"], ticket["unit"]) == ("XF20260302-000001-1", None) and ticket["text"]
    assert ticket["returns"] == [{"unit": f"<{unit}>", "ground": "非本单位职责"} for unit in (first, desk)]


async def test_a_person_s_assignment_after_a_return_stands(town: Town, pool: Pool) -> None:
    await town.open(opened())
    unit = await town.lead()
    dispatcher = Principal("d", "交办员", frozenset({Role.DISPATCHER}), None, frozenset({"470300"}))
    await town.desk.give(await town.head(unit), c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="x"))
    units = (UnitRef(unit_id="da-cg", name="城管局", role=UnitRole.LEAD),)
    await town.desk.give(dispatcher, c.Assign(units=units))
    await town.go()
    assert await town.lead() == "da-cg"
    assert await pool.fetchval("SELECT lead_unit FROM dispatch.cases") == "da-cg"


async def test_a_repeat_after_close_out_is_given_out_again_with_a_leader_and_triage_hears_of_both(town: Town, pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO triage.cases (id, case_no, first_complaint, matter, complaints, reporters, repeat_ordinal, opened_at)"
        " VALUES ($1, 'AJ2026-0000001', $1, '{}', 1, 1, 1, now())", case_id(1),
    )  # fmt: skip
    await town.open(opened())
    await town.desk.to_closed()
    await town.go()
    assert await pool.fetchval("SELECT closed FROM triage.cases")
    async with pool.acquire() as connection:
        [label] = (await unit_labels(connection, lambda unit: f"<{unit}>")).values()
    assert (label["unit"], label["returns"]) == (f"<{await town.lead()}>", []), "who led a closed case was the right one"
    assert await pool.fetchval("SELECT ended FROM dispatch.cases")
    await pool.execute("UPDATE dispatch.cases SET leader_id = 'zhou'")
    assert await loads(pool) == {}, "a case that was closed out is no load on its leader"
    await pool.execute("UPDATE dispatch.cases SET leader_id = NULL")
    await town.desk.hear(linked(3, kind=LinkKind.RECURRENCE, received_at=town.desk.clock()))
    await town.go()
    state = load_state(await pool.fetchval("SELECT state::text FROM casework.cases"))
    assert (state.status, state.ordinal, state.fake_open, state.leader_due) == (Status.ASSIGNED, 2, True, False)
    assert state.leader is not None
    assert not await pool.fetchval("SELECT closed FROM triage.cases")
    reopened = await pool.fetchrow("SELECT reopened, ended, leader_id FROM dispatch.cases")
    assert reopened and (reopened["reopened"], reopened["ended"]) == (True, False) and reopened["leader_id"] == state.leader.person_id
    assert await loads(pool) == {state.leader.person_id: 1}


async def test_a_declined_case_is_no_load_on_its_leader(town: Town, pool: Pool) -> None:
    await town.open(opened())
    await pool.execute("UPDATE dispatch.cases SET leader_id = 'zhou'")
    assert await loads(pool) == {"zhou": 1}
    await town.desk.give(DISPATCHER, c.Decline(ground=DeclineGround.LITIGATION, reason="正在诉讼"))
    state = load_state(await pool.fetchval("SELECT state::text FROM casework.cases"))
    await town.desk.give(SUPERVISOR, c.Confirm(proposal_id=state.proposals[0].id))
    await town.go()
    assert await loads(pool) == {}


def test_only_changes_that_concern_a_service_cost_it_a_row() -> None:
    quiet = Record(CASE_CHANGED.name, 0, 1, b"k", b"", {"ce_type": "petition.case.measure-reported.v1"}, 1)
    returned = Record(CASE_CHANGED.name, 0, 1, b"k", b"", {"ce_type": "petition.case.part-returned.v1"}, 1)
    assert not concerns_dispatch(quiet) and not concerns_triage(quiet)
    assert concerns_dispatch(returned) and not concerns_triage(returned)


"""The read models are what the log says: fed live, in any order, twice over, or rebuilt from nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from contracts.envelope import Event
from contracts.topics import BY_NAME
from contracts.vocabulary import LinkKind, UnitRole
from services.analytics.handlers import handle
from services.analytics.rebuild import rebuild
from services.analytics.refresh import Refresher
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.case.operations import Merge, Split, UndoMerge
from services.domain.principals import Principal, Role
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from tests.support.town import RULES, Town, uid

TABLES = ("complaint_facts", "case_facts", "round_facts", "callback_facts", "return_facts", "link_facts", "daily")
PEOPLE = frozenset({"470300"})
DISPATCHER = Principal("d", "交办员", frozenset({Role.DISPATCHER}), None, PEOPLE)
OFFICER = Principal("o", "承办员", frozenset({Role.OFFICER}), "da-hb", PEOPLE)
SUPERVISOR = Principal("s", "督办员", frozenset({Role.SUPERVISOR}), None, PEOPLE)
LEAD = v.UnitRef(unit_id="da-hb", name="东岸区生态环境分局", role=UnitRole.LEAD)


def as_record(event: Event, offset: int) -> Record:
    topic = next(t for t in BY_NAME.values() if t.payload is type(event))
    return Record(topic.name, 0, offset, b"k", event.to_bytes(), {"ce_id": str(event.event_id), "ce_source": "petitions/t"}, 1)


async def feed(pool: Pool, vault: Vault, events: Sequence[Event]) -> None:
    """One batch through the handler, then everything counted."""
    async with begin(pool, service="analytics", vault=vault) as unit:
        await handle(unit, [as_record(event, n) for n, event in enumerate(events)])
    await Refresher(pool, RULES).drain()


async def tables(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    return {name: sorted((dict(r) for r in await pool.fetch(f"SELECT * FROM analytics.{name}")), key=repr) for name in TABLES}


async def a_story(town: Town) -> None:
    """Repeats, an undone link, a split and one taken back, a merge and one undone, a return, a leader, a supervision."""
    await town.opens("A", "a1", reporter="p1")
    await town.wait(days=1).joins("A", "a2", LinkKind.REPEAT_PETITION, reporter="p1")
    await town.joins("A", "a3", reporter="p2", signatories=3)
    await town.act("A", DISPATCHER, c.Assign(units=(LEAD,)))
    await town.act("A", OFFICER, c.ReturnPart(ground="非本单位职责", reason="不归本单位管辖的区域"))
    await town.wait(days=1).act("A", DISPATCHER, c.Assign(units=(LEAD,), designated=True))
    await town.act("A", OFFICER, c.SignIn())
    await town.act("A", SUPERVISOR, c.Supervise(step="督办", reason="多次反映"))
    await town.wait(days=2).joins("A", "a4", LinkKind.REPEAT_PETITION, reporter="p1")
    await town.joins("A", "a5", LinkKind.DUPLICATE_DELIVERY, reporter="p1")
    await town.opens("B", "b1", reporter="p3", respondent="恒泰搅拌站", place=None)
    await town.wait(hours=1).joins("B", "b2", reporter=None, respondent="恒泰搅拌站", place=None)
    await town.undoes("a3", "A", "C")
    await town.operate(Split(operation="s1", case_id=str(uid("B")), complaint_id=str(uid("b1")),
                             shares={str(uid("B")): Decimal("0.5"), str(uid("A")): Decimal("0.5")}, reason="跨区"), "A", "B")  # fmt: skip
    await town.wait(days=1).opens("D", "d1", reporter="p4", respondent=None)
    await town.operate(Merge(operation="m1", source=str(uid("D")), target=str(uid("A")), reason="同一处"), "A", "D")
    await town.opens("E", "e1", reporter="p5")
    await town.operate(Merge(operation="m2", source=str(uid("E")), target=str(uid("A")), reason="同一处"), "A", "E")
    await town.operate(UndoMerge(operation="m2", source=str(uid("E")), target=str(uid("A")), reason="并错了"), "A", "E")
    await town.suggests("A", "e1", "refuse", 0.55)


async def test_fed_live_and_rebuilt_from_nothing_are_equal(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await a_story(town)
    for start in range(0, len(town.events), 5):
        await feed(pool, vault, town.events[start : start + 5])
    live = await tables(pool)
    assert len(live["complaint_facts"]) == 10 and len(live["case_facts"]) == 5
    await pool.execute("".join(f"TRUNCATE analytics.{name};" for name in TABLES))
    await rebuild(pool, RULES)
    assert await tables(pool) == live


async def test_events_shuffled_and_delivered_twice_change_nothing(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await a_story(town)
    await feed(pool, vault, town.events)
    once = await tables(pool)
    shuffled = [*town.events, *town.events]
    random.Random(3).shuffle(shuffled)
    for start in range(0, len(shuffled), 9):
        again = [event.model_copy(update={"event_id": uuid4()}) for event in shuffled[start : start + 9]]
        await feed(pool, vault, again)
    assert await tables(pool) == once

"""The events of an invented town through the analytics handler, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from contracts.envelope import Event
from contracts.topics import BY_NAME
from contracts.vocabulary import LinkKind, ReturnGround, SupervisionStep, UnitRole
from services.analytics.handlers import handle
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

TABLES = ("complaint_facts", "case_facts", "round_facts", "callback_facts", "return_facts", "link_facts", "daily", "daily_sets", "complaint_words")
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
    """Repeats, an undone link, a split and one taken back, a merge and one undone, a return, a leader, a supervision.

    Live at the end, received 2 to 6 March: A has a1, a2, a4 of p1, a5 (the same item twice), half of b1 of p3, d1 of p4
    (from D); B has half of b1 and b2 (anonymous); C has a3 of p2 (three signatories); E has e1 of p5.
    """
    await town.opens("A", "a1", reporter="p1")
    await town.wait(days=1).joins("A", "a2", LinkKind.REPEAT_PETITION, reporter="p1")
    await town.joins("A", "a3", reporter="p2", signatories=3)
    await town.act("A", DISPATCHER, c.Assign(units=(LEAD,)))
    await town.act("A", OFFICER, c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="不归本单位管辖的区域"))
    await town.wait(days=1).act("A", DISPATCHER, c.Assign(units=(LEAD,), designated=True))
    await town.act("A", OFFICER, c.SignIn())
    await town.act("A", SUPERVISOR, c.Supervise(step=SupervisionStep.SUPERVISE, reason="多次反映"))
    await town.act("A", DISPATCHER, c.AssignLeader(leader=v.Leader(person_id="leader", name="某领导"), reason="多次重复"))
    await town.wait(days=2).joins("A", "a4", LinkKind.REPEAT_PETITION, reporter="p1")
    await town.joins("A", "a5", LinkKind.DUPLICATE_DELIVERY, reporter="p1")
    await town.opens("B", "b1", reporter="p3", respondent="恒泰搅拌站", place=None)
    await town.wait(hours=1).joins("B", "b2", reporter=None, respondent="恒泰搅拌站", place=None)
    await town.undoes("a3", "A", "C")
    shares = {str(uid("B")): Decimal("0.5"), str(uid("A")): Decimal("0.5")}
    await town.operate(Split(operation="s1", case_id=str(uid("B")), complaint_id=str(uid("b1")), shares=shares, reason="跨区"), "A", "B")
    await town.wait(hours=1).opens("D", "d1", reporter="p4", respondent=None)
    await town.operate(Merge(operation="m1", source=str(uid("D")), target=str(uid("A")), reason="同一处"), "A", "D")
    await town.opens("E", "e1", reporter="p5")
    await town.operate(Merge(operation="m2", source=str(uid("E")), target=str(uid("A")), reason="同一处"), "A", "E")
    await town.operate(UndoMerge(operation="m2", source=str(uid("E")), target=str(uid("A")), reason="并错了"), "A", "E")
    await town.suggests("A", "e1", "refuse", 0.55)
    await town.suggests("A", "b2", "confirm", 0.75)

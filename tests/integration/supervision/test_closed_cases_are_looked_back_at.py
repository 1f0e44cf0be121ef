"""Look-backs: drawn so that anybody can draw again, answered through casework, fed by matters that come back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.topics import LOOK_BACK_DUE
from contracts.vocabulary import LinkKind
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.principals import Role
from services.infra.unit_of_work import begin
from services.supervision import look_back
from services.supervision.recompute import rebuild
from tests.integration.supervision.conftest import Watch
from tests.support.office import assigned, case_id, linked, opened, person

INSPECTOR = person("inspector", Role.INSPECTOR)
GOOD = v.LookBackAnswer(ok=True)
PASSED = c.LookBack(measures_in_place=GOOD, target_met=GOOD, file_complete=GOOD, finding="净化器正常运行")


async def closed(watch: Watch, *numbers: int) -> None:
    """Cases worked to their close-out, months ago."""
    for number in numbers:
        await watch.hear(opened(number), assigned(number))
        await watch.to_closed(number)
    await watch.bus.drain()
    watch.clock.advance(timedelta(days=60))


async def drawn(watch: Watch, seed: str, size: int | None = None) -> tuple[look_back.Draw, list[str]]:
    async with begin(watch.pool, service="cli", vault=watch.vault, clock=watch.clock) as unit:
        found = await look_back.draw(unit.connection, watch.book, seed=seed, now=watch.clock(), size=size)
        return found, await look_back.keep(unit, found, watch.book, by="inspector")


async def test_a_draw_makes_cases_due_and_can_be_drawn_again_by_anybody(watch: Watch) -> None:
    await closed(watch, 1, 2, 3)
    found, due = await drawn(watch, "2026-06", size=2)
    await watch.bus.drain()
    told = watch.bus.seen(LOOK_BACK_DUE.name)
    assert len(due) == len(told) == 2 and {event["seed"] for event in told} == {"2026-06"}
    assert told[0]["questions"] == ["整改措施是否到位", "目标是否达到", "销号台账资料是否完整"] and "未曾回头看" in told[0]["reasons"]
    again, chosen = await look_back.repeat(watch.pool, found.id, watch.book.look_back)
    assert {UUID(item.candidate.case_id) for item in again} == chosen and len(chosen) == 2
    _, more = await drawn(watch, "2026-06/2")
    assert len(more) == 1, "what is due already is not drawn again"
    with pytest.raises(look_back.DrawUnknown):
        await look_back.repeat(watch.pool, UUID(int=5), watch.book.look_back)


async def test_answers_are_kept_and_make_a_units_record(watch: Watch) -> None:
    await closed(watch, 1, 2)
    await drawn(watch, "s", size=1)
    await watch.give(INSPECTOR, PASSED, case=1)
    await watch.give(INSPECTOR, PASSED.model_copy(update={"rebound": True}), case=2)
    await watch.bus.drain()
    rows = {row["case_no"]: row for row in await look_back.listed(watch.pool, state="done")}
    assert [rows[f"AJ2026-000000{n}"]["passed"] for n in (1, 2)] == [True, False]
    assert {row["unit_id"] for row in rows.values()} == {"da-hb"} and await look_back.listed(watch.pool) == []
    watch.clock.advance(timedelta(days=40))
    found, _ = await drawn(watch, "t")
    assert [(item.case_no, item.look_backs, item.unit_failures) for item in found.candidates] == [("AJ2026-0000001", 1, 0.5)]


async def test_a_complaint_on_a_closed_case_is_a_rebound_and_its_look_back_is_void(watch: Watch) -> None:
    await closed(watch, 1)
    await drawn(watch, "s")
    again = linked(9, 1, LinkKind.REPEAT_PETITION, received_at=watch.clock(), reporter="p1", registered_at=watch.clock())
    await watch.hear(again)
    await watch.bus.drain()
    [found] = await watch.rows("SELECT kind, days, reason, unit_id FROM supervision.rebounds")
    assert (found["kind"], found["unit_id"]) == ("complaint", "da-hb") and found["reason"].endswith("日后再次反映（重复信访）。")
    assert await look_back.listed(watch.pool) == []
    assert await watch.pool.fetchval("SELECT ordinal FROM supervision.cases WHERE case_id = $1", case_id(1)) == 2
    await watch.hear(linked(10, 1, LinkKind.DUPLICATE_DELIVERY, received_at=watch.clock()))
    await watch.bus.drain()
    assert await watch.pool.fetchval("SELECT count(*) FROM supervision.rebounds") == 1


async def test_another_case_of_the_same_respondent_and_place_takes_the_closed_one_up(watch: Watch) -> None:
    await closed(watch, 1, 2)
    elsewhere = opened().matter.model_copy(update={"place": "柳堤路"})
    new = {"received_at": watch.clock(), "registered_at": watch.clock()}
    await watch.hear(opened(11, matter=elsewhere, **new))
    await watch.bus.drain()
    assert await look_back.listed(watch.pool) == [], "another place is another shop"
    same = opened().matter.model_copy(update={"respondent": "鑫味 烧烤"})
    await watch.hear(opened(12, matter=same, **new))
    await watch.bus.drain()
    due = await look_back.listed(watch.pool)
    assert [row["case_no"] for row in due] == ["AJ2026-0000001", "AJ2026-0000002"]
    assert "同一污染源又立新案AJ2026-0000012" in due[0]["reasons"][0] and due[0]["draw_id"] is None


async def test_when_a_case_was_closed_and_whose_it_was_is_rebuilt_from_the_log(watch: Watch) -> None:
    await closed(watch, 1)
    query = "SELECT closed_at, closed_unit, closed_out, version FROM supervision.cases"
    before = await watch.rows(query)
    assert before[0]["closed_unit"] == "da-hb" and before[0]["closed_at"]
    await watch.pool.execute("UPDATE supervision.cases SET closed_at = NULL, closed_unit = NULL, closed_out = false, version = 0")
    assert await rebuild(watch.pool, watch.vault, watch.book, clock=watch.clock) == 1
    assert await watch.rows(query) == before


async def test_outcomes_and_rebounds_are_rebuilt_from_the_log_and_kept_ones_stay(watch: Watch) -> None:
    await closed(watch, 1, 2, 3)
    await drawn(watch, "s", size=1)
    await watch.give(INSPECTOR, PASSED.model_copy(update={"rebound": True, "finding": "又冒烟"}), case=2)
    await watch.give(INSPECTOR, PASSED, case=3)
    watch.clock.advance(timedelta(days=1))
    await watch.hear(linked(9, 1, LinkKind.REPEAT_PETITION, received_at=watch.clock(), reporter="p1", registered_at=watch.clock()))
    await watch.hear(opened(12, matter=opened().matter, received_at=watch.clock(), registered_at=watch.clock()))
    await watch.bus.drain()
    outcomes = "SELECT case_no, unit_id, region, passed, rebound, fake, finding, done_by, done_at FROM supervision.look_backs WHERE state = 'done' ORDER BY 1"
    rebounds = "SELECT * FROM supervision.rebounds ORDER BY case_id, evidence"
    waiting = await look_back.listed(watch.pool)
    kept, back = await watch.rows(outcomes), await watch.rows(rebounds)
    assert [(row["passed"], row["finding"]) for row in kept] == [(False, "又冒烟"), (True, "净化器正常运行")]
    assert sorted(row["kind"] for row in back) == ["complaint", "other_case"]
    await rebuild(watch.pool, watch.vault, watch.book, clock=watch.clock)
    assert (await watch.rows(outcomes), await watch.rows(rebounds)) == (kept, back), "told again, nothing changes"
    await watch.pool.execute("DELETE FROM supervision.look_backs WHERE state = 'done'; DELETE FROM supervision.rebounds")
    await rebuild(watch.pool, watch.vault, watch.book, clock=watch.clock)
    assert (await watch.rows(outcomes), await watch.rows(rebounds)) == (kept, back)
    assert await look_back.listed(watch.pool) == waiting, "what is still to be looked back at stays"


async def test_the_machine_draws_once_a_month(watch: Watch) -> None:
    await closed(watch, 1, 2)
    await watch.round(days=1)
    await watch.round(days=1)
    draws = await watch.rows("SELECT seed, drawn_by, population FROM supervision.draws")
    assert [(row["seed"], row["drawn_by"], row["population"]) for row in draws] == [("seed", "system", 2)]

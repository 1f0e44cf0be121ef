"""The ladder on a simulated clock: the machine's steps, a person's proposals, digests, weekly lists."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from contracts.topics import DIGEST_PREPARED, ESCALATED, SUPERVISION_DUE
from contracts.vocabulary import Urgency
from services.casework.execute import Asked, Done
from services.domain.case import commands as c
from services.domain.clocks.calendar import CHINA
from services.infra.unit_of_work import begin
from services.supervision import digests, proposals, weekly
from services.supervision.app import Duty
from tests.integration.supervision.conftest import Watch
from tests.support.office import OFFICER, SUPERVISOR, assigned, case_id, leader_assigned, opened

MORNING = datetime(2026, 3, 3, 8, 5, tzinfo=CHINA)


async def rung(watch: Watch, number: int = 1) -> str | None:
    return await watch.pool.fetchval("SELECT step FROM supervision.cases WHERE case_id = $1", case_id(number))


async def mornings(watch: Watch, days: int) -> None:
    """So many days with a round each morning."""
    for _ in range(days):
        await watch.round(days=1)


async def to_proposal(watch: Watch, number: int = 1) -> proposals.Proposal:
    """A neglected case, up to where a person must decide."""
    await watch.hear(opened(number), assigned(number))
    await mornings(watch, 14)
    [found] = await proposals.waiting(watch.pool)
    return found


async def decide(watch: Watch, found: proposals.Proposal) -> None:
    """As the console and the command line do: mark it and give the command, in one transaction."""
    async with begin(watch.pool, service="cli", vault=watch.vault, clock=watch.clock) as unit:
        await proposals.accept(unit, found.id, SUPERVISOR)
        command = c.Supervise(step=found.step, reason=found.reason)  # type: ignore[arg-type]
        [outcome] = await watch.office.execute(unit, [Asked(SUPERVISOR, found.case_id, command)])
        assert isinstance(outcome, Done)
    await watch.bus.drain()


async def test_the_machine_climbs_three_rungs_and_a_person_decides_the_fourth(watch: Watch) -> None:
    found = await to_proposal(watch)
    assert (await rung(watch), found.step) == ("催办", "督办")
    assert "逾期" in found.reason and found.provenance
    steps = [(event["step"], event["by"]) for event in watch.bus.seen(ESCALATED.name)]
    assert steps == [("提醒", "system"), ("预警", "system"), ("催办", "system")]
    await decide(watch, found)
    assert await rung(watch) == "督办" and await proposals.waiting(watch.pool) == []
    assert watch.bus.seen(ESCALATED.name)[-1]["by"] == SUPERVISOR.id
    decided = await watch.pool.fetchrow("SELECT state, decided_by FROM supervision.proposals")
    assert tuple(decided) == ("accepted", SUPERVISOR.id)
    await mornings(watch, 10)
    assert [item.step for item in await proposals.waiting(watch.pool)] == ["挂牌督办"]


async def test_a_step_is_asked_for_once_and_again_only_after_a_day_without_it(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.bus.drain()
    watch.clock.advance(timedelta(days=2))
    for _ in range(3):
        await watch.duty.once()  # nothing is delivered meanwhile
    asked = "SELECT count(*) FROM bus.outbox WHERE topic = $1"
    assert await watch.pool.fetchval(asked, SUPERVISION_DUE.name) == 1
    watch.clock.advance(timedelta(days=1, minutes=1))
    await watch.duty.once()
    assert await watch.pool.fetchval(asked, SUPERVISION_DUE.name) == 2
    await watch.bus.drain()
    assert len([s for s in watch.bus.seen(ESCALATED.name) if s["step"] == "提醒"]) == 1, "asked twice, taken once"


async def test_supervision_of_instances_at_once_proposes_and_tells_once(watch: Watch) -> None:
    await watch.hear(*(opened(n) for n in range(1, 13)), *(assigned(n) for n in range(1, 13)))
    await mornings(watch, 13)
    watch.clock.advance(timedelta(days=1))
    duties = [Duty(watch.pool, watch.vault, watch.book, clock=watch.clock) for _ in range(3)]
    await asyncio.gather(*(duty.once() for duty in duties))
    await watch.bus.drain()
    assert len(await proposals.waiting(watch.pool)) == 12
    told = [(event["person_id"], event["digest_key"]) for event in watch.bus.seen(DIGEST_PREPARED.name)]
    assert len(told) == len(set(told))


async def test_a_declined_step_keeps_its_reason_and_comes_back_only_after_some_days(watch: Watch) -> None:
    found = await to_proposal(watch)
    async with begin(watch.pool, service="cli", vault=watch.vault, clock=watch.clock) as unit:
        with pytest.raises(proposals.ProposalGone, match="needs a reason"):
            await proposals.decline(unit, found.id, SUPERVISOR, reason=" ", book=watch.book)
        await proposals.decline(unit, found.id, SUPERVISOR, reason="单位已当面说明", book=watch.book)
    await mornings(watch, 3)
    assert await proposals.waiting(watch.pool) == []
    await mornings(watch, 5)
    assert [item.step for item in await proposals.waiting(watch.pool)] == ["督办"]


async def test_a_proposal_lapses_when_its_reason_is_gone(watch: Watch) -> None:
    found = await to_proposal(watch)
    await watch.to_concluded()
    await watch.bus.drain()
    assert await watch.pool.fetchval("SELECT state FROM supervision.proposals WHERE id = $1", found.id) == "lapsed"


async def test_who_may_not_decide_is_told_why(watch: Watch) -> None:
    found = await to_proposal(watch)
    unknown = uuid4()
    shown = await proposals.preview(watch.pool, [found.id, unknown, found.id], SUPERVISOR)
    assert [item.id for item in shown.steps] == [found.id] and [id for id, _ in shown.refused] == [unknown]
    stranger = await proposals.preview(watch.pool, [found.id], OFFICER)
    assert stranger.steps == () and "须由督办人员或包案领导本人决定" in stranger.refused[0][1]
    await decide(watch, found)
    async with begin(watch.pool, service="cli", vault=watch.vault, clock=watch.clock) as unit:
        with pytest.raises(proposals.ProposalGone, match="已采纳"):
            await proposals.accept(unit, found.id, SUPERVISOR)


# --- digests ----------------------------------------------------------------------------------------------------------


async def test_one_person_gets_one_digest_a_morning_and_never_the_same_thing_twice(watch: Watch) -> None:
    await watch.hear(*(opened(n) for n in (1, 2, 3)), *(assigned(n) for n in (1, 2, 3)))
    await watch.until(MORNING - timedelta(hours=2))
    assert watch.bus.seen(DIGEST_PREPARED.name) == [], "it is too early: what there is waits for the morning"
    await watch.until(MORNING)
    mine = await digests.of_person(watch.pool, OFFICER.id)
    assert len(mine) == 1 and len(mine[0]["lines"]) == 3
    assert mine[0]["text"].startswith("您今日有3件事项需要处理：") and "期限“签收”" in mine[0]["text"]
    for _ in range(3):
        await watch.round(hours=1)
    assert len(await digests.of_person(watch.pool, OFFICER.id)) == 1
    await mornings(watch, 2)
    lines = [(line["case_no"], line["reason"]) for found in await digests.of_person(watch.pool, OFFICER.id) for line in found["lines"]]
    assert len(lines) == len(set(lines))


async def test_what_was_done_in_the_evening_is_not_told_in_the_morning(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.round(hours=20)
    assert await watch.pool.fetchval("SELECT count(*) FROM supervision.notices WHERE clock = 'sign_in'") == 2, "two officers"
    watch.clock.advance(timedelta(minutes=5))
    await watch.give(OFFICER, c.SignIn())
    await watch.until(MORNING)
    assert not [line for found in await digests.of_person(watch.pool, OFFICER.id) for line in found["lines"] if "签收" in line["reason"]]


async def test_an_emergency_breaks_the_quiet(watch: Watch) -> None:
    urgent = opened().matter.model_copy(update={"urgency": Urgency.EMERGENCY})
    watch.clock.advance(timedelta(hours=14))  # 23:00
    await watch.hear(opened(matter=urgent, occurred_at=watch.clock()), assigned())
    await watch.round(minutes=20)
    [told] = await digests.of_person(watch.pool, OFFICER.id)
    assert told["emergency"] and told["text"].startswith("您有1件突发事项须立即处理")


async def test_after_an_outage_over_a_holiday_there_is_one_digest_with_everything(watch: Watch) -> None:
    watch.clock.at = datetime(2026, 4, 29, 9, tzinfo=CHINA)
    await watch.hear(opened(), assigned())
    await watch.until(datetime(2026, 5, 2, 9, tzinfo=CHINA))
    assert await digests.of_person(watch.pool, OFFICER.id) == [], "Labour Day"
    await watch.until(datetime(2026, 5, 11, 10, tzinfo=CHINA))
    assert len(await digests.of_person(watch.pool, OFFICER.id)) == 1


async def test_unowned_cases_are_the_dispatchers(watch: Watch) -> None:
    await watch.hear(opened())
    await mornings(watch, 3)
    [first, *_] = reversed(await digests.of_person(watch.pool, "dispatcher"))
    assert "【无人承办】1件" in first["text"] and await digests.of_person(watch.pool, OFFICER.id) == []


# --- the week ---------------------------------------------------------------------------------------------------------


async def test_each_weeks_lists_are_kept_as_they_were_and_others_are_computed(watch: Watch) -> None:
    await watch.hear(opened(1), opened(2), assigned(1), leader_assigned(1))
    await watch.round(minutes=5)
    assert await watch.pool.fetchval("SELECT count(DISTINCT week) FROM supervision.weekly") == 1
    await mornings(watch, 8)
    weeks = await watch.rows("SELECT DISTINCT week FROM supervision.weekly ORDER BY week")
    assert [str(row["week"]) for row in weeks] == ["2026-03-02", "2026-03-09"]
    kept = await weekly.kept(watch.pool, weeks[1]["week"])
    owners = {(row["kind"], row["owner_id"]): row["content"] for row in kept}
    assert set(owners) == {("unit", "-"), ("unit", "da-hb"), ("leader", "leader")}
    unit = owners[("unit", "da-hb")]
    assert unit["total"] == 1 and unit["overdue"][0]["remark"].startswith("“签收”")
    now = await weekly.current(watch.pool, watch.clock(), leader_id="leader")
    assert [item.owner for item in now] == ["人员leader"] and now[0].still
    assert (await weekly.current(watch.pool, watch.clock(), unit_id="-"))[0].total == 1

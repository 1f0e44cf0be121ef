"""Clocks kept from cases' changes, swept on a simulated clock over real PostgreSQL: once, late rather than never."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from contracts.topics import CASE_CHANGED, OVERDUE, WARNED
from services.domain.case import commands as c
from services.domain.clocks.calendar import CHINA
from services.domain.principals import Role
from services.infra.records import Record
from services.supervision.app import Duty
from services.supervision.sweep import Sweep
from tests.integration.supervision.conftest import Watch
from tests.support.office import OFFICER, START, assigned, case_id, leader_assigned, linked, opened, person

CLOCKS = "SELECT * FROM supervision.clocks WHERE case_id = $1 ORDER BY clock"


async def clocks(watch: Watch, number: int = 1) -> dict[str, dict]:
    return {row["clock"]: row for row in await watch.rows(CLOCKS, case_id(number))}


async def test_each_clock_says_which_rule_and_which_calendar_made_it(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.bus.drain()
    found = await clocks(watch)
    assert set(found) == {"sign_in", "notice", "return", "reply"}, "转送交办 stopped when it was assigned"
    reply = found["reply"]
    assert (reply["rule_id"], reply["rule_version"], str(reply["last_day"])) == ("hl.reply_wd", "2026.2", "2026-03-09")
    assert reply["calendar_version"] == watch.book.case.calendar.version and reply["next_share"] == 0.5
    shown = await watch.pool.fetchval("SELECT deadlines FROM casework.cases WHERE case_id = $1", case_id(1))
    assert {item["clock"]: item["last_day"] for item in shown}["reply"] == "2026-03-09"


async def test_a_duty_warns_in_tiers_is_overdue_once_and_falls_silent_when_done(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    for _ in range(16):
        await watch.round(hours=6)
    shares = [event["share"] for event in watch.bus.seen(WARNED.name) if event["clock"] == "sign_in"]
    late = [event for event in watch.bus.seen(OVERDUE.name) if event["clock"] == "sign_in"]
    assert shares == sorted(set(shares)) and set(shares) <= {0.5, 0.75, 0.85, 0.99} and len(late) == 1
    assert late[0]["reason"] == "期限“签收”已于2026-03-03届满。" and late[0]["rule_id"] == "hl.sign_in_normal"
    await watch.give(OFFICER, c.SignIn())
    await watch.bus.drain()
    assert "sign_in" not in await clocks(watch)


async def test_after_an_outage_each_clock_speaks_once_late_and_for_the_gravest(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    swept = await watch.round(days=40)
    late = watch.bus.seen(OVERDUE.name)
    assert sorted(event["clock"] for event in late) == ["notice", "reply", "sign_in"] and swept.overdue == 3
    assert swept.lapsed == 1, "the right to return the case has lapsed"
    assert [event for event in watch.bus.seen(WARNED.name) if event["kind"] == "limit"] == []
    assert all(event["late_seconds"] > 86400 for event in late)
    assert (await watch.round(days=40)).overdue == 0


@pytest.mark.parametrize("attempt", range(2))
async def test_sweepers_at_once_fire_each_moment_once(watch: Watch, attempt: int) -> None:
    numbers = range(1, 41)
    await watch.hear(*(opened(n) for n in numbers), *(assigned(n) for n in numbers))
    await watch.bus.drain()
    watch.clock.advance(timedelta(days=40))
    start = asyncio.Barrier(3)

    async def sweep() -> int:
        sweeper = Sweep(watch.pool, watch.vault, watch.book, clock=watch.clock, batch=7)
        await start.wait()
        return (await sweeper.once()).overdue

    assert sum(await asyncio.gather(*(sweep() for _ in range(3)))) == 120
    await watch.bus.drain()
    late = [(event["case_id"], event["clock"]) for event in watch.bus.seen(OVERDUE.name)]
    assert len(late) == len(set(late)) == 120


async def test_a_sweep_that_fails_has_announced_nothing_and_the_next_one_does(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.hear(opened(), assigned())
    await watch.bus.drain()
    watch.clock.advance(timedelta(days=40))

    async def broken(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr("services.supervision.repository.notify", broken)
        with pytest.raises(ConnectionResetError):
            await Duty(watch.pool, watch.vault, watch.book, clock=watch.clock).once()
    assert await watch.pool.fetchval("SELECT count(*) FROM supervision.firings") == 0
    assert (await watch.round()).overdue == 3


async def test_redelivered_and_overtaken_changes_alter_nothing(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.give(OFFICER, c.SignIn(), c.AcceptPart())
    changes = [row async for row in taken(watch)]
    for change in reversed(changes):  # the newest first, each in a batch of its own
        await watch.bus.readers["supervision"].read([change])
    once = await clocks(watch)
    assert set(once) == {"reply", "resolve"}
    for change in changes:  # everything again, as records nobody knows
        again = Record(change.topic, 1, change.offset + 99, change.key, change.value, {}, 0)
        await watch.bus.readers["supervision"].read([again])
    assert await clocks(watch) == once
    assert await watch.pool.fetchval("SELECT count(*) FROM supervision.cases") == 1


async def taken(watch: Watch):
    """What waits on the bus for supervision, as records."""
    for row in await watch.pool.fetch("DELETE FROM bus.outbox RETURNING id, topic, key, value, headers"):
        if row["topic"] == CASE_CHANGED.name:
            yield Record(row["topic"], 0, row["id"], row["key"].encode(), bytes(row["value"]), row["headers"], 0)


async def test_an_unreadable_change_is_set_aside_and_its_neighbours_are_kept(watch: Watch) -> None:
    await watch.hear(opened())
    [good] = [row async for row in taken(watch)]
    bad = Record(CASE_CHANGED.name, 0, 1, b"k", b'{"case_id": 1}', {}, 0)
    await watch.bus.readers["supervision"].read([bad, good])
    assert await watch.pool.fetchval("SELECT count(*) FROM supervision.cases WHERE version > 0") == 1
    assert await watch.pool.fetchval("SELECT verdict FROM bus.dead_letters") == "permanent"


async def test_a_granted_extension_warns_again_for_the_new_day(watch: Watch) -> None:
    await watch.hear(opened(), assigned())
    await watch.give(OFFICER, c.SignIn(), c.AcceptPart(), c.Investigate())
    await watch.until(datetime(2026, 3, 6, 12, tzinfo=CHINA))
    before = [event["share"] for event in watch.bus.seen(WARNED.name) if event["clock"] == "reply"]
    assert before == [0.5]
    head = person("head", Role.UNIT_HEAD, unit="da-hb")
    await watch.give(OFFICER, c.Extend(clock="reply", n=10, reason="等待安装设备"))
    proposal = (await watch.pool.fetchval("SELECT state -> 'proposals' -> 0 ->> 'id' FROM casework.cases"))
    await watch.give(head, c.Confirm(proposal_id=proposal))
    await watch.bus.drain()
    reply = (await clocks(watch))["reply"]
    assert (reply["extended_by"], reply["fired_share"], reply["next_share"]) == (10, 0.0, 0.5)
    await watch.until(reply["next_at"] + timedelta(minutes=1))
    shares = [event["share"] for event in watch.bus.seen(WARNED.name) if event["clock"] == "reply"]
    assert shares == [0.5, 0.5], "half of the longer limit is another day"


async def test_a_case_assigned_again_runs_new_clocks_while_the_publics_stays(watch: Watch) -> None:
    await watch.hear(opened(), linked(2), leader_assigned())
    await watch.round(days=3)
    route = (await clocks(watch))["route"]
    assert route["perspective"] == "public" and route["started_at"] == START - timedelta(hours=1)
    await watch.hear(assigned())
    await watch.round(days=40)
    await watch.hear(assigned(sequence=2, lead="da-cg"))
    await watch.bus.drain()
    sign_in = (await clocks(watch))["sign_in"]
    assert sign_in["fired_share"] == 0 and sign_in["started_at"] == watch.clock()

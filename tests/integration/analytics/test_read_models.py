"""The read models are what the log says: fed live, in any order, twice over, or rebuilt from nothing."""

from __future__ import annotations

import random
from uuid import uuid4

from contracts.topics import CASE_CHANGED
from services.analytics import repository as store
from services.analytics.handlers import handle
from services.analytics.rebuild import rebuild
from services.analytics.refresh import Refresher
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from tests.integration.analytics.telling import TABLES, a_story, feed, tables
from tests.support.town import RULES, Town, uid


async def test_fed_live_and_rebuilt_from_nothing_are_equal(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await a_story(town)
    for start in range(0, len(town.events), 5):
        await feed(pool, vault, town.events[start : start + 5])
    live = await tables(pool)
    assert len(live["complaint_facts"]) == 10 and len(live["case_facts"]) == 5
    await pool.execute("".join(f"TRUNCATE analytics.{name};" for name in TABLES))
    # what was counted wrongly, or of a complaint that is gone, does not survive a rebuild either
    await pool.execute("INSERT INTO analytics.daily VALUES ('all', '', '2020-01-01', '', '{\"submissions\": 7}')")
    await rebuild(pool, RULES)
    assert await tables(pool) == live


async def test_events_shuffled_and_delivered_twice_change_nothing(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await a_story(town)
    await feed(pool, vault, town.events)
    once = await tables(pool)
    generation = await pool.fetchval("SELECT generation FROM analytics.state")
    shuffled = [*town.events, *town.events]
    random.Random(3).shuffle(shuffled)
    for start in range(0, len(shuffled), 9):
        again = [event.model_copy(update={"event_id": uuid4()}) for event in shuffled[start : start + 9]]
        await feed(pool, vault, again)
    assert await tables(pool) == once
    assert await pool.fetchval("SELECT generation FROM analytics.state") == generation, "nothing changed, so no picture is drawn anew"


async def test_a_later_version_waits_until_triage_has_read_it(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await town.opens("A", "a1")
        await feed(pool, vault, town.events)
        await connection.execute("UPDATE intake.complaints SET version = 2, region_code = '470303' WHERE id = $1", uid("a1"))
        async with begin(pool, service="analytics", vault=vault) as unit:
            await store.touch(unit.connection, [("complaint", uid("a1"))])
        refresher = Refresher(pool, RULES)
        assert await refresher.count() == 1
        assert await pool.fetchval("SELECT count(*) FROM analytics.touched") == 1, "asked for again"
        await connection.execute("UPDATE triage.complaints SET version = 2 WHERE id = $1", uid("a1"))
        await refresher.drain()
    assert await pool.fetchval("SELECT region FROM analytics.complaint_facts") == "470303"
    assert await pool.fetchval("SELECT count(*) FROM analytics.touched") == 0


async def test_a_record_that_is_no_event_is_set_aside_and_its_neighbours_are_counted(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await town.opens("A", "a1")
    async with begin(pool, service="analytics", vault=vault) as unit:
        await handle(unit, [Record(CASE_CHANGED.name, 0, 1, b"k", b"{}", {}, 1)])
    await feed(pool, vault, town.events)
    assert await pool.fetchval("SELECT count(*) FROM bus.dead_letters WHERE consumer = 'analytics'") == 1
    assert await pool.fetchval("SELECT count(*) FROM analytics.case_facts") == 1


async def test_a_history_that_cannot_be_read_leaves_its_complaints_counted(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await town.opens("A", "a1")
        await town.opens("B", "b1")
        await connection.execute("UPDATE casework.events SET body = '{\"type\": \"unheard_of\"}' WHERE case_id = $1", uid("A"))
    await feed(pool, vault, town.events)
    rows = await pool.fetch("SELECT case_no, complaints FROM analytics.case_facts ORDER BY case_no")
    assert [(r["case_no"], r["complaints"]) for r in rows] == [("AJ-A", 1), ("AJ-B", 1)]
    assert await pool.fetchval("SELECT count(*) FROM analytics.round_facts") == 1


async def test_one_case_that_cannot_be_counted_never_stands_in_the_way_of_the_others(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        for n in range(4):
            await town.opens(f"K{n}", f"k{n}")
        await connection.execute("UPDATE triage.complaints SET reading = reading || '{\"types\": [7]}' WHERE id = $1", uid("k2"))
        async with begin(pool, service="analytics", vault=vault) as unit:
            await store.touch(unit.connection, [("complaint", uid(f"k{n}")) for n in range(4)])
    refresher = Refresher(pool, RULES)
    for _ in range(20):
        await refresher.once()
    assert {r["receipt_no"] for r in await pool.fetch("SELECT receipt_no FROM analytics.complaint_facts")} == {"YZ-k0", "YZ-k1", "YZ-k3"}
    assert await pool.fetchval("SELECT count(*) FROM analytics.touched") == 0

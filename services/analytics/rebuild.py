"""Everything counted anew from the log: touch all there is, then count as the live feed does. Nothing is emptied first."""

from __future__ import annotations

from collections.abc import Callable

from services.analytics import repository as store
from services.analytics.refresh import Refresher
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool


async def rebuild(pool: Pool, rules: RuleBook, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Count every complaint and case anew and sum every day; returns how many were counted.

    `progress` is told (counted, of how many). Readers see old figures or new ones, never half a case; the live feed
    may go on meanwhile.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(store.TOUCH_ALL_COMPLAINTS)
        await connection.execute(store.TOUCH_ALL_CASES)
    total = int(await pool.fetchval("SELECT count(*) FROM analytics.touched"))
    counted = 0

    def note(taken: int) -> None:
        nonlocal counted
        counted += taken
        progress(min(counted, total), total)

    async with pool.acquire() as connection:
        await store.mark_days(connection, [row["day"] for row in await connection.fetch(store.ALL_DAYS)], sets=True)
    await Refresher(pool, rules).drain(note)
    return counted

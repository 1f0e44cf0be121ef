"""Half a year of invented history: the demonstration's own matters, told and worked before the live stream begins.

`fill_history` runs every service in this process on a simulated clock, so it must be called before the services are
started, on a database that is migrated and empty. What it leaves is what a city's first half year would have left.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import orjson

from services.demo.office.drawings import drawn_evidence
from services.demo.office.figures import Report, report
from services.demo.office.public import Complaint
from services.demo.office.run import ScriptedOffice
from services.demo.office.town import Town
from services.demo.stream import Fate, stream
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.settings import Settings
from services.infra.vault import Vault

MONTHS = 6
LEAVE = timedelta(days=30)
"""The last of this time has few new complaints, so that history is mostly done when the live stream begins."""


class HistoryThere(Exception):
    """The database holds cases already: history is told once, before anything else."""


def invented_complaints(seed: str, since: datetime, until: datetime) -> list[Complaint]:
    """The demonstration's invented complaints, their moments spread over a span; emergencies stay in the live stream."""
    rng = random.Random(f"petitions/history/{seed}")
    found = []
    told = [record for record in stream(rng.randrange(10**6), until) if record.expectation.fate is Fate.REGISTERED]
    told = [record for record in told if not record.expectation.emergency]
    starts: dict[str | None, float] = {}
    for record in told:
        # A matter begins somewhere in the span, and all that is said of it follows within some weeks.
        begin = starts.setdefault(record.expectation.matter, rng.random())
        at = since + (until - since) * begin + timedelta(days=rng.expovariate(1 / 9))
        body = orjson.loads(record.value)
        body.pop("received_at")
        external_id = f"H{body.pop('external_id').rstrip('*')}"
        if at < until:
            found.append(Complaint(at.replace(microsecond=0), external_id, body, record.expectation.matter))
    return sorted(found)


async def fill_history(
    settings: Settings, pool: Pool, vault: Vault, *, until: datetime, seed: str = "history", months: int = MONTHS,
    progress: Callable[[datetime], None] = lambda at: None,
) -> Report:
    """Tell and work the history that ends at `until`; `progress` is told each moment of it.

    Raises `HistoryThere` on a database with cases in it.
    """  # fmt: skip
    if await pool.fetchval("SELECT EXISTS (SELECT FROM casework.cases)"):
        raise HistoryThere("this database holds cases already; history can only be told on an empty one (make clean-state)")
    since = until - timedelta(days=30 * months)
    town = await Town.found(settings, pool, vault, FrozenClock(since), seed=seed)
    files = await drawn_evidence(settings, pool, town.book.case.casework.evidence, since)
    office = ScriptedOffice(town, seed=f"history/{seed}", files=files)
    course = await office.work(invented_complaints(seed, since, until - LEAVE), since, until, progress=progress)
    await town.runtime.stop()
    return await report(town, course)

"""Counting anew what was touched: facts first, then the sums of their days. The live feed and a rebuild both end here.

Events only say what changed; what is counted is read from the rows they were written with, so neither their order nor a
second delivery matters, and a rebuild is nothing but touching everything.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from services.analytics import repository as store
from services.analytics import rows as make
from services.analytics import words
from services.analytics.rows import Row
from services.analytics.sql import daily, daily_sets
from services.domain.case.events import parse_event
from services.domain.indicators.facts import FactKind
from services.domain.indicators.history import CaseHistory, history
from services.domain.rulebook import RuleBook
from services.infra.clock import Clock, system_clock
from services.infra.failures import TRANSIENT, describe
from services.infra.metrics import ANALYTICS_BACKLOG, ANALYTICS_UNREADABLE
from services.infra.postgres import Connection, Pool

log = structlog.get_logger()
BATCH = 2000
"""Touched ids counted in one transaction."""
WORDS = 500
"""Complaints read for the search box in one transaction; indexing takes a millisecond or two of processor each."""
DAYS = 31
"""Days summed in one transaction; the newest first, since those are looked at."""


class Refresher:
    """Counts anew. One at a time over all processes, so that no two recounts of a case cross each other."""

    def __init__(self, pool: Pool, rules: RuleBook, *, clock: Clock = system_clock) -> None:
        self.pool = pool
        self.rules = rules
        self.clock = clock
        self.measures = rules.indicators.additive()
        self.told_apart = rules.indicators.told_apart()
        self.sets_of_cases = any(measure.fact is not FactKind.COMPLAINT for measure in self.told_apart.values())
        self.limit = BATCH

    async def once(self) -> int | None:
        """Count one batch and sum its days; how many ids were taken, None where another refresher is at work.

        A batch that fails in our own code is narrowed until the id that causes it stands alone and is set aside, so
        that one strange case never stands in the way of all others. Failures of the world are raised.
        """
        try:
            taken = await self.count(self.limit)
            self.limit = min(BATCH, self.limit * 2)
        except TRANSIENT:
            raise
        except Exception as failure:
            log.error("count_failed", batch=self.limit, reason=describe(failure))
            if self.limit == 1:
                await self._set_aside()
            self.limit = max(1, self.limit // 16)
            return BATCH
        if taken is not None and taken < BATCH:
            await self.sum_days()
            await self.read_words()
        return taken

    async def _set_aside(self) -> None:
        """Give up the oldest touched id; a rebuild asks for it again."""
        async with store.refreshing(self.pool) as connection:
            if connection is not None:
                complaints, cases = await store.take(connection, 1)
                ANALYTICS_UNREADABLE.inc()
                log.error("set_aside", complaints=[str(id) for id in complaints], cases=[str(id) for id in cases])

    async def drain(self, progress: Callable[[int], None] = lambda taken: None) -> None:
        """Count until nothing is left; waits for another refresher."""
        while (taken := await self.count()) != 0:
            if taken is None:
                await asyncio.sleep(0.2)
            else:
                progress(taken)
        while (days := await self.sum_days()) != 0:
            if days is None:
                await asyncio.sleep(0.2)
        while (read := await self.read_words()) != 0:
            if read is None:
                await asyncio.sleep(0.2)

    async def count(self, limit: int = BATCH) -> int | None:
        """The facts of one batch of touched complaints and cases; how many ids were taken."""
        async with store.refreshing(self.pool) as connection:
            if connection is None:
                return None
            complaints, cases = await store.take(connection, limit)
            if complaints or cases:
                days = await self._count(connection, complaints, cases)
                await store.mark_days(connection, days, sets=True)
            ANALYTICS_BACKLOG.set(await connection.fetchval(store.BACKLOG, 10 * BATCH))
            return len(complaints) + len(cases)

    async def sum_days(self) -> int | None:
        """The sums of the newest dirty days; how many were made."""
        async with store.refreshing(self.pool) as connection:
            if connection is None:
                return None
            taken = await connection.fetch(store.TAKE_DAYS, DAYS)
            days, changed = [row["day"] for row in taken], [row["day"] for row in taken if row["sets"]]
            if days:
                await connection.execute(store.CLEAR_DAYS, days)
                statement, values = daily(self.measures, days)
                await connection.execute(statement, *values)
                if changed and self.told_apart:
                    await connection.execute(store.CLEAR_SETS, changed)
                    statement, values = daily_sets(self.told_apart, changed)
                    await connection.execute(statement, *values)
                await store.moved(connection, self.rules.version, self.clock())
            return len(days)

    async def _count(self, connection: Connection, complaints: list[UUID], cases: list[UUID]) -> set[date]:
        thresholds = self.rules.indicators.thresholds
        truths = await store.truths(connection, complaints)
        await connection.execute(store.UNREAD, complaints)
        placed = await store.placements(connection, complaints)
        await store.touch(connection, [("complaint", id) for id, truth in truths.items() if truth["unread"]])
        before = await store.facts(connection, "complaint_facts", "complaint_id", complaints)
        fresh = [row for id, truth in truths.items() for row in make.complaint_rows(truth, placed.get(id, ()), thresholds)]
        concerned = list(dict.fromkeys([*cases, *(row["case_id"] for row in before), *(row["case_id"] for row in fresh)]))
        present = await store.facts(connection, "complaint_facts", "case_id", concerned)
        recounted = set(complaints)
        by_case: dict[UUID, list[Row]] = defaultdict(list)
        for row in (*fresh, *(row for row in present if row["complaint_id"] not in recounted)):
            by_case[row["case_id"]].append(row)
        found = await self._cases(connection, concerned, set(cases), by_case)
        target = [row for id, rows in by_case.items() if id in found for row in make.place_in_case(rows, found[id])]
        changed = await store.replace(connection, "complaint_facts", present, target)
        await store.mark_days(connection, await self._links(connection, complaints, fresh), sets=False)
        return {row["received_on"] for row in changed}

    async def _cases(
        self, connection: Connection, ids: list[UUID], acted: set[UUID], by_case: dict[UUID, list[Row]]
    ) -> dict[UUID, Row]:
        """The rows of cases. Those nobody acted on keep what their history said and take new counts."""
        thresholds = self.rules.indicators.thresholds
        known = {row["case_id"]: row for row in await store.facts(connection, "case_facts", "case_id", ids)}
        rows: dict[UUID, Row] = {}
        for id in ids:
            old = known.get(id)
            if old is not None and id not in acted and by_case.get(id) and old["first_closed_on"] is None:
                row = {**old, **make.counts(by_case.get(id, ()), old["supervised_on"])}
                row["respondent_key"] = old["respondent_key"] if old["respondent"] else row["respondent_key"]
                if all(row[name] == old[name] for name in make.CARRIED):
                    rows[id] = row
        again = [id for id in ids if id not in rows]
        truths = await store.case_truths(connection, again)
        histories = await self._histories(connection, list(truths))
        for id, truth in truths.items():
            rows[id] = make.case_row(truth, histories.get(id), by_case.get(id, ()), thresholds)
        changed = await store.replace(connection, "case_facts", list(known.values()), list(rows.values()))
        days = [row[name] for row in changed for name in CASE_DAYS]
        for table, builder, names in (
            ("round_facts", make.round_rows, ROUND_DAYS), ("callback_facts", make.callback_rows, ("called_on",)),
            ("return_facts", make.return_rows, ("returned_on",)),
        ):  # fmt: skip
            old_rows = await store.facts(connection, table, "case_id", again)
            new_rows = [row for id in histories for row in builder(rows[id], histories[id])]
            changed = await store.replace(connection, table, old_rows, new_rows)
            days += [row[name] for row in changed for name in names]
        await store.mark_days(connection, (day for day in days if day), sets=self.sets_of_cases)
        return rows

    async def _histories(self, connection: Connection, ids: list[UUID]) -> dict[UUID, CaseHistory]:
        bodies = await store.bodies(connection, ids)
        return await asyncio.to_thread(self._fold, bodies)

    def _fold(self, bodies: dict[UUID, list[bytes]]) -> dict[UUID, CaseHistory]:
        case_rules, judged = self.rules.case, self.rules.indicators.thresholds
        found: dict[UUID, CaseHistory] = {}
        for id, events in bodies.items():
            try:
                found[id] = history(str(id), map(parse_event, events), case_rules.deadlines, case_rules.calendar, judged)
            except (ValueError, KeyError, ValidationError) as failure:
                # The case stays counted by its complaints; the log is casework's to mend (petitions audit verify).
                ANALYTICS_UNREADABLE.inc()
                log.error("history_unreadable", case_id=str(id), reason=type(failure).__name__)
        return found

    async def read_words(self) -> int | None:
        """The words of some complaints for the search box; how many were taken."""
        async with store.refreshing(self.pool) as connection:
            if connection is None:
                return None
            taken = await store.take_unread(connection, WORDS)
            truths = await store.truths(connection, taken)
            known = await store.digests(connection, taken)
            wanted = {id: words.digest(truth) for id, truth in truths.items()}
            stale = [id for id, digest in known.items() if wanted.get(id) != digest]
            fresh = [id for id, digest in wanted.items() if known.get(id) != digest]
            rows = await asyncio.to_thread(lambda: [words.word_row(truths[id], wanted[id]) for id in fresh])
            await store.rewrite_words(connection, stale, rows)
            return len(taken)

    async def _links(self, connection: Connection, complaints: list[UUID], fresh: Iterable[Row]) -> set[date]:
        about = {row["complaint_id"]: row for row in fresh}
        links: list[Any] = await connection.fetch(store.LINKS, complaints)
        old = await store.facts(connection, "link_facts", "complaint_id", complaints)
        changed = await store.replace(connection, "link_facts", old, make.link_rows(links, about))
        return {row["decided_on"] for row in changed}


CASE_DAYS = ("opened_on", "first_received_on", "leader_on", "supervised_on", "first_closed_on")
ROUND_DAYS = (
    "started_on", "assigned_on", "accepted_on", "verified_on", "concluded_on", "closed_out_on", "looked_back_on", "rebound_on",
    "due_on", "answer_due_on", "notice_due_on", "sign_in_due_on", "leader_on",
)  # fmt: skip

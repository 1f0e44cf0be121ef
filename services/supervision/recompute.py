"""Deadlines computed again: after a change of rules or calendar with every difference listed, or all from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.domain.case.events import ClosedOut, LinkAdded, LookedBack, parse_event
from services.domain.case.evolve import evolve
from services.domain.case.state import CaseState, load_state
from services.domain.clocks.deadlines import Deadline, Difference, differences
from services.domain.rulebook import RuleBook
from services.infra.clock import Clock
from services.infra.postgres import Connection, Pool
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault
from services.supervision import look_back
from services.supervision import repository as rows
from services.supervision.handlers import keep
from services.supervision.look_back import CloseOut
from services.supervision.seen import CLOSED, Seen, see

BATCH = 500
# Cases whose clocks were made by other rules or another calendar, or could not be made.
STALE = """
SELECT case_id FROM (
    SELECT DISTINCT case_id FROM supervision.clocks WHERE (rule_version, calendar_version) <> ($1, $2)
    UNION SELECT case_id FROM supervision.cases WHERE trouble IS NOT NULL) AS stale
WHERE case_id > $3 ORDER BY case_id LIMIT $4
"""
ALL = "SELECT case_id FROM supervision.cases WHERE case_id > $1 ORDER BY case_id LIMIT $2"
LOGGED = """
SELECT case_id, array_agg(convert_from(body, 'UTF8') ORDER BY version) AS bodies FROM casework.events
WHERE case_id IN (SELECT DISTINCT case_id FROM casework.events WHERE case_id > $1 ORDER BY case_id LIMIT $2)
GROUP BY case_id ORDER BY case_id
"""
FIRST = UUID(int=0)
RECORD = """
INSERT INTO supervision.recomputations (at, by, rule_version, calendar_version, cases, differences)
VALUES ($1, $2, $3, $4, $5, $6)
"""
STATUS = """
SELECT (SELECT count(*) FROM supervision.cases WHERE open) AS open_cases,
       (SELECT count(*) FROM supervision.clocks) AS clocks,
       (SELECT count(*) FROM supervision.clocks WHERE kind = 'limit' AND due_at <= $1) AS overdue,
       (SELECT count(*) FROM supervision.clocks WHERE next_at <= $1) AS waiting,
       (SELECT min(next_at) FROM supervision.clocks WHERE next_at IS NOT NULL) AS next_at,
       (SELECT count(*) FROM supervision.clocks WHERE provisional) AS provisional,
       (SELECT count(*) FROM supervision.clocks WHERE (rule_version, calendar_version) <> ($2, $3)) AS stale,
       (SELECT count(*) FROM supervision.cases WHERE trouble IS NOT NULL) AS troubled,
       (SELECT min(trouble) FROM supervision.cases WHERE trouble IS NOT NULL) AS trouble
"""


@dataclass(slots=True)
class Recomputed:
    """What recomputing finds or did: cases looked at, and every clock whose due moment differs."""

    cases: int = 0
    applied: bool = False
    differences: list[tuple[str, Difference]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values for machines; `differences` has case number, clock, both days, and a sentence."""
        return {"cases": self.cases, "applied": self.applied, "differences": [_plain(no, found) for no, found in self.differences]}


async def recompute(
    pool: Pool, vault: Vault, book: RuleBook, *, clock: Clock, by: str, apply: bool, everything: bool = False,
    progress: Callable[[int], None] = lambda cases: None,
) -> Recomputed:
    """Compute deadlines again with the rules and calendar in force, and list what differs; keep them when `apply`.

    Only cases whose clocks another version made are looked at, or `everything`. What was announced stays announced.
    """
    result, after = Recomputed(applied=apply), FIRST
    while True:
        async with begin(pool, service="supervision", vault=vault, clock=clock) as unit:
            ids = await _next(unit.connection, book, after, everything)
            if not ids:
                break
            found = await unit.connection.fetch(rows.STATES, ids)
            seen = await asyncio.to_thread(_see, [(row["case_id"], load_state(row["state"])) for row in found], book)
            before = await rows.kept_clocks(unit.connection, ids)
            for id, item in seen.items():
                old = [kept.deadline for kept in before.get(id, ())]
                result.differences += [(item.view.case_no, d) for d in differences(str(id), old, item.clocks)]
            if apply:
                await _keep(unit, seen, book)
            result.cases += len(ids)
            progress(result.cases)
            after = ids[-1]
    if apply and result.cases:
        async with begin(pool, service="supervision", vault=vault, clock=clock) as unit:
            plain = [_plain(no, found) for no, found in result.differences]
            versions = (book.case.deadlines.version, book.case.calendar.version)
            await unit.connection.execute(RECORD, clock(), by, *versions, result.cases, plain)
    return result


async def rebuild(
    pool: Pool, vault: Vault, book: RuleBook, *, clock: Clock, progress: Callable[[int], None] = lambda cases: None
) -> int:
    """Make every case's row, clocks, look-back outcomes and rebounds again from casework's log; how many cases.

    What was announced stays announced. Draws, and what is still to be looked back at, are supervision's own and stay.
    """
    cases = 0
    async for batch in _logged(pool):
        folded = await asyncio.to_thread(lambda logs: {id: fold(id, bodies) for id, bodies in logs}, batch)
        seen = await asyncio.to_thread(_see, [(id, story.state) for id, story in folded.items()], book)
        async with begin(pool, service="supervision", vault=vault, clock=clock) as unit:
            await _keep(unit, seen, book)
            for id, story in folded.items():
                if story.closed.at is not None:
                    await unit.connection.execute(rows.CLOSED, id, story.closed.at, story.closed.unit)
                for event, closed in story.afterwards:
                    if isinstance(event, LookedBack):
                        await look_back.answered(unit, story.state.case_no, story.state.region, event, closed)
                    else:
                        await look_back.complaint_added(unit, event, closed, book.look_back)
        cases += len(seen)
        progress(cases)
    async with begin(pool, service="supervision", vault=vault, clock=clock) as unit:
        await look_back.came_back_elsewhere(unit, book.look_back)
    return cases


@dataclass(slots=True)
class Story:
    """A case after its whole log: its last close-out, and what came after one, each with the close-out it came after."""

    state: CaseState
    closed: CloseOut = field(default_factory=lambda: CloseOut(None, None))
    afterwards: list[tuple[LookedBack | LinkAdded, CloseOut]] = field(default_factory=list)


def fold(id: UUID, bodies: Sequence[str]) -> Story:
    """A case's log from its first event to its last."""
    story = Story(CaseState(str(id)))
    for body in bodies:
        event = parse_event(body)
        story.state = evolve(story.state, event)
        if isinstance(event, ClosedOut):
            lead = story.state.lead
            story.closed = CloseOut(event.at, lead.unit_id if lead else None)
        elif isinstance(event, LookedBack) or (isinstance(event, LinkAdded) and story.state.status in CLOSED):
            story.afterwards.append((event, story.closed))
    return story


async def status(connection: Connection, book: RuleBook, *, clock: Clock) -> dict[str, Any]:
    """How the clocks stand: counts, what waits for a sweep, how far the holiday table reaches, what needs recomputing."""
    row = await connection.fetchrow(STATUS, clock(), book.case.deadlines.version, book.case.calendar.version)
    return {**dict(row), "rule_version": book.case.deadlines.version, "calendar_version": book.case.calendar.version,
            "calendar_until": book.case.calendar.last_year}  # fmt: skip


async def _next(connection: Connection, book: RuleBook, after: UUID, everything: bool) -> list[UUID]:
    if everything:
        found = await connection.fetch(ALL, after, BATCH)
    else:
        found = await connection.fetch(STALE, book.case.deadlines.version, book.case.calendar.version, after, BATCH)
    return [row["case_id"] for row in found]


async def _logged(pool: Pool) -> AsyncIterator[Sequence[tuple[UUID, Sequence[str]]]]:
    after = FIRST
    while True:
        async with pool.acquire() as connection:
            found = await connection.fetch(LOGGED, after, BATCH)
        if not found:
            return
        yield [(row["case_id"], row["bodies"]) for row in found]
        after = found[-1]["case_id"]


async def _keep(unit: UnitOfWork, seen: dict[UUID, Seen], book: RuleBook) -> None:
    known = await rows.lock_cases(unit.connection, sorted(seen))
    current = {id: item for id, item in seen.items() if item.version >= known[id]["version"]}
    # A case that moved on meanwhile was computed with these rules when it did.
    lists = await keep(unit, current, known, book, unit.clock())
    await rows.restore_announced(unit.connection, sorted(current), book.case.deadlines)
    await rows.show_in_lists(unit.connection, lists)


def _see(states: Sequence[tuple[UUID, Any]], book: RuleBook) -> dict[UUID, Seen]:
    found = ((id, see(state, book)) for id, state in states)
    return {id: item for id, item in found if item is not None}


def _plain(case_no: str, found: Difference) -> dict[str, Any]:
    return {"case_no": case_no, "case_id": found.case_id, "clock": found.clock, "before": _day(found.before),
            "after": _day(found.after), "text": found.text}  # fmt: skip


def _day(deadline: Deadline | None) -> str | None:
    return str(deadline.last_day) if deadline else None

"""回头看: which closed-out cases to look at again, what was found, and matters that came back by themselves.

A draw keeps its seed and every candidate as it saw them, so that anybody can draw it again and get the same cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from contracts.casework import CaseChanged
from contracts.supervision import LookBackDue
from contracts.topics import LOOK_BACK_DUE
from services.domain.case.events import LinkAdded, LookedBack
from services.domain.clocks.calendar import CHINA, day_of
from services.domain.rulebook import RuleBook
from services.domain.supervision.look_back import (
    QUESTIONS,
    Candidate,
    Drawn,
    LookBackRules,
    failure_shares,
    rebound_after,
    sample,
)
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork
from services.supervision.seen import Seen

CLOSED_CASES = """
SELECT c.case_id, c.case_no, c.closed_at, c.repeat_ordinal, c.ordinal, c.fakes, c.closed_unit, c.key_item, c.supervised_source,
       c.look_backs FROM supervision.cases c WHERE c.closed_out AND c.closed_at IS NOT NULL
AND NOT EXISTS (SELECT FROM supervision.look_backs l WHERE l.case_id = c.case_id AND l.state = 'due') ORDER BY c.case_id
"""
RECORD = "SELECT unit_id, passed FROM supervision.look_backs WHERE state = 'done' AND unit_id IS NOT NULL"
DRAW = "INSERT INTO supervision.draws VALUES ($1, $2, $3, $4, $5, $6, $7)"
PLACES = "SELECT case_id, region, closed_unit FROM supervision.cases WHERE case_id = ANY($1::uuid[])"
DUE = """
INSERT INTO supervision.look_backs (id, case_id, case_no, draw_id, weight, reasons, region, unit_id, due_on, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id
"""
DONE = """
UPDATE supervision.look_backs SET state = 'done', passed = $2, rebound = $3, fake = $4, finding = $5, done_by = $6, done_at = $7
WHERE case_id = $1 AND state = 'due' AND asked_at <= $7 RETURNING id
"""
KNOWN = "SELECT EXISTS (SELECT FROM supervision.look_backs WHERE case_id = $1 AND state = 'done' AND done_at = $2)"
UNASKED = """
INSERT INTO supervision.look_backs (id, case_id, case_no, reasons, region, unit_id, asked_at, state, passed, rebound, fake, finding,
                                    done_by, done_at)
VALUES ($1, $2, $3, '{}', $4, $5, $11, 'done', $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
"""
VOID = "UPDATE supervision.look_backs SET state = 'void' WHERE case_id = $1 AND state = 'due' AND asked_at <= $2"
CLOSED_AT = "SELECT closed_at, closed_unit FROM supervision.cases WHERE case_id = $1"
REBOUND = "INSERT INTO supervision.rebounds VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING case_id"
SAME_SOURCE = """
SELECT case_id, case_no, region, closed_at, closed_unit FROM supervision.cases
WHERE closed_out AND source_key = $1 AND case_id <> $2 AND closed_at IS NOT NULL ORDER BY closed_at
"""
# The same for all cases at once, from the rows as they stand.
CAME_BACK_ELSEWHERE = """
INSERT INTO supervision.rebounds (case_id, evidence, kind, days, reason, unit_id, at)
SELECT k.case_id, n.case_id, 'other_case', d.days, '销号' || d.days || '日后同一污染源又立新案' || n.case_no || '。', k.closed_unit, o.opened_at
FROM supervision.cases k JOIN supervision.cases n ON n.source_key = k.source_key AND n.case_id <> k.case_id
JOIN casework.cases o ON o.case_id = n.case_id
CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM n.first_received_at - k.closed_at) / 86400)::int AS days) d
WHERE k.closed_out AND k.closed_at IS NOT NULL AND d.days BETWEEN 0 AND $1
ON CONFLICT DO NOTHING
"""
LIST = """
SELECT l.id, l.case_id, l.case_no, l.draw_id, l.weight, l.reasons, l.region, l.unit_id, l.due_on, l.asked_at, l.state, l.passed,
       l.rebound, l.fake, l.finding, l.done_by, l.done_at
FROM supervision.look_backs l WHERE ($1::text IS NULL OR l.state = $1) AND ($2::text IS NULL OR l.unit_id = $2)
ORDER BY l.state = 'due' DESC, l.due_on, l.weight DESC NULLS FIRST, l.case_no LIMIT $3
"""
KEPT_DRAW = "SELECT seed, drawn_at, candidates::text AS candidates FROM supervision.draws WHERE id = $1"
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7010)"
DRAWN_SINCE = "SELECT EXISTS (SELECT FROM supervision.draws WHERE drawn_by = 'system' AND drawn_at >= $1)"
DRAWN_IN = "SELECT case_id FROM supervision.look_backs WHERE draw_id = $1"


class DrawUnknown(LookupError):
    """There is no draw of this id."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw: everything it chose from and what it chose, the likeliest first."""

    id: UUID
    seed: str
    at: datetime
    due_on: date
    candidates: tuple[Candidate, ...]
    drawn: tuple[Drawn, ...]


async def draw(connection: Connection, book: RuleBook, *, seed: str, now: datetime, size: int | None = None) -> Draw:
    """Choose, without keeping anything."""
    failures = failure_shares([(row["unit_id"], row["passed"]) for row in await connection.fetch(RECORD)])
    found = tuple(
        Candidate(
            case_id=str(row["case_id"]), case_no=row["case_no"], closed_at=row["closed_at"],
            repeats=max(0, row["repeat_ordinal"] - 1), rebounds=row["ordinal"] - 1, fakes=row["fakes"],
            unit_failures=failures.get(row["closed_unit"], 0.0), key_item=row["key_item"],
            supervised_source=row["supervised_source"], look_backs=row["look_backs"],
        )
        for row in await connection.fetch(CLOSED_CASES)
    )  # fmt: skip
    due_on = book.case.calendar.add_working_days(day_of(now), book.look_back.due_days)
    id = uuid5(UUID(int=0), f"petitions/draw/{seed}/{now.isoformat()}")
    return Draw(id, seed, now, due_on, found, sample(found, book.look_back, seed, now, size))


async def keep(unit: UnitOfWork, drawn: Draw, book: RuleBook, *, by: str) -> list[str]:
    """Make the drawn cases due, and return their numbers; a case that became due meanwhile is left as it is."""
    candidates = orjson.dumps([asdict(case) for case in drawn.candidates])
    await unit.connection.execute(DRAW, drawn.id, drawn.seed, drawn.at, by, book.look_back.version, len(drawn.candidates), candidates)
    ids = [UUID(item.candidate.case_id) for item in drawn.drawn]
    places = {row["case_id"]: row for row in await unit.connection.fetch(PLACES, ids)}
    due: list[str] = []
    for item in drawn.drawn:
        place = places[UUID(item.candidate.case_id)]
        event = LookBackDue(
            event_id=uuid5(drawn.id, item.candidate.case_id), occurred_at=drawn.at, case_id=place["case_id"],
            case_no=item.candidate.case_no, draw_id=drawn.id, seed=drawn.seed, weight=item.weight, reasons=item.reasons,
            questions=QUESTIONS, due_on=drawn.due_on, region=place["region"], unit_id=place["closed_unit"],
        )  # fmt: skip
        if await _due(unit, event):
            due.append(event.case_no)
    return due


async def repeat(connection: Connection, id: UUID, rules: LookBackRules) -> tuple[tuple[Drawn, ...], set[UUID]]:
    """A kept draw drawn again from its seed and candidates, and the cases it had chosen; raises `DrawUnknown`."""
    row = await connection.fetchrow(KEPT_DRAW, id)
    if row is None:
        raise DrawUnknown(str(id))
    chosen = {found["case_id"] for found in await connection.fetch(DRAWN_IN, id)}
    candidates = [
        Candidate(**{**case, "closed_at": datetime.fromisoformat(case["closed_at"])}) for case in orjson.loads(row["candidates"])
    ]
    return sample(candidates, rules, row["seed"], row["drawn_at"], len(chosen)), chosen


async def listed(connection: Connection, *, state: str | None = "due", unit_id: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
    """Look-backs, those due first by their day."""
    return [dict(row) for row in await connection.fetch(LIST, state, unit_id, limit)]


@dataclass(frozen=True, slots=True)
class CloseOut:
    """When a case was last closed out, and which unit had it then."""

    at: datetime | None
    unit: str | None


async def close_out_of(connection: Connection, case_id: UUID) -> CloseOut:
    """As the case's row has it."""
    row = await connection.fetchrow(CLOSED_AT, case_id)
    return CloseOut(row["closed_at"], row["closed_unit"])


async def answered(unit: UnitOfWork, case_no: str, region: str | None, event: LookedBack, closed: CloseOut) -> None:
    """A case was looked back at, drawn or not; told again, nothing changes."""
    id = UUID(event.case_id)
    if await unit.connection.fetchval(KNOWN, id, event.at):
        return
    answer = (event.passed, event.rebound, event.fake, event.finding, event.by, event.at)
    if await unit.connection.fetchval(DONE, id, *answer) is None:
        own = uuid5(id, f"look-back/{event.version}")
        await unit.connection.execute(UNASKED, own, id, case_no, region, closed.unit, *answer)


async def complaint_added(unit: UnitOfWork, event: LinkAdded, closed: CloseOut, rules: LookBackRules) -> None:
    """A complaint joined a case that was closed out: a rebound, unless it came too late or is the same item again."""
    id = UUID(event.case_id)
    found = rebound_after(event.case_id, closed.at, event.link, rules)
    if found is None:
        return
    evidence = UUID(event.link.complaint_id)
    if await unit.connection.fetchval(REBOUND, id, evidence, "complaint", found.days, found.reason, closed.unit, event.at) is not None:
        # The case is open again: there is nothing to look back at before it is closed out once more.
        await unit.connection.execute(VOID, id, event.at)


async def came_back_elsewhere(unit: UnitOfWork, rules: LookBackRules) -> None:
    """Rebounds by other cases of the same source, for all cases at once; what is known stays as it is."""
    await unit.connection.execute(CAME_BACK_ELSEWHERE, rules.rebound_days)


async def case_opened(unit: UnitOfWork, change: CaseChanged, seen: Seen, book: RuleBook) -> None:
    """A new case of the same respondent and place as a closed-out one: the closed one is looked at again."""
    if seen.source_key is None:
        return
    for row in await unit.connection.fetch(SAME_SOURCE, seen.source_key, change.case_id):
        days = (seen.view.first_received_at - row["closed_at"]).days
        if not 0 <= days <= book.look_back.rebound_days:
            continue
        reason = f"销号{days}日后同一污染源又立新案{change.case_no}。"
        await unit.connection.execute(
            REBOUND, row["case_id"], change.case_id, "other_case", days, reason, row["closed_unit"], change.occurred_at
        )
        due_on = book.case.calendar.add_working_days(day_of(unit.clock()), book.look_back.due_days)
        await _due(unit, LookBackDue(
            event_id=uuid5(row["case_id"], f"look-back-due/{change.case_id}"), occurred_at=unit.clock(), case_id=row["case_id"],
            case_no=row["case_no"], reasons=(reason,), questions=QUESTIONS, due_on=due_on, region=row["region"],
            unit_id=row["closed_unit"],
        ))  # fmt: skip


async def _due(unit: UnitOfWork, event: LookBackDue) -> bool:
    made = await unit.connection.fetchval(
        DUE, event.event_id, event.case_id, event.case_no, event.draw_id, event.weight, list(event.reasons), event.region,
        event.unit_id, event.due_on, event.occurred_at,
    )  # fmt: skip
    if made is not None:
        unit.emit(LOOK_BACK_DUE, event.case_id, event)
    return made is not None


async def monthly(unit: UnitOfWork, book: RuleBook, *, seed: str, now: datetime) -> list[str]:
    """The machine's draw of the month, once however many instances run; the numbers of the cases made due."""
    first = datetime(day_of(now).year, day_of(now).month, 1, tzinfo=CHINA)
    if not await unit.connection.fetchval(ONE_AT_A_TIME) or await unit.connection.fetchval(DRAWN_SINCE, first):
        return []
    drawn = await draw(unit.connection, book, seed=seed, now=now)
    return await keep(unit, drawn, book, by="system") if drawn.drawn else []


def reasons_of(drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    """A draw as plain values."""
    return [
        {"case_no": item.candidate.case_no, "case_id": item.candidate.case_id, "weight": item.weight, "lot": item.lot, "reasons": list(item.reasons)}
        for item in drawn
    ]

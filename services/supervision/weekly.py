"""定期调度: the weekly lists per leader and unit, computed at any time and kept as they were at the start of each week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from services.domain.clocks.calendar import CHINA, WorkCalendar, day_of, local
from services.domain.supervision.dispatch_list import DispatchList, Line, OwedLine, by_leader, by_unit
from services.domain.supervision.ladder import QuietHours
from services.domain.supervision.view import CaseView
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork
from services.supervision import repository as rows
from services.supervision.seen import as_view

OPEN_CASES = """
SELECT * FROM supervision.cases WHERE open AND ($1::text IS NULL OR unit_id = $1 OR (unowned AND $1 = '-'))
AND ($2::text IS NULL OR leader_id = $2) ORDER BY case_id
"""
OWED_LINES = """
SELECT id::text, lead_unit_id AS unit_id, lead_unit AS unit, source, problem, person, deadline FROM registers.ledger
WHERE open AND origin <> 'case' AND lead_unit_id IS NOT NULL AND deadline <= $1 AND ($2::text IS NULL OR lead_unit_id = $2)
ORDER BY deadline, id
"""
KEEP = """
INSERT INTO supervision.weekly (week, kind, owner_id, content, prepared_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7009)"
PREPARED = "SELECT EXISTS (SELECT FROM supervision.weekly WHERE week = $1)"
KEPT = """
SELECT week, kind, owner_id, content, prepared_at FROM supervision.weekly
WHERE week = $1 AND ($2::text IS NULL OR (kind = 'unit' AND owner_id = $2)) AND ($3::text IS NULL OR (kind = 'leader' AND owner_id = $3))
ORDER BY kind DESC, owner_id
"""
UNOWNED = "-"
"""Stands for the owner of cases no unit has."""


async def views(connection: Connection, *, unit_id: str | None = None, leader_id: str | None = None) -> list[CaseView]:
    """Open cases as the domain sees them, all or those of one owner (`-`: those no unit has)."""
    found = await connection.fetch(OPEN_CASES, unit_id, leader_id)
    clocks = await rows.kept_clocks(connection, [row["case_id"] for row in found])
    return [as_view(row, (kept.deadline for kept in clocks.get(row["case_id"], ()))) for row in found]


async def lines(connection: Connection, now: datetime, *, unit_id: str | None = None) -> list[OwedLine]:
    """Lines of the ledger that no case follows, due within the week or late."""
    found = await connection.fetch(OWED_LINES, day_of(now) + timedelta(days=7), unit_id)
    return [OwedLine(**row) for row in found]


async def current(
    connection: Connection, now: datetime, *, unit_id: str | None = None, leader_id: str | None = None
) -> tuple[DispatchList, ...]:
    """The lists as they are now: one owner's, or every unit's and every leader's."""
    cases = await views(connection, unit_id=unit_id, leader_id=leader_id)
    if leader_id is not None:
        return by_leader(cases, now)
    units = by_unit(cases, now, lines=await lines(connection, now, unit_id=unit_id))
    return units if unit_id is not None else (*units, *by_leader(cases, now))


def week_of(now: datetime) -> date:
    """The Monday of the week."""
    day = day_of(now)
    return day - timedelta(days=day.weekday())


def prepare_at(week: date, quiet: QuietHours, calendar: WorkCalendar) -> datetime:
    """When a week's lists are made: at the digest hour of its first working day."""
    return datetime.combine(calendar.next_working(week), time(quiet.digest_hour), CHINA)


async def keep(unit: UnitOfWork, now: datetime) -> int:
    """Keep the lists of this week, once; how many there are."""
    week = week_of(now)
    if not await unit.connection.fetchval(ONE_AT_A_TIME) or await unit.connection.fetchval(PREPARED, week):
        return 0
    cases = await views(unit.connection)
    units = by_unit(cases, now, lines=await lines(unit.connection, now))
    kept = [("unit", item) for item in units] + [("leader", item) for item in by_leader(cases, now)]
    await unit.connection.executemany(KEEP, [(week, kind, item.owner_id or UNOWNED, as_json(item, now), now) for kind, item in kept])
    return len(kept)


async def kept(connection: Connection, week: date, *, unit_id: str | None = None, leader_id: str | None = None) -> list[dict[str, Any]]:
    """The lists of a week as they were kept: week, kind, owner_id, content (see `as_json`), prepared_at."""
    return [dict(row) for row in await connection.fetch(KEPT, week, unit_id, leader_id)]


def as_json(item: DispatchList, now: datetime) -> dict[str, Any]:
    """A list as plain values; times in China's zone."""
    return {
        "owner_id": item.owner_id or UNOWNED,
        "owner": item.owner,
        "since": local(item.since).isoformat(),
        "until": local(item.until).isoformat(),
        "total": item.total,
        "summary": item.summary,
        **{name: _lines(getattr(item, name)) for name in ("moved", "still", "due", "overdue", "repeated")},
        "ledger": [
            {"id": line.id, "source": line.source, "problem": line.problem, "person": line.person, "deadline": str(line.deadline), "remark": line.remark(now)}
            for line in item.ledger
        ],
    }


def _lines(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [
        {
            "case_id": line.case.case_id, "case_no": line.case.case_no, "summary": line.case.summary, "region": line.case.region,
            "status": line.case.status.label, "unit": line.case.unit, "leader": line.case.leader, "remark": line.remark,
        }
        for line in lines
    ]  # fmt: skip

"""What is overdue and what is due next: cases by their clocks, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.domain.clocks.calendar import WorkCalendar
from services.domain.clocks.deadlines import two_clocks
from services.infra.postgres import Connection

# A case once, with the duty that is overdue longest; cases no unit has come first.
OVERDUE = """
SELECT * FROM (
    SELECT DISTINCT ON (k.case_id) k.case_id, k.case_no, k.status, k.summary, k.region, k.unit_id, k.unit, k.person_id, k.leader_id,
           k.leader, k.urgency, k.unowned, k.ordinal, k.repeat_ordinal, k.step, k.first_received_at, k.signed_in_at, c.clock, c.label,
           c.rule_id, c.rule_version, c.calendar_version, c.due_at, c.last_day, c.provisional
    FROM supervision.clocks c JOIN supervision.cases k ON k.case_id = c.case_id
    WHERE c.kind = 'limit' AND c.due_at <= $1 AND ($2::text IS NULL OR k.unit_id = $2)
      AND ($3::text IS NULL OR k.leader_id = $3 OR k.leader = $3) AND ($4::text IS NULL OR k.region = $4)
    ORDER BY k.case_id, c.due_at) AS late
ORDER BY unowned DESC, due_at, case_no LIMIT $5
"""
NEXT_DUE = """
SELECT DISTINCT ON (case_id) case_id, clock, label, due_at, last_day, provisional FROM supervision.clocks
WHERE kind = 'limit' AND case_id = ANY($1::uuid[]) ORDER BY case_id, due_at
"""


async def overdue(
    connection: Connection, calendar: WorkCalendar, now: datetime, *, unit_id: str | None = None, leader: str | None = None,
    region: str | None = None, limit: int = 200,
) -> list[dict[str, Any]]:
    """Cases with an overdue duty. `days` are working days since it ended, None past the holiday table; `public_days` and
    `unit_days` how long the public has waited and the present unit has had it."""  # fmt: skip
    found = []
    for row in await connection.fetch(OVERDUE, now, unit_id, leader, region, limit):
        waits = two_clocks(row["first_received_at"], row["signed_in_at"], None, now, calendar)
        late = two_clocks(row["due_at"], None, None, now, calendar)
        found.append({
            **dict(row), "days": late.public_working_days, "public_days": waits.public_working_days,
            "unit_days": waits.unit_working_days,
        })  # fmt: skip
    return found


async def next_due(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The duty of each case that is due next (or overdue longest): clock, label, due_at, last_day, provisional."""
    return {row["case_id"]: dict(row) for row in await connection.fetch(NEXT_DUE, list(ids))}

"""Assignments as labels for whoever learns units: who led what was closed, who sent what back, and why.

In the form `petitions train --tickets` reads, by receipt number for a file and by complaint for `--from-database`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.domain.case.returns import training_records
from services.domain.case.state import load_state
from services.infra.postgres import Connection

# The complaints' scrubbed texts are triage's; the returns and who took the case in the end are casework's.
RETURNED = """
SELECT c.state::text AS state, l.receipt_no, t.event ->> 'text' AS text, t.event ->> 'title' AS title, l.received_at
FROM casework.cases c JOIN casework.complaint_cases l ON l.case_id = c.case_id
LEFT JOIN triage.complaints t ON t.id = l.complaint_id
WHERE c.case_id IN (SELECT case_id FROM casework.returns WHERE lead AND at > now() - $1 * interval '1 day')
ORDER BY l.received_at, l.receipt_no
"""

CLOSED = """
SELECT l.complaint_id::text AS id, array_agg(DISTINCT c.lead_unit) AS units, min(c.case_no) AS case_no
FROM casework.cases c JOIN casework.complaint_cases l ON l.case_id = c.case_id
WHERE c.status IN ('closed_out', 'looked_back') AND c.lead_unit IS NOT NULL GROUP BY l.complaint_id
"""
SENT_BACK = """
SELECT l.complaint_id::text AS id, c.state::text AS state
FROM casework.cases c JOIN casework.complaint_cases l ON l.case_id = c.case_id
WHERE c.case_id IN (SELECT case_id FROM casework.returns WHERE lead) ORDER BY l.received_at, l.receipt_no
"""


async def unit_labels(connection: Connection, name_of: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """By complaint: `unit` that led its closed case or took a returned one, `returns` with their grounds, and `case`.

    A complaint split over cases of several leads names no unit: its text is not the duty of either alone. What was
    declined or is still open teaches nothing but its returns.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in await connection.fetch(CLOSED):
        unit = name_of(row["units"][0]) if len(row["units"]) == 1 else None
        found[row["id"]] = {"case": row["case_no"], "unit": unit, "returns": []}
    for row in await connection.fetch(SENT_BACK):
        state = load_state(row["state"])
        records = training_records(state)
        right = records[0].right_unit if records else None
        label = found.setdefault(row["id"], {"case": state.case_no, "unit": name_of(right) if right else None, "returns": []})
        label["returns"] += [{"unit": name_of(record.not_unit), "ground": record.ground} for record in records]
    return found


async def returned_assignments(connection: Connection, days: int, name_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """One ticket for each complaint of a returned case: its scrubbed text, who returned it and why, who took it in the end.

    `unit` is None while nobody accepted; `name_of` gives a unit's name.
    """
    found: list[dict[str, Any]] = []
    for row in await connection.fetch(RETURNED, days):
        state = load_state(row["state"])
        records = training_records(state)
        right = records[0].right_unit if records else None
        found.append({
            "id": row["receipt_no"], "text": row["text"] or state.matter.summary, "title": row["title"] or "",
            "time": row["received_at"].isoformat(), "types": [kind.value for kind in state.matter.types], "matter": state.case_no,
            "unit": name_of(right) if right else None,
            "returns": [{"unit": name_of(record.not_unit), "ground": record.ground} for record in records],
        })  # fmt: skip
    return found

"""Returned assignments as labels: counter-examples for whoever learns which unit a matter belongs to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.domain.case.returns import training_records
from services.domain.case.state import load_state
from services.infra.postgres import Connection

RETURNED = """
SELECT state::text AS state FROM casework.cases
WHERE case_id IN (SELECT case_id FROM casework.returns WHERE lead AND at > now() - $1 * interval '1 day') ORDER BY case_id
"""


async def returned_assignments(connection: Connection, days: int) -> list[dict[str, Any]]:
    """One record for each return by a lead unit; `right_unit` is who accepted in the end, None while nobody has."""
    rows = await connection.fetch(RETURNED, days)
    return [asdict(record) for row in rows for record in training_records(load_state(row["state"]))]

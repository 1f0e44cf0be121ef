"""Triage hears which cases ended and which were opened again: a complaint for an ended one is a recurrence (反弹)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from contracts.casework import CaseChanged, changed_type
from contracts.dead_letter import FailureVerdict
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork
from services.triage.repository import END

TELLING = frozenset(changed_type(kind) for kind in ("closed_out", "looked_back", "reopened"))
ENDED = frozenset({"closed_out", "looked_back"})
"""What was declined or found untrue is no rebound when it comes again: only new facts open it."""


def concerns(record: Record) -> bool:
    """Whether a change can end a case or open one."""
    return record.headers.get("ce_type") in TELLING


class Ending:
    """Handles changes of cases in order; the last one of each says whether it is ended."""

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> None:
        """One transaction's work."""
        ended: dict[UUID, bool] = {}
        for record in records:
            try:
                event = CaseChanged.from_bytes(record.value)
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
                continue
            ended[event.case_id] = event.status in ENDED
        ids = sorted(ended)
        await unit.connection.execute(END, ids, [ended[id] for id in ids])

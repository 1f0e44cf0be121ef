"""Cases come back to dispatch: returned by their unit, or opened again after close-out.

A return is a counter-example: the unit never leads that case again, nor does its kind where it says the duty is not
its own. The second return goes to the desk as designated, and what is designated may not be returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from contracts.cases import CaseOpened
from contracts.casework import CaseChanged, changed_type
from contracts.dead_letter import FailureVerdict
from contracts.vocabulary import ReturnGround
from services.dispatch import repository as rows
from services.dispatch.handlers import Batch, Dispatching
from services.domain.city import City
from services.domain.routing import Returned
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork

CONCERNS = frozenset(
    changed_type(kind)
    for kind in (
        "assigned", "leader_appointed", "part_returned", "reopened",
        "verified", "declined", "closed_out", "looked_back", "merged_away", "merge_undone",
    )
)  # fmt: skip
ENDED = frozenset({"closed_out", "looked_back", "untrue", "declined", "merged"})
"""States in which a case is no load on its leader."""
NOT_THEIR_KIND = frozenset({ReturnGround.NOT_OUR_DUTY.value, ReturnGround.LEGAL_ROUTE.value})
RETURNS_BEFORE_DESIGNATION = 2
"""信访工作条例 art. 24: where the duty is disputed, it is designated; casework's limit of returns is the same by default."""


def concerns(record: Record) -> bool:
    """Whether a change concerns who has the case."""
    return record.headers.get("ce_type") in CONCERNS


class Changes:
    """Handles changes of cases, in order per case."""

    def __init__(self, dispatching: Dispatching) -> None:
        self.dispatching = dispatching

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work."""
        events: list[tuple[CaseChanged, Record]] = []
        for record in records:
            try:
                events.append((CaseChanged.from_bytes(record.value), record))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not events:
            return None
        await self.dispatching.renew(unit)
        cases = await rows.lock_cases(unit.connection, sorted({event.case_id for event, _ in events}))
        await _keep_returns(unit, [event for event, _ in events])
        returned = await rows.returned(unit.connection, list(cases))
        batch = Batch(unit, self.dispatching.city, self.dispatching.clock())
        again: dict[Any, tuple[CaseChanged, Record]] = {}
        for event, record in events:
            _follow(cases[event.case_id], event)
            if event.kind == "reopened" or (event.kind == "part_returned" and event.detail.get("lead")):
                again[event.case_id] = (event, record)
            elif event.kind in ("assigned", "merged_away"):
                again.pop(event.case_id, None)  # somebody decided already
        for id, (event, record) in again.items():
            case = cases[id]
            if case.opened:
                history = returned.get(id, []) if event.kind == "part_returned" else []
                known = returned_by(history, self.dispatching.city)
                batch.assign(
                    case, CaseOpened.from_bytes(case.opened.encode()), record, known,
                    designated=len(history) >= RETURNS_BEFORE_DESIGNATION,
                )  # fmt: skip
        await batch.lead([(cases[id], record) for id, (_, record) in again.items() ])
        await batch.write(list(cases.values()))
        return batch.observe


def _follow(case: rows.CaseRow, event: CaseChanged) -> None:
    """Take over what people decided about the case elsewhere."""
    match event.kind:
        case "assigned":
            case.assignments = max(case.assignments, int(event.detail.get("sequence", 0)))
            case.lead_unit = event.lead_unit or case.lead_unit
        case "leader_appointed":
            case.leader_id = event.leader_id or case.leader_id
        case "reopened":
            case.reopened, case.ended = True, False
        case "verified" | "declined" | "closed_out" | "looked_back" | "merged_away" | "merge_undone":
            case.ended = event.status in ENDED


def returned_by(history: Sequence[Any], city: City) -> Returned:
    """The units that gave a case back, and the kinds whose duty it is not."""
    units = [row["unit_id"] for row in history]
    known = city.index.units
    kinds = {known[row["unit_id"]].kind for row in history if row["ground"] in NOT_THEIR_KIND and row["unit_id"] in known}
    return Returned(frozenset(units), frozenset(kinds), history[-1]["proposed_unit"] if history else None)


async def _keep_returns(unit: UnitOfWork, events: Sequence[CaseChanged]) -> None:
    found = [
        (e.case_id, e.version, e.unit or "", e.detail.get("ground", ""), e.detail.get("proposed_unit"), e.occurred_at)
        for e in events
        if e.kind == "part_returned" and e.detail.get("lead")
    ]
    if found:
        await unit.connection.execute(rows.KEEP_RETURNS, *map(list, zip(*found, strict=True)))

"""Changes of cases become clocks, the ladder's next look, outcomes of look-backs and rebounds.

A change is a doorbell: the case's state is read as it stands, so a late, repeated or overtaken record does no harm, and
a later version is never undone by an earlier one. What only the change itself tells (a step taken, a look-back's answer,
a complaint on a closed case) is taken from the record, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from contracts.casework import CaseChanged
from contracts.dead_letter import FailureVerdict
from contracts.supervision import CaseEscalated
from contracts.topics import ESCALATED
from contracts.vocabulary import SupervisionStep
from services.domain.case.events import LinkAdded, LookedBack
from services.domain.case.state import load_state
from services.domain.rulebook import RuleBook
from services.domain.supervision.ladder import ORDER
from services.infra.clock import Clock
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork
from services.supervision import look_back, proposals
from services.supervision import repository as rows
from services.supervision.notices import Notices
from services.supervision.seen import CLOSED, Asked, Seen, as_asked, brief, case_row, clock_rows, see

CHANGES_OF_OTHERS = frozenset({"looked_back", "link_added", "opened", "closed_out", "supervised"})
"""Kinds that say more than the state after them."""


class Following:
    """Keeps supervision's tables in step with casework's."""

    def __init__(self, book: RuleBook, *, clock: Clock) -> None:
        self.book = book
        self.clock = clock

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work; see `services.infra.batches` for what surrounds it."""
        changes: list[CaseChanged] = []
        for record in records:
            try:
                changes.append(CaseChanged.from_bytes(record.value))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not changes:
            return None
        ids = sorted({change.case_id for change in changes})
        with stage("supervision", "lock"):
            known = await rows.lock_cases(unit.connection, ids)
        with stage("supervision", "read"):
            states = await unit.connection.fetch(rows.STATES, ids)
            seen = await asyncio.to_thread(see_all, states, self.book)
        with stage("supervision", "write"):
            fresh = {id: item for id, item in seen.items() if item.version > known[id]["version"]}
            lists = await keep(unit, fresh, known, self.book, self.clock())
            await self._follow(unit, sorted(changes, key=lambda c: (c.case_id, c.version)), seen)
            await rows.show_in_lists(unit.connection, lists)
        return None

    async def _follow(self, unit: UnitOfWork, changes: Sequence[CaseChanged], seen: Mapping[UUID, Seen]) -> None:
        telling = [change for change in changes if change.kind in CHANGES_OF_OTHERS and change.case_id in seen]
        if not telling:
            return
        notices = Notices(await rows.directory(unit.connection), self.book, self.clock())
        for change in telling:
            match change.kind:
                case "supervised":
                    await self._supervised(unit, change, seen[change.case_id], notices)
                case "closed_out":
                    await unit.connection.execute(rows.CLOSED, change.case_id, change.occurred_at, change.lead_unit)
                case "looked_back":
                    closed = await look_back.close_out_of(unit.connection, change.case_id)
                    event = LookedBack.model_validate(change.detail)
                    await look_back.answered(unit, change.case_no, change.region, event, closed)
                case "link_added" if change.status in CLOSED:
                    closed = await look_back.close_out_of(unit.connection, change.case_id)
                    await look_back.complaint_added(unit, LinkAdded.model_validate(change.detail), closed, self.book.look_back)
                case "opened":
                    await look_back.case_opened(unit, change, seen[change.case_id], self.book)
        await rows.notify(unit.connection, notices.rows)

    async def _supervised(self, unit: UnitOfWork, change: CaseChanged, seen: Seen, notices: Notices) -> None:
        step, reason = SupervisionStep(change.detail["step"]), change.reason or ""
        escalated = CaseEscalated(
            event_id=uuid5(change.case_id, f"escalated/{change.version}"), occurred_at=change.occurred_at, case_id=change.case_id,
            case_no=change.case_no, version=change.version, step=step, reason=reason, by=change.by, region=change.region,
            unit_id=change.lead_unit, leader_id=change.leader_id,
        )  # fmt: skip
        unit.emit(ESCALATED, change.case_id, escalated)
        await proposals.taken(unit, change.case_id, ORDER[: ORDER.index(step) + 1], by=change.by, at=change.occurred_at)
        notices.taken(seen.view, step, reason, change.version)


def see_all(states: Sequence[Any], book: RuleBook) -> dict[UUID, Seen]:
    """Rows of casework's snapshots as supervision sees them; CPU work, off the event loop."""
    found = ((row["case_id"], see(load_state(row["state"]), book)) for row in states)
    return {id: item for id, item in found if item is not None}


async def keep(
    unit: UnitOfWork, seen: Mapping[UUID, Seen], known: Mapping[UUID, Any], book: RuleBook, now: datetime
) -> dict[UUID, list[dict[str, Any]]]:
    """Replace what is kept of these cases (their rows in `known` are locked); what lists should show of their clocks."""
    if not seen:
        return {}
    ids = sorted(seen)
    before = await rows.kept_clocks(unit.connection, ids, lock=True)
    lapsed = await proposals.lapse(unit, {id: seen[id].view for id in ids}, book, now)
    cases, clocks = [], []
    for id in ids:
        asked = as_asked(known[id])
        if id in lapsed or seen[id].view.step is asked.step:
            asked = Asked(held_until=asked.held_until)
        cases.append(case_row(seen[id], asked, book))
        clocks += clock_rows(id, seen[id].clocks, before.get(id, ()), book.case.deadlines, now)
    await rows.save(unit.connection, cases, clocks)
    return {id: brief(seen[id].clocks) for id in ids}

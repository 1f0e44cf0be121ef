"""From states and events to rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.domain.case.events import CaseEvent, PartReturned
from services.domain.case.links import counts
from services.domain.case.state import CaseState, dump_state
from services.domain.history import ChainLink


def case_row(case_id: UUID, state: CaseState, head: str) -> tuple[Any, ...]:
    """A row of `casework.cases` in the order of `repository.CASE_COLUMNS`."""
    (id, version, digest, status, region, lead, leader, urgency, types, respondent, place, summary, ordinal, repeat,
     complaints, reporters, first, last, progress, person, snapshot, units) = changing(case_id, state, head)  # fmt: skip
    return (
        id, state.case_no, version, digest, status, region, state.city, lead, _list(units), leader, urgency, _list(types),
        respondent, place, summary, ordinal, repeat, complaints, reporters, state.opened_at, first, last, progress, person,
        snapshot,
    )  # fmt: skip


def changing(case_id: UUID, state: CaseState, head: str, *, counted: bool = True) -> tuple[Any, ...]:
    """What changes of a case, in the order of `repository.SAVE`; the counts only where its links changed."""
    total = counts([state.links]) if counted else None
    matter = state.matter
    return (
        case_id, state.version, head, str(state.status), state.region,
        state.lead.unit_id if state.lead else None, state.leader.person_id if state.leader else None,
        matter.urgency.value, ",".join(kind.value for kind in matter.types), matter.respondent or None, matter.place or None,
        matter.summary, state.ordinal, max(1, total.repeat_ordinal) if total else None, total.submissions if total else None,
        total.petitioners or min(1, total.anonymous) if total else None, state.first_received_at, state.last_event_at, state.last_progress_at,
        person_of(state), dump_state(state), ",".join(part.unit_id for part in state.parts),
    )  # fmt: skip


def _list(joined: str) -> list[str]:
    return joined.split(",") if joined else []


def person_of(state: CaseState) -> str | None:
    """Who answers for the case in its lead unit: the first of the unit's people in the task force."""
    return state.lead.members[0].person_id if state.lead and state.lead.members else None


def event_row(case_id: UUID, event: CaseEvent, link: ChainLink) -> tuple[Any, ...]:
    """A row of `casework.events`."""
    return (
        case_id, event.version, event.type, event.at, event.by, event.role.value, event.unit, link.body, link.digest,
    )  # fmt: skip


def link_rows(state: CaseState) -> list[tuple[Any, ...]]:
    """The rows of `casework.complaint_cases` of one case."""
    return [
        (UUID(link.complaint_id), UUID(state.case_id), link.id, link.receipt_no, link.kind.value, link.weight, link.reporter,
         link.signatories, link.received_at)
        for link in state.links
    ]  # fmt: skip


def return_rows(events: Iterable[CaseEvent]) -> list[tuple[Any, ...]]:
    """Returned parts, as counter-examples are read."""
    return [
        (UUID(event.case_id), event.version, event.unit or "", event.lead, event.ground.value, event.reason or "",
         event.proposed_unit, event.at)
        for event in events
        if isinstance(event, PartReturned)
    ]  # fmt: skip

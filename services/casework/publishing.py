"""What others are told of changed cases: every event in order, and every source its answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import orjson

from contracts.casework import changed_type
from contracts.complaints import AnswerState, ComplaintAnswered
from contracts.topics import ANSWERED, CASE_CHANGED
from services.casework import repository as rows
from services.domain.case.answers import Answer, answers
from services.domain.case.events import CaseEvent, Opened
from services.domain.case.state import CaseState
from services.domain.case.values import WHOLE
from services.infra.trace import child_of
from services.infra.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from services.casework.cases import Held

CHANGED_TYPES: dict[str, str] = {}


def publish_changes(unit: UnitOfWork, cases: Iterable[tuple[UUID, Held]], *, traceparent: str | None = None) -> None:
    """One record per event on `petition.case.changed.v1`."""
    trace = child_of(traceparent)  # one span for the transaction: what was told in it belongs together
    for case_id, held in cases:
        for step, link in zip(held.steps, held.links, strict=True):
            event = step.event
            event_id = change_id(case_id, event.version)
            unit.emit_value(
                CASE_CHANGED, case_id, event_id, change_value(event_id, event, step.state, link.body), at=event.at,
                type_=CHANGED_TYPES.setdefault(event.type, changed_type(event.type)), traceparent=trace,
            )  # fmt: skip


def change_id(case_id: UUID, version: int) -> UUID:
    """The event id of a change: the same however often it is told."""
    return uuid5(case_id, f"changed/{version}")


def change_value(event_id: UUID, event: CaseEvent, after: CaseState, body: bytes) -> bytes:
    """A `CaseChanged` as JSON; `body` is the stored event."""
    status = after.status
    told: dict[str, Any] = {
        "event_id": event_id,
        "occurred_at": event.at,
        "case_id": event.case_id,
        "case_no": after.case_no,
        "version": event.version,
        "kind": event.type,
        "label": event.label,
        "by": event.by,
        "role": event.role.value,
        "unit": event.unit,
        "reason": event.reason,
        "status": status.value if status else "",
        "status_label": status.label if status else "",
        "region": after.region,
        "city": after.city,
        "lead_unit": after.lead.unit_id if after.lead else None,
        "leader_id": after.leader.person_id if after.leader else None,
        "ordinal": after.ordinal,
        "complaints": _submissions(after),
        "first_received_at": after.first_received_at,
        "detail": orjson.Fragment(body),
    }
    return orjson.dumps({name: value for name, value in told.items() if value is not None}, option=orjson.OPT_UTC_Z)


def _submissions(state: CaseState) -> str:
    """件次, as text: the usual case of one whole complaint without arithmetic."""
    counting = state.counting
    if len(counting) == 1:
        return str(counting[0].weight)
    return str(sum((link.weight for link in counting), WHOLE - WHOLE))


async def publish_answers(unit: UnitOfWork, cases: Iterable[Held], *, traceparent: str | None = None) -> None:
    """Every complaint its answer, towards the source it came from."""
    owed: list[tuple[Held, Answer]] = []
    for held in cases:
        # Intake has told the source of the registration already, with the receipt number.
        telling = [step.event for step in held.steps if not isinstance(step.event, Opened)]
        owed += [(held, answer) for answer in answers(telling, held.state)]
    if not owed:
        return
    sources = await _sources(unit, [UUID(answer.complaint_id) for _, answer in owed])
    for held, answer in owed:
        complaint = UUID(answer.complaint_id)
        if complaint not in sources:
            continue
        source, external_id = sources[complaint]
        told = ComplaintAnswered(
            event_id=uuid5(complaint, f"answer/{held.state.case_id}/{held.state.version}"), occurred_at=answer.at, source=source,
            external_id=external_id, receipt_no=answer.receipt_no, state=AnswerState(answer.kind.value), message=answer.message,
        )  # fmt: skip
        unit.emit(ANSWERED, source, told, traceparent=traceparent)


async def _sources(unit: UnitOfWork, complaints: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    found = await unit.connection.fetch(rows.SOURCES, list(complaints))
    return {row["complaint_id"]: (row["source"], row["external_id"]) for row in found}

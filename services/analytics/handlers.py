"""Every event becomes a note of what is to be counted anew; the refresher does the counting.

A case's own acts (signed in, concluded, reopened …) ask for its history; what only changes what stands behind it asks for
the complaints, so that a matter with thousands of complaints is not read whole for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from contracts.assignments import CaseAssigned, LeaderAssigned
from contracts.cases import CaseOpened, ComplaintLinked, LinkReviewRequested, LinkUndone
from contracts.casework import CaseChanged
from contracts.complaints import ComplaintRegistered
from contracts.dead_letter import FailureVerdict
from contracts.envelope import Event
from contracts.topics import (
    ASSIGNED,
    CASE_CHANGED,
    LEADER_ASSIGNED,
    LINK_UNDONE,
    LINKED,
    OPENED,
    REGISTERED,
    REVIEW_REQUESTED,
    Topic,
)
from services.analytics import repository as store
from services.domain.indicators.history import LINKING_KINDS
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork

PAYLOADS: dict[str, type[Event]] = {
    topic.name: payload
    for topic, payload in (
        (REGISTERED, ComplaintRegistered), (OPENED, CaseOpened), (LINKED, ComplaintLinked), (LINK_UNDONE, LinkUndone),
        (REVIEW_REQUESTED, LinkReviewRequested), (ASSIGNED, CaseAssigned), (LEADER_ASSIGNED, LeaderAssigned),
        (CASE_CHANGED, CaseChanged),
    )
}  # fmt: skip
TOPICS: tuple[Topic, ...] = (
    REGISTERED, OPENED, LINKED, LINK_UNDONE, REVIEW_REQUESTED, ASSIGNED, LEADER_ASSIGNED, CASE_CHANGED,
)  # fmt: skip


async def handle(unit: UnitOfWork, records: Sequence[Record]) -> None:
    """One transaction's work: note what the batch touched."""
    touched: dict[tuple[str, UUID], None] = {}
    for record in records:
        try:
            event = PAYLOADS[record.topic].from_bytes(record.value)
        except ValidationError as failure:
            await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
            continue
        touched.update(dict.fromkeys(touches(event)))
    await store.touch(unit.connection, touched)


def touches(event: Event) -> Iterator[tuple[str, UUID]]:
    """(kind, id) of every complaint and case whose facts the event may change."""
    match event:
        case CaseChanged():
            if event.kind not in LINKING_KINDS:
                yield "case", event.case_id
            yield from (("complaint", id) for id in complaints_in(event.detail))
        case CaseOpened():
            yield "complaint", event.complaint_id
            yield "case", event.case_id
        case LinkUndone():
            yield "complaint", event.complaint_id
            yield "case", event.restored_case
        case ComplaintRegistered() | ComplaintLinked() | LinkReviewRequested():
            yield "complaint", event.complaint_id
        case CaseAssigned() | LeaderAssigned():
            yield "case", event.case_id


def complaints_in(detail: dict[str, Any]) -> Iterator[UUID]:
    """Complaints a change of a case names: its links, its link, or one alone."""
    links = [*(detail.get("links") or ()), *([detail["link"]] if detail.get("link") else ()), detail]
    for link in links:
        if link.get("complaint_id"):
            yield UUID(link["complaint_id"])

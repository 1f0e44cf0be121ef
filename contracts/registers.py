"""Registers: emergencies and who is told, risk sources and the cases about them. No petitioner appears anywhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.complaints import Share
from contracts.envelope import Event
from contracts.vocabulary import RiskArea


class EmergencyPaged(Event):
    """Somebody on duty must look now; phones, messages and the console act on it. Each `page` is published once."""

    emergency_id: UUID
    complaint_id: UUID
    receipt_no: str
    page: str = Field(description="Names the page: the same however often it is computed.")
    purpose: str = Field(description="acknowledge, report_due or report_overdue.")
    role: str = Field(description="Who is called, as the ladder names the post.")
    persons: tuple[str, ...] = Field(default=(), description="Staff on duty in that post today, by id or name.")
    channels: tuple[str, ...] = ()
    text: str
    also: tuple[UUID, ...] = Field(
        default=(), description="Other open ones of the same district and hours: several people may tell of one event."
    )
    region: str | None = None
    grade: str | None = None
    due_at: AwareDatetime = Field(description="When it had to go out; later than this means an outage.")
    report_due_at: AwareDatetime


class EmergencyChanged(Event):
    """One change of one emergency, in the order of `version`; what stands beside `detail` is the state after it."""

    emergency_id: UUID
    complaint_id: UUID
    receipt_no: str
    version: int = Field(ge=1)
    kind: str = Field(description="suspected, noted, acknowledged, graded, located, reported or dismissed.")
    label: str
    by: str
    reason: str | None = None
    status: str
    region: str | None = None
    grade: str | None = None
    report_due_at: AwareDatetime
    detail: dict[str, Any] = Field(default_factory=dict)


class NeighbourNotified(Event):
    """A neighbouring district is told about an event that may cross its border, and told when it was none."""

    emergency_id: UUID
    district: str = Field(description="Six-digit code of the district that is told.")
    from_district: str | None = None
    kind: str = Field(description="suspected, graded or dismissed.")
    grade: str | None = None
    text: str


class RiskSourceMatched(Event):
    """A case is about a registered risk source; its urgency is raised for that reason, or a person is asked first."""

    case_id: UUID
    case_no: str
    source_id: str
    source: str
    area: RiskArea
    score: Share
    why: str
    confirmed: bool = Field(description="True where the name says so or a person does; a guess waits for a person.")
    decided_by: str

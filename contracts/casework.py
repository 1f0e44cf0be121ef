"""Casework: what happened to a case, what is asked of one, and the answer to who asked. Nothing here identifies a petitioner.

Every stored event of a case goes out on one topic in the order of `version`; a topic for each kind would lose that
order. The CloudEvents `ce_type` header tells the kinds apart (`changed_type`), so that a consumer filters unparsed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.envelope import Event, Model

TOKEN_HEADER = "petitions-token"
"""Header of a command record that carries the sender's access token."""


def changed_type(kind: str) -> str:
    """The `ce_type` of a kind of change: `signed_in` is `petition.case.signed-in.v1`."""
    return f"petition.case.{kind.replace('_', '-')}.v1"


class CaseChanged(Event):
    """One change of one case. `event_id` follows from case and version; what is told beside `detail` is the state after it."""

    case_id: UUID
    case_no: str
    version: int = Field(ge=1, description="Numbers the changes of one case from 1 without a gap.")
    kind: str = Field(description="What happened, e.g. signed_in, part_returned, closed_out.")
    label: str = Field(description="The same in Chinese.")
    by: str = Field(description="Id of the person or system that did it.")
    role: str = Field(description="In which role.")
    unit: str | None = None
    reason: str | None = None
    status: str = Field(description="Where the case stands after it, e.g. rectifying.")
    status_label: str = ""
    region: str | None = None
    city: str | None = None
    lead_unit: str | None = None
    leader_id: str | None = None
    ordinal: int = Field(default=1, description="How often the case was opened: 1, and one more with each reopening.")
    complaints: Decimal = Field(default=Decimal(0), description="件次: complaints behind the case, split ones by their weights.")
    first_received_at: AwareDatetime | None = None
    detail: dict[str, Any] = Field(default_factory=dict, description="The whole event as stored.")


class CaseCommand(Event):
    """Something is asked of a case. `event_id` names the command: sent twice, it is done once.

    The sender's token travels in the header `petitions-token`. `command` holds its `type` and fields, as the HTTP
    API takes them (`POST /api/v1/cases/{case}/commands`).
    """

    case_id: UUID
    command: dict[str, Any]


class Problem(Model):
    """Why a command was refused: which rule, where it comes from, what to do instead."""

    code: str
    message: str
    instead: str
    provenance: str
    field: str | None = None
    changes: tuple[str, ...] = Field(
        default=(), description="What happened since the version the sender had seen, a line each."
    )


class ChangeRef(Model):
    """One event a command brought about."""

    case_id: UUID
    version: int
    kind: str
    label: str


class CommandAnswered(Event):
    """What became of a command: its events, or why not."""

    command_id: UUID
    case_id: UUID
    accepted: bool
    version: int | None = None
    status: str | None = None
    events: tuple[ChangeRef, ...] = ()
    problem: Problem | None = None


class IdentityRevealed(Event):
    """Somebody saw who is behind a complaint: which fields, in which role, for what purpose. Never what was seen."""

    complaint_id: UUID
    receipt_no: str
    reader: str
    role: str
    unit: str | None = None
    fields: tuple[str, ...]
    purpose: str

"""Events about single complaints, from registration on. None of them carries an identity."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.envelope import Event, Model
from contracts.vocabulary import DemandType, SourceChannel, Urgency

Share = Annotated[float, Field(ge=0, le=1)]


class Region(Model):
    """Where it happens. `code` is a six-digit district code or None; unknown is a value, not an error."""

    code: str | None = None
    city: str = Field(description="Six-digit code of the city that handles it.")
    confidence: Share = 0.0
    how: str = Field(default="unknown", description="What decided: code, address, text or unknown.")
    districts: tuple[str, ...] = Field(default=(), description="Every district named; two or more where it crosses a border.")
    town: str | None = Field(default=None, description="Nine-digit code of the sub-district or town, where known.")

    @property
    def shard(self) -> str:
        """Key of the registered topic: the district, or the city where the district is unknown."""
        return self.code or self.city


class AttachmentRef(Model):
    """An attachment by reference; its name and address stay with the sealed original."""

    number: int
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None


class ComplaintRegistered(Event):
    """A complaint has its receipt number; identities are in the vault and the text is scrubbed.

    Published again with a higher `version` when the source sends a changed version of the same complaint.
    """

    complaint_id: UUID
    version: int = 1
    receipt_no: str
    source: str
    external_id: str
    channel: SourceChannel = SourceChannel.OTHER
    received_at: AwareDatetime
    registered_at: AwareDatetime
    region: Region
    title: str | None = None
    text: str
    address: str | None = None
    respondent: str | None = None
    demand: DemandType | None = None
    urgency: Urgency | None = None
    pollution_types: tuple[str, ...] = ()
    reporter: str | None = Field(default=None, description="Opaque; equal for the same person; None when anonymous.")
    anonymous: bool = False
    confidential: bool = False
    reply_wanted: bool = True
    signatories: int = 1
    key_item: bool = Field(default=False, description="Marked by an inspection group as to be watched (重点关注件).")
    cited_receipts: tuple[str, ...] = ()
    attachments: tuple[AttachmentRef, ...] = ()
    scrubbed: dict[str, int] = Field(default_factory=dict, description="How many identities were replaced, by kind.")


class RejectionReason(Model):
    """Why a record was refused: which field, why, and what the sender can do. Never the value itself."""

    field: str
    code: str
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


class ComplaintRejected(Event):
    """A submitted record could not be registered; it is kept sealed and can be mended and replayed."""

    source: str = Field(description="As the record said it, or 'unknown'.")
    external_id: str | None = None
    topic: str
    partition: int
    offset: int
    dead_letter_id: UUID
    reasons: tuple[RejectionReason, ...]


class AnswerState(StrEnum):
    """What a source is told about a complaint."""

    REGISTERED = "registered"
    RESENT = "resent"
    UPDATED = "updated"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    IN_PROGRESS = "in_progress"
    CONCLUDED = "concluded"
    CLOSED_OUT = "closed_out"
    REOPENED = "reopened"


class ComplaintAnswered(Event):
    """What the source may tell the petitioner, in plain Chinese, about this one complaint and nobody else's."""

    source: str
    external_id: str
    receipt_no: str
    state: AnswerState
    message: str

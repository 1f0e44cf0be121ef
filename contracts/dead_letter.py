"""What is said about a record that could not be handled. The record itself stays sealed in the dead-letter store."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from contracts.envelope import Event


class FailureVerdict(StrEnum):
    """Why a record is in the dead-letter queue."""

    PERMANENT = "permanent"
    BUG = "bug"


class DeadLettered(Event):
    """A record was set aside; `dead_letter_id` finds it for mending and replay."""

    dead_letter_id: UUID
    topic: str
    partition: int
    offset: int
    consumer: str
    verdict: FailureVerdict
    reason: str

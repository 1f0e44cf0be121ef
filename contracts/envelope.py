"""The envelope every event travels in: CloudEvents 1.0 in Kafka headers, a frozen pydantic model as JSON in the value.

Within one version of a topic only optional fields are added; readers ignore fields they do not know, so that an old
reader understands a new writer. Anything else is a new topic with the next version number.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

CONTENT_TYPE = "application/json"
SPEC_VERSION = "1.0"


class Model(BaseModel):
    """Base of every payload part: immutable, tolerant of unknown fields, silent about values in its errors."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, use_enum_values=False)


class Event(Model):
    """Something that happened, with an id of its own and the moment it happened (aware, UTC)."""

    event_id: UUID = Field(default_factory=uuid4, description="Unique for ever; a consumer handles it once.")
    occurred_at: AwareDatetime = Field(description="When it happened, not when it was published.")

    def to_bytes(self) -> bytes:
        """The value of the Kafka record."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read a record's value; raises `pydantic.ValidationError` without the offending input in its text."""
        return cls.model_validate_json(raw)


def cloud_headers(event: Event, *, type_: str, source: str, subject: str, traceparent: str | None = None) -> dict[str, str]:
    """CloudEvents headers (binary mode of the Kafka binding) for an event about to be published."""
    return headers_of(event.event_id, event.occurred_at, type_=type_, source=source, subject=subject, traceparent=traceparent)


def headers_of(
    event_id: UUID, occurred_at: datetime, *, type_: str, source: str, subject: str, traceparent: str | None = None
) -> dict[str, str]:
    """The same from an event's id and moment."""
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_type": type_,
        "ce_source": source,
        "ce_time": occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_subject": subject,
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return headers


def known_fields(model: type[Model]) -> dict[str, Any]:
    """Field name → annotation, for generators and tests."""
    return {name: field.annotation for name, field in model.model_fields.items()}


def utc(moment: datetime) -> datetime:
    """An aware moment in UTC; raises ValueError for a naive one, which would mean two different instants."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is ambiguous")
    return moment.astimezone(UTC)

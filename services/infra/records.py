"""A Kafka record as handlers see it: bytes and position, with an identity that survives redelivery."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `headers` are decoded leniently: a header is a hint, never a reason to lose the record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, str]
    timestamp_ms: int

    @property
    def position(self) -> str:
        """Where it lies in the log, for logs and dead letters."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def traceparent(self) -> str | None:
        """W3C trace context of the record's producer, if any."""
        return self.headers.get("traceparent")

    @property
    def event_id(self) -> UUID:
        """What the inbox remembers.

        Our own events carry `ce_id`. A hotline's id is not trusted to be unique: its record is known by position,
        time and content, so that a redelivery is recognised while a real resend at another offset is not, and a
        recreated topic whose offsets start again does not swallow new complaints.
        """
        declared = self.headers.get("ce_id") if self.headers.get("ce_source", "").startswith("petitions/") else None
        if declared:
            try:
                return UUID(declared)
            except ValueError:
                pass
        digest = hashlib.blake2b(self.value, digest_size=16, key=(self.key or b"")[:64]).hexdigest()
        return uuid5(NAMESPACE_URL, f"{self.position}/{self.timestamp_ms}/{digest}")


def from_kafka(raw: Any) -> Record:
    """A Record from aiokafka's ConsumerRecord; never raises, whatever the headers hold."""
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value or b"",
        headers={name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers},
        timestamp_ms=raw.timestamp or 0,
    )


def from_batch(raws: Sequence[Any]) -> list[Record]:
    """Records of one poll, in partition and offset order."""
    return sorted((from_kafka(raw) for raw in raws), key=lambda r: (r.partition, r.offset))

"""Trace context from the hotline's record to the assignment, through inbox and outbox (W3C traceparent)."""

from __future__ import annotations

import os
import re

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def child_of(traceparent: str | None) -> str:
    """The traceparent of a new span: in the given trace, or in a fresh one where there is none or it is malformed."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    trace, flags = (match[1], match[3]) if match and match[1] != "0" * 32 else (os.urandom(16).hex(), "01")
    return f"00-{trace}-{os.urandom(8).hex()}-{flags}"


def trace_id(traceparent: str | None) -> str | None:
    """The trace's id, for log lines."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    return match[1] if match else None

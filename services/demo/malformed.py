"""Records that cannot be registered, each with the reasons intake must give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from contracts.submitted import MAX_RECORD_BYTES, MAX_TEXT


@dataclass(frozen=True, slots=True)
class BadRecord:
    """Bytes nobody can register; `reasons` are `field: CODE`, sorted."""

    value: bytes
    key: bytes
    reasons: tuple[str, ...]


def malformed(now: datetime, mark: str) -> list[BadRecord]:
    """A dozen of what really arrives: broken JSON, other encodings, missing and impossible fields, too much of a thing."""
    found: list[BadRecord] = []

    def bad(value: bytes | dict[str, Any], *reasons: str) -> None:
        raw = value if isinstance(value, bytes) else orjson.dumps(value)
        found.append(BadRecord(raw, f"BAD{mark}{len(found):02d}".encode(), tuple(sorted(reasons))))

    def complaint(**changes: Any) -> dict[str, Any]:
        whole = {
            "source": "hotline-12345",
            "external_id": f"BAD{mark}{len(found):02d}",
            "received_at": now.isoformat(),
            "text": "柳堤路夜里有人施工，请核实。",
        }
        return {key: value for key, value in {**whole, **changes}.items() if value is not ...}

    bad(b'{"source": "hotline-12345", "external_id": "BAD", "text": "\xe5\xa4\x9c\xe9\x87\x8c', "$: NOT_JSON")
    bad(orjson.dumps(complaint()).decode().encode("gb18030"), "$: NOT_UTF8")
    bad(orjson.dumps([complaint()]), "$: NOT_OBJECT")
    bad(b"source=hotline-12345&text=1", "$: NOT_JSON")
    bad(complaint(text=...), "text: MISSING")
    bad(complaint(text="  \n "), "text: BLANK")
    bad(complaint(text="吵" * (MAX_TEXT + 1)), "text: TOO_LONG")
    bad(complaint(received_at="上周三晚上"), "received_at: BAD_TIME")
    bad(complaint(received_at=..., external_id=...), "external_id: MISSING", "received_at: MISSING")
    bad(complaint(external_id="19900001234"), "external_id: IDENTITY_IN_ID")
    bad(complaint(attachments=[{"uri": "data:image/png;base64,iVBORw0KGgo="}]), "attachments[0].uri: INLINE_CONTENT")
    bad(complaint(attachments=[{"uri": "x", "name": "a" * MAX_RECORD_BYTES}]), "$: TOO_LARGE")
    return found

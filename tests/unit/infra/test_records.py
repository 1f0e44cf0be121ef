"""A record's identity survives redelivery and is not fooled by strangers' headers."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from services.infra.records import Record, from_kafka
from services.infra.trace import child_of, trace_id

ID = "8b0a4a52-5d7e-4a8e-9d3e-0d6f3a0f7f01"


def a_record(**changes: object) -> Record:
    base = dict(topic="t", partition=0, offset=7, key=b"k", value=b"v", headers={}, timestamp_ms=1000)
    return Record(**{**base, **changes})  # type: ignore[arg-type]


def test_the_same_record_read_twice_is_the_same_event() -> None:
    assert a_record().event_id == a_record().event_id


@pytest.mark.parametrize("change", [{"offset": 8}, {"partition": 1}, {"topic": "u"}, {"value": b"w"}, {"timestamp_ms": 1001}])
def test_another_position_time_or_content_is_another_event(change: dict[str, object]) -> None:
    assert a_record(**change).event_id != a_record().event_id


def test_our_own_events_are_known_by_their_cloud_events_id_wherever_they_lie() -> None:
    ours = {"ce_id": ID, "ce_source": "petitions/triage"}
    assert a_record(headers=ours, offset=1).event_id == a_record(headers=ours, offset=2).event_id == UUID(ID)


def test_a_hotline_cannot_hide_a_complaint_behind_an_id_already_used() -> None:
    theirs = {"ce_id": ID, "ce_source": "hotline/one"}
    assert a_record(headers=theirs, offset=1).event_id != a_record(headers=theirs, offset=2).event_id


def test_an_id_that_is_no_uuid_does_not_break_the_record() -> None:
    assert a_record(headers={"ce_id": "7", "ce_source": "petitions/triage"}).event_id == a_record().event_id


def test_headers_that_are_not_text_are_read_leniently() -> None:
    raw = SimpleNamespace(
        topic="t", partition=0, offset=1, key=None, value=None, timestamp=None, headers=[("a", b"\xff\xfe"), ("b", None)]
    )
    record = from_kafka(raw)
    assert record.value == b"" and record.headers["b"] == "" and "\ufffd" in record.headers["a"]


def test_a_trace_goes_on_with_a_new_span() -> None:
    parent = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    child = child_of(parent)
    assert trace_id(child) == trace_id(parent) and child != parent


@pytest.mark.parametrize("broken", [None, "", "garbage", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
def test_a_missing_or_malformed_trace_starts_a_fresh_one(broken: str | None) -> None:
    assert trace_id(child_of(broken)) not in (None, "0" * 32)

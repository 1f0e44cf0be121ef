"""Reading what hotlines send: what is refused, what is forgiven, and that no refusal repeats the value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.rejections import Rejection, RejectionCode
from contracts.submitted import (
    MAX_ATTACHMENTS,
    MAX_RECORD_BYTES,
    MAX_TEXT,
    ComplaintSubmitted,
    is_identity_card,
    parse_submitted,
    read_submitted,
)
from contracts.vocabulary import DemandType, SourceChannel


def a_record(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "source": "hotline12345.mingguang",
        "external_id": "20261124055334",
        "received_at": "2026-11-24T09:05:07+08:00",
        "text": "翠竹路烧烤店夜里油烟很大，居民不敢开窗。",
    }
    record.update(changes)
    return {name: value for name, value in record.items() if value is not ...}


def parsed(**changes: Any) -> ComplaintSubmitted:
    result = parse_submitted(json.dumps(a_record(**changes), ensure_ascii=False).encode())
    assert isinstance(result, ComplaintSubmitted), [(r.field, r.code) for r in result]
    return result


def refused(raw: bytes | dict[str, Any]) -> list[tuple[str, RejectionCode]]:
    result = parse_submitted(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    assert isinstance(result, list)
    return [(rejection.field, rejection.code) for rejection in result]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b"", RejectionCode.NOT_JSON, id="nothing"),
        pytest.param(b"{", RejectionCode.NOT_JSON, id="cut off"),
        pytest.param("{'text': '吵'}".encode("gbk"), RejectionCode.NOT_UTF8, id="GBK"),
        pytest.param(b"[" * 100_000, RejectionCode.TOO_DEEP, id="nested without end"),
        pytest.param(b'{"a":' * 1_500 + b"1" + b"}" * 1_500, RejectionCode.TOO_DEEP, id="nested and closed"),
        pytest.param(b"[{}]", RejectionCode.NOT_OBJECT, id="a list"),
        pytest.param(b'"text"', RejectionCode.NOT_OBJECT, id="a string"),
        pytest.param(b'{"a":' + b"9" * 5_000 + b"}", RejectionCode.NOT_JSON, id="a number no machine has"),
        pytest.param(b" " * (MAX_RECORD_BYTES + 1), RejectionCode.TOO_LARGE, id="too large"),
    ],
)
def test_bytes_that_are_no_record_are_refused_as_a_whole(raw: bytes, code: RejectionCode) -> None:
    assert refused(raw) == [("$", code)]


@pytest.mark.parametrize("field", ["source", "external_id", "received_at", "text"])
def test_each_required_field_is_named_when_it_is_missing(field: str) -> None:
    assert refused(a_record(**{field: ...})) == [(field, RejectionCode.MISSING)]
    assert refused(a_record(**{field: None})) == [(field, RejectionCode.MISSING)]


@pytest.mark.parametrize("field", ["source", "external_id", "received_at", "text"])
def test_each_required_field_is_named_when_it_is_blank(field: str) -> None:
    assert refused(a_record(**{field: "   "})) == [(field, RejectionCode.BLANK)]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"text": "吵" * (MAX_TEXT + 1)}, "text", RejectionCode.TOO_LONG),
        ({"text": ["吵"]}, "text", RejectionCode.WRONG_TYPE),
        ({"text": "吵\0"}, "text", RejectionCode.BAD_CHARACTER),
        ({"text": "吵\ud83d"}, "text", RejectionCode.BAD_SURROGATE),
        ({"petitioner": {"name": "周\0岩"}}, "petitioner.name", RejectionCode.BAD_CHARACTER),
        ({"received_at": "昨晚"}, "received_at", RejectionCode.BAD_TIME),
        ({"received_at": "2026-02-30 10:00"}, "received_at", RejectionCode.BAD_TIME),
        ({"received_at": 17}, "received_at", RejectionCode.BAD_TIME),
        ({"received_at": "2026-11-24T10:00:00+99:99"}, "received_at", RejectionCode.BAD_TIME),
        ({"external_id": "x/y"}, "external_id", RejectionCode.BAD_ALPHABET),
        ({"external_id": "工单一号"}, "external_id", RejectionCode.BAD_ALPHABET),
        ({"external_id": "a" * 65}, "external_id", RejectionCode.TOO_LONG),
        ({"external_id": "13912345678"}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"external_id": "TEL13912345678"}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"external_id": "8613912345678"}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"external_id": "GD-13912345678-1"}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"external_id": "11010519491231002X"}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"external_id": "N05351234567", "petitioner": {"phone": "05351234567"}}, "external_id", RejectionCode.IDENTITY_IN_ID),
        ({"title": "题" * 301}, "title", RejectionCode.TOO_LONG),
        ({"petitioner": "匿名"}, "petitioner", RejectionCode.WRONG_TYPE),
        ({"attachments": [{"uri": "s3://b/1"}] * (MAX_ATTACHMENTS + 1)}, "attachments", RejectionCode.TOO_MANY),
        ({"attachments": [{"uri": "data:image/png;base64,AAAA"}]}, "attachments[0].uri", RejectionCode.INLINE_CONTENT),
        ({"attachments": [{"uri": "s3://b/1"}, {"name": "a.jpg"}]}, "attachments[1].uri", RejectionCode.MISSING),
        ({"attachments": [7]}, "attachments[0]", RejectionCode.WRONG_TYPE),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_kept_is_refused_by_its_path(
    changes: dict[str, Any], field: str, code: RejectionCode
) -> None:
    assert refused(a_record(**changes)) == [(field, code)]


def test_all_faults_of_a_record_are_told_at_once() -> None:
    faults = refused({"text": " ", "received_at": "?", "attachments": [{}, {"name": "b"}]})
    assert {field for field, _ in faults} >= {
        "source",
        "external_id",
        "received_at",
        "text",
        "attachments[0].uri",
    }


SECRET = "13987654321"


@given(
    st.dictionaries(
        st.sampled_from([*ComplaintSubmitted.model_fields, "else", SECRET]),
        st.recursive(
            st.sampled_from([SECRET, SECRET + "\0", SECRET * 2000, "\ud800" + SECRET, None, "", float("nan")])
            | st.integers()
            | st.booleans(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["name", "phone", "uri", "size", "representatives", SECRET]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ),
    )
)
@settings(max_examples=300)
def test_any_json_gives_a_complaint_or_rejections_that_never_repeat_what_was_sent(
    record: dict[str, Any],
) -> None:
    result = parse_submitted(json.dumps(record).encode())
    if isinstance(result, list):
        assert result
        for rejection in result:
            assert SECRET not in rejection.model_dump_json()
            assert rejection.reason_zh and rejection.reason_en and rejection.remedy_zh and rejection.remedy_en
    else:
        assert all(SECRET not in path for path in result.set_aside)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_answered_without_an_exception(raw: bytes) -> None:
    assert isinstance(parse_submitted(raw), (list, ComplaintSubmitted))


def test_a_validation_error_of_the_model_hides_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        ComplaintSubmitted.model_validate(a_record(external_id=SECRET))
    assert SECRET not in str(caught.value)


# ---------------------------------------------------------------- forgiven


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-24T01:05:07Z",
        "2026-11-24T09:05:07+08:00",
        "2026-11-24T09:05:07.000+0800",
        "2026-11-24 09:05:07",
        "2026/11/24 9:05:07",
        "2026.11.24 9:05:07",
        "2026年11月24日 9时5分7秒",
        "２０２６-11-24 ０９:05:07",
        "20261124090507",
        1795482307000,
        "1795482307000",
        1795482307,
    ],
)
def test_times_are_read_as_hotlines_write_them_and_without_an_offset_as_beijing_time(written: Any) -> None:
    assert parsed(received_at=written).received_at == datetime(2026, 11, 24, 1, 5, 7, tzinfo=UTC)


def test_a_time_without_seconds_or_without_a_clock_is_read() -> None:
    assert parsed(occurred_at="2026-11-24 09:05").occurred_at == datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
    assert parsed(occurred_at="2026/11/4").occurred_at == datetime(2026, 11, 3, 16, tzinfo=UTC)


@pytest.mark.parametrize("nothing", ["", "  ", "无", "NULL", "-", float("nan"), [], {}])
def test_optional_fields_that_say_nothing_are_absent_and_not_set_aside(nothing: Any) -> None:
    complaint = parsed(
        title=nothing, respondent=nothing, occurred_at=nothing, coordinates=nothing, channel=nothing
    )
    assert complaint == parsed()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("occurred_at", "每天夜里"),
        ("region_code", "青山区"),
        ("coordinates", "很近"),
        ("demand", "闲聊"),
        ("channel", "飞鸽"),
        ("flags", {"群体": "也许"}),
        ("industry", {"code": 1}),
    ],
)
def test_an_optional_value_that_cannot_be_read_is_set_aside_by_name_not_refused(
    field: str, value: Any
) -> None:
    complaint = parsed(**{field: value})
    assert complaint.set_aside == (field,)
    assert complaint.text == parsed().text


def test_unknown_fields_are_kept_out_and_never_fatal() -> None:
    complaint = parsed(
        座席="08", nested={"deep": [{"a": "\0"}]}, petitioner={"name": "周岩", "mood": "angry"}
    )
    assert "座席" not in complaint.model_dump_json() and "angry" not in complaint.model_dump_json()


def test_numbers_as_strings_and_strings_as_numbers_are_read() -> None:
    complaint = parsed(
        external_id=20261124055334,
        region_code=440305,
        petitioner={
            "phone": 13912345678.0,
            "signatories": "１２人",
            "anonymous": "否",
            "confidential": 1,
            "reply_wanted": "是",
        },
        attachments=[{"uri": "s3://b/1.jpg", "size": "2048", "sha256": "AB" * 32}],
    )
    assert complaint.external_id == "20261124055334" and complaint.region_code == "440305"
    block = complaint.petitioner
    assert (block.phone, block.signatories, block.anonymous) == ("13912345678", 12, False)
    assert (block.confidential, block.reply_wanted) == (True, True)
    assert (complaint.attachments[0].size, complaint.attachments[0].sha256) == (2048, "ab" * 32)


@pytest.mark.parametrize(
    ("source", "written", "channel"),
    [
        ("h", "HOTLINE_12345", SourceChannel.HOTLINE_12345),
        ("h", "env-12369-web", SourceChannel.ENV_12369_WEB),
        ("h", "１２３４５热线", SourceChannel.HOTLINE_12345),
        ("h", "来信", SourceChannel.XF_LETTER),
        ("line12369", "微信", SourceChannel.ENV_12369_WECHAT),
        ("line12345", "微信", SourceChannel.HOTLINE_12345),
        ("h", "微信", SourceChannel.OTHER),
    ],
)
def test_channels_are_read_as_codes_chinese_words_and_ways_of_a_known_line(
    source: str, written: str, channel: SourceChannel
) -> None:
    assert parsed(source=source, channel=written).channel is channel


@pytest.mark.parametrize(
    ("written", "demand"),
    [
        ("投诉", DemandType.COMPLAINT),
        ("REPORT", DemandType.REPORT),
        ("投诉举报类", DemandType.COMPLAINT),
        ("咨询件", DemandType.INQUIRY),
    ],
)
def test_demand_types_are_read_as_codes_and_words(written: str, demand: DemandType) -> None:
    assert parsed(demand=written).demand is demand


@pytest.mark.parametrize(
    "written",
    [
        {"longitude": 114.05, "latitude": 22.54},
        {"lng": "114.05", "lat": "22.54"},
        [114.05, 22.54],
        [22.54, 114.05],
        "114.05,22.54",
        "２２.54， 114.05",
    ],
)
def test_coordinates_are_read_in_any_usual_form_and_turned_when_swapped(written: Any) -> None:
    place = parsed(coordinates=written).coordinates
    assert place is not None and (place.longitude, place.latitude) == (114.05, 22.54)


def test_lists_may_come_as_one_string_or_as_flags() -> None:
    complaint = parsed(
        pollution_types="大气、噪声", flags={"群体": True, "舆情": "否"}, earlier_receipts="XF1；XF2"
    )
    assert complaint.pollution_types == ("大气", "噪声")
    assert complaint.flags == ("群体",)
    assert complaint.earlier_receipts == ("XF1", "XF2")


def test_representatives_may_be_names_or_people() -> None:
    block = parsed(
        petitioner={"representatives": ["周岩", {"name": "沈禾", "phone": 13912345678}]}
    ).petitioner
    assert [(person.name, person.phone) for person in block.representatives] == [
        ("周岩", None),
        ("沈禾", "13912345678"),
    ]


def test_a_byte_order_mark_and_raw_line_breaks_in_strings_are_let_pass() -> None:
    raw = json.dumps(a_record(text="第一行@第二行"), ensure_ascii=False).replace("@", "\n")
    complaint = parse_submitted(b"\xef\xbb\xbf" + raw.encode())
    assert isinstance(complaint, ComplaintSubmitted) and complaint.text == "第一行\n第二行"


@pytest.mark.parametrize(
    "number", ["D3SX202605280018*", "20261124-0001", "3f2b1c04-1381-4a77-9d3e-a13812345678"]
)
def test_usual_order_numbers_are_accepted(number: str) -> None:
    assert parsed(external_id=number).external_id == number


def test_the_largest_allowed_record_is_accepted() -> None:
    complaint = parsed(
        text="吵" * MAX_TEXT,
        attachments=[
            {"uri": f"s3://bucket/{n}/" + "a" * 1900, "name": "图" * 255} for n in range(MAX_ATTACHMENTS)
        ],
    )
    assert len(complaint.text) == MAX_TEXT and len(complaint.attachments) == MAX_ATTACHMENTS


def test_what_was_read_can_be_published_and_read_again_unchanged() -> None:
    complaint = parsed(channel="来信", petitioner={"name": "周岩"}, coordinates="114.05,22.54", flags="群体")
    assert parse_submitted(complaint.model_dump_json().encode()) == complaint
    assert read_submitted(complaint.model_dump(mode="json")) == complaint


def test_the_key_is_source_and_external_id() -> None:
    assert parsed().key == "hotline12345.mingguang:20261124055334"


def test_a_rejection_survives_the_wire() -> None:
    result = parse_submitted(b"[]")
    assert isinstance(result, list)
    (rejection,) = result
    assert Rejection.model_validate_json(rejection.model_dump_json()) == rejection


def test_the_check_character_of_an_identity_card_is_verified() -> None:
    assert is_identity_card("11010519491231002X") and is_identity_card("11010519491231002x")
    assert not is_identity_card("110105194912310021") and not is_identity_card("1101051949123100")

"""Files of hotlines become submitted records, or a sentence that says what to mend."""

from __future__ import annotations

import csv
import io
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from contracts.submitted import ComplaintSubmitted, parse_submitted
from services.exports import ExportUnreadable, Preview, RowProblem, guess_columns, open_export, preview, read
from services.exports.tables import MAX_LINE_BYTES, encoding_of

HEADERS = ["工单编号", "来电时间", "诉求内容", "联系人", "联系电话", "是否匿名", "备注"]
ROW = ["GD0001", "2026-11-03 08:12:00", "云溪路烧烤店油烟直排", "陈佳禾", "19900001234", "否", "x"]


def write_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8", **dialect: Any) -> Path:
    buffer = io.StringIO()
    csv.writer(buffer, **dialect).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, rows: list[list[Any]]) -> Path:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(r, c, cell, stamp)
            elif cell is not None:
                sheet.write(r, c, cell)
    book.close()
    return path


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_a_file_of_an_unknown_kind_is_refused_with_the_kinds_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ExportUnreadable, match=r"\.jsonl、\.csv 或 \.xlsx"):
        list(read(tmp_path / "a.docx"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl", "a.xlsx"):
        with pytest.raises(ExportUnreadable, match="打不开"):
            list(read(tmp_path / name))


def test_a_header_without_the_text_column_says_which_columns_there_are_and_how_to_name_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["工单编号", "来电时间", "说了什么"], ["1", "2026-11-01", "吵"]])
    with pytest.raises(ExportUnreadable, match=r"说了什么.*--column 列名=text"):
        list(read(path))
    assert list(read(path, {"说了什么": "text"})) == [(2, {"external_id": "1", "received_at": "2026-11-01", "text": "吵"})]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"没有这列": "text"}, "没有“没有这列”列"),
        ({"备注": "texts"}, "没有“texts”这个字段"),
        ({"备注": "text", "诉求内容": "text"}, "两列"),
    ],
)
def test_a_wrong_column_map_is_refused(tmp_path: Path, mapping: dict[str, str], said: str) -> None:
    with pytest.raises(ExportUnreadable, match=said):
        list(read(write_csv(tmp_path / "a.csv", [HEADERS, ROW]), mapping))


def test_a_line_that_is_no_json_is_named_and_its_neighbours_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = orjson.dumps({"source": "s", "external_id": "1", "received_at": "2026-11-01", "text": "吵"})
    path.write_bytes(b"\n".join([good, b'{"a": ', b"[1]", '{"text":"油烟"}'.encode("gbk"), b"", good]))
    with pytest.raises(ExportUnreadable, match="第 2 行") as caught:
        list(read(path))
    assert caught.value.problem is not None
    problems: list[RowProblem] = []
    assert [line for line, _ in read(path, report=problems.append)] == [1, 6]
    assert [p.line for p in problems] == [2, 3, 4]


def test_a_line_of_many_megabytes_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":"' + b"a" * (MAX_LINE_BYTES + 10) + b'"}\n{"text":"b"}\n')
    problems: list[RowProblem] = []
    assert list(read(path, report=problems.append)) == [(2, {"text": "b"})]
    assert [p.line for p in problems] == [1]


def test_an_unfinished_quote_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADERS) + "\n" + ",".join(ROW) + '\nGD2,2026-11-03,"' + "没完" * 80_000, encoding="utf-8")
    with pytest.raises(ExportUnreadable, match="第 3 行"):
        list(read(path))


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(",".join(HEADERS).encode("gb18030") + b"\nGD1,2026-11-03,\xff\xff\xff\xff\n")
    with pytest.raises(ExportUnreadable, match="编码"):
        list(read(path))


def test_a_broken_workbook_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04 no zip at all")
    with pytest.raises(ExportUnreadable, match="打不开"):
        list(read(path))


def test_an_order_number_that_the_spreadsheet_rounded_is_refused_and_its_phone_is_not_invented(tmp_path: Path) -> None:
    long_number = [202611030000000123.0, "2026-11-03", "吵", None, None]
    long_phone = ["7", "2026-11-03", "吵", None, 2.0**60]
    rows = [HEADERS, long_number, long_phone]
    problems: list[RowProblem] = []
    found = list(read(write_xlsx(tmp_path / "a.xlsx", rows), report=problems.append))
    assert [(p.line, p.column) for p in problems] == [(2, "工单编号")]
    assert found == [(3, {"external_id": "7", "received_at": "2026-11-03", "text": "吵"})]


def test_a_problem_never_holds_the_value(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"phone": "19900001234" 云栖里'.encode())
    with pytest.raises(ExportUnreadable) as caught:
        list(read(path))
    assert "1990000" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ what is read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_whatever_office_wrote_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADERS, ROW], encoding, delimiter=delimiter)
    assert encoding_of(str(path)) == encoding
    [(line, record)] = read(path)
    assert line == 2
    assert record == {
        "external_id": "GD0001",
        "received_at": "2026-11-03 08:12:00",
        "text": "云溪路烧烤店油烟直排",
        "petitioner": {"name": "陈佳禾", "phone": "19900001234", "anonymous": "否"},
    }


def test_a_gb18030_file_whose_chinese_begins_late_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,time,content\n" + b"1,2026-11-03,noise\n" * 80_000 + "2,2026-11-03,油烟\n".encode("gb18030"))
    assert encoding_of(str(path)) == "gb18030"


def test_titles_above_the_header_and_blank_rows_are_passed_over_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["云泽市热线工单导出表"], ["打印日期", "2026-11-20"], HEADERS, [], ROW, [None], ROW]
    assert [line for line, _ in read(write_xlsx(tmp_path / "a.xlsx", rows))] == [5, 7]


def test_workbook_numbers_and_dates_become_what_the_contract_reads(tmp_path: Path) -> None:
    rows = [[*HEADERS, "联名人数"], [20261103.0, datetime(2026, 11, 3, 8, 12), "吵", "陈佳禾", 19900001234.0, "是", None, 12.0]]
    rows.append([20261104.0, 46329.5, "吵", None, None, None, None, None])
    first, second = (record for _, record in read(write_xlsx(tmp_path / "a.xlsx", rows)))
    parsed = parse_submitted(orjson.dumps({"source": "s", **first}))
    assert isinstance(parsed, ComplaintSubmitted)
    assert (parsed.external_id, parsed.petitioner.phone, parsed.petitioner.signatories) == ("20261103", "19900001234", 12)
    assert parsed.petitioner.anonymous
    assert parsed.received_at.isoformat() == "2026-11-03T00:12:00+00:00"
    assert second["received_at"] == "2026-11-03 12:00:00"


def test_json_lines_of_the_contract_pass_unchanged(tmp_path: Path) -> None:
    record = {
        "source": "s", "external_id": "1", "received_at": "2026-11-01", "text": "吵", "petitioner": {"name": "甲乙"},
        "coordinates": {"longitude": 1.0, "latitude": 2.0}, "flags": ["*"], "extra": {"a": 1},
    }  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps(record) + b"\n")
    assert list(read(path)) == [(1, record)]


def test_json_lines_with_their_own_names_are_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps({"id": 7, "time": "2026-11-01", "content": "吵", "tel": "19900001234", "caller": "陈佳禾"}))
    [(_, record)] = read(path, {"caller": "petitioner.name"})
    assert record == {
        "external_id": 7, "received_at": "2026-11-01", "text": "吵", "petitioner": {"phone": "19900001234", "name": "陈佳禾"},
    }  # fmt: skip


def test_a_dash_reads_json_lines_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"text":"a"}\n\n{"text":"b"}')))
    assert list(read("-")) == [(1, {"text": "a"}), (3, {"text": "b"})]


def test_the_likeliest_of_two_columns_wins_and_the_other_is_reported_unused(tmp_path: Path) -> None:
    export = open_export(write_csv(tmp_path / "a.csv", [["编号", *HEADERS, "内容"], ["x", *ROW, "短"]]))
    [(_, record)] = export
    assert record["external_id"] == "GD0001"
    assert record["text"] == ROW[2]
    assert export.columns is not None
    assert export.columns.unused == ("编号", "备注", "内容")
    assert export.columns.column_of("petitioner.phone") == "联系电话"


def test_headers_with_remarks_signs_and_full_width_letters_are_known() -> None:
    assert guess_columns(["* 工单编号（必填）", "诉求内容：", " 联 系 电 话 ", "ＩＤ", "来电人(姓名)", "啥也不是", None]) == {
        "* 工单编号（必填）": "external_id",
        "诉求内容：": "text",
        " 联 系 电 话 ": "petitioner.phone",
        "来电人(姓名)": "petitioner.name",
    }


def test_a_column_can_be_left_out_and_the_next_best_takes_its_place(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["编号", *HEADERS], ["x", *ROW]])
    [(_, record)] = read(path, {"工单编号": "-"})
    assert record["external_id"] == "x"


@given(st.lists(st.text(max_size=12), max_size=15))
def test_no_header_row_breaks_the_guess_and_no_field_is_given_twice(headers: list[str]) -> None:
    guessed = guess_columns(headers)
    assert len(set(guessed.values())) == len(guessed)


CELLS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1), max_size=8)


@given(CELLS)
def test_csv_cells_come_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    rows = [[f"A{i}", "2026-11-03", text, "", "", "", ""] for i, text in enumerate(cells)]
    path = write_csv(tmp_path_factory.mktemp("csv") / "a.csv", [HEADERS, *rows], quoting=csv.QUOTE_ALL)
    assert [r.get("text") for _, r in read(path)] == [text if text.strip() else None for text in cells]


# ------------------------------------------------------------------------------------------------ preview


def test_the_preview_names_row_column_reason_and_remedy(tmp_path: Path) -> None:
    bad_time = [*ROW[:1], "上周三", *ROW[2:]]
    no_text = [*ROW[:2], "", *ROW[3:]]
    export = open_export(write_csv(tmp_path / "a.csv", [HEADERS, ROW, bad_time, no_text]))
    found = preview(export, source="hotline-12345", columns=lambda: export.columns)
    assert (found.rows, found.rejected) == (3, 2)
    assert [(r.line, r.column, r.code) for r in found.refused] == [(3, "来电时间", "BAD_TIME"), (4, "诉求内容", "MISSING")]
    assert all(r.reason and r.remedy for r in found.refused)
    assert found.reasons == {"received_at: BAD_TIME": 1, "text: MISSING": 1}


def test_the_preview_counts_rows_that_could_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'nonsense\n{"external_id":"1","received_at":"2026-11-01","text":"a"}\n')
    counted = Preview()
    found = preview(read(path, report=counted.unreadable), source="s", into=counted)
    assert (found.rows, found.rejected) == (2, 1)


def test_the_preview_keeps_a_bounded_number_of_reasons() -> None:
    found = preview(((n, {}) for n in range(500)), into=Preview(keep=10))
    assert (found.rejected, len(found.refused)) == (500, 10)
    assert found.reasons["text: MISSING"] == 500

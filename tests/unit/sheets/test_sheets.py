"""Uploads that are bombs, broken or merely odd; exports that no spreadsheet runs."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import UTC, date, datetime

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from services.domain.tables import Column, Problem, UnknownColumn, cell_out, heading, read_table, renamed
from services.sheets import Mark, Sheet, SheetRefused, Table, read_sheet, returned_workbook, to_csv, to_workbook
from services.sheets.refused import Limits

KNOWN = {heading(name) for name in ("问题", "措施", "责任单位")}
MARK = Mark("何文岚", datetime(2026, 3, 2, 1, 30, tzinfo=UTC), "DC-1")


def workbook(*rows, sheets=()) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("台账")
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    for name in sheets:
        book.add_worksheet(name).write(0, 0, "别的内容")
    book.close()
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes, *, level: int = 6) -> bytes:
    """The workbook with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
GOOD = workbook(("问题", "措施", "责任单位"), ("偷排", "封堵", "水利局"))
SMALL = Limits(file=200_000, unpacked=300_000, rows=50, columns=20, cells=800, merges=5)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused():
    bomb = with_part(GOOD, "xl/sharedStrings.xml", HEAD + b" " * 2_000_000 + b"</worksheet>", level=9)
    assert len(bomb) < SMALL.file
    with pytest.raises(SheetRefused, match=r"展开后超过.*拆分"):
        read_sheet(bomb, KNOWN, limits=SMALL)


def test_a_part_that_lies_about_its_size_is_not_believed():
    """The central directory claims ten bytes; the stream holds megabytes."""
    honest = with_part(GOOD, SHEET, HEAD + b" " * 2_000_000 + b"</worksheet>", level=9)
    lying = bytearray(honest)
    at = lying.rindex(b"PK\x01\x02", 0, lying.rindex(SHEET.encode()))
    lying[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(SheetRefused):
        read_sheet(bytes(lying), KNOWN, limits=SMALL)


def test_entities_that_expand_each_other_are_refused_before_they_do():
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        b"]><worksheet>&b;</worksheet>"
    )
    for part in (SHEET, "xl/sharedStrings.xml", "docProps/custom.xml"):
        with pytest.raises(SheetRefused, match="DTD"):
            read_sheet(with_part(GOOD, part, laughs), KNOWN, limits=SMALL)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>', "超过50行"),
        (b'<row r="1"><c r="XFD1"><v>1</v></c></row>', "超过20列"),
        (b'<row r="1"><c r="A1"/></row><row r="49"><c r="T49"/></row>', "超过800个单元格"),
        (b"<row/>" * 60, "超过50行"),
    ],
)
def test_two_cells_at_opposite_corners_do_not_make_the_reader_allocate_what_lies_between(rows, told):
    sheet = HEAD + b"<sheetData>" + rows + b"</sheetData></worksheet>"
    with pytest.raises(SheetRefused, match=told):
        read_sheet(with_part(GOOD, SHEET, sheet), KNOWN, limits=SMALL)


def test_merges_without_end_are_refused():
    merges = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (n, n) for n in range(1, 9))
    sheet = HEAD + b"<sheetData><row r='1'><c r='A1'><v>1</v></c></row></sheetData><mergeCells>" + merges + b"</mergeCells></worksheet>"
    with pytest.raises(SheetRefused, match="合并单元格超过5处"):
        read_sheet(with_part(GOOD, SHEET, sheet), KNOWN, limits=SMALL)


def locked() -> bytes:
    data = bytearray(GOOD)
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "是空的"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "旧版 .xls 或加了密码"),
        (GOOD[:-300], "已损坏"),
        (GOOD[: len(GOOD) // 2], "已损坏"),
        (b"PK\x03\x04" + b"\x00" * 100, "已损坏"),
        (locked(), "有密码"),
        (with_part(GOOD, SHEET, b"<worksheet><row>"), "不是合法的 XML"),
        (workbook(), "都是空的"),
        (b"\x00\x01\x02" * 40, "不认识这种文件"),
        (b"\xff\xfe\xff", "编码"),
        ("问题,措施,责任单位\n\"偷排,封堵".encode(), "引号没有成对"),
        (b"a," * 30 + b"\n", "超过20列"),
        (b"a\n" * 60, "超过50行"),
        (b"a" * 200_001, "超过0 MB"),
        (b"\n\n\n\n\n\n\n\n\n\n\n\na", "没有表头"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_with_reason_and_remedy(data, told):
    with pytest.raises(SheetRefused, match=told) as refused:
        read_sheet(data, KNOWN, limits=SMALL)
    assert refused.value.remedy.endswith("。")


def test_a_zip_of_something_else_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(SheetRefused, match="没有工作表"):
        read_sheet(out.getvalue(), KNOWN, limits=SMALL)


def test_a_title_above_merged_cells_and_other_sheets_are_told_and_row_numbers_stay_those_on_screen():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("台账")
    page.merge_range(0, 0, 0, 2, "某县整改台账")
    page.write_row(2, 0, ("问题", "措施", "责任单位"))
    page.write_row(3, 0, ("偷排", "封堵"))
    page.merge_range(3, 2, 4, 2, "水利局")
    page.write_row(4, 0, ("超标", "改造"))
    page.write_row(6, 0, ("扬尘", "围挡", "住建局"))
    book.add_worksheet("封面").write(0, 0, "说明")
    book.close()
    sheet = read_sheet(out.getvalue(), KNOWN, limits=SMALL)
    assert (sheet.first, sheet.above, sheet.unread) == (4, 1, ("封面",))
    assert sheet.rows[1] == ("超标", "改造", "水利局"), "a merged block means its value in each of its rows"
    reading = read_table(sheet.header, sheet.rows, (Column(key="a", name="问题"),), first=sheet.first)
    assert [row.number for row in reading.accepted] == [4, 5, 7] and reading.blank_rows == 1


def test_a_cell_with_an_error_is_neither_empty_nor_a_value():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("台账")
    page.write_row(0, 0, ("问题", "措施"))
    page.write_formula(1, 1, "=1/0", None, "#DIV/0!")
    book.close()
    sheet = read_sheet(out.getvalue(), KNOWN, limits=SMALL)
    assert [str(fault) for fault in sheet.faults()] == ["第2行“措施”：单元格是错误值（如 #REF!），请改为实际内容。"]
    columns = (Column(key="a", name="问题"), Column(key="b", name="措施"))
    reading = read_table(sheet.header, sheet.rows, columns, first=sheet.first).refusing(sheet.faults())
    assert reading.complete and reading.refused_rows == {2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_csv_is_read_in_the_encodings_and_with_the_separators_offices_use(encoding, mark):
    text = f"台账\n问题{mark}措施{mark}责任单位\n\"偷排{mark}夜间\"{mark}封堵{mark}水利局\n"
    sheet = read_sheet(text.encode(encoding), KNOWN)
    assert sheet.header == ("问题", "措施", "责任单位") and sheet.first == 3
    assert sheet.rows == ((f"偷排{mark}夜间", "封堵", "水利局"),)


def test_a_wanted_sheet_is_read_and_an_unknown_one_told():
    data = workbook(("问题",), ("偷排",), sheets=("二季度",))
    assert read_sheet(data, KNOWN, sheet="二季度").header == ("别的内容",)
    with pytest.raises(SheetRefused, match=r"没有工作表“三季度”。现有的工作表：台账、二季度"):
        read_sheet(data, KNOWN, sheet="三季度")


# --- headings of others ------------------------------------------------------------------------------------------------

COLUMNS = (Column(key="problem", name="问题", aliases=("内容",)), Column(key="unit", name="责任单位"))


def test_a_column_map_names_headings_of_other_ledgers_and_wins_over_a_guess():
    header = renamed(("反映情况", "内容", "承担部门"), {"反映情况": "problem", "承担部门": "责任单位"}, COLUMNS)
    reading = read_table(header, [("偷排", "原文", "水利局")], COLUMNS)
    assert reading.accepted[0].values == {"problem": "偷排", "unit": "水利局"}
    assert reading.accepted[0].extra == {"（另列）内容": "原文"}, "the displaced column is kept, not dropped"


@pytest.mark.parametrize(("mapping", "told"), [({"反映": "颜色"}, "没有“颜色”这一栏"), ({"没有的": "problem"}, "表中没有“没有的”列")])
def test_a_column_map_that_fits_nothing_is_refused(mapping, told):
    with pytest.raises(UnknownColumn, match=told):
        renamed(("反映",), mapping, COLUMNS)


# --- writing -----------------------------------------------------------------------------------------------------------

EVIL = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "  =1", "\t=1", "\n=1")


@pytest.mark.parametrize("text", EVIL)
def test_no_text_is_run_by_a_spreadsheet_and_it_reads_back_as_it_was(text):
    table = Table("台账", ("问题", "措施"), [(text, 1)])
    csv = to_csv(table, MARK).decode("utf-8-sig")
    assert f"'{text}" in csv.replace('""', '"')
    book = to_workbook(table, MARK)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert b"<f>" not in archive.read(SHEET) and not any("externalLink" in name for name in archive.namelist())
    for data in (to_csv(table, MARK), book):
        sheet = read_sheet(data, KNOWN)
        reading = read_table(sheet.header, sheet.rows, (Column(key="a", name="问题"),), first=sheet.first)
        assert str(reading.accepted[0].values["a"]).strip() == text.strip()


def test_an_export_says_who_took_it_and_when_on_every_page_and_row():
    table = Table("台账", ("问题",), [("偷排",), ("超标",)])
    assert to_csv(table, MARK).decode("utf-8-sig").count("何文岚 2026-03-02 09:30 编号DC-1") == 2
    book = to_workbook(table, MARK)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[1][0] == "导出：何文岚 2026-03-02 09:30 编号DC-1"
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert "编号DC-1" in archive.read(SHEET).decode()


def test_the_mark_is_no_content_when_the_file_is_imported_again():
    for data in (to_csv(Table("台账", ("问题",), [("偷排",)]), MARK), to_workbook(Table("台账", ("问题",), [("偷排",)]), MARK)):
        sheet = read_sheet(data, KNOWN)
        reading = read_table(sheet.header, sheet.rows, COLUMNS, first=sheet.first)
        assert reading.accepted[0].values["problem"] == "偷排" and reading.accepted[0].extra == {} and reading.unknown == ()


def test_refused_rows_come_back_with_their_reason_and_can_be_mended_in_place():
    sheet = Sheet(("问题", "措施"), (("偷排", None), ("=超标", date(2026, 5, 1)), ("扬尘", "围挡")), 5)
    problems = [Problem(5, "措施", "不能为空。"), Problem(6, "措施", "不是文字。"), Problem(6, "问题", "太短。")]
    data = returned_workbook("整改台账", sheet, problems, frozenset({5, 6}), MARK)
    again = read_sheet(data, KNOWN)
    assert again.header == ("原行号", "退回原因", "问题", "措施")
    assert again.rows[0] == (5.0, "“措施”不能为空。", "偷排", None) or again.rows[0] == (5.0, "“措施”不能为空。", "偷排")
    assert again.rows[1][1] == "“措施”不是文字。“问题”太短。" and len(again.rows) == 2
    reading = read_table(again.header, again.rows, (Column(key="problem", name="问题"),), first=again.first)
    assert [row.values["problem"] for row in reading.accepted] == ["偷排", "=超标"]
    assert all("退回原因" not in row.extra for row in reading.accepted)


def test_a_text_longer_than_a_cell_holds_ends_with_a_note():
    data = to_workbook(Table("台账", ("问题",), [("长" * 40_000,)]), MARK)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert str(rows[-1][0]).endswith("（全文过长，已截断）")


def test_what_is_no_text_is_left_alone():
    assert cell_out(-5) == -5 and cell_out(date(2026, 1, 1)) == date(2026, 1, 1) and cell_out(None) is None

"""Tables written for people: formulas disarmed, marked with who took them and when, ready to print on A4."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.domain.tables import Cell, Problem, cell_out
from services.sheets.reading import Sheet

LOCAL = ZoneInfo("Asia/Shanghai")
MARK, REASON, ROW = "导出标记", "退回原因", "原行号"
WIDE = 46
MAX_TEXT = 32_000
"""A cell of a spreadsheet holds 32,767 characters; longer texts end with a note instead of being refused."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who took a table out, when, and the number it is recorded under."""

    who: str
    at: datetime
    number: str

    def __str__(self) -> str:
        return f"{self.who} {self.at.astimezone(LOCAL):%Y-%m-%d %H:%M} 编号{self.number}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be written; cells as the domain has them, made safe here. `further` are more sheets of its workbook."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    further: Sequence[Table] = ()


def to_csv(table: Table, mark: Mark) -> bytes:
    """CSV of the table alone in UTF-8 with a byte order mark, as Excel expects it; every row carries the mark in its last column."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(cell_out(name) for name in table.header), MARK])
    for row in table.rows:
        writer.writerow([*(_plain(cell_out(value)) for value in row), cell_out(str(mark))])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_workbook(table: Table, mark: Mark) -> bytes:
    """XLSX with title, mark above the table and in the printed foot, repeated heading, filter; a sheet for each further table."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": table.title, "author": mark.who, "comments": str(mark)})
    formats = _formats(book)
    for page in (table, *table.further):
        sheet = book.add_worksheet(page.title[:31])
        sheet.write_string(0, 0, page.title, formats["title"])
        sheet.write_string(1, 0, f"导出：{mark}", formats["mark"])
        _table(sheet, 2, page.header, page.rows, formats, {})
        sheet.autofilter(2, 0, 2 + len(page.rows), max(0, len(page.header) - 1))
        sheet.freeze_panes(3, 0)
        _printed(sheet, 2, mark)
    book.close()
    return out.getvalue()


def returned_workbook(title: str, sheet: Sheet, problems: Sequence[Problem], refused: frozenset[int], mark: Mark) -> bytes:
    """The refused rows as they came, what is wrong marked and told beside: mend it here and import this file again."""
    reasons: dict[int, list[str]] = {}
    faults: dict[int, set[str]] = {}
    for problem in problems:
        reasons.setdefault(problem.row, []).append(f"“{problem.column}”{problem.message}")
        faults.setdefault(problem.row, set()).add(problem.column)
    numbers = sorted(refused)
    names = [str(name or "").strip() for name in sheet.header]
    width = max([len(names), *(len(sheet.rows[number - sheet.first]) for number in numbers)], default=len(names))
    names += [""] * (width - len(names))
    rows, marks = [], {}
    for index, number in enumerate(numbers):
        row = sheet.rows[number - sheet.first]
        rows.append([number, "".join(reasons.get(number, ())), *row])
        for column, name in enumerate(names):
            if name in faults.get(number, ()):
                marks[index, column + 2] = "fault"
        marks[index, 1] = "fault"
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "author": mark.who, "comments": str(mark)})
    formats = _formats(book)
    page = book.add_worksheet("退回")
    page.write_string(0, 0, f"{title}：退回{len(numbers)}行。按“{REASON}”改正后，可直接导入本表。", formats["title"])
    page.write_string(1, 0, f"导出：{mark}", formats["mark"])
    _table(page, 2, (ROW, REASON, *names), rows, formats, marks)
    page.freeze_panes(3, 2)
    _printed(page, 2, mark)
    book.close()
    return out.getvalue()


def _formats(book: xlsxwriter.Workbook) -> Mapping[str, Format]:
    cell = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF", "font_name": "宋体", "font_size": 10}
    return {
        "title": book.add_format({"bold": True, "font_size": 14, "font_name": "宋体"}),
        "mark": book.add_format({"font_color": "#808080", "font_size": 9, "font_name": "宋体"}),
        "head": book.add_format({**cell, "bold": True, "bg_color": "#E7EFEF", "align": "center"}),
        "cell": book.add_format(cell),
        "date": book.add_format({**cell, "num_format": "yyyy-mm-dd", "align": "center"}),
        "fault": book.add_format({**cell, "bg_color": "#FBE3E0"}),
    }


def _table(
    page: Worksheet, top: int, header: Sequence[str], rows: Sequence[Sequence[object]], formats: Mapping[str, Format],
    marks: Mapping[tuple[int, int], str],
) -> None:  # fmt: skip
    for column, name in enumerate(header):
        page.write_string(top, column, str(cell_out(name) or ""), formats["head"])
        longest = max((_width(row[column]) for row in rows if column < len(row)), default=0)
        page.set_column(column, column, min(WIDE, max(8, 2 * len(name) + 2, longest)))
    for index, row in enumerate(rows):
        for column, value in enumerate(row):
            mark = marks.get((index, column))
            _cell(page, top + 1 + index, column, cell_out(value), formats, mark)


def _cell(sheet: Worksheet, row: int, column: int, value: Cell, formats: Mapping[str, Format], mark: str | None) -> None:
    style = formats[mark or "cell"]
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, datetime):
        sheet.write_string(row, column, value.isoformat(sep=" "), style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), style if mark else formats["date"])
    elif isinstance(value, (int, float)) and abs(value) < 1e15 and value == value:
        sheet.write_number(row, column, value, style)
    else:
        text = str(value)
        sheet.write_string(row, column, text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}……（全文过长，已截断）", style)


def _printed(page: Worksheet, head: int, mark: Mark) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
    page.set_footer("&L&8" + str(mark).replace("&", "&&") + "&R&8第 &P 页，共 &N 页")


def _width(value: object) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in str(value or "")[:WIDE]) + 2


def _plain(value: Cell) -> object:
    return value.isoformat() if isinstance(value, (date, datetime)) else "" if value is None else value

"""An uploaded table as cells: the heading found among the first rows, merged cells filled, row numbers as shown on screen."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import python_calamine

from services.domain.tables import Cell, Problem, heading
from services.sheets.guard import SAVE_AGAIN, checked_workbook
from services.sheets.refused import Limits, SheetRefused, mb

HEADING_WITHIN = 10
"""Ledgers begin with a title, a unit and a date; the heading is looked for among so many rows."""
BROKEN = "#错误值"
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as read. `first` is the number of the first row below the heading; `above` tells rows over it that hold text.

    `broken` has cells without a usable value, (row, column from 1) → why. `unread` are other sheets with content.
    """

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    first: int
    above: int = 0
    unread: tuple[str, ...] = ()
    broken: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def faults(self) -> list[Problem]:
        """A problem for each broken cell below the heading."""
        names = {column: str(name).strip() for column, name in enumerate(self.header, 1) if name is not None}
        return [
            Problem(row, names.get(column, f"第{column}列"), why)
            for (row, column), why in sorted(self.broken.items())
            if row >= self.first
        ]


def read_sheet(data: bytes, known: Collection[str], *, sheet: str | None = None, limits: Limits | None = None) -> Sheet:
    """The table in an .xlsx or .csv file. `known` are headings as `domain.tables.heading` gives them.

    CPU work: call it off the event loop. Raises `SheetRefused`.
    """
    limits = limits or Limits()
    if len(data) > limits.file:
        raise SheetRefused(f"文件有{mb(len(data))}，超过{mb(limits.file)}。", "请拆分后分批导入。")
    if not data.strip():
        raise SheetRefused("文件是空的。", "请检查导出是否完成。")
    if data.startswith(OLE):
        raise SheetRefused("这是旧版 .xls 或加了密码的文件。", "请去掉密码，另存为 .xlsx 后再上传。")
    if data.startswith(ZIP):
        return _workbook(data, known, sheet, limits)
    return _headed(_csv(data, limits), known)


def _workbook(data: bytes, known: Collection[str], wanted: str | None, limits: Limits) -> Sheet:
    checked = checked_workbook(data, limits)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(checked.data))
        names = [name for name in book.sheet_names if book.get_sheet_by_name(name).start is not None]
        if wanted is not None and wanted not in book.sheet_names:
            raise SheetRefused(f"没有工作表“{wanted}”。", f"现有的工作表：{'、'.join(book.sheet_names)}。")
        if not names:
            raise SheetRefused("工作表都是空的。", "请检查导出是否完成。")
        name = wanted or names[0]
        found = book.get_sheet_by_name(name)
        rows = [[_cell(cell) for cell in row] for row in found.to_python(skip_empty_area=False)]
        for (top, left), (bottom, right) in found.merged_cell_ranges or ():
            _fill(rows, top, left, bottom, right)
    except SheetRefused:
        raise
    except (python_calamine.CalamineError, ValueError, OSError) as failure:
        raise SheetRefused(f"文件打不开（{type(failure).__name__}）。", SAVE_AGAIN) from None
    broken = checked.broken.get(name, {})
    for row, column in broken:
        # What cannot be read is not the same as nothing: the row is neither blank nor complete.
        if row <= len(rows) and column <= len(rows[row - 1]):
            rows[row - 1][column - 1] = BROKEN
    return _headed(rows, known, broken=broken, unread=tuple(other for other in names if other != name))


def _cell(value: object) -> Cell:
    """What a spreadsheet holds, without emptiness in two forms and without hours of nowhere."""
    if value is None or value == "":
        return None
    return value if isinstance(value, (str, int, float, bool, date)) else str(value)


def _fill(rows: list[list[Cell]], top: int, left: int, bottom: int, right: int) -> None:
    """A merged block means its value in each of its rows; beside each other it means it once."""
    if top >= len(rows) or left >= len(rows[top]):
        return
    value = rows[top][left]
    for row in rows[top + 1 : bottom + 1]:
        if left < len(row) and row[left] is None:
            row[left] = value


def _csv(data: bytes, limits: Limits) -> list[list[Cell]]:
    text = _decoded(data)
    if "\x00" in text:
        raise SheetRefused("不认识这种文件。", "请上传 .xlsx 或 .csv。")
    # A title has no separators, a text may hold any: the row with the most of one kind is the heading or as good.
    sample = text.splitlines()[:HEADING_WITHIN]
    mark = max((",", "\t", ";", "|"), key=lambda sign: max((line.count(sign) for line in sample), default=0))
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            if len(rows) >= limits.rows:
                raise SheetRefused(f"超过{limits.rows}行。", "请拆分后分批导入。")
            if len(row) > limits.columns:
                raise SheetRefused(f"第{len(rows) + 1}行超过{limits.columns}列。", "请检查引号是否成对。")
            rows.append([cell if cell.strip() else None for cell in row])
    except csv.Error as failure:
        raise SheetRefused(
            f"第{len(rows) + 1}行：CSV 不完整（{failure}）。", "多半是引号没有成对，请重新导出或另存为 .xlsx。"
        ) from None
    return rows


def _decoded(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused("既不是 UTF-8 也不是 GB18030 编码。", "请另存为“CSV UTF-8”或 .xlsx。")


def _headed(
    rows: list[list[Cell]], known: Collection[str], *,
    broken: Mapping[tuple[int, int], str] | None = None, unread: tuple[str, ...] = (),
) -> Sheet:  # fmt: skip
    head = rows[:HEADING_WITHIN]
    likeness = [sum(heading(cell) in known for cell in row if cell is not None) for row in head]
    best = max(likeness, default=0)
    filled = [at for at, row in enumerate(head) if any(cell is not None for cell in row)]
    if not filled:
        raise SheetRefused("开头没有表头。", f"请把表头放在前{HEADING_WITHIN}行之内。")
    at = likeness.index(best) if best else filled[0]
    header = rows[at]
    while header and header[-1] is None:
        header = header[:-1]
    below = rows[at + 1 :]
    while below and all(cell is None for cell in below[-1]):
        below.pop()
    return Sheet(
        header=tuple(header),
        rows=tuple(tuple(_trimmed(row, len(header))) for row in below),
        first=at + 2,
        above=sum(1 for index in filled if index < at),
        unread=unread,
        broken=broken or {},
    )


def _trimmed(row: list[Cell], width: int) -> list[Cell]:
    while len(row) > width and row[-1] is None:
        row = row[:-1]
    return row

"""Tables people keep in spreadsheets: columns found by their headings, every row checked, nothing dropped silently.

Cells come as a spreadsheet reader gives them (text, numbers, dates, None). A row that cannot be taken is refused with
its number, its column and a sentence; accepted, refused and blank rows always add up to what was read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import Field, model_validator

from services.domain.parameters import Parameters

Cell = str | int | float | bool | date | datetime | None
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""First characters after which a spreadsheet may run a text; the full-width ones count in Chinese editions."""
OWN_HEADINGS = frozenset({"退回原因", "原行号", "导出标记"})
"""Columns our own files add; read back, they are no content of the row."""


class Column(Parameters):
    """One column: key in code, heading on screen, other headings in use, kind of value."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: Literal["text", "list", "date", "number", "integer", "yes_no", "choice"] = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    max_length: int = Field(default=2000, ge=1)

    @model_validator(mode="after")
    def _choices(self) -> Column:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"{self.key}: choices belong to kind choice, and to it alone")
        return self


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row, or the whole table (`row` 0), was refused. Rows count as in the spreadsheet, the heading is row 1."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"第{self.row}行“{self.column}”：{self.message}"


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted row: values by column key, and what stood in columns nobody knows, by heading."""

    number: int
    values: Mapping[str, object]
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a table. `unknown` are headings that were kept but not understood."""

    accepted: tuple[Row, ...]
    problems: tuple[Problem, ...]
    refused_rows: frozenset[int]
    blank_rows: int
    total_rows: int
    unknown: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """True when every row is accounted for; a reader that returns anything else has a bug."""
        return len(self.accepted) + len(self.refused_rows) + self.blank_rows == self.total_rows

    @property
    def summary(self) -> str:
        """One Chinese sentence in which the rows add up."""
        return (
            f"共{self.total_rows}行：可导入{len(self.accepted)}行，退回{len(self.refused_rows)}行，"
            f"空行{self.blank_rows}行。"
        )

    def refusing(self, problems: Iterable[Problem]) -> Reading:
        """The reading after further checks: rows with a problem are accepted no more."""
        found = tuple(problems)
        bad = {problem.row for problem in found}
        return Reading(
            tuple(row for row in self.accepted if row.number not in bad),
            (*self.problems, *found),
            self.refused_rows | {row.number for row in self.accepted if row.number in bad},
            self.blank_rows,
            self.total_rows,
            self.unknown,
        )


def heading(text: Cell) -> str:
    """A heading without spaces, brackets' contents, width and case differences, for comparison."""
    plain = unicodedata.normalize("NFKC", str(text or "")).lower()
    return re.sub(r"\(.*?\)|[\s*:_/、-]", "", plain)


def headings(columns: Sequence[Column]) -> dict[str, Column]:
    """Every way to write a heading, as `heading` gives it, with its column."""
    return {heading(name): column for column in columns for name in (column.name, column.key, *column.aliases)}


class UnknownColumn(ValueError):
    """A column map names a heading the table does not have, or a column nobody knows; the message says which there are."""


def renamed(header: Sequence[Cell], mapping: Mapping[str, str], columns: Sequence[Column]) -> tuple[Cell, ...]:
    """The header with headings of other ledgers named as ours; `mapping` is heading → key or name of a column.

    Raises `UnknownColumn`.
    """
    known = headings(columns)
    wanted: dict[str, str] = {}
    for theirs, ours in mapping.items():
        column = known.get(heading(ours))
        if column is None:
            there = "、".join(column.name for column in columns)
            raise UnknownColumn(f"没有“{ours}”这一栏；可用的栏目：{there}。")
        if heading(theirs) not in {heading(text) for text in header}:
            there = "、".join(str(text).strip() for text in header if heading(text)) or "无"
            raise UnknownColumn(f"表中没有“{theirs}”列；现有的列：{there}。")
        wanted[heading(theirs)] = column.name
    # What is named by hand wins over a heading that happens to be known.
    taken = set(wanted.values())
    result: list[Cell] = []
    for text in header:
        plain = heading(text)
        found = known.get(plain)
        displaced = plain not in wanted and found is not None and found.name in taken
        result.append(wanted.get(plain, f"（另列）{text}" if displaced else text))
    return tuple(result)


def read_table(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], columns: Sequence[Column], *, first: int = 2
) -> Reading:
    """Check every row. A missing required column refuses the table: each row is then refused for it.

    `first` is the number of the first row below the heading, as the spreadsheet shows it.
    """
    known = headings(columns)
    places: dict[int, Column] = {}
    problems: list[Problem] = []
    for index, text in enumerate(header):
        column = known.get(heading(text))
        if column is not None and column in places.values():
            problems.append(Problem(first - 1, column.name, "有两列是同一项，只取第一列。"))
        elif column is not None:
            places[index] = column
    own = {i for i, text in enumerate(header) if heading(text) in OWN_HEADINGS}
    unknown = {
        i: str(text).strip() for i, text in enumerate(header) if i not in places and i not in own and heading(text)
    }
    lacking = [column.name for column in columns if column.required and column not in places.values()]
    accepted: list[Row] = []
    refused: set[int] = set()
    blank = total = 0
    for number, cells in enumerate(rows, start=first):
        total += 1
        if all(_text(cell) == "" for cell in cells):
            blank += 1
            continue
        values, faults = _row(number, cells, places)
        faults += [Problem(number, name, "表中没有这一列。") for name in lacking]
        stray = [i for i, cell in enumerate(cells) if i >= len(header) and _text(cell)]
        faults += [Problem(number, f"第{i + 1}列", "超出表头，无法归入任何一项。") for i in stray]
        if faults:
            problems += faults
            refused.add(number)
        else:
            extra = {unknown[i]: _text(cell) for i, cell in enumerate(cells) if i in unknown and _text(cell)}
            accepted.append(Row(number, values, extra))
    return Reading(
        tuple(accepted), tuple(problems), frozenset(refused), blank, total, tuple(unknown.values())
    )


def _row(
    number: int, cells: Sequence[Cell], places: Mapping[int, Column]
) -> tuple[dict[str, object], list[Problem]]:
    values: dict[str, object] = {}
    faults: list[Problem] = []
    for index, column in places.items():
        cell = cells[index] if index < len(cells) else None
        try:
            value = _value(cell, column)
        except ValueError as error:
            faults.append(Problem(number, column.name, str(error)))
            continue
        if value in (None, "", ()) and column.required:
            faults.append(Problem(number, column.name, "不能为空。"))
        values[column.key] = value
    return values, faults


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell).strip() if cell is not None else ""


def _value(cell: Cell, column: Column) -> object:
    """The cell as the column's kind; raises ValueError with a Chinese sentence."""
    text = armed(_text(cell))
    if len(text) > column.max_length:
        raise ValueError(f"超过{column.max_length}字。")
    if not text:
        return () if column.kind == "list" else None
    if column.kind == "text":
        return text
    text = unicodedata.normalize("NFKC", text)
    match column.kind:
        case "list":
            return tuple(part.strip() for part in re.split(r"[、,;\n]+", text) if part.strip())
        case "date":
            return _date(cell, text)
        case "number" | "integer":
            return _number(text, column.kind)
        case "yes_no":
            if text in ("是", "有", "已", "1", "true", "True", "√", "Y", "y"):
                return True
            if text in ("否", "无", "未", "0", "false", "False", "×", "N", "n"):
                return False
            raise ValueError("请填“是”或“否”。")
        case "choice":
            if text not in column.choices:
                raise ValueError(f"须为：{'、'.join(column.choices)}。")
    return text


def _number(text: str, kind: str) -> float | int:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        raise ValueError("不是数字。") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("不是数字。")
    if kind == "integer":
        if not number.is_integer():
            raise ValueError("须为整数。")
        return int(number)
    return number


def _date(cell: Cell, text: str) -> date:
    """A date from a date cell or from the ways people write one; two-digit years are refused as ambiguous."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?", text)
    found = found or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if not found:
        raise ValueError(f"“{text[:20]}”不是日期，请写成2026-05-31。")
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise ValueError(f"没有{text[:20]}这一天。") from None


def armed(text: str) -> str:
    """A text as it was before `cell_out` disarmed it."""
    return text[1:] if text[:1] == "'" and _runs(text[1:]) else text


def _runs(text: str) -> bool:
    return text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)


def cell_out(value: object) -> Cell:
    """A value as a spreadsheet cell. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, list | tuple):
        value = "、".join(map(str, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or isinstance(value, int | float | datetime | date):
        return value
    text = str(value)
    return f"'{text}" if _runs(text) else text

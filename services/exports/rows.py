"""Rows of an export as submitted records, one at a time: memory does not grow with the file (workbooks excepted)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from services.exports.cells import Rounded, put, value_of
from services.exports.columns import Columns, recognised, resolve
from services.exports.problems import ExportUnreadable, RowProblem
from services.exports.tables import csv_rows, json_lines, workbook_rows

HEADER_WITHIN = 10
"""Exports often begin with a title and the date of printing; the header is looked for among so many rows."""
WORKBOOKS = (".xlsx", ".xls", ".ods")
TABLES = (".csv", ".tsv", ".txt")
Report = Callable[[RowProblem], None]


class Export:
    """An open export. Iterating gives (row number from 1, record); `columns` is known once the first row was given.

    A row that cannot be read is handed to `report` and skipped; without one, `ExportUnreadable` ends the reading.
    """

    def __init__(self, path: str, column_map: Mapping[str, str] | None = None, report: Report | None = None) -> None:
        self.path = path
        self.column_map = dict(column_map or {})
        self.columns: Columns | None = None
        self._report = report
        self._keys: dict[tuple[str, ...], Columns] = {}

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        suffix = Path(self.path).suffix.lower()
        if self.path == "-" or suffix in (".jsonl", ".ndjson"):
            yield from self._objects()
        elif suffix in TABLES:
            yield from self._table(csv_rows(self.path))
        elif suffix in WORKBOOKS:
            yield from self._table(workbook_rows(self.path))
        elif suffix == ".json":
            raise ExportUnreadable(f"{self.path} 是 JSON 文件；请存成每行一个对象的 .jsonl（如 jq -c '.[]' 文件 > 文件.jsonl）")
        else:
            raise ExportUnreadable(f"不认识“{suffix or self.path}”这种文件；请用 .jsonl、.csv 或 .xlsx，标准输入写 -")

    # ------------------------------------------------------------------------------------------------ JSON lines

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for line, raw in json_lines(self.path):
            if isinstance(raw, RowProblem):
                self._refuse(raw)
                continue
            try:
                found = orjson.loads(raw)
            except orjson.JSONDecodeError:
                self._refuse(RowProblem(line, None, "不是合法的 UTF-8 JSON", "每行应为一个 JSON 对象，请用 JSON 库导出"))
                continue
            if not isinstance(found, dict):
                self._refuse(RowProblem(line, None, "不是 JSON 对象", "一行只放一件诉求，写成 {…}"))
                continue
            yield line, self._renamed(found)

    def _renamed(self, found: dict[str, Any]) -> dict[str, Any]:
        """Keys as the contract has them. Values are left as they are: JSON has types of its own."""
        keys = tuple(found)
        if keys not in self._keys:
            if len(self._keys) > 1000:
                self._keys.clear()
            present = {header: field for header, field in self.column_map.items() if header in found}
            self._keys[keys] = resolve(list(keys), present)
        columns = self._keys[keys]
        self.columns = self.columns or columns
        moved = {keys[position] for position in columns.fields} | set(self.column_map)
        record = {key: value for key, value in found.items() if key not in moved}
        for position, field in columns.fields.items():
            value = found[keys[position]]
            if value is not None:
                put(record, field, value)
        return record

    # ------------------------------------------------------------------------------------------------ tables

    def _table(self, rows: Iterator[tuple[int, list[Any] | RowProblem]]) -> Iterator[tuple[int, dict[str, Any]]]:
        head: list[tuple[int, list[Any]]] = []
        for line, row in rows:
            if isinstance(row, RowProblem):
                self._refuse(row)
            elif self.columns is not None:
                yield from self._record(line, row)
            else:
                head.append((line, row))
                if len(head) == HEADER_WITHIN:
                    yield from self._begin(head)
        if self.columns is None:
            yield from self._begin(head)

    def _begin(self, head: list[tuple[int, list[Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Find the header among the first rows, then give the rows below it."""
        if not head:
            raise ExportUnreadable(f"{self.path} 里没有内容；请检查导出是否完成")
        likeness = [recognised((_text(cell) for cell in row), self.column_map) for _, row in head]
        at = likeness.index(max(likeness))
        headers = [_text(cell) for cell in head[at][1]]
        self.columns = resolve(headers, self.column_map)
        if missing := self.columns.missing:
            there = "、".join(header for header in headers if header) or "无"
            raise ExportUnreadable(
                f"第 {head[at][0]} 行表头中看不出哪一列是 {'、'.join(missing)}；现有的列：{there}；"
                f"请用 --column 列名={missing[0]} 指明"
            )
        for line, row in head[at + 1 :]:
            yield from self._record(line, row)

    def _record(self, line: int, row: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        assert self.columns is not None
        record: dict[str, Any] = {}
        for position, field in self.columns.fields.items():
            if position >= len(row):
                continue
            try:
                value = value_of(row[position], field)
            except Rounded:
                if field != "external_id":
                    continue  # a rounded phone or card number is somebody else's
                column = self.columns.headers[position]
                self._refuse(RowProblem(line, column, "编号太长，表格软件已把末几位变成 0", "请把该列设为文本格式后重新导出"))
                return
            if value is not None:
                put(record, field, value)
        if record:
            yield line, record

    def _refuse(self, problem: RowProblem) -> None:
        if self._report is None:
            raise ExportUnreadable(str(problem), problem)
        self._report(problem)


def open_export(path: str | Path, column_map: Mapping[str, str] | None = None, *, report: Report | None = None) -> Export:
    """An export to iterate over; see `Export`."""
    return Export(str(path), column_map, report)


def read(
    path: str | Path, column_map: Mapping[str, str] | None = None, *, report: Report | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number, record) of every row of a .jsonl, .csv or .xlsx file, or of JSON lines on standard input (`-`).

    `column_map` is header → field (`contracts.submitted` names, `petitioner.phone` for nested ones, `-` to leave a column
    out); headers it does not name are guessed. Raises `ExportUnreadable`; see `Export` for `report`.
    """
    return iter(open_export(path, column_map, report=report))


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()

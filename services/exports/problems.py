"""What can be wrong with a file or one of its rows, said so that it can be mended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that cannot be read. `line` counts from 1 as spreadsheets and editors do; never holds the row's values."""

    line: int
    column: str | None
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = f"第 {self.line} 行" + (f"“{self.column}”列" if self.column else "")
        return f"{where}：{self.reason}；{self.remedy}"


class ExportUnreadable(ValueError):
    """The file, or a row of it, cannot be read; the message names row, column, reason and remedy.

    `problem` is set where a single row is to blame.
    """

    def __init__(self, message: str, problem: RowProblem | None = None) -> None:
        super().__init__(message)
        self.problem = problem

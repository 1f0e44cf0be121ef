"""What publishing a file would do: which rows would be rejected, in which column, why, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from contracts.rejections import Rejection
from contracts.submitted import parse_submitted
from services.exports.columns import Columns
from services.exports.problems import RowProblem

Validate = Callable[[bytes], object]
"""Takes a record's bytes, gives a list of `Rejection` where it would be rejected, anything else where not."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One reason for one row. `column` is the header in the file, or None where the file has no such column."""

    line: int
    field: str
    column: str | None
    code: str
    reason: str
    remedy: str


@dataclass(slots=True)
class Preview:
    """Counts over the whole file; `refused` holds the first reasons only, so that memory stays bounded."""

    rows: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)
    keep: int = 200

    def add(self, line: int, rejections: Sequence[Rejection], columns: Columns | None) -> None:
        """Count a row that the contract would reject."""
        self.rejected += 1
        for rejection in rejections:
            self.reasons[f"{rejection.field}: {rejection.code}"] += 1
            if len(self.refused) < self.keep:
                column = columns.column_of(rejection.field) if columns else None
                self.refused.append(
                    RefusedRow(line, rejection.field, column, str(rejection.code), rejection.reason_zh, rejection.remedy_zh)
                )

    def unreadable(self, problem: RowProblem) -> None:
        """Count a row that could not even be read; hand this to `read` as `report`."""
        self.rows += 1
        self.rejected += 1
        self.reasons["$: UNREADABLE"] += 1
        if len(self.refused) < self.keep:
            self.refused.append(RefusedRow(problem.line, "$", problem.column, "UNREADABLE", problem.reason, problem.remedy))


def preview(
    rows: Iterable[tuple[int, dict[str, Any]]],
    validate: Validate = parse_submitted,
    *,
    source: str | None = None,
    columns: Callable[[], Columns | None] = lambda: None,
    into: Preview | None = None,
) -> Preview:
    """Validate every row as intake would; `source` stands in for rows that name none.

    `columns` is asked late because an `Export` knows its columns once the first row was read; `into` continues a preview
    that unreadable rows were already counted in.
    """
    found = into or Preview()
    for line, row in rows:
        found.rows += 1
        record = row if row.get("source") or source is None else {**row, "source": source}
        outcome = validate(orjson.dumps(record))
        if isinstance(outcome, list):
            found.add(line, outcome, columns())
    return found

"""整改台账: the ledger with the standard columns, made from cases, read from spreadsheets, written to them.

No entry without responsible unit, person, deadline and measures (the speech's 责任单位、责任人、整改时限).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import model_validator

from contracts.vocabulary import UnitRole
from services.domain.case import petitioners
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.clocks.calendar import day_of
from services.domain.clocks.rules import Anchor
from services.domain.parameters import Parameters
from services.domain.tables import Cell, Column, Problem, Reading, cell_out, heading, read_table

PROMISED = "rectify"
"""The clock of the plan's own day; an extension of it moves the line's deadline."""
MUST = ("problem", "measures", "lead_unit", "person", "deadline")
"""What the speech demands of every entry; a rules file may ask for more, not for less."""


class LedgerRules(Parameters):
    """deploy/rules/ledger.yaml."""

    version: str
    provenance: str
    columns: tuple[Column, ...]

    @model_validator(mode="after")
    def _never_less(self) -> LedgerRules:
        required = {column.key for column in self.columns if column.required}
        lacking = [key for key in MUST if key not in required]
        if lacking:
            raise ValueError(f"columns {', '.join(lacking)} must be there and required")
        unknown = {column.key for column in self.columns} - set(LedgerEntry.__slots__)
        if unknown:
            raise ValueError(f"unknown columns {', '.join(sorted(unknown))}")
        return self


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the ledger."""

    source: str = ""
    problem: str = ""
    target: str = ""
    measures: str = ""
    lead_unit: str = ""
    co_units: tuple[str, ...] = ()
    person: str = ""
    deadline: date | None = None
    progress: str = ""
    acceptance_unit: str = ""
    acceptance: str = ""
    publicity_start: date | None = None
    publicity_end: date | None = None
    closed_on: date | None = None
    document_no: str = ""
    satisfaction: str = ""
    state: str = ""
    case_no: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerImport:
    """What came of an import: entries with their row numbers, what was refused, and the reading itself."""

    entries: tuple[tuple[int, LedgerEntry], ...]
    reading: Reading

    @property
    def summary(self) -> str:
        """One Chinese sentence in which the rows add up."""
        return self.reading.summary.replace("可导入", "导入")


def import_ledger(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], rules: LedgerRules, *, first: int = 2
) -> LedgerImport:
    """Read a ledger kept elsewhere. Rows out of order in time are refused, too; unknown columns go into the progress."""
    reading = read_table(header, rows, rules.columns, first=first)
    checked = reading.refusing(fault for row in reading.accepted for fault in check_dates(row.number, row.values))
    twice = checked.refusing(_repeated(checked))
    entries = tuple((row.number, _entry(row.values, row.extra)) for row in twice.accepted)
    return LedgerImport(entries, twice)


def line_key(entry: LedgerEntry) -> str:
    """What makes two lines the same line, however its progress is worded: source, problem and lead unit (hex digits)."""
    text = "\x1f".join(heading(part) for part in (entry.source, entry.problem, entry.lead_unit))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _repeated(reading: Reading) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for row in reading.accepted:
        before = first.setdefault(line_key(_entry(row.values, row.extra)), row.number)
        if before != row.number:
            problems.append(Problem(row.number, "问题描述", f"与第{before}行是同一条（来源、问题、责任单位都相同）。"))
    return problems


def check_dates(row: int, values: Mapping[str, object]) -> list[Problem]:
    """Faults of dates among each other: publicity ends before it begins, close-out before publicity ends."""
    start, end, closed = (values.get(key) for key in ("publicity_start", "publicity_end", "closed_on"))
    faults = []
    if isinstance(start, date) and isinstance(end, date) and end < start:
        faults.append(Problem(row, "公示结束", "早于公示开始。"))
    if isinstance(end, date) and isinstance(closed, date) and closed < end:
        faults.append(Problem(row, "销号日期", "早于公示结束。"))
    return faults


def _entry(values: Mapping[str, object], extra: Mapping[str, str]) -> LedgerEntry:
    fields: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
    if extra:
        rest = "；".join(f"{name}：{text}" for name, text in extra.items())
        fields["progress"] = "；".join(filter(None, (str(fields.get("progress", "")), rest)))
    return LedgerEntry(**fields)


def export_ledger(
    entries: Iterable[LedgerEntry], rules: LedgerRules
) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """(headings, rows) for a spreadsheet, in the order of the rules; formulas in texts are disarmed."""
    header = tuple(column.name for column in rules.columns)
    rows = []
    for number, entry in enumerate(entries, start=1):
        values = {name: getattr(entry, name) for name in LedgerEntry.__slots__} | {"number": number}
        rows.append(tuple(cell_out(values[column.key]) for column in rules.columns))
    return header, tuple(rows)


def entry_of(state: CaseState, attempts: int = 3) -> LedgerEntry:
    """The ledger line of a case as it stands. Carries no petitioner: satisfaction is a count."""
    lead = state.lead
    measures = state.measures
    due = max((measure.deadline for measure in measures if measure.deadline), default=None)
    if due is not None:
        due += timedelta(days=sum(more.n for more in state.extensions if more.clock == PROMISED))
    people = dict.fromkeys(measure.person for measure in measures if measure.person)
    done = sum(measure.progress == 100 for measure in measures)
    return LedgerEntry(
        source="、".join(dict.fromkeys(link.receipt_no for link in state.links)),
        problem=state.matter.summary,
        target=state.target,
        measures="；".join(f"{number}.{measure.text}" for number, measure in enumerate(measures, start=1)),
        lead_unit=lead.name if lead else "",
        co_units=tuple(part.name for part in state.parts if part.role is UnitRole.CO_HANDLING),
        person="、".join(people),
        deadline=due,
        progress=f"{done}/{len(measures)}项完成" if measures else "",
        acceptance_unit=state.acceptance.unit if state.acceptance else "",
        acceptance=state.acceptance.finding if state.acceptance else "",
        publicity_start=day_of(state.publicity.started_at) if state.publicity else None,
        publicity_end=state.publicity.last_day if state.publicity else None,
        closed_on=_day(state.anchors.get(Anchor.CLOSED_OUT)),
        document_no=state.document_no or "",
        satisfaction=petitioners.tally(state, attempts).text if state.callbacks else "",
        state=(state.status or Status.OPENED).label,
        case_no=state.case_no,
    )


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def lacking(entry: LedgerEntry, rules: LedgerRules) -> tuple[str, ...]:
    """Headings of required columns an entry lacks; such an entry does not go onto the ledger."""
    return tuple(
        column.name for column in rules.columns if column.required and not getattr(entry, column.key)
    )

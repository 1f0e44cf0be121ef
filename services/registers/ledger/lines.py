"""Lines of the ledger as records: from a case's state, from a finding of an inspection, from an imported row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.domain.case.state import CaseState
from services.domain.case.status import LIVE, Status
from services.domain.case.values import RectifyMode
from services.domain.city import City
from services.domain.ledger import LedgerEntry, LedgerRules, entry_of, import_ledger, lacking, line_key
from services.domain.tables import Column, Problem, Reading
from services.infra.unit_of_work import UnitOfWork
from services.registers.importing import Record
from services.registers.ledger import repository as rows
from services.sheets import Sheet

REOPENED = "（后重新立案）"


def line_id(origin: str, key: str) -> UUID:
    """One id for one line, whoever makes it."""
    return uuid5(NAMESPACE_URL, f"petitions/ledger/{origin}/{key}")


def record_of(entry: LedgerEntry) -> Record:
    """An entry's own columns, as JSON has them."""
    record = {name: getattr(entry, name) for name in rows.FIELDS}
    record["co_units"] = list(entry.co_units)
    for name in ("deadline", "publicity_start", "publicity_end", "closed_on"):
        record[name] = record[name].isoformat() if record[name] else None
    return record


def entry_from(row: Any) -> LedgerEntry:
    """The entry a row holds."""
    fields = {name: row[name] for name in rows.FIELDS}
    return LedgerEntry(**{**fields, "co_units": tuple(row["co_units"])})


def line_of_case(state: CaseState, rules: LedgerRules, now: datetime, *, ended: bool = False) -> tuple[Record | None, tuple[str, ...]]:
    """(line, what it lacks) of a case's present round; `ended` where the round was followed by a reopening."""
    entry = entry_of(state)
    missing = lacking(entry, rules)
    if missing:
        return None, missing
    key = f"{state.case_id}/{state.ordinal}"
    lead = state.lead
    open_ = not ended and (state.status in LIVE)
    record = record_of(entry) | {
        "id": str(line_id("case", key)), "origin": "case", "origin_key": key, "origin_version": state.version,
        "mode": (state.mode or RectifyMode.LEDGER).value, "region": state.region, "lead_unit_id": lead.unit_id if lead else None,
        "co_unit_ids": [part.unit_id for part in state.parts if part is not lead], "open": open_,
        "at": now.isoformat(), "changed_at": now.isoformat(),
    }  # fmt: skip
    if ended:
        record["state"] += REOPENED
    return record, ()


def lacking_of_case(state: CaseState, missing: Sequence[str], now: datetime) -> Record:
    """What is remembered of a case that cannot be on the ledger yet."""
    lead = state.lead
    return {
        "case_id": state.case_id, "case_no": state.case_no, "case_version": state.version, "region": state.region,
        "lead_unit_id": lead.unit_id if lead else None, "missing": list(missing), "at": now.isoformat(),
    }  # fmt: skip


@dataclass(frozen=True)
class LedgerRegister:
    """Imported ledgers. `region` is taken where a line's unit is none of the city's."""

    city: City
    rules: LedgerRules
    now: datetime
    region: str | None = None
    code: str = "ledger"
    title: str = "整改台账"
    kept = rows.IMPORTED

    @property
    def columns(self) -> Sequence[Column]:
        """The standard columns, in order."""
        return self.rules.columns

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as lines. A case number in an imported row only says what it is about."""
        found = import_ledger(sheet.header, sheet.rows, self.rules, first=sheet.first)
        problems: list[Problem] = []
        records = []
        for number, entry in found.entries:
            unit = self.city.unit_named(entry.lead_unit)
            region = self.city.district_of(unit.region) or self.city.code if unit else self.region
            if region is None:
                problems.append(Problem(number, "责任单位", "不在本市单位名录，请写单位全称，或在导入时指明区划。"))
                continue
            co = [known.id for name in entry.co_units if (known := self.city.unit_named(name))]
            key = line_key(entry)
            records.append((number, record_of(entry) | {
                "id": str(line_id("import", key)), "origin": "import", "origin_key": key, "mode": RectifyMode.LEDGER.value,
                "region": region, "lead_unit_id": unit.id if unit else None, "co_unit_ids": co,
                "open": entry.closed_on is None and entry.state != Status.CLOSED_OUT.label, "at": self.now.isoformat(),
            }))  # fmt: skip
        return records, found.reading.refusing(problems)

    async def further(self, unit: UnitOfWork, records: Sequence[tuple[int, Record]]) -> list[Problem]:
        """A line of a case follows its case and is not written over by a file."""
        numbers = [record["case_no"] for _, record in records if record["case_no"]]
        ours = await rows.numbers_of_cases(unit.connection, numbers) if numbers else set()
        return [
            Problem(number, "案件编号", "这一案件的台账由系统按案件生成，请在案件中填报进展。")
            for number, record in records
            if record["case_no"] in ours
        ]

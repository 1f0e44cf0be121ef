"""A file becomes entries of a register: every row checked, compared with what is there, and the refused ones given back.

The same path for all registers, from the command line and over HTTP; `check` says what would happen and writes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4

from services.domain.city import City
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.registers import Act, may, no_file
from services.domain.tables import Column, Problem, Reading, UnknownColumn, heading, headings, renamed
from services.infra.unit_of_work import UnitOfWork
from services.registers import repository as rows
from services.registers.repository import Kept
from services.sheets import Mark, Sheet, SheetRefused, read_sheet, returned_workbook

SHOWN = 200
"""Problems shown and kept of one import; the returned workbook has them all."""
Record = dict[str, Any]


class Register(Protocol):
    """What an import needs to know of a register."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def columns(self) -> Sequence[Column]: ...
    @property
    def kept(self) -> Kept: ...

    def read(self, sheet: Sheet) -> tuple[list[tuple[int, Record]], Reading]:
        """Rows as records of the register's table, with the reading they come from. Pure."""

    async def further(self, unit: UnitOfWork, records: Sequence[tuple[int, Record]]) -> list[Problem]:
        """Faults that only the database knows."""


@dataclass(frozen=True)
class OfCity:
    """What registers share whose entries lie in the city and are brought up to date by the next file."""

    city: City

    async def further(self, unit: UnitOfWork, records: Sequence[tuple[int, Record]]) -> list[Problem]:
        """The database knows no more than the file: what is there is brought up to date."""
        return []


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was brought. `columns` maps headings of other ledgers to ours."""

    data: bytes
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import, or would come of it. Rows add up: added + changed + unchanged + refused + blank = rows."""

    register: str
    rows: int
    added: int
    changed: int
    unchanged: int
    refused: int
    blank: int
    problems: tuple[Problem, ...]
    headings: Mapping[str, str]
    unknown: tuple[str, ...]
    above: int
    unread: tuple[str, ...]
    returned: bytes | None = None
    id: UUID | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        return {name: getattr(self, name) for name in ("rows", "added", "changed", "unchanged", "refused", "blank")}

    @property
    def summary(self) -> str:
        """One Chinese sentence in which the rows add up."""
        done = "导入后" if self.id else "可导入"
        return (
            f"{self.register}：共{self.rows}行，{done}新增{self.added}、更新{self.changed}、不变{self.unchanged}，"
            f"退回{self.refused}，空行{self.blank}。"
        )


async def take_in(unit: UnitOfWork, actor: Principal, register: Register, upload: Upload, *, check: bool) -> Taken | Refusal:
    """Import a file inside the caller's transaction; a refusal where the actor may not or the file is none."""
    if refusal := may(actor, Act.IMPORT, register.title):
        return refusal
    try:
        sheet, records, reading, names = await asyncio.to_thread(_read, register, upload)
    except SheetRefused as no:
        return no_file(no.reason, no.remedy)
    except UnknownColumn as no:
        return no_file(str(no), "请核对列名对应。", "columns")
    reading = reading.refusing(_outside(actor, records))
    if not check:
        await rows.lock(unit.connection, register.code)
    good = {row.number for row in reading.accepted}
    reading = reading.refusing(await register.further(unit, [item for item in records if item[0] in good]))
    good = {row.number for row in reading.accepted}
    fresh = [record for number, record in records if number in good]
    before = await rows.standing(unit.connection, register.kept, fresh)
    added = [record for record in fresh if register.kept.key_of(record) not in before]
    changed = [
        record
        for record in fresh
        if (old := before.get(register.kept.key_of(record))) is not None and _differs(register.kept, record, old)
    ]
    now = unit.clock()
    mark = Mark(actor.name, now, "导入")
    returned = None
    if reading.refused_rows:
        returned = await asyncio.to_thread(
            returned_workbook, register.title, sheet, reading.problems, reading.refused_rows, mark
        )
    taken = Taken(
        register=register.title, rows=reading.total_rows, added=len(added), changed=len(changed),
        unchanged=len(fresh) - len(added) - len(changed), refused=len(reading.refused_rows), blank=reading.blank_rows,
        problems=tuple(sorted(reading.problems, key=lambda item: item.row)), headings=names, unknown=reading.unknown,
        above=sheet.above, unread=sheet.unread, returned=returned, id=None if check else uuid4(),
    )  # fmt: skip
    if taken.id is not None:
        extra = {"import_id": str(taken.id), "changed_by": actor.id, "changed_at": now.isoformat()}
        await rows.write(unit.connection, register.kept, [{**record, **extra} for record in (*added, *changed)])
        await rows.keep_import(
            unit.connection, taken.id, register.code, upload.name[-200:], hashlib.sha256(upload.data).hexdigest(), actor.id, now,
            taken.counts, [{"row": p.row, "column": p.column, "message": p.message} for p in taken.problems[:SHOWN]], returned,
        )  # fmt: skip
    return taken


def _read(register: Register, upload: Upload) -> tuple[Sheet, list[tuple[int, Record]], Reading, dict[str, str]]:
    known = headings(register.columns)
    sheet = read_sheet(upload.data, {*known, *map(heading, upload.columns)}, sheet=upload.sheet)
    header = renamed(sheet.header, upload.columns, register.columns) if upload.columns else sheet.header
    ours = Sheet(header, sheet.rows, sheet.first, sheet.above, sheet.unread, sheet.broken)
    records, reading = register.read(ours)
    names = {
        str(theirs).strip(): known[heading(mine)].name
        for theirs, mine in zip(sheet.header, header, strict=True)
        if mine is not None and heading(mine) in known
    }
    return sheet, records, reading.refusing(sheet.faults()), names


def _outside(actor: Principal, records: Sequence[tuple[int, Record]]) -> list[Problem]:
    return [
        Problem(number, "行政区划", f"{record['region']}不在您的管辖范围内，请由属地导入。")
        for number, record in records
        if record.get("region") and not actor.covers(record["region"])
    ]


def _differs(kept: Kept, record: Record, old: Mapping[str, Any]) -> bool:
    return any(record.get(name) != old.get(name) for name in kept.columns)

"""A table leaves the house: marked with who and when, on record under the number it carries."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from services.domain.principals import Principal
from services.infra.unit_of_work import UnitOfWork
from services.registers import repository as rows
from services.sheets import Mark, Table, to_csv, to_workbook

LOCAL = ZoneInfo("Asia/Shanghai")
MEDIA = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was taken out."""

    number: str
    name: str
    media_type: str
    data: bytes
    rows: int


async def give_out(
    unit: UnitOfWork, actor: Principal, register: str, table: Table, form: str, filter: Mapping[str, Any]
) -> Given:
    """Write the table as xlsx or csv and put it on record. Raises KeyError for another form."""
    now = unit.clock()
    day = now.astimezone(LOCAL)
    number = f"DC{day:%Y%m%d}-{await rows.next_number(unit.connection):06d}"
    write = {"xlsx": to_workbook, "csv": to_csv}[form]
    data = await asyncio.to_thread(write, table, Mark(f"{actor.name}（{actor.id}）", now, number))
    await rows.keep_export(
        unit.connection, number, register, form, filter, len(table.rows), hashlib.sha256(data).hexdigest(), actor.id, now
    )
    return Given(number, f"{table.title}-{number}.{form}", MEDIA[form], data, len(table.rows))

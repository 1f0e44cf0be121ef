"""The pager: what is due goes out, once, however many instances run; after an outage late rather than never."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog

from contracts.registers import EmergencyPaged
from contracts.topics import EMERGENCY_PAGED
from services.domain import emergency as em
from services.infra.batches import jitter
from services.infra.clock import Clock
from services.infra.failures import TRANSIENT, describe
from services.infra.postgres import Pool
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault
from services.registers.emergencies import repository as rows
from services.registers.emergencies.acts import Duty

log = structlog.get_logger()
LOCAL = ZoneInfo("Asia/Shanghai")
BATCH = 100
LOOK_SECONDS = 2.0
"""How often the index of due moments is asked; a page is late by no more than this."""


async def sweep(unit: UnitOfWork, duty: Duty, *, limit: int = BATCH) -> int:
    """Send what is due now, up to `limit`; returns how many. Runs inside the caller's transaction."""
    now = unit.clock()
    due = await rows.due(unit.connection, now, limit)
    if not due:
        return 0
    states = await rows.states(unit.connection, [row["emergency_id"] for row in due])
    on_duty = await rows.on_duty(unit.connection, now.astimezone(LOCAL).date(), sorted({row["role"] for row in due}))
    sent: list[tuple[str, datetime, list[str]]] = []
    for row in due:
        event = states[row["emergency_id"]]
        here = {event.region, duty.city.code}
        persons = [who["person"] for who in on_duty if who["post"] == row["role"] and who["region"] in here]
        sent.append((row["key"], now, persons))
        also = await rows.similar(unit.connection, event) if row["purpose"] == em.Purpose.ACKNOWLEDGE else []
        page = EmergencyPaged(
            event_id=uuid5(UUID(event.id), row["key"]), occurred_at=now, emergency_id=UUID(event.id),
            complaint_id=UUID(event.complaint_id), receipt_no=event.receipt_no, page=row["key"], purpose=row["purpose"],
            role=row["role"], persons=tuple(persons), channels=tuple(row["channels"]), text=row["text"] + (f"同区域另有{len(also)}件疑似事件。" if also else ""),
            also=tuple(map(UUID, also)), region=event.region,
            grade=event.grade.value if event.grade else None, due_at=row["due_at"], report_due_at=em.report_due(event, duty.rules),
        )  # fmt: skip
        unit.emit(EMERGENCY_PAGED, event.id, page)
    await rows.sent(unit.connection, sent)
    return len(sent)


async def run(pool: Pool, vault: Vault, duty: Duty, clock: Clock) -> None:
    """Sweep for as long as the process lives; an outage of the database is waited out."""
    while True:
        sent = 0
        with contextlib.suppress(asyncio.TimeoutError):
            try:
                async with begin(pool, service="registers", vault=vault, clock=clock) as unit:
                    sent = await sweep(unit, duty)
            except TRANSIENT as failure:
                log.warning("paging_retrying", reason=describe(failure))
        if sent:
            log.info("paged", pages=sent)
        if sent < BATCH:
            await jitter(LOOK_SECONDS)

"""What is done beside the work: days anchored after midnight, unused files swept, kept answers purged."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.casework.audit import anchor_days
from services.casework.files import Files
from services.casework.repeats import PURGE
from services.casework.repository import PARKED as PARKED_NOW
from services.infra.failures import TRANSIENT, describe
from services.infra.metrics import PARKED, PARKED_OLDEST
from services.infra.postgres import Pool
from services.infra.runtime import Runtime

log = structlog.get_logger()
EVERY_SECONDS = 300.0
KEEP_ANSWERS = timedelta(days=7)


async def note_parked(pool: Pool, now: datetime) -> None:
    """Events whose case is not known, into the metrics: some for a moment is usual, one for long means its opening is lost."""
    row = await pool.fetchrow(PARKED_NOW)
    PARKED.set(row["n"])
    PARKED_OLDEST.set((now - row["oldest"]).total_seconds() if row["oldest"] else 0)


async def keep_house(runtime: Runtime, files: Files) -> None:
    """Look every few minutes; several instances do no harm, since each task takes its own locks."""
    while True:
        try:
            now = runtime.clock()
            async with runtime.pool.acquire() as connection, connection.transaction():
                if days := await anchor_days(connection, now):
                    log.info("anchored", days=[str(day) for day in days])
            await note_parked(runtime.pool, now)
            await runtime.pool.execute(PURGE, now - KEEP_ANSWERS)
            if swept := await files.sweep(runtime.pool, now):
                log.info("files_swept", files=swept)
        except TRANSIENT as failure:
            log.warning("housekeeping_later", reason=describe(failure))
        await asyncio.sleep(EVERY_SECONDS)

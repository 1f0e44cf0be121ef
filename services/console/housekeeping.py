"""What must not lie about longer than promised: uploads nobody registered, ended sessions, old attempts, old reveals."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.console.intake import KEPT_FOR, SWEEP
from services.console.office import Office
from services.infra.failures import TRANSIENT, describe
from services.infra.postgres import Pool

EVERY_SECONDS = 300.0
log = structlog.get_logger()
OLD = (
    ("DELETE FROM console.sessions WHERE expires_at < $1", timedelta(days=30)),
    ("DELETE FROM console.login_attempts WHERE at < $1", timedelta(days=1)),
    ("DELETE FROM console.oidc_requests WHERE expires_at < $1", timedelta()),
    ("DELETE FROM console.reveals WHERE until < $1", timedelta(days=1)),
    ("DELETE FROM console.uploads WHERE at < $1", timedelta(days=90)),
)
"""Statement and age; who saw an identity stays in vault.unsealings, a reveal is only its minute on a page."""


async def sweep(pool: Pool, now: datetime) -> None:
    """Once over everything."""
    await pool.execute(SWEEP, now - KEPT_FOR)
    for statement, age in OLD:
        await pool.execute(statement, now - age)


async def keep_house(office: Office) -> None:
    """For as long as the process lives; several processes may do it at once."""
    while True:
        try:
            await sweep(office.pool, office.now)
        except TRANSIENT as failure:
            log.warning("sweep_failed", reason=describe(failure))
        await asyncio.sleep(EVERY_SECONDS)

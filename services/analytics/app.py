"""Analytics: events into facts and daily sums, fresh within seconds."""

from __future__ import annotations

import asyncio

import structlog

from services.analytics.handlers import TOPICS, handle
from services.analytics.refresh import BATCH, Refresher
from services.domain.rulebook import read_rule_book
from services.infra.batches import jitter
from services.infra.failures import TRANSIENT, describe
from services.infra.runtime import Runtime
from services.infra.settings import repository_root

log = structlog.get_logger()
FAILED_SECONDS = 30.0
IDLE_SECONDS = 1.0
"""Figures are promised fresh within five seconds; one for the feed, one for this wait, the rest for the counting."""


def attach(runtime: Runtime) -> None:
    """Note what events touch, and count it anew for as long as the process lives."""
    runtime.subscribe("analytics", list(TOPICS), handle)
    runtime.background(lambda: refresh(runtime))


async def refresh(runtime: Runtime) -> None:
    """Count anew whatever was touched; an outage is waited out."""
    rules = await asyncio.to_thread(read_rule_book, repository_root() / "deploy" / "rules")
    refresher = Refresher(runtime.pool, rules, clock=runtime.clock)
    while True:
        try:
            taken = await refresher.once()
        except TRANSIENT as failure:
            log.warning("refresh_waits", reason=describe(failure))
            taken = 0
        except Exception as failure:
            # Sums are made anew from facts, so nothing is lost; other services of this process must not end for it.
            log.error("refresh_failed", reason=describe(failure))
            taken = 0
            await jitter(FAILED_SECONDS)
        if taken is None or taken < BATCH:
            await asyncio.sleep(IDLE_SECONDS)

"""Supervision: follows every case's changes, and sweeps for what is due."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import date, datetime

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from contracts.topics import CASE_CHANGED
from services.domain.clocks.calendar import day_of
from services.domain.rulebook import RuleBook
from services.domain.supervision.digest import may_send
from services.infra.batches import jitter
from services.infra.clock import Clock
from services.infra.failures import TRANSIENT
from services.infra.metrics import SWEEP_SECONDS
from services.infra.postgres import Pool
from services.infra.rules import load_rules
from services.infra.runtime import Runtime
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.supervision import digests, lines, look_back, weekly
from services.supervision.handlers import Following
from services.supervision.sweep import Sweep, Swept

log = structlog.get_logger()
SWEEP_EVERY_SECONDS = 5.0
"""The finest limit is fifteen minutes; a sweep that finds nothing costs a few index look-ups."""


def attach(runtime: Runtime) -> None:
    """Follow cases and sweep until the process ends."""
    book = load_rules(runtime.settings.rules)
    runtime.subscribe("supervision", [CASE_CHANGED], Following(book, clock=runtime.clock).handle)

    async def watch() -> None:
        duty = Duty(runtime.pool, runtime.vault, book, clock=runtime.clock)
        while True:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(TRANSIENT), stop=stop_after_delay(runtime.settings.retry_seconds),
                wait=wait_random_exponential(multiplier=0.5, max=10), reraise=True,
            ):  # fmt: skip
                with attempt:
                    await duty.once()
            await jitter(SWEEP_EVERY_SECONDS)

    runtime.background(watch)


def a_seed() -> str:
    """A seed nobody can guess before the draw; the draw keeps it."""
    return secrets.token_hex(8)


class Duty:
    """Everything that is done because time has passed: sweep, digests, the week's lists, the month's draw."""

    def __init__(self, pool: Pool, vault: Vault, book: RuleBook, *, clock: Clock, seed: Callable[[], str] = a_seed) -> None:
        self.pool, self.vault, self.book, self.clock, self.seed = pool, vault, book, clock, seed
        self.sweep = Sweep(pool, vault, book, clock=clock)
        self._day: date | None = None
        self._week: date | None = None
        self._month: tuple[int, int] | None = None

    async def once(self) -> Swept:
        """One round."""
        started = time.perf_counter()
        swept = await self.sweep.once()
        SWEEP_SECONDS.observe(time.perf_counter() - started)
        await self._lines()
        sent = await self._digests()
        await self._week_and_month()
        if swept.total or sent:
            log.info(
                "swept", warned=swept.warned, overdue=swept.overdue, lapsed=swept.lapsed, asked=swept.asked,
                proposed=swept.proposed, digests=sent,
            )  # fmt: skip
        return swept

    async def _lines(self) -> None:
        """Once a morning, before the digests: what is to be said of lines without a case."""
        now = self.clock()
        if self._day == day_of(now) or not may_send(now, self.book.ladder.quiet, self.book.case.calendar):
            return
        async with begin(self.pool, service="supervision", vault=self.vault, clock=self.clock) as unit:
            await lines.notify(unit, self.book, now)
        self._day = day_of(now)

    async def _digests(self) -> int:
        sent = 0
        while True:
            async with begin(self.pool, service="supervision", vault=self.vault, clock=self.clock) as unit:
                prepared = await digests.prepare(unit, self.book, self.clock())
            sent += prepared.digests
            if not prepared.more:
                return sent
            await asyncio.sleep(0)

    async def _week_and_month(self) -> None:
        """In the first digest hour of a week its lists, of a month its draw; late rather than never."""
        now = self.clock()
        if not may_send(now, self.book.ladder.quiet, self.book.case.calendar):
            return
        await self._weekly(now)
        await self._monthly(now)

    async def _weekly(self, now: datetime) -> None:
        if self._week == weekly.week_of(now):
            return
        async with begin(self.pool, service="supervision", vault=self.vault, clock=self.clock) as unit:
            lists = await weekly.keep(unit, now)
        self._week = weekly.week_of(now)
        if lists:
            log.info("weekly_kept", week=str(self._week), lists=lists)

    async def _monthly(self, now: datetime) -> None:
        day = day_of(now)
        if not self.book.look_back.monthly or self._month == (day.year, day.month):
            return
        async with begin(self.pool, service="supervision", vault=self.vault, clock=self.clock) as unit:
            due = await look_back.monthly(unit, self.book, seed=self.seed(), now=now)
        self._month = (day.year, day.month)
        if due:
            log.info("look_backs_drawn", month=f"{day:%Y-%m}", cases=len(due))

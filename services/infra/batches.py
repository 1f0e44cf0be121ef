"""One poll of records through one transaction, whatever goes wrong.

Order of one batch: claim in the inbox → the service's work → outbox → commit → offsets. A failure of the world is
retried in place with back-off and then raised, which holds the partition. A failure in our code is narrowed by halving
until the record that causes it stands alone and is set aside, so that it never costs its neighbours.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

from contracts.dead_letter import FailureVerdict
from services.infra.clock import Clock, system_clock
from services.infra.failures import DeadLetterCount, Verdict, describe, verdict
from services.infra.metrics import BATCH_SECONDS, BATCH_SIZE, DEAD_LETTERED, HANDLED, REDELIVERED, RETRIES
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault

log = structlog.get_logger()
Work = Callable[[UnitOfWork, Sequence[Record]], Awaitable[Callable[[], None] | None]]
"""A service's work on fresh records, in one transaction. What it returns, if anything, is called after the commit."""


class Batches:
    """Runs a service's work over batches of records with the guarantees above."""

    def __init__(
        self,
        service: str,
        pool: Pool,
        vault: Vault,
        count: DeadLetterCount,
        *,
        retry_seconds: float,
        clock: Clock = system_clock,
        abandon: Callable[[Sequence[Record]], None] = lambda records: None,
    ) -> None:
        self.service = service
        self.pool = pool
        self.vault = vault
        self.count = count
        self.retry_seconds = retry_seconds
        self.clock = clock
        self.abandon = abandon

    async def run(self, records: Sequence[Record], work: Work) -> None:
        """Handle the records; returns when each is committed or set aside, raises where the partition must be held."""
        started = time.perf_counter()
        await self._run(list(records), work)
        BATCH_SIZE.labels(self.service).observe(len(records))
        BATCH_SECONDS.labels(self.service).observe(time.perf_counter() - started)

    async def _run(self, records: list[Record], work: Work) -> None:
        try:
            await self._patiently(lambda: self._attempt(records, work))
            self.count.handled(len(records))
        except Exception as raised:
            failure, kind = raised, verdict(raised)
            if kind is Verdict.TRANSIENT:
                raise
            if len(records) > 1:
                middle = len(records) // 2
                await self._run(records[:middle], work)
                await self._run(records[middle:], work)
                return
            if kind is Verdict.BUG:
                self.count.admit()
            await self._patiently(lambda: self._set_aside(records[0], failure, kind))

    async def _attempt(self, records: list[Record], work: Work) -> None:
        try:
            async with begin(self.pool, service=self.service, vault=self.vault, clock=self.clock) as unit:
                with stage(self.service, "claim"):
                    fresh_ids = await unit.claim(record.event_id for record in records)
                fresh: list[Record] = []
                for record in records:
                    if record.event_id in fresh_ids:
                        fresh_ids.discard(record.event_id)
                        fresh.append(record)
                after = await work(unit, fresh) if fresh else None
        except BaseException:
            self.abandon(records)
            raise
        REDELIVERED.labels(self.service).inc(len(records) - len(fresh))
        HANDLED.labels(self.service).inc(len(fresh))
        if after:
            after()

    async def _set_aside(self, record: Record, failure: Exception, kind: Verdict) -> None:
        async with begin(self.pool, service=self.service, vault=self.vault, clock=self.clock) as unit:
            await unit.claim([record.event_id])
            await unit.dead_letter(record, FailureVerdict(kind.value), describe(failure))
        DEAD_LETTERED.labels(self.service, kind.value).inc()
        log.warning("dead_lettered", service=self.service, at=record.position, verdict=kind.value, reason=describe(failure))

    async def _patiently(self, attempt: Callable[[], Awaitable[None]]) -> None:
        async for trial in AsyncRetrying(
            retry=retry_if_exception(lambda failure: verdict(failure) is Verdict.TRANSIENT),
            stop=stop_after_delay(self.retry_seconds),
            wait=wait_random_exponential(multiplier=0.1, max=10),
            before_sleep=lambda state: self._note(state.outcome.exception() if state.outcome else None),
            reraise=True,
        ):
            with trial:
                await attempt()

    def _note(self, failure: BaseException | None) -> None:
        RETRIES.labels(self.service).inc()
        if failure is not None:
            log.warning("retrying", service=self.service, reason=describe(failure))


async def jitter(seconds: float) -> None:
    """Sleep between half and the whole of `seconds`, so that instances do not move in step."""
    await asyncio.sleep(seconds * random.uniform(0.5, 1.0))

"""One process: the services it runs, the pool, vault and broker they share, its probes, its graceful end.

A service is a function `attach(runtime)` that subscribes handlers or adds background work; nothing happens at import.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import structlog
from aiokafka.structs import TopicPartition
from faststream import FastStream
from faststream.kafka import KafkaBroker

from contracts.topics import Topic
from services.infra.batches import Batches, Work
from services.infra.clock import Clock, system_clock
from services.infra.failures import DeadLetterCount, DeadLetterLimit, DeadLettersExceeded, describe
from services.infra.kafka import make_broker, subscribe
from services.infra.memory import settle
from services.infra.metrics import LAG
from services.infra.postgres import Pool, create_pool
from services.infra.probes import Probes
from services.infra.records import Record
from services.infra.settings import Settings
from services.infra.vault import Vault

log = structlog.get_logger()
LAG_SECONDS = 5.0


class Runtime:
    """What services of one process share. `pool` and `vault` are there once the process has started."""

    pool: Pool
    vault: Vault

    def __init__(self, settings: Settings, names: Sequence[str], *, clock: Clock = system_clock) -> None:
        self.settings = settings
        self.names = tuple(names)
        self.clock = clock
        self.instance: UUID = uuid4()
        self.broker: KafkaBroker = make_broker(settings, client_id=f"{'-'.join(names)}-{self.instance.hex[:8]}")
        self.app = FastStream(self.broker, lifespan=self._lifespan, logger=None)
        self.failure: BaseException | None = None
        self.provided: dict[str, Any] = {}
        """What one service needs of another, by name: given where services are put together, since they never import
        each other."""
        self._background: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._at_start: list[Callable[[], Awaitable[None]]] = []
        self._at_stop: list[Callable[[], Awaitable[None]]] = []
        self._groups: list[str] = []

    def subscribe(
        self,
        service: str,
        topics: Sequence[Topic],
        work: Work,
        *,
        abandon: Callable[[Sequence[Record]], None] = lambda records: None,
        only: Callable[[Record], bool] | None = None,
    ) -> None:
        """Run `work` over every record of `topics`, each batch in one transaction (see `batches`).

        `only` passes over what does not concern the service by its headers, before it costs a row in the inbox.
        """
        limit = DeadLetterLimit(self.settings.dead_letter_ratio, self.settings.dead_letter_run)
        count = DeadLetterCount(limit)

        async def handle(records: list[Record]) -> None:
            batches = Batches(
                service,
                self.pool,
                self.vault,
                count,
                retry_seconds=self.settings.retry_seconds,
                clock=self.clock,
                abandon=abandon,
            )
            records = [record for record in records if only(record)] if only else records
            if not records:
                return
            try:
                await batches.run(records, work)
            except DeadLettersExceeded as failure:
                self.fail(failure)
                raise

        subscribe(
            self.broker, topics, service, handle, max_records=self.settings.batch, session_seconds=self.settings.kafka_session_seconds
        )
        self._groups.append(service)

    def background(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine for as long as the process lives; its failure ends the process."""
        self._background.append(work)

    def at_start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run before the first record is handled."""
        self._at_start.append(work)

    def at_stop(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run after the last record was handled."""
        self._at_stop.append(work)

    def fail(self, failure: BaseException) -> None:
        """End the process because of `failure`, in order."""
        self.failure = self.failure or failure
        log.error("stopping", reason=describe(failure))
        self.app.exit()

    async def ready(self) -> dict[str, bool]:
        """Whether the database and the broker answer."""
        database = True
        try:
            await self.pool.fetchval("SELECT 1")
        except Exception:
            database = False
        return {"database": database, "kafka": await self.broker.ping(timeout=2.0)}

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        dsn = self.settings.database.get_secret_value() if self.settings.database else ""
        self.pool = await create_pool(dsn, service="-".join(self.names), size=self.settings.database_pool)
        self.vault = Vault.from_settings(self.settings)
        probes: Probes | None = None
        if self.settings.probe_port is not None:
            probes = Probes(self.settings.probe_port, self.ready, host=self.settings.probe_host)
            probes.start()
        for start in self._at_start:
            await start()
        settle()
        tasks = [asyncio.create_task(self._guard(work)) for work in (*self._background, self._watch_lag)]
        log.info("started", services=self.names, probes=probes.port if probes else None)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            for stop in self._at_stop:
                await stop()
            if probes:
                probes.stop()
            await asyncio.wait_for(self.pool.close(), 5)
            log.info("stopped", services=self.names)

    async def _guard(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            self.fail(failure)

    async def _watch_lag(self) -> None:
        while True:
            await asyncio.sleep(LAG_SECONDS)
            for subscriber in self.broker.subscribers:
                consumer = getattr(subscriber, "consumer", None)
                if consumer is None:
                    continue
                for partition in consumer.assignment():
                    self._note_lag(consumer, partition, str(getattr(subscriber, "group_id", "")))

    @staticmethod
    def _note_lag(consumer: Any, at: TopicPartition, group: str) -> None:
        end = consumer.highwater(at)
        state = consumer._subscription.subscription.assignment.state_value(at) if end is not None else None
        if state is not None and state.has_valid_position:
            LAG.labels(group, at.topic, str(at.partition)).set(max(0, end - state.position))


async def run(runtime: Runtime) -> int:
    """Run until SIGTERM, SIGINT or a failure; returns the exit status."""
    await runtime.app.run()
    return 1 if runtime.failure else 0

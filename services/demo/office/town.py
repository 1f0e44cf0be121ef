"""Every service in one process, over one database and one clock, without a broker: what the scripted office works in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.casework.office import Office
from services.casework.ports import LINK_BOOK
from services.demo.bus import LocalBus, LocalRuntime
from services.domain.city import City
from services.domain.rulebook import RuleBook
from services.infra.cities import load_city
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.rules import load_rules
from services.infra.settings import Settings
from services.infra.vault import Vault
from services.registry import SERVICES, attach
from services.supervision.app import Duty
from services.triage.book import Book

ELSEWHERE = frozenset({"relay", "console"})
"""What needs a broker or serves people at their desks has nothing to do here."""


@dataclass
class Town:
    """The services; `clock` moves only when told."""

    pool: Pool
    vault: Vault
    city: City
    book: RuleBook
    clock: FrozenClock
    office: Office
    duty: Duty
    runtime: LocalRuntime

    @classmethod
    async def found(cls, settings: Settings, pool: Pool, vault: Vault, clock: FrozenClock, *, seed: str) -> Town:
        """Attach every service as its process would."""
        runtime = LocalRuntime(settings, pool, vault, clock=clock)
        runtime.provided[LINK_BOOK] = links = Book()
        for name in SERVICES:
            if name not in ELSEWHERE:
                attach(name)(runtime)
        await runtime.start()
        city, book = load_city(settings.city), load_rules(settings.rules)
        draws = iter(range(10_000))
        duty = Duty(pool, vault, book, clock=clock, seed=lambda: f"{seed}/{next(draws)}")
        return cls(pool, vault, city, book, clock, Office(book, links), duty, runtime)

    @property
    def bus(self) -> LocalBus:
        """What carries events between the services."""
        return self.runtime.bus

    async def submit(self, records: Sequence[Record]) -> None:
        """Hotlines publish; everything that follows from it happens."""
        if records:
            await self.bus.deliver(records)
        await self.bus.drain()

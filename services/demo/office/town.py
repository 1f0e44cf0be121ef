"""Every service in one process, over one database and one clock, without a broker: what the scripted office works in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from classifiers.history import History
from classifiers.triage import Triage
from contracts.topics import (
    ASSIGNED,
    CASE_CHANGED,
    LEADER_ASSIGNED,
    LINK_UNDONE,
    LINKED,
    OPENED,
    REGISTERED,
    SUBMITTED,
    SUPERVISION_DUE,
    TASK_FORCE_FORMED,
)
from services.casework.handlers import Hearing
from services.casework.office import Office
from services.demo.bus import LocalBus
from services.dispatch.handlers import Dispatching
from services.domain.city import City
from services.domain.rulebook import RuleBook
from services.infra.batches import Work
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.vault import Vault
from services.intake.handlers import Registering
from services.supervision.app import Duty
from services.supervision.handlers import Following
from services.triage.handlers import Triaging
from services.triage.memory import Memory

WORKER = UUID("00000000-0000-0000-0000-00000000d340")
Readers = Mapping[str, tuple[Sequence[str], Work]]


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
    bus: LocalBus

    @classmethod
    def found(
        cls, pool: Pool, vault: Vault, city: City, book: RuleBook, clock: FrozenClock, triage: Triage, *, seed: str, others: Readers | None = None
    ) -> Town:
        """Put the services together; `others` are more readers of events, by name."""
        office = Office(book)
        triaging = Triaging(Memory(triage, History()), worker=WORKER, clock=clock)
        readers: dict[str, tuple[Sequence[str], Work]] = {
            "intake": ([SUBMITTED.name], Registering(city, clock=clock, vault=lambda: vault).handle),
            "triage": ([REGISTERED.name], triaging.handle),
            "dispatch": ([OPENED.name, LINKED.name, LINK_UNDONE.name], Dispatching(city, clock=clock).handle),
            "casework": (
                [topic.name for topic in (OPENED, LINKED, LINK_UNDONE, ASSIGNED, LEADER_ASSIGNED, TASK_FORCE_FORMED, SUPERVISION_DUE)],
                Hearing(office).handle,
            ),
            "supervision": ([CASE_CHANGED.name], Following(book, clock=clock).handle),
            **(others or {}),
        }
        draws = iter(range(10_000))
        duty = Duty(pool, vault, book, clock=clock, seed=lambda: f"{seed}/{next(draws)}")
        bus = LocalBus(pool, vault, clock=clock, readers=readers, abandon={"triage": triaging.abandon}, keep=False)
        return cls(pool, vault, city, book, clock, office, duty, bus)

    async def submit(self, records: Sequence[Record]) -> None:
        """Hotlines publish; everything that follows from it happens."""
        if records:
            await self.bus.deliver(records)
        await self.bus.drain()

"""Casework and supervision over one database, on a clock that only moves when told; the bus carries every event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.topics import CASE_CHANGED, SUPERVISION_DUE
from services.casework.handlers import Hearing
from services.demo.bus import LocalBus
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool
from services.infra.vault import Vault
from services.supervision.app import Duty
from services.supervision.handlers import Following
from services.supervision.sweep import Swept
from tests.support.office import CITY, EVERYBODY, Desk, rule_book

PRINCIPAL = """
INSERT INTO access.principals (id, name, roles, unit_id, regions) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


class Watch(Desk):
    """A desk whose cases are supervised."""

    def __init__(self, pool: Pool, vault: Vault, book: RuleBook | None = None) -> None:
        super().__init__(pool, vault)
        self.supervise_by(book or rule_book())

    def supervise_by(self, book: RuleBook) -> None:
        """Supervision starts anew, under these rules."""
        self.book = book
        self.duty = Duty(self.pool, self.vault, book, clock=self.clock, seed=lambda: "seed")
        self.bus = LocalBus(self.pool, self.vault, clock=self.clock, keep=True)
        self.bus.add("supervision", [CASE_CHANGED], Following(book, clock=self.clock).handle)
        self.bus.add("casework", [SUPERVISION_DUE], Hearing(self.office).handle)

    async def staff(self) -> None:
        """Everybody of the office as principals."""
        for one in EVERYBODY:
            await self.pool.execute(PRINCIPAL, one.id, one.name, [role.value for role in one.roles], one.unit_id, [CITY])

    async def round(self, **later: float) -> Swept:
        """Time passes, everything that waits on the bus is delivered, one round of supervision, delivered again."""
        await self.bus.drain()
        self.clock.advance(timedelta(**later))
        swept = await self.duty.once()
        await self.bus.drain()
        return swept

    async def until(self, moment: datetime) -> Swept:
        """A round at this moment."""
        await self.bus.drain()
        return await self.round(seconds=(moment - self.clock()).total_seconds())

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        return [dict(row) for row in await self.pool.fetch(query, *arguments)]


@pytest.fixture
async def watch(pool: Pool, vault: Vault) -> Watch:
    made = Watch(pool, vault)
    await made.staff()
    return made

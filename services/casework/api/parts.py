"""What a request finds: the pool, the office, who calls, a transaction that is tried again where two met."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from services.casework.api.limits import Rates
from services.casework.api.problems import Problem
from services.casework.files import Files
from services.casework.office import Office
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.infra.access import authenticate
from services.infra.clock import Clock, system_clock
from services.infra.failures import CONTENDED
from services.infra.postgres import Connection, Pool
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault

T = TypeVar("T")
ATTEMPTS = 4
Session = Callable[[Request, Connection], Awaitable[Principal | None]]
"""Finds the principal of a logged-in person; the console gives one, so that its pages call the same API."""


@dataclass(slots=True)
class Parts:
    """One per application, at `app.state.casework`."""

    pool: Pool
    vault: Vault
    office: Office
    pepper: bytes
    files: Files
    rates: Rates
    clock: Clock = system_clock
    session: Session | None = None
    service: str = field(default="casework")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work."""
        async with begin(self.pool, service=self.service, vault=self.vault, clock=self.clock) as unit:
            yield unit

    async def attempt(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Work in a transaction of its own, again from the start where it met another one (deadlock)."""
        for attempt in range(ATTEMPTS):
            try:
                async with self.transaction() as unit:
                    return await work(unit)
            except CONTENDED:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError


def parts_of(request: Request) -> Parts:
    """The application's parts."""
    parts: Parts = request.app.state.casework
    return parts


async def caller(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Principal:
    """Who calls, by bearer token or session; a problem otherwise. Counts against the caller's rate."""
    async with parts.pool.acquire() as connection:
        found = await identify(request, parts, connection)
    parts.rates.count(found.id)
    return found


async def identify(request: Request, parts: Parts, connection: Connection) -> Principal:
    """The principal behind a request; raises `Problem`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found: Principal | Refusal | None = None
    if scheme.lower() == "bearer" and token:
        found = await authenticate(connection, token.strip(), parts.pepper, parts.clock())
    elif parts.session is not None:
        found = await parts.session(request, connection)
    if found is None:
        raise Problem(refuse("request.token"))
    if isinstance(found, Refusal):
        raise Problem(found)
    return found


PartsOf = Annotated[Parts, Depends(parts_of)]
Caller = Annotated[Principal, Depends(caller)]

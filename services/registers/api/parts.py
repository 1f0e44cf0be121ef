"""What a request finds: the pool, rules and city, who calls, a transaction, and how a refusal is told.

Who calls and how refusals are told is the application's: it gives both when it mounts the routes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Request, Response

from services.domain.city import City
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook
from services.infra.clock import Clock, system_clock
from services.infra.postgres import Pool
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault
from services.registers.emergencies.acts import Duty
from services.registers.evidence import Store

T = TypeVar("T")


@dataclass(slots=True)
class Parts:
    """One per application, at `app.state.registers`."""

    pool: Pool
    vault: Vault
    rules: RuleBook
    city: City
    files: Store
    identify: Callable[[Request], Awaitable[Principal]]
    problem: Callable[[Refusal], Exception]
    clock: Clock = system_clock

    @property
    def duty(self) -> Duty:
        """What acts on emergencies need."""
        return Duty(self.rules.emergency, self.city)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work."""
        async with begin(self.pool, service="registers", vault=self.vault, clock=self.clock) as unit:
            yield unit

    async def give(self, act: Callable[..., Awaitable[T | Refusal]], *arguments: Any, **named: Any) -> T:
        """An act in a transaction of its own; a refusal undoes it and is raised as the application's problem."""
        async with self.transaction() as unit:
            return self.granted(await act(unit, *arguments, **named))

    def granted(self, result: T | Refusal) -> T:
        """The result, or the refusal raised."""
        if isinstance(result, Refusal):
            raise self.problem(result)
        return result


def parts_of(request: Request) -> Parts:
    """The application's parts."""
    parts: Parts = request.app.state.registers
    return parts


async def caller(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Principal:
    """Who calls; a problem otherwise."""
    return await parts.identify(request)


PartsOf = Annotated[Parts, Depends(parts_of)]
Caller = Annotated[Principal, Depends(caller)]


class JSON(Response):
    """A JSON response of anything orjson takes."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Content as JSON; times in UTC, sets as lists."""
        return orjson.dumps(content, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS)


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return dict(value) if hasattr(value, "keys") else str(value)

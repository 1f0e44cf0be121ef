"""Dear results kept until the figures move, and for one minute more while the new ones are made behind the reader's back.

Drawing takes a tenth of a second of processor, ranking every site of a large city more; figures move with every complaint.
Whoever asks gets what is current, or what was current less than a minute ago; nobody waits for a picture already there.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

import structlog

from services.infra.failures import describe
from services.infra.postgres import Connection, Pool

log = structlog.get_logger()
BEHIND_SECONDS = 60.0
AGAIN_SECONDS = 15.0
"""A result is made behind no sooner than this after the last time: figures that move every second would draw without end."""
Make = Callable[[Connection], Awaitable[Any]]


@dataclass(slots=True)
class Result:
    """What was made, of which generation, when, and when it was last known to be right."""

    value: Any
    generation: Hashable
    made_at: float
    right_at: float


class Kept:
    """Results by key, the newest few hundred. Without a `pool` for work behind, an old result is never given."""

    def __init__(self, pool: Pool | None = None, *, size: int = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self.pool, self.size, self.clock = pool, size, clock
        self._kept: OrderedDict[Hashable, Result] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[None]] = {}

    async def get(self, key: Hashable, generation: Hashable, connection: Connection, make: Make) -> Any:
        """The result of a key as of `generation`, or one that was right until a minute ago; `make` is asked with a connection."""
        if key in self._kept:
            found, now = self._kept[key], self.clock()
            self._kept.move_to_end(key)
            if found.generation == generation:
                found.right_at = now
                return found.value
            if self.pool is not None and now - found.right_at < BEHIND_SECONDS:
                if key not in self._making and now - found.made_at >= AGAIN_SECONDS:
                    self._making[key] = asyncio.create_task(self._behind(key, generation, make))
                return found.value
        value = await make(connection)
        self._keep(key, generation, value)
        return value

    async def settled(self) -> None:
        """Wait until nothing is being made behind."""
        await asyncio.gather(*self._making.values())

    def _keep(self, key: Hashable, generation: Hashable, value: Any) -> None:
        now = self.clock()
        self._kept[key] = Result(value, generation, now, now)
        while len(self._kept) > self.size:
            self._kept.popitem(last=False)

    async def _behind(self, key: Hashable, generation: Hashable, make: Make) -> None:
        try:
            assert self.pool is not None
            async with self.pool.acquire() as connection:
                self._keep(key, generation, await make(connection))
        except Exception as failure:
            # The next reader after a minute waits for it and hears of the failure.
            log.warning("not_made_behind", what=str(key)[:80], reason=describe(failure))
        finally:
            del self._making[key]

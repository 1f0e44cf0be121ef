"""Dear results: current ones at once, old ones for a minute while new ones are made behind, never older ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from services.analytics.pages.kept import AGAIN_SECONDS, BEHIND_SECONDS, Kept


class Pool:
    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[str]:
        yield "behind"


class Maker:
    """Tells with which connection it was asked, and how often; fails when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    async def __call__(self, connection: Any) -> str:
        self.asked.append(connection)
        if self.fails:
            raise RuntimeError("no")
        return f"made {len(self.asked)}"


async def ask(kept: Kept, generation: int, make: Maker) -> str:
    return str(await kept.get("key", generation, "reader", make))  # type: ignore[arg-type]


async def test_what_is_current_is_made_once_and_what_moved_is_made_behind() -> None:
    now = [0.0]
    kept, make = Kept(Pool(), clock=lambda: now[0]), Maker()  # type: ignore[arg-type]
    assert [await ask(kept, 1, make), await ask(kept, 1, make)] == ["made 1", "made 1"]
    assert await ask(kept, 2, make) == "made 1"
    await kept.settled()
    assert make.asked == ["reader"], "not again so soon"
    now[0] = AGAIN_SECONDS
    assert [await ask(kept, 2, make), await ask(kept, 2, make)] == ["made 1", "made 1"], "nobody waits, and it is made behind once"
    await kept.settled()
    assert await ask(kept, 2, make) == "made 2" and make.asked == ["reader", "behind"]


async def test_what_was_last_right_more_than_a_minute_ago_is_waited_for() -> None:
    now = [0.0]
    kept, make = Kept(Pool(), clock=lambda: now[0]), Maker()  # type: ignore[arg-type]
    await ask(kept, 1, make)
    now[0] = 500.0
    assert await ask(kept, 1, make) == "made 1", "still right"
    now[0] += BEHIND_SECONDS - 1
    assert await ask(kept, 2, make) == "made 1"
    await kept.settled()
    now[0] += BEHIND_SECONDS + 1
    assert await ask(kept, 3, make) == "made 3" and make.asked == ["reader", "behind", "reader"]


async def test_a_failure_behind_reaches_the_next_reader_after_the_minute() -> None:
    now = [0.0]
    kept, make = Kept(Pool(), clock=lambda: now[0]), Maker()  # type: ignore[arg-type]
    await ask(kept, 1, make)
    make.fails, now[0] = True, AGAIN_SECONDS
    assert await ask(kept, 2, make) == "made 1"
    await kept.settled()
    now[0] = BEHIND_SECONDS + 1
    with contextlib.suppress(RuntimeError):
        await ask(kept, 2, make)
        raise AssertionError("the failure was hidden")


async def test_without_work_behind_nothing_old_is_given_and_only_the_newest_are_kept() -> None:
    kept, make = Kept(size=2), Maker()
    assert [await ask(kept, 1, make), await ask(kept, 2, make)] == ["made 1", "made 2"]
    for n in range(3):
        await kept.get(n, 1, "reader", make)  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert await ask(kept, 2, make) == "made 6", "it was put out"

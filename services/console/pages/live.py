"""Server-sent events: an open list learns that it changed, without asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse

from services.console.access import Needs, Visit

router = APIRouter()
BREATH_SECONDS = 15.0
LONGEST_SECONDS = 600.0
"""The browser then comes again, and its session is looked at again."""
GATHER_SECONDS = 1.0


@router.get("/live")
async def live(visit: Annotated[Visit, Depends(Needs("home"))]) -> Response:
    """`work` whenever cases of this person's unit (or any, for people without one) changed."""
    changes = visit.office.changes

    async def stream() -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        async with changes.watch(visit.principal.unit_id) as watcher:
            yield "retry: 3000\n\n"
            while loop.time() < until:
                try:
                    await asyncio.wait_for(watcher.news.wait(), BREATH_SECONDS)
                except TimeoutError:
                    yield ": here\n\n"
                    continue
                if changes.stopped:
                    return
                await asyncio.sleep(GATHER_SECONDS)
                watcher.news.clear()
                yield "event: work\ndata: {}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

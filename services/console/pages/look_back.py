"""Look-back: closed-out cases that were drawn, with the three questions, and what was found so far."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.console.access import Needs, Visit
from services.supervision.look_back import listed

router = APIRouter()


@router.get("/look-back")
async def show(visit: Annotated[Visit, Depends(Needs("look_back"))]) -> Response:
    """Due first, then done."""
    async with visit.office.pool.acquire() as connection:
        due = [row for row in await listed(connection, state="due") if visit.principal.covers(row["region"])]
        done = [row for row in await listed(connection, state="done", limit=100) if visit.principal.covers(row["region"])]
    passed = sum(1 for row in done if row["passed"])
    return visit.page("look_back.html", due=due, done=done, passed=passed)

"""The leader's pages: what to sign, what stands still and with whom, and one page for the meeting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.console import cases
from services.console.access import Needs, Visit
from services.console.lead import Desk, desk
from services.console.pages.work import work_lines

router = APIRouter()
Leader = Annotated[Visit, Depends(Needs("lead"))]


@router.get("/lead")
async def lead(visit: Leader) -> Response:
    """My cases."""
    found = await _desk(visit)
    return visit.page("lead.html", desk=found)


@router.get("/lead/meeting")
async def meeting(visit: Leader) -> Response:
    """One page to print for the weekly meeting."""
    return visit.page("meeting.html", desk=await _desk(visit))


async def _desk(visit: Visit) -> Desk:
    lines = await work_lines(visit, await cases.of_leader(visit.office.pool, visit.principal.id))
    holder = {line.row["case_no"]: visit.office.unit(line.row["lead_unit"]) for line in lines}
    return desk(lines, visit.now, holder)

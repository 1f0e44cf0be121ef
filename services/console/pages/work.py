"""My work: every case that waits for this person, in the order in which it must be done, with the reason."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.console import cases
from services.console.access import Needs, Visit
from services.console.listing import Line, lines, listing

router = APIRouter()


@router.get("/work")
async def work(visit: Annotated[Visit, Depends(Needs("work"))], show: str = "", after: str = "") -> Response:
    """The list; filter and page stand in the address."""
    found = await work_lines(visit, await cases.mine(visit.office.pool, visit.principal))
    return visit.page("work.html", listing=listing("/work", found, show, after), show=show, lines=found)


async def work_lines(visit: Visit, rows: list[Any]) -> list[Line]:
    """Rows with next steps and clocks."""
    office = visit.office
    briefs = await office.briefs.of(office.pool, [(row["case_id"], row["version"]) for row in rows])
    return lines(rows, briefs, visit.principal, visit.now, office.rules.case.calendar)

"""The search box: a whole number opens its case at once, anything else gives a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from services.console.access import Needs, Visit
from services.console.pages.work import work_lines
from services.console.search import LIMIT, by_number, by_words

router = APIRouter()


@router.get("/search")
async def search(visit: Annotated[Visit, Depends(Needs("search"))], q: str = "") -> Response:
    """Results in the order of their last change."""
    query = q.strip()[:100]
    if query and (case_no := await by_number(visit, query)):
        return RedirectResponse(f"/cases/{case_no}", 303)
    rows = await by_words(visit, query) if query else []
    found = {line.row["case_no"]: line for line in await work_lines(visit, rows)}
    return visit.page("search.html", query=query, lines=[found[row["case_no"]] for row in rows if row["case_no"] in found], limit=LIMIT)

"""The search box: a whole number opens its case at once, anything else gives a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from services.console.access import Needs, Visit
from services.console.pages.work import work_lines
from services.console.search import LIMIT, by_number, by_texts, by_words

router = APIRouter()


@router.get("/search")
async def search(visit: Annotated[Visit, Depends(Needs("search"))], q: str = "") -> Response:
    """Cases that are called so, in the order of their last change; then those of whose complaints one says so, the newest first."""
    query = q.strip()[:100]
    if query and (case_no := await by_number(visit, query)):
        return RedirectResponse(f"/cases/{case_no}", 303)
    named = await by_words(visit, query)
    told = await by_texts(visit, query, {row["case_id"] for row in named})
    lines = {line.row["case_no"]: line for line in await work_lines(visit, [*named, *(found.row for found in told)])}
    return visit.page(
        "search.html", query=query, named=[lines[row["case_no"]] for row in named if row["case_no"] in lines],
        told=[(lines[found.row["case_no"]], found) for found in told if found.row["case_no"] in lines], limit=LIMIT,
    )  # fmt: skip

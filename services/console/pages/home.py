"""The way in: to the first page of the person's role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from services.console.access import Needs, Visit

router = APIRouter()


@router.get("/")
async def home(visit: Annotated[Visit, Depends(Needs("home"))]) -> Response:
    """On to what this person does first."""
    items = visit.nav
    return RedirectResponse(items[0].href, 303) if items else visit.page("nothing.html", 200)

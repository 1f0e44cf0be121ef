"""The page anybody may read, where the city turned it on: released lines only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.console import publications
from services.console.access import NotFound, Open
from services.console.office import Office

router = APIRouter()


@router.get("/public")
async def show(office: Annotated[Office, Depends(Open("公开页"))], page: int = 1) -> Response:
    """《群众信访举报转办和边督边改公开情况一览表》."""
    if not office.settings.public_page:
        raise NotFound("本市没有开放公开页。")
    return office.templates.page("public.html", office=office, shown=await publications.shown(office, page))

"""What may go out to the public: lines from the unit's own findings, prepared by one person and released by another."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console import publications
from services.console.access import Needs, Visit
from services.console.news import News

router = APIRouter()
Publisher = Annotated[Visit, Depends(Needs("publish"))]


@router.get("/publish")
async def show(visit: Publisher) -> Response:
    """Cases that could go out, those that wait for a second person, those that are out."""
    return visit.page("publish.html", desk=await publications.desk(visit), public=visit.office.settings.public_page)


@router.post("/publish/prepare")
async def prepare(visit: Publisher, id: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Propose these cases' lines."""
    count = await publications.prepare(visit, id or [])
    return visit.go("/publish", News(f"已提出 {count} 件，等待另一人审核发布。" if count else "没有可以提出的。", "done" if count else "soon"))


@router.post("/publish/release")
async def release(visit: Publisher, id: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Let lines that somebody else prepared go out."""
    count = await publications.release(visit, id or [])
    return visit.go("/publish", News(f"已发布 {count} 件。" if count else "没有发布：自己提出的须由另一人发布。", "done" if count else "late"))


@router.post("/publish/withdraw")
async def withdraw(visit: Publisher, id: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """Take lines back."""
    return visit.go("/publish", News(f"已撤回 {await publications.withdraw(visit, id or [])} 件。"))

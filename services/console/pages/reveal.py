"""Asking to see who stands behind a complaint, in the place where it is read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console import reveals
from services.console.access import Needs, Visit
from services.console.cases import open_case
from services.console.news import News
from services.console.pages.case import render

router = APIRouter()


@router.post("/cases/{case_no}/reveal/{complaint_id}")
async def reveal(visit: Annotated[Visit, Depends(Needs("case"))], case_no: str, complaint_id: str, purpose: Annotated[str, Form()] = "") -> Response:
    """Show an identity for a minute; the story and the supervisor see that it was."""
    opened = await open_case(visit, case_no)
    refusal = await reveals.reveal(visit, opened.id, opened.state, complaint_id, purpose)
    if refusal is not None:
        return await render(visit, opened, refusal=refusal, status=403)
    seconds = visit.office.console.reveal.seconds
    return visit.go(f"/cases/{case_no}#c-{complaint_id}", News(f"身份信息显示 {seconds} 秒，查看已记入案卷。", "soon"))

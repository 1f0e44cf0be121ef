"""Supervision: what is nobody's, what is late, and the ladder, one step at a time or many with a preview."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console.access import Needs, Visit
from services.console.news import News
from services.console.supervise import decide, watch
from services.supervision import proposals

router = APIRouter()
Supervisor = Annotated[Visit, Depends(Needs("supervise"))]
Chosen = Annotated[list[UUID], Form()]


@router.get("/supervise")
async def show(visit: Supervisor, step: str = "") -> Response:
    """The desk; `step` narrows the ladder to one step."""
    found = await watch(visit)
    return visit.page("supervise.html", watch=found, step=step, steps=sorted({item.step for item in found.steps}))


@router.post("/supervise/preview")
async def preview(visit: Supervisor, id: Annotated[list[UUID] | None, Form()] = None) -> Response:
    """What taking these steps would do, before it is done."""
    if not id:
        return visit.go("/supervise", News("没有选中任何督办建议。", "soon"))
    async with visit.office.pool.acquire() as connection:
        found = await proposals.preview(connection, id, visit.principal)
    return visit.page("supervise_preview.html", preview=found)


@router.post("/supervise/apply")
async def apply(visit: Supervisor, id: Chosen, act: Annotated[str, Form()] = "take", reason: Annotated[str, Form()] = "") -> Response:
    """Take or decline them, each by itself."""
    if act == "decline" and not reason.strip():
        return visit.go("/supervise", News("不采纳须写明理由；没有改动。", "late"))
    done, failed = await decide(visit, id, decline=reason.strip() if act == "decline" else None)
    said = f"已{'否决' if act == 'decline' else '采取'} {len(done)} 项督办。" if done else ""
    return visit.go("/supervise", News(said + "".join(f"未办：{line}。" for line in failed[:3]), "late" if failed else "done"))

"""Link review: one question after the other, one key each; the last answer can be taken back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from services.casework.acts import ConfirmSuggestion, RefuseSuggestion, UndoLink
from services.casework.execute import Denied
from services.console.access import Needs, NotFound, Visit
from services.console.desk import give_all
from services.console.news import News
from services.console.review import question, queue
from services.domain.errors import Refused
from services.infra.unit_of_work import begin
from services.triage import links

router = APIRouter()
Reviewer = Annotated[Visit, Depends(Needs("review"))]


@router.get("/review")
async def start(visit: Reviewer) -> Response:
    """The question that teaches most, or the empty desk."""
    rows, _ = await queue(visit)
    if not rows:
        return visit.page("review_empty.html")
    return await show(visit, rows[0]["id"])


@router.get("/review/{link_id}")
async def show(visit: Reviewer, link_id: UUID) -> Response:
    """One question, with the way to the next and the one before."""
    rows, total = await queue(visit)
    ids = [row["id"] for row in rows]
    try:
        asked = await question(visit, link_id)
    except NotFound:
        return RedirectResponse("/review", 303) if visit.news is None else visit.go("/review", visit.news)
    at = ids.index(link_id) if link_id in ids else 0
    return visit.page(
        "review.html", asked=asked, rows=rows[:12], total=total, place=at + 1, before=ids[at - 1] if at else None,
        after=ids[at + 1] if at + 1 < len(ids) else None,
    )  # fmt: skip


@router.post("/review/{link_id}")
async def answer(visit: Reviewer, link_id: UUID, says: Annotated[str, Form()], after: Annotated[str, Form()] = "") -> Response:
    """same: it belongs there; facts: it belongs there and tells something new; other: it is another matter."""
    asked = await question(visit, link_id)
    target = f"/review/{after}" if after else "/review"
    if says == "other":
        [outcome] = await give_all(visit, [(asked.own_case or asked.case_id, RefuseSuggestion(link_id=link_id))])
        said = News(f"{asked.newer.receipt_no} 与 {asked.case_no} 不是同一事项。", undo=f"/review/{link_id}/ask-again", undo_label="撤销 U")
    elif says in ("same", "facts"):
        [outcome] = await give_all(visit, [(asked.case_id, ConfirmSuggestion(link_id=link_id, new_facts=says == "facts"))])
        said = News(f"{asked.newer.receipt_no} 已并入 {asked.case_no}{'，并标为新情况' if says == 'facts' else ''}。", undo=f"/review/{link_id}/undo", undo_label="撤销 U")
    else:
        raise NotFound("没有这种答案。")
    if isinstance(outcome, Denied):
        said = News(f"{outcome.refusal.message}{outcome.refusal.instead}", "late")
    return visit.go(target, said)


@router.post("/review/{link_id}/ask-again")
async def ask_again(visit: Reviewer, link_id: UUID) -> Response:
    """The answer was a slip: the question is asked anew."""
    office = visit.office
    try:
        async with begin(office.pool, service="console", vault=office.vault, clock=office.clock) as unit:
            again = await links.ask_again(unit, link_id, actor=visit.principal.id)
    except Refused as refusal:
        return visit.go("/review", News(str(refusal), "late"))
    return visit.go(f"/review/{again}", News("已撤销，请重新判断。"))


@router.post("/review/{link_id}/undo")
async def undo(visit: Reviewer, link_id: UUID) -> Response:
    """The complaint does not belong there after all: it gets a case of its own back."""
    row = await visit.office.pool.fetchrow("SELECT complaint_id, case_id FROM triage.links WHERE answers = $1 AND act = 'confirm'", link_id)
    if row is None:
        raise NotFound("没有可撤销的判断。")
    [outcome] = await give_all(visit, [(row["case_id"], UndoLink(complaint_id=row["complaint_id"], reason="复核人撤销刚才的判断"))])
    if isinstance(outcome, Denied):
        return visit.go("/review", News(f"{outcome.refusal.message}{outcome.refusal.instead}", "late"))
    return visit.go("/review", News("已撤销，信访件恢复为单独案件。"))

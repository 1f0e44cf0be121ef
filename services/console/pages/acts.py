"""Acts on a case: one address for every command; the answer stands where it was given."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.casework.execute import Denied
from services.console.access import Needs, NotFound, Visit
from services.console.cases import open_case
from services.console.desk import give
from services.console.forms import Desk, command_of, form_of
from services.console.news import News
from services.console.pages.case import render
from services.console.security import own_path
from services.domain.case.states import TABLE

router = APIRouter()
ENDS_WITH = {"sign_in": "已签收，办理时限开始计算。", "request_close_out": "已申请销号，等待区县验收。", "conclude": "已办结，将逐一答复信访人。"}


@router.post("/cases/{case_no}/acts/{kind}")
async def act(visit: Annotated[Visit, Depends(Needs("case"))], case_no: str, kind: str) -> Response:
    """Give a command; refused ones come back with the form as it was and the rule that said no."""
    opened = await open_case(visit, case_no)
    desk = Desk(visit.office, opened.state, visit.principal, visit.now)
    form = form_of(kind, desk)
    if form is None or kind == "add_evidence":
        raise NotFound("没有这种办理。")
    data = await visit.request.form()
    sent = {name: [str(value) for value in data.getlist(name)] for name in data}
    command = command_of(kind, sent, desk)
    version = sent.get("version", [""])[0]
    if version.isdigit():
        command["expected_version"] = int(version)
    outcome = await give(visit, opened.id, command)
    if isinstance(outcome, Denied):
        again = await open_case(visit, case_no)
        return await render(visit, again, do=kind, sent=sent, refusal=outcome.refusal, changes=outcome.changes, status=409 if outcome.changes else 422)
    target = own_path(sent.get("back", [""])[0] or f"/cases/{case_no}")
    said = ENDS_WITH.get(kind) or f"已{TABLE[kind].label}。"
    proposed = next((event for event in outcome.events if event.type == "proposed"), None)
    if proposed is not None:
        said = "已提出，等待第二人复核。"
    return visit.go(target, News(f"{case_no} {said}"))

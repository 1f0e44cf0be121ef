"""One case on one page: the story on the left, where it stands and what is missing on the right."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.console import reveals
from services.console.access import Needs, NotFound, Visit
from services.console.case_view import view_of
from services.console.cases import Opened, open_case
from services.console.forms import Desk, form_of
from services.console.surroundings import around
from services.domain.refusals import Refusal

router = APIRouter()
Somebody = Annotated[Visit, Depends(Needs("case"))]


@router.get("/cases/{case_no}")
async def show(visit: Somebody, case_no: str, do: str = "") -> Response:
    """The case; `do` opens the form of a command on it."""
    return await render(visit, await open_case(visit, case_no), do=do)


async def render(
    visit: Visit, opened: Opened, *, do: str = "", sent: dict[str, list[str]] | None = None, refusal: Refusal | None = None,
    changes: tuple[str, ...] = (), status: int = 200,
) -> Response:  # fmt: skip
    """The page, with a form open, with what was sent still in it, and with why it was refused."""
    view = view_of(visit, opened)
    form = None
    if do:
        form = form_of(do, Desk(visit.office, opened.state, visit.principal, visit.now))
        if form is None:
            raise NotFound("没有这种办理。")
    shown = await reveals.shown(visit, opened.id)
    values: dict[str, Any] = {"around": await around(visit, opened), "view": view, "form": form, "sent": sent or {}, "refusal": refusal, "changes": changes, "shown": shown}
    return visit.page("case.html", status, **values)

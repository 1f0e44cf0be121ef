"""/emergencies: who is on duty acknowledges, grades, places, reports, dismisses; reports as documents; the duty roster."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.domain import emergency as em
from services.domain.case.values import Position
from services.domain.clocks.calendar import day_of
from services.domain.registers import missing
from services.domain.resources import Hazard
from services.registers.api.files import add_import, download
from services.registers.api.parts import JSON, Caller, PartsOf
from services.registers.api.resources import Match, told, version_of
from services.registers.emergencies import acts, documents, views
from services.registers.emergencies.repository import STATE

router = APIRouter(tags=["emergencies"])
Strict = ConfigDict(extra="forbid")


class GradeIn(BaseModel):
    """A person's grade and why."""

    model_config = Strict
    grade: em.Grade
    reason: str = Field(min_length=1, max_length=1000)
    sensitive: tuple[str, ...] = Field(default=(), max_length=10)


class LocateIn(BaseModel):
    """Where it is."""

    model_config = Strict
    place: str = Field(default="", max_length=200)
    position: Position | None = None


class ReportIn(BaseModel):
    """A report with its fields by key; GET /emergencies/forms names them."""

    model_config = Strict
    kind: em.ReportKind
    fields: dict[str, Annotated[str, Field(max_length=4000)]] = Field(max_length=50)


class DismissIn(BaseModel):
    """Why it is none, or which other one it is the same as."""

    model_config = Strict
    reason: str = Field(min_length=1, max_length=1000)
    same_as: UUID | None = None


def _answer(event: em.Emergency) -> Response:
    body = STATE.dump_python(event, mode="json") | {"status": event.status}
    return JSON(body, headers={"ETag": f'"{event.version}"'})


@router.get("/emergencies", response_class=JSON)
async def list_emergencies(
    parts: PartsOf, actor: Caller, open: bool | None = None, region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:  # fmt: skip
    """Suspected events the caller may see, the newest first."""
    found, _ = await parts.give(views.page, actor, open_=open, region=region, limit=limit)
    return JSON({"emergencies": found})


@router.get("/emergencies/forms", response_class=JSON)
async def forms(parts: PartsOf, actor: Caller) -> Response:
    """The fields of each report, the sensitive places, and the threshold tables with their dates."""
    rules = parts.rules.emergency
    found: dict[str, Any] = {
        kind.value: {"label": kind.label, "header": rules.header, "required": form.required, "optional": form.optional}
        for kind, form in rules.forms.items()
    }
    tables = [table.model_dump(mode="json") for table in rules.grade_tables]
    return JSON({"forms": found, "sensitive": rules.sensitive, "grade_tables": tables})


@router.get("/emergencies/{id}", response_class=JSON)
async def show(id: UUID, parts: PartsOf, actor: Caller) -> Response:
    """Everything about one: state, clocks, history, pages, its case, others that may be the same."""
    found = await parts.give(views.show, parts.duty, actor, id)
    return JSON(found, headers={"ETag": f'"{found["emergency"]["version"]}"'})


@router.post("/emergencies/{id}/acknowledge", response_class=JSON)
async def acknowledge(
    id: UUID, parts: PartsOf, actor: Caller,
    with_similar: Annotated[bool, Query(description="Also those of the same district and hours.")] = False,
) -> Response:  # fmt: skip
    """接警: paging stops. Whoever comes second is told who was first."""
    return _answer(await parts.give(acts.acknowledge, parts.duty, actor, id, with_similar=with_similar))


@router.post("/emergencies/{id}/grade", response_class=JSON)
async def grade(id: UUID, told_: GradeIn, parts: PartsOf, actor: Caller, match: Match = None) -> Response:
    """定级, by a person; the clock of the first report follows."""
    done = await parts.give(
        acts.grade, parts.duty, actor, id, told_.grade, told_.sensitive, told_.reason, version_of(parts, match)
    )
    return _answer(done)


@router.post("/emergencies/{id}/locate", response_class=JSON)
async def locate(id: UUID, place: LocateIn, parts: PartsOf, actor: Caller) -> Response:
    """Where it is."""
    return _answer(await parts.give(acts.locate, parts.duty, actor, id, place.place, place.position))


@router.post("/emergencies/{id}/reports", response_class=JSON, status_code=201)
async def report(id: UUID, told_: ReportIn, parts: PartsOf, actor: Caller, match: Match = None) -> Response:
    """初报, 续报 or 处理结果报告."""
    version = version_of(parts, match)
    answer = _answer(await parts.give(acts.report, parts.duty, actor, id, told_.kind, told_.fields, version))
    answer.status_code = 201
    return answer


@router.post("/emergencies/{id}/dismiss", response_class=JSON)
async def dismiss(id: UUID, told_: DismissIn, parts: PartsOf, actor: Caller, match: Match = None) -> Response:
    """A person finds it is none."""
    version = version_of(parts, match)
    done = await parts.give(acts.dismiss, parts.duty, actor, id, told_.reason, same_as=told_.same_as, expected=version)
    return _answer(done)


@router.get("/emergencies/{id}/reports/{number}", response_class=Response)
async def document(id: UUID, number: int, parts: PartsOf, actor: Caller, form: Literal["docx", "text"] = "docx") -> Response:
    """The n-th report (from 1) as a Word document or as text."""
    event = await parts.give(views.visible, actor, id)
    mark = documents.printed_by(f"{actor.name}（{actor.id}）", parts.clock())
    arguments = (event, number - 1, parts.rules.emergency, parts.city, mark)
    try:
        if form == "text":
            return Response(documents.as_text(*arguments), media_type="text/plain; charset=utf-8")
        data = await asyncio.to_thread(documents.as_docx, *arguments)
    except IndexError:
        raise parts.problem(missing("报告", str(number))) from None
    return download(data, documents.MEDIA, f"突发环境事件信息报告-{number}.docx")


@router.get("/emergencies/{id}/help", response_class=JSON)
async def help_for(id: UUID, parts: PartsOf, actor: Caller, hazard: Annotated[list[Hazard] | None, Query()] = None) -> Response:
    """The nearest fitting supplies, experts and teams."""
    found = await parts.give(views.help_for, parts.rules.registers.help, parts.city, parts.duty, actor, id, hazard)
    return JSON({"proposals": [told(item) for item in found]})


@router.get("/duty", response_class=JSON)
async def roster(parts: PartsOf, actor: Caller, since: date | None = None, until: date | None = None) -> Response:
    """The duty roster; the coming week where no days are given."""
    first = since or day_of(parts.clock())
    return JSON({"duty": await parts.give(views.roster, actor, first, until or first + timedelta(days=7))})


add_import(router, "/duty", lambda parts: views.DutyRegister(parts.duty), "the duty roster")

"""The duty desk: suspected emergencies with their clocks; taken up, graded, reported and dismissed by a person; nearest help."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console.access import Needs, NotFound, Visit
from services.console.news import News
from services.console.words import late_words, left_words
from services.domain import emergency as em
from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork, begin
from services.registers.emergencies import acts, views
from services.registers.emergencies.acts import Duty

router = APIRouter()
Officer = Annotated[Visit, Depends(Needs("duty"))]


@router.get("/duty")
async def index(visit: Officer, show: str = "open") -> Response:
    """Open ones first; `show=all` adds those that are over."""
    async with _unit(visit) as unit:
        found = await views.page(unit, visit.principal, open_=True if show == "open" else None, limit=100)
    if isinstance(found, Refusal):
        raise NotFound(found.message)
    lines = [line | {"clock": clock(visit, line["report_due_at"], line["open"])} for line in found[0]]
    return visit.page("duty.html", lines=lines, show=show)


@router.get("/duty/{id}")
async def show(visit: Officer, id: UUID) -> Response:
    """One emergency with its reports, pages and the nearest help."""
    return await _page(visit, id)


@router.post("/duty/{id}/acknowledge")
async def acknowledge(visit: Officer, id: UUID) -> Response:
    """接警."""
    return await _act(visit, id, lambda unit, duty: acts.acknowledge(unit, duty, visit.principal, id), "已接警，不再向其他人呼叫。")


@router.post("/duty/{id}/grade")
async def grade(
    visit: Officer, id: UUID, grade: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = "",
    sensitive: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """定级."""
    if grade not in em.Grade._value2member_map_:
        return await _page(visit, id, refusal=refuse("emergency.grade", field="grade"), status=422)
    chosen = tuple(sensitive or ())
    return await _act(visit, id, lambda unit, duty: acts.grade(unit, duty, visit.principal, id, em.Grade(grade), chosen, reason), "已定级，报告时限随之更新。")


@router.post("/duty/{id}/locate")
async def locate(visit: Officer, id: UUID, place: Annotated[str, Form()] = "") -> Response:
    """Where it is."""
    return await _act(visit, id, lambda unit, duty: acts.locate(unit, duty, visit.principal, id, place, None), "已登记地点。")


@router.post("/duty/{id}/report/{kind}")
async def report(visit: Officer, id: UUID, kind: str) -> Response:
    """初报, 续报 or 处理结果报告."""
    if kind not in em.ReportKind._value2member_map_:
        raise NotFound("没有这种报告。")
    data = await visit.request.form()
    fields = {str(name)[2:]: str(value).strip() for name, value in data.items() if str(name).startswith("r-") and str(value).strip()}
    which = em.ReportKind(kind)
    return await _act(visit, id, lambda unit, duty: acts.report(unit, duty, visit.principal, id, which, fields), f"{which.label}已提交。", open_report=kind, sent=fields)


@router.post("/duty/{id}/dismiss")
async def dismiss(visit: Officer, id: UUID, reason: Annotated[str, Form()] = "") -> Response:
    """It is none."""
    return await _act(visit, id, lambda unit, duty: acts.dismiss(unit, duty, visit.principal, id, reason), "已排除，时限停止。")


def clock(visit: Visit, due_at: Any, running: bool) -> tuple[str, str]:
    """(tone, words) of the first report's clock."""
    if not running:
        return "done", "已结束"
    calendar = visit.office.rules.case.calendar
    if due_at <= visit.now:
        return "late", f"已超 {late_words(due_at, visit.now, calendar)}"
    return "soon", f"剩 {left_words(visit.now, due_at, calendar)}"


def _duty(visit: Visit) -> Duty:
    return Duty(visit.office.rules.emergency, visit.office.city)


def _unit(visit: Visit) -> Any:
    return begin(visit.office.pool, service="registers", vault=visit.office.vault, clock=visit.office.clock)


Acting = Callable[[UnitOfWork, Duty], Awaitable[em.Emergency | Refusal]]


async def _act(visit: Visit, id: UUID, act: Acting, said: str, *, open_report: str = "", sent: dict[str, str] | None = None) -> Response:
    async with _unit(visit) as unit:
        done = await act(unit, _duty(visit))
    if isinstance(done, Refusal):
        return await _page(visit, id, refusal=done, open_report=open_report, sent=sent, status=422)
    return visit.go(f"/duty/{id}", News(said))


async def _page(
    visit: Visit, id: UUID, *, refusal: Refusal | None = None, open_report: str = "", sent: dict[str, str] | None = None, status: int = 200
) -> Response:
    office, duty = visit.office, _duty(visit)
    async with _unit(visit) as unit:
        found = await views.show(unit, duty, visit.principal, id)
        if isinstance(found, Refusal):
            raise NotFound(found.message)
        help_ = await views.help_for(unit, office.rules.registers.help, office.city, duty, visit.principal, id)
    event = found["emergency"]
    kinds = {report["kind"] for report in event["reports"]}
    following = em.ReportKind.FOLLOW_UP if em.ReportKind.INITIAL.value in kinds else em.ReportKind.INITIAL
    running = found["status"] not in ("已排除", "已并入", "已报结果")
    return visit.page(
        "emergency.html", status, found=found, event=event, help=() if isinstance(help_, Refusal) else help_, refusal=refusal, sent=sent or {},
        forms=office.rules.emergency.forms, kinds=em.ReportKind, grades=em.Grade, sensitive=office.rules.emergency.sensitive,
        open_report=open_report or following.value, clock=clock(visit, found["report_due_at"], running), running=running,
    )  # fmt: skip

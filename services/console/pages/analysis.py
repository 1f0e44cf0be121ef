"""The analyst's pages: figures with their definitions, drilled down to what they count, and the same taken out as files."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.analytics.exports.brief import brief
from services.analytics.exports.workbook import Mark, workbook
from services.analytics.pages import Asked, AskedWrong, Board, asked
from services.analytics.report import report
from services.console.access import Needs, NotFound, Visit

router = APIRouter()
Analyst = Annotated[Visit, Depends(Needs("analysis"))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@router.get("/analysis")
async def overview(visit: Analyst) -> Response:
    """All indicators against the window before."""
    wanted = _asked(visit)
    async with visit.office.pool.acquire() as c:
        return _page(visit, "analysis.html", wanted, view=await _board(visit).overview(c, wanted))


@router.get("/analysis/indicators/{id}")
async def indicator(visit: Analyst, id: str) -> Response:
    """One indicator: definition, readings, breakdowns, lists."""
    wanted = _asked(visit)
    async with visit.office.pool.acquire() as c:
        try:
            view = await _board(visit).indicator(c, id, wanted)
        except AskedWrong as wrong:
            raise NotFound(str(wrong)) from None
    return _page(visit, "indicator.html", wanted, view=view)


@router.get("/analysis/list")
async def listing(visit: Analyst, measure: str = "", site: str = "") -> Response:
    """What a number counts."""
    wanted = _asked(visit)
    async with visit.office.pool.acquire() as c:
        try:
            view = await _board(visit).listing(c, measure, wanted, site=site or None)
        except AskedWrong as wrong:
            raise NotFound(str(wrong)) from None
    return _page(visit, "analysis_table.html", wanted, view=view)


@router.get("/analysis/hot")
async def hot(visit: Analyst, by: str = "respondent") -> Response:
    """Hot respondents, hot sites, chronic ones."""
    wanted, board = _asked(visit), _board(visit)
    async with visit.office.pool.acquire() as c:
        view = await board.hot(c, wanted, by="site" if by in ("site", "chronic") else "respondent", chronic=by == "chronic")
    return _page(visit, "analysis_table.html", wanted, view=view)


@router.get("/analysis/rising")
async def rising(visit: Analyst) -> Response:
    """Sites that rose in the last week."""
    wanted = _asked(visit)
    async with visit.office.pool.acquire() as c:
        return _page(visit, "analysis_table.html", wanted, view=await _board(visit).rising(c, wanted))


@router.get("/analysis/quality")
async def quality(visit: Analyst) -> Response:
    """The machine's own quality."""
    wanted = _asked(visit)
    async with visit.office.pool.acquire() as c:
        return _page(visit, "analysis.html", wanted, view=await _board(visit).quality(c, wanted, visit.today))


@router.get("/analysis/matters/{case_no}")
async def matter(visit: Analyst, case_no: str) -> Response:
    """One matter: its network, its story across close-outs, how its complaints came together."""
    async with visit.office.pool.acquire() as c:
        view = await _board(visit).matter(c, case_no, regions=_regions(visit))
    if view is None:
        raise NotFound("没有这件事项的记录。")
    return visit.page("matter.html", view=view, tabs=TABS)


@router.get("/analysis/workbook")
async def take_workbook(visit: Analyst) -> Response:
    """The indicator workbook, marked with who and when."""
    wanted, board = _asked(visit), _board(visit)
    async with visit.office.pool.acquire() as c:
        found = await report(c, board.rules, wanted.query, visit.today)
    content = await asyncio.to_thread(workbook, found, board.rules, board.names, Mark(visit.principal.name, visit.now))
    return _file(content, XLSX, f"indicators-{wanted.window.end}.xlsx")


@router.get("/analysis/brief")
async def take_brief(visit: Analyst) -> Response:
    """The weekly brief of one page."""
    wanted, board = _asked(visit), _board(visit)
    async with visit.office.pool.acquire() as c:
        found = await report(c, board.rules, wanted.query, visit.today)
    content = await asyncio.to_thread(brief, found, board.names, Mark(visit.principal.name, visit.now))
    return _file(content, DOCX, f"brief-{wanted.window.end}.docx")


TABS = (
    ("/analysis", "指标"), ("/analysis/hot", "热点单位"), ("/analysis/hot?by=site", "热点对象"), ("/analysis/hot?by=chronic", "长期反复"),
    ("/analysis/rising", "本周上升"), ("/analysis/quality", "机器质量"),
)  # fmt: skip
WINDOWS = ((7, "近一周"), (30, "近一月"), (91, "近一季"), (182, "近半年"), (365, "近一年"))


def _page(visit: Visit, template: str, wanted: Asked, **values: Any) -> Response:
    city = visit.office.city
    mine = _regions(visit)
    districts = [(item.code, item.name) for item in city.document.districts if mine is None or item.code in mine]
    days = wanted.window.days
    return visit.page(template, tabs=TABS, windows=WINDOWS, days=days, districts=districts, region=visit.request.query_params.get("region", ""), whole=mine is None, **values)


def _regions(visit: Visit) -> frozenset[str] | None:
    """Districts this person may see figures of; None for the whole city."""
    city = visit.office.city
    if visit.principal.covers(city.code):
        return None
    return frozenset(item.code for item in city.document.districts if visit.principal.covers(item.code))


def _asked(visit: Visit) -> Asked:
    mine = _regions(visit)
    parameters = dict(visit.request.query_params)
    if mine and parameters.get("region") not in mine:
        parameters["region"] = min(mine)
    try:
        return asked(parameters, _board(visit).rules, visit.today, regions=mine)
    except AskedWrong as wrong:
        raise NotFound(str(wrong)) from None


def _board(visit: Visit) -> Board:
    return visit.office.board


def _file(content: bytes, media: str, name: str) -> Response:
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})

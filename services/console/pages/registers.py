"""The registers as lists with filters: ledger, risk sources, small hydropower, supplies; and cases that want a leader."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from services.console import registers
from services.console.access import Needs, Visit
from services.console.registers import Sheet, Wanted, granted, ledger_filter
from services.registers.ledger import acts

router = APIRouter()
Reader = Annotated[Visit, Depends(Needs("registers"))]
TABS = (
    ("registers", "/registers/ledger", "整改台账"), ("registers", "/registers/risks", "环境风险源"), ("registers", "/registers/stations", "小水电"),
    ("registers", "/registers/resources", "应急资源"), ("leaders_wanted", "/registers/leaders", "待定包案"),
)  # fmt: skip
"""Area, address and name."""


@router.get("/registers")
async def start(visit: Reader) -> Response:
    """The ledger is what most people come for."""
    return RedirectResponse("/registers/ledger", 303)


@router.get("/registers/ledger")
async def ledger(visit: Reader) -> Response:
    """The rectification ledger."""
    return _page(visit, await registers.ledger(visit))


@router.get("/registers/ledger/export")
async def export(visit: Reader) -> Response:
    """The ledger as a file with the columns officials use, marked with who took it and when; the act is on record."""
    _, chosen = ledger_filter(Wanted(visit))
    given = await granted(visit, acts.export, visit.office.rules.ledger, chosen, "xlsx")
    return Response(given.data, media_type=given.media_type, headers={"Content-Disposition": f'attachment; filename="ledger-{given.number}.xlsx"'})


@router.get("/registers/risks")
async def risks(visit: Reader) -> Response:
    """Risk sources."""
    return _page(visit, await registers.risks(visit))


@router.get("/registers/stations")
async def stations(visit: Reader) -> Response:
    """Small hydropower stations."""
    return _page(visit, await registers.stations(visit))


@router.get("/registers/resources")
async def resources(visit: Reader) -> Response:
    """Supplies, experts and teams."""
    return _page(visit, await registers.resources(visit))


@router.get("/registers/leaders")
async def leaders(visit: Annotated[Visit, Depends(Needs("leaders_wanted"))]) -> Response:
    """Cases that want a leader in charge."""
    return _page(visit, await registers.leaders(visit))


def _page(visit: Visit, sheet: Sheet) -> Response:
    return visit.page("register.html", sheet=sheet, tabs=[(href, label) for area, href, label in TABS if visit.opens(area)])

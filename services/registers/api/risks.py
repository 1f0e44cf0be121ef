"""/risk-sources: the register, inspections, and cases about sources."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.vocabulary import RiskArea
from services.registers.api.files import add_import
from services.registers.api.findings import FindingIn, found_by
from services.registers.api.parts import JSON, Caller, PartsOf
from services.registers.risks import acts

router = APIRouter(tags=["risk sources"])
Region = Annotated[str | None, Query(pattern=r"^\d{6}$")]


class InspectionIn(BaseModel):
    """One inspection."""

    model_config = ConfigDict(extra="forbid")
    on: date
    findings: tuple[FindingIn, ...] = Field(default=(), max_length=100)
    note: str = Field(default="", max_length=2000)


@router.get("/risk-sources", response_class=JSON)
async def list_sources(
    parts: PartsOf, actor: Caller, region: Region = None, area: RiskArea | None = None, with_cases: bool = False,
    after: Annotated[str | None, Query(max_length=300)] = None, limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:  # fmt: skip
    """Sources the caller may see, with how many cases are about each."""
    found, further = await parts.give(acts.page, actor, region=region, area=area, with_cases=with_cases, after=after, limit=limit)
    return JSON({"sources": [dict(row) for row in found], "next": further})


@router.get("/risk-sources/suggestions", response_class=JSON)
async def list_suggestions(parts: PartsOf, actor: Caller) -> Response:
    """Cases that may be about a source and wait for a person."""
    return JSON({"suggestions": await parts.give(acts.suggestions, actor)})


add_import(router, "/risk-sources", lambda parts: acts.RiskRegister(parts.city), "risk sources")


@router.get("/risk-sources/{id}", response_class=JSON)
async def show(id: str, parts: PartsOf, actor: Caller) -> Response:
    """One source with its inspections and the cases about it."""
    found = await parts.give(acts.show, actor, id)
    return JSON(found, headers={"ETag": f'"{found["version"]}"'})


@router.post("/risk-sources/{id}/inspections", response_class=JSON, status_code=201)
async def inspect(id: str, inspection: InspectionIn, parts: PartsOf, actor: Caller) -> Response:
    """An inspection goes on record; what is not fixed at once becomes lines of the ledger."""
    done = await parts.give(acts.inspect, actor, parts.city, id, inspection.on, found_by(inspection.findings), inspection.note)
    return JSON(done, status_code=201)


@router.post("/risk-sources/{id}/cases/{case_id}", response_class=JSON)
async def judge(id: str, case_id: UUID, same: Annotated[bool, Body(embed=True)], parts: PartsOf, actor: Caller) -> Response:
    """A person says whether a case is about the source; a yes raises the case's urgency."""
    case_no = await parts.give(acts.judge, actor, id, case_id, same=same)
    return JSON({"source": id, "case_no": case_no, "state": "confirmed" if same else "refused"})

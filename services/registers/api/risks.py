"""/risk-sources: the register, inspections, and cases about sources."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from contracts.vocabulary import RiskArea
from services.domain.case.values import RectifyMode
from services.domain.risk_sources import Finding
from services.registers.api.files import Check, Columns, SheetName, uploaded
from services.registers.api.parts import JSON, Caller, PartsOf
from services.registers.risks import acts

router = APIRouter(tags=["risk sources"])
Region = Annotated[str | None, Query(pattern=r"^\d{6}$")]


class FindingIn(BaseModel):
    """What an inspection found: fixed at once with evidence, or for the ledger with measure, unit, person and deadline."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=2000)
    mode: RectifyMode
    measure: str = Field(default="", max_length=2000)
    unit: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=100)
    deadline: date | None = None
    fixed_evidence: tuple[str, ...] = Field(default=(), max_length=50)


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


@router.post("/risk-sources/import", response_class=JSON, status_code=201)
async def take(
    parts: PartsOf, actor: Caller, file: UploadFile, check: Check = False, columns: Columns = "", sheet: SheetName = ""
) -> Response:
    """Import sources (.xlsx, .csv); those that are there are brought up to date."""
    return await uploaded(parts, actor, acts.RiskRegister(parts.city), file, check, columns, sheet)


@router.get("/risk-sources/{id}", response_class=JSON)
async def show(id: str, parts: PartsOf, actor: Caller) -> Response:
    """One source with its inspections and the cases about it."""
    found = await parts.give(acts.show, actor, id)
    return JSON(found, headers={"ETag": f'"{found["version"]}"'})


@router.post("/risk-sources/{id}/inspections", response_class=JSON, status_code=201)
async def inspect(id: str, inspection: InspectionIn, parts: PartsOf, actor: Caller) -> Response:
    """An inspection goes on record; what is not fixed at once becomes lines of the ledger."""
    findings = tuple(Finding(**item.model_dump()) for item in inspection.findings)
    done = await parts.give(acts.inspect, actor, parts.city, id, inspection.on, findings, inspection.note)
    return JSON(done, status_code=201)


@router.post("/risk-sources/{id}/cases/{case_id}", response_class=JSON)
async def judge(id: str, case_id: UUID, same: Annotated[bool, Body(embed=True)], parts: PartsOf, actor: Caller) -> Response:
    """A person says whether a case is about the source; a yes raises the case's urgency."""
    case_no = await parts.give(acts.judge, actor, id, case_id, same=same)
    return JSON({"source": id, "case_no": case_no, "state": "confirmed" if same else "refused"})

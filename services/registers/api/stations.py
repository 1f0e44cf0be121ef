"""/stations: small hydropower, its checks, the list per county, the plan a case begins with."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.domain.hydropower import FlowReading, StationCheck
from services.registers.api.files import add_import
from services.registers.api.findings import FindingIn, Hash, found_by
from services.registers.api.parts import JSON, Caller, PartsOf
from services.registers.stations import acts

router = APIRouter(tags=["stations"])


class FlowIn(BaseModel):
    """A measured release, cubic metres a second."""

    model_config = ConfigDict(extra="forbid")
    flow: float
    at: AwareDatetime
    monitored_online: bool = False


class CheckIn(BaseModel):
    """What was found at a station."""

    model_config = ConfigDict(extra="forbid")
    on: date
    done: bool
    evidence: tuple[Hash, ...] = Field(default=(), max_length=50)
    flows: tuple[FlowIn, ...] = Field(default=(), max_length=500)
    findings: tuple[FindingIn, ...] = Field(default=(), max_length=100)


def told(standing: acts.Standing) -> dict[str, Any]:
    """A station with its status as JSON."""
    answers = [{"item": a.item.value, "met": a.met, "sentence": a.sentence} for a in standing.answers]
    return {**asdict(standing.station), "status": standing.status, "answers": answers, "checked_on": standing.checked_on,
            "on_ledger": standing.on_ledger}  # fmt: skip


@router.get("/stations", response_class=JSON)
async def list_stations(
    parts: PartsOf, actor: Caller, region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    status: Literal["逾期", "未核查", "整治中", "完成"] | None = None,
) -> Response:  # fmt: skip
    """Stations with their checks answered, those overdue first."""
    found = await parts.give(acts.page, actor, region=region, status=status)
    return JSON({"stations": [told(item) for item in found]})


@router.get("/stations/counties", response_class=JSON)
async def counties(parts: PartsOf, actor: Caller) -> Response:
    """The status list per county, the most overdue first."""
    return JSON({"counties": [asdict(line) for line in await parts.give(acts.counties, actor)]})


add_import(router, "/stations", lambda parts: acts.StationRegister(parts.city), "stations")


@router.get("/stations/{id}", response_class=JSON)
async def show(id: str, parts: PartsOf, actor: Caller) -> Response:
    """One station with every check and the cases about it."""
    found = await parts.give(acts.show, actor, id)
    return JSON(found, headers={"ETag": f'"{found["version"]}"'})


@router.post("/stations/{id}/checks", response_class=JSON, status_code=201)
async def check(id: str, found: CheckIn, parts: PartsOf, actor: Caller) -> Response:
    """A check goes on record; the answer says what it means for the station."""
    flows = tuple(FlowReading(**item.model_dump()) for item in found.flows)
    visit = StationCheck(id, found.on, actor.id, found.done, found.evidence, flows, found_by(found.findings))
    return JSON(told(await parts.give(acts.check, actor, parts.city, id, visit)), status_code=201)


@router.get("/stations/{id}/plan", response_class=JSON)
async def plan(id: str, parts: PartsOf, actor: Caller, unit: Annotated[str | None, Query(max_length=100)] = None) -> Response:
    """The plan command of the station's case: one measure for each of the speech's checks that applies."""
    command = await parts.give(acts.template, actor, id, unit)
    return JSON(command.model_dump(mode="json", exclude_none=True))

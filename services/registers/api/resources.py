"""/resources: supplies, experts and rescue teams."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.domain.case.values import Position
from services.domain.registers import no_file
from services.domain.resources import Hazard, Proposal, ResourceKind
from services.registers.api.files import add_import
from services.registers.api.parts import JSON, Caller, Parts, PartsOf
from services.registers.resources import acts

router = APIRouter(tags=["resources"])
Match = Annotated[str | None, Header(alias="If-Match", max_length=40, description="The ETag seen; another one is refused.")]


class VerifiedIn(BaseModel):
    """What somebody found when verifying an entry; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    available: bool | None = None
    amount: float | None = Field(default=None, ge=0)
    expires_on: date | None = None


def version_of(parts: Parts, match: str | None) -> int | None:
    """The version an ETag names."""
    if match is None:
        return None
    digits = match.strip().removeprefix("W/").strip('"')
    if not digits.isdecimal() or len(digits) > 9:
        raise parts.problem(no_file("If-Match不是本系统给出的ETag。", "请先读取最新内容。", "If-Match"))
    return int(digits)


def told(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON."""
    found = asdict(proposal.resource)
    return {
        "resource": {**found, "hazards": sorted(hazard.value for hazard in proposal.resource.hazards)},
        "distance_km": proposal.distance_km, "sentence": proposal.sentence, "doubtful": proposal.doubtful,
    }  # fmt: skip


@router.get("/resources", response_class=JSON)
async def list_resources(
    parts: PartsOf, actor: Caller, region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None, kind: ResourceKind | None = None,
    hazard: Hazard | None = None,
    expired_by: Annotated[date | None, Query(description="Only those whose term ends before this day.")] = None,
    after: Annotated[str | None, Query(max_length=500)] = None, limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:  # fmt: skip
    """Supplies, experts and teams; telephone numbers for those on duty and those who oversee."""
    found, further = await parts.give(acts.page, actor, acts.Search(region, kind, hazard, expired_by), after=after, limit=limit)
    return JSON({"resources": found, "next": further})


@router.get("/resources/nearest", response_class=JSON)
async def nearest(
    parts: PartsOf, actor: Caller, region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None, longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
    hazard: Annotated[list[Hazard] | None, Query()] = None,
) -> Response:  # fmt: skip
    """The nearest fitting help for a place."""
    at = None if latitude is None or longitude is None else Position(latitude=latitude, longitude=longitude)
    found = await parts.give(acts.find, actor, parts.rules.registers.help, parts.city, region=region, position=at, hazards=hazard or ())
    return JSON({"proposals": [told(item) for item in found]})


add_import(router, "/resources", lambda parts: acts.ResourceRegister(parts.city), "supplies, experts and teams")


@router.post("/resources/{id}/verify", response_class=JSON)
async def verify(id: str, found: VerifiedIn, parts: PartsOf, actor: Caller, match: Match = None) -> Response:
    """An entry is verified today: there or gone, how much, until when."""
    row = await parts.give(acts.verify, actor, id, acts.Verified(**found.model_dump()), version_of(parts, match))
    return JSON(dict(row), headers={"ETag": f'"{row["version"]}"'})

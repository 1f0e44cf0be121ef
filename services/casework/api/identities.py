"""Seeing who complained, for a purpose, on record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from services.casework.api.cases import JSON, clean
from services.casework.api.parts import Caller, PartsOf
from services.casework.api.problems import RESPONSES, Problem
from services.casework.identities import reveal, who_saw
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork

router = APIRouter(tags=["identities"], responses=RESPONSES)
WATCHERS = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.ADMINISTRATOR})
Receipt = Annotated[str, Path(max_length=64)]


class Purpose(BaseModel):
    """What the identity is needed for; it is kept on record with who asked."""

    purpose: str = Field(max_length=500)


class Identity(BaseModel):
    """What the caller's role grants of a petitioner."""

    receipt_no: str
    fields: dict[str, str | None]


class Reads(BaseModel):
    """Every read of one identity, oldest first."""

    receipt_no: str
    reads: list[dict[str, Any]]


@router.post("/complaints/{receipt}/identity", response_model=Identity)
async def see(receipt: Receipt, body: Purpose, parts: PartsOf, actor: Caller) -> Response:
    """Unseal what the caller may see of a petitioner; recorded before it is shown."""
    name = clean(receipt) or ""

    async def work(unit: UnitOfWork) -> Any:
        return await reveal(unit, parts.office.rules.access, actor, name, clean(body.purpose) or "")

    found = await parts.attempt(work)
    if isinstance(found, Refusal):
        raise Problem(found)
    return JSON({"receipt_no": found.receipt_no, "fields": found.fields}, headers={"Cache-Control": "no-store"})


@router.get("/complaints/{receipt}/identity/reads", response_model=Reads)
async def reads(receipt: Receipt, parts: PartsOf, actor: Caller) -> Response:
    """Who saw the identity behind a complaint, when, and what for."""
    if not actor.has(WATCHERS):
        raise Problem(refuse("actor.role", command="查询身份查阅记录", roles="、".join(r.label for r in sorted(WATCHERS)), actor=actor.name))
    async with parts.pool.acquire() as connection:
        found = await who_saw(connection, clean(receipt) or "")
    told = [{"reader": r.reader, "role": r.role, "unit": r.unit, "fields": r.fields, "purpose": r.purpose, "at": r.at} for r in found]
    return JSON({"receipt_no": receipt, "reads": told})

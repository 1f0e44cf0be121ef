"""Registers as files: GET /risk-sources/export and its like."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.registers.api.files import attachment
from services.registers.api.parts import Caller, PartsOf
from services.registers.taking_out import Wanted, take_out

router = APIRouter(tags=["registers"])


@router.get("/{register}/export", response_class=Response)
async def export(
    register: Literal["risk-sources", "stations", "resources", "emergencies", "duty"], parts: PartsOf, actor: Caller,
    form: Literal["xlsx", "csv"] = "xlsx", region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
) -> Response:  # fmt: skip
    """A register, marked with who took it and when; the act is on record. xlsx has its records on further sheets."""
    return attachment(await parts.give(take_out, register, form, Wanted(actor, parts.city, parts.rules, region)))

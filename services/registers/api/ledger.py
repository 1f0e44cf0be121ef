"""/ledger and /disclosure: the rectification ledger in and out, and the public table."""

from __future__ import annotations

import base64
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response, UploadFile

from services.domain.registers import no_file
from services.registers.api.files import Check, Columns, SheetName, attachment, uploaded
from services.registers.api.parts import JSON, Caller, Parts, PartsOf
from services.registers.ledger import acts, findings
from services.registers.ledger.lines import LedgerRegister

router = APIRouter(tags=["ledger"])
Region = Annotated[str | None, Query(pattern=r"^\d{6}$", description="Six digits; trailing zeros widen it.")]
FormName = Annotated[Literal["xlsx", "csv"], Query(alias="form")]


def _filter(
    region: Region = None,
    unit: Annotated[str | None, Query(max_length=100, description="Lines this unit leads or takes part in.")] = None,
    open: bool | None = None,
    overdue: bool = False,
    mode: Literal["ledger", "immediate"] | None = None,
    origin: Literal["case", "import", "inspection"] | None = None,
) -> acts.Filter:
    return acts.Filter(region, unit, open, overdue, mode, origin)


@router.get("/ledger", response_class=JSON)
async def list_lines(
    parts: PartsOf, actor: Caller, region: Region = None, unit: str | None = None, open: bool | None = None, overdue: bool = False,
    mode: Literal["ledger", "immediate"] | None = None, origin: Literal["case", "import", "inspection"] | None = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:  # fmt: skip
    """Lines the caller may see, the earliest deadline first."""
    wanted = _filter(region, unit, open, overdue, mode, origin)
    page = await parts.give(acts.page, actor, wanted, after=_read(parts, after) if after else None, limit=limit)
    return JSON({"lines": [dict(line) for line in page.lines], "total": page.total, "next": _write(page.after) if page.after else None})


@router.get("/ledger/lacking", response_class=JSON)
async def list_lacking(parts: PartsOf, actor: Caller) -> Response:
    """Cases with measures that lack what a line must have."""
    return JSON({"cases": await parts.give(acts.lacking, actor)})


@router.get("/ledger/export", response_class=Response)
async def export(
    parts: PartsOf, actor: Caller, form: FormName = "xlsx", region: Region = None, unit: str | None = None, open: bool | None = None,
    overdue: bool = False, mode: Literal["ledger", "immediate"] | None = None,
    origin: Literal["case", "import", "inspection"] | None = None,
) -> Response:  # fmt: skip
    """The ledger as a file, marked with who took it and when; the act is on record."""
    wanted = _filter(region, unit, open, overdue, mode, origin)
    return attachment(await parts.give(acts.export, actor, parts.rules.ledger, wanted, form))


@router.post("/ledger/import", response_class=JSON, status_code=201)
async def take(
    parts: PartsOf, actor: Caller, file: UploadFile, check: Check = False, columns: Columns = "", sheet: SheetName = "",
    region: Annotated[str, Form(pattern=r"^(\d{6})?$", description="District of lines whose unit is none of the city's.")] = "",
) -> Response:  # fmt: skip
    """Import a ledger kept elsewhere (.xlsx, .csv): every row is taken or given back with its reason."""
    register = LedgerRegister(parts.city, parts.rules.ledger, parts.clock(), region or None)
    return await uploaded(parts, actor, register, file, check, columns, sheet)


@router.get("/ledger/{id}", response_class=JSON)
async def show(id: UUID, parts: PartsOf, actor: Caller) -> Response:
    """One line with what happened to it; lines of inspections are worked here, see POST /ledger/{id}/report."""
    line = await parts.give(findings.history, actor, id)
    return JSON(line, headers={"ETag": f'"{line["origin_version"]}"'})


@router.get("/disclosure", response_class=JSON)
async def preview(parts: PartsOf, actor: Caller, region: Region = None, since: date | None = None, until: date | None = None) -> Response:
    """How many complaints would be published, and which are held back and why."""
    lines, held = await parts.give(acts.disclosable, actor, parts.city, region=region, since=since, until=until)
    return JSON({"lines": len(lines), "held": held})


@router.get("/disclosure/export", response_class=Response)
async def disclose(
    parts: PartsOf, actor: Caller, form: FormName = "xlsx", region: Region = None, since: date | None = None, until: date | None = None
) -> Response:
    """The public table; `Held-Back` says how many complaints are not in it (see GET /disclosure)."""
    published = await parts.give(acts.disclose, actor, parts.city, form, region=region, since=since, until=until)
    return attachment(published.given, {"Held-Back": str(len(published.held))})


def _write(after: tuple[date, UUID]) -> str:
    return base64.urlsafe_b64encode(f"{after[0].isoformat()}/{after[1]}".encode()).decode()


def _read(parts: Parts, word: str) -> tuple[date, UUID]:
    try:
        day, _, id = base64.urlsafe_b64decode(word.encode()).decode().partition("/")
        return date.fromisoformat(day), UUID(id)
    except ValueError:
        raise parts.problem(no_file("after不是上一页给出的next。", "请从第一页重新翻起。", "after")) from None

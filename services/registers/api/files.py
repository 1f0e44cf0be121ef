"""Files in and out: a register uploaded, its refused rows back, a table taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Form, Response, UploadFile

from services.domain.registers import Act, may, missing, no_file
from services.registers import repository as rows
from services.registers.api.parts import JSON, Caller, Parts, PartsOf
from services.registers.exporting import MEDIA, Given
from services.registers.importing import SHOWN, Register, Taken, Upload, take_in
from services.sheets.refused import Limits

router = APIRouter(tags=["registers"])
Columns = Annotated[str, Form(max_length=10_000, description='Headings of another ledger as ours, JSON: {"牵头部门": "责任单位"}.')]
Check = Annotated[bool, Form(description="Only say what would happen.")]
SheetName = Annotated[str, Form(max_length=100, description="Name of the sheet; the first one with content otherwise.")]


async def uploaded(
    parts: Parts, actor: Caller, register: Register, file: UploadFile, check: bool, columns: str, sheet: str
) -> Response:
    """Import an uploaded file, or preview it; refused rows are fetched under the import's id."""
    limit = Limits().file
    data = await file.read(limit + 1)
    upload = Upload(data, file.filename or "upload", _columns(parts, columns), sheet or None)
    taken = await parts.give(take_in, actor, register, upload, check=check)
    return JSON(told(taken), status_code=200 if check else 201)


def add_import(router: APIRouter, path: str, register_of: Callable[[Parts], Register], what: str) -> None:
    """`POST {path}/import`: a register that needs nothing but its file."""

    @router.post(f"{path}/import", response_class=JSON, status_code=201, description=f"Import {what} (.xlsx, .csv); what is there is brought up to date.")
    async def take(
        parts: PartsOf, actor: Caller, file: UploadFile, check: Check = False, columns: Columns = "", sheet: SheetName = ""
    ) -> Response:
        return await uploaded(parts, actor, register_of(parts), file, check, columns, sheet)


def _columns(parts: Parts, text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise parts.problem(no_file("列名对应不是 JSON 对象。", '请写成{"列名": "栏目"}。', "columns"))
    return found


def told(taken: Taken) -> dict[str, Any]:
    """An import as JSON."""
    return {
        "id": taken.id, "summary": taken.summary, **taken.counts, "headings": taken.headings, "unknown": taken.unknown,
        "above": taken.above, "unread": taken.unread,
        "problems": [{"row": p.row, "column": p.column, "message": p.message} for p in taken.problems[:SHOWN]],
        "returned": f"/api/v1/imports/{taken.id}/returned" if taken.id and taken.returned else None,
    }  # fmt: skip


def attachment(given: Given, headers: dict[str, str] | None = None) -> Response:
    """A table as a download."""
    return download(given.data, given.media_type, given.name, headers)


def download(data: bytes, media_type: str, name: str, headers: dict[str, str] | None = None) -> Response:
    """A file the browser saves and never runs."""
    safe = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(data, media_type=media_type, headers={**safe, **(headers or {})})


async def _import(parts: Parts, actor: Caller, id: UUID) -> Any:
    if refusal := may(actor, Act.IMPORT, "登记表"):
        raise parts.problem(refusal)
    async with parts.pool.acquire() as connection:
        found = await rows.find_import(connection, id)
    # A county's keeper sees its own imports; who keeps the whole city sees all.
    if found is None or (found["by"] != actor.id and not actor.covers(parts.city.code)):
        raise parts.problem(missing("导入记录", str(id)))
    return found


@router.get("/imports/{id}", response_class=JSON)
async def show_import(id: UUID, parts: PartsOf, actor: Caller) -> Response:
    """What became of an import."""
    found = await _import(parts, actor, id)
    return JSON({name: found[name] for name in ("id", "register", "file_name", "by", "at", "summary", "problems")})


@router.get("/imports/{id}/returned", response_class=Response)
async def returned(id: UUID, parts: PartsOf, actor: Caller) -> Response:
    """The refused rows of an import, with the reason beside each; mend them and import that file."""
    found = await _import(parts, actor, id)
    if found["returned"] is None:
        raise parts.problem(missing("退回的行，该次导入全部通过：", str(id)))
    return download(bytes(found["returned"]), MEDIA["xlsx"], f"退回-{found['file_name']}.xlsx")

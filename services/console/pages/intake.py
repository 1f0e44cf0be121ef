"""Intake by hand: one complaint by form, many by file, and the receipts they got."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.console import intake
from services.console.access import Needs, Visit
from services.console.news import News
from services.exports.columns import IGNORE
from services.sheets import SheetRefused

router = APIRouter()
Clerk = Annotated[Visit, Depends(Needs("intake"))]


@router.get("/intake")
async def form(visit: Clerk, sent: str = "") -> Response:
    """The form; after one was sent, its receipt above it."""
    receipt = (await intake.receipts(visit, intake.SOURCE, [sent]))[0] if sent else None
    recent = await visit.office.pool.fetch(intake.RECENT, visit.principal.id)
    return visit.page("intake.html", values={}, problems={}, receipt=receipt, recent=recent, channels=intake.CHANNELS)


@router.post("/intake")
async def register(visit: Clerk) -> Response:
    """Send one complaint; what cannot be registered comes back with the reason at each field."""
    data = await visit.request.form()
    values = {name: str(value) for name, value in data.items() if isinstance(value, str)}
    record = intake.record_of(values, visit.now)
    outcome = intake.checked(record)
    if isinstance(outcome, list):
        problems = {item.field: f"{item.reason_zh}。{item.remedy_zh}" for item in outcome}
        return visit.page("intake.html", 422, values=values, problems=problems, receipt=None, recent=[], channels=intake.CHANNELS)
    await visit.office.submitter.send([outcome])
    return visit.go(f"/intake?sent={record['external_id']}", News("已提交登记，受理编号几秒后显示在下面。"))


@router.post("/intake/upload")
async def upload(visit: Clerk) -> Response:
    """Take a file and show what would be done with it; nothing is registered yet."""
    data = await visit.request.form()
    file, source = data.get("file"), str(data.get("source") or "").strip()
    if not isinstance(file, UploadFile) or not file.filename:
        return visit.go("/intake#upload", News("请先选择文件。", "late"))
    try:
        id = await intake.keep(visit, await file.read(), PurePath(file.filename).suffix.lower(), source)
    except SheetRefused as refusal:
        return visit.go("/intake#upload", News(f"文件没有接收：{refusal}", "late"))
    return visit.go(f"/intake/uploads/{id}", News("文件已接收，请核对后登记；一小时内有效。"))


@router.get("/intake/uploads/{id}")
async def preview(visit: Clerk, id: UUID) -> Response:
    """The mapping of columns and the rows that would be rejected; after sending, the receipts."""
    row = await intake.upload_of(visit, id)
    if row["sent_at"] is not None:
        found = await intake.receipts(visit, row["source"], row["external_ids"])
        waiting = sum(1 for item in found if not item["receipt_no"])
        return visit.page("intake_sent.html", row=row, receipts=found, waiting=waiting)
    if row["sealed"] is None:
        return visit.page("intake_gone.html", 410)
    looked = await intake.look(visit, row, row["columns"])
    return visit.page("intake_preview.html", row=row, looked=looked, fields=intake.FIELD_NAMES, missing=intake.missing_fields(looked.columns), ignore=IGNORE)


@router.post("/intake/uploads/{id}")
async def decide(visit: Clerk, id: UUID) -> Response:
    """Change the mapping and look again, or send what can be registered."""
    row = await intake.upload_of(visit, id)
    if row["sealed"] is None:
        return await preview(visit, id)
    data = await visit.request.form()
    headers, fields = data.getlist("header"), data.getlist("field")
    columns = {str(header): str(field) for header, field in zip(headers, fields, strict=False) if str(field)}
    await visit.office.pool.execute(intake.MAP, id, columns)
    if data.get("act") != "send":
        return visit.go(f"/intake/uploads/{id}", News("已按新的对应关系重新核对。"))
    looked = await intake.look(visit, row, columns)
    if not looked.good:
        return visit.go(f"/intake/uploads/{id}", News("没有可以登记的行，没有提交。", "late"))
    await intake.send(visit, row, looked)
    return visit.go(f"/intake/uploads/{id}", News(f"已提交 {len(looked.good)} 件，退回 {looked.preview.rejected} 行。"))

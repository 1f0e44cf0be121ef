"""Intake by hand: a form's record, a file's rows held against the contract, and what became of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from contracts.rejections import Rejection
from contracts.submitted import parse_submitted
from contracts.vocabulary import SourceChannel
from services.console.access import NotFound, Visit
from services.console.channels import NAMES
from services.domain.clocks.calendar import local
from services.exports import Columns, ExportUnreadable, Preview, open_export
from services.exports.columns import REQUIRED
from services.infra.vault import Blob
from services.sheets import SheetRefused
from services.sheets.guard import checked_workbook
from services.sheets.refused import Limits

SOURCE = "manual"
KEEP = """
INSERT INTO console.uploads (id, principal_id, suffix, source, columns, key_id, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND = "SELECT id, suffix, source, columns, key_id, sealed, external_ids, refused, at, sent_at FROM console.uploads WHERE id = $1 AND principal_id = $2"
MAP = "UPDATE console.uploads SET columns = $2 WHERE id = $1"
SENT = "UPDATE console.uploads SET key_id = NULL, sealed = NULL, external_ids = $2, refused = $3, sent_at = $4 WHERE id = $1"
SWEEP = "UPDATE console.uploads SET key_id = NULL, sealed = NULL WHERE at < $1 AND sealed IS NOT NULL"
RECEIPTS = """
SELECT c.external_id, c.receipt_no, w.case_no FROM intake.complaints c
LEFT JOIN casework.complaint_cases k ON k.complaint_id = c.id LEFT JOIN casework.cases w ON w.case_id = k.case_id
WHERE c.source = $1 AND c.external_id = ANY($2)
"""
RECENT = "SELECT id, at, sent_at, cardinality(external_ids) AS rows, refused FROM console.uploads WHERE principal_id = $1 ORDER BY at DESC LIMIT 10"
KEPT_FOR = timedelta(hours=1)
SUFFIXES = (".xlsx", ".csv")
REFUSED_SHOWN = 200
FIELD_NAMES: Mapping[str, str] = {
    "external_id": "编号", "received_at": "接收时间", "text": "诉求内容", "title": "标题", "source": "来源系统", "channel": "来源渠道", "demand": "诉求类型",
    "occurred_at": "事发时间", "region_code": "区划代码", "region_name": "所属区域", "address": "事发地址", "longitude": "经度", "latitude": "纬度",
    "respondent": "被举报单位", "respondent_address": "被举报单位地址", "industry": "行业", "pollution_types": "污染类型", "urgency": "紧急程度",
    "flags": "标记", "earlier_receipts": "关联编号", "attachments": "附件", "petitioner.name": "信访人姓名", "petitioner.phone": "联系电话",
    "petitioner.id_number": "证件号", "petitioner.address": "信访人住址", "petitioner.anonymous": "是否匿名", "petitioner.confidential": "是否保密",
    "petitioner.reply_wanted": "是否回复", "petitioner.signatories": "联名人数",
}  # fmt: skip
"""Fields of the submitted contract as a clerk calls them, the required ones first."""
CHANNELS: tuple[tuple[str, str], ...] = tuple((channel.value, NAMES[channel]) for channel in SourceChannel)


@dataclass(frozen=True, slots=True)
class Looked:
    """A file held against the contract."""

    columns: Columns | None
    preview: Preview
    good: list[tuple[str, bytes, bytes]]
    problem: str = ""


def record_of(sent: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What a form's fields say, as a record a hotline would send."""
    record: dict[str, Any] = {
        "source": SOURCE,
        "external_id": f"H{local(now):%Y%m%d}-{uuid4().hex[:10]}",
        "received_at": sent.get("received_at") or local(now).isoformat(timespec="seconds"),
    }
    for name in ("channel", "title", "text", "address", "region_name", "respondent", "urgency"):
        if sent.get(name, "").strip():
            record[name] = sent[name].strip()
    petitioner: dict[str, Any] = {}
    for name in ("name", "phone", "home"):
        value = sent.get(f"petitioner_{name}", "").strip()
        if value:
            petitioner["address" if name == "home" else name] = value
    for name in ("anonymous", "confidential"):
        if sent.get(name):
            petitioner[name] = True
    petitioner["reply_wanted"] = bool(sent.get("reply_wanted"))
    record["petitioner"] = petitioner
    return record


def checked(record: Mapping[str, Any]) -> tuple[bytes, bytes] | list[Rejection]:
    """(key, value) of a record that would be registered, or why it would not."""
    value = orjson.dumps(record)
    outcome = parse_submitted(value)
    return outcome if isinstance(outcome, list) else (outcome.key.encode(), value)


async def keep(visit: Visit, content: bytes, suffix: str, source: str) -> UUID:
    """Seal an upload for an hour; raises `SheetRefused` where the file is no table or an attack."""
    if suffix not in SUFFIXES:
        raise SheetRefused("只接受 .xlsx 或 .csv 文件。", "请在表格软件中另存为 .xlsx 后再上传。")
    if suffix == ".xlsx":
        content = (await asyncio.to_thread(checked_workbook, content, Limits())).data
    id, office = uuid4(), visit.office
    blob = office.vault.seal_bytes(content, context=id.bytes)
    await office.pool.execute(SWEEP, visit.now - KEPT_FOR)
    await office.pool.execute(KEEP, id, visit.principal.id, suffix, source or SOURCE, {}, blob.key_id, blob.blob, visit.now)
    return id


async def upload_of(visit: Visit, id: UUID) -> Any:
    """The clerk's own upload; raises `NotFound`."""
    row = await visit.office.pool.fetchrow(FIND, id, visit.principal.id)
    if row is None:
        raise NotFound("没有这次上传，或它不是您上传的。")
    return row


async def look(visit: Visit, row: Any, columns: Mapping[str, str]) -> Looked:
    """Every row of the upload as intake would see it."""
    content = visit.office.vault.unseal_bytes(Blob(row["key_id"], row["sealed"]), context=row["id"].bytes)
    return await asyncio.to_thread(_look, content, row["suffix"], columns, row["source"])


def _look(content: bytes, suffix: str, columns: Mapping[str, str], source: str) -> Looked:
    found = Preview(keep=REFUSED_SHOWN)
    good: list[tuple[str, bytes, bytes]] = []
    with tempfile.TemporaryDirectory(prefix="petitions-") as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(content)
        export = open_export(str(path), dict(columns), report=found.unreadable)
        try:
            for line, row in export:
                found.rows += 1
                record = row if row.get("source") else {**row, "source": source}
                outcome = checked(record)
                if isinstance(outcome, list):
                    found.add(line, outcome, export.columns)
                else:
                    good.append((str(record["external_id"]), *outcome))
        except ExportUnreadable as failure:
            return Looked(export.columns, found, [], str(failure).replace(str(path), "文件"))
    return Looked(export.columns, found, good)


async def send(visit: Visit, row: Any, looked: Looked) -> None:
    """Publish what can be registered, and forget the file."""
    await visit.office.submitter.send([(key, value) for _, key, value in looked.good])
    await visit.office.pool.execute(SENT, row["id"], [id for id, _, _ in looked.good], looked.preview.rejected, visit.now)


async def receipts(visit: Visit, source: str, external_ids: list[str]) -> list[dict[str, str]]:
    """What became of each: its receipt number and case, as far as they are there."""
    known = {row["external_id"]: row for row in await visit.office.pool.fetch(RECEIPTS, source, external_ids)}
    return [
        {"external_id": id, "receipt_no": known[id]["receipt_no"] if id in known else "", "case_no": (known[id]["case_no"] or "") if id in known else ""}
        for id in external_ids
    ]


def missing_fields(columns: Columns | None) -> tuple[str, ...]:
    """Required fields no column gives, in a clerk's words."""
    absent = columns.missing if columns else REQUIRED
    return tuple(FIELD_NAMES[name] for name in absent)

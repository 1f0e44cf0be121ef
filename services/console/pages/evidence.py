"""Evidence: files dropped or photographed, told by their content, shown in the form the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.casework.execute import Denied
from services.casework.files import FIND, ORIGINAL, SHOWN, THUMBNAIL
from services.console.access import Needs, NotFound, Visit
from services.console.cases import Opened, open_case
from services.console.desk import give_all
from services.console.news import News
from services.console.pages.case import render
from services.domain.case.commands import AddEvidence
from services.domain.case.values import Evidence, EvidencePurpose
from services.domain.principals import What
from services.domain.refusals import Refusal, refuse

router = APIRouter()
Somebody = Annotated[Visit, Depends(Needs("case"))]
MOST_FILES = 20
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=600",
}
INLINE = ("image/jpeg", "image/png", "image/webp")


@router.post("/cases/{case_no}/evidence")
async def add(visit: Somebody, case_no: str) -> Response:
    """Keep the files and add them to the case, all of them or none."""
    opened = await open_case(visit, case_no)
    form = await visit.request.form()
    sent = {name: [str(value) for value in form.getlist(name) if not isinstance(value, UploadFile)] for name in form}
    files = [file for file in form.getlist("files") if isinstance(file, UploadFile) and file.filename]
    kept = await keep(visit, files, sent)
    if isinstance(kept, Refusal):
        return await render(visit, opened, do="add_evidence", sent=sent, refusal=kept, status=422)
    outcomes = await give_all(visit, [(opened.id, AddEvidence(evidence=item)) for item in kept])
    denied = next((outcome for outcome in outcomes if isinstance(outcome, Denied)), None)
    if denied is not None:
        return await render(visit, opened, do="add_evidence", sent=sent, refusal=denied.refusal, status=422)
    return visit.go(f"/cases/{case_no}#evidence", News(f"已上传 {len(kept)} 份证据。"))


async def keep(visit: Visit, files: Sequence[UploadFile], sent: dict[str, list[str]]) -> list[Evidence] | Refusal:
    """Store files; the answer is what the case is to refer to, or why one of them was refused."""
    if not files or len(files) > MOST_FILES:
        return refuse("request.fields", command="上传证据", what=f"一次选 1 至 {MOST_FILES} 个文件", field="files")
    first = {name: values[0] for name, values in sent.items() if values}
    purpose = first.get("purpose", "")
    if purpose not in EvidencePurpose._value2member_map_:
        return refuse("request.fields", command="上传证据", what="请选择说明什么", field="purpose")
    items: list[Evidence] = []
    for file in files:
        kept = await visit.office.files.keep(visit.office.pool, file.file, kind=None, by=visit.principal.id, now=visit.now)
        if isinstance(kept, Refusal):
            return kept
        items.append(Evidence(
            id=uuid4().hex[:12], sha256=kept.sha256, kind=kept.kind, purpose=EvidencePurpose(purpose), media_type=kept.media_type, size=kept.size,
            on_site=bool(first.get("on_site")), pair_of=first.get("pair_of") or None, caption=first.get("caption", "")[:200],
        ))  # fmt: skip
    return items




@router.get("/cases/{case_no}/evidence/{evidence_id}")
async def show(visit: Somebody, case_no: str, evidence_id: str, small: bool = False) -> Response:
    """One file: as taken for readers the matrix gives it whole, without place and device for the others."""
    opened = await open_case(visit, case_no)
    item = next((known for known in opened.state.evidence if known.id == evidence_id), None)
    granted = visit.reading(What.ATTACHMENTS)
    if item is None or isinstance(granted, Refusal):
        raise NotFound("没有这份证据。")
    row = await visit.office.pool.fetchrow(FIND, item.sha256)
    if row is None:
        raise NotFound("这份证据的文件还没有存好。")
    whole = granted.form == "full" or not item.media_type.startswith("image/")
    form = THUMBNAIL if small and row["thumbnail"] else ORIGINAL if whole else SHOWN
    if form == SHOWN and row["shown"] is None:
        raise NotFound("这份证据还没有可供查看的形式。")
    try:
        content = await visit.office.files.get(item.sha256, form)
    except FileNotFoundError:
        raise NotFound("这份证据的文件不在存储中。") from None
    media = "image/jpeg" if form == THUMBNAIL else item.media_type
    how = "inline" if media in INLINE else "attachment"
    return Response(content, media_type=media, headers=HEADERS | {"Content-Disposition": f'{how}; filename="{file_name(opened, item)}"'})


def file_name(opened: Opened, item: Evidence) -> str:
    """A name without anything a petitioner or an officer typed."""
    return f"{opened.state.case_no}-{item.id}.{item.media_type.rpartition('/')[2].split('+')[0][:8]}"

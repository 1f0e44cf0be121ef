"""Evidence: a file and what it shows, in two steps that survive a crash; reading it in the form the caller may see."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.casework import reading
from services.casework.acts import fields_refused
from services.casework.api.cases import JSON, CaseName, the_case
from services.casework.api.commands import Match, Result, told, version_of
from services.casework.api.parts import Caller, PartsOf
from services.casework.api.problems import RESPONSES, Problem, ProblemBody, body_of
from services.casework.execute import Asked, Denied
from services.casework.files import FIND, ORIGINAL, SHOWN, THUMBNAIL
from services.domain.case.commands import AddEvidence
from services.domain.case.values import Evidence, EvidenceKind, EvidencePurpose, Monitoring
from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork

router = APIRouter(tags=["evidence"], responses=RESPONSES)
MAX_FILES = 100
MONITORING: TypeAdapter[Monitoring] = TypeAdapter(Monitoring)


@router.get("/cases/{case}/evidence", response_class=JSON)
async def list_evidence(case: CaseName, parts: PartsOf, actor: Caller) -> Response:
    """Evidence of a case, with pairs of before and after."""
    state = await the_case(parts, case, actor)
    inside = actor.has(reading.INSIDERS)
    return JSON({"case_id": state.case_id, "evidence": [reading.evidence_view(item, inside=inside) for item in state.evidence]})


@router.post("/cases/{case}/evidence", status_code=201, response_model=Result)
async def add_evidence(
    case: CaseName,
    parts: PartsOf,
    actor: Caller,
    file: Annotated[UploadFile, File(description="Its type is told by its content, not by its name.")],
    purpose: Annotated[EvidencePurpose, Form()],
    kind: Annotated[EvidenceKind | None, Form()] = None,
    on_site: Annotated[bool, Form()] = False,
    pair_of: Annotated[str | None, Form(max_length=100, description="Of an `after` photo: the id of its `before`.")] = None,
    caption: Annotated[str, Form(max_length=200)] = "",
    monitoring: Annotated[str | None, Form(max_length=2000, description="A measured value as JSON.")] = None,
    id: Annotated[str | None, Form(min_length=1, max_length=100)] = None,
    match: Match = None,
) -> Response:
    """Upload a file and add it to the case."""
    state = await the_case(parts, case, actor)
    value = read_monitoring(monitoring) if monitoring else None
    kept = await parts.files.keep(parts.pool, file.file, kind=kind, by=actor.id, now=parts.clock())
    if isinstance(kept, Refusal):
        raise Problem(kept)
    item = Evidence(
        id=id or uuid4().hex[:12], sha256=kept.sha256, kind=kept.kind, purpose=purpose, media_type=kept.media_type, size=kept.size,
        on_site=on_site, pair_of=pair_of or None, monitoring=value, caption=caption,
    )  # fmt: skip
    command = AddEvidence(evidence=item, expected_version=version_of(match) if match else None)

    async def work(unit: UnitOfWork) -> tuple[bytes, str]:
        [outcome] = await parts.office.execute(unit, [Asked(actor, UUID(state.case_id), command)])
        if isinstance(outcome, Denied):
            raise Problem(outcome.refusal, outcome.changes)
        return orjson.dumps(told(outcome) | {"evidence_id": item.id, "sha256": item.sha256}, default=str), f'"{outcome.state.version}"'

    body, tag = await parts.attempt(work)
    return Response(body, 201, media_type="application/json", headers={"ETag": tag})


class Stored(BaseModel):
    """A file that may be referred to by its hash, or why it was refused."""

    name: str
    sha256: str | None = None
    kind: str | None = None
    media_type: str | None = None
    problem: ProblemBody | None = None


class StoredFiles(BaseModel):
    """Files in the order they were sent."""

    files: list[Stored]


@router.post("/evidence", status_code=201, response_model=StoredFiles)
async def upload_files(
    parts: PartsOf, actor: Caller, files: Annotated[list[UploadFile], File(max_length=MAX_FILES, description="Up to 100 files.")]
) -> Response:
    """Upload files for later `add_evidence` commands, for systems; what no case refers to within a day is swept."""
    if not actor.has(reading.INSIDERS):
        raise Problem(refuse("access.denied", reader=actor.name, what="证据上传"))
    kept = await parts.files.keep_many(parts.pool, [file.file for file in files], by=actor.id, now=parts.clock())
    told: list[dict[str, object]] = []
    for file, found in zip(files, kept, strict=True):
        name = file.filename or ""
        if isinstance(found, Refusal):
            told.append({"name": name, "problem": body_of(found)})
        else:
            told.append({"name": name, "sha256": found.sha256, "kind": found.kind.value, "media_type": found.media_type})
    return JSON({"files": told}, 201)


@router.get("/cases/{case}/evidence/{evidence}/file", responses={200: {"content": {"application/octet-stream": {}}}}, response_class=Response)
async def read_file(
    case: CaseName, evidence: str, parts: PartsOf, actor: Caller, form: Literal["original", "shown", "thumbnail"] = "shown"
) -> Response:
    """A file: as taken for those who work on the case, without place and device for others."""
    state = await the_case(parts, case, actor)
    item = next((known for known in state.evidence if known.id == evidence), None)
    if item is None:
        raise Problem(refuse("request.path", what=f"证据{evidence[:40]}"))
    row = await parts.pool.fetchrow(FIND, item.sha256)
    inside = actor.has(reading.INSIDERS)
    wanted = {"original": ORIGINAL, "shown": SHOWN, "thumbnail": THUMBNAIL}[form]
    if row is None or (wanted and row[form] is None and not inside):
        raise Problem(refuse("request.path", what=f"证据{item.id}可供查看的文件"))
    if wanted == ORIGINAL and not inside:
        raise Problem(refuse("access.denied", reader=actor.name, what="证据原件"))
    chosen = wanted if not wanted or row[form] is not None else ORIGINAL
    try:
        content = await parts.files.get(item.sha256, chosen)
    except FileNotFoundError:
        raise Problem(refuse("request.path", what=f"证据{item.id}的文件")) from None
    return Response(content, media_type="image/jpeg" if chosen == THUMBNAIL else item.media_type, headers=SAFE)


SAFE: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=3600",
}
"""A file from outside is never run by the browser that shows it."""


def read_monitoring(text: str) -> Monitoring:
    """A measured value; raises `Problem` naming its faulty fields."""
    try:
        return MONITORING.validate_json(text)
    except ValidationError as failure:
        raise Problem(fields_refused("monitoring", failure)) from None

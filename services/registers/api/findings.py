"""What inspections bring, whichever register they are of; files of entries; acts on lines of the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.domain.case.values import RectifyMode
from services.domain.findings import Finding, LineAct
from services.domain.registers import missing
from services.registers import evidence
from services.registers.api.files import download
from services.registers.api.parts import JSON, Caller, PartsOf
from services.registers.api.resources import Match, version_of
from services.registers.ledger import findings
from services.registers.risks import acts as risks
from services.registers.stations import acts as stations

router = APIRouter(tags=["inspections"])
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Hash of a stored file; see POST /evidence.")]
VISIBLE: dict[str, tuple[Callable[..., Awaitable[Any]], Callable[[str], Any]]] = {
    "risk-sources": (risks.visible, str),
    "stations": (stations.visible, str),
    "ledger": (findings.history, UUID),
}


class FindingIn(BaseModel):
    """What an inspection found: fixed at once with evidence, or for the ledger with measure, unit, person and deadline."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=2000)
    mode: RectifyMode
    measure: str = Field(default="", max_length=2000)
    unit: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=100)
    deadline: date | None = None
    fixed_evidence: tuple[Hash, ...] = Field(default=(), max_length=50)


def found_by(items: Iterable[FindingIn]) -> tuple[Finding, ...]:
    """Findings as the domain has them."""
    return tuple(Finding(**item.model_dump()) for item in items)


class LineActIn(BaseModel):
    """What is done with a line: `until` with more time, `document_no` with 销号."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=2000)
    evidence: tuple[Hash, ...] = Field(default=(), max_length=50)
    until: date | None = None
    document_no: str = Field(default="", max_length=100)


ACTS = {"report": LineAct.REPORT, "return": LineAct.RETURN, "postpone": LineAct.POSTPONE, "close-out": LineAct.CLOSE_OUT}


@router.post("/ledger/{id}/{act}", response_class=JSON)
async def act_on_line(
    id: UUID, act: Literal["report", "return", "postpone", "close-out"], told: LineActIn, parts: PartsOf, actor: Caller, match: Match = None
) -> Response:
    """Report progress of a line an inspection made; send it back, give more time, strike it off: by a second person."""
    what = findings.Told(ACTS[act], **told.model_dump(), expected=version_of(parts, match))
    line = await parts.give(findings.act, actor, id, what)
    return JSON(line, headers={"ETag": f'"{line["origin_version"]}"'})


@router.get("/{register}/{entry}/evidence/{sha256}", response_class=Response)
async def read_file(
    register: Literal["risk-sources", "stations", "ledger"], entry: str, sha256: Hash, parts: PartsOf, actor: Caller,
    form: Literal["shown", "thumbnail", "original"] = "shown",
) -> Response:  # fmt: skip
    """A file an entry rests on, without place and device; as it was taken for who inspects."""
    look, key = VISIBLE[register]
    try:
        name = key(entry)
    except ValueError:
        raise parts.problem(missing("台账条目", entry)) from None
    async with parts.transaction() as unit:
        parts.granted(await look(unit, actor, name))
        chosen, media_type = parts.granted(await evidence.find(unit, actor, register, entry, sha256, form))
    try:
        data = await parts.files.get(sha256, chosen)
    except FileNotFoundError:
        raise parts.problem(missing("证据文件", sha256[:12])) from None
    return download(data, media_type, sha256[:12])

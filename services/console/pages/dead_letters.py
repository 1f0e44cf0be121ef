"""Records that could not be handled: why, mended field by field, and sent again. Their content stays sealed until asked for."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console.access import Needs, NotFound, Visit
from services.console.news import News
from services.infra.dead_letters import DeadLetter, DeadLetterRefused, dead_letters, mend, replay, reveal
from services.infra.unit_of_work import begin

router = APIRouter()
Mender = Annotated[Visit, Depends(Needs("dead_letters"))]
STATES = {"waiting": "待处理", "replayed": "已重新投递", "discarded": "已作废"}
SHORTEST_PURPOSE = 4
LIMIT = 200


@router.get("/dead-letters")
async def index(visit: Mender, state: str = "waiting") -> Response:
    """The newest first."""
    async with visit.office.pool.acquire() as connection:
        found = await dead_letters(connection, state=state if state in STATES else "waiting", limit=LIMIT)
    return visit.page("dead_letters.html", letters=found, state=state, states=STATES, limit=LIMIT)


@router.get("/dead-letters/{id}")
async def show(visit: Mender, id: UUID) -> Response:
    """One record, without its content."""
    return await _page(visit, id)


@router.post("/dead-letters/{id}/reveal")
async def see(visit: Mender, id: UUID, purpose: Annotated[str, Form()] = "") -> Response:
    """Its content, as an act on record."""
    if len(purpose.strip()) < SHORTEST_PURPOSE:
        return await _page(visit, id, problem="查看原文须写明用途。", status=422)
    try:
        async with _unit(visit) as unit:
            raw = await reveal(unit, id, actor=visit.principal.id, purpose=purpose.strip())
    except DeadLetterRefused as refusal:
        raise NotFound("没有这条异常件。") from refusal
    return await _page(visit, id, content=_fields(raw), raw=raw.decode("utf-8", "replace"))


@router.post("/dead-letters/{id}/mend")
async def change(visit: Mender, id: UUID, field: Annotated[str, Form()] = "", value: Annotated[str, Form()] = "", then: Annotated[str, Form()] = "") -> Response:
    """Set one field; refused where the record would fail again. `then=replay` sends it at once."""
    try:
        async with _unit(visit) as unit:
            await mend(unit, id, {field.strip(): _value(value)}, actor=visit.principal.id)
            if then == "replay":
                await replay(unit, id)
    except DeadLetterRefused as refusal:
        return await _page(visit, id, problem=f"没有改：{refusal}", status=422)
    return visit.go(f"/dead-letters/{id}", News("已修正并重新投递。" if then == "replay" else "已修正，可以重新投递。"))


@router.post("/dead-letters/{id}/replay")
async def again(visit: Mender, id: UUID) -> Response:
    """Send it to its topic again."""
    try:
        async with _unit(visit) as unit:
            await replay(unit, id)
    except DeadLetterRefused as refusal:
        return await _page(visit, id, problem=str(refusal), status=422)
    return visit.go("/dead-letters", News("已重新投递；几秒后会再次登记。"))


def _unit(visit: Visit) -> Any:
    return begin(visit.office.pool, service="console", vault=visit.office.vault, clock=visit.office.clock)


async def _page(visit: Visit, id: UUID, *, content: dict[str, str] | None = None, raw: str = "", problem: str = "", status: int = 200) -> Response:
    async with visit.office.pool.acquire() as connection:
        found: list[DeadLetter] = await dead_letters(connection, state=None, id=id)
    if not found:
        raise NotFound("没有这条异常件。")
    return visit.page("dead_letter.html", status, letter=found[0], content=content, raw=raw, problem=problem, states=STATES)


def _fields(raw: bytes) -> dict[str, str]:
    """The record's own fields as text; empty where it is no JSON object."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(document, dict):
        return {}
    return {str(key): value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in document.items()}


def _value(text: str) -> Any:
    """JSON where it is JSON of more than a word, text otherwise."""
    try:
        return orjson.loads(text) if text[:1] in "{[" or text in ("true", "false", "null") else text
    except orjson.JSONDecodeError:
        return text

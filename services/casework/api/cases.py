"""Reading cases: lists by key, one case with its ETag, history, gates; a source's question about its complaint."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from services.casework import reading
from services.casework.acts import ACTS
from services.casework.api.parts import Caller, Parts, PartsOf
from services.casework.api.problems import RESPONSES, Problem
from services.domain.case.commands import COMMANDS
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE
from services.domain.case.status import Status
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal, refuse

router = APIRouter(tags=["cases"], responses=RESPONSES)
CaseName = Annotated[str, Path(max_length=100, description="Case id, case number, or the receipt number of one of its complaints.")]
ASKS = frozenset({Role.SOURCE, Role.SYSTEM, Role.SUPERVISOR, Role.DISPATCHER, Role.CALL_BACK})


class JSON(Response):
    """A JSON response of anything orjson takes, and of decimals as strings."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Content as JSON."""
        return orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class ComplaintStatus(BaseModel):
    """What a source may tell its petitioner."""

    receipt_no: str
    state: str
    message: str
    at: datetime


async def the_case(parts: Parts, name: str, actor: Principal) -> CaseState:
    """The case of that name, if the caller may see it; raises `Problem`."""
    async with parts.pool.acquire() as connection:
        state = await reading.find_case(connection, name)
    if state is None:
        raise Problem(reading.may_see(parts.office.rules, actor) or refuse("case.missing", case=name))
    refusal = reading.may_see(parts.office.rules, actor, state)
    if refusal:
        raise Problem(refusal)
    return state


def etag(state: CaseState) -> str:
    """The version as an entity tag."""
    return f'"{state.version}"'


@router.get("/cases", response_class=JSON)
async def list_cases(
    parts: PartsOf,
    actor: Caller,
    status: Annotated[list[Status] | None, Query(description="Only these states.")] = None,
    unit: Annotated[str | None, Query(max_length=100, description="Only cases this unit has a part in.")] = None,
    leader: Annotated[str | None, Query(max_length=100)] = None,
    region: Annotated[str | None, Query(pattern=r"^\d{6}$", description="Six digits; trailing zeros widen it.")] = None,
    repeated: Annotated[bool, Query(description="Only cases with two complaints or more.")] = False,
    q: Annotated[str | None, Query(max_length=100, description="In number, summary, respondent or place.")] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Cases the caller may see, the newest first; `next` leads to the page after."""
    refusal = reading.may_see(parts.office.rules, actor)
    if refusal:
        raise Problem(refusal)
    filters = reading.Filters(
        statuses=tuple(item.value for item in status or ()), unit=clean(unit), leader=clean(leader), region=region,
        complaints=2 if repeated else 0, text=clean(q), after=read_key(after) if after else None, limit=limit,
    )  # fmt: skip
    async with parts.pool.acquire() as connection:
        found = await reading.list_cases(connection, actor, filters)
    last = found[-1] if len(found) == limit else None
    return JSON({"cases": found, "next": write_key(last["opened_at"], last["case_id"]) if last else None})


@router.get("/cases/{case}", response_class=JSON)
async def show_case(case: CaseName, request: Request, parts: PartsOf, actor: Caller) -> Response:
    """One case: its facts, its complaints without petitioners, and what the caller may do now."""
    state = await the_case(parts, case, actor)
    tag = etag(state)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    view = reading.case_view(state, actor, parts.office.rules, parts.clock())
    return JSON(view, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


@router.get("/cases/{case}/events", response_class=JSON)
async def list_events(
    case: CaseName,
    parts: PartsOf,
    actor: Caller,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Only versions after this one.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The history of a case in order."""
    state = await the_case(parts, case, actor)
    async with parts.pool.acquire() as connection:
        found = await reading.events_after(connection, UUID(state.case_id), after, limit, actor)
    return JSON({"case_id": state.case_id, "events": found, "next": found[-1]["version"] if len(found) == limit else None})


@router.get("/cases/{case}/gates", response_class=JSON)
async def show_gates(case: CaseName, parts: PartsOf, actor: Caller) -> Response:
    """四不放过: what is met, by which evidence, and what is missing, a sentence each."""
    state = await the_case(parts, case, actor)
    return JSON(reading.gates_view(state, parts.office.rules, parts.clock()), headers={"ETag": etag(state)})


@router.get("/complaints/{receipt}/status", response_model=ComplaintStatus)
async def complaint_status(receipt: Annotated[str, Path(max_length=64)], parts: PartsOf, actor: Caller) -> Response:
    """Where a complaint stands, for the source that sent it."""
    if not actor.has(ASKS):
        raise Problem(refuse("actor.role", command="查询办理情况", roles=Role.SOURCE.label, actor=actor.name))
    own = actor.source or "" if actor.roles <= {Role.SOURCE} else None
    name = clean(receipt) or ""
    async with parts.pool.acquire() as connection:
        found = await reading.state_of_complaint(connection, name, own, parts.clock())
    if isinstance(found, Refusal):
        raise Problem(found)
    return JSON({"receipt_no": found.receipt_no, "state": found.kind.value, "message": found.message, "at": found.at})


@router.get("/commands", response_class=JSON)
async def list_commands(actor: Caller) -> Response:
    """Every command: who may give it, in which states, with which fields, under which rule."""
    found: list[dict[str, Any]] = [
        {
            "type": kind, "label": rule.label, "roles": sorted(role.value for role in rule.roles),
            "states": sorted(status.value for status in rule.states), "scope": rule.scope, "person": rule.person, "fresh": rule.fresh,
            "provenance": rule.provenance, "hint": rule.hint, "schema": COMMANDS[kind].model_json_schema(),
        }
        for kind, rule in TABLE.items()
    ]  # fmt: skip
    found += [{"type": kind, "label": label, "schema": model.model_json_schema()} for kind, (model, label) in ACTS.items()]
    return JSON({"commands": found})


def clean(text: str | None) -> str | None:
    """Text that PostgreSQL can take: without NUL."""
    return text.replace("\0", "") if text else None


def write_key(at: datetime, id: UUID) -> str:
    """The key of a row as an opaque word."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}/{id}".encode()).decode()


def read_key(word: str) -> tuple[datetime, UUID]:
    """What `write_key` made; raises `Problem` for anything else."""
    try:
        at, _, id = base64.urlsafe_b64decode(word.encode()).decode().partition("/")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, UUID(id)
    except ValueError:
        raise Problem(refuse("request.fields", command="翻页", what="after：不是上一页给出的next", field="after")) from None

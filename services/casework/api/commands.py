"""Giving commands: one, or many in one transaction; a version seen and a key against doing it twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, get_args
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Header, Request, Response
from pydantic import BaseModel, Field

from services.casework import acts
from services.casework.api.cases import CaseName, the_case
from services.casework.api.limits import MAX_COMMANDS
from services.casework.api.parts import Caller, Parts, PartsOf, identify
from services.casework.api.problems import RESPONSES, Problem, body_of, status_of
from services.casework.execute import Asked, Denied, Done, Outcome
from services.casework.repeats import Claimed, claim, keep
from services.domain.case.commands import AnyCommand, Command, Open
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork

router = APIRouter(tags=["commands"], responses=RESPONSES)
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Match = Annotated[str | None, Header(alias="If-Match", max_length=40, description="The ETag seen; another one is refused with what changed.")]
if TYPE_CHECKING:
    AnyRequest = Command | acts.Act
else:
    AnyRequest = Annotated[
        get_args(AnyCommand)[0] | get_args(acts.AnyAct)[0],
        Body(discriminator="type", description="A command by its `type`; see GET /commands."),
    ]


class EventRef(BaseModel):
    """One event a command brought about."""

    case_id: UUID
    version: int
    kind: str
    label: str


class Result(BaseModel):
    """What a command did."""

    case_id: UUID
    version: int
    status: str | None = None
    events: list[EventRef] = []


class Item(BaseModel):
    """One of many commands: the case's id, and the command with its `type`."""

    case: UUID
    command: dict[str, Any]


class Batch(BaseModel):
    """Many commands in one transaction, in order. `atomic`: all of them or none."""

    commands: list[Item] = Field(min_length=1, max_length=MAX_COMMANDS)
    atomic: bool = False


@router.post("/cases/{case}/commands", response_model=Result)
async def give(
    case: CaseName, command: AnyRequest, request: Request, parts: PartsOf, actor: Caller, key: Key = None, match: Match = None
) -> Response:
    """Give one command to a case."""
    if match is not None:
        command = command.model_copy(update={"expected_version": version_of(match)})
    case_id = await _case_id(parts, case, command, actor)
    raw = await request.body()

    async def work(unit: UnitOfWork) -> tuple[int, bytes, dict[str, str]]:
        if key is not None:
            before = await claim(unit, actor.id, key, f"{case}\n{match or ''}\n".encode() + raw)
            if isinstance(before, Refusal):
                raise Problem(before)
            if not isinstance(before, Claimed):
                return before.status, before.body, {"Idempotent-Replay": "true"}
        [outcome] = await parts.office.execute(unit, [Asked(actor, case_id, command)])
        if isinstance(outcome, Denied):
            raise Problem(outcome.refusal, outcome.changes)
        body = orjson.dumps(told(outcome), default=str)
        if key is not None:
            await keep(unit, actor.id, key, 200, body)
        return 200, body, {"ETag": f'"{outcome.state.version}"'}

    status, body, headers = await parts.attempt(work)
    return Response(body, status, media_type="application/json", headers=headers)


@router.post("/commands", openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": Batch.model_json_schema()}}}})
async def give_many(request: Request, parts: PartsOf, key: Key = None) -> Response:
    """Give many commands, for systems: each is done or refused by itself, or all together where `atomic`. Read by hand,
    since the commands of a batch are checked once, as what they are."""
    raw = await request.body()

    async def work(unit: UnitOfWork) -> tuple[int, bytes, dict[str, str]]:
        actor = await identify(request, parts, unit.connection)
        batch, atomic = read_batch(raw)
        parts.rates.count(actor.id)
        if key is not None:
            before = await claim(unit, actor.id, key, raw)
            if isinstance(before, Refusal):
                raise Problem(before)
            if not isinstance(before, Claimed):
                return before.status, before.body, {"Idempotent-Replay": "true"}
        outcomes = await _carry_out(unit, parts, actor, batch, atomic=atomic)
        body = orjson.dumps({"outcomes": outcomes}, default=str)
        if key is not None:
            await keep(unit, actor.id, key, 200, body)
        return 200, body, {}

    status, body, headers = await parts.attempt(work)
    return Response(body, status, media_type="application/json", headers=headers)


async def _carry_out(
    unit: UnitOfWork, parts: Parts, actor: Principal, batch: list[tuple[UUID, Command | acts.Act | Refusal]], *, atomic: bool
) -> list[dict[str, Any]]:
    asked = [Asked(actor, id, command) for id, command in batch if not isinstance(command, Refusal)]
    done = iter(await parts.office.execute(unit, asked))
    outcomes: list[Outcome] = [
        Denied(id, command) if isinstance(command, Refusal) else next(done) for id, command in batch
    ]
    denied = next((n for n, outcome in enumerate(outcomes) if isinstance(outcome, Denied)), None)
    if atomic and denied is not None:
        first = outcomes[denied]
        assert isinstance(first, Denied)
        raise Problem(refuse("request.batch", row=denied + 1, field=f"commands.{denied}"), (str(first.refusal), *first.changes))
    return [told(outcome) for outcome in outcomes]


def read_batch(raw: bytes) -> tuple[list[tuple[UUID, Command | acts.Act | Refusal]], bool]:
    """(case, command or why it cannot be read) of each item, and whether all stand or fall together; raises `Problem`."""
    try:
        body = orjson.loads(raw)
        items = body["commands"]
        atomic = body.get("atomic", False)
        if not isinstance(items, list) or not items or not isinstance(atomic, bool):
            raise TypeError
        if len(items) > MAX_COMMANDS:
            raise Problem(refuse("request.many", count=len(items), limit=MAX_COMMANDS, field="commands"))
        return [(UUID(item["case"]), acts.read(item["command"])) for item in items], atomic
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Problem(refuse("request.fields", command="批量办理", what="commands：应为[{case, command}]", field="commands")) from None


async def _case_id(parts: Parts, case: str, command: Command | acts.Act, actor: Principal) -> UUID:
    if isinstance(command, Open):
        try:
            return UUID(case)
        except ValueError:
            raise Problem(refuse("request.fields", command="立案", what="case：立案须以案件标识（UUID）为地址", field="case")) from None
    try:
        return UUID(case)
    except ValueError:
        return UUID((await the_case(parts, case, actor)).case_id)


def version_of(match: str) -> int | None:
    """The version an If-Match names; None for `*`. Raises `Problem` for anything else."""
    if match.strip() == "*":
        return None
    found = re.fullmatch(r'(?:W/)?"?(\d{1,9})"?', match.strip())
    if not found:
        raise Problem(refuse("request.fields", command="If-Match", what="应为案件的ETag", field="If-Match"))
    return int(found[1])


def told(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON: what was done, or the problem with its status."""
    if isinstance(outcome, Done):
        return {
            "case_id": outcome.case_id,
            "version": outcome.state.version,
            "status": outcome.state.status,
            "events": [{"case_id": e.case_id, "version": e.version, "kind": e.type, "label": e.label} for e in outcome.events],
        }
    return {"case_id": outcome.case_id, "problem": body_of(outcome.refusal, outcome.changes) | {"status": status_of(outcome.refusal.code)}}


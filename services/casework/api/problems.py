"""Refusals as RFC 9457 problems: which rule, where it comes from, what to do instead, which field."""

from __future__ import annotations

from typing import Any, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from services.domain.refusals import Refusal, refuse
from services.infra.failures import TRANSIENT, describe

MEDIA_TYPE = "application/problem+json"
STATUS: dict[str, int] = {
    "case.missing": 404, "case.changed": 412, "request.path": 404, "request.large": 413, "request.often": 429,
    "request.token": 401, "request.failed": 503, "link.missing": 404, "evidence.size": 413, "evidence.type": 415, "evidence.heic": 415,
    "access.purpose": 422, "register.missing": 404, "register.changed": 412, "register.region": 403, "emergency.ended": 409,
    "emergency.finished": 409, "emergency.order": 409,
}  # fmt: skip
"""Statuses of single codes."""
FAMILIES: dict[str, int] = {
    "token": 401, "actor": 403, "access": 403, "request": 422, "verify": 422, "plan": 422, "evidence": 422, "accountability": 422,
    "privacy": 422, "look_back": 422, "split": 422, "emergency": 422, "register": 422,
    "station": 422,
}  # fmt: skip
"""Statuses by what stands before the dot; every other refusal is about the state of the case: 409."""


class ProblemBody(BaseModel):
    """RFC 9457 problem details with the rule behind the refusal."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    provenance: str
    remedy: str
    field: str | None = None
    changes: list[str] = []


class Problem(HTTPException):
    """Ends a request with a refusal. Raised inside a transaction it undoes it."""

    def __init__(self, refusal: Refusal, changes: tuple[str, ...] = (), headers: dict[str, str] | None = None) -> None:
        self.refusal, self.changes = refusal, changes
        super().__init__(status_of(refusal.code), refusal.code, headers)


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    return STATUS.get(code) or FAMILIES.get(code.partition(".")[0], 409)


def body_of(refusal: Refusal, changes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The problem's members."""
    body: dict[str, Any] = {
        "type": f"urn:petitions:refusal:{refusal.code}",
        "title": refusal.message,
        "status": status_of(refusal.code),
        "detail": str(refusal),
        "code": refusal.code,
        "provenance": refusal.provenance,
        "remedy": refusal.instead,
    }
    if refusal.field:
        body["field"] = refusal.field
    if changes:
        body["changes"] = list(changes)
    return body


def response(refusal: Refusal, changes: tuple[str, ...] = (), headers: dict[str, str] | None = None) -> Response:
    """A refusal as a response."""
    extra = {"WWW-Authenticate": "Bearer"} if status_of(refusal.code) == 401 else {}
    return Response(
        orjson.dumps(body_of(refusal, changes)), status_of(refusal.code), media_type=MEDIA_TYPE, headers={**extra, **(headers or {})}
    )


def install(app: FastAPI) -> None:
    """Every failure of the API speaks this language; nothing a caller sent is repeated."""

    @app.exception_handler(Problem)
    async def refused(request: Request, problem: Problem) -> Response:
        return response(problem.refusal, problem.changes, dict(problem.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, failure: RequestValidationError) -> Response:
        places = [(".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0]), error["msg"]) for error in failure.errors()]
        what = "；".join(f"{place}：{message}" for place, message in places)[:600]
        return response(refuse("request.fields", command="请求", what=what, field=places[0][0] if places else None))

    @app.exception_handler(HTTPException)
    async def http(request: Request, failure: HTTPException) -> Response:
        if failure.status_code == 404:
            return response(refuse("request.path", what="这一地址"))
        title = {"code": f"http.{failure.status_code}", "status": failure.status_code, "type": "about:blank", "title": str(failure.detail)}
        return Response(orjson.dumps(title), failure.status_code, media_type=MEDIA_TYPE, headers=dict(failure.headers or {}))

    for kind in TRANSIENT:

        @app.exception_handler(cast("type[Exception]", kind))
        async def away(request: Request, failure: Exception) -> Response:
            return response(refuse("request.failed", what=describe(failure)), headers={"Retry-After": "2"})


RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemBody, "description": text, "content": {MEDIA_TYPE: {}}}
    for code, text in (
        (401, "No good token"), (403, "Not this person's to do"), (404, "Not there"), (409, "A rule of the case forbids it"),
        (412, "The case changed meanwhile"), (413, "Too large"), (415, "Not an accepted type of file"),
        (422, "Fields are missing or wrong"), (429, "Too many requests"), (503, "Database or broker away"),
    )
}

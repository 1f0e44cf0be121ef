"""All of casework's routes under one router, and what an application must have to mount it."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from services.casework.api import cases, commands, evidence, identities
from services.casework.api.limits import BodyLimit
from services.casework.api.parts import Parts
from services.casework.api.problems import install
from services.casework.kinds import largest

PREFIX = "/api/v1"


def router() -> APIRouter:
    """Routes below `/api/v1`."""
    api = APIRouter(prefix=PREFIX)
    for part in (cases.router, commands.router, evidence.router, identities.router):
        api.include_router(part)
    return api


def mount(app: FastAPI, parts: Parts) -> None:
    """Put casework's API on an application: routes, the language of refusals, bounds on bodies."""
    app.state.casework = parts
    install(app)
    app.include_router(router())
    app.add_middleware(BodyLimit, upload_limit=largest(parts.office.rules.case.casework.evidence) + 1024 * 1024)

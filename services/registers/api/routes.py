"""All of the registers' routes, and what an application gives to mount them."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from services.registers.api import emergencies, exports, files, findings, ledger, resources, risks, stations
from services.registers.api.parts import Parts

PREFIX = "/api/v1"


def router() -> APIRouter:
    """Routes below `/api/v1`."""
    api = APIRouter(prefix=PREFIX)
    for part in (ledger.router, exports.router, risks.router, stations.router, emergencies.router, resources.router, files.router,
                 findings.router):  # fmt: skip
        api.include_router(part)
    return api


def mount(app: FastAPI, parts: Parts) -> None:
    """Put the registers on an application that speaks problem+json already."""
    app.state.registers = parts
    app.include_router(router())

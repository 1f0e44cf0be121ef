"""The console process: the HTTP API, and the pages on the same application, on one address."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from services.casework.api.limits import Rates
from services.casework.api.parts import Parts
from services.casework.api.routes import mount
from services.casework.files import Files
from services.casework.office import Office
from services.casework.ports import LINK_BOOK
from services.infra.access import load_pepper
from services.infra.rules import load_rules
from services.infra.runtime import Runtime
from services.stack.ports import free_port
from services.stack.state import Started, State

log = structlog.get_logger()
HTTP = "http"
"""Under this name the address is in the state of the local stack."""


def create_app(parts: Parts) -> FastAPI:
    """The application: casework's API under /api/v1 with its OpenAPI document at /api/v1/openapi.json."""
    app = FastAPI(
        title="petitions",
        version="1",
        description="Cases of public environmental complaints, from their opening to a close-out nobody can fake.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    mount(app, parts)
    return app


def parts_of(runtime: Runtime) -> Parts:
    """What requests need, from a started process."""
    settings = runtime.settings
    rules = load_rules(settings.rules)
    return Parts(
        pool=runtime.pool,
        vault=runtime.vault,
        office=Office(rules, runtime.provided.get(LINK_BOOK)),
        pepper=load_pepper(settings),
        files=Files.from_settings(settings, rules.case.casework.evidence),
        rates=Rates(settings.http_rate),
        clock=runtime.clock,
    )


class Server(uvicorn.Server):
    """uvicorn inside a process that has its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


def attach(runtime: Runtime) -> None:
    """Serve HTTP for as long as the process lives."""
    runtime.background(lambda: serve(runtime))


async def serve(runtime: Runtime) -> None:
    """Listen until cancelled; the address goes into the local stack's state, for `petitions status`."""
    settings = runtime.settings
    port = settings.http_port or free_port()
    app = create_app(parts_of(runtime))
    config = uvicorn.Config(
        app, host=settings.http_host, port=port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5, server_header=False
    )
    server = Server(config)
    kept = State(settings.home) if settings.home.exists() else None
    if kept:
        kept.remember(HTTP, Started.of(os.getpid(), port))
    log.info("listening", host=settings.http_host, port=port)
    task = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(task)
    finally:
        server.should_exit = True
        await task
        if kept:
            kept.forget(HTTP)

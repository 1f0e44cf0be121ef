"""The console process: the HTTP API, and the pages on the same application, on one address."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request

from services.analytics.names import names_of
from services.analytics.pages.board import Board
from services.casework.api.limits import Rates
from services.casework.api.parts import Parts, caller
from services.casework.api.problems import Problem
from services.casework.api.routes import mount
from services.casework.files import Files
from services.casework.office import Office as Casework
from services.casework.ports import LINK_BOOK
from services.console.access import SAFE, visit_of
from services.console.application import add_pages
from services.console.brief import Briefs
from services.console.changes import Changes
from services.console.housekeeping import keep_house
from services.console.office import Office
from services.console.rules import console_rules
from services.console.security import proven
from services.console.submitting import Submitter
from services.console.templating import Templates
from services.domain.principals import Principal, Role
from services.infra.access import load_pepper
from services.infra.cities import load_city
from services.infra.postgres import Connection
from services.infra.rules import load_rules
from services.infra.runtime import Runtime
from services.registers.api import routes as registers_routes
from services.registers.api.parts import Parts as Registers
from services.stack.ports import free_port
from services.stack.state import Started, State

log = structlog.get_logger()
HTTP = "http"
"""Under this name the address is in the state of the local stack."""


def create_app(parts: Parts, office: Office | None = None, registers: Registers | None = None) -> FastAPI:
    """The application: the API under /api/v1 with its OpenAPI document at /api/v1/openapi.json, and the pages.

    Without an office it is the API alone. Raises RuntimeError where a page does not say who may use it.
    """
    app = FastAPI(
        title="petitions",
        version="1",
        description="Cases of public environmental complaints, from their opening to a close-out nobody can fake.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    mount(app, parts)
    if registers is not None:
        registers_routes.mount(app, registers)
    if office is not None:
        parts.session = session_principal
        add_pages(app, office)
    return app


async def session_principal(request: Request, connection: Connection) -> Principal | None:
    """Who is logged in, for calls of the API by our own pages; one that changes something must prove it comes from them."""
    visit = await visit_of(request)
    if visit is None or (request.method not in SAFE and not proven(request, visit.session.secret)):
        return None
    return None if Role.ACCUSED in visit.principal.roles else visit.principal


def office_of(runtime: Runtime, parts: Parts) -> Office:
    """What pages need, from a started process."""
    settings, rules = runtime.settings, parts.office.rules
    city = load_city(settings.city)
    return Office(
        settings=settings,
        pool=parts.pool,
        vault=parts.vault,
        rules=rules,
        console=console_rules(settings.rules),
        city=city,
        clock=parts.clock,
        templates=Templates(settings.home / "assets"),
        casework=parts.office,
        files=parts.files,
        briefs=Briefs(rules.case),
        changes=Changes(parts.pool),
        submitter=Submitter(settings),
        board=Board(rules.indicators, names_of(city), pool=parts.pool),
    )


def parts_of(runtime: Runtime) -> Parts:
    """What requests need, from a started process."""
    settings = runtime.settings
    rules = load_rules(settings.rules)
    return Parts(
        pool=runtime.pool,
        vault=runtime.vault,
        office=Casework(rules, runtime.provided.get(LINK_BOOK)),
        pepper=load_pepper(settings),
        files=Files.from_settings(settings, rules.case.casework.evidence),
        rates=Rates(settings.http_rate),
        clock=runtime.clock,
    )


def registers_of(runtime: Runtime, parts: Parts) -> Registers:
    """What requests to the registers need; who calls and how refusals are told is casework's."""
    settings = runtime.settings
    return Registers(
        pool=runtime.pool,
        vault=runtime.vault,
        rules=load_rules(settings.rules),
        city=load_city(settings.city),
        files=parts.files,
        identify=lambda request: caller(request, parts),
        problem=Problem,
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
    parts = parts_of(runtime)
    office = office_of(runtime, parts)
    app = create_app(parts, office, registers_of(runtime, parts))
    config = uvicorn.Config(
        app, host=settings.http_host, port=port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5, server_header=False
    )
    server = Server(config)
    kept = State(settings.home) if settings.home.exists() else None
    if kept:
        kept.remember(HTTP, Started.of(os.getpid(), port))
    log.info("listening", host=settings.http_host, port=port)
    task = asyncio.create_task(server.serve())
    beside = [asyncio.create_task(office.changes.run()), asyncio.create_task(keep_house(office))]
    try:
        await asyncio.shield(task)
    finally:
        for work in beside:
            work.cancel()
        office.changes.stop()
        await office.submitter.stop()
        server.should_exit = True
        await task
        if kept:
            kept.forget(HTTP)

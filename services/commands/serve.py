"""`petitions serve`: run services in this process until told to stop. What `up` and a container start."""

from __future__ import annotations

import sys

import typer
import uvloop

from services.commands.output import Failed
from services.commands.session import settings
from services.infra import log
from services.infra.cities import CityInvalid
from services.infra.failures import TRANSIENT, describe
from services.infra.runtime import Runtime, run
from services.infra.vault import VaultKeyMissing
from services.registry import UnknownService, attach


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    services: str = typer.Argument(help="Names, comma-separated: intake, triage, dispatch, relay, …"),
    probe_port: int = typer.Option(None, help="Port of health and metrics; 0 for any free one."),
) -> None:
    """Run services in this process; SIGTERM ends them in order within ten seconds."""
    configured = settings()
    if probe_port is not None:
        configured = configured.model_copy(update={"probe_port": probe_port})
    names = [name.strip() for name in services.split(",") if name.strip()]
    log.configure("-".join(names), level=configured.log_level, format=configured.log_format)

    async def work() -> int:
        runtime = Runtime(configured, names)
        if {"casework", "console"} & set(names):
            provide_links(runtime)
        for name in names:
            attach(name)(runtime)
        return await run(runtime)

    try:
        sys.exit(uvloop.run(work()))
    except (UnknownService, CityInvalid, VaultKeyMissing) as failure:
        raise Failed(str(failure)) from None
    except TRANSIENT as failure:
        raise Failed(f"Kafka or the database does not answer ({describe(failure)}); see petitions doctor") from None


def provide_links(runtime: Runtime) -> None:
    """Casework and the console change links in triage's book; only they bring its classifiers with them."""
    from services.casework.ports import LINK_BOOK
    from services.triage.book import Book

    runtime.provided[LINK_BOOK] = Book()

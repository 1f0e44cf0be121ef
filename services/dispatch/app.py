"""Dispatch: lead and co-handling units, a leader where one is due, a task force."""

from __future__ import annotations

from contracts.topics import LINK_UNDONE, LINKED, OPENED
from services.dispatch.handlers import Dispatching
from services.infra.cities import load_city
from services.infra.runtime import Runtime


def attach(runtime: Runtime) -> None:
    """Handle opened cases and their later complaints."""
    dispatching = Dispatching(load_city(runtime.settings.city), clock=runtime.clock)
    runtime.subscribe("dispatch", [OPENED, LINKED, LINK_UNDONE], dispatching.handle)

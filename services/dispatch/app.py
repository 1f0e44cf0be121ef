"""Dispatch: lead and co-handling units, a leader where one is due, a task force."""

from __future__ import annotations

from contracts.topics import CASE_CHANGED, LINK_UNDONE, LINKED, OPENED
from services.dispatch.changes import Changes, concerns
from services.dispatch.handlers import Dispatching
from services.infra.cities import load_city
from services.infra.runtime import Runtime


def attach(runtime: Runtime) -> None:
    """Handle opened cases and their later complaints; cases that come back are given out again."""
    dispatching = Dispatching(load_city(runtime.settings.city), clock=runtime.clock)
    runtime.subscribe("dispatch", [OPENED, LINKED, LINK_UNDONE], dispatching.handle)
    runtime.subscribe("dispatch-cases", [CASE_CHANGED], Changes(dispatching).handle, only=concerns)

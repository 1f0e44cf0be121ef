"""Casework: cases worked to their end by commands of officers, their systems, and other services' events."""

from __future__ import annotations

from contracts.topics import ASSIGNED, COMMAND, LEADER_ASSIGNED, LINK_UNDONE, LINKED, OPENED, SUPERVISION_DUE, TASK_FORCE_FORMED
from services.casework.handlers import Commands, Hearing
from services.casework.office import Office
from services.casework.ports import LINK_BOOK
from services.infra.access import load_pepper
from services.infra.rules import load_rules
from services.infra.runtime import Runtime


def attach(runtime: Runtime) -> None:
    """Hear of cases, and take commands."""
    office = Office(load_rules(runtime.settings.rules), runtime.provided.get(LINK_BOOK))
    heard = [OPENED, LINKED, LINK_UNDONE, ASSIGNED, LEADER_ASSIGNED, TASK_FORCE_FORMED, SUPERVISION_DUE]
    runtime.subscribe("casework", heard, Hearing(office).handle)
    runtime.subscribe("casework-commands", [COMMAND], Commands(office, load_pepper(runtime.settings)).handle)

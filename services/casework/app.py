"""Casework: cases worked to their end by commands of officers, their systems, and other services' events."""

from __future__ import annotations

from contracts.topics import BY_NAME, COMMAND
from services.casework.files import Files
from services.casework.handlers import Commands, Hearing
from services.casework.housekeeping import keep_house
from services.casework.inbound import PAYLOADS
from services.casework.office import Office
from services.casework.ports import LINK_BOOK
from services.infra.access import load_pepper
from services.infra.rules import load_rules
from services.infra.runtime import Runtime


def attach(runtime: Runtime) -> None:
    """Hear of cases, and take commands."""
    office = Office(load_rules(runtime.settings.rules), runtime.provided.get(LINK_BOOK))
    runtime.subscribe("casework", [BY_NAME[name] for name in PAYLOADS], Hearing(office).handle)
    runtime.background(lambda: keep_house(runtime, Files.from_settings(runtime.settings, office.rules.case.casework.evidence)))
    runtime.subscribe("casework-commands", [COMMAND], Commands(office, load_pepper(runtime.settings)).handle)

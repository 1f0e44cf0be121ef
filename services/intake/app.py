"""Intake: registers complaints once, locks identities away, tells sources what came of their records."""

from __future__ import annotations

from contracts.topics import SUBMITTED
from services.infra.cities import load_city
from services.infra.runtime import Runtime
from services.intake.handlers import Registering


def attach(runtime: Runtime) -> None:
    """Handle submitted complaints."""
    registering = Registering(load_city(runtime.settings.city), clock=runtime.clock, vault=lambda: runtime.vault)
    runtime.subscribe("intake", [SUBMITTED], registering.handle)

"""Registers: hears of cases and suspected emergencies, and pages whoever is on duty."""

from __future__ import annotations

from contracts.topics import CASE_CHANGED, EMERGENCY
from services.infra.cities import load_city
from services.infra.rules import load_rules
from services.infra.runtime import Runtime
from services.registers.emergencies import paging
from services.registers.emergencies.acts import Duty
from services.registers.handlers import Following, Suspecting


def attach(runtime: Runtime) -> None:
    """Follow cases, take suspected emergencies, send pages when they are due."""
    rules = load_rules(runtime.settings.rules)
    duty = Duty(rules.emergency, load_city(runtime.settings.city))
    runtime.subscribe("registers", [CASE_CHANGED], Following(rules).handle)
    runtime.subscribe("registers-emergency", [EMERGENCY], Suspecting(duty).handle)
    runtime.background(lambda: paging.run(runtime.pool, runtime.vault, duty, runtime.clock))

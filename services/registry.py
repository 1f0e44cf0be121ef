"""Every service by name, and how processes are laid out on one machine. Nothing is imported until it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from services.infra.runtime import Runtime

SERVICES: dict[str, str] = {
    "intake": "services.intake.app",
    "triage": "services.triage.app",
    "dispatch": "services.dispatch.app",
    "casework": "services.casework.app",
    "supervision": "services.supervision.app",
    "registers": "services.registers.app",
    "analytics": "services.analytics.app",
    "console": "services.console.app",
    "relay": "services.relay.app",
}
"""Name → module with `attach(runtime)`, in the order of the event flow."""

LAYOUT: tuple[tuple[str, ...], ...] = (
    ("intake",),
    ("triage",),
    ("dispatch",),
    ("casework",),
    ("supervision", "registers", "analytics"),
    ("console",),
    ("relay",),
)
"""One process per entry. In production each service is a deployment of its own; here those with little to do share one."""


class UnknownService(ValueError):
    """There is no service of this name."""


def attach(name: str) -> Callable[[Runtime], None]:
    """The service's `attach`; raises `UnknownService` naming those there are."""
    if name not in SERVICES:
        raise UnknownService(f"there is no service {name!r}; there are {', '.join(SERVICES)}")
    return import_module(SERVICES[name]).attach  # type: ignore[no-any-return]

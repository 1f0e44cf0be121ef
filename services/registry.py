"""Every service by name, and how processes are laid out on one machine. Nothing is imported until it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    ("triage",),
    ("dispatch",),
    ("casework",),
    ("supervision", "registers", "analytics"),
    ("console",),
    ("relay",),
)
"""One process per entry. In production each service is a deployment of its own; here those with little to do share one, and
triage, which costs more processor time than everything else together, has two workers."""


def layout_of(services: Iterable[str]) -> list[tuple[str, ...]]:
    """The part of the layout that runs these services."""
    wanted = set(services)
    return [group for group in (tuple(name for name in group if name in wanted) for group in LAYOUT) if group]


def process_names(layout: Sequence[tuple[str, ...]]) -> list[str]:
    """A name for each process, in state and logs: its services, numbered from the second of a kind."""
    names = ["-".join(group) for group in layout]
    return [name if (n := names[: at + 1].count(name)) == 1 else f"{name}-{n}" for at, name in enumerate(names)]


class UnknownService(ValueError):
    """There is no service of this name."""


def attach(name: str) -> Callable[[Runtime], None]:
    """The service's `attach`; raises `UnknownService` naming those there are."""
    if name not in SERVICES:
        raise UnknownService(f"there is no service {name!r}; there are {', '.join(SERVICES)}")
    return import_module(SERVICES[name]).attach  # type: ignore[no-any-return]

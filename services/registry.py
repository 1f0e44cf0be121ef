"""Every service by name, and how processes are laid out on one machine. Nothing is imported until it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
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
WORKERS = {"triage": max(1, (os.cpu_count() or 1) // 2)}
"""Processes of one kind. Triage costs as much processor time as everything else together, so it gets half of the cores;
more would only share out the same time, and each holds the models and the index of its districts."""


def layout_of(services: Iterable[str], workers: Mapping[str, int] = WORKERS) -> list[tuple[str, ...]]:
    """The part of the layout that runs these services, each group as often as `workers` says of its first."""
    wanted = set(services)
    groups = [tuple(name for name in group if name in wanted) for group in LAYOUT]
    return [group for group in groups if group for _ in range(workers.get(group[0], 1))]


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

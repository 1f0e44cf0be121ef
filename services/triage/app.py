"""Triage: classify, link to a case or open one."""

from __future__ import annotations

from classifiers.threads import one_core
from contracts.topics import REGISTERED
from services.infra.runtime import Runtime
from services.triage.handlers import Triaging
from services.triage.memory import Memory


def attach(runtime: Runtime) -> None:
    """Handle registered complaints; the index is opened at the start and saved at the stop."""
    one_core()
    triaging = Triaging(Memory.load(runtime.settings), worker=runtime.instance, clock=runtime.clock)
    runtime.at_start(lambda: triaging.open(runtime.pool, runtime.settings.home / "index"))
    runtime.subscribe("triage", [REGISTERED], triaging.handle, abandon=triaging.abandon)
    runtime.at_stop(triaging.close)

"""Triage: classify, link to a case or open one."""

from __future__ import annotations

from classifiers.steady import steady
from contracts.topics import CASE_CHANGED, REGISTERED
from services.infra.runtime import Runtime
from services.triage.ending import Ending, concerns
from services.triage.handlers import Triaging
from services.triage.memory import Memory


def attach(runtime: Runtime) -> None:
    """Handle registered complaints, the index opened at the start and saved at the stop; hear which cases ended."""
    triaging = Triaging(Memory.load(runtime.settings), worker=runtime.instance, clock=runtime.clock)
    steady()
    runtime.at_start(lambda: triaging.open(runtime.pool, runtime.settings.home / "index"))
    runtime.subscribe("triage", [REGISTERED], triaging.handle, abandon=triaging.abandon)
    runtime.subscribe("triage-cases", [CASE_CHANGED], Ending().handle, only=concerns)
    runtime.at_stop(triaging.close)

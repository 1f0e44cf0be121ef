"""Triage: classify, link to a case or open one."""

from __future__ import annotations

from contracts.topics import CASE_CHANGED, REGISTERED
from services.infra.runtime import Runtime
from services.triage.ending import Ending, concerns
from services.triage.handlers import Triaging
from services.triage.memory import Memory


def attach(runtime: Runtime) -> None:
    """Handle registered complaints; hear which cases ended."""
    triaging = Triaging(Memory.load(runtime.settings), worker=runtime.instance, clock=runtime.clock)
    runtime.subscribe("triage", [REGISTERED], triaging.handle, abandon=triaging.abandon)
    runtime.subscribe("triage-cases", [CASE_CHANGED], Ending().handle, only=concerns)

"""Triage: classify, link to a case or open one."""

from __future__ import annotations

from contracts.topics import REGISTERED
from services.infra.runtime import Runtime
from services.triage.handlers import Triaging
from services.triage.memory import Memory


def attach(runtime: Runtime) -> None:
    """Handle registered complaints."""
    triaging = Triaging(Memory.load(runtime.settings), worker=runtime.instance, clock=runtime.clock)
    runtime.subscribe("triage", [REGISTERED], triaging.handle, abandon=triaging.abandon)

"""One decision in the making: the context, the role acted in, and the numbering of the events that come out."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.domain.case.events import CaseEvent
from services.domain.case.rules import CaseRules, Context
from services.domain.case.state import CaseState
from services.domain.case.values import Part
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal

Result = tuple[CaseEvent, ...] | Refusal


class Decision:
    """Lives for one command. `stamp` gives the fields every event starts with, numbered on from the state's version."""

    __slots__ = ("_issued", "actor", "now", "reason", "role", "rules", "state")

    def __init__(self, state: CaseState, context: Context, role: Role, reason: str | None) -> None:
        self.state = state
        self.actor: Principal = context.actor
        self.now = context.now
        self.rules: CaseRules = context.rules
        self.role = role
        self.reason = reason
        self._issued = 0

    @property
    def today(self) -> date:
        """The date in China."""
        return day_of(self.now)

    @property
    def part(self) -> Part | None:
        """The part of the actor's unit."""
        return self.state.part(self.actor.unit_id)

    @property
    def next_version(self) -> int:
        """The version the next stamped event will have."""
        return self.state.version + self._issued + 1

    def stamp(self) -> dict[str, Any]:
        """Common fields of the next event."""
        self._issued += 1
        return {
            "case_id": self.state.case_id,
            "version": self.state.version + self._issued,
            "at": self.now,
            "by": self.actor.id,
            "unit": self.actor.unit_id,
            "role": self.role,
            "reason": self.reason,
        }

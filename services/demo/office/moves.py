"""What the script is made of: one command by one person, and what everybody in the office knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from services.demo.office.luck import Luck
from services.demo.office.staff import Staff
from services.domain.case import values as v
from services.domain.case.commands import Command
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal

FILES: Mapping[str, tuple[v.EvidenceKind, str]] = {
    "report": (v.EvidenceKind.DOCUMENT, "application/pdf"),
    "before": (v.EvidenceKind.PHOTO, "image/jpeg"),
    "after": (v.EvidenceKind.PHOTO, "image/jpeg"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One command by one person."""

    actor: Principal
    command: Command


@dataclass
class Desk:
    """What the office knows beside the case itself: its staff, who had which case last, what inspectors must look at."""

    staff: Staff
    leads: dict[str, str] = field(default_factory=dict)
    due_look_backs: set[str] = field(default_factory=set)

    @staticmethod
    def day(now: datetime) -> date:
        """The date in China."""
        return day_of(now)

    def leader(self, luck: Luck) -> v.Leader:
        """A leader for a case that came back."""
        one = luck.pick("leader", sorted(self.staff.leaders.values(), key=lambda person: person.id))
        return v.Leader(person_id=one.id, name=one.name)


def file_of(purpose: str) -> tuple[v.EvidenceKind, str]:
    """Kind and media type of the file that shows it."""
    return FILES[purpose]

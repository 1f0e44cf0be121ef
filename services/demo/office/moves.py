"""What the script is made of: one command by one person, and what everybody in the office knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.casework.files import File
from services.demo.office.luck import Luck
from services.demo.office.staff import Staff
from services.domain.case import values as v
from services.domain.case.commands import Command
from services.domain.case.rules import CaseRules
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
    rules: CaseRules
    leads: dict[str, str] = field(default_factory=dict)
    due_look_backs: set[str] = field(default_factory=set)
    files: Mapping[str, Sequence[File]] = field(default_factory=dict)
    """Stored files by what they show; without them evidence is only registered, as a simulation needs it."""

    @staticmethod
    def day(now: datetime) -> date:
        """The date in China."""
        return day_of(now)

    def leader(self, luck: Luck) -> v.Leader:
        """A leader for a case that came back."""
        one = luck.pick("leader", sorted(self.staff.leaders.values(), key=lambda person: person.id))
        return v.Leader(person_id=one.id, name=one.name)


def file_of(desk: Desk, purpose: str, name: str, luck: Luck) -> File:
    """The file that shows it: one of those stored, else one that is only registered under a name of its own."""
    if desk.files.get(purpose):
        return luck.pick(f"file/{name}", desk.files[purpose])
    kind, media = FILES[purpose]
    return File(hashlib.sha256(name.encode()).hexdigest(), kind, media, 1000)

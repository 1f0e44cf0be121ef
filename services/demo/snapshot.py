"""What the live view is fed with: plain numbers and rows, whoever counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the way: records handled since the start, and how many still wait for it (None where unknown)."""

    name: str
    done: int
    lag: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AssignedCase:
    """A case with its unit. `why` are the reasons of the assignment, then those of the leader, most telling first."""

    case_no: str
    subject: str
    lead_unit: str
    complaints: int = 1
    reporters: int = 1
    co_handling: Sequence[str] = ()
    leader: str | None = None
    task_force: str | None = None
    why: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A rejected or dead-lettered record: never its content."""

    kind: str
    source: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the demonstration `seconds` after its start. `assigned` and `set_aside` hold the newest first.

    Of `total` records so many are `published`, and so many are `settled`: linked, counted as resent, or rejected.
    """

    seconds: float
    published: int
    total: int
    stages: Sequence[Stage]
    settled: int = 0
    assigned: Sequence[AssignedCase] = ()
    set_aside: Sequence[SetAside] = ()
    counts: dict[str, int] = field(default_factory=dict)
    """Labels and figures to show beside the stages, in their order, e.g. {"案件": 12, "包案领导": 3}."""

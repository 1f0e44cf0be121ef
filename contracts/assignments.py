"""Events of dispatch: who has the case, which leader took it over, which task force works it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.complaints import Share
from contracts.envelope import Event, Model
from contracts.vocabulary import UnitRole


class AssignedUnit(Model):
    """A unit with its part in the case."""

    unit_id: str
    name: str
    role: UnitRole


class CaseAssigned(Event):
    """A case has a lead unit (交办). `sequence` counts the assignments of one case, from 1."""

    case_id: UUID
    case_no: str
    sequence: int
    lead: AssignedUnit
    co_handling: tuple[AssignedUnit, ...] = ()
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()
    legal_basis: tuple[str, ...] = ()
    confidence: Share
    needs_human: bool = Field(default=False, description="The law leaves it to local designation, or the reading is unsure.")
    city_version: str
    complaint_received_at: AwareDatetime
    registered_at: AwareDatetime
    designated: bool = Field(default=False, description="Designated after returns (指定承办): it may not be returned again.")


class LeaderAssigned(Event):
    """A named leader took a stubborn case over (领导包案); `triggers` are the rules that fired."""

    case_id: UUID
    case_no: str
    leader_id: str
    name: str
    title: str
    triggers: tuple[str, ...]
    reasons: tuple[str, ...]
    city_version: str


class LeaderWanted(Event):
    """A leader is due and none fits (recused, full, away, no portfolio): a supervisor must appoint one."""

    case_id: UUID
    case_no: str
    triggers: tuple[str, ...]
    reasons: tuple[str, ...]
    city_version: str


class Measure(Model):
    """What one member is to do, by when."""

    text: str
    person_id: str
    person: str
    deadline: date


class TaskForceMember(Model):
    """A unit in the task force with its people's measures to come."""

    unit_id: str
    unit: str
    role: UnitRole
    person_id: str
    person: str
    measures: tuple[Measure, ...]


class TaskForceFormed(Event):
    """A case has its task force (专班)."""

    case_id: UUID
    case_no: str
    task_force_id: UUID
    template: str
    leader_id: str | None = None
    members: tuple[TaskForceMember, ...]
    city_version: str

"""专班: who is in it, what each is to do, by when. Pure; dates are computed from the day given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from contracts.vocabulary import UnitRole
from services.domain.city import City
from services.domain.city_schema import MemberTemplate, Officer, TaskForceTemplate
from services.domain.routing import Matter, RouteDecision, holds


@dataclass(frozen=True, slots=True)
class PlannedMeasure:
    """What one person is to do, by the end of `deadline`."""

    text: str
    deadline: date


@dataclass(frozen=True, slots=True)
class Member:
    """A unit's seat: the person who answers for it and the measures to come."""

    unit: str
    role: UnitRole
    officer: Officer
    measures: tuple[PlannedMeasure, ...]


@dataclass(frozen=True, slots=True)
class TaskForce:
    """A task force as formed; the lead unit's member comes first. `recused` names those who stepped aside."""

    template: str
    members: tuple[Member, ...]
    recused: tuple[str, ...] = ()


def form_task_force(matter: Matter, route: RouteDecision, city: City) -> TaskForce:
    """Seats for the lead and every co-handling unit by the city's template; measures in calendar days from `matter.day`.

    A person who must step aside (信访工作条例 art. 28) is passed over; where a unit has nobody else, its place stays
    with the co-ordination desk of the region, so that no seat is without a person.
    """
    template = _template(matter, city)
    members: list[Member] = []
    recused: list[str] = []
    for unit_id, role in ((route.lead, UnitRole.LEAD), *((unit, UnitRole.CO_HANDLING) for unit in route.co_handling)):
        unit = city.unit(unit_id)
        seat = _seat(template, role, unit.kind)
        if seat is None:
            continue
        officer = _officer(city, unit_id, matter, recused) or _officer(city, city.desk(unit.region).id, matter, recused)
        if officer is None:
            continue
        days = seat.supervised_deadline_days if matter.supervised and seat.supervised_deadline_days else seat.deadline_days
        deadline = matter.day + timedelta(days=days)
        members.append(Member(unit_id, role, officer, tuple(PlannedMeasure(text, deadline) for text in seat.measures)))
    return TaskForce(template.id, tuple(members), tuple(recused))


def _template(matter: Matter, city: City) -> TaskForceTemplate:
    """The narrowest template whose condition holds; every city has one without a condition."""
    fitting = [template for template in city.document.task_forces if holds(template.when, matter)]
    return max(fitting, key=lambda template: (template.when.narrowness, template.priority, template.id))


def _seat(template: TaskForceTemplate, role: UnitRole, kind: str) -> MemberTemplate | None:
    """The seat for a role: the one of this kind of unit before the one of any."""
    seats = [seat for seat in template.members if seat.role == role and seat.kind in (None, kind)]
    return max(seats, key=lambda seat: seat.kind is not None) if seats else None


def _officer(city: City, unit: str, matter: Matter, recused: list[str]) -> Officer | None:
    respondent = matter.respondent or ""
    for officer in city.index.officers.get(unit, ()):
        if any(name in respondent for name in officer.recusal.respondents):
            recused.append(officer.name)
            continue
        return officer
    return None

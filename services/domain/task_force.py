"""专班: who is in it, what each is to do, by when. Pure; dates are computed from the day given.

Days are calendar days and the first is not counted (民法典 arts 200–203, by analogy); where a deadline falls on a
holiday is for the calendar to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.vocabulary import UnitRole
from services.domain.city import City
from services.domain.city_schema import MemberTemplate, Officer, TaskForceTemplate, Unit
from services.domain.recusal import accused_units, must_step_aside
from services.domain.routing import Matter, RouteDecision, holds


@dataclass(frozen=True, slots=True)
class PlannedMeasure:
    """What one person is to do, by the end of `deadline`."""

    text: str
    deadline: date


@dataclass(frozen=True, slots=True)
class Member:
    """A unit's seat: the person who answers for it, the measures to come, and where measures and deadline come from."""

    unit: str
    role: UnitRole
    officer: Officer
    measures: tuple[PlannedMeasure, ...]
    source: str


@dataclass(frozen=True, slots=True)
class TaskForce:
    """A task force as formed; the lead unit's member comes first. `recused` names those who stepped aside."""

    template: str
    members: tuple[Member, ...]
    recused: tuple[str, ...] = ()


def form_task_force(
    matter: Matter,
    route: RouteDecision,
    city: City,
    *,
    loads: Mapping[str, int] | None = None,
    recused: Collection[str] = (),
) -> TaskForce:
    """Seats for the lead, every co-handling unit and the kinds the template asks for; dates run from `matter.day`.

    Of a unit's officers the least loaded sits (`loads`: open seats by officer id). One who must step aside
    (信访工作条例 art. 28), or whose id is in `recused`, is passed over; where a unit has nobody else, the co-ordination
    desk's officer sits for it, so that no seat is without a person.
    """
    template = _template(matter, city)
    units = {route.lead: UnitRole.LEAD} | dict.fromkeys(route.co_handling, UnitRole.CO_HANDLING)
    for unit in _asked_for(template, matter, route, city):
        units.setdefault(unit.id, UnitRole.CO_HANDLING)
    aside = {
        officer.id: officer.name
        for officer in city.document.officers
        if officer.id in recused or must_step_aside(officer.recusal, respondent=matter.respondent, text=matter.text, units=units)
    }
    members: list[Member] = []
    passed: dict[str, None] = {}
    for id, role in units.items():
        unit = city.unit(id)
        passed |= dict.fromkeys(officer.name for officer in city.index.officers[id] if officer.id in aside)
        officer = next(_officers(unit, city, aside, loads or {}), None)
        seat = _seat(template, role, unit.kind)
        if officer is None or seat is None:
            continue
        days = seat.deadline_days
        if matter.supervised and seat.supervised_deadline_days is not None:
            days = min(days, seat.supervised_deadline_days)
        deadline = matter.day + timedelta(days=days)
        measures = tuple(PlannedMeasure(text, deadline) for text in seat.measures)
        members.append(Member(id, role, officer, measures, seat.source))
    return TaskForce(template.id, tuple(members), tuple(passed))


def _template(matter: Matter, city: City) -> TaskForceTemplate:
    """The narrowest template whose condition holds; every city has one without a condition."""
    fitting = [template for template in city.document.task_forces if holds(template.when, matter)]
    return max(fitting, key=lambda template: (template.when.narrowness, template.priority, template.id))


def _asked_for(template: TaskForceTemplate, matter: Matter, route: RouteDecision, city: City) -> Iterator[Unit]:
    """Units of kinds that the template narrows down for its own sake and the route does not have yet.

    The default template's seats by kind only say what such a unit does if it is there.
    """
    if not template.when.narrowness:
        return
    present = {city.unit(id).kind for id in (route.lead, *route.co_handling)}
    accused = accused_units(matter.respondent, city)
    for seat in template.members:
        if seat.kind is None or seat.kind in present:
            continue
        units = (city.index.seats.get((seat.kind, code)) for code in city.lineage(matter.region))
        found = next((unit for unit in units if unit is not None and unit.id not in accused), None)
        if found is not None:
            yield found


def _seat(template: TaskForceTemplate, role: UnitRole, kind: str) -> MemberTemplate | None:
    """The seat for a role: the one of this kind of unit before the one of any."""
    seats = [seat for seat in template.members if seat.role == role and seat.kind in (None, kind)]
    return max(seats, key=lambda seat: seat.kind is not None, default=None)


def _officers(unit: Unit, city: City, aside: Collection[str], loads: Mapping[str, int]) -> Iterator[Officer]:
    """Who can sit for a unit, best first: its own people, the region's desk, the city's desk, anybody."""
    everybody = (officer for people in city.index.officers.values() for officer in people)
    desks = (city.index.officers[desk.id] for desk in (city.desk(unit.region), city.desk(None)))
    for people in (city.index.officers[unit.id], *desks, everybody):
        yield from sorted((o for o in people if o.id not in aside), key=lambda o: (loads.get(o.id, 0), o.id))

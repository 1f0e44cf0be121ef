"""Who is told: persons by their part in the case, from the directory of principals. Nobody is told twice of one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.vocabulary import SupervisionStep
from services.domain.parameters import Parameters
from services.domain.principals import Principal, Role
from services.domain.supervision.view import CaseView


class Recipient(StrEnum):
    """A part somebody has in a case."""

    HANDLER = "handler"
    UNIT_HEAD = "unit_head"
    LEADER = "leader"
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"


Recipients = tuple[Recipient, ...]


class Audience(Parameters):
    """Who is told of a warning, of an overdue duty, of a right or a time that ended, of unowned cases, of steps."""

    warned: Recipients
    overdue: Recipients
    lapsed: Recipients
    unowned: Recipients
    proposed: Recipients
    steps: Mapping[SupervisionStep, Recipients]
    provenance: str


@dataclass(frozen=True, slots=True)
class Directory:
    """The persons who may be told, by role and by unit."""

    persons: frozenset[str]
    by_unit: Mapping[tuple[str, Role], tuple[str, ...]]
    by_role: Mapping[Role, tuple[Principal, ...]]

    @classmethod
    def of(cls, principals: Iterable[Principal]) -> Directory:
        """From all principals; systems are left out."""
        by_unit: dict[tuple[str, Role], list[str]] = {}
        by_role: dict[Role, list[Principal]] = {}
        persons = sorted((one for one in principals if one.person), key=lambda one: one.id)
        for person in persons:
            for role in person.roles:
                by_role.setdefault(role, []).append(person)
                if person.unit_id:
                    by_unit.setdefault((person.unit_id, role), []).append(person.id)
        return cls(
            frozenset(person.id for person in persons),
            {key: tuple(ids) for key, ids in by_unit.items()},
            {role: tuple(found) for role, found in by_role.items()},
        )

    def told(self, recipients: Recipients, case: CaseView) -> tuple[str, ...]:
        """Ids of the persons, sorted; the region's supervisors where nobody fits, so that nothing goes unheard."""
        found = {person for recipient in recipients for person in self._of(recipient, case)}
        return tuple(sorted(found or self._covering(Role.SUPERVISOR, case)))

    def of_unit(self, recipients: Recipients, unit_id: str | None, region: str | None) -> tuple[str, ...]:
        """The same for something a unit owes that is no case: its officers, its heads, those of the region."""
        roles = {Recipient.HANDLER: Role.OFFICER, Recipient.UNIT_HEAD: Role.UNIT_HEAD}
        found = {person for one in recipients if one in roles for person in self.by_unit.get((unit_id or "", roles[one]), ())}
        watching = {Recipient.DISPATCHER: Role.DISPATCHER, Recipient.SUPERVISOR: Role.SUPERVISOR}
        found |= {person for one in recipients if one in watching for person in self._in(watching[one], region)}
        return tuple(sorted(found or self._in(Role.SUPERVISOR, region)))

    def _of(self, recipient: Recipient, case: CaseView) -> Iterable[str]:
        match recipient:
            case Recipient.HANDLER:
                if case.person_id in self.persons:
                    return (case.person_id,)
                return self.by_unit.get((case.unit_id or "", Role.OFFICER), ())
            case Recipient.UNIT_HEAD:
                return self.by_unit.get((case.unit_id or "", Role.UNIT_HEAD), ())
            case Recipient.LEADER:
                return (case.leader_id,) if case.leader_id in self.persons else ()
            case Recipient.DISPATCHER:
                return self._covering(Role.DISPATCHER, case)
            case Recipient.SUPERVISOR:
                return self._covering(Role.SUPERVISOR, case)

    def _covering(self, role: Role, case: CaseView) -> tuple[str, ...]:
        return self._in(role, case.region)

    def _in(self, role: Role, region: str | None) -> tuple[str, ...]:
        return tuple(one.id for one in self.by_role.get(role, ()) if one.covers(region))

"""Who works in the scripted office: officers of the units from the city file, and the desks around them.

Thirty handling officers sit where cases arrive first; a unit that gets its first case when none is left has nobody,
as happens, and its cases climb the ladder until they are given to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.demo.office.luck import Luck
from services.domain.city import City
from services.domain.principals import Principal, Role
from services.infra.postgres import Connection

KEEP = """
INSERT INTO access.principals (id, name, roles, unit_id, regions, person) VALUES ($1, $2, $3, $4, $5, true)
ON CONFLICT (id) DO UPDATE SET roles = (SELECT array_agg(DISTINCT role) FROM unnest(access.principals.roles || excluded.roles) AS role)
"""
DESKS = {
    "dispatcher": ("交办台", Role.DISPATCHER), "acceptor-1": ("验收员甲", Role.ACCEPTOR), "acceptor-2": ("验收员乙", Role.ACCEPTOR),
    "reviewer": ("市级复核员", Role.CITY_REVIEWER), "caller-1": ("回访员甲", Role.CALL_BACK), "caller-2": ("回访员乙", Role.CALL_BACK),
    "supervisor": ("督办科", Role.SUPERVISOR), "inspector": ("回头看组", Role.INSPECTOR),
}  # fmt: skip
SLOW = 0.12
"""Share of officers who are slow at everything (invented)."""


@dataclass
class Staff:
    """Everybody, and which officers were given to units so far."""

    city: City
    luck: Luck
    officers: int = 30
    by_unit: dict[str, Principal] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The desks are there from the first day."""
        regions = frozenset({self.city.code})
        self.desks = {key: Principal(f"desk-{key}", name, frozenset({role}), None, regions) for key, (name, role) in DESKS.items()}
        self.leaders = {
            one.id: Principal(one.id, one.name, frozenset({Role.LEADER}), None, regions) for one in self.city.document.leaders
        }

    def desk(self, key: str, what: str = "") -> Principal:
        """The person at a desk; of two the one this work falls to."""
        if key in self.desks:
            return self.desks[key]
        return self.desks[f"{key}-{1 + self.luck.happens(f'{key}/{what}', 0.5)}"]

    def officer(self, unit_id: str) -> Principal | None:
        """The unit's officer, or None where all were given to other units."""
        if unit_id not in self.by_unit and unit_id not in self.without:
            if len(self.by_unit) >= self.officers:
                self.without.add(unit_id)
            else:
                person = next((one for one in self.city.document.officers if one.unit == unit_id), None)
                id, name = (person.id, person.name) if person else (f"{unit_id}-0", f"{self.city.unit(unit_id).name}经办人")
                self.by_unit[unit_id] = Principal(id, name, frozenset({Role.OFFICER}), unit_id, frozenset({self.city.code}))
        return self.by_unit.get(unit_id)

    def head(self, unit_id: str) -> Principal:
        """The unit's head, who confirms what the officer proposes."""
        name = f"{self.city.unit(unit_id).name}负责人"
        return Principal(f"{unit_id}-head", name, frozenset({Role.UNIT_HEAD}), unit_id, frozenset({self.city.code}))

    def pace(self, unit_id: str) -> float:
        """How slow the unit's officer is: 1 for most, several times that for a few."""
        luck = self.luck.of("pace", unit_id)
        return 4.0 if luck.happens("slow", SLOW) else 0.5 + luck.share("pace")

    def everybody(self) -> Iterator[Principal]:
        """Desks, leaders, and the officers and heads of units that have one."""
        yield from self.desks.values()
        yield from self.leaders.values()
        for unit_id, officer in sorted(self.by_unit.items()):
            yield officer
            yield self.head(unit_id)

    async def enrol(self, connection: Connection) -> None:
        """Put everybody into the directory, so that they can be told things."""
        people = [(one.id, one.name, [role.value for role in one.roles], one.unit_id, sorted(one.regions)) for one in self.everybody()]
        await connection.executemany(KEEP, people)

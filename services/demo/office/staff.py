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
    "dispatcher": ("交办台", Role.DISPATCHER), "acceptor": ("验收员", Role.ACCEPTOR), "reviewer": ("市级复核员", Role.CITY_REVIEWER),
    "caller": ("回访员", Role.CALL_BACK), "supervisor": ("督办科", Role.SUPERVISOR), "inspector": ("回头看组", Role.INSPECTOR),
}  # fmt: skip
OF_ITS_OWN = frozenset({"inspector"})
"""Who looks back may have had no part in a case; in a small city file the same people accept and inspect."""
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
        self.leaders = {
            one.id: Principal(one.id, one.name, frozenset({Role.LEADER}), None, regions) for one in self.city.document.leaders
        }
        self._desks: dict[tuple[str, str], Principal] = {}
        for key, (name, role) in DESKS.items():
            self._desks[key, self.city.code] = Principal(f"desk-{key}", name, frozenset({role}), None, regions)
            for one in () if key in OF_ITS_OWN else self.city.document.officers:
                if role.value in one.roles:
                    region = self.city.unit(one.unit).region[:6]
                    self._desks[key, region] = Principal(one.id, one.name, frozenset({role}), one.unit, frozenset({region}))

    def desk(self, key: str, region: str | None = None) -> Principal:
        """The person at a desk: the district's where it has one, else the city's."""
        return self._desks.get((key, region or ""), self._desks[key, self.city.code])

    def officer(self, unit_id: str) -> Principal | None:
        """The unit's officer, or None where all were given to other units."""
        if unit_id not in self.by_unit and unit_id not in self.without:
            if len(self.by_unit) >= self.officers:
                self.without.add(unit_id)
            else:
                own = (one for one in self.city.document.officers if one.unit == unit_id)
                person = next((one for one in own if not one.roles or Role.OFFICER.value in one.roles), None)
                id, name = (person.id, person.name) if person else (f"{unit_id}-0", f"{self.city.unit(unit_id).name}经办人")
                self.by_unit[unit_id] = Principal(id, name, frozenset({Role.OFFICER}), unit_id, frozenset({self.city.code}))
        return self.by_unit.get(unit_id)

    def head(self, unit_id: str) -> Principal:
        """The unit's head, who confirms what the officer proposes."""
        own = (one for one in self.city.document.officers if one.unit == unit_id and Role.UNIT_HEAD.value in one.roles)
        person = next(own, None)
        id, name = (person.id, person.name) if person else (f"{unit_id}-head", f"{self.city.unit(unit_id).name}负责人")
        return Principal(id, name, frozenset({Role.UNIT_HEAD}), unit_id, frozenset({self.city.code}))

    def pace(self, unit_id: str) -> float:
        """How slow the unit's officer is: 1 for most, several times that for a few."""
        luck = self.luck.of("pace", unit_id)
        return 4.0 if luck.happens("slow", SLOW) else 0.5 + luck.share("pace")

    def everybody(self) -> Iterator[Principal]:
        """Desks, leaders, and the officers and heads of units that have one."""
        yield from self._desks.values()
        yield from self.leaders.values()
        for unit_id, officer in sorted(self.by_unit.items()):
            yield officer
            yield self.head(unit_id)

    async def enrol(self, connection: Connection) -> None:
        """Put everybody into the directory, so that they can be told things."""
        people = [(one.id, one.name, [role.value for role in one.roles], one.unit_id, sorted(one.regions)) for one in self.everybody()]
        await connection.executemany(KEEP, people)

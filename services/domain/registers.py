"""Who may do what with the registers: by role, unit and region. Pure; the parameters of a city's practice are few.

Registers hold no petitioner. What limits them is duty: a unit sees its own lines, a district its own district, and
who takes a table out of the house does so by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal, refuse


class Act(StrEnum):
    """What is done with a register; the value is what people read."""

    SEE = "查看"
    IMPORT = "导入"
    EXPORT = "导出"
    AMEND = "修改"
    INSPECT = "登记检查"
    JUDGE_MATCH = "判断关联"
    SEE_CONTACTS = "查看应急联系人"


OVERSIGHT = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.CITY_REVIEWER, Role.INSPECTOR, Role.ADMINISTRATOR})
"""They see every line of their regions."""
UNITS = frozenset({Role.OFFICER, Role.UNIT_HEAD, Role.ACCEPTOR})
"""They see the lines of their unit, and registers of their regions."""
DUTY = frozenset({Role.DUTY_OFFICER})
ROLES: dict[Act, frozenset[Role]] = {
    Act.SEE: OVERSIGHT | UNITS | DUTY | {Role.ANALYST},
    Act.IMPORT: frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    Act.EXPORT: OVERSIGHT | {Role.UNIT_HEAD},
    Act.AMEND: frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.UNIT_HEAD, Role.OFFICER}),
    Act.INSPECT: UNITS | {Role.INSPECTOR, Role.SUPERVISOR},
    Act.JUDGE_MATCH: frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.OFFICER, Role.UNIT_HEAD}),
    Act.SEE_CONTACTS: OVERSIGHT | DUTY | {Role.UNIT_HEAD},
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows somebody sees. `prefixes` are the significant digits of regions; `unit` limits to a unit's lines."""

    prefixes: tuple[str, ...]
    unit: str | None = None

    @property
    def everything(self) -> bool:
        """True where every region is covered."""
        return "" in self.prefixes


def may(actor: Principal, act: Act, what: str, region: str | None = None) -> Refusal | None:
    """None when the actor may; `region` is checked where there is one."""
    allowed = ROLES[act] | {Role.SYSTEM}
    if not actor.has(allowed):
        names = "、".join(role.label for role in Role if role in allowed and role is not Role.SYSTEM)
        return refuse("actor.role", command=f"{act.value}{what}", roles=names, actor=actor.name)
    if not actor.covers(region):
        return refuse("register.region", region=region, actor=actor.name)
    return None


def scope_of(actor: Principal, *, by_unit: bool) -> Scope:
    """What of a register the actor sees; `by_unit` where lines belong to units (the ledger)."""
    if Role.SYSTEM in actor.roles:
        return Scope(("",))
    limited = by_unit and not actor.has(OVERSIGHT | {Role.ANALYST})
    return Scope(tuple(sorted({significant(code) for code in actor.regions})), (actor.unit_id or "") if limited else None)


def significant(code: str) -> str:
    """The digits of a region code that say something, in pairs: 470300 → 4703."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def changed(what: str, id_: str, expected: int | None, version: int) -> Refusal | None:
    """None unless somebody else changed the entry since the version the actor had seen."""
    if expected is None or expected == version:
        return None
    return refuse("register.changed", what=what, id=id_, version=version, field="version")


def missing(what: str, id_: str) -> Refusal:
    """There is no such entry, or none the actor may see: both are told alike."""
    return refuse("register.missing", what=what, id=id_)


def no_file(reason: str, remedy: str, field: str = "file") -> Refusal:
    """A file, or something else a request brought, cannot be used."""
    return refuse("register.file", reason=reason, remedy=remedy, field=field)


def no_evidence(hashes: Iterable[str], field: str = "evidence") -> Refusal:
    """These files are not in the store."""
    return refuse("register.evidence", ids="、".join(name[:12] for name in hashes), field=field)


def no_match() -> Refusal:
    """There is nothing to judge between this source and this case."""
    return refuse("risk.match")

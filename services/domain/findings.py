"""What an inspection finds: fixed at once with evidence, or a line of the ledger that is struck off by a second person.

Nobody complained, so there is no one to answer, no petitioner to satisfy, and nothing to dispatch: unit, person, measure
and day are known when it is found. What is left of the speech's chain (建立台账 → 及时交办 → 定期调度 → 强化督办 → 严格销号)
is kept by the line itself. Should somebody complain about the same thing, the complaint makes a case of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import TypeAdapter

from services.domain.case.values import RectifyMode
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal, refuse


@dataclass(frozen=True, slots=True)
class Finding:
    """A danger an inspection found. `fixed_evidence` are hashes of stored files."""

    text: str
    mode: RectifyMode
    measure: str = ""
    unit: str = ""
    person: str = ""
    deadline: date | None = None
    fixed_evidence: tuple[str, ...] = ()


FINDINGS: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])
"""As they are kept."""


def check_findings(findings: Sequence[Finding], today: date) -> Refusal | None:
    """Every finding fixed with evidence, or on the ledger with all it needs."""
    for number, finding in enumerate(findings):
        field = f"findings[{number}]"
        if finding.mode is RectifyMode.IMMEDIATE:
            if not finding.fixed_evidence:
                return refuse("measure.evidence", measure=finding.text, field=field)
            continue
        needed = {
            "措施内容": finding.measure,
            "责任单位": finding.unit,
            "责任人": finding.person,
            "整改时限": finding.deadline,
        }
        lacking = [name for name, value in needed.items() if not value]
        if lacking or finding.deadline is None:
            return refuse("plan.incomplete", row=number + 1, missing="、".join(lacking), field=field)
        if finding.deadline < today:
            return refuse("plan.past", measure=finding.measure, deadline=finding.deadline)
    return None


def evidence_of(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Every file the findings rest on."""
    return tuple(item for finding in findings for item in finding.fixed_evidence)


class LineAct(StrEnum):
    """What is done with a line of an inspection; the value is what is kept."""

    REPORT = "reported"
    RETURN = "returned"
    POSTPONE = "postponed"
    CLOSE_OUT = "closed_out"

    @property
    def label(self) -> str:
        """As people read it."""
        return {"reported": "填报进展", "returned": "退回整改", "postponed": "延期", "closed_out": "销号"}[self.value]


_WATCH = frozenset({Role.SUPERVISOR, Role.CITY_REVIEWER, Role.INSPECTOR, Role.ACCEPTOR})
LINE_ROLES = {
    LineAct.REPORT: frozenset({Role.OFFICER, Role.UNIT_HEAD}),
    LineAct.RETURN: _WATCH,
    LineAct.POSTPONE: frozenset({Role.UNIT_HEAD, Role.SUPERVISOR}),
    LineAct.CLOSE_OUT: _WATCH,
}


@dataclass(frozen=True, slots=True)
class LineState:
    """What acts on a line depend on. `reports` are (person, how many files) since it was last returned, oldest first."""

    origin: str
    open: bool
    units: tuple[str, ...]
    deadline: date
    reports: tuple[tuple[str, int], ...] = ()
    handlers: frozenset[str] = frozenset()
    postponed: int = 0


def check_act(line: LineState, act: LineAct, actor: Principal, today: date, *, until: date | None = None) -> Refusal | None:
    """Why the actor may not do this to the line now.

    Reporting is the unit's. Striking off, returning and more time are a second person's: somebody who reported nothing
    on the line. Struck off is what was reported with evidence. More time is given once, before the day, never after it.
    """
    if line.origin != "inspection":
        return refuse("line.origin", act=act.label)
    roles = LINE_ROLES[act]
    if not actor.has(roles) or not actor.person:
        names = "、".join(role.label for role in Role if role in roles)
        return refuse("actor.role", command=act.label, roles=names, actor=actor.name)
    if not line.open:
        return refuse("line.closed")
    if act is LineAct.REPORT:
        return None if actor.unit_id in line.units else refuse("line.unit", actor=actor.name)
    if actor.id in line.handlers:
        return refuse("line.second", actor=actor.name, act=act.label)
    if act is LineAct.POSTPONE:
        return _more_time(line, today, until)
    if not line.reports:
        return refuse("line.unreported", act=act.label)
    if act is LineAct.CLOSE_OUT and not any(files for _, files in line.reports):
        return refuse("line.evidence")
    return None


def _more_time(line: LineState, today: date, until: date | None) -> Refusal | None:
    if today > line.deadline:
        return refuse("line.expired", due=line.deadline)
    if line.postponed:
        return refuse("line.postponed")
    if until is None or until <= line.deadline:
        return refuse("line.until", due=line.deadline, field="until")
    return None

"""What lists know of a case beyond its row: its clocks and what is still to be done; made once per version and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.vocabulary import UnitRole
from services.domain.case.rules import CaseRules
from services.domain.case.state import CaseState, load_state
from services.domain.case.status import Status
from services.domain.case.values import PartState, ProposalKind
from services.domain.clocks.calendar import CalendarExhausted
from services.domain.clocks.deadlines import Deadline, deadlines
from services.infra.postgres import Pool

KEPT = 30_000
STATES = "SELECT case_id, version, state::text AS state FROM casework.cases WHERE case_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Brief:
    """A case in short. `open_measures` counts what each unit still has to finish; `proposals` are (id, kind, by)."""

    version: int
    status: Status | None
    deadlines: tuple[Deadline, ...]
    parts: dict[str, tuple[bool, PartState]]
    open_measures: dict[str, int]
    measures: int
    responsible: bool
    leader_id: str | None
    proposals: tuple[tuple[str, ProposalKind, str], ...]
    recused: tuple[str, ...]
    handlers: frozenset[str]
    confidential: bool

    @property
    def running(self) -> tuple[Deadline, ...]:
        """Duties under way, the next due first."""
        return tuple(deadline for deadline in self.deadlines if deadline.running and deadline.kind == "limit")


def brief_of(state: CaseState, rules: CaseRules) -> Brief:
    """The brief of a state; without clocks where the holiday table does not reach their days."""
    try:
        clocks = deadlines(state.clock_facts(), rules.deadlines, rules.calendar)
    except CalendarExhausted:
        clocks = ()
    undone: dict[str, int] = {}
    for measure in state.measures:
        if measure.progress < 100:
            undone[measure.unit_id] = undone.get(measure.unit_id, 0) + 1
    return Brief(
        version=state.version,
        status=state.status,
        deadlines=clocks,
        parts={part.unit_id: (part.role is UnitRole.LEAD, part.state) for part in state.parts},
        open_measures=undone,
        measures=len(state.measures),
        responsible=state.responsibility is not None,
        leader_id=state.leader.person_id if state.leader else None,
        proposals=tuple((item.id, item.kind, item.by) for item in state.proposals),
        recused=state.recused,
        handlers=state.handlers,
        confidential=any(link.confidential for link in state.links),
    )


class Briefs:
    """Briefs by case and version. A rebuildable cache: what is not in it is read, what is too old is never used."""

    def __init__(self, rules: CaseRules, kept: int = KEPT) -> None:
        self._rules, self._kept = rules, kept
        self._known: OrderedDict[UUID, Brief] = OrderedDict()

    async def of(self, pool: Pool, cases: Iterable[tuple[UUID, int]]) -> dict[UUID, Brief]:
        """The briefs of these cases at least as new as these versions."""
        wanted = dict(cases)
        missing = [id for id, version in wanted.items() if (known := self._known.get(id)) is None or known.version < version]
        for start in range(0, len(missing), 200):
            for row in await pool.fetch(STATES, missing[start : start + 200]):
                self._keep(row)
        found = {id: self._known[id] for id in wanted if id in self._known}
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
        return found

    def _keep(self, row: Any) -> None:
        self._known[row["case_id"]] = brief_of(load_state(row["state"]), self._rules)
        self._known.move_to_end(row["case_id"])

"""Cases in hand: loaded and locked, changed by commands and operations, saved with their events in one transaction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.casework import repository as rows
from services.casework.publishing import publish_answers, publish_changes
from services.casework.rows import case_row, changing, event_row, link_rows, return_rows
from services.domain.case.case import decide
from services.domain.case.commands import Command
from services.domain.case.events import CaseEvent, EvidenceAdded, dump_event
from services.domain.case.evolve import evolve
from services.domain.case.operations import Operation, operate
from services.domain.case.rules import CaseRules, Context
from services.domain.case.state import CaseState, load_state
from services.domain.history import GENESIS, ChainLink, chain
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.unit_of_work import UnitOfWork

CACHED_STATES = 4096


class StateCache:
    """States by the digest of the history they follow from; a digest that is in the table makes its state true."""

    def __init__(self, size: int = CACHED_STATES) -> None:
        self._size = size
        self._states: OrderedDict[str, CaseState] = OrderedDict()
        self._heads: dict[UUID, str] = {}

    def heads(self, ids: Iterable[UUID]) -> list[str]:
        """Digests whose state is known for these cases."""
        return [head for id in ids if (head := self._heads.get(id))]

    def get(self, head: str) -> CaseState:
        """The state; raises KeyError."""
        self._states.move_to_end(head)
        return self._states[head]

    def put(self, case_id: UUID, head: str, state: CaseState) -> None:
        """Remember the newest state of a case."""
        before = self._heads.get(case_id)
        if before is not None and before != head:
            self._states.pop(before, None)
        self._heads[case_id] = head
        self._states[head] = state
        while len(self._states) > self._size:
            _, old = self._states.popitem(last=False)
            self._heads.pop(UUID(old.case_id), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One event with the state after it."""

    event: CaseEvent
    state: CaseState


@dataclass(slots=True)
class Held:
    """One case in hand."""

    before: CaseState
    head: str
    state: CaseState
    steps: list[Step] = field(default_factory=list)
    links: list[ChainLink] = field(default_factory=list)

    @property
    def new(self) -> bool:
        """True where the case has no row yet."""
        return self.before.version == 0


class Cases:
    """The cases of one transaction. `load` first; nothing is written before `save`."""

    def __init__(self, unit: UnitOfWork, rules: CaseRules, cache: StateCache, *, now: datetime | None = None) -> None:
        self.unit = unit
        self.rules = rules
        self.cache = cache
        self.now = now or unit.clock()
        self.held: dict[UUID, Held] = {}

    async def load(self, ids: Iterable[UUID], *, opening: Iterable[UUID] = ()) -> None:
        """Lock the cases; those in `opening` may not exist yet. An unknown one has version 0."""
        opening = set(opening) - self.held.keys()
        wanted = (set(ids) | opening) - self.held.keys()
        if opening:
            await self.unit.connection.fetch(rows.LOCK_NEW, sorted(opening))
        if not wanted:
            return
        known = self.cache.heads(wanted)
        for row in await rows.lock(self.unit.connection, wanted, known):
            state = self.cache.get(row["head"]) if row["state"] is None else load_state(row["state"])
            self.held[row["case_id"]] = Held(state, row["head"], state)
        for id in wanted - self.held.keys():
            empty = CaseState(str(id))
            self.held[id] = Held(empty, GENESIS, empty)

    def state(self, case_id: UUID) -> CaseState:
        """The state as it stands now in this transaction."""
        return self.held[case_id].state

    def give(self, case_id: UUID, command: Command, actor: Principal) -> tuple[CaseEvent, ...] | Refusal:
        """A command for one case: its events, or which rule refused it."""
        held = self.held[case_id]
        result = decide(command, held.state, Context(actor, self.now, self.rules))
        if not isinstance(result, Refusal):
            self._follow(held, result)
        return result

    def operate(self, operation: Operation, actor: Principal, ids: Iterable[UUID]) -> Mapping[UUID, tuple[CaseEvent, ...]] | Refusal:
        """An operation over several cases in hand: all of its events or none."""
        states = {str(id): self.held[id].state for id in ids}
        plan = operate(operation, states, Context(actor, self.now, self.rules))
        if isinstance(plan, Refusal):
            return plan
        found = {UUID(id): events for id, events in plan.items()}
        for id, events in found.items():
            self._follow(self.held[id], events)
        return found

    def _follow(self, held: Held, events: Sequence[CaseEvent]) -> None:
        for event in events:
            held.state = evolve(held.state, event)
            held.steps.append(Step(event, held.state))

    async def save(self, *, traceparent: str | None = None) -> None:
        """Write events, snapshots, lookups, answers and what others are told."""
        changed = {id: held for id, held in self.held.items() if held.steps}
        if not changed:
            return
        for id, held in changed.items():
            bodies = [dump_event(step.event) for step in held.steps]
            held.links += chain(str(id), bodies, held.head, held.before.version)
        await self._write(changed)
        publish_changes(self.unit, changed.items(), traceparent=traceparent)
        await publish_answers(self.unit, changed.values(), traceparent=traceparent)
        for id, held in changed.items():
            head = held.links[-1].digest
            self.cache.put(id, head, held.state)
            self.held[id] = Held(held.state, head, held.state)

    async def _write(self, changed: Mapping[UUID, Held]) -> None:
        connection = self.unit.connection
        fresh = [case_row(id, held.state, held.links[-1].digest) for id, held in changed.items() if held.new]
        await rows.copy(connection, "cases", rows.CASE_COLUMNS, fresh)
        old = [
            changing(id, held.state, held.links[-1].digest, counted=held.before.links is not held.state.links)
            for id, held in changed.items()
            if not held.new
        ]
        if old:
            await connection.execute(rows.SAVE, *map(list, zip(*old, strict=True)))
        events = [event_row(id, step.event, link) for id, held in changed.items() for step, link in zip(held.steps, held.links, strict=True)]
        await rows.copy(connection, "events", rows.EVENT_COLUMNS, events)
        relinked = {id: held for id, held in changed.items() if held.before.links is not held.state.links}
        if gone := [id for id, held in relinked.items() if not held.new]:
            await connection.execute(rows.DROP_LINKS, gone)
        await rows.copy(
            connection, "complaint_cases", rows.LINK_COLUMNS, [row for held in relinked.values() for row in link_rows(held.state)]
        )
        steps = [step.event for held in changed.values() for step in held.steps]
        await rows.copy(connection, "returns", rows.RETURN_COLUMNS, return_rows(steps))
        if files := [(e.evidence.sha256, UUID(e.case_id), e.evidence.id) for e in steps if isinstance(e, EvidenceAdded)]:
            await connection.execute(rows.USE_FILES, *map(list, zip(*files, strict=True)))

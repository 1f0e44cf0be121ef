"""Opened cases get their units, leader and task force; later complaints may make a leader due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from contracts.assignments import (
    AssignedUnit,
    CaseAssigned,
    LeaderAssigned,
    Measure,
    TaskForceFormed,
    TaskForceMember,
)
from contracts.cases import CaseOpened, ComplaintLinked, LinkUndone
from contracts.dead_letter import FailureVerdict
from contracts.topics import ASSIGNED, LEADER_ASSIGNED, LINK_UNDONE, LINKED, OPENED, TASK_FORCE_FORMED, Topic
from contracts.vocabulary import SourceChannel, UnitRole
from services.dispatch import repository as rows
from services.dispatch.matters import matter_of
from services.domain.city import City
from services.domain.leaders import CaseFacts, Due, choose_leader, leader_due
from services.domain.routing import NOBODY, Matter, Returned, RouteDecision, route
from services.domain.task_force import form_task_force
from services.infra.clock import Clock
from services.infra.failures import describe
from services.infra.metrics import ASSIGNED as ASSIGNED_TOTAL
from services.infra.metrics import INTAKE_TO_ASSIGNMENT, LEADERLESS
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork

log = structlog.get_logger()
LOCAL = ZoneInfo("Asia/Shanghai")
ORDER = {OPENED.name: 0, LINKED.name: 1, LINK_UNDONE.name: 2}
"""Topics are not ordered to each other; within a batch a case is opened before it is added to."""
PAYLOADS: dict[str, type[CaseOpened] | type[ComplaintLinked] | type[LinkUndone]] = {
    OPENED.name: CaseOpened,
    LINKED.name: ComplaintLinked,
    LINK_UNDONE.name: LinkUndone,
}


class Dispatching:
    """Handles batches with the city in force; decisions are pure functions of `services.domain`."""

    def __init__(self, city: City, *, clock: Clock) -> None:
        self.city = city
        self.clock = clock
        self._kept = False

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work."""
        events = []
        for record in sorted(records, key=lambda r: (ORDER[r.topic], r.partition, r.offset)):
            try:
                events.append((PAYLOADS[record.topic].from_bytes(record.value), record))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not events:
            return None
        await self.renew(unit)
        with stage("dispatch", "lock"):
            cases = await rows.lock_cases(unit.connection, sorted({event.case_id for event, _ in events}))
        with stage("dispatch", "decide"):
            batch = Batch(unit, self.city, self.clock())
            changed: dict[UUID, Record] = {}
            for event, record in events:
                case = cases[event.case_id]
                if isinstance(event, CaseOpened):
                    batch.open(case, event, record)
                else:
                    batch.count(case, event)
                changed[event.case_id] = record
            due = [(cases[id], record) for id, record in changed.items() if cases[id].opened and not cases[id].leader_id]
            await batch.lead(due)
        with stage("dispatch", "write"):
            await batch.write([cases[id] for id in changed])
        return batch.observe

    async def renew(self, unit: UnitOfWork) -> None:
        """Take the city file in force: the one loaded last, or ours where none was."""
        version = await unit.connection.fetchval(rows.CURRENT_VERSION)
        if version is None:
            await rows.keep_city(unit.connection, self.city.version, self.city.to_json().encode(), self.clock())
        elif version != self.city.version:
            row = await unit.connection.fetchrow(rows.CURRENT_CITY)
            assert row is not None
            self.city = City.from_json(row["content"])


class Batch:
    """Decisions of one batch and the rows they become."""

    def __init__(self, unit: UnitOfWork, city: City, now: datetime) -> None:
        self.unit, self.city, self.now = unit, city, now
        self.today = now.astimezone(LOCAL).date()
        self.assignments: list[tuple[Any, ...]] = []
        self.leaders: list[tuple[Any, ...]] = []
        self.forces: list[tuple[Any, ...]] = []
        self.waits: list[float] = []
        self.kinds: Counter[str] = Counter()

    def open(self, case: rows.CaseRow, event: CaseOpened, record: Record) -> None:
        """Route a case; a second opened event of one case (a replay under a new id) changes nothing."""
        if case.opened:
            return
        case.opened = event.to_bytes().decode()
        case.case_no = event.case_no
        case.supervised = event.channel.supervised
        case.key_item = case.key_item or event.key_item
        case.signatories = max(case.signatories, event.signatories)
        self.assign(case, event, record)
        self.waits.append((self.now - event.registered_at).total_seconds())

    def assign(
        self, case: rows.CaseRow, event: CaseOpened, record: Record, returned: Returned = NOBODY, *, designated: bool = False
    ) -> None:
        """Choose the units, for the first time or again after a return or a reopening."""
        decision = route(self._matter(event), self.city, returned)
        case.assignments += 1
        case.lead_unit = decision.lead
        assigned = CaseAssigned(
            event_id=uuid5(event.case_id, f"assigned/{case.assignments}"), occurred_at=self.now, case_id=event.case_id,
            case_no=event.case_no, sequence=case.assignments, lead=self._unit(decision.lead, UnitRole.LEAD),
            co_handling=tuple(self._unit(id, UnitRole.CO_HANDLING) for id in decision.co_handling),
            reasons=tuple(reason.text for reason in decision.reasons), rules=decision.rule_ids,
            legal_basis=decision.legal_basis, confidence=decision.confidence, needs_human=decision.needs_human,
            city_version=self.city.version, complaint_received_at=event.received_at, registered_at=event.registered_at,
            designated=designated,
        )  # fmt: skip
        self._emit(ASSIGNED, event.case_id, assigned, record)
        self.assignments.append((event.case_id, case.assignments, decision.lead, assigned.to_bytes(), self.now))
        self.kinds[self.city.unit(decision.lead).kind] += 1

    def count(self, case: rows.CaseRow, event: ComplaintLinked | LinkUndone) -> None:
        """Take over the counts; they are those of the case after the event, so the newest are in force."""
        case.complaints, case.reporters = event.complaints, event.reporters
        case.repeat_ordinal = event.repeat_ordinal
        if isinstance(event, ComplaintLinked):
            case.supervised = case.supervised or event.channel.supervised
            case.key_item = case.key_item or event.key_item
            case.signatories = max(case.signatories, event.signatories)

    async def lead(self, cases: list[tuple[rows.CaseRow, Record]]) -> None:
        """Appoint leaders where a trigger fires, and form the task force of a stubborn or supervised case."""
        found: list[tuple[rows.CaseRow, Record, CaseOpened, list[Due]]] = []
        for case, record in cases:
            event = CaseOpened.from_bytes(case.opened.encode())
            if due := leader_due(self._facts(case, event), self.city):
                found.append((case, record, event, due))
        if not found:
            return
        loads = await rows.leader_loads(self.unit.connection)
        for case, record, event, due in found:
            matter = self._matter(event)
            decision = route(matter, self.city)
            choice = choose_leader(matter, decision, due, loads, self.city)
            if choice.leader is None:
                # The case stays with its units, and its next complaint asks again.
                LEADERLESS.inc()
                log.warning("no_leader_fits", case_no=event.case_no, reasons=list(choice.reasons))
                continue
            loads[choice.leader.id] += 1
            case.leader_id = choice.leader.id
            appointed = LeaderAssigned(
                event_id=uuid5(event.case_id, "leader/1"), occurred_at=self.now, case_id=event.case_id,
                case_no=event.case_no, leader_id=choice.leader.id, name=choice.leader.name, title=choice.leader.title,
                triggers=tuple(item.trigger for item in due), reasons=choice.reasons, city_version=self.city.version,
            )  # fmt: skip
            self._emit(LEADER_ASSIGNED, event.case_id, appointed, record)
            self.leaders.append((event.case_id, choice.leader.id, appointed.to_bytes(), self.now))
            self._force(event, matter, decision, choice.leader.id, record)

    def _force(self, event: CaseOpened, matter: Matter, decision: RouteDecision, leader_id: str, record: Record) -> None:
        force = form_task_force(matter, decision, self.city)
        id = uuid5(event.case_id, "task-force/1")
        formed = TaskForceFormed(
            event_id=uuid5(id, "formed"), occurred_at=self.now, case_id=event.case_id, case_no=event.case_no,
            task_force_id=id, template=force.template, leader_id=leader_id, city_version=self.city.version,
            members=tuple(
                TaskForceMember(
                    unit_id=m.unit, unit=self.city.unit(m.unit).name, role=m.role, person_id=m.officer.id,
                    person=m.officer.name,
                    measures=tuple(
                        Measure(text=x.text, person_id=m.officer.id, person=m.officer.name, deadline=x.deadline)
                        for x in m.measures
                    ),
                )
                for m in force.members
            ),
        )  # fmt: skip
        self._emit(TASK_FORCE_FORMED, event.case_id, formed, record)
        self.forces.append((id, event.case_id, force.template, formed.to_bytes(), self.now))

    async def write(self, cases: list[rows.CaseRow]) -> None:
        """Whole batches at a time."""
        connection = self.unit.connection
        await rows.save_cases(connection, cases)
        await rows.copy(connection, "assignments", rows.ASSIGNMENT_COLUMNS, self.assignments)
        await rows.copy(connection, "leader_assignments", rows.LEADER_COLUMNS, self.leaders)
        await rows.copy(connection, "task_forces", rows.FORCE_COLUMNS, self.forces)

    def observe(self) -> None:
        """Outcomes into the metrics, after the commit."""
        for wait in self.waits:
            INTAKE_TO_ASSIGNMENT.observe(wait)
        for kind, n in self.kinds.items():
            ASSIGNED_TOTAL.labels(kind).inc(n)

    def _facts(self, case: rows.CaseRow, event: CaseOpened) -> CaseFacts:
        # Any inspection channel fires the inspection's triggers, whichever complaint of the case came by it.
        inspected = case.supervised and not event.channel.supervised
        return CaseFacts(
            repeat_ordinal=case.repeat_ordinal, reporters=case.reporters, signatories=case.signatories,
            channel=SourceChannel.DC_PROVINCIAL if inspected else event.channel, key_item=case.key_item, reopened=case.reopened,
            age_days=max(0, (self.now - event.received_at).days),
        )  # fmt: skip

    def _matter(self, event: CaseOpened) -> Matter:
        return matter_of(event, self.city, day=self.today)

    def _unit(self, id: str, role: UnitRole) -> AssignedUnit:
        return AssignedUnit(unit_id=id, name=self.city.unit(id).name, role=role)

    def _emit(self, topic: Topic, case_id: UUID, event: Any, record: Record) -> None:
        self.unit.emit(topic, case_id, event, traceparent=record.traceparent)

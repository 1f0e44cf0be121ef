"""Opened cases get their units; later complaints change what is known of a case and may make a leader due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contracts.assignments import AssignedUnit, CaseAssigned
from contracts.cases import CaseOpened, ComplaintLinked, LinkUndone
from contracts.dead_letter import FailureVerdict
from contracts.topics import ASSIGNED, LINK_UNDONE, LINKED, OPENED
from contracts.vocabulary import UnitRole
from services.dispatch import repository as rows
from services.dispatch.leading import Leading
from services.dispatch.matters import matter_of
from services.domain.city import City
from services.domain.routing import NOBODY, Returned, route
from services.infra.clock import Clock
from services.infra.failures import describe
from services.infra.metrics import ASSIGNED as ASSIGNED_TOTAL
from services.infra.metrics import INTAKE_TO_ASSIGNMENT
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork

LOCAL = ZoneInfo("Asia/Shanghai")
Happened = CaseOpened | ComplaintLinked | LinkUndone
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

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work."""
        events: list[tuple[Happened, Record]] = []
        for record in records:
            try:
                events.append((PAYLOADS[record.topic].from_bytes(record.value), record))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not events:
            return None
        # Topics are not ordered to each other: within a batch a case is opened before it is added to, and the newest
        # counts win.
        events.sort(key=lambda item: (not isinstance(item[0], CaseOpened), item[0].occurred_at))
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
            await batch.lead([(cases[id], record) for id, record in changed.items()])
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
    """Units and leaders for the cases of one batch, and the rows they become."""

    def __init__(self, unit: UnitOfWork, city: City, now: datetime) -> None:
        self.unit, self.city, self.now = unit, city, now
        self.today = now.astimezone(LOCAL).date()
        self.leading = Leading(unit, city, now, self.today)
        self.assignments: list[tuple[Any, ...]] = []
        self.waits: list[float] = []
        self.kinds: Counter[str] = Counter()

    def open(self, case: rows.CaseRow, event: CaseOpened, record: Record) -> None:
        """Route a case; a second opened event of one case (a replay under a new id) changes nothing."""
        if case.opened:
            return
        case.changed_event = record.value
        case.opened = record.value.decode()
        case.case_no = event.case_no
        case.channel = event.channel.value
        case.supervised = case.supervised or event.channel.supervised
        case.key_item = case.key_item or event.key_item
        case.signatories = max(case.signatories, event.signatories)
        case.heard(event.received_at)
        self.assign(case, event, record)
        self.waits.append((self.now - event.registered_at).total_seconds())

    def assign(
        self, case: rows.CaseRow, event: CaseOpened, record: Record, returned: Returned = NOBODY, *, designated: bool = False
    ) -> None:
        """Choose the units, for the first time or again after a return or a reopening."""
        decision = route(matter_of(event, self.city, day=self.today), self.city, returned)
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
        value = self.unit.emit(ASSIGNED, event.case_id, assigned, traceparent=record.traceparent)
        self.assignments.append((event.case_id, case.assignments, decision.lead, value, self.now))
        self.kinds[self.city.unit(decision.lead).kind] += 1

    def count(self, case: rows.CaseRow, event: ComplaintLinked | LinkUndone) -> None:
        """Take over the counts; they are those of the case after the event, so the newest are in force."""
        case.complaints, case.reporters = event.complaints, event.reporters
        case.repeat_ordinal = event.repeat_ordinal
        if isinstance(event, ComplaintLinked):
            case.supervised = case.supervised or event.channel.supervised
            case.key_item = case.key_item or event.key_item
            case.signatories = max(case.signatories, event.signatories)
            case.heard(event.received_at)

    async def lead(self, cases: Sequence[tuple[rows.CaseRow, Record]]) -> None:
        """Appoint leaders where one is due."""
        await self.leading.lead(cases)

    async def write(self, cases: Sequence[rows.CaseRow]) -> None:
        """Whole batches at a time."""
        await rows.save_cases(self.unit.connection, cases)
        await rows.copy(self.unit.connection, "assignments", rows.ASSIGNMENT_COLUMNS, self.assignments)
        await self.leading.write()

    def observe(self) -> None:
        """Outcomes into the metrics, after the commit."""
        for wait in self.waits:
            INTAKE_TO_ASSIGNMENT.observe(wait)
        for kind, n in self.kinds.items():
            ASSIGNED_TOTAL.labels(kind).inc(n)
        self.leading.observe()

    def _unit(self, id: str, role: UnitRole) -> AssignedUnit:
        return AssignedUnit(unit_id=id, name=self.city.unit(id).name, role=role)

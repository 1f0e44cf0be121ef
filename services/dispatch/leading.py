"""Leaders in charge (领导包案) and task forces (专班) for the cases of one batch; where nobody fits, that is told too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from contracts.assignments import LeaderAssigned, LeaderWanted, Measure, TaskForceFormed, TaskForceMember
from contracts.cases import CaseOpened
from contracts.topics import LEADER_ASSIGNED, LEADER_WANTED, TASK_FORCE_FORMED
from contracts.vocabulary import SourceChannel
from services.dispatch import repository as rows
from services.dispatch.matters import matter_of
from services.domain.city import City
from services.domain.leaders import CaseFacts, Due, LeaderChoice, choose_leader, leader_due
from services.domain.routing import Matter, RouteDecision, route
from services.domain.task_force import form_task_force
from services.infra.metrics import LEADERLESS
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork


def facts_of(case: rows.CaseRow) -> CaseFacts:
    """What the triggers look at.

    Any inspection channel fires the inspection's triggers, whichever complaint of the case came by it. A matter's age is
    the time over which the public wrote of it: an old letter that is only now entered says nothing of years without a
    remedy, one letter of today about a matter first raised six years ago does.
    """
    channel = SourceChannel(case.channel) if case.channel else SourceChannel.OTHER
    inspected = case.supervised and not channel.supervised
    age = case.last_received - case.first_received if case.first_received and case.last_received else None
    return CaseFacts(
        repeat_ordinal=case.repeat_ordinal, reporters=case.reporters, signatories=case.signatories,
        channel=SourceChannel.DC_PROVINCIAL if inspected else channel, key_item=case.key_item, reopened=case.reopened,
        age_days=age.days if age else 0,
    )  # fmt: skip


class Leading:
    """Decisions about leaders in one batch, and the rows they become."""

    def __init__(self, unit: UnitOfWork, city: City, now: datetime, today: date) -> None:
        self.unit, self.city, self.now, self.today = unit, city, now, today
        self.leaders: list[tuple[Any, ...]] = []
        self.forces: list[tuple[Any, ...]] = []
        self.wanted: list[tuple[Any, ...]] = []
        self.asked_in_vain = 0

    async def lead(self, cases: Sequence[tuple[rows.CaseRow, Record]]) -> None:
        """Appoint leaders where a trigger fires, and form the task force of a stubborn or supervised case.

        Where none fits the case stays with its units and its next complaint asks again; it is announced once.
        """
        found: list[tuple[rows.CaseRow, Record, list[Due]]] = []
        for case, record in cases:
            if case.opened and not case.leader_id and (due := leader_due(facts_of(case), self.city)):
                found.append((case, record, due))
        if not found:
            return
        loads = await rows.leader_loads(self.unit.connection)
        known = await rows.wanted_before(self.unit.connection, [case.case_id for case, _, _ in found])
        for case, record, due in found:
            self._appoint(case, record, due, loads, known)

    def _appoint(self, case: rows.CaseRow, record: Record, due: list[Due], loads: Counter[str], known: set[UUID]) -> None:
        assert case.opened is not None
        event = CaseOpened.from_bytes(case.opened.encode())
        matter = matter_of(event, self.city, day=self.today)
        decision = route(matter, self.city)
        choice = choose_leader(matter, decision, due, loads, self.city)
        if choice.leader is None:
            self.asked_in_vain += 1
            if case.case_id not in known:
                self._want(event, due, choice, record)
            return
        loads[choice.leader.id] += 1
        case.leader_id = choice.leader.id
        appointed = LeaderAssigned(
            event_id=uuid5(event.case_id, "leader/1"), occurred_at=self.now, case_id=event.case_id,
            case_no=event.case_no, leader_id=choice.leader.id, name=choice.leader.name, title=choice.leader.title,
            triggers=tuple(item.trigger for item in due), reasons=choice.reasons, city_version=self.city.version,
        )  # fmt: skip
        value = self.unit.emit(LEADER_ASSIGNED, event.case_id, appointed, traceparent=record.traceparent)
        self.leaders.append((event.case_id, choice.leader.id, value, self.now))
        self._force(event, matter, decision, choice.leader.id, record)

    def _want(self, event: CaseOpened, due: list[Due], choice: LeaderChoice, record: Record) -> None:
        wanted = LeaderWanted(
            event_id=uuid5(event.case_id, "leader-wanted"), occurred_at=self.now, case_id=event.case_id, case_no=event.case_no,
            triggers=tuple(item.trigger for item in due), reasons=choice.reasons, city_version=self.city.version,
        )  # fmt: skip
        value = self.unit.emit(LEADER_WANTED, event.case_id, wanted, traceparent=record.traceparent)
        self.wanted.append((event.case_id, value, self.now))

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
        value = self.unit.emit(TASK_FORCE_FORMED, event.case_id, formed, traceparent=record.traceparent)
        self.forces.append((id, event.case_id, force.template, value, self.now))

    async def write(self) -> None:
        """Whole batches at a time."""
        connection = self.unit.connection
        await rows.copy(connection, "leader_assignments", rows.LEADER_COLUMNS, self.leaders)
        await rows.copy(connection, "task_forces", rows.FORCE_COLUMNS, self.forces)
        await rows.copy(connection, "leaders_wanted", rows.WANTED_COLUMNS, self.wanted)
        if self.leaders:
            await rows.appointed(connection, [row[0] for row in self.leaders], self.now)

    def observe(self) -> None:
        """Outcomes into the metrics, after the commit."""
        if self.asked_in_vain:
            LEADERLESS.inc(self.asked_in_vain)

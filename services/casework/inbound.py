"""What other services tell of cases, as commands of the system on the aggregate.

Topics are not ordered to each other. What comes before its case is parked with it and taken up when the case is there;
what was done already (a redelivery, an act a person gave here) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from contracts import cases as told
from contracts.assignments import CaseAssigned, LeaderAssigned, TaskForceFormed
from contracts.complaints import Region
from contracts.envelope import Event
from contracts.registers import RiskSourceMatched
from contracts.supervision import SupervisionDue
from contracts.topics import (
    ASSIGNED,
    LEADER_ASSIGNED,
    LINK_UNDONE,
    LINKED,
    OPENED,
    RISK_MATCHED,
    SUPERVISION_DUE,
    TASK_FORCE_FORMED,
)
from contracts.vocabulary import LinkBand, LinkKind, SupervisionStep
from services.casework import repository as rows
from services.casework.cases import Cases
from services.casework.linking import join
from services.domain.case import commands as c
from services.domain.case import operations as op
from services.domain.case import values as v
from services.domain.case.status import CLOSING, UNOWNED
from services.domain.principals import SYSTEM
from services.domain.refusals import Refusal
from services.domain.risk_sources import raised as risen

log = structlog.get_logger()
E = TypeVar("E", bound=Event)
PAYLOADS: Mapping[str, type[Event]] = {
    OPENED.name: told.CaseOpened,
    LINKED.name: told.ComplaintLinked,
    LINK_UNDONE.name: told.LinkUndone,
    ASSIGNED.name: CaseAssigned,
    LEADER_ASSIGNED.name: LeaderAssigned,
    TASK_FORCE_FORMED.name: TaskForceFormed,
    SUPERVISION_DUE.name: SupervisionDue,
    RISK_MATCHED.name: RiskSourceMatched,
}
ORDER = {name: place for place, name in enumerate(PAYLOADS)}
"""Within a batch a case is opened before it is added to, and added to before it is given away."""
STEPS = list(SupervisionStep)
HEARD = tuple(status.value for status in CLOSING)


@dataclass(frozen=True, slots=True)
class Heard:
    """One event with the topic it came on."""

    topic: str
    event: Event

    @property
    def case_id(self) -> UUID:
        """The case it is about."""
        case_id: UUID = self.event.case_id  # type: ignore[attr-defined]
        return case_id


class Inbound:
    """One batch of events, applied to the cases in hand."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self.parked: list[Heard] = []
        self.noted: list[tuple[UUID, str | None, str | None, str | None, str, datetime]] = []
        self._where: dict[UUID, UUID] = {}
        self._numbers: dict[UUID, str] = {}

    async def apply(self, events: Sequence[Heard]) -> None:
        """Load, apply what can be applied, park the rest."""
        restored = {e.restored_case for e in _of(events, told.LinkUndone)}
        waiting = await self._parked({heard.case_id for heard in events} | restored)
        everything = sorted([*events, *waiting], key=lambda heard: ORDER[heard.topic])
        undone = {(e.case_id, e.complaint_id) for e in _of(everything, told.LinkUndone)}
        linked = {(e.case_id, e.complaint_id) for e in _of(everything, told.ComplaintLinked)}
        self._numbers = {e.case_id: e.case_no for e in _of(everything, told.CaseOpened)}
        opening = {*self._numbers, *(e.restored_case for e in _of(everything, told.LinkUndone))}
        await self._find(everything)
        await self.cases.load({heard.case_id for heard in everything} | set(self._where.values()), opening=opening)
        never = {pair for pair in undone & linked if self._where.get(pair[1]) != pair[0]}
        for heard in everything:
            event = heard.event
            if isinstance(event, (told.ComplaintLinked, told.LinkUndone)) and (event.case_id, event.complaint_id) in never:
                continue  # linked and undone before we heard of either
            if not self._apply(event):
                self.parked.append(heard)
        await rows.copy(self.cases.unit.connection, "parked", rows.PARKED_COLUMNS, [
            (heard.case_id, heard.topic, heard.event.to_bytes(), self.cases.now) for heard in self.parked
        ])  # fmt: skip
        await self._keep_sources(everything)
        await self._note_sources()

    def _apply(self, event: Event) -> bool:
        match event:
            case told.CaseOpened():
                return self._open(event)
            case told.ComplaintLinked():
                return self._link(event)
            case told.LinkUndone():
                return self._undo(event)
            case CaseAssigned():
                return self._assign(event)
            case LeaderAssigned():
                return self._lead(event)
            case TaskForceFormed():
                return self._form(event)
            case SupervisionDue():
                return self._supervise(event)
            case RiskSourceMatched():
                return self._raise(event)
        raise AssertionError(event)

    def _known(self, case_id: UUID) -> bool:
        return self.cases.state(case_id).status is not None

    def _give(self, case_id: UUID, command: c.Command) -> None:
        result = self.cases.give(case_id, command, SYSTEM)
        if isinstance(result, Refusal):
            # The case went on without it: it was assigned by a person, closed, merged. Nothing is owed.
            log.info("event_refused", case=str(case_id), command=command.type, code=result.code)

    def _open(self, event: told.CaseOpened) -> bool:
        if self._known(event.case_id):
            return True
        there = self._where.get(event.complaint_id)
        if there is not None and there != event.case_id:
            return False  # its undoing is on the way
        matter = matter_of(event)
        first = v.Link(
            id=str(event.link_id), complaint_id=str(event.complaint_id), receipt_no=event.receipt_no,
            kind=LinkKind.FIRST_REPORT, channel=event.channel, received_at=event.received_at, reporter=event.reporter,
            confidential=event.confidential, reply_wanted=event.reply_wanted, signatories=event.signatories,
        )  # fmt: skip
        region, city = region_of(event.region)
        self._give(event.case_id, c.Open(case_no=event.case_no, region=region, city=city, matter=matter, first=first))
        self._where[event.complaint_id] = event.case_id
        self._hear(event.case_id, event.received_at)
        return True

    def _link(self, event: told.ComplaintLinked) -> bool:
        if not self._known(event.case_id):
            return False
        case_id = self._standing(event.case_id)
        state = self.cases.state(case_id)
        if state.link(str(event.complaint_id)) is not None:
            return True
        there = self._where.get(event.complaint_id)
        if there is not None and there != case_id and self.cases.state(there).link(str(event.complaint_id)):
            if event.kind is LinkKind.SPLIT or event.band is LinkBand.AUTO:
                return True  # placed by an operation that casework itself carried out, and moved on since
            result = join(
                self.cases, there, case_id, str(event.complaint_id), str(event.link_id), SYSTEM, f"由{event.decided_by}确认"
            )
            if isinstance(result, Refusal):
                log.warning("link_not_followed", case=str(case_id), code=result.code)
            self._where[event.complaint_id] = case_id
            return True
        link = v.Link(
            id=str(event.link_id), complaint_id=str(event.complaint_id), receipt_no=event.receipt_no, kind=event.kind,
            channel=event.channel, received_at=event.received_at, reporter=event.reporter,
            confidential=event.confidential, reply_wanted=event.reply_wanted, signatories=event.signatories,
            new_facts=event.kind is LinkKind.FOLLOW_ON, score=event.score, decided_by=event.decided_by,
        )  # fmt: skip
        self._give(case_id, c.AddLink(link=link))
        self._where[event.complaint_id] = case_id
        self._hear(case_id, event.received_at)
        return True

    def _standing(self, case_id: UUID) -> UUID:
        """The case itself, or the one in hand it was merged into."""
        into = self.cases.state(case_id).merged_into
        return UUID(into) if into and UUID(into) in self.cases.held else case_id

    def _undo(self, event: told.LinkUndone) -> bool:
        complaint = str(event.complaint_id)
        if not self._known(event.case_id):
            return False
        if self.cases.state(event.case_id).link(complaint) is None:
            there = self._where.get(event.complaint_id)
            return there is not None and there != event.case_id  # done here by a person, or it has moved on
        case_no = event.restored_case_no or self._numbers.get(event.restored_case)
        if case_no is None and not self._known(event.restored_case):
            return False
        undo = op.UndoLink(
            case_id=str(event.case_id), complaint_id=complaint, restored_case=str(event.restored_case),
            restored_case_no=case_no or "", link_id=f"{event.link_id}/undone",
            reason=f"{event.reason}（{event.decided_by}）",
        )  # fmt: skip
        result = self.cases.operate(undo, SYSTEM, [event.case_id, event.restored_case])
        if isinstance(result, Refusal):
            log.warning("undo_not_followed", case=str(event.case_id), code=result.code)
        self._where[event.complaint_id] = event.restored_case
        return True

    def _assign(self, event: CaseAssigned) -> bool:
        if not self._known(event.case_id):
            return False
        state = self.cases.state(event.case_id)
        if event.sequence > state.sequence or state.status in UNOWNED:
            units = tuple(v.UnitRef(unit_id=u.unit_id, name=u.name, role=u.role) for u in (event.lead, *event.co_handling))
            basis = event.legal_basis or event.reasons
            self._give(event.case_id, c.Assign(units=units, designated=event.designated, basis=basis))
        return True

    def _lead(self, event: LeaderAssigned) -> bool:
        if not self._known(event.case_id):
            return False
        state = self.cases.state(event.case_id)
        if state.leader is None or state.leader.person_id != event.leader_id or state.leader_due:
            leader = v.Leader(person_id=event.leader_id, name=event.name, title=event.title)
            self._give(event.case_id, c.AssignLeader(leader=leader, triggers=event.triggers))
        return True

    def _form(self, event: TaskForceFormed) -> bool:
        """The task force's people join their units' parts; units without a part have none to join."""
        if not self._known(event.case_id):
            return False
        state = self.cases.state(event.case_id)
        if state.lead is None:
            return False  # its assignment is on the way
        for member in event.members:
            part = self.cases.state(event.case_id).part(member.unit_id)
            if part is None or any(known.person_id == member.person_id for known in part.members):
                continue
            person = v.Member(person_id=member.person_id, name=member.person, duty="、".join(m.text for m in member.measures)[:200])
            reason = f"专班组建（{event.template}）"
            self._give(event.case_id, c.ChangeMember(unit_id=member.unit_id, member=person, join=True, reason=reason))
        return True

    def _raise(self, event: RiskSourceMatched) -> bool:
        """A case surely about a registered risk source is handled with a higher urgency; a guess waits for its person."""
        if not event.confirmed:
            return True
        if not self._known(event.case_id):
            return False
        case_id = self._standing(event.case_id)
        matter = self.cases.state(case_id).matter
        raised = matter.model_copy(update={"urgency": risen(matter.urgency)})
        if raised != matter:
            self._give(case_id, c.Amend(matter=raised, reason=f"涉及环境风险源“{event.source}”，提高紧急程度：{event.why}"[:1000]))
        return True

    def _supervise(self, event: SupervisionDue) -> bool:
        """A step of the ladder the machine may take; one taken meanwhile, or a higher one, stands."""
        if not self._known(event.case_id):
            return False
        taken = self.cases.state(event.case_id).supervision
        if not taken or STEPS.index(taken[-1].step) < STEPS.index(event.step):
            self._give(event.case_id, c.Supervise(step=event.step, reason=event.reason))
        return True

    def _hear(self, case_id: UUID, received_at: datetime) -> None:
        state = self.cases.state(case_id)
        matter = state.matter
        self.noted.append((case_id, state.city, matter.respondent or None, matter.place or None, state.case_no, received_at))

    async def _note_sources(self) -> None:
        """Cases being closed hear of new complaints on the same source: their observation period starts anew."""
        if not self.noted:
            return
        columns = [list(column) for column in zip(*self.noted, strict=True)]
        found = await self.cases.unit.connection.fetch(rows.SAME_SOURCE, *columns, list(HEARD), self.cases.rules.casework.same_source.min_name)
        await self.cases.load({row["case_id"] for row in found})
        for row in found:
            if self.cases.state(row["case_id"]).status in CLOSING:
                self._give(row["case_id"], c.NoteSourceComplaint(received_at=row["received_at"], case_no=row["case_no"]))

    async def _parked(self, ids: Iterable[UUID]) -> list[Heard]:
        stored = await self.cases.unit.connection.fetch(rows.UNPARK, list(ids))
        found = sorted(stored, key=lambda row: row["id"])
        return [Heard(row["topic"], PAYLOADS[row["topic"]].from_bytes(row["event"])) for row in found]

    async def _find(self, events: Iterable[Heard]) -> None:
        ids = {e.complaint_id for e in _joining(events)} | {e.complaint_id for e in _of(events, told.LinkUndone)}
        for row in await self.cases.unit.connection.fetch(rows.WHERE, sorted(ids)):
            self._where[row["complaint_id"]] = row["case_id"]

    async def _keep_sources(self, events: Iterable[Heard]) -> None:
        """Whom to answer; events from before they carried it are completed from intake's register."""
        heard = {e.complaint_id: e for e in _joining(events)}
        lacking = [id for id, e in heard.items() if e.source is None or e.external_id is None]
        stored = await self.cases.unit.connection.fetch(rows.REGISTERED_SOURCES, lacking) if lacking else []
        known = {row["id"]: (row["source"], row["external_id"]) for row in stored}
        known |= {id: (e.source, e.external_id) for id, e in heard.items() if e.source is not None and e.external_id is not None}
        if known:
            ids = sorted(known)
            await self.cases.unit.connection.execute(
                rows.KEEP_SOURCES, ids, [heard[id].receipt_no for id in ids], [known[id][0] for id in ids], [known[id][1] for id in ids]
            )


def _of(events: Iterable[Heard], kind: type[E]) -> list[E]:
    return [heard.event for heard in events if isinstance(heard.event, kind)]


def _joining(events: Iterable[Heard]) -> list[told.CaseOpened | told.ComplaintLinked]:
    return [heard.event for heard in events if isinstance(heard.event, (told.CaseOpened, told.ComplaintLinked))]


def region_of(region: Region) -> tuple[str | None, str]:
    """(district, city) of a case; the district is None where it is unknown."""
    return region.code, region.city


def matter_of(event: told.CaseOpened) -> v.Matter:
    """What the case is about, from the reading of its first complaint; nothing of the petitioner's words."""
    matter = event.matter
    types = tuple(share.type for share in matter.types)
    what = matter.subtype or "、".join(types) or "环境问题"
    where = matter.respondent or matter.place or ""
    return v.Matter(
        summary=f"{where}{'：' if where else ''}{what}", place=matter.place or "", respondent=matter.respondent or "",
        types=types, urgency=matter.urgency, risk_area=matter.risk_area, key_item=event.key_item,
    )  # fmt: skip

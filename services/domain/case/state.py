"""The state of a case: frozen, rebuilt from its events, and to and from JSON for snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from contracts.vocabulary import (
    Gate,
    LinkKind,
    ReturnGround,
    SupervisionStep,
    UnitRole,
    Verdict,
)
from services.domain.case.commands import AnyCommand
from services.domain.case.status import Status
from services.domain.case.values import (
    Callback,
    DeclineGround,
    Evidence,
    Leader,
    Link,
    Matter,
    Measure,
    Member,
    Part,
    ProposalKind,
    RectifyMode,
)
from services.domain.clocks.deadlines import ClockFacts, Extension, Pause, Promise
from services.domain.clocks.rules import Anchor


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict with what it rests on."""

    verdict: Verdict
    found: str
    root_cause: str
    report: str | None
    evidence: tuple[str, ...]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who answers for it and what was decided."""

    unit: str
    person: str
    punishments: tuple[str, ...]
    accountability: tuple[str, ...]
    none_needed: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What a stage conclusion leaves to do."""

    controlled: str
    remaining: str
    person: str
    planned_for: date


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The result petitioners are told."""

    result: str
    similar_sites: str
    lasting_mechanism: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The district's acceptance on the spot."""

    unit: str
    by: str
    at: datetime
    finding: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection during publicity; open while `answer` is None."""

    id: str
    text: str
    at: datetime
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Publicity:
    """The publicity of the result."""

    media: str
    started_at: datetime
    last_day: date
    objections: tuple[Objection, ...] = ()
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a second person."""

    id: str
    kind: ProposalKind
    by: str
    at: datetime
    command: AnyCommand


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """One return: who, why, when."""

    unit_id: str
    ground: ReturnGround
    reason: str
    at: datetime
    lead: bool


@dataclass(frozen=True, slots=True)
class SupervisionRecord:
    """One step of supervision."""

    step: SupervisionStep
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True)
class CaseState:
    """Everything a decision needs. `status` is None before the case is opened; `version` counts its events."""

    __pydantic_config__ = ConfigDict(hide_input_in_errors=True)

    case_id: str
    version: int = 0
    status: Status | None = None
    case_no: str = ""
    region: str | None = None
    city: str | None = None
    matter: Matter = field(default_factory=Matter)
    links: tuple[Link, ...] = ()
    ordinal: int = 1
    opened_at: datetime | None = None
    first_received_at: datetime | None = None
    last_event_at: datetime | None = None
    last_progress_at: datetime | None = None
    anchors: Mapping[Anchor, datetime] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    sequence: int = 0
    designated: bool = False
    designated_by: str | None = None
    parts: tuple[Part, ...] = ()
    members_before: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    returns: tuple[ReturnRecord, ...] = ()
    leader: Leader | None = None
    leader_due: bool = False
    recused: tuple[str, ...] = ()
    handlers: frozenset[str] = frozenset()
    evidence: tuple[Evidence, ...] = ()
    verification: Verification | None = None
    mode: RectifyMode | None = None
    target: str = ""
    measures: tuple[Measure, ...] = ()
    responsibility: Responsibility | None = None
    stage: StagePlan | None = None
    conclusion: Conclusion | None = None
    callbacks: tuple[Callback, ...] = ()
    last_source_complaint_at: datetime | None = None
    acceptance: Acceptance | None = None
    publicity: Publicity | None = None
    signed_by: str | None = None
    closed_out_by: str | None = None
    document_no: str | None = None
    declined: DeclineGround | None = None
    gates_sent_back: tuple[Gate, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    supervision: tuple[SupervisionRecord, ...] = ()
    look_backs: int = 0
    fake_open: bool = False
    fake_found: int = 0
    terminated: bool = False
    merged_into: str | None = None
    merge_operation: str | None = None
    status_before_merge: Status | None = None
    links_before_merge: tuple[Link, ...] = ()

    @cached_property
    def lead(self) -> Part | None:
        """The lead unit's part, if the case is with a unit."""
        return next((part for part in self.parts if part.role is UnitRole.LEAD), None)

    def part(self, unit_id: str | None) -> Part | None:
        """The unit's part, if it has one."""
        return next((part for part in self.parts if part.unit_id == unit_id), None)

    def link(self, complaint_id: str) -> Link | None:
        """The complaint's first live row in this case."""
        return next((link for link in self.links if link.complaint_id == complaint_id), None)

    def measure(self, measure_id: str) -> Measure | None:
        """The measure of that id."""
        return next((measure for measure in self.measures if measure.id == measure_id), None)

    def evidence_ids(self) -> frozenset[str]:
        """Ids of all evidence of the case."""
        return frozenset(item.id for item in self.evidence)

    def proposal(self, proposal_id: str) -> Proposal | None:
        """The pending proposal of that id."""
        return next((proposal for proposal in self.proposals if proposal.id == proposal_id), None)

    def but(self, changes: Mapping[str, Any]) -> CaseState:
        """A copy with these fields changed: `dataclasses.replace` at a tenth of its cost, which is paid per event."""
        copy = object.__new__(CaseState)
        values = copy.__dict__
        values.update(self.__dict__)
        values.pop("lead", None)  # computed from the parts, which may be among the changes
        values.update(changes)
        return copy

    @property
    def counting(self) -> tuple[Link, ...]:
        """Live links that count as submissions: everything but the same item delivered twice."""
        return tuple(link for link in self.links if link.kind is not LinkKind.DUPLICATE_DELIVERY)

    def clock_facts(self) -> ClockFacts:
        """What the clocks of this case depend on."""
        return ClockFacts(
            channels=frozenset(link.channel for link in self.links),
            legal_path=self.matter.legal_path,
            types=frozenset(self.matter.types),
            urgency=self.matter.urgency,
            anchors=self.anchors,
            pauses=self.pauses,
            extensions=self.extensions,
            promise=self.promise,
        )

    @property
    def promise(self) -> Promise | None:
        """The next measure to be done, or all of them with the day of the last; None without a plan."""
        planned = self.anchors.get(Anchor.PLANNED)
        days = [measure.deadline for measure in self.measures if measure.deadline]
        if planned is None or not days:
            return None
        waiting = [measure.deadline for measure in self.measures if measure.deadline and measure.done_at is None]
        done = [measure.done_at for measure in self.measures if measure.done_at]
        if waiting:
            return Promise(max([planned, *done]), min(waiting))
        return Promise(planned, max(days), max(done))


_ADAPTER: TypeAdapter[CaseState] = TypeAdapter(CaseState)


def dump_state(state: CaseState) -> bytes:
    """A snapshot as JSON; `load_state` gives an equal state."""
    return _ADAPTER.dump_json(state, exclude_none=True)


def load_state(raw: bytes | str) -> CaseState:
    """A state from its snapshot; raises `pydantic.ValidationError`."""
    return _ADAPTER.validate_json(raw)


def state_schema() -> dict[str, Any]:
    """JSON Schema of a snapshot."""
    return _ADAPTER.json_schema()

"""What happened to a case: frozen, to and from JSON, told apart by `type`, numbered per case without a gap.

Additive change only: a new optional field, a new event type. Readers ignore fields they do not know.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from contracts.vocabulary import Gate, ReturnGround, SupervisionStep, Verdict
from services.domain.case.commands import AnyCommand
from services.domain.case.values import (
    Callback,
    DeclineGround,
    Evidence,
    Leader,
    Link,
    LookBackAnswer,
    Matter,
    Measure,
    Member,
    ProposalKind,
    RectifyMode,
    UnitRef,
)
from services.domain.principals import Role


class CaseEvent(BaseModel):
    """Base. `version` is the case's version after it, from 1; `by` a person or system, never a petitioner."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    label: ClassVar[str] = ""
    handling: ClassVar[bool] = False
    """True for work on the matter itself: whoever did it may not accept, review or call back later."""

    type: str
    case_id: str
    version: int
    at: AwareDatetime
    by: str
    unit: str | None = None
    role: Role
    reason: str | None = None


class Opened(CaseEvent):
    label = "立案"
    type: Literal["opened"] = "opened"
    case_no: str
    region: str | None = None
    city: str | None = None
    matter: Matter
    links: tuple[Link, ...]


class LinkAdded(CaseEvent):
    label = "关联信访件"
    type: Literal["link_added"] = "link_added"
    link: Link


class LinkConfirmed(CaseEvent):
    label = "确认关联"
    type: Literal["link_confirmed"] = "link_confirmed"
    complaint_id: str


class LinkRemoved(CaseEvent):
    """The complaint left; `cannot_link` tells every later run not to bring it back."""

    label = "撤销关联"
    type: Literal["link_removed"] = "link_removed"
    link_id: str
    complaint_id: str
    restored_case: str
    cannot_link: bool = True


class LinkWeighted(CaseEvent):
    """A split gave away part of a complaint, or took it back."""

    label = "调整分办权重"
    type: Literal["link_weighted"] = "link_weighted"
    link_id: str
    complaint_id: str
    weight: Decimal
    operation: str | None = None


class ComplaintRefused(CaseEvent):
    label = "按重复件不予受理"
    type: Literal["complaint_refused"] = "complaint_refused"
    complaint_id: str
    proposed_by: str


class SourceComplaintNoted(CaseEvent):
    label = "同一污染源又有新信访件"
    type: Literal["source_complaint_noted"] = "source_complaint_noted"
    received_at: AwareDatetime
    case_no: str


class MergedAway(CaseEvent):
    """This case went into another one with all its links."""

    label = "并入他案"
    type: Literal["merged_away"] = "merged_away"
    into: str
    operation: str


class LinksMerged(CaseEvent):
    """Another case came into this one."""

    label = "并入信访件"
    type: Literal["links_merged"] = "links_merged"
    source: str
    operation: str
    links: tuple[Link, ...]


class LinksReleased(CaseEvent):
    """A merge or a split was undone: its rows leave this case."""

    label = "移出信访件"
    type: Literal["links_released"] = "links_released"
    operation: str
    link_ids: tuple[str, ...]


class MergeUndone(CaseEvent):
    """This case stands on its own again, with the links it brought back."""

    label = "撤销并案"
    type: Literal["merge_undone"] = "merge_undone"
    operation: str
    links: tuple[Link, ...]


class Amended(CaseEvent):
    label = "更正案情"
    type: Literal["amended"] = "amended"
    matter: Matter
    region: str | None = None


class Assigned(CaseEvent):
    label = "交办"
    type: Literal["assigned"] = "assigned"
    sequence: int
    units: tuple[UnitRef, ...]
    designated: bool = False
    basis: tuple[str, ...] = ()


class LeaderAppointed(CaseEvent):
    label = "确定包案领导"
    type: Literal["leader_appointed"] = "leader_appointed"
    leader: Leader
    triggers: tuple[str, ...] = ()


class Recused(CaseEvent):
    label = "回避"
    type: Literal["recused"] = "recused"
    person_id: str


class SignedIn(CaseEvent):
    label = "签收"
    handling = True
    type: Literal["signed_in"] = "signed_in"
    lead: bool


class PartAccepted(CaseEvent):
    label = "接受任务"
    handling = True
    type: Literal["part_accepted"] = "part_accepted"
    members: tuple[Member, ...] = ()
    lead: bool


class PartReturned(CaseEvent):
    """A counter-example for dispatch and a label for triage's training, when it is the lead's."""

    label = "退单"
    type: Literal["part_returned"] = "part_returned"
    ground: ReturnGround
    proposed_unit: str | None = None
    lead: bool


class PartFinished(CaseEvent):
    label = "完成本单位任务"
    handling = True
    type: Literal["part_finished"] = "part_finished"
    report: str


class PartWithdrawn(CaseEvent):
    label = "退出专班"
    type: Literal["part_withdrawn"] = "part_withdrawn"
    unit_id: str


class MemberChanged(CaseEvent):
    label = "专班人员变动"
    type: Literal["member_changed"] = "member_changed"
    unit_id: str
    member: Member
    join: bool


class InvestigationStarted(CaseEvent):
    label = "开始调查"
    handling = True
    type: Literal["investigation_started"] = "investigation_started"


class EvidenceAdded(CaseEvent):
    label = "上传证据"
    type: Literal["evidence_added"] = "evidence_added"
    evidence: Evidence


class Verified(CaseEvent):
    label = "核实"
    type: Literal["verified"] = "verified"
    verdict: Verdict
    found: str
    root_cause: str = ""
    report: str | None = None
    evidence: tuple[str, ...] = ()
    found_by: str


class Planned(CaseEvent):
    label = "制定整改措施"
    handling = True
    type: Literal["planned"] = "planned"
    mode: RectifyMode
    target: str
    measures: tuple[Measure, ...]


class MeasureReported(CaseEvent):
    label = "填报整改进展"
    handling = True
    type: Literal["measure_reported"] = "measure_reported"
    measure_id: str
    progress: int
    note: str
    evidence: tuple[str, ...] = ()


class ResponsibilitySettled(CaseEvent):
    label = "落实责任"
    handling = True
    type: Literal["responsibility_settled"] = "responsibility_settled"
    responsible_unit: str
    person: str
    punishments: tuple[str, ...] = ()
    accountability: tuple[str, ...] = ()
    none_needed: str = ""


class StageConcluded(CaseEvent):
    label = "阶段性办结"
    handling = True
    type: Literal["stage_concluded"] = "stage_concluded"
    controlled: str
    remaining: str
    person: str
    planned_for: date


class Resumed(CaseEvent):
    label = "继续整改"
    handling = True
    type: Literal["resumed"] = "resumed"


class Concluded(CaseEvent):
    label = "办结"
    handling = True
    type: Literal["concluded"] = "concluded"
    result: str
    similar_sites: str = ""
    lasting_mechanism: str = ""


class CalledBack(CaseEvent):
    label = "回访"
    type: Literal["called_back"] = "called_back"
    callback: Callback


class CloseOutRequested(CaseEvent):
    label = "申请销号"
    handling = True
    type: Literal["close_out_requested"] = "close_out_requested"


class WorkAccepted(CaseEvent):
    label = "区县验收通过"
    type: Literal["work_accepted"] = "work_accepted"
    accepting_unit: str
    finding: str
    evidence: tuple[str, ...] = ()


class SentBack(CaseEvent):
    label = "退回整改"
    type: Literal["sent_back"] = "sent_back"
    gates: tuple[Gate, ...] = ()


class PublicityStarted(CaseEvent):
    label = "开始公示"
    type: Literal["publicity_started"] = "publicity_started"
    media: str
    last_day: date


class ObjectionRecorded(CaseEvent):
    label = "公示期收到异议"
    type: Literal["objection_recorded"] = "objection_recorded"
    objection_id: str
    text: str


class ObjectionAnswered(CaseEvent):
    label = "答复异议"
    type: Literal["objection_answered"] = "objection_answered"
    objection_id: str
    answer: str


class PublicityFinished(CaseEvent):
    label = "公示期满"
    type: Literal["publicity_finished"] = "publicity_finished"


class LeaderSigned(CaseEvent):
    label = "包案领导签字"
    type: Literal["leader_signed"] = "leader_signed"


class ReviewSubmitted(CaseEvent):
    label = "提请市级复核"
    type: Literal["review_submitted"] = "review_submitted"


class ClosedOut(CaseEvent):
    label = "销号"
    type: Literal["closed_out"] = "closed_out"
    document_no: str
    finding: str
    gates: tuple[str, ...]


class LookedBack(CaseEvent):
    label = "回头看"
    type: Literal["looked_back"] = "looked_back"
    measures_in_place: LookBackAnswer
    target_met: LookBackAnswer
    file_complete: LookBackAnswer
    rebound: bool = False
    fake: bool = False
    finding: str
    passed: bool


class Reopened(CaseEvent):
    """`after_close_out` asks for a leader and for a judgement on the earlier rectification."""

    label = "重新立案"
    type: Literal["reopened"] = "reopened"
    ordinal: int
    after_close_out: bool
    received_at: AwareDatetime


class RectificationJudged(CaseEvent):
    label = "认定上次整改"
    type: Literal["rectification_judged"] = "rectification_judged"
    fake: bool
    finding: str


class Proposed(CaseEvent):
    """A decision that waits for a second person; `command` is what will be done if confirmed."""

    label = "提出待复核事项"
    type: Literal["proposed"] = "proposed"
    proposal_id: str
    kind: ProposalKind
    command: AnyCommand


class ProposalConfirmed(CaseEvent):
    label = "复核同意"
    type: Literal["proposal_confirmed"] = "proposal_confirmed"
    proposal_id: str
    kind: ProposalKind


class ProposalRejected(CaseEvent):
    label = "复核不同意"
    type: Literal["proposal_rejected"] = "proposal_rejected"
    proposal_id: str
    kind: ProposalKind


class Declined(CaseEvent):
    label = "不予受理"
    type: Literal["declined"] = "declined"
    ground: DeclineGround
    proposed_by: str


class Extended(CaseEvent):
    """Petitioners are told, with the reason."""

    label = "延期"
    type: Literal["extended"] = "extended"
    clock: str
    n: int
    proposed_by: str


class Paused(CaseEvent):
    label = "暂停计时"
    type: Literal["paused"] = "paused"
    clock: str
    ground: str
    start: AwareDatetime
    until: AwareDatetime
    proposed_by: str


class PauseEnded(CaseEvent):
    label = "恢复计时"
    type: Literal["pause_ended"] = "pause_ended"
    clock: str


class Supervised(CaseEvent):
    label = "督办"
    type: Literal["supervised"] = "supervised"
    step: SupervisionStep


class ReviewRecorded(CaseEvent):
    label = "复查复核"
    type: Literal["review_recorded"] = "review_recorded"
    step: Literal["review_requested", "review_decided", "recheck_requested", "recheck_decided"]
    happened_at: AwareDatetime


AnyEvent = Annotated[
    Opened | LinkAdded | LinkConfirmed | LinkRemoved | LinkWeighted | ComplaintRefused | SourceComplaintNoted
    | MergedAway | LinksMerged | LinksReleased | MergeUndone | Amended | Assigned | LeaderAppointed | Recused
    | SignedIn | PartAccepted | PartReturned | PartFinished | PartWithdrawn | MemberChanged | InvestigationStarted
    | EvidenceAdded | Verified | Planned | MeasureReported | ResponsibilitySettled | StageConcluded | Resumed
    | Concluded | CalledBack | CloseOutRequested | WorkAccepted | SentBack | PublicityStarted | ObjectionRecorded
    | ObjectionAnswered | PublicityFinished | LeaderSigned | ReviewSubmitted | ClosedOut | LookedBack | Reopened
    | RectificationJudged | Proposed | ProposalConfirmed | ProposalRejected | Declined | Extended | Paused
    | PauseEnded | Supervised | ReviewRecorded,
    Field(discriminator="type"),
]  # fmt: skip

EVENTS: dict[str, type[CaseEvent]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(AnyEvent)[0])
}
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyEvent)


def parse_event(raw: bytes | str) -> CaseEvent:
    """An event from JSON; raises `pydantic.ValidationError`."""
    event: CaseEvent = _ADAPTER.validate_json(raw)
    return event


def dump_event(event: CaseEvent) -> bytes:
    """The event as JSON, without empty fields."""
    return event.model_dump_json(exclude_none=True).encode()

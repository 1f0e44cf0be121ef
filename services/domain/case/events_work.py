"""Events from the opening of a case to its conclusion; read them through `events`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.vocabulary import ReturnGround, Verdict
from services.domain.case.values import (
    Evidence,
    Leader,
    Link,
    Matter,
    Measure,
    Member,
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

"""Events of closing, look-back, second persons and clocks; read them through `events`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from contracts.vocabulary import Gate, SupervisionStep
from services.domain.case.commands import AnyCommand
from services.domain.case.events_work import CaseEvent
from services.domain.case.values import (
    Callback,
    DeclineGround,
    LookBackAnswer,
    ProposalKind,
)


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

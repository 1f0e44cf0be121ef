"""What happened to a case: frozen, to and from JSON, told apart by `type`, numbered per case without a gap.

Additive change only: a new optional field, a new event type. Readers ignore fields they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from services.domain.case.events_close import (
    CalledBack,
    ClosedOut,
    CloseOutRequested,
    Declined,
    Extended,
    LeaderSigned,
    LookedBack,
    ObjectionAnswered,
    ObjectionRecorded,
    Paused,
    PauseEnded,
    ProposalConfirmed,
    ProposalRejected,
    Proposed,
    PublicityFinished,
    PublicityStarted,
    RectificationJudged,
    Reopened,
    ReviewRecorded,
    ReviewSubmitted,
    SentBack,
    Supervised,
    WorkAccepted,
)
from services.domain.case.events_work import (
    Amended,
    Assigned,
    CaseEvent,
    ComplaintRefused,
    Concluded,
    EvidenceAdded,
    InvestigationStarted,
    LeaderAppointed,
    LinkAdded,
    LinkConfirmed,
    LinkRemoved,
    LinksMerged,
    LinksReleased,
    LinkWeighted,
    MeasureReported,
    MemberChanged,
    MergedAway,
    MergeUndone,
    Opened,
    PartAccepted,
    PartFinished,
    PartReturned,
    PartWithdrawn,
    Planned,
    Recused,
    ResponsibilitySettled,
    Resumed,
    SignedIn,
    SourceComplaintNoted,
    StageConcluded,
    Verified,
)

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
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyEvent, config=ConfigDict(hide_input_in_errors=True))


def parse_event(raw: bytes | str) -> CaseEvent:
    """An event from JSON; raises `pydantic.ValidationError`."""
    event: CaseEvent = _ADAPTER.validate_json(raw)
    return event


def dump_event(event: CaseEvent) -> bytes:
    """The event as JSON, without empty fields."""
    return event.model_dump_json(exclude_none=True).encode()

"""Commands of closing, look-back, second persons and clocks; read them through `commands`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.vocabulary import Gate, SupervisionStep
from services.domain.case.commands_work import Command
from services.domain.case.values import (
    DeclineGround,
    Id,
    LookBackAnswer,
    Satisfaction,
    ShortText,
    Text,
)


class RecordCallback(Command):
    """One petitioner was called back: 是否满意, and where asked 是否响应 (contacted) and 是否解决 (solved)."""

    type: Literal["record_callback"] = "record_callback"
    reporter: Id
    outcome: Satisfaction
    contacted: bool | None = None
    solved: bool | None = None
    note: str = Field(default="", max_length=1000)


class RequestCloseOut(Command):
    """The lead unit applies for close-out (申请销号)."""

    type: Literal["request_close_out"] = "request_close_out"


class AcceptWork(Command):
    """The district accepted the work on the spot (区县验收)."""

    type: Literal["accept_work"] = "accept_work"
    unit: ShortText
    finding: Text
    evidence: tuple[str, ...] = ()


class SendBack(Command):
    """Acceptance, signature or review was refused: back to rectification."""

    type: Literal["send_back"] = "send_back"
    gates: tuple[Gate, ...] = ()
    reason: Text


class StartPublicity(Command):
    """The result is made public for a number of days."""

    type: Literal["start_publicity"] = "start_publicity"
    media: ShortText
    days: int = Field(ge=1, le=365)


class RecordObjection(Command):
    """Somebody objected during publicity."""

    type: Literal["record_objection"] = "record_objection"
    objection_id: Id
    text: Text


class AnswerObjection(Command):
    """An objection was looked into and answered."""

    type: Literal["answer_objection"] = "answer_objection"
    objection_id: Id
    answer: Text


class FinishPublicity(Command):
    """Publicity has run its time without an open objection."""

    type: Literal["finish_publicity"] = "finish_publicity"


class Sign(Command):
    """The leader in charge signs in person."""

    type: Literal["sign"] = "sign"


class SubmitReview(Command):
    """The district submits the case to the city's review."""

    type: Literal["submit_review"] = "submit_review"


class CloseOut(Command):
    """The city's reviewer closes the case out (销号)."""

    type: Literal["close_out"] = "close_out"
    document_no: ShortText
    finding: Text


class LookBack(Command):
    """A look-back answers the speech's three questions; a no reopens the case."""

    type: Literal["look_back"] = "look_back"
    measures_in_place: LookBackAnswer | None = None
    target_met: LookBackAnswer | None = None
    file_complete: LookBackAnswer | None = None
    rebound: bool = False
    fake: bool = False
    finding: Text


class Reopen(Command):
    """The case is opened again: a repeat, a rebound, a wrong verdict."""

    type: Literal["reopen"] = "reopen"
    reason: Text


class JudgeRectification(Command):
    """Was the rectification before the reopening fake (假整改)?"""

    type: Literal["judge_rectification"] = "judge_rectification"
    fake: bool
    finding: Text


class Decline(Command):
    """The matter belongs on another road (proposal); petitioners are told which."""

    type: Literal["decline"] = "decline"
    ground: DeclineGround
    reason: Text


class Extend(Command):
    """More time is asked for before the limit ends (proposal)."""

    type: Literal["extend"] = "extend"
    clock: Id
    n: int = Field(ge=1, le=1000)
    reason: Text


class PauseClock(Command):
    """A clock is to stand still until a day, on a ground its rule allows (proposal)."""

    type: Literal["pause_clock"] = "pause_clock"
    clock: Id
    ground: Id
    until: date
    reason: Text


class ResumeClock(Command):
    """A paused clock runs again before its day."""

    type: Literal["resume_clock"] = "resume_clock"
    clock: Id


class Confirm(Command):
    """A second person confirms a proposal."""

    type: Literal["confirm"] = "confirm"
    proposal_id: Id


class Reject(Command):
    """A second person refuses a proposal."""

    type: Literal["reject"] = "reject"
    proposal_id: Id
    reason: Text


class Supervise(Command):
    """A step of the ladder of supervision."""

    type: Literal["supervise"] = "supervise"
    step: SupervisionStep
    reason: Text


class RecordReview(Command):
    """A step of 复查 or 复核 happened; after the 复核 decision the matter is terminated."""

    type: Literal["record_review"] = "record_review"
    step: Literal["review_requested", "review_decided", "recheck_requested", "recheck_decided"]
    happened_at: AwareDatetime

"""What can be asked of one case: frozen models, told apart by `kind`. Who gives them and when is the context's.

`COMMANDS` maps a kind to its model; `parse_command` reads one from JSON; `fields_of` tells people what to fill in.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AwareDatetime, Field, TypeAdapter

from contracts.vocabulary import Gate, ReturnGround, SupervisionStep, Verdict
from services.domain.case.values import (
    DeclineGround,
    Evidence,
    Id,
    Leader,
    Link,
    LookBackAnswer,
    Matter,
    Member,
    PlannedMeasure,
    RectifyMode,
    Satisfaction,
    ShortText,
    Text,
    UnitRef,
    Value,
)


class Command(Value):
    """Base. `expected_version` guards against lost updates; `reason` is kept with the event."""

    type: str
    expected_version: int | None = Field(default=None, ge=0)
    reason: str | None = Field(default=None, max_length=1000)


class Open(Command):
    """A matter gets its case with its first complaint."""

    type: Literal["open"] = "open"
    case_no: Id
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    city: str | None = Field(default=None, pattern=r"^\d{6}$")
    matter: Matter
    first: Link


class AddLink(Command):
    """A later complaint belongs to the case. After close-out it reopens the case."""

    type: Literal["add_link"] = "add_link"
    link: Link


class ConfirmLink(Command):
    """A person found the machine's link right."""

    type: Literal["confirm_link"] = "confirm_link"
    complaint_id: Id


class RefuseComplaint(Command):
    """A repeat of the same person without new facts is not handled again, but answered with the state (proposal)."""

    type: Literal["refuse_complaint"] = "refuse_complaint"
    complaint_id: Id
    reason: Text


class NoteSourceComplaint(Command):
    """A new complaint about the same source arrived in another case; the observation period starts anew."""

    type: Literal["note_source_complaint"] = "note_source_complaint"
    received_at: AwareDatetime
    case_no: Id


class Amend(Command):
    """The description of the matter is corrected."""

    type: Literal["amend"] = "amend"
    matter: Matter
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    reason: Text


class Assign(Command):
    """The case is given to a lead unit and co-handling units (交办). `designated` ends the right to return it."""

    type: Literal["assign"] = "assign"
    units: tuple[UnitRef, ...] = Field(min_length=1, max_length=30)
    designated: bool = False
    basis: tuple[str, ...] = ()


class AssignLeader(Command):
    """A named leader takes the case over (领导包案)."""

    type: Literal["assign_leader"] = "assign_leader"
    leader: Leader
    triggers: tuple[str, ...] = ()


class Recuse(Command):
    """A person steps aside from the case."""

    type: Literal["recuse"] = "recuse"
    person_id: Id
    reason: Text


class SignIn(Command):
    """The actor's unit has received its part (签收)."""

    type: Literal["sign_in"] = "sign_in"


class AcceptPart(Command):
    """The actor's unit takes its part on."""

    type: Literal["accept_part"] = "accept_part"
    members: tuple[Member, ...] = ()


class ReturnPart(Command):
    """The actor's unit returns its part, with a coded ground (退单)."""

    type: Literal["return_part"] = "return_part"
    ground: ReturnGround
    reason: Text
    proposed_unit: str | None = None


class FinishPart(Command):
    """A co-handling unit has done its part."""

    type: Literal["finish_part"] = "finish_part"
    report: Text


class WithdrawPart(Command):
    """A co-handling unit leaves the case by the dispatcher's decision."""

    type: Literal["withdraw_part"] = "withdraw_part"
    unit_id: Id
    reason: Text


class ChangeMember(Command):
    """A person joins or leaves a unit's part of the task force."""

    type: Literal["change_member"] = "change_member"
    unit_id: Id
    member: Member
    join: bool
    reason: Text


class Investigate(Command):
    """The lead unit begins to investigate; it thereby takes its part on."""

    type: Literal["investigate"] = "investigate"


class AddEvidence(Command):
    """An item of evidence, already stored by its hash."""

    type: Literal["add_evidence"] = "add_evidence"
    evidence: Evidence


class Verify(Command):
    """Findings of the investigation. 不属实 becomes a proposal for a second person.

    `found` may be told to petitioners and must hold nothing about any of them.
    """

    type: Literal["verify"] = "verify"
    verdict: Verdict
    found: Text
    root_cause: str = Field(default="", max_length=2000)
    report: str | None = None
    evidence: tuple[str, ...] = ()


class Plan(Command):
    """How it will be put right: at once or by ledger, with target and measures."""

    type: Literal["plan"] = "plan"
    mode: RectifyMode
    target: Text
    measures: tuple[PlannedMeasure, ...] = Field(min_length=1, max_length=100)


class ReportMeasure(Command):
    """Progress of one measure; 100 reports it done and needs evidence."""

    type: Literal["report_measure"] = "report_measure"
    measure_id: Id
    progress: int = Field(ge=0, le=100)
    note: Text
    evidence: tuple[str, ...] = ()


class SettleResponsibility(Command):
    """Who answers for it, and what was decided; nothing at all needs a reason."""

    type: Literal["settle_responsibility"] = "settle_responsibility"
    unit: ShortText
    person: ShortText
    punishments: tuple[ShortText, ...] = ()
    accountability: tuple[ShortText, ...] = ()
    none_needed: str = Field(default="", max_length=1000)


class ConcludeStage(Command):
    """阶段性办结: the harm is under control, the rest has a plan. Never stands for close-out."""

    type: Literal["conclude_stage"] = "conclude_stage"
    controlled: str = ""
    remaining: str = ""
    person: str = ""
    planned_for: date | None = None


class Resume(Command):
    """Work goes on after a stage conclusion."""

    type: Literal["resume"] = "resume"


class Conclude(Command):
    """办结: everything planned is done; petitioners are told. `result` holds nothing about any of them."""

    type: Literal["conclude"] = "conclude"
    result: Text
    similar_sites: str = Field(default="", max_length=1000)
    lasting_mechanism: str = Field(default="", max_length=1000)


class RecordCallback(Command):
    """One petitioner was called back."""

    type: Literal["record_callback"] = "record_callback"
    reporter: Id
    outcome: Satisfaction
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


AnyCommand = Annotated[
    Open | AddLink | ConfirmLink | RefuseComplaint | NoteSourceComplaint | Amend | Assign | AssignLeader | Recuse
    | SignIn | AcceptPart | ReturnPart | FinishPart | WithdrawPart | ChangeMember | Investigate | AddEvidence | Verify
    | Plan | ReportMeasure | SettleResponsibility | ConcludeStage | Resume | Conclude | RecordCallback
    | RequestCloseOut | AcceptWork | SendBack | StartPublicity | RecordObjection | AnswerObjection | FinishPublicity
    | Sign | SubmitReview | CloseOut | LookBack | Reopen | JudgeRectification | Decline | Extend | PauseClock
    | ResumeClock | Confirm | Reject | Supervise | RecordReview,
    Field(discriminator="type"),
]  # fmt: skip

COMMANDS: dict[str, type[Command]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(AnyCommand)[0])
}
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyCommand)


def parse_command(raw: bytes | str) -> Command:
    """A command from JSON; raises `pydantic.ValidationError`, which never repeats the input."""
    command: Command = _ADAPTER.validate_json(raw)
    return command


def fields_of(kind: str) -> tuple[tuple[str, bool, str], ...]:
    """(name, required, type as JSON Schema names it) of a command's own fields; raises KeyError for an unknown kind."""
    schema = COMMANDS[kind].model_json_schema()
    required = set(schema.get("required", ()))
    return tuple(
        (name, name in required, spec.get("type", "object"))
        for name, spec in schema.get("properties", {}).items()
        if name not in ("type", "expected_version")
    )

"""Commands from opening a case to its conclusion; read them through `commands`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.vocabulary import ReturnGround, Verdict
from services.domain.case.values import (
    Evidence,
    Id,
    Leader,
    Link,
    Matter,
    Member,
    PlannedMeasure,
    RectifyMode,
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

"""The parts a case is made of: frozen values shared by commands, events and state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.vocabulary import (
    LinkKind,
    PollutionType,
    RiskArea,
    SourceChannel,
    UnitRole,
    Urgency,
)

Text = Annotated[str, Field(min_length=1, max_length=4000)]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
WHOLE = Decimal("1.00")
UNSET = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands where a sender need not give a time, because the decision sets it."""


class Value(BaseModel):
    """Base of every part: immutable, unknown keys refused, silent about values in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Link(Value):
    """A complaint behind the case.

    `reporter` is opaque and None when anonymous; `weight` is this case's share of the complaint (a split shares one
    among several cases); `operation` names the merge or split the row came by.
    """

    id: Id
    complaint_id: Id
    receipt_no: Id
    kind: LinkKind
    channel: SourceChannel = SourceChannel.OTHER
    received_at: AwareDatetime
    reporter: str | None = None
    confidential: bool = False
    reply_wanted: bool = True
    signatories: int = Field(default=1, ge=1)
    weight: Decimal = Field(default=WHOLE, gt=0, le=1, max_digits=3, decimal_places=2)
    new_facts: bool = False
    confirmed_by: str | None = None
    decided_by: str = "triage"
    score: float | None = Field(default=None, ge=0, le=1)
    operation: str | None = None
    refused: str | None = None


class UnitRef(Value):
    """A unit with its part in the case."""

    unit_id: Id
    name: ShortText
    role: UnitRole


class Member(Value):
    """A person of a unit in the task force."""

    person_id: Id
    name: ShortText
    duty: str = ""


class PartState(StrEnum):
    """How far a unit is with its part."""

    PENDING = "pending"
    SIGNED_IN = "signed_in"
    ACCEPTED = "accepted"
    DONE = "done"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {
            "pending": "待签收", "signed_in": "已签收", "accepted": "已接受", "done": "已完成", "returned": "已退回",
            "withdrawn": "已退出",
        }[self.value]  # fmt: skip

    @property
    def settled(self) -> bool:
        """True when nothing is owed any more."""
        return self in (PartState.DONE, PartState.RETURNED, PartState.WITHDRAWN)


class Part(Value):
    """One unit's part of the work."""

    unit_id: Id
    name: ShortText
    role: UnitRole
    state: PartState = PartState.PENDING
    since: AwareDatetime
    members: tuple[Member, ...] = ()
    report: str = ""


class PlannedMeasure(Value):
    """A measure as planned. Unit, person, deadline and text are what makes a ledger line (讲话: 责任单位、责任人、时限).

    They may be missing in what a person sends; the decision then says which line lacks what.
    """

    id: Id
    text: str = ""
    unit_id: str = ""
    person_id: str = ""
    person: str = ""
    deadline: date | None = None
    target: str = ""


class Measure(PlannedMeasure):
    """A measure under way: `progress` in percent, `note` the latest report, evidence by id."""

    progress: int = Field(default=0, ge=0, le=100)
    note: str = ""
    done_at: AwareDatetime | None = None
    done_by: str | None = None
    evidence: tuple[str, ...] = ()


class EvidenceKind(StrEnum):
    """What an item of evidence is."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    MONITORING = "monitoring"


class EvidencePurpose(StrEnum):
    """What it shows."""

    SITE = "site"
    REPORT = "report"
    BEFORE = "before"
    AFTER = "after"
    MEASUREMENT = "measurement"
    OTHER = "other"


class Position(Value):
    """A place on earth, WGS 84 degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Monitoring(Value):
    """A measured value with its unit, the standard and the limit it is held against."""

    indicator: ShortText
    value: float
    unit: ShortText
    standard: ShortText
    limit: float
    at_least: bool = Field(
        default=False, description="True where the value must not be below the limit (e.g. flow)."
    )
    measured_at: AwareDatetime

    @property
    def within(self) -> bool:
        """True when the limit is kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def text(self) -> str:
        """The value as people write it."""
        verdict = "达标" if self.within else "超标" if not self.at_least else "未达到要求"
        return f"{self.indicator}{self.value:g}{self.unit}（限值{self.limit:g}{self.unit}，{self.standard}），{verdict}"


class Evidence(Value):
    """An item of evidence by the hash of its content; time and place come from the file, not from the sender."""

    id: Id
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: EvidenceKind
    purpose: EvidencePurpose
    media_type: ShortText
    size: int = Field(ge=0)
    on_site: bool = False
    taken_at: AwareDatetime | None = None
    position: Position | None = None
    pair_of: str | None = None
    monitoring: Monitoring | None = None
    caption: str = Field(default="", max_length=200)
    added_at: AwareDatetime = Field(
        default=UNSET, description="Set by the decision that adds it, as is `added_by`."
    )
    added_by: str = ""


class Matter(Value):
    """What the case is about, without anybody's identity."""

    summary: str = Field(default="", max_length=2000)
    place: str = ""
    respondent: str = ""
    types: tuple[PollutionType, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    risk_area: RiskArea | None = None
    legal_path: int | None = Field(default=None, ge=1, le=6)
    key_item: bool = False


class Leader(Value):
    """The leader in charge (包案领导)."""

    person_id: Id
    name: ShortText
    title: str = ""


class RectifyMode(StrEnum):
    """Fixed at once, or by ledger (讲话: 能立即整改的要立行立改,一时不能的建立台账)."""

    IMMEDIATE = "immediate"
    LEDGER = "ledger"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return "立行立改" if self is RectifyMode.IMMEDIATE else "台账整改"


class Satisfaction(StrEnum):
    """What a petitioner said when asked, or why there is no answer. Silence is its own value, never a yes."""

    SATISFIED = "satisfied"
    MOSTLY_SATISFIED = "mostly_satisfied"
    UNSATISFIED = "unsatisfied"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {
            "satisfied": "满意", "mostly_satisfied": "基本满意", "unsatisfied": "不满意", "no_answer": "未接通或未表态",
            "unreachable": "无法联系",
        }[self.value]  # fmt: skip


class Callback(Value):
    """One call to one petitioner about the result. `contacted` and `solved` are 是否响应 and 是否解决; None where not asked."""

    reporter: Id
    outcome: Satisfaction
    at: AwareDatetime
    by: str
    note: str = ""
    contacted: bool | None = None
    solved: bool | None = None


class ProposalKind(StrEnum):
    """Decisions that need a second person."""

    VERDICT_UNTRUE = "verdict_untrue"
    DECLINE = "decline"
    REFUSE_COMPLAINT = "refuse_complaint"
    EXTEND = "extend"
    PAUSE = "pause"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {
            "verdict_untrue": "认定不属实", "decline": "不予受理", "refuse_complaint": "按重复件不予受理", "extend": "延期",
            "pause": "暂停计时",
        }[self.value]  # fmt: skip


class DeclineGround(StrEnum):
    """Why a matter is not accepted, and which way it can go instead."""

    LITIGATION = "诉讼、仲裁、行政复议"
    TERMINATED = "信访三级终结"
    DISCIPLINE = "检举控告，转纪检监察"
    OUT_OF_DUTY = "不属生态环境及相关部门职责"


class LookBackAnswer(Value):
    """The answer to one of the three questions of the look-back."""

    ok: bool
    note: str = ""
    evidence: tuple[str, ...] = ()

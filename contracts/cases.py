"""Events about cases and about the links between complaints and cases."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.complaints import Region, Share
from contracts.envelope import Event, Model
from contracts.vocabulary import LinkBand, LinkKind, PollutionType, RiskArea, SourceChannel, Urgency


class TypeShare(Model):
    """A pollution type with its calibrated probability."""

    type: PollutionType
    probability: Share


class ModelVersions(Model):
    """What read and linked the complaint."""

    model: str
    lexicon: str
    taxonomy: str


class Fact(Model):
    """One reason for or against a link: a fixed name and a sentence without the petitioner's words."""

    fact: str
    text: str


class Matter(Model):
    """What the case is about, as far as one reading can tell."""

    environmental: Share
    types: tuple[TypeShare, ...] = ()
    subtype: str | None = None
    subtype_probability: Share = 0.0
    risk_area: RiskArea | None = None
    urgency: Urgency = Urgency.NORMAL
    respondent: str | None = None
    place: str | None = None
    words: tuple[str, ...] = Field(
        default=(), description="Names of sources and harms found in the text, from the lexicon; never the petitioner's own words."
    )
    versions: ModelVersions


class CaseOpened(Event):
    """A matter nobody had reported before has a case; `complaint_id` is its first complaint (首件)."""

    case_id: UUID
    case_no: str
    complaint_id: UUID
    receipt_no: str
    link_id: UUID
    region: Region
    matter: Matter
    channel: SourceChannel
    key_item: bool = False
    reporter: str | None = None
    signatories: int = 1
    received_at: AwareDatetime
    registered_at: AwareDatetime
    source: str | None = Field(default=None, description="Where answers about this complaint go; absent before 2026.11.")
    external_id: str | None = None
    confidential: bool = False
    reply_wanted: bool = True


class ComplaintLinked(Event):
    """A later complaint belongs to a known case. Counts are those of the case with this complaint in it."""

    case_id: UUID
    complaint_id: UUID
    receipt_no: str
    link_id: UUID
    kind: LinkKind
    band: LinkBand
    score: Share
    to_complaint: UUID | None = None
    decided_by: str
    why: tuple[Fact, ...] = ()
    against: tuple[Fact, ...] = ()
    region: Region
    channel: SourceChannel
    key_item: bool = False
    reporter: str | None = None
    signatories: int = 1
    complaints: int = Field(description="Live complaints behind the case (件次).")
    reporters: int = Field(description="Distinct petitioners behind the case (人).")
    repeat_ordinal: int = Field(description="How often the most insistent petitioner has raised this matter.")
    versions: ModelVersions
    received_at: AwareDatetime
    registered_at: AwareDatetime
    source: str | None = Field(default=None, description="Where answers about this complaint go; absent before 2026.11.")
    external_id: str | None = None
    confidential: bool = False
    reply_wanted: bool = True


class LinkReviewRequested(Event):
    """A person is asked whether a complaint belongs to an earlier case; until then it has a case of its own."""

    link_id: UUID
    complaint_id: UUID
    case_id: UUID
    suggested_case: UUID
    to_complaint: UUID
    kind: LinkKind
    score: Share
    why: tuple[Fact, ...] = ()
    against: tuple[Fact, ...] = ()
    versions: ModelVersions


class LinkUndone(Event):
    """A link was found wrong: the complaint left `case_id` and stands in `restored_case` again."""

    link_id: UUID
    complaint_id: UUID
    case_id: UUID
    restored_case: UUID
    restored_case_no: str | None = None
    decided_by: str
    reason: str
    complaints: int
    reporters: int
    repeat_ordinal: int


class EmergencySuspected(Event):
    """Words of a complaint suggest a sudden environmental event; a person grades it, the clocks already run."""

    complaint_id: UUID
    receipt_no: str
    region: Region
    triggers: tuple[str, ...]
    received_at: AwareDatetime
    report_due_at: AwareDatetime = Field(description="Two hours from knowledge, the strictest limit (部令17号).")

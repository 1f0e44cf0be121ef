"""What goes into triage and what comes out: plain immutable records, no I/O, no clock.

A `Complaint` is scrubbed text with what the hotline said about it; a `Reading` is what one complaint says when read
alone; a `Decision` is where it belongs among the complaints before it. Positions are character offsets into
`Complaint.full_text`, so that a person can be shown the words that decided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from contracts.vocabulary import DemandType, LinkBand, LinkKind, PollutionType, RiskArea, Urgency


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint as triage sees it.

    `reporter` is opaque and equal for the same person; `region` is a six-digit district code or None where unknown;
    `respondent` and `address` are what the hotline wrote, if anything; `receipt_no` is ours, cited by later complaints.
    """

    id: str
    text: str
    title: str = ""
    time: datetime | None = None
    reporter: str | None = None
    address: str | None = None
    region: str | None = None
    respondent: str | None = None
    receipt_no: str | None = None
    cited_receipts: tuple[str, ...] = ()
    demand: DemandType | None = None

    @property
    def full_text(self) -> str:
        """Title and text as one string; the title ends with a line break when there is one."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters `[start, end)` of `Complaint.full_text`, and the words there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens; every part optional, `text` is the best single phrase to show a person."""

    text: str
    road: str | None = None
    number: str | None = None
    estate: str | None = None
    building: str | None = None
    village: str | None = None
    landmark: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """What made a decision, so that it can be repeated and compared."""

    model: str
    lexicon: str
    taxonomy: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one complaint says when read alone. Probabilities are calibrated, in 0..1, highest first.

    `profile` is the packed record the linker remembers it by (classifiers.profile), a function of the complaint alone.
    """

    id: str
    environmental: float
    types: tuple[tuple[PollutionType, float], ...]
    versions: Versions
    subtype: tuple[str, float] | None = None
    risk_area: RiskArea | None = None
    demand: DemandType = DemandType.COMPLAINT
    urgency: Urgency = Urgency.NORMAL
    emergency: tuple[Span, ...] = ()
    respondent: str | None = None
    place: Place | None = None
    happens: tuple[str, ...] = ()
    since: str | None = None
    numbers: tuple[tuple[str, float], ...] = ()
    cited_receipts: tuple[str, ...] = ()
    complained_before: bool = False
    new_facts: bool = False
    quoted: tuple[Span, ...] = ()
    lead_unit: tuple[tuple[str, float], ...] = ()
    profile: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact for or against a link, in Chinese, with the words of both texts where there are any."""

    fact: str
    text: str
    here: Span | None = None
    there: Span | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a complaint belongs.

    `case` is always set: the case it is in (its own new one unless band is AUTO). `to` and `suggested_case` name the
    earlier complaint and its case for AUTO and SUGGEST. `respondent` is the one complained of as the city knows it from earlier complaints, where this one does not name it.
    """

    id: str
    case: str
    band: LinkBand
    kind: LinkKind
    score: float
    to: str | None = None
    suggested_case: str | None = None
    why: tuple[Reason, ...] = ()
    against: tuple[Reason, ...] = ()
    parts: dict[str, float] = field(default_factory=dict)
    respondent: str | None = None

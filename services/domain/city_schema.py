"""What a city writes down about itself: regions, units, people, duties, triggers, task forces. Shapes only.

Every entry is frozen, refuses unknown keys, and every rule or number carries where it comes from (`source`, `basis`,
`confidence`). Whether the parts fit together is checked in `city_check`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.vocabulary import PollutionType, RiskArea, SourceChannel, UnitRole, Urgency

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(min_length=2, max_length=40)]
"""A name or word looked for in texts: one character alone would be found everywhere."""
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


def _code(value: object) -> object:
    """YAML reads an unquoted 470302 as a number; region codes never start with 0, so nothing is lost."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


RegionCode = Annotated[str, BeforeValidator(_code), StringConstraints(pattern=r"^[1-9]\d{5}$")]
TownCode = Annotated[str, BeforeValidator(_code), StringConstraints(pattern=r"^[1-9]\d{8}$")]
AnyCode = Annotated[str, BeforeValidator(_code), StringConstraints(pattern=r"^[1-9]\d{5}(\d{3})?$")]
Articles = Annotated[str, BeforeValidator(_code), StringConstraints(min_length=1, max_length=60)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Entry(BaseModel):
    """Base of every entry."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Confidence(StrEnum):
    """How well a rule's source was confirmed."""

    STATUTE = "A"
    OFFICIAL = "B"
    REPOST = "C"
    WEAK = "D"
    DERIVED = "I"
    GENERAL = "G"


class Town(Entry):
    """A sub-district or town (街道、乡镇) with names people use for places in it."""

    code: TownCode
    name: Words
    aliases: tuple[Words, ...] = ()
    villages: tuple[Words, ...] = ()
    roads: tuple[Words, ...] = ()
    landmarks: tuple[Words, ...] = ()


class District(Entry):
    """A district, county, county-level city or development zone; the first six digits of its towns are its code.

    `neighbours` are districts that share a border or a river with it, of other cities too: they are told of emergencies,
    and a plant on the border is complained of from both sides.
    """

    code: RegionCode
    name: Words
    aliases: tuple[Words, ...] = ()
    towns: tuple[Town, ...] = ()
    roads: tuple[Words, ...] = ()
    landmarks: tuple[Words, ...] = ()
    neighbours: tuple[RegionCode, ...] = ()


class CityName(Entry):
    """The prefecture-level city itself. `source` says where the region codes come from.

    `receipt_prefix` begins every receipt number the city gives (2 to 6 capital letters).
    """

    code: RegionCode
    name: Words
    aliases: tuple[Words, ...] = ()
    receipt_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,6}$")] = "XF"
    source: Text


class Kind(Entry):
    """A kind of unit (部门类别). `tier` is the lowest level that has such units; higher ones stand in for it."""

    id: Text
    tier: Literal["city", "district", "town"] = "district"
    note: str = ""


class Unit(Entry):
    """A unit that can be given cases. `desk` marks the one unit of its region that co-ordinates what nobody owns."""

    id: Id
    kind: Text
    name: Words
    region: AnyCode
    aliases: tuple[Words, ...] = ()
    desk: bool = False


class Recusal(Entry):
    """From what a person must step aside (信访工作条例 art. 28): units by id, respondents by name, case by case."""

    units: tuple[Id, ...] = ()
    respondents: tuple[Words, ...] = ()


StaffRole = Literal[
    "officer", "unit_head", "dispatcher", "acceptor", "city_reviewer", "supervisor", "inspector", "call_back", "duty_officer",
    "grid_worker", "analyst", "administrator",
]  # fmt: skip
"""What a person of a unit may do, as `services.domain.principals.Role` names it."""


class Officer(Entry):
    """A person of a unit who can be a member of a task force.

    `roles` say what the person may do; none given means working on the unit's cases (officer).
    """

    id: Id
    name: Text
    unit: Id
    title: Text = "承办人"
    recusal: Recusal = Recusal()
    roles: tuple[StaffRole, ...] = ()


class Portfolio(Entry):
    """What a leader looks after; all empty is allowed only with `general`."""

    types: tuple[PollutionType, ...] = ()
    kinds: tuple[Text, ...] = ()
    risk_areas: tuple[RiskArea, ...] = ()
    general: bool = False


class Leader(Entry):
    """A leader who can take cases over (包案领导). `load_limit` is the number of open cases at one time."""

    id: Id
    name: Text
    title: Text
    region: RegionCode
    portfolio: Portfolio
    load_limit: Annotated[int, Field(ge=1, le=100)]
    available: bool = True
    recusal: Recusal = Recusal()


class Subtype(Entry):
    """A sub-type of pollution; `aliases` are other labels that mean the same.

    Labels are often coarser than duties: a matter labelled `within` is taken for this one where its respondent or text
    has one of the `words`; of several, the one that stands first in the city's file.
    """

    name: Text
    aliases: tuple[Text, ...] = ()
    within: Text | None = None
    words: tuple[Words, ...] = ()


class TypeEntry(Entry):
    """One pollution type with its sub-types."""

    type: PollutionType
    subtypes: tuple[Subtype, ...] = ()


class Law(Entry):
    """A law, regulation or notice that rules cite."""

    id: Id
    title: Text
    version: Articles
    in_force: date


class Basis(Entry):
    """The articles of one law."""

    law: Id
    articles: Articles


class When(Entry):
    """Conditions of a rule; every one that is given must hold.

    `mentions`: any of these words in respondent or text. `types` and `subtypes` are for additions and task forces: the
    most probable type, the sub-type's label as it was given.
    """

    mentions: tuple[Words, ...] = ()
    risk_areas: tuple[RiskArea, ...] = ()
    urgency: tuple[Urgency, ...] = ()
    types: tuple[PollutionType, ...] = ()
    subtypes: tuple[Text, ...] = ()
    supervised: bool | None = None

    @property
    def narrowness(self) -> int:
        """How many conditions are given; the narrower rule wins."""
        given = (self.mentions, self.risk_areas, self.urgency, self.types, self.subtypes)
        return sum(map(bool, given)) + (self.supervised is not None)


class Duty(Entry):
    """Who leads for a (type, sub-type) and who takes part.

    No `subtype`: the rule for the type where the sub-type is unknown. `regions` empty: the rule everywhere; the city's
    code: its own designation for the whole city; district codes: theirs only, which win over both. `needs_human`: the
    law leaves the choice to local designation or the source is unsure, so a person confirms.
    """

    id: Id
    type: PollutionType
    subtype: Text | None = None
    when: When = When()
    lead: Text
    co_handling: tuple[Text, ...] = ()
    basis: tuple[Basis, ...] = ()
    source: str = ""
    confidence: Confidence
    needs_human: bool = False
    valid_from: date
    valid_to: date | None = None
    regions: tuple[RegionCode, ...] = ()
    priority: Annotated[int, Field(ge=0, le=99)] = 0


class Addition(Entry):
    """Kinds of units that join as co-handling whatever the duty rule, where the condition holds."""

    id: Id
    when: When
    co_handling: Annotated[tuple[Text, ...], Field(min_length=1)]
    needs_human: bool = False
    basis: tuple[Basis, ...] = ()
    source: str = ""
    confidence: Confidence


class Trigger(Entry):
    """When a leader must take a case over (领导包案); every condition given must hold.

    `joint`: the signatories of one letter count as reporters. `level` says whose leader is asked for.
    """

    id: Id
    text: Text
    repeat_ordinal_at_least: Annotated[int, Field(ge=2)] | None = None
    distinct_reporters_at_least: Annotated[int, Field(ge=2)] | None = None
    joint: bool = False
    channels: tuple[SourceChannel, ...] = ()
    key_item: bool | None = None
    reopened: bool | None = None
    age_days_at_least: Annotated[int, Field(ge=1)] | None = None
    level: Literal["district", "city"] = "district"
    source: Text
    confidence: Confidence


class MemberTemplate(Entry):
    """A seat in a task force: by role, and for some kind of unit only where `kind` is given.

    `deadline_days` and `supervised_deadline_days` are calendar days after the day it is formed.
    """

    role: UnitRole
    kind: Text | None = None
    measures: Annotated[tuple[Text, ...], Field(min_length=1)]
    deadline_days: Annotated[int, Field(ge=1, le=365)]
    supervised_deadline_days: Annotated[int, Field(ge=1, le=365)] | None = None
    source: Text


class TaskForceTemplate(Entry):
    """Seats of a task force for cases that `when` describes; the one with no condition is the default."""

    id: Id
    name: Text
    when: When = When()
    priority: Annotated[int, Field(ge=0, le=99)] = 0
    members: Annotated[tuple[MemberTemplate, ...], Field(min_length=1)]
    source: Text


class Share(Entry):
    """A threshold between 0 and 1 and where it comes from."""

    value: Probability
    source: Text


class Switch(Entry):
    """Something a city may turn on or off, and where it comes from."""

    value: bool
    source: Text


class Weights(Entry):
    """What a rule's source is worth in the confidence of a decision, by confidence code."""

    value: dict[Confidence, Probability]
    source: Text


class Policy(Entry):
    """Thresholds of routing. Below a minimum the co-ordination desk leads and a person decides."""

    min_environmental: Share
    min_type: Share
    min_subtype: Share
    min_region: Share
    secondary_type: Share
    evidence: Weights
    city_leads_key_items: Switch


class CityDocument(Entry):
    """A whole city file, whatever files it was split into."""

    city: CityName
    districts: Annotated[tuple[District, ...], Field(min_length=1)]
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    units: Annotated[tuple[Unit, ...], Field(min_length=1)]
    officers: tuple[Officer, ...] = ()
    leaders: tuple[Leader, ...] = ()
    laws: tuple[Law, ...] = ()
    taxonomy: Annotated[tuple[TypeEntry, ...], Field(min_length=1)]
    duties: Annotated[tuple[Duty, ...], Field(min_length=1)]
    additions: tuple[Addition, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    task_forces: Annotated[tuple[TaskForceTemplate, ...], Field(min_length=1)]
    policy: Policy

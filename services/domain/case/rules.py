"""Parameters of casework and what a decision is made in: who asks, when, under which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from services.domain.case.values import EvidenceKind, ProposalKind
from services.domain.clocks.calendar import WorkCalendar
from services.domain.clocks.rules import DeadlineRules
from services.domain.parameters import Parameters
from services.domain.principals import Principal, Role

if TYPE_CHECKING:
    from services.domain.case.gates import GateRules


class ReturnRules(Parameters):
    """How often a case may be returned; the time limit is a deadline rule."""

    per_unit: int = Field(ge=0)
    per_case: int = Field(ge=0)
    provenance: str


class EvidenceRules(Parameters):
    """Bounds of evidence: accepted media types by kind, bytes per file by kind, pixels of a photo, items per case."""

    media_types: Mapping[EvidenceKind, tuple[str, ...]]
    max_bytes: Mapping[EvidenceKind, int]
    max_pixels: int = Field(default=80_000_000, ge=1)
    max_items: int = Field(ge=1)
    provenance: str


class PublicityRules(Parameters):
    """How long a result is made public before signature."""

    min_days: int = Field(ge=1)
    provenance: str


class SameSourceRules(Parameters):
    """How many characters of a respondent's name tell one source from another; a shorter one counts at one place only."""

    min_name: int = Field(ge=1)
    provenance: str


class ImmediateRules(Parameters):
    """Within how many calendar days a measure counts as fixed at once (立行立改)."""

    days: int = Field(ge=1)
    provenance: str


class SecondPersonRules(Parameters):
    """Who may confirm which proposal."""

    roles: Mapping[ProposalKind, frozenset[Role]]
    provenance: str


class CaseworkRules(Parameters):
    """deploy/rules/casework.yaml."""

    version: str
    returns: ReturnRules
    evidence: EvidenceRules
    publicity: PublicityRules
    same_source: SameSourceRules
    immediate: ImmediateRules
    second_person: SecondPersonRules


@dataclass(frozen=True)
class CaseRules:
    """All that a decision on a case is held against."""

    casework: CaseworkRules
    gates: GateRules
    deadlines: DeadlineRules
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, at what moment (aware), under which rules."""

    actor: Principal
    now: datetime
    rules: CaseRules

"""deploy/rules/registers.yaml: when a case is about a risk source, and how help is proposed."""

from __future__ import annotations

from pydantic import Field

from services.domain.parameters import Parameters


class MatchRules(Parameters):
    """Distances in kilometres, names in characters, scores in 0..1."""

    near_km: float = Field(gt=0, le=50)
    least_name: int = Field(ge=2, le=10)
    least_share: float = Field(gt=0, le=1)
    sure: float = Field(gt=0, le=1)
    most: int = Field(ge=1, le=20)


class HelpRules(Parameters):
    """How old a verification may be, and how many proposals of each kind are made."""

    stale_days: int = Field(ge=1)
    per_kind: int = Field(ge=1, le=50)


class RegisterRules(Parameters):
    """The whole file."""

    version: str
    provenance: str
    matching: MatchRules
    help: HelpRules

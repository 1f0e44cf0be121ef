"""Parameters of the console: which role opens which area, how long a session lasts, how often a login may fail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from services.domain.parameters import Parameters, parse_parameters
from services.domain.principals import Principal, Role
from services.infra.settings import repository_root

FILE = "console.yaml"


class Area(Parameters):
    """A part of the console and the roles that may open it."""

    label: str
    roles: frozenset[Role]


class SessionRules(Parameters):
    """A session ends after so long without a request, and after so long anyway."""

    idle_minutes: int = Field(ge=1)
    longest_hours: int = Field(ge=1)
    provenance: str


class LoginRules(Parameters):
    """So many failed attempts of one login name or one address within so many minutes, then a pause."""

    attempts: int = Field(ge=1)
    minutes: int = Field(ge=1)
    provenance: str


class RevealRules(Parameters):
    """How long a revealed identity stays on the page."""

    seconds: int = Field(ge=5)
    provenance: str


class PublicRules(Parameters):
    """Counts below the smallest group are not published."""

    smallest_group: int = Field(ge=1)
    provenance: str


class ConsoleRules(Parameters):
    """deploy/rules/console.yaml."""

    version: str
    provenance: str
    areas: Mapping[str, Area]
    sessions: SessionRules
    login: LoginRules
    reveal: RevealRules
    public: PublicRules

    def opens(self, principal: Principal, area: str) -> bool:
        """Whether one of the principal's roles opens the area; raises KeyError for an area nobody declared.

        Who is an accused unit sees nothing, whatever other role was given by mistake.
        """
        return principal.has(self.areas[area].roles) and Role.ACCUSED not in principal.roles


@cache
def console_rules(folder: Path | None = None) -> ConsoleRules:
    """The rules of a folder (deploy/rules otherwise); raises `RuleFileError`."""
    folder = folder or Path("deploy/rules")
    folder = folder if folder.exists() else repository_root() / folder
    return parse_parameters((folder / FILE).read_text("utf-8"), FILE, ConsoleRules)

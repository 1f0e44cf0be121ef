"""What every page works with: database, vault, rules, city, clock, templates. Made once per process, holds no state of a visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.analytics.pages import Board
from services.casework.files import Files
from services.casework.office import Office as Casework
from services.console.brief import Briefs
from services.console.changes import Changes
from services.console.oidc import Provider
from services.console.passwords import Passwords
from services.console.rules import ConsoleRules
from services.console.submitting import Submitter
from services.console.templating import Templates
from services.domain.city import City
from services.domain.errors import UnknownRegion, UnknownUnit
from services.domain.principals import Principal
from services.domain.rulebook import RuleBook
from services.infra.clock import Clock
from services.infra.postgres import Pool
from services.infra.settings import Settings
from services.infra.vault import Vault


@dataclass(frozen=True)
class Office:
    """The console's surroundings."""

    settings: Settings
    pool: Pool
    vault: Vault
    rules: RuleBook
    console: ConsoleRules
    city: City
    clock: Clock
    templates: Templates
    casework: Casework
    files: Files
    briefs: Briefs
    changes: Changes
    submitter: Submitter
    board: Board
    passwords: Passwords = field(default_factory=Passwords)

    @property
    def now(self) -> datetime:
        """The moment, aware."""
        return self.clock()

    @property
    def secure(self) -> bool:
        """Whether people reach the console over TLS."""
        return bool(self.settings.console_url and self.settings.console_url.startswith("https://"))

    @property
    def provider(self) -> Provider | None:
        """The OpenID provider, where one is configured."""
        issuer, secret = self.settings.oidc_issuer, self.settings.oidc_client_secret
        if issuer is None:
            return None
        return Provider(issuer, self.settings.oidc_client_id, secret.get_secret_value() if secret else None, self.settings.oidc_claim)

    def region(self, code: str | None) -> str:
        """A region's name; its code where the city file does not know it."""
        if not code:
            return "区域不明"
        try:
            return self.city.region_name(code)
        except UnknownRegion:
            return code

    def unit(self, unit_id: str | None) -> str:
        """A unit's name; its id where the city file does not know it."""
        if not unit_id:
            return "尚无承办单位"
        try:
            return self.city.unit(unit_id).name
        except UnknownUnit:
            return unit_id

    def person(self, person_id: str) -> str:
        """A person's name from the city file; `系统` for the system, the id where unknown."""
        if person_id in ("system", "triage", "dispatch"):
            return "系统"
        return self.people.get(person_id, person_id)

    @property
    def people(self) -> dict[str, str]:
        """Names of officers and leaders by id."""
        index = self.city.index
        names = {officer.id: officer.name for officers in index.officers.values() for officer in officers}
        return names | {leader.id: leader.name for leader in index.leaders.values()}

    def describe(self, principal: Principal) -> str:
        """Whose page it is: unit, or the first role."""
        if principal.unit_id:
            return self.unit(principal.unit_id)
        return "、".join(role.label for role in sorted(principal.roles))

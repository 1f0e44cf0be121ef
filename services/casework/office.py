"""What the three ways in share: rules, remembered states, the book of links, and how many commands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.casework.cases import Cases, StateCache
from services.casework.execute import Asked, Outcome, execute
from services.casework.ports import LinkBook
from services.domain.rulebook import RuleBook
from services.infra.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Office:
    """One per process."""

    rules: RuleBook
    book: LinkBook | None = None
    cache: StateCache = field(default_factory=StateCache)

    def cases(self, unit: UnitOfWork) -> Cases:
        """Nothing in hand yet, at this moment."""
        return Cases(unit, self.rules.case, self.cache)

    async def execute(self, unit: UnitOfWork, asked: Sequence[Asked], *, traceparent: str | None = None) -> list[Outcome]:
        """Carry out commands inside the caller's transaction; see `execute`."""
        cases = self.cases(unit)
        outcomes = await execute(cases, asked, self.book)
        await cases.save(traceparent=traceparent)
        return outcomes

"""What of a register somebody sees, as arguments of statements."""

from __future__ import annotations

from services.domain.principals import Principal
from services.domain.registers import scope_of, significant


def patterns(actor: Principal) -> list[str]:
    """LIKE patterns of the regions an actor covers; none of them covers nothing."""
    return [f"{prefix}%" for prefix in scope_of(actor, by_unit=False).prefixes]


def unit_of(actor: Principal) -> str | None:
    """The unit whose lines alone the actor sees, or None where it sees those of all units."""
    return scope_of(actor, by_unit=True).unit


def pattern(region: str | None) -> str | None:
    """The LIKE pattern of a wanted region and what lies in it."""
    return f"{significant(region)}%" if region else None

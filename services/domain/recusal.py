"""Who must step aside from a matter (信访工作条例 art. 28), and which units are complained about themselves. Pure."""

from __future__ import annotations

from collections.abc import Collection

from services.domain.city import City
from services.domain.city_schema import Recusal


def must_step_aside(recusal: Recusal, *, respondent: str | None, text: str, units: Collection[str]) -> bool:
    """True where a person has a stake in a unit concerned or in what is complained about.

    `respondent` may be shorter than the name on record ("鑫远" for "鑫远建设") if it has at least four characters.
    """
    if any(unit in units for unit in recusal.units):
        return True
    if not recusal.respondents:
        return False
    said = "".join((respondent or "").split())
    place = "".join(text.split())
    return any(name in said or name in place or (len(said) >= 4 and said in name) for name in recusal.respondents)


def accused_units(respondent: str | None, city: City) -> frozenset[str]:
    """Units that are complained about themselves: they must never get the matter (信访工作条例 art. 30)."""
    if not respondent:
        return frozenset()
    index = city.index
    return frozenset(index.unit_names[name] for name in index.unit_pattern.findall(respondent))

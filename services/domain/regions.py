"""Which district a complaint is about: from the code the hotline gave, the address, or the text. Unknown is a value.

A gazetteer of the city's names (districts, towns, villages, roads, landmarks) is matched in one pass, the longest name
first; a name that several districts have decides nothing by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from services.domain.city import City

CONFIDENCE = {"code": 1.0, "address": 0.95, "text": 0.85}
"""How much each source is trusted (default, unverified): a code is a clerk's statement, the text may mention elsewhere."""
CONTESTED = 0.6
"""Several districts are named and one more often or more exactly than the others."""


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """`code` is a six-digit district or None; `how` is code, address, text or unknown; `districts` all that were named."""

    code: str | None
    confidence: float
    how: str
    districts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gazetteer:
    """Names of one city: a pattern that finds them, and the districts each belongs to with its weight."""

    pattern: re.Pattern[str] | None
    owners: dict[str, dict[str, float]]


WEIGHTS = {"district": 3.0, "town": 2.0, "village": 1.5, "road": 1.0, "landmark": 1.0}
"""A district's own name says more than a road that may run through two."""


def find_region(code: str | None, address: str | None, text: str, city: City, *, name: str | None = None) -> FoundRegion:
    """The district of a complaint; a code of another city or a malformed one counts as none."""
    if code and (district := city.district_of(code[:6])) is not None:
        crossing = _named(text, city, only_districts=True)
        districts = tuple(dict.fromkeys((district, *crossing))) if len(crossing) > 1 else (district,)
        return FoundRegion(district, CONFIDENCE["code"], "code", districts)
    for how, words in (("address", " ".join(filter(None, (name, address)))), ("text", text)):
        found = _vote(words, city) if words else {}
        if not found:
            continue
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        districts = tuple(found)
        explicit = _named(words, city, only_districts=True)
        if len(explicit) > 1:
            return FoundRegion(ranked[0][0], CONTESTED, how, tuple(explicit))
        if len(ranked) == 1 or ranked[0][1] >= 1.5 * ranked[1][1]:
            sure = CONFIDENCE[how] if len(ranked) == 1 else CONTESTED
            return FoundRegion(ranked[0][0], sure, how, (ranked[0][0],))
        return FoundRegion(None, 0.0, "unknown", districts if len(explicit) > 1 else ())
    return FoundRegion(None, 0.0, "unknown")


def _vote(text: str, city: City) -> dict[str, float]:
    gazetteer = _gazetteer(city)
    votes: dict[str, float] = defaultdict(float)
    if gazetteer.pattern is None:
        return votes
    for name in dict.fromkeys(gazetteer.pattern.findall(text)):
        owners = gazetteer.owners[name]
        for district, weight in owners.items():
            votes[district] += weight / len(owners) ** 2
    return votes


def _named(text: str, city: City, *, only_districts: bool) -> list[str]:
    """Districts called by their own name, in the order of the text."""
    gazetteer = _gazetteer(city)
    if gazetteer.pattern is None:
        return []
    found: dict[str, None] = {}
    for name in gazetteer.pattern.findall(text):
        for district, weight in gazetteer.owners[name].items():
            if not only_districts or weight >= WEIGHTS["district"]:
                found[district] = None
    return list(found)


@lru_cache(maxsize=8)
def _gazetteer(city: City) -> Gazetteer:
    owners: dict[str, dict[str, float]] = defaultdict(dict)

    def add(name: str, district: str, kind: str) -> None:
        owners[name][district] = max(WEIGHTS[kind], owners[name].get(district, 0.0))

    for district in city.document.districts:
        for name in (district.name, *district.aliases):
            add(name, district.code, "district")
        for name in district.roads:
            add(name, district.code, "road")
        for name in district.landmarks:
            add(name, district.code, "landmark")
        for town in district.towns:
            for name in (town.name, *town.aliases):
                add(name, district.code, "town")
            for name in town.villages:
                add(name, district.code, "village")
            for name in town.roads:
                add(name, district.code, "road")
            for name in town.landmarks:
                add(name, district.code, "landmark")
    if not owners:
        return Gazetteer(None, {})
    longest_first = sorted(owners, key=lambda name: (-len(name), name))
    return Gazetteer(re.compile("|".join(map(re.escape, longest_first))), dict(owners))

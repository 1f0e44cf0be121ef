"""The names of a city's places and a pattern that finds them all in one pass, the longest name first. Pure.

The pattern is a trie, so that its time does not grow with the number of names: 5,000 names cost what 150 do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.domain.city import City

WEIGHTS = {"district": 3.0, "town": 2.0, "village": 1.5, "road": 1.0, "landmark": 1.0}
"""A district's own name says more than a road that may run through two (default, unverified)."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What one name says: a district, the town in it where the name is a town's or lies in one, and how strongly."""

    district: str
    town: str | None
    level: str
    weight: float


@dataclass(frozen=True)
class Gazetteer:
    """`pattern` finds names, `owners` tells whose they are; a name of several districts has several owners."""

    pattern: re.Pattern[str]
    owners: dict[str, tuple[Owner, ...]]


@lru_cache(maxsize=8)
def gazetteer_of(city: City) -> Gazetteer:
    """The gazetteer of a city, built once per content."""
    found: dict[str, dict[str, Owner]] = defaultdict(dict)

    def add(names: Iterable[str], district: str, town: str | None, level: str) -> None:
        for name in names:
            known = found[name].get(district)
            if known is None or WEIGHTS[level] > known.weight:
                found[name][district] = Owner(district, town, level, WEIGHTS[level])
            elif WEIGHTS[level] == known.weight and known.town != town:
                found[name][district] = Owner(district, None, level, known.weight)

    for district in city.document.districts:
        add((district.name, *district.aliases), district.code, None, "district")
        add(district.roads, district.code, None, "road")
        add(district.landmarks, district.code, None, "landmark")
        for town in district.towns:
            add((town.name, *town.aliases), district.code, town.code, "town")
            add(town.villages, district.code, town.code, "village")
            add(town.roads, district.code, town.code, "road")
            add(town.landmarks, district.code, town.code, "landmark")
    return Gazetteer(re.compile(trie_pattern(found)), {name: tuple(owners.values()) for name, owners in found.items()})


class _Node(dict[str, "_Node"]):
    """One character's followers; the key "" marks the end of a name."""


def trie_pattern(names: Iterable[str]) -> str:
    """A regular expression that matches the longest of these names at a place; one that never matches for none."""
    root = _Node()
    for name in names:
        node = root
        for character in name:
            node = node.setdefault(character, _Node())
        node[""] = _Node()
    return _branch(root) or "(?!)"


def _branch(node: _Node) -> str:
    parts = [re.escape(character) + _branch(below) for character, below in sorted(node.items()) if character]
    if not parts:
        return ""
    body = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{body})?" if "" in node else body

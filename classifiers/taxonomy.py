"""Types, sub-types, risk areas and what became of older names: read from `lexicon/taxonomy.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from contracts.vocabulary import PollutionType, RiskArea


@dataclass(frozen=True, slots=True)
class Subtype:
    """One sub-type: its types (main one first), the unit that commonly leads, a fixed risk area, older names."""

    name: str
    types: tuple[PollutionType, ...]
    unit: str
    risk: RiskArea | None
    was: tuple[str, ...]


def lexicon(name: str) -> dict[str, Any]:
    """The lexicon file `name` as tomllib reads it."""
    return tomllib.loads(resources.files("classifiers").joinpath("lexicon", name).read_text(encoding="utf-8"))


@cache
def _table() -> dict[str, Any]:
    return lexicon("taxonomy.toml")


@cache
def version() -> str:
    """The taxonomy's version, named by every decision."""
    return str(_table()["version"])


@cache
def subtypes() -> dict[str, Subtype]:
    """All sub-types by name."""
    return {
        e["name"]: Subtype(
            e["name"], tuple(map(PollutionType, e["types"])), e["unit"],
            RiskArea(e["risk"]) if "risk" in e else None, tuple(e["was"]),
        )
        for e in _table()["subtype"]
    }


@cache
def _risk() -> tuple[tuple[RiskArea, re.Pattern[str]], ...]:
    return tuple((RiskArea(r["area"]), re.compile("|".join(map(re.escape, r["words"])))) for r in _table()["risk"])


def risk_area(subtype: str | None, text: str) -> RiskArea | None:
    """The risk area a complaint touches: by its words first, then by its sub-type; None where none."""
    for area, words in _risk():
        if words.search(text):
            return area
    known = subtypes().get(subtype or "")
    return known.risk if known else None


def current(name: str, text: str = "") -> str:
    """Today's name of a sub-type that may be an older one; a split is decided by the text. Unknown names stay."""
    if name in subtypes():
        return name
    for entry in _table()["rename"]:
        if entry["old"] == name and ("words" not in entry or any(w in text for w in entry["words"])):
            return str(entry["new"])
    return next((s.name for s in subtypes().values() if name in s.was), name)


def merge(values: list[tuple[str, float]], mapping: Callable[[str], str]) -> list[tuple[str, float]]:
    """Probabilities of labels after some were renamed or merged: those with one new name add up; highest first."""
    total: dict[str, float] = {}
    for name, p in values:
        total[mapping(name)] = total.get(mapping(name), 0.0) + p
    return sorted(((k, min(p, 1.0)) for k, p in total.items()), key=lambda kv: -kv[1])

"""The example city for tests: its files as texts, to be spoilt, and the city itself."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.vocabulary import PollutionType
from services.domain.city import City
from services.domain.city_check import check_texts
from services.domain.city_yaml import Problem
from services.domain.errors import CityFileInvalid
from services.domain.routing import Matter

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "city" / "example"
EAST, WEST, RIVER, SHILING = "470302", "470303", "470304", "470322"
TODAY = date(2026, 11, 24)


@cache
def _texts() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in sorted(EXAMPLE.glob("*.yaml"))}


@cache
def example() -> City:
    return check_texts(_texts())


def changed(file: str, old: str, new: str) -> dict[str, str]:
    """The texts with the first `old` of one file replaced."""
    assert old in _texts()[file], f"{old!r} is no longer in {file}"
    return _texts() | {file: _texts()[file].replace(old, new, 1)}


def problems(texts: dict[str, str]) -> list[Problem]:
    """What the check finds; empty where it passes."""
    try:
        check_texts(texts)
    except CityFileInvalid as invalid:
        return [problem for problem in invalid.problems if isinstance(problem, Problem)]
    return []


def line_of(texts: dict[str, str], file: str, part: str) -> int:
    """The line that holds this text, counted from 1."""
    return next(n for n, line in enumerate(texts[file].splitlines(), 1) if part in line)


def a_matter(*types: tuple[PollutionType, float], **changes: Any) -> Matter:
    """A matter in the east district of the example city; cooking fume unless types are given."""
    fields: dict[str, Any] = {"day": TODAY, "region": EAST, "types": types or ((PollutionType.AIR, 0.9),)}
    if not types:
        fields["subtype"] = ("餐饮油烟", 0.9)
    return Matter(**(fields | changes))

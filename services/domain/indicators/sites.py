"""Sites over re-categorising and renaming: one key for one place or business, however it was written or classified."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_BRACKETS = re.compile(r"[(（\[【〔][^)）\]】〕]*[)）\]】〕]")
_NOISE = re.compile(r"[\s·,，.。、:：;；'\"“”‘’\-—_/]+")
_LEGAL = re.compile(r"(?:有限责任公司|股份有限公司|集团有限公司|有限公司|总公司|分公司|公司|集团)$")
_HOUSE = re.compile(r"^(?P<number>\d+(?:之\d+)?)号?$")


def respondent_key(name: str | None) -> str | None:
    """A business's name without its legal form, brackets, blanks and width; None of none or of a single character."""
    if not name:
        return None
    key = _BRACKETS.sub("", unicodedata.normalize("NFKC", name)).casefold()
    key = _NOISE.sub("", key)
    short = _LEGAL.sub("", key)
    key = short if len(short) >= 2 else key
    return key if len(key) >= 2 else None


def place_key(place: Mapping[str, Any] | None) -> str | None:
    """A place exact enough to be one site: house number, estate, village or landmark; None for a mere road or district."""
    if not place:
        return None
    road, number = place.get("road"), place.get("number")
    if road and number:
        house = _HOUSE.match(_plain(str(number)))
        return f"{_plain(road)}{house['number'] if house else _plain(str(number))}号"
    for part in ("estate", "landmark", "village"):
        if place.get(part):
            return _plain(str(place[part]))
    return None


def _plain(text: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def site_key(rows: Iterable[Mapping[str, Any]]) -> str | None:
    """The key of the site a case is about, from its complaints' `place_key` and `respondent_key`.

    The place most of them name, for it outlives a new shop sign and a new category; the business where none names one.
    Ties go to the smaller key, so that the answer does not depend on the order of rows.
    """
    rows = list(rows)
    for column in ("place_key", "respondent_key"):
        named = Counter(row[column] for row in rows if row.get(column))
        if named:
            most = max(named.values())
            return f"{column[0]}:{min(key for key, n in named.items() if n == most)}"
    return None


def most_common(values: Iterable[str | None]) -> str | None:
    """The commonest value that is there; the smallest of equals."""
    named = Counter(value for value in values if value)
    return min((key for key, n in named.items() if n == max(named.values())), default=None)

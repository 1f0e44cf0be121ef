"""How much of what a person reads in the told complaints is read by the machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from classifiers.reading import Complaint, Reading
from classifiers.triage import Triage

Share = tuple[int, int]  # right, of how many


def figures(triage: Triage, rows: Sequence[dict[str, Any]]) -> dict[str, Share]:
    """Right answers and questions, by what was asked. Types and what follows: of environmental complaints only."""
    readings = triage.read([Complaint(row["id"], row["text"], row["title"]) for row in rows])
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for row, reading in zip(rows, readings, strict=True):
        said = reading.environmental >= 0.5
        _count(right, asked, "environmental, found" if row["env"] else "others, left alone", said == row["env"])
        if row["env"]:
            for name, is_right in _read(row, reading).items():
                _count(right, asked, name, is_right)
    return {name: (right[name], asked[name]) for name in asked}


def _count(right: Counter[str], asked: Counter[str], name: str, is_right: bool) -> None:
    asked[name] += 1
    right[name] += is_right


def _read(row: dict[str, Any], reading: Reading) -> dict[str, bool]:
    place = reading.place.text.lower() if reading.place else ""
    found = {
        "main type": reading.types[0][0].value in row["types"],
        "sub-type": reading.subtype is not None and reading.subtype[0] == row["subtype"],
    }
    if row["respondent"]:
        found["respondent, to the letter"] = reading.respondent in row["respondent"]
        found["respondent, more or less"] = any(_near(reading.respondent, answer) for answer in row["respondent"])
    else:
        found["nobody named, nobody shown"] = reading.respondent is None
    if row["place"]:
        found["place"] = any(_near(place, answer.lower()) for answer in row["place"])
    if row["since"]:
        found["since when"] = _near(reading.since, row["since"])
    if row["happens"]:
        found["at what time"] = any(_near(when, row["happens"]) for when in reading.happens)
    found["complained before" if row["before"] else "first time"] = reading.complained_before == row["before"]
    return found


def _near(shown: str | None, wanted: str) -> bool:
    """One holds the other."""
    return bool(shown) and (shown in wanted or wanted in shown)

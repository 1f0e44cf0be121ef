"""Complaints written by hand to measure reading by: six a sub-type in six ways of telling, and others that are no environmental complaint.

    python -m tests.told                the figures

`classifiers/corpus/data/told.jsonl` was looked at while reading was improved and is learnt from; `second.jsonl`, by another
hand and of less usual sources, never was: only its figures say what carries over. Keep it so. Every line has id, title,
text and what a person reads in it: env, types (the main one first), subtype, respondent (every answer an officer would
accept), place (what the place shown must hold), since, happens, before (complained of before). `emergencies.jsonl` are
emergencies (特急), things that want an officer today (紧急) and what only sounds like either (一般).
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

FILES = {
    "first": Path(str(resources.files("classifiers").joinpath("corpus/data/told.jsonl"))), "second": Path(__file__).with_name("second.jsonl"),
}
EMERGENCIES = Path(__file__).with_name("emergencies.jsonl")


def told(name: str) -> list[dict[str, Any]]:
    """The lines of one file."""
    return [json.loads(line) for line in FILES[name].read_text("utf8").splitlines()]

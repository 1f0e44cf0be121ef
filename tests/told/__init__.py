"""Complaints written by hand to measure reading by: six a sub-type in six ways of telling, and others that are no environmental complaint.

    python -m tests.told                the figures of both files

`first.jsonl` was looked at while reading was improved; `second.jsonl`, by another hand and of less usual sources, never
was: only its figures say what carries over. Keep it so. Every line has id, title, text and what a person reads in it: env,
types (the main one first), subtype, respondent (every answer an officer would accept), place (what the place shown must
hold), since, happens, before (complained of before).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILES = ("first", "second")


def told(name: str) -> list[dict[str, Any]]:
    """The lines of one file."""
    lines = Path(__file__).with_name(f"{name}.jsonl").read_text("utf8").splitlines()
    return [json.loads(line) for line in lines]

"""The parts of forms that are not one field, one value: rows of measures, pairs of units, questions with an answer each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from services.domain.case.state import CaseState

MEASURE = ("id", "text", "unit_id", "person", "deadline", "target")
QUESTIONS = {"measures_in_place": "整改措施是否到位", "target_met": "目标是否达到", "file_complete": "销号台账是否完整"}
BLANK_ROWS = 2
_NAME = re.compile(r"measures-(\d+)-(\w+)")


def blank(kind: str, state: CaseState, person: str) -> tuple[Mapping[str, Any], ...]:
    """Rows a form begins with: the measures there are, and some empty ones for the lead unit and `person`."""
    if kind != "plan":
        return ()
    there = [{name: getattr(item, name) or "" for name in MEASURE} for item in state.measures]
    lead = state.lead
    empty = {"unit_id": lead.unit_id if lead else "", "person": lead.members[0].name if lead and lead.members else person}
    return (*there, *({name: empty.get(name, "") for name in MEASURE} for _ in range(BLANK_ROWS)))


def read(kind: str, sent: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Rows somebody filled in; a row without text and deadline was left blank."""
    found: dict[int, dict[str, Any]] = {}
    for name, values in sent.items():
        match = _NAME.fullmatch(name)
        if match and match[2] in MEASURE and values:
            found.setdefault(int(match[1]), {})[match[2]] = values[0].strip()
    rows = [row for _, row in sorted(found.items()) if row.get("text") or row.get("deadline")]
    return [{"id": row.get("id") or f"m-{uuid4().hex[:8]}", **{k: v for k, v in row.items() if v and k != "id"}} for row in rows]


def shaped(kind: str, command: dict[str, Any], sent: Mapping[str, list[str]], state: CaseState) -> dict[str, Any]:
    """The command in the shape its model has, where a form asks otherwise."""
    if kind == "assign":
        lead, chosen = command.pop("lead", ""), [unit for unit in sent.get("co", []) if unit]
        command.pop("co", None)
        units = [(lead, "主办"), *((unit, "协办") for unit in dict.fromkeys(chosen) if unit != lead)]
        command["units"] = [{"unit_id": unit, "name": unit, "role": role} for unit, role in units if unit]
        command["designated"] = bool(command.pop("designated", []))
    elif kind == "assign_leader":
        person = command.pop("person_id", "")
        command["leader"] = {"person_id": person, "name": person}
    elif kind == "look_back":
        for name in QUESTIONS:
            if name in command:
                command[name] = {"ok": command[name] == "yes"}
        signs = command.pop("signs", [])
        command |= {"rebound": "rebound" in signs, "fake": "fake" in signs}
    elif kind == "record_objection":
        command["objection_id"] = f"o-{uuid4().hex[:8]}"
    elif kind == "plan":
        people = {member.name: member.person_id for part in state.parts for member in part.members}
        for row in command.get("measures", []):
            row["person_id"] = people.get(row.get("person", ""), row.get("person", ""))
    return command

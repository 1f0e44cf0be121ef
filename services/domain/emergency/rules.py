"""deploy/rules/emergency.yaml: hours, forms, paging and reminders, words of hazards, threshold tables with their dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field, model_validator

from services.domain.parameters import Parameters
from services.domain.resources import Hazard


class Grade(StrEnum):
    """Grades of an event, the gravest first."""

    I = "I"  # noqa: E741 - the grade's own name in the decree
    II = "II"
    III = "III"
    IV = "IV"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"I": "特别重大", "II": "重大", "III": "较大", "IV": "一般"}[self.value]


class ReportKind(StrEnum):
    """The three reports."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    RESULT = "result"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"initial": "初报", "follow_up": "续报", "result": "处理结果报告"}[self.value]


class ReportForm(Parameters):
    """Fields a report must have (key → Chinese name); unknown ones are written as 待查, never left out."""

    required: Mapping[str, str]
    optional: Mapping[str, str] = Field(default_factory=dict)


class GradeRule(Parameters):
    """One row of a threshold table, shown to the person who grades."""

    grade: Grade
    criteria: tuple[str, ...]


class GradeTable(Parameters):
    """A threshold table with its time and source."""

    source: str
    valid_from: date
    confidence: str
    rows: tuple[GradeRule, ...]


class PagingStep(Parameters):
    """Who is paged when nobody acknowledged; minutes from the first page."""

    after_minutes: int = Field(ge=0)
    role: str
    channel: tuple[str, ...]


class ReminderStep(Parameters):
    """Who is told about the first report's limit; minutes from it, negative ones before it."""

    minutes: int
    role: str
    channel: tuple[str, ...]


class EmergencyRules(Parameters):
    """deploy/rules/emergency.yaml."""

    version: str
    report_hours: Mapping[Grade, int]
    ungraded_hours: int
    sensitive_hours: int
    sensitive: tuple[str, ...]
    header: Mapping[str, str]
    forms: Mapping[ReportKind, ReportForm]
    paging: tuple[PagingStep, ...] = Field(min_length=1)
    reminders: tuple[ReminderStep, ...] = ()
    hazard_words: Mapping[Hazard, tuple[str, ...]] = Field(default_factory=dict)
    grade_tables: tuple[GradeTable, ...]
    recipients: Mapping[Grade, tuple[str, ...]]
    provenance: str

    @model_validator(mode="after")
    def _complete(self) -> EmergencyRules:
        lacking = set(ReportKind) - set(self.forms)
        if lacking or set(Grade) - set(self.report_hours):
            raise ValueError("every grade needs its hours and every report its form")
        minutes = [step.after_minutes for step in self.paging]
        if minutes != sorted(set(minutes)) or minutes[0] != 0:
            raise ValueError("paging must start at minute 0 and rise")
        return self


def grade_table(rules: EmergencyRules, day: date) -> GradeTable | None:
    """The threshold table in force on a day, for the person who grades."""
    valid = [table for table in rules.grade_tables if table.valid_from <= day]
    return max(valid, key=lambda table: table.valid_from, default=None)


def hazards_of(words: Iterable[str], rules: EmergencyRules) -> tuple[Hazard, ...]:
    """Hazards the triggers hint at: a proposal for finding help, not a finding about the event."""
    text = " ".join(words)
    return tuple(hazard for hazard, hints in rules.hazard_words.items() if any(hint in text for hint in hints))

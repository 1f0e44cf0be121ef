"""Sudden environmental events (突发环境事件): clocks of 2 and 4 hours, three reports with their fields, paging by ladder.

Source: 《突发环境事件信息报告办法》 (Decree 17 of 2011). Nothing here grades an event; a person does, and until then the
strictest clock runs. Threshold tables differ between the 2011 annex and the 2014 plan, so they are data with dates.
"""

from services.domain.emergency.event import (
    Emergency,
    EmergencyReport,
    acknowledge,
    check_sensitive,
    dismiss,
    grade,
    locate,
    recipients,
    report,
    report_due,
)
from services.domain.emergency.paging import Page, Purpose, all_clear, notices, pages, reminders
from services.domain.emergency.rules import EmergencyRules, Grade, ReportKind, grade_table, hazards_of

__all__ = [
    "Emergency",
    "EmergencyReport",
    "EmergencyRules",
    "Grade",
    "Page",
    "Purpose",
    "ReportKind",
    "acknowledge",
    "all_clear",
    "check_sensitive",
    "dismiss",
    "grade",
    "grade_table",
    "hazards_of",
    "locate",
    "notices",
    "pages",
    "recipients",
    "reminders",
    "report",
    "report_due",
]

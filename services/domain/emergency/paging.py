"""When somebody must be told: pages up the ladder, reminders of the first report, notices to neighbouring districts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain.emergency.event import Emergency, report_due
from services.domain.emergency.rules import EmergencyRules, ReportKind

LOCAL = ZoneInfo("Asia/Shanghai")


class Purpose(StrEnum):
    """What a page is for."""

    ACKNOWLEDGE = "acknowledge"
    REPORT_DUE = "report_due"
    REPORT_OVERDUE = "report_overdue"


@dataclass(frozen=True, slots=True)
class Page:
    """One page to one role; `key` is equal wherever it is computed, so that it goes out once."""

    key: str
    role: str
    channels: tuple[str, ...]
    at: datetime
    text: str
    purpose: Purpose = Purpose.ACKNOWLEDGE


def pages(event: Emergency, rules: EmergencyRules) -> tuple[Page, ...]:
    """Every page the ladder holds for an event nobody acknowledged; none once acknowledged or dismissed."""
    if event.acknowledged_by is not None or event.dismissed_by is not None:
        return ()
    due = report_due(event, rules)
    words = "、".join(event.triggers)
    return tuple(
        Page(
            key=f"{event.id}/{step.after_minutes}",
            role=step.role,
            channels=step.channel,
            at=event.known_at + timedelta(minutes=step.after_minutes),
            text=f"疑似突发环境事件（{words}），请立即核实定级，{due.astimezone(LOCAL):%H:%M}前须报告。",
        )
        for step in rules.paging
    )


def reminders(event: Emergency, rules: EmergencyRules) -> tuple[Page, ...]:
    """Pages about the first report's limit, before and after it; none once it is sent or the event dismissed."""
    if event.dismissed_by is not None or event.sent(ReportKind.INITIAL):
        return ()
    due = report_due(event, rules)
    clock = f"{due.astimezone(LOCAL):%m-%d %H:%M}"
    found = []
    for step in rules.reminders:
        late = step.minutes >= 0
        text = f"突发环境事件初报已超过{clock}的时限，请立即上报。" if late else f"突发环境事件初报须在{clock}前报出。"
        found.append(
            Page(
                # A new grade moves the limit and so makes other pages of these.
                key=f"{event.id}/report/{due:%Y%m%dT%H%M}/{step.minutes}",
                role=step.role,
                channels=step.channel,
                at=due + timedelta(minutes=step.minutes),
                text=text,
                purpose=Purpose.REPORT_OVERDUE if late else Purpose.REPORT_DUE,
            )
        )
    return tuple(found)


def notices(event: Emergency) -> tuple[tuple[str, str], ...]:
    """(district, text) for each neighbour of an event that may cross the border; at once, once graded or not."""
    if event.dismissed_by is not None:
        return ()
    words = "、".join(event.triggers)
    said = f"经认定为{event.grade.label}（{event.grade}级）" if event.grade else "疑似"
    return tuple((code, f"相邻区域发生{said}突发环境事件（{words}），请关注。") for code in event.neighbours)


def all_clear(event: Emergency) -> tuple[tuple[str, str], ...]:
    """(district, text) for each neighbour that was told, once the event is dismissed."""
    return tuple((code, "相邻区域此前通报的疑似突发环境事件已核实排除。") for code in event.neighbours)

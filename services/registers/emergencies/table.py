"""突发环境事件登记 as a file: every suspected event, and on a second sheet each report field by field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.domain import emergency as em
from services.registers.emergencies.documents import LOCAL
from services.sheets import Table

TITLE = "突发环境事件登记"
HEADER = (
    "受理编号", "行政区划代码", "地点", "线索", "获知时间", "状态", "等级", "定级人", "接警人", "接警时间", "初报时限", "初报时间", "初报是否按时",
    "敏感情形", "通报邻近区划", "排除理由",
)  # fmt: skip
REPORTS = ("受理编号", "报告", "报告时间", "报告人", "栏目", "内容")


def table_of(events: Iterable[em.Emergency], rules: em.EmergencyRules, now: datetime) -> Table:
    """Events, the newest first; a first report still owed counts as in time until its limit has passed."""
    rows, reports = [], []
    for event in events:
        first, due = event.sent(em.ReportKind.INITIAL), em.report_due(event, rules)
        ended = first.at if first else event.dismissed_at or now
        rows.append((
            event.receipt_no, event.region, event.place, event.triggers, _time(event.known_at), event.status,
            f"{event.grade.label}（{event.grade.value}级）" if event.grade else "待定级", event.graded_by, event.acknowledged_by,
            _time(event.acknowledged_at), _time(due), _time(first.at if first else None), ended <= due, event.sensitive, event.neighbours,
            event.dismissed_reason,
        ))  # fmt: skip
        for report in event.reports:
            form = rules.forms[report.kind]
            names = {**rules.header, **form.required, **form.optional}
            reports += [
                (event.receipt_no, report.kind.label, _time(report.at), report.by, names.get(key, key), text)
                for key, text in report.fields.items()
            ]
    return Table(TITLE, HEADER, rows, further=(Table("报告", REPORTS, reports),))


def _time(moment: datetime | None) -> Any:
    return f"{moment.astimezone(LOCAL):%Y-%m-%d %H:%M}" if moment else None

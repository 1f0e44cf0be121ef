"""Reports as people send them: 《突发环境事件信息报告》 as a Word document or as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from services.domain import emergency as em
from services.domain.city import City

LOCAL = ZoneInfo("Asia/Shanghai")
MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def lines(
    event: em.Emergency, report: em.EmergencyReport, rules: em.EmergencyRules, city: City, number: int
) -> Iterator[tuple[str, str]]:
    """(heading, text) of a report: the header of the form, what is known of the event, the form's fields in order."""
    form = rules.forms[report.kind]
    region = city.index.region_names.get(event.region or city.code, event.region or city.name)
    grade = f"{event.grade.label}（{event.grade.value}级，由{event.graded_by}认定）" if event.grade else "待定级"
    yield "报告类别", report.kind.label + (f"（第{number}次）" if report.kind is em.ReportKind.FOLLOW_UP else "")
    yield from ((name, report.fields.get(key, "")) for key, name in rules.header.items())
    yield "报送", "、".join(em.recipients(event, rules))
    yield "报告时间", _time(report.at)
    yield "获知时间", f"{_time(event.known_at)}，初报时限{_time(em.report_due(event, rules))}"
    yield "行政区域", " ".join(filter(None, (region, event.place)))
    yield "事件等级", grade
    if event.sensitive:
        yield "敏感情形", "、".join(event.sensitive)
    for key, name in {**form.required, **form.optional}.items():
        if key in report.fields:
            yield name, report.fields[key]


def as_text(event: em.Emergency, index: int, rules: em.EmergencyRules, city: City, printed: str) -> str:
    """The report as plain text; raises IndexError for a report that is not there."""
    report, number = _pick(event, index)
    body = "\n".join(f"{name}：{text}" for name, text in lines(event, report, rules, city, number))
    return f"突发环境事件信息报告\n事件编号：{event.id}\n\n{body}\n\n{printed}\n"


def as_docx(event: em.Emergency, index: int, rules: em.EmergencyRules, city: City, printed: str) -> bytes:
    """The report as a Word document; CPU work, call it off the event loop. Raises IndexError as `as_text` does."""
    report, number = _pick(event, index)
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "仿宋", Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run("突发环境事件信息报告")
    run.bold, run.font.size = True, Pt(20)
    table = document.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    for name, text in lines(event, report, rules, city, number):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = name, text
    document.sections[0].footer.paragraphs[0].text = f"事件编号 {event.id}  {printed}"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def printed_by(who: str, at: datetime) -> str:
    """The mark of who took a document out, and when."""
    return f"导出：{who} {_time(at)}"


def _pick(event: em.Emergency, index: int) -> tuple[em.EmergencyReport, int]:
    if not 0 <= index < len(event.reports):
        raise IndexError(index)
    report = event.reports[index]
    number = sum(1 for known in event.reports[: index + 1] if known.kind is report.kind)
    return report, number


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%d %H:%M}"

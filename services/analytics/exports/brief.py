"""The weekly brief of a district: one page of Word with what changed, how sure it is, and two charts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from services.analytics.charts import places, shares
from services.analytics.charts.render import chinese_fonts, to_png
from services.analytics.charts.theme import Paths, Picture
from services.analytics.exports.workbook import NO_FONT, Mark
from services.analytics.report import Names, Report
from services.domain.indicators.dictionary import Form
from services.domain.indicators.figures import Change, number

BODY, HEADING = "宋体", "微软雅黑"
SHOWN = (
    "submissions", "petitioners", "repeat_rate_submissions", "repeat_rate_same_problem", "merge_saving_valid", "conclude_in_time",
    "rebound_rate", "led_resolved", "satisfied_rate", "auto_undone",
)  # fmt: skip
"""The ten lines a district's leader reads; all others are in the workbook."""
HEADER = ("指标（口径）", "本期", "分子/分母", "95%区间", "上期", "变化")


def brief(report: Report, names: Names, mark: Mark, pictures: Sequence[Picture] | None = None) -> bytes:
    """DOCX of one A4 page. `pictures` are drawn from the report where not given."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin, page.bottom_margin = Cm(1.3), Cm(1.2)
    document.core_properties.author = mark.who
    document.core_properties.comments = f"导出：{mark}"
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(10)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    style.paragraph_format.space_after = Pt(2)
    window = report.query.window
    year, week, _ = window.end.isocalendar()
    where = names.slice(report.query.slice)
    _line(document, f"{where}重复信访周报（{year}年第{week}周）", size=17, bold=True, font=HEADING, centre=True)
    _line(document, f"统计时段 {window.text}　制表：{mark}　内部资料，不得向被举报单位提供", size=8.5, grey=True, centre=True)
    for sentence in findings(report):
        _line(document, f"• {sentence}", size=10.5)
    _table(document, [change for change in report.changes if change.after.id in SHOWN])
    drawn = charts(report) if pictures is None else pictures
    if chinese_fonts():
        for picture in drawn:
            document.add_picture(io.BytesIO(to_png(picture, 2.0)), width=Cm(13.2))
            document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
            document.paragraphs[-1].paragraph_format.space_after = Pt(0)
    else:
        _line(document, NO_FONT, size=9, grey=True)
    _line(document, "件次按来件计，分办按权重，不含重复投递；人为不同的实名信访人。区间为 Wilson 95%，区间相离才称明显。全部指标的公式和依据见指标工作簿“口径”页。", size=8, grey=True)  # fmt: skip
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def charts(report: Report) -> tuple[Picture, ...]:
    """The two pictures of a brief, the same as on the page, a little smaller."""
    paths = Paths()
    return (
        shares.trend(report.trend, report.trend_whole, paths, report.query.slice, width=520, height=105),
        places.hot(report.respondents, report.query.window, paths, report.concentration, most=5, width=330),
    )


def findings(report: Report) -> list[str]:
    """What is worth saying, at most four sentences; only what the numbers carry."""
    said = []
    change = next(c for c in report.changes if c.after.id == "repeat_rate_submissions")
    rate = change.after
    if rate.value is not None:
        compared = _moved(change)
        said.append(f"重复信访率（件次口径）{rate.text}（{rate.counts}{f'，95%区间{rate.interval.text}' if rate.interval else ''}），{compared}。")
    if report.concentration.total:
        said.append(f"重复信访集中在{report.concentration.sites}家单位，占{report.concentration.share:.0%}。")
    callers = [item for item in report.respondents if item.one_caller]
    if callers:
        said.append(f"{callers[0].site.name}的{number(callers[0].site.submissions)}件次中{callers[0].site.concentration:.0%}出自一人，不计为热点。")
    if report.rising:
        said.append("本周明显上升：" + "、".join(f"{r.name}（{r.rise.now}人，预期{r.rise.expected:.1f}人）" for r in report.rising[:3]) + "。")
    if report.closing.median is not None:
        said.append(f"首次反映到销号，一半在{report.closing.median:.0f}日内（未销号{report.closing.open}件按删失计）。")
    return said[:4] or ["本期没有信访件。"]


def _moved(change: Change) -> str:
    if change.difference is None:
        return "上期无数据"
    if not change.certain:
        return f"与上期{change.before.text}相比没有明显变化"
    return f"比上期{change.before.text}明显{'上升' if change.difference > 0 else '下降'}"


def _table(document: Any, changes: Sequence[Change]) -> None:
    table = document.add_table(rows=1, cols=len(HEADER))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, HEADER, strict=True):
        _cell(cell, text, bold=True)
    for change in changes:
        now = change.after
        moved = change.difference
        share = now.indicator.form in (Form.SHARE, Form.PRODUCT)
        shift = "" if moved is None else f"{moved * 100:+.1f}个百分点" if share else f"{moved:+,.0f}"
        values = (
            f"{now.indicator.name}：{now.indicator.formula}", now.text, now.counts, now.interval.text if now.interval else "",
            change.before.text, f"{shift}{'，明显' if change.certain else ''}",
        )  # fmt: skip
        for cell, text in zip(table.add_row().cells, values, strict=True):
            _cell(cell, text)
    widths = (Cm(6.6), Cm(1.7), Cm(2.5), Cm(2.9), Cm(1.7), Cm(2.3))
    table.autofit = False
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    head = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(head)


def _cell(cell: Any, text: str, *, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    _run(paragraph, text, size=8.5, bold=bold)


def _line(document: Any, text: str, *, size: float, bold: bool = False, font: str = BODY, grey: bool = False, centre: bool = False) -> None:
    paragraph = document.add_paragraph()
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, text, size=size, bold=bold, font=font, grey=grey)


def _run(paragraph: Any, text: str, *, size: float, bold: bool = False, font: str = BODY, grey: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if grey:
        run.font.color.rgb = RGBColor(0x60, 0x68, 0x70)

"""The indicator workbook officials ask for: tables with numerator, denominator, interval and source, charts, definitions.

Text that a spreadsheet would run as a formula is disarmed; every sheet says who took it and when, on screen and in print.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.analytics.charts import places, shares
from services.analytics.charts.render import chinese_fonts, to_png
from services.analytics.charts.theme import Paths, Picture
from services.analytics.report import Names, Report
from services.domain.clocks.calendar import CHINA
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Change, Figure
from services.domain.indicators.heat import Ranked
from services.domain.tables import cell_out

FIGURES = (
    "类别", "指标", "口径", "单位", "分子", "分母", "数值", "95%区间下限", "95%区间上限", "上期分子", "上期分母", "上期数值", "变化", "变化是否明显", "依据", "可信度",
)  # fmt: skip
SITES = (
    "序号", "对象", "区县", "信访人数", "匿名件次", "件次", "按件次排名", "重复件次", "最多一人件次占比", "是否一人反复", "案件数", "办理轮次", "反弹次数", "出现月数",
    "首次来件", "最近来件", "曾用名称", "问题类型",
)  # fmt: skip


def charts(report: Report) -> tuple[Picture, ...]:
    """The two pictures of a workbook: how the headline moved, and where complaints gather."""
    query = report.query
    return (
        shares.trend(report.trend, report.trend_whole, Paths(), query.slice),
        places.hot(report.respondents, query.window, Paths(), report.concentration),
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """Who takes something out, and when."""

    who: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.who} {self.at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def workbook(report: Report, rules: IndicatorRules, names: Names, mark: Mark, pictures: Sequence[Picture] | None = None) -> bytes:
    """XLSX of a report. `pictures` are drawn from the report where not given, the same as on the page."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    what = f"{names.slice(report.query.slice)}　{report.query.window.text}"
    book.set_properties({"title": f"重复信访指标 {what}", "author": mark.who, "comments": f"导出：{mark}"})
    made = _Sheets(book, what, mark)
    made.sheet("指标", FIGURES, [figure_row(change, rules) for change in report.changes])
    for dimension in (Dimension.REGION, Dimension.UNIT):
        rows = [
            [names.of(dimension, member), figure.indicator.name, figure.indicator.formula, *_values(figure)]
            for (_, by), items in report.breakdowns.items() if by is dimension for member, figure in items
        ]  # fmt: skip
        if rows:
            header = (dimension.label, "指标", "口径", "分子", "分母", "数值", "95%区间下限", "95%区间上限")
            made.sheet(f"分{dimension.label}", header, rows)
    for title, items in (("热点", report.hot), ("热点单位", report.respondents), ("长期反复", report.chronic)):
        made.sheet(title, SITES, [site_row(item, names) for item in items])
    made.sheet(
        "上升", ("对象", "区县", "最近7日信访人数", "预期", "倍数", "偶然出现的概率"),
        [[r.name, names.of(Dimension.REGION, r.region or "-"), r.rise.now, round(r.rise.expected, 1), round(r.rise.times, 1),
          round(r.rise.p, 5)] for r in report.rising],
    )  # fmt: skip
    made.sheet(
        "口径", ("标识", "指标", "同名其他读法", "公式", "单位", "依据", "可信度", "说明"),
        [[id, i.name, "、".join(rules.indicators[x].name for x in rules.readings(id) if x != id), i.formula, i.unit, i.provenance,
          i.confidence, i.note] for id, i in rules.indicators.items()],
    )  # fmt: skip
    made.pictures(charts(report) if pictures is None else pictures)
    book.close()
    return out.getvalue()


def figure_row(change: Change, rules: IndicatorRules) -> list[object]:
    """One indicator as officials list it."""
    now, before = change.after, change.before
    moved = change.difference
    return [
        rules.groups[now.indicator.group], now.indicator.name, now.indicator.formula, now.indicator.unit, *_values(now),
        before.numerator, before.denominator, _value(before), None if moved is None else round(moved, 4),
        "是" if change.certain else "否", now.indicator.provenance, now.indicator.confidence,
    ]  # fmt: skip


def site_row(item: Ranked, names: Names) -> list[object]:
    """One site as officials list it."""
    site = item.site
    return [
        item.rank, site.name, names.of(Dimension.REGION, site.region or "-"), site.petitioners, site.anonymous, site.submissions,
        item.rank_by_count, site.repeats, round(site.concentration, 3), item.one_caller, site.cases, site.rounds, site.rebounds,
        site.months, site.first, site.last, site.names, (*site.types, *site.subtypes),
    ]  # fmt: skip


def _values(figure: Figure) -> list[object]:
    if figure.suppressed:
        return [None, None, "少于保密下限", None, None]
    low, high = (figure.interval.low, figure.interval.high) if figure.interval else (None, None)
    return [figure.numerator, figure.denominator, _value(figure), _round(low), _round(high)]


def _value(figure: Figure) -> object:
    return _round(figure.value)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


class _Sheets:
    """Sheets of one look."""

    def __init__(self, book: xlsxwriter.Workbook, what: str, mark: Mark) -> None:
        self.book, self.what, self.mark = book, what, mark
        cell = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF", "font_name": "宋体", "font_size": 10}
        self.title = book.add_format({"bold": True, "font_size": 14, "font_name": "宋体"})
        self.small = book.add_format({"font_color": "#808080", "font_size": 9, "font_name": "宋体"})
        self.head = book.add_format({**cell, "bold": True, "bg_color": "#E7EFEF", "align": "center"})
        self.cell = book.add_format(cell)
        self.day = book.add_format({**cell, "num_format": "yyyy-mm-dd"})

    def _new(self, name: str) -> Worksheet:
        page = self.book.add_worksheet(name)
        page.write_string(0, 0, f"{name}　{self.what}", self.title)
        page.write_string(1, 0, f"导出：{cell_out(str(self.mark))}　内部资料，不得向被举报单位提供", self.small)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_footer("&L&8导出：" + str(self.mark).replace("&", "&&") + "&R&8第 &P 页，共 &N 页")
        return page

    def sheet(self, name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        page = self._new(name)
        for column, text in enumerate(header):
            page.write_string(2, column, text, self.head)
            longest = max((_width(row[column]) for row in rows), default=0)
            page.set_column(column, column, min(44, max(8, 2 * len(text) + 2, longest)))
        for index, row in enumerate(rows, 3):
            for column, value in enumerate(row):
                _write(page, index, column, value, self.cell, self.day)
        page.repeat_rows(2)
        page.freeze_panes(3, 2)
        page.autofilter(2, 0, 2 + len(rows), len(header) - 1)

    def pictures(self, pictures: Sequence[Picture]) -> None:
        if not pictures:
            return
        page = self._new("图")
        if not chinese_fonts():
            page.write_string(3, 0, NO_FONT, self.small)
            return
        row = 3
        for picture in pictures:
            image = io.BytesIO(to_png(picture, 2.0))
            page.insert_image(row, 0, "chart.png", {"image_data": image, "x_scale": 0.5, "y_scale": 0.5, "description": picture.title})
            row += 24


NO_FONT = "本机没有中文字体，图未附上。请安装 fonts-noto-cjk 后重新导出；网页上的图不受影响。"


def _write(page: Worksheet, row: int, column: int, value: object, style: Format, day: Format) -> None:
    if isinstance(value, Decimal):
        value = float(value)
    safe = cell_out(value)
    if safe is None:
        page.write_blank(row, column, None, style)
    elif isinstance(safe, date) and not isinstance(safe, datetime):
        page.write_datetime(row, column, datetime(safe.year, safe.month, safe.day), day)
    elif isinstance(safe, int | float):
        page.write_number(row, column, safe, style)
    else:
        page.write_string(row, column, str(safe), style)


def _width(value: object) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in str(cell_out(value) or "")[:44]) + 2



"""Figures, sites and lists as rows of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.vocabulary import LinkKind
from services.analytics.charts.theme import Paths, with_value
from services.analytics.figures import Listing, Query, needed
from services.analytics.pages.models import Cell, Grid, Line
from services.analytics.report import Names
from services.analytics.sites import Risen
from services.domain.case.status import Status
from services.domain.case.values import Satisfaction
from services.domain.indicators.dictionary import Form, IndicatorRules
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Change, Figure, Window, number
from services.domain.indicators.heat import Ranked

EMPTY = "本时段没有数据；来件经登记、研判后几秒内计入。"
HEADINGS: Mapping[str, str] = {
    "receipt_no": "受理编号", "case_no": "案号", "counted_on": "日期", "kind": "关联", "weight": "权重", "region": "区县", "channel": "来源",
    "types": "类型", "subtype": "细类", "respondent": "被举报单位", "place": "地点", "status": "状态", "unit_name": "主办单位", "unit": "单位",
    "reporter_ordinal": "同一人第几次", "case_ordinal": "本案第几件", "leader_name": "包案领导", "complaints": "件次", "reporters": "人",
    "repeat_ordinal": "最多一人次数", "ordinal": "轮次", "rebounds": "反弹", "outcome": "结果", "verdict": "是否属实", "due_on": "应办结日",
    "concluded_on": "办结日", "closed_out_on": "销号日", "in_time": "按期", "returns": "退单", "rebound": "反弹", "contacted": "已联系",
    "solved": "已解决", "ground": "退单理由", "lead": "主办", "act": "关联方式", "score": "把握", "answer": "人工答复",
}  # fmt: skip
WORDS: Mapping[str, str] = {
    **{kind.value: kind.label for kind in LinkKind}, **{status.value: status.label for status in Status},
    **{answer.value: answer.label for answer in Satisfaction},
    "open": "办理中", "untrue": "不属实", "auto": "自动", "suggest": "建议", "undone": "已撤销", "confirmed": "已采纳", "refused": "已否定",
}  # fmt: skip


def line(change: Change, rules: IndicatorRules, paths: Paths, query: Query) -> Line:
    """One indicator with its way to definition and lists."""
    now = change.after
    measures = needed(rules, [now.id])
    tone = "" if not change.certain or change.better is None else "better" if change.better else "worse"
    links = [paths.listing(name, query.window, query.slice) for name in measures]
    return Line(
        id=now.id, name=now.indicator.name, formula=now.indicator.formula, unit=now.indicator.unit, text=now.text, counts=now.counts,
        interval=now.interval.text if now.interval else "", before=change.before.text, change=moved(change), tone=tone,
        href=paths.indicator(now.id, query.window, query.slice), list_href=links[0],
        base_href=links[1] if len(links) > 1 else None,
    )  # fmt: skip


def moved(change: Change) -> str:
    """How far it moved, in the indicator's own unit, and whether that is more than chance."""
    if change.difference is None:
        return ""
    if change.after.indicator.form in (Form.SHARE, Form.PRODUCT):
        text = f"{change.difference * 100:+.1f} 个百分点"
    elif change.after.indicator.form is Form.MEAN:
        text = f"{change.difference:+.1f}"
    else:
        text = f"{change.difference:+,.0f}"
    return f"{text}，明显" if change.certain else text


def breakdown(items: Sequence[tuple[str, Figure]], dimension: Dimension, names: Names, paths: Paths, query: Query) -> Grid:
    """An indicator across a dimension; every row leads to its own list."""
    rows = tuple(
        (
            Cell(names.of(dimension, member)),
            Cell(figure.text, True, None if figure.suppressed else paths.listing(
                figure.indicator.numerator, query.window, with_value(query.slice, dimension, member))),
            Cell("" if figure.suppressed else figure.counts, True),
            Cell(figure.interval.text if figure.interval and not figure.suppressed else "", True),
        )
        for member, figure in items
    )  # fmt: skip
    return Grid((dimension.label, "数值", "分子/分母", "95%区间"), rows, EMPTY)


def ranked(items: Sequence[Ranked], names: Names, paths: Paths, window: Window) -> Grid:
    """Sites with both ranks."""
    rows = tuple(
        (
            Cell(str(i.rank), True), Cell(i.site.name, href=paths.site(i.site.key, window)),
            Cell(names.of(Dimension.REGION, i.site.region or "-")), Cell(str(i.site.voices), True), Cell(number(i.site.submissions), True),
            Cell(str(i.rank_by_count), True), Cell(f"{i.site.concentration:.0%}", True), Cell("、".join(remarks(i))),
        )
        for i in items
    )  # fmt: skip
    return Grid(("名次", "对象", "区县", "人", "件次", "件次名次", "一人占比", "说明"), rows, EMPTY)


def remarks(item: Ranked) -> list[str]:
    """What is to be said of a site."""
    site = item.site
    said = [(item.one_caller, "一人反复"), (item.chronic, f"{site.months}个月有来件"), (item.renamed, f"曾用{len(site.names)}个名称"),
            (item.recategorised, f"{len(site.subtypes) or len(site.types)}类问题"), (bool(site.rebounds), f"{site.rebounds}次反弹")]  # fmt: skip
    return [text for on, text in said if on]


def risen(items: Sequence[Risen], names: Names, paths: Paths) -> Grid:
    """Rises, the surest first."""
    rows = tuple(
        (
            Cell(r.name, href=paths.site(r.rise.key, Window.last(7, r.until))), Cell(names.of(Dimension.REGION, r.region or "-")),
            Cell(r.rise.kind), Cell(str(r.rise.now), True), Cell(f"{r.rise.expected:.1f}", True), Cell(f"{r.rise.times:.1f}", True),
        )
        for r in items
    )  # fmt: skip
    return Grid(("对象", "区县", "类型", "本周人数", "预期", "倍数"), rows, "本周没有超出自身过去和季节的上升。")


def listing(found: Listing, names: Names, paths: Paths) -> Grid:
    """The rows a measure counts; case numbers and receipt numbers lead to the matter."""
    columns = [name for name in (found.rows[0] if found.rows else ()) if name in HEADINGS]
    rows = tuple(tuple(_cell(name, row[name], names, paths) for name in columns) for row in found.rows)
    return Grid(tuple(HEADINGS[name] for name in columns), rows, EMPTY)


def _cell(name: str, value: Any, names: Names, paths: Paths) -> Cell:
    if value is None:
        return Cell("不明" if name == "region" else "")
    if name in ("case_no", "receipt_no"):
        return Cell(str(value), href=paths.matter(str(value)))
    if name == "region":
        return Cell(names.of(Dimension.REGION, value))
    if name == "channel":
        return Cell(names.of(Dimension.CHANNEL, value))
    if name == "unit":
        return Cell(names.of(Dimension.UNIT, value))
    if isinstance(value, bool):
        return Cell("是" if value else "否")
    if isinstance(value, list):
        return Cell("、".join(value))
    if isinstance(value, float):
        return Cell(f"{value:.2f}", True)
    if isinstance(value, int | Decimal):
        return Cell(number(value), True)
    if isinstance(value, date):
        return Cell(value.isoformat())
    return Cell(WORDS.get(str(value), str(value)))

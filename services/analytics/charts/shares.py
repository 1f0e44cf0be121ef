"""Shares: one over time with its interval, one across units, districts side by side on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import altair as alt

from services.analytics.charts.theme import (
    ACCENT,
    CONTEXT,
    FAINT,
    INK,
    QUIET,
    Paths,
    Picture,
    cut,
    data,
    finish,
    with_value,
)
from services.domain.indicators.dictionary import Form
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Figure, Slice, wilson

Points = Sequence[tuple[date, Figure]]


def _format(figure: Figure) -> str:
    return ".0%" if figure.indicator.form in (Form.SHARE, Form.PRODUCT) else ",.1~f"


def trend(points: Points, whole: Figure, paths: Paths, slice_: Slice, *, width: int = 620, height: int = 200) -> Picture:
    """One indicator over time; the band is the interval of each step, the grey line the figure of the whole window."""
    shown = [(start, figure) for start, figure in points if figure.value is not None]
    rows = [
        {
            "day": start.isoformat(), "value": figure.value, "n": figure.counts, "text": figure.text,
            "low": figure.interval.low if figure.interval else None, "high": figure.interval.high if figure.interval else None,
            "url": paths.listing(figure.indicator.numerator, figure.window, slice_),
        }
        for start, figure in shown
    ]  # fmt: skip
    base = alt.Chart(data(rows)).encode(x=alt.X("day:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=6)))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format=_format(whole), tickCount=4, grid=True, gridColor=FAINT))
    parts = [
        base.transform_filter("datum.low != null").mark_area(color=FAINT, opacity=0.6).encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        alt.Chart(data([{"value": whole.value or 0}])).mark_rule(color=CONTEXT, strokeDash=[4, 3]).encode(y="value:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(y=y),
        base.mark_point(color=ACCENT, filled=True, size=36, opacity=1).encode(y=y, href="url:N", description="text:N"),
    ]
    if rows:
        last = alt.Chart(data([rows[-1]])).encode(x="day:T", y="value:Q")
        parts.append(last.mark_text(align="right", dy=-12, fontWeight=600, color=ACCENT).encode(text="text:N"))
    title = _trend_title(whole, shown)
    subtitle = (measure_line(whole), f"{whole.window.text}，n={whole.counts or whole.text}{interval_text(whole)}；灰带为各期区间")
    said = "；".join(f"{start}起{figure.text}（{figure.counts or figure.text}）" for start, figure in shown)
    return finish(alt.layer(*parts).properties(height=height), title, subtitle, said or "本时段没有数据", width=width)


def _trend_title(whole: Figure, shown: Points) -> str:
    name = whole.indicator.name
    if len(shown) < 2:
        return f"{name} {whole.text}"
    half = len(shown) // 2
    early, late = shown[:half], shown[half:]
    one, other = _mean(early), _mean(late)
    firm = early[-1][1].interval is None or abs(other - one) > _noise(shown)
    if not one or not firm or abs(other - one) / abs(one) < 0.1:
        return f"{name} {whole.text}，前后大致持平"
    return f"{name} {whole.text}，后半段{'上升' if other > one else '下降'}"


def _mean(points: Points) -> float:
    bottoms = [float(figure.denominator or 1) for _, figure in points]
    return sum((figure.value or 0.0) * n for (_, figure), n in zip(points, bottoms, strict=True)) / (sum(bottoms) or 1.0)


def _noise(points: Points) -> float:
    """Half the mean width of the steps' intervals over the root of their number: a move below it may be chance."""
    widths = [figure.interval.high - figure.interval.low for _, figure in points if figure.interval]
    return sum(widths) / len(widths) / 2 / max(1.0, len(widths) ** 0.5) if widths else 0.0


def across(
    items: Sequence[tuple[str, Figure]], whole: Figure, dimension: Dimension, names: Mapping[str, str], paths: Paths, slice_: Slice,
    *, most: int = 20, width: int = 480,
) -> Picture:  # fmt: skip
    """One indicator across the values of a dimension: a dot and its interval each, the whole as a grey rule.

    Only values whose interval lies apart from the whole carry the accent: the others may differ by chance.
    """
    rows = []
    seen = [item for item in items[:most] if item[1].value is not None and not item[1].suppressed]
    for member, figure in seen:
        apart = _apart(figure, whole, len(seen))
        rows.append({
            "name": cut(names.get(member, member)), "value": figure.value, "text": f"{figure.text}　{figure.counts}",
            "low": figure.interval.low if figure.interval else figure.value,
            "high": figure.interval.high if figure.interval else figure.value, "colour": ACCENT if apart else CONTEXT,
            "url": paths.listing(figure.indicator.numerator, figure.window, with_value(slice_, dimension, member)),
        })  # fmt: skip
    rows.sort(key=lambda row: -row["value"])  # type: ignore[operator]
    top = max((float(str(row["high"])) for row in rows), default=1.0) or 1.0
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelColor=INK))
    x = alt.X("value:Q", title=None, scale=alt.Scale(domain=[0, top * 1.02]), axis=alt.Axis(format=_format(whole), tickCount=5, grid=True, gridColor=FAINT))
    base = alt.Chart(data(rows)).encode(y=y, color=alt.Color("colour:N", scale=None))
    parts = [
        alt.Chart(data([{"value": whole.value or 0}])).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(x="value:Q"),
        base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=alt.X("low:Q", title=None), x2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x, href="url:N", description="text:N"),
        alt.Chart(data(rows)).mark_text(align="left", color=QUIET).encode(y=y, x=alt.value(width + 10), text="text:N"),
    ]
    apart_names = [str(row["name"]) for row in rows if row["colour"] == ACCENT]
    title = f"{whole.indicator.name}：{'、'.join(apart_names[:3])}与全部有别" if apart_names else f"{whole.indicator.name}：各{dimension.label}之间看不出差别"
    subtitle = (measure_line(whole), f"{whole.window.text}；虚线为全部 {whole.text}（{whole.counts}），横线为95%区间")
    said = "；".join(f"{row['name']} {row['text']}" for row in rows)
    chart = alt.layer(*parts).properties(height=max(60, 26 * len(rows)))
    return finish(chart, title, subtitle, said or "本时段没有数据", width=width)


def _apart(figure: Figure, whole: Figure, looked_at: int) -> bool:
    """Whether a value differs from the whole more than chance, many values being looked at at once (Bonferroni)."""
    if figure.interval is None or figure.denominator is None or whole.value is None:
        return False
    wide = wilson(figure.numerator, figure.denominator, 1 - (1 - figure.interval.level) / max(1, looked_at))
    return wide is not None and not wide.low <= whole.value <= wide.high


def measure_line(figure: Figure) -> str:
    """What is divided by what, in which unit."""
    return f"{figure.indicator.formula}（{figure.indicator.unit}）"


def interval_text(figure: Figure) -> str:
    """The interval as the end of a sentence."""
    return f"，{figure.interval.level:.0%}区间 {figure.interval.text}" if figure.interval else ""


def districts(lines: Mapping[str, Points], whole: Points, names: Mapping[str, str], paths: Paths, *, columns: int = 3) -> Picture:
    """Small multiples: one panel a district, one scale, the city in grey behind each."""
    rows = []
    for code, points in lines.items():
        for (start, figure), (_, city) in zip(points, whole, strict=True):
            slice_ = Slice.of({Dimension.REGION: code})
            rows.append({
                "district": names.get(code, code), "day": start.isoformat(), "value": figure.value, "city": city.value,
                "text": f"{names.get(code, code)} {start} {figure.text}（{figure.counts}）",
                "url": paths.listing(figure.indicator.numerator, figure.window, slice_),
            })  # fmt: skip
    first = next((figure for points in lines.values() for _, figure in points), None)
    name = first.indicator.name if first else ""
    base = alt.Chart().encode(x=alt.X("day:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=3)))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format=_format(first) if first else "", tickCount=3, grid=True, gridColor=FAINT))
    panel = alt.layer(
        base.mark_line(color=CONTEXT, strokeWidth=1.2).encode(y="city:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(y=y),
        base.mark_point(color=ACCENT, filled=True, size=18, opacity=1).encode(y=y, href="url:N", description="text:N"),
    ).properties(width=180, height=90)
    chart = panel.facet(facet=alt.Facet("district:N", title=None), columns=columns, data=data(rows))
    highest = max(lines, key=lambda code: _mean([p for p in lines[code] if p[1].value is not None]), default=None)
    title = f"{name}：{names.get(highest, highest)}最高" if highest and rows else f"{name}：没有数据"
    window = f"{whole[0][0]}起，按周；同一刻度，灰线为全市" if whole else ""
    said = "；".join(str(row["text"]) for row in rows if row["value"] is not None)
    return finish(chart, title, (measure_line(first) if first else "", window), said or "没有数据", width=None)

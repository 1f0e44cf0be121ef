"""Courses: how long until close-out, how sure the machine is, one matter across its close-outs."""

from __future__ import annotations

import altair as alt

from services.analytics.charts.theme import ACCENT, CONTEXT, FAINT, INK, QUIET, WARN, Paths, Picture, cut, data, finish
from services.analytics.matters import Story
from services.domain.clocks.calendar import day_of
from services.domain.indicators.figures import Window
from services.domain.indicators.quality import Calibration
from services.domain.indicators.survival import Duration


def waiting(found: Duration, window: Window, what: str = "首次反映到销号", *, width: int = 620, height: int = 200) -> Picture:
    """Share ended by day, with the interval; those still open are counted as not yet."""
    rows = [{"day": d, "share": s, "low": low, "high": high} for d, s, low, high in found.curve]
    base = alt.Chart(data(rows)).encode(x=alt.X("day:Q", title="日", axis=alt.Axis(tickCount=6, titleAnchor="end")))
    y = alt.Y("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=4, grid=True, gridColor=FAINT))
    parts = [
        base.mark_area(color=FAINT, opacity=0.7, interpolate="step-after").encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2, interpolate="step-after").encode(y=y),
    ]
    if found.median is not None:
        mark = [{"day": found.median, "share": 0.5, "text": f"一半用 {found.median:.0f} 日"}]
        parts += [
            alt.Chart(data(mark)).mark_point(filled=True, color=ACCENT, size=60, opacity=1).encode(x="day:Q", y="share:Q"),
            alt.Chart(data(mark)).mark_text(align="left", dx=10, dy=12, color=ACCENT, fontWeight=600).encode(x="day:Q", y="share:Q", text="text:N"),
        ]
    title = f"{what}：一半在 {found.median:.0f} 日内" if found.median is not None else f"{what}：至今不到一半"
    subtitle = (window.text, f"已完成{found.events}件，未完成{found.open}件按删失计（Kaplan–Meier，95%区间）")
    said = "；".join(f"{share:.0%}用{days:.0f}日" if days is not None else f"{share:.0%}尚未达到" for share, days in found.quantiles.items())
    return finish(alt.layer(*parts).properties(height=height), title, subtitle, said, width=width)


def sureness(found: Calibration, level: float, *, size: int = 260) -> Picture:
    """What the machine promised against what people found: on the grey diagonal it is honest."""
    rows = []
    for item in found.bins:
        interval = item.interval(level)
        rows.append({
            "promised": item.promised, "observed": item.observed, "low": interval.low if interval else item.observed,
            "high": interval.high if interval else item.observed, "text": f"{item.observed:.0%}　n={item.answered}",
        })  # fmt: skip
    axis = alt.Axis(format=".0%", tickCount=5, grid=True, gridColor=FAINT)
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(data(rows)).encode(x=alt.X("promised:Q", title=None, scale=scale, axis=axis))
    parts = [
        alt.Chart(data([{"promised": 0, "observed": 0}, {"promised": 1, "observed": 1}]))
        .mark_line(color=CONTEXT, strokeDash=[4, 3]).encode(x="promised:Q", y="observed:Q"),
        base.mark_rule(color=ACCENT, strokeWidth=3, opacity=0.4).encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        base.mark_point(color=ACCENT, filled=True, size=60, opacity=1)
        .encode(y=alt.Y("observed:Q", title=None, scale=scale, axis=axis), description="text:N"),
        base.mark_text(align="left", dx=8, color=QUIET).encode(y="observed:Q", text="text:N"),
    ]  # fmt: skip
    gap = "暂无答复" if found.error is None else f"平均偏差 {found.error:.1%}"
    title = f"机器的把握与人工结论：{gap}"
    said = "；".join(f"把握{row['promised']:.0%}，实际{row['text']}" for row in rows)
    return finish(alt.layer(*parts).properties(height=size), title, ("横轴：机器的把握；纵轴：人工认定属同一事项", f"已答复的关联建议 {found.answered} 件"), said or "暂无答复", width=size + 60)


STEPS = (
    ("assigned_on", "交办"), ("verified_on", "核实"), ("concluded_on", "办结"), ("closed_out_on", "销号"), ("looked_back_on", "回头看"),
    ("rebound_on", "反弹"),
)  # fmt: skip


def timeline(story: Story, paths: Paths, *, width: int = 620) -> Picture:
    """One matter across its close-outs: a lane a round with its milestones, complaints as ticks above."""
    rows, spans = [], []
    for item in story.rounds:
        lane = f"第{item['ordinal']}轮"
        days = [item[name] for name, _ in STEPS if item[name]]
        spans.append({"lane": lane, "from": item["started_on"].isoformat(), "to": max([*days, item["started_on"]]).isoformat()})
        for place, (name, label) in enumerate((n, t) for n, t in STEPS if item[n]):
            colour = WARN if name == "rebound_on" else ACCENT
            rows.append({"lane": lane, "day": item[name].isoformat(), "text": label, "colour": colour, "below": place % 2})
    complaints = [
        {"lane": "来件", "day": day_of(moment.at).isoformat(), "text": f"{day_of(moment.at)} {moment.label} {moment.text}"}
        for moment in story.moments if moment.lane == "complaint"
    ]  # fmt: skip
    order = ["来件", *(span["lane"] for span in spans)]
    y = alt.Y("lane:N", sort=order, title=None, axis=alt.Axis(labelColor=INK))
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%Y-%m-%d", tickCount=5))
    url = paths.matter(story.case["case_no"])
    parts = [
        alt.Chart(data(spans)).mark_rule(color=FAINT, strokeWidth=6).encode(y=y, x=alt.X("from:T", title=None), x2="to:T"),
        alt.Chart(data([{**row, "url": url} for row in complaints])).mark_tick(color=CONTEXT, thickness=2, height=16)
        .encode(y=y, x=x, href="url:N", description="text:N"),
        alt.Chart(data(rows)).mark_point(filled=True, size=70, opacity=1).encode(y=y, x=x, color=alt.Color("colour:N", scale=None)),
        *(
            alt.Chart(data([row for row in rows if row["below"] == below])).mark_text(dy=dy, color=QUIET).encode(y=y, x=x, text="text:N")
            for below, dy in ((0, -13), (1, 17))
        ),
    ]  # fmt: skip
    case = story.case
    again = f"，{case['rebounds']}次反弹" if case["rebounds"] else ""
    title = f"{cut(case['respondent'] or case['place'] or case['case_no'], 20)}：{len(complaints)}件来件，{max(1, len(spans))}轮办理，{story.closed}次销号{again}"
    said = "；".join(f"{row['lane']}{row['text']}{row['day']}" for row in rows)
    chart = alt.layer(*parts).properties(height=44 * max(2, len(order)))
    return finish(chart, title, (f"{case['case_no']}，现为{case['status_label']}",), said or "尚无办理", width=width)

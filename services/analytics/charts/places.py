"""Where complaints gather and where they rise."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from services.analytics.charts.theme import ACCENT, CONTEXT, FAINT, INK, QUIET, Paths, Picture, cut, data, finish
from services.analytics.sites import Risen
from services.domain.indicators.figures import Window, number
from services.domain.indicators.heat import Concentration, Ranked


def _x(column: str) -> alt.X:
    return alt.X(f"{column}:Q", title=None, scale=alt.Scale(zero=True), axis=None)


def hot(items: Sequence[Ranked], window: Window, paths: Paths, found: Concentration | None = None, *, most: int = 15, width: int = 380) -> Picture:
    """Sites by different petitioners (accent) with their number of complaints (grey): where grey runs far past the accent,
    few people wrote often.
    """
    shown = [item for item in items if item.site.voices][:most]
    rows = [
        {
            "name": cut(item.site.name, 18), "people": item.site.voices, "submissions": float(item.site.submissions),
            "text": f"{item.site.voices}人　{number(item.site.submissions)}件次" + ("　一人反复" if item.one_caller else ""),
            "colour": CONTEXT if item.one_caller else ACCENT, "url": paths.site(item.site.key, window),
        }
        for item in shown
    ]  # fmt: skip
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelColor=INK))
    base = alt.Chart(data(rows)).encode(y=y)
    parts = [
        base.mark_bar(color=FAINT, height=16).encode(x=_x("submissions")),
        base.mark_bar(height=8).encode(x=_x("people"), color=alt.Color("colour:N", scale=None), href="url:N", description="text:N"),
        base.mark_text(align="left", dx=6, color=QUIET).encode(x=_x("submissions"), text="text:N"),
    ]
    if found and found.total:
        title = f"重复信访集中在 {found.sites} 家单位，占 {found.share:.0%}"
    elif shown:
        title = f"{cut(shown[0].site.name, 20)}反映的人最多，{shown[0].site.voices}人"
    else:
        title = "本时段没有热点"
    subtitle = ("不同信访人（深色）与件次（浅色）", window.text + (f"；重复信访共{number(found.total)}件次" if found else ""))
    said = "；".join(f"{item.site.name}{item.site.voices}人{number(item.site.submissions)}件次" for item in shown)
    return finish(alt.layer(*parts).properties(height=max(60, 26 * len(rows))), title, subtitle, said or "没有数据", width=width)


def rising(items: Sequence[Risen], paths: Paths, *, most: int = 9, columns: int = 3) -> Picture:
    """Weekly petitioners of each risen site, this week in accent, what was expected as a rule."""
    rows = []
    for item in items[:most]:
        weeks = item.rise.weeks
        for index, n in enumerate(weeks):
            last = index == len(weeks) - 1
            rows.append({
                "site": cut(item.name, 16), "week": index - len(weeks) + 1, "n": n, "colour": ACCENT if last else CONTEXT,
                "expected": item.rise.expected, "url": paths.site(item.rise.key, Window.last(7, item.until)),
                "text": f"{item.name} {'本周' if last else f'{len(weeks) - 1 - index}周前'} {n}人",
            })  # fmt: skip
    base = alt.Chart().encode(x=alt.X("week:O", title=None, axis=None))
    panel = alt.layer(
        base.mark_bar().encode(
            y=alt.Y("n:Q", title=None, axis=alt.Axis(tickCount=3, format="d", grid=True, gridColor=FAINT)),
            color=alt.Color("colour:N", scale=None), href="url:N", description="text:N",
        ),
        alt.Chart().mark_rule(color=QUIET, strokeDash=[3, 3]).encode(y="mean(expected):Q"),
    ).properties(width=180, height=70)  # fmt: skip
    chart = panel.facet(facet=alt.Facet("site:N", title=None, sort=None), columns=columns, data=data(rows)).resolve_scale(y="independent")
    title = f"{len(items)} 处本周明显上升，{cut(items[0].name, 16)}最突出" if items else "本周没有明显上升的对象"
    subtitle = (f"每周不同信访人数{f'，至{items[0].until}' if items else ''}", "深色为最近7日；虚线为按自身过去和季节推算的预期；各图刻度不同")
    said = "；".join(f"{i.name}本周{i.rise.now}人，预期{i.rise.expected:.1f}人" for i in items[:most])
    return finish(chart, title, subtitle, said or "没有上升", width=None)

"""One look for every picture: grey for context, one accent for the point made, direct labels, bars from zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import altair as alt

from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Slice, Window

FONTS = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"
INK, QUIET, CONTEXT, FAINT, ACCENT, WARN = "#1f2328", "#57606a", "#9aa3ab", "#d0d7de", "#0b5f66", "#a8321f"
WIDTH = 620
LABEL = 13

Spec = dict[str, Any]
CONFIG: Mapping[str, Any] = {
    "font": FONTS,
    "background": None,
    "view": {"stroke": None},
    "title": {
        "anchor": "start", "fontSize": 16, "fontWeight": 600, "color": INK, "subtitleFontSize": 12, "subtitleColor": QUIET,
        "subtitlePadding": 6, "offset": 14, "frame": "group", "font": FONTS, "subtitleFont": FONTS,
    },
    "axis": {
        "labelFontSize": 12, "labelColor": QUIET, "titleFontSize": 12, "titleColor": QUIET, "titleFontWeight": 400, "domain": False,
        "ticks": False, "grid": False, "labelPadding": 6, "labelLimit": 220, "labelFont": FONTS, "titleFont": FONTS,
    },
    "text": {"fontSize": 12, "color": INK, "font": FONTS},
    "header": {"labelFontSize": 12, "labelColor": INK, "labelFont": FONTS, "labelAnchor": "start", "titleFontSize": 0},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart to be drawn: what is seen (`spec`), and what a screen reader says (`title`, `description`)."""

    title: str
    description: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Paths:
    """Where marks lead: `base` is where the pages are mounted."""

    base: str = "/analysis"

    def listing(self, measure: str, window: Window, slice_: Slice = Slice(), **more: str) -> str:  # noqa: B008
        """The list a number counts."""
        return f"{self.base}/list?{urlencode({'measure': measure, **_window(window), **_slice(slice_), **more})}"

    def indicator(self, id: str, window: Window, slice_: Slice = Slice()) -> str:  # noqa: B008
        """One indicator with its definition, breakdowns and trend."""
        return f"{self.base}/indicators/{id}?{urlencode({**_window(window), **_slice(slice_)})}"

    def site(self, key: str, window: Window) -> str:
        """The complaints of one site."""
        return f"{self.base}/list?{urlencode({'measure': 'submissions', 'site': key, **_window(window)})}"

    def matter(self, case_no: str) -> str:
        """One matter."""
        return f"{self.base}/matters/{case_no}"


def _window(window: Window) -> dict[str, str]:
    return {"from": window.start.isoformat(), "to": window.end.isoformat()}


def _slice(slice_: Slice) -> dict[str, str]:
    return {dimension.value: value for dimension, value in slice_.values}


def with_value(slice_: Slice, dimension: Dimension, value: str) -> Slice:
    """The slice narrowed to one value of a dimension."""
    return Slice.of({**dict(slice_.values), dimension: value})


def finish(chart: Any, title: str, subtitle: Sequence[str], description: str, *, width: int | None = WIDTH) -> Picture:
    """The chart with its title, lines of period and measure, and look; nothing in it is fetched or run by a browser."""
    made = chart.properties(title=alt.Title(title, subtitle=[line for line in subtitle if line]))
    if width is not None:
        made = made.properties(width=width)
    spec = made.to_dict(validate=False)
    spec["config"] = {**CONFIG, "padding": 4}
    return Picture(f"{title}。{'，'.join(line for line in subtitle if line)}", description, spec)


def data(values: list[dict[str, Any]]) -> Any:
    """Rows as inline data."""
    return alt.InlineData(values=values)


def cut(text: str, limit: int = 16) -> str:
    """A name short enough for an axis; whole in the description and the list."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"

"""Charts of an evaluation as SVG, with no browser and no network: reliability of the link score, precision against recall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.evaluate import Evaluation, Judged

BINS = 10
SIZE = 320  # pixels


def reliability(links: Sequence[Judged], bins: int = BINS) -> list[dict[str, float]]:
    """Bins of equal mass, equal scores together: mean score, share right, count of links."""
    if not links:
        return []
    score = np.array([link.score for link in links])
    right = np.array([link.right for link in links], float)
    where = np.searchsorted(np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1])), score, side="right")
    return [
        {"score": float(score[where == k].mean()), "right": float(right[where == k].mean()), "links": int((where == k).sum())}
        for k in np.unique(where)
    ]


def precision_recall(links: Sequence[Judged]) -> list[dict[str, float]]:
    """Precision, and the share of all right links reached, threshold by threshold from the surest; equal scores are one step."""
    order = sorted(links, key=lambda link: -link.score)
    total = sum(link.right for link in order)
    hits, points = 0, []
    for n, link in enumerate(order, start=1):
        hits += link.right
        if n == len(order) or order[n].score != link.score:
            points.append({"threshold": link.score, "precision": hits / n, "recall": hits / total if total else 0.0})
    return points


def draw(result: Evaluation) -> dict[str, str]:
    """`reliability` and `precision-recall` as SVG texts."""
    import altair as alt
    import vl_convert

    def axis(name: str, title: str, channel: Any) -> Any:
        return channel(f"{name}:Q", title=title, scale=alt.Scale(domain=[0, 1]))

    diagonal = alt.Chart(alt.InlineData(values=[{"score": 0, "right": 0}, {"score": 1, "right": 1}])).mark_line(
        strokeDash=[4, 4], color="#888"
    ).encode(x=axis("score", "probability shown", alt.X), y=axis("right", "share right", alt.Y))
    bins = alt.Chart(alt.InlineData(values=reliability(result.links))).encode(
        x=axis("score", "probability shown", alt.X), y=axis("right", "share right", alt.Y)
    )
    curve = alt.Chart(alt.InlineData(values=precision_recall(result.links))).mark_line(
        interpolate="step-before", point=True, color="#1f5a8a"
    ).encode(
        x=axis("recall", "right links reached", alt.X), y=axis("precision", "share right above the threshold", alt.Y),
        order=alt.Order("threshold:Q", sort="descending"),
    )
    charts = {
        "reliability": diagonal + bins.mark_line(color="#1f5a8a") + bins.mark_circle(color="#1f5a8a", opacity=1).encode(
            size=alt.Size("links:Q", title="links")
        ),
        "precision-recall": curve,
    }
    return {
        name: str(vl_convert.vegalite_to_svg(chart.properties(width=SIZE, height=SIZE).to_json()))
        for name, chart in charts.items()
    }


def write(result: Evaluation, folder: Path) -> list[Path]:
    """Write the charts into `folder`, made where it is absent; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, svg in draw(result).items():
        path = folder / f"{name}.svg"
        path.write_text(svg, "utf8")
        written.append(path)
    return written

"""Where a case is and what lies around it: a sketch drawn on the server, and other cases of the same source.

With coordinates (of photos taken on the site, of a risk source the case is about) the sketch is a plan with a scale, on
which one sees whether the photos were taken at one place. Without, it shows the district between its neighbours. Pure but
for `around`, which reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import networkx

from services.console.access import Visit
from services.console.cases import Opened
from services.console.search import SEEN, scope_of
from services.domain.case.status import Status

WIDTH, HEIGHT, EDGE = 300, 190, 26
METRES_A_DEGREE = 111_320.0
"""Of latitude; of longitude times the cosine of the latitude."""
SCALES = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
MOST_OTHERS = 6
# Whoever may see a case by the search sees it here; the indexes of respondent and place serve it.
OTHERS = f"""
SELECT c.case_no, c.status, c.summary, c.region, c.first_received_at, c.respondent = $6 AS same_respondent, c.place = $7 AS same_place
FROM casework.cases c WHERE c.case_id <> $1 AND c.status <> 'merged' AND (c.respondent = $6 OR c.place = $7) AND ({SEEN})
ORDER BY c.last_event_at DESC LIMIT {MOST_OTHERS}
"""
SOURCES = """
SELECT s.name, s.longitude, s.latitude FROM registers.risk_cases k JOIN registers.risk_sources s ON s.id = k.source_id
WHERE k.case_id = $1 AND k.state IN ('matched', 'confirmed')
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something with a place on the plan: a photo (numbered) or a source."""

    label: str
    latitude: float
    longitude: float
    source: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """Another case of the same source, and what it has in common."""

    case_no: str
    title: str
    status: Status
    same: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the page shows: the place in words, a sketch (SVG) with what it says, the sources it is about, other cases."""

    said: str
    svg: str
    sources: tuple[str, ...]
    others: tuple[Other, ...]


async def around(visit: Visit, opened: Opened) -> Surroundings:
    """The surroundings of a case, as far as this person may see them."""
    state, office, actor = opened.state, visit.office, visit.principal
    matter = state.matter
    async with office.pool.acquire() as connection:
        sources = await connection.fetch(SOURCES, opened.id)
        others: Sequence[Any] = ()
        if matter.respondent or matter.place:
            others = await connection.fetch(OTHERS, opened.id, *scope_of(actor), matter.respondent or None, matter.place or None)
    marks = [
        Mark(f"照片{n}", item.position.latitude, item.position.longitude) for n, item in enumerate(state.evidence, 1) if item.position is not None
    ] + [Mark(row["name"], row["latitude"], row["longitude"], True) for row in sources if row["latitude"] is not None]
    if marks:
        said, svg = plan(marks)
    else:
        districts = {item.code: (item.name, item.neighbours) for item in office.city.document.districts}
        lineage = office.city.lineage(state.region) if state.region else ()
        said, svg = sketch(districts, next((code for code in lineage if code in districts), None))
    return Surroundings(
        said, svg, tuple(row["name"] for row in sources),
        tuple(Other(row["case_no"], row["summary"] or row["case_no"], Status(row["status"]), _same(row)) for row in others),
    )  # fmt: skip


def _same(row: Any) -> str:
    return "、".join(word for same, word in ((row["same_respondent"], "同一单位"), (row["same_place"], "同一地点")) if same)


def plan(marks: Sequence[Mark]) -> tuple[str, str]:
    """(what it says, SVG): marks in metres around their middle, north up, with a scale."""
    middle = sum(mark.latitude for mark in marks) / len(marks)
    east = METRES_A_DEGREE * math.cos(math.radians(middle))
    points = [(mark.longitude * east, -mark.latitude * METRES_A_DEGREE) for mark in marks]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    wide, high = max(x for x, _ in points) - left, max(y for _, y in points) - top
    metres = max(wide / (WIDTH - 4 * EDGE), high / (HEIGHT - 3 * EDGE), 0.4)  # a pixel is 40 cm at least: no phone knows better
    bar = max((scale for scale in SCALES if scale / metres <= WIDTH / 2.5), default=SCALES[0])
    x0, y0 = (WIDTH - wide / metres) / 2, (HEIGHT - EDGE - high / metres) / 2
    drawn = []
    for mark, (x, y) in zip(marks, points, strict=True):
        px, py = x0 + (x - left) / metres, y0 + (y - top) / metres
        shape = f'<rect class="source" x="{px - 5:.1f}" y="{py - 5:.1f}" width="10" height="10"/>' if mark.source else f'<circle class="photo" cx="{px:.1f}" cy="{py:.1f}" r="5"/>'
        anchor, dx = ("end", -9) if px > WIDTH * 0.62 else ("start", 9)
        drawn.append(f'{shape}<text x="{px + dx:.1f}" y="{py + 4:.1f}" text-anchor="{anchor}">{escape(mark.label[:14])}</text>')
    foot = HEIGHT - 14
    drawn.append(f'<path class="scale" d="M14 {foot - 4}v4h{bar / metres:.1f}v-4"/><text x="14" y="{foot - 8}">{_length(bar)}</text>')
    drawn.append(f'<path class="north" d="M{WIDTH - 20} 30l5 -16 5 16 -5 -4z"/><text x="{WIDTH - 15}" y="44" text-anchor="middle">北</text>')
    apart = max(math.dist(a, b) for a in points for b in points)
    photos = sum(not mark.source for mark in marks)
    said = f"{photos} 张现场照片有位置" if photos else "风险源的位置"
    if len(marks) > 1:
        said += f"，相距最远 {_length(apart)}"
    return said, _svg("位置示意", said, "".join(drawn))


def sketch(districts: Mapping[str, tuple[str, tuple[str, ...]]], own: str | None) -> tuple[str, str]:
    """(what it says, SVG): districts as tiles, lines between those that touch, the case's own marked."""
    at, edges = layout(tuple((code, beside) for code, (_, beside) in districts.items()))
    beside = set(districts[own][1]) if own else set()
    drawn = [
        f'<line class="{"near" if own in (a, b) else ""}" x1="{at[a][0]:.1f}" y1="{at[a][1]:.1f}" x2="{at[b][0]:.1f}" y2="{at[b][1]:.1f}"/>' for a, b in edges
    ]
    for code, (x, y) in at.items():
        kind = "own" if code == own else "near" if code in beside else "far"
        name = districts[code][0]
        half = 8 + 7 * len(name)
        drawn.append(f'<g class="{kind}"><rect x="{x - half:.1f}" y="{y - 14:.1f}" width="{2 * half}" height="28" rx="5"/><text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle">{escape(name)}</text></g>')
    names = "、".join(districts[code][0] for code in districts if code in beside)
    said = "属地不明" if own is None else f"{districts[own][0]}，相邻 {names}" if names else districts[own][0]
    return said, _svg("属地示意", said, "".join(drawn))


@lru_cache(maxsize=8)
def layout(borders: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[dict[str, tuple[float, float]], tuple[tuple[str, str], ...]]:
    """Where each district stands on the sketch, the same each time, and which pairs touch."""
    codes = {code for code, _ in borders}
    graph = networkx.Graph()
    graph.add_nodes_from(code for code, _ in borders)
    graph.add_edges_from((code, other) for code, beside in borders for other in beside if other in codes)
    found = networkx.kamada_kawai_layout(graph) if len(graph) > 1 else dict.fromkeys(graph, (0.0, 0.0))
    xs, ys = [float(x) for x, _ in found.values()], [float(y) for _, y in found.values()]
    wide, high = (max(xs, default=0) - min(xs, default=0)) or 1.0, (max(ys, default=0) - min(ys, default=0)) or 1.0
    at = {
        code: (40 + (float(x) - min(xs)) / wide * (WIDTH - 80), 22 + (float(y) - min(ys)) / high * (HEIGHT - 44)) for code, (x, y) in found.items()
    }
    return at, tuple(graph.edges)


def _length(metres: float) -> str:
    return f"{metres / 1000:g} 公里" if metres >= 1000 and metres % 1000 == 0 else f"{metres / 1000:.1f} 公里" if metres >= 1000 else f"{metres:.0f} 米"


def _svg(title: str, said: str, inside: str) -> str:
    return f'<svg class="sketch" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}：{escape(said)}">{inside}</svg>'

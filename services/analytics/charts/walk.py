"""The repeat network as SVG one can walk: every complaint and case is a link, the same picture each time."""

from __future__ import annotations

from html import escape

from services.analytics.charts.render import accessible
from services.analytics.charts.theme import ACCENT, CONTEXT, FONTS, INK, QUIET, WARN, Paths
from services.domain.indicators.network import LABELS, Edge, Network, Node

SHAPES = {"case": 13.0, "complaint": 7.0, "petitioner": 8.0, "site": 11.0}
MARGIN = 60
CROWD = 24
"""More nodes of a kind than this go without a label beside them; their titles still say what they are."""


def draw(network: Network, paths: Paths, title: str, *, width: int = 720) -> str:
    """Squares are cases, circles complaints, triangles petitioners (numbered), diamonds sites.

    Solid lines were decided or confirmed by a person or open a case; dashed ones are the machine's.
    """
    height = max(260, min(720, 120 + 26 * len(network.nodes)))
    places = {
        node.id: (MARGIN + node.x * (width - 2 * MARGIN), MARGIN + node.y * (height - 2 * MARGIN)) for node in network.nodes
    }
    body = "".join(_edge(edge, places) for edge in network.edges)
    few = {kind: network.count(kind) <= CROWD for kind in LABELS}
    body += "".join(_node(node, *places[node.id], paths, few[node.kind]) for node in network.nodes)
    count = "，".join(f"{LABELS[kind]}{network.count(kind)}" for kind in ("case", "complaint", "petitioner", "site"))
    note = f"；另有{network.left_out}件较早的来件未画" if network.left_out else ""
    said = "；".join(
        f"{LABELS[node.kind]}{node.label}{('，' + node.detail) if node.detail else ''}" for node in network.nodes
    )
    svg = (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}"><g font-family="{FONTS}" font-size="12">'
        f'<text x="0" y="18" font-size="16" font-weight="600" fill="{INK}">{escape(title)}</text>'
        f'<text x="0" y="38" fill="{QUIET}">{count}{note}；虚线为机器关联，实线为人工确认或首件</text>{body}</g></svg>'
    )
    return accessible(svg, f"{title}。{count}", said)


def _edge(edge: Edge, places: dict[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[edge.a], places[edge.b]
    colour = WARN if edge.kind in ("RECURRENCE", "merged") else CONTEXT
    dash = "" if edge.certain or edge.kind in ("raised", "about", "merged", "FIRST_REPORT") else ' stroke-dasharray="4 3"'
    told = f"<title>{escape(edge.label)}</title>" if edge.label else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dash}>{told}</line>'


def _node(node: Node, x: float, y: float, paths: Paths, labelled: bool) -> str:
    size = SHAPES[node.kind]
    fill = {"case": ACCENT, "complaint": "#ffffff", "petitioner": QUIET, "site": "#ffffff"}[node.kind]
    common = f'fill="{fill}" stroke="{ACCENT if node.kind in ("case", "complaint") else QUIET}" stroke-width="1.5"'
    if node.kind == "case":
        shape = f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size}" height="{2 * size}" rx="3" {common}/>'
    elif node.kind == "complaint":
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {common}/>'
    else:
        corners = (
            ((0, -size), (size, size), (-size, size)) if node.kind == "petitioner" else ((0, -size), (size, 0), (0, size), (-size, 0))
        )
        points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
        shape = f'<polygon points="{points}" {common}/>'
    short = node.label.removeprefix("信访人").lstrip("AJ")[-7:] if node.kind != "site" else node.label
    label = f'<text x="{x:.1f}" y="{y + size + 13:.1f}" text-anchor="middle" fill="{INK}">{escape(short)}</text>' if labelled else ""
    told = f"<title>{escape(f'{LABELS[node.kind]} {node.label} {node.detail}'.strip())}</title>"
    if node.ref is None:
        return f"<g>{told}{shape}{label}</g>"
    return f'<a href="{escape(paths.matter(node.ref))}">{told}{shape}{label}</a>'

"""The repeat network of one matter: complaints, petitioners (opaque), cases, and what joined them; laid out the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import pi

import networkx as nx

LABELS = {"case": "案件", "complaint": "信访件", "petitioner": "信访人", "site": "对象"}


@dataclass(frozen=True, slots=True)
class Node:
    """`ref` is what a page links to (case number, receipt number); petitioners are numbered, never named."""

    id: str
    kind: str
    label: str
    detail: str = ""
    ref: str | None = None
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Edge:
    """`kind` is the link kind, or `raised` (petitioner → complaint), `about` (case → site), `merged` (case → case)."""

    a: str
    b: str
    kind: str
    label: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Tie:
    """A complaint of a case, as the network needs it."""

    complaint_id: str
    receipt_no: str
    case_id: str
    reporter: str | None
    received_on: date
    kind: str
    kind_label: str
    to_complaint: str | None = None
    machine: bool = True


@dataclass(frozen=True, slots=True)
class Matter:
    """A case of the network; `site` is the name of what it is about."""

    case_id: str
    case_no: str
    status: str
    site: str | None
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes with places in the unit square, and edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int = 0

    def count(self, kind: str) -> int:
        """How many nodes of a kind."""
        return sum(node.kind == kind for node in self.nodes)


def petitioner_numbers(ties: Sequence[Tie]) -> dict[str, int]:
    """信访人 1, 2, 3 … in the order they first wrote: the same numbers wherever the matter is shown."""
    numbers: dict[str, int] = {}
    for tie in sorted(ties, key=lambda tie: (tie.received_on, tie.complaint_id)):
        if tie.reporter:
            numbers.setdefault(tie.reporter, len(numbers) + 1)
    return numbers


def network(matters: Sequence[Matter], ties: Sequence[Tie], *, most: int = 120) -> Network:
    """The network of a few cases. Of more than `most` complaints the newest are shown, and `left_out` says how many are not."""
    shown = sorted(ties, key=lambda tie: (tie.received_on, tie.complaint_id))[-most:]
    numbers = petitioner_numbers(ties)
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for matter in matters:
        nodes[matter.case_id] = Node(matter.case_id, "case", matter.case_no, matter.status, matter.case_no)
        if matter.site:
            nodes.setdefault(f"site:{matter.site}", Node(f"site:{matter.site}", "site", matter.site))
            edges.append(Edge(matter.case_id, f"site:{matter.site}", "about"))
        if matter.merged_into:
            edges.append(Edge(matter.case_id, matter.merged_into, "merged", "并入"))
    present = {tie.complaint_id for tie in shown}
    for tie in shown:
        nodes.setdefault(
            tie.complaint_id, Node(tie.complaint_id, "complaint", f"{tie.received_on:%m-%d}", tie.kind_label, tie.receipt_no)
        )
        if tie.to_complaint in present and tie.to_complaint != tie.complaint_id:
            edges.append(Edge(tie.complaint_id, str(tie.to_complaint), tie.kind, tie.kind_label, not tie.machine))
        if tie.case_id in nodes:
            edges.append(Edge(tie.complaint_id, tie.case_id, tie.kind, tie.kind_label, not tie.machine))
        if tie.reporter:
            id = f"petitioner:{numbers[tie.reporter]}"
            nodes.setdefault(id, Node(id, "petitioner", f"信访人{numbers[tie.reporter]}"))
            edges.append(Edge(id, tie.complaint_id, "raised"))
    edges = [edge for edge in edges if edge.a in nodes and edge.b in nodes]
    return Network(_placed(nodes, edges), tuple(edges), len(ties) - len(shown))


def _placed(nodes: dict[str, Node], edges: Sequence[Edge]) -> tuple[Node, ...]:
    """Places by energy (Kamada–Kawai), from a fixed start on a circle: no chance in it, so the picture is always the same."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((edge.a, edge.b) for edge in edges)
    if len(nodes) == 1:
        places = dict.fromkeys(nodes, (0.5, 0.5))
    else:
        parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
        places = {}
        for number, part in enumerate(parts):
            found = _part(graph, sorted(part))
            width = 1 / len(parts)
            places |= {id: ((number + x) * width, y) for id, (x, y) in found.items()}
    return tuple(
        Node(node.id, node.kind, node.label, node.detail, node.ref, round(places[id][0], 4), round(places[id][1], 4))
        for id, node in nodes.items()
    )


def _part(graph: nx.Graph[str], ids: Sequence[str]) -> dict[str, tuple[float, float]]:
    if len(ids) == 1:
        return {ids[0]: (0.5, 0.5)}
    part = nx.Graph()
    part.add_nodes_from(ids)
    part.add_edges_from(sorted((min(a, b), max(a, b)) for a, b in graph.subgraph(ids).edges))
    start = nx.circular_layout(part)
    found = nx.kamada_kawai_layout(part, pos=start) if len(ids) <= 150 else nx.spring_layout(part, pos=start, seed=1, k=pi / len(ids) ** 0.5)
    xs, ys = [p[0] for p in found.values()], [p[1] for p in found.values()]
    wide, high = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    return {id: (float((p[0] - min(xs)) / wide), float((p[1] - min(ys)) / high)) for id, p in found.items()}

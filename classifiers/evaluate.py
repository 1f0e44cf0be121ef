"""How good a triage's output is against labels: the table, the reliability of its scores, its worst mistakes.

Works on the output lines of `petitions triage` and gold lines of the same ids. The counting rules are those a person
would apply: a link is judged when both ends are labelled and at least one is in a matter; pairs of matters marked as
perhaps the same, and ignored pairs, count neither way; recall is the mean over matters with something to find.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

TYPES = ("噪声", "大气", "水", "固废", "生态", "辐射")
LIMITS = (0.01, 0.02, 0.05)
BINS = 10
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """One judged link or suggestion: source, target, score, right or wrong, automatic or not."""

    id: str
    to: str
    score: float
    right: bool
    auto: bool


@dataclass(slots=True)
class Evaluation:
    """Measures by name, the judged links, and ids of the worst mistakes."""

    measures: dict[str, float] = field(default_factory=dict)
    links: list[Judged] = field(default_factory=list)
    wrong: list[tuple[str, str, float]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    traps: list[tuple[str, str]] = field(default_factory=list)


class Gold:
    """Labels by id and what they say about two rows."""

    def __init__(self, rows: Iterable[Row], ignore: Iterable[Row] = ()) -> None:
        self.rows = {str(row["id"]): row for row in rows}
        self.matter = {
            id: str(row["matter"]) if row.get("env") and row.get("matter") else f"~{id}" for id, row in self.rows.items()
        }
        self._unsure = {
            frozenset((self.matter[id], str(other))) for id, row in self.rows.items() for other in row.get("uncertain_with") or ()
        }
        self._ignored = {frozenset((str(pair["a"]), str(pair["b"]))) for pair in ignore}

    def same(self, a: str, b: str) -> bool | None:
        """Whether two rows are one matter; None where nobody knows or it may not be judged."""
        one, other = self.matter.get(a), self.matter.get(b)
        if one is None or other is None or (one[0] == "~" and other[0] == "~"):
            return None
        if frozenset((a, b)) in self._ignored or frozenset((one, other)) in self._unsure:
            return None
        return one == other


def calibration_error(p: npt.ArrayLike, y: npt.ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass; nan for nothing."""
    chance, truth = np.asarray(p, float), np.asarray(y, float)
    if not len(chance):
        return float("nan")
    parts = np.array_split(np.argsort(chance, kind="stable"), min(bins, len(chance)))
    return float(sum(abs(chance[part].sum() - truth[part].sum()) for part in parts) / len(chance))


def f1(predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """F1 of a yes/no question; nan where there is nothing to find and nothing found."""
    both = int((predicted & truth).sum())
    total = int(predicted.sum() + truth.sum())
    return 2 * both / total if total else float("nan")


def evaluate(
    output: Sequence[Row], gold: Sequence[Row], traps: Sequence[Row] = (), ignore: Sequence[Row] = (),
    invisible: Collection[str] = (),
) -> Evaluation:
    """Every measure of the table. Lines with an error count as not decided; gold without output is left out.

    `invisible` ids are not judged (copies, borderline rows); a link to one is followed to what it is itself linked to.
    """
    rows = [row for row in output if "error" not in row]
    if invisible:
        rows = _followed(rows, invisible)
    known = Gold([row for row in gold if str(row["id"]) not in invisible], ignore)
    traps = [t for t in traps if str(t["a"]) not in invisible and str(t["b"]) not in invisible]
    result = Evaluation()
    _labels(rows, known, result)
    if rows and all("link" in row for row in rows):
        _links(rows, known, result)
    case = {str(row["id"]): row.get("case") for row in rows}
    pairs = [(str(t["a"]), str(t["b"])) for t in traps if str(t["a"]) in case and str(t["b"]) in case]
    result.traps = [pair for pair in pairs if case[pair[0]] == case[pair[1]]]
    if pairs:
        result.measures["look-alike pairs"] = len(pairs)
        result.measures["look-alike pairs in one case"] = len(result.traps)
    return result


def _followed(rows: Sequence[Row], invisible: Collection[str]) -> list[Row]:
    by_id = {str(row["id"]): row for row in rows}
    out: list[Row] = []
    for row in rows:
        link = row.get("link") or {}
        to, score, band = link.get("to"), float(link.get("score") or 0), link.get("band")
        while to is not None and str(to) in invisible and band in ("auto", "suggest"):
            further = by_id[str(to)].get("link") or {} if str(to) in by_id else {}
            score = min(score, float(further.get("score") or 0))
            if further.get("band") != "auto":
                band = further.get("band")
            to = further.get("to")
        out.append({**row, "link": {**link, "to": to, "score": score, "band": band or "new"}})
    return out


def _labels(rows: Sequence[Row], gold: Gold, result: Evaluation) -> None:
    labelled = [row for row in rows if str(row["id"]) in gold.rows]
    if not labelled:
        return
    p = np.array([float(row["environmental"]) for row in labelled])
    y = np.array([bool(gold.rows[str(row["id"])]["env"]) for row in labelled])
    result.measures["environmental F1"] = f1(p >= 0.5, y)
    result.measures["environmental calibration error"] = calibration_error(p, y)
    green = [row for row, env in zip(labelled, y, strict=True) if env]
    if not green:
        return
    chance = np.array([[dict(map(tuple, row["types"])).get(kind, 0.0) for kind in TYPES] for row in green])
    truth = np.array([[kind in gold.rows[str(row["id"])]["types"] for kind in TYPES] for row in green])
    scores = [f1(chance[:, k] >= 0.5, truth[:, k]) for k in range(len(TYPES)) if truth[:, k].any()]
    result.measures["types macro F1"] = float(np.mean(scores)) if scores else float("nan")
    result.measures["types calibration error"] = calibration_error(chance.ravel(), truth.ravel())


def _links(rows: Sequence[Row], gold: Gold, result: Evaluation) -> None:
    seen: set[str] = set()
    findable: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        id = str(row["id"])
        matter = gold.matter.get(id, "~")
        if matter[0] != "~":
            if matter in seen:
                findable[matter].append(id)
            seen.add(matter)
    share = {id: 1 / len(ids) / len(findable) for ids in findable.values() for id in ids}
    case_of = {str(row["id"]): str(row["case"]) for row in rows}
    members: dict[str, set[str]] = defaultdict(set)
    found = {"automatic": 0.0, "suggested": 0.0}
    asked = helped = 0
    joined: dict[str, str] = {}
    for row in rows:
        id, link = str(row["id"]), row["link"]
        mine = gold.matter.get(id)
        to, band = link.get("to"), link.get("band")
        right = gold.same(id, str(to)) if to is not None and band in ("auto", "suggest") else None
        if right is not None:
            result.links.append(Judged(id, str(to), float(link["score"]), right, band == "auto"))
            if not right and band == "auto":
                result.wrong.append((id, str(to), float(link["score"])))
            if band == "suggest":
                asked += 1
                if right and _root(joined, case_of[id]) != _root(joined, case_of[str(to)]):
                    joined[_root(joined, case_of[id])] = _root(joined, case_of[str(to)])
                    helped += 1
        if id in share:
            auto = mine in members[case_of[id]]
            suggested = auto or bool(to is not None and band != "new" and mine in members[case_of.get(str(to), "")])
            found["automatic"] += share[id] * auto
            found["suggested"] += share[id] * suggested
            if not suggested:
                result.missed.append(id)
        if mine is not None:
            members[case_of[id]].add(mine)
    measures = result.measures
    measures["repeats to find"] = len(share)
    measures["found automatically"] = found["automatic"]
    measures["found with suggestions"] = found["suggested"]
    measures["suggestions read per repeat found"] = asked / helped if helped else float("nan")
    automatic = [link for link in result.links if link.auto]
    measures["automatic links judged"] = len(automatic)
    measures["wrong automatic links"] = sum(not link.right for link in automatic)
    measures["link score calibration error"] = calibration_error(
        [link.score for link in result.links], [link.right for link in result.links]
    )
    for limit in LIMITS:
        measures[f"repeats found at wrong links <= {limit:.0%}"] = _recall_at(result.links, share, limit)
    final = {id: _root(joined, case) for id, case in case_of.items()}
    measures["macro B-cubed F1 after answers"] = b_cubed_macro(final, gold)
    result.wrong.sort(key=lambda pair: -pair[2])


def _root(joined: Mapping[str, str], case: str) -> str:
    while case in joined:
        case = joined[case]
    return case


def _recall_at(links: Sequence[Judged], share: Mapping[str, float], limit: float) -> float:
    order = sorted(links, key=lambda link: -link.score)
    best = recall = 0.0
    wrong = 0
    for n, link in enumerate(order, start=1):
        wrong += not link.right
        recall += share.get(link.id, 0.0) * link.right
        last = n == len(order) or order[n].score != link.score
        if last and wrong <= limit * n:
            best = max(best, recall)
    return best


def b_cubed_macro(case: Mapping[str, str], gold: Gold) -> float:
    """B-cubed F1 of the cases, precision and recall as means over matters of two rows and more."""
    members: dict[str, list[str]] = defaultdict(list)
    for id, name in case.items():
        if id in gold.matter:
            members[name].append(id)
    size = Counter(gold.matter[id] for id in case if id in gold.matter)
    precision: dict[str, list[float]] = defaultdict(list)
    recall: dict[str, list[float]] = defaultdict(list)
    for ids in members.values():
        for id in ids:
            matter = gold.matter[id]
            if matter[0] == "~" or size[matter] < 2:
                continue
            same = sum(gold.matter[other] == matter for other in ids)
            bad = sum(gold.same(id, other) is False for other in ids)
            precision[matter].append(same / (same + bad))
            recall[matter].append(same / size[matter])
    if not precision:
        return float("nan")
    p, r = (float(np.mean([np.mean(values) for values in part.values()])) for part in (precision, recall))
    return 2 * p * r / (p + r) if p + r else 0.0


def reliability(links: Sequence[Judged], bins: int = BINS) -> list[dict[str, float]]:
    """Bins of equal mass: mean score, share right, count."""
    order = sorted(links, key=lambda link: link.score)
    parts = [part for part in np.array_split(np.arange(len(order)), min(bins, max(1, len(order)))) if len(part)]
    return [
        {
            "score": float(np.mean([order[i].score for i in part])), "right": float(np.mean([order[i].right for i in part])),
            "links": float(len(part)),
        }
        for part in parts
    ]


def precision_recall(links: Sequence[Judged]) -> list[dict[str, float]]:
    """Precision and the share of right links reached, threshold by threshold."""
    order = sorted(links, key=lambda link: -link.score)
    total = sum(link.right for link in order)
    hits, points = 0, []
    for n, link in enumerate(order, start=1):
        hits += link.right
        points.append({"threshold": link.score, "precision": hits / n, "recall": hits / total if total else 0.0})
    return points


def charts(result: Evaluation) -> dict[str, str]:
    """`reliability` and `precision_recall` as SVG. ImportError where altair or vl-convert is not installed."""
    import altair as alt
    import vl_convert

    bins = alt.Data(values=reliability(result.links))
    diagonal = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(strokeDash=[4, 4], color="gray")
    reliable = diagonal.encode(x="x:Q", y="y:Q") + alt.Chart(bins).mark_line(point=True).encode(
        x=alt.X("score:Q", title="score", scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("right:Q", title="share right", scale=alt.Scale(domain=[0, 1])),
    )
    curve = alt.Chart(alt.Data(values=precision_recall(result.links))).mark_line(interpolate="step-after").encode(
        x=alt.X("recall:Q", scale=alt.Scale(domain=[0, 1])), y=alt.Y("precision:Q", scale=alt.Scale(domain=[0, 1])),
        order="threshold:Q",
    )
    named = {"reliability": reliable, "precision_recall": curve}
    return {name: vl_convert.vegalite_to_svg(chart.properties(width=320, height=320).to_json()) for name, chart in named.items()}


def table(result: Evaluation) -> list[tuple[str, str]]:
    """Rows for a person: name and figure."""
    return [
        (name, str(int(value)) if name.endswith(("pairs", "case", "judged", "links", "find")) else f"{value:.3f}")
        for name, value in result.measures.items()
    ]

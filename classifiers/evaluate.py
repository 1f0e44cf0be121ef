"""How good a triage's output is against labels: measures with bootstrap intervals, judged links, mistakes.

Works on the output lines of `petitions triage` and gold lines (`id`, `env`, `types`, `matter`, perhaps `uncertain_with`,
`borderline`, `role`) of the same ids, and counts as a person would: earlier is the order of the output; a row without
gold is invisible; two rows are judged when both have gold and at least one is in a matter; matters that are perhaps
the same, and ignored pairs, count neither way. Means are over matters, so that one big matter does not speak for all.

    result = evaluate(output, gold, traps, ignore, hidden=hidden_ids(gold, texts))
    result.measures["found with suggestions"].value
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.calibration import calibration_error

TYPES = ("噪声", "大气", "水", "固废", "生态", "辐射")
RESAMPLES = 500
Row = Mapping[str, Any]
Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], dict[str, float]]
_CITES = re.compile(r"工单(编)?号|20\d{12}|20〔电话〕")
_NOTES = ("admin_followup", "copy")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and its 95 % bootstrap interval; NaN where there was nothing to measure."""

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


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
    """Measures and counts by name, the judged links, and ids of the worst mistakes."""

    measures: dict[str, Measure] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    links: list[Judged] = field(default_factory=list)
    wrong: list[Judged] = field(default_factory=list)  # the surest first
    missed: list[str] = field(default_factory=list)  # repeats neither linked nor suggested
    traps: list[tuple[str, str]] = field(default_factory=list)  # look-alikes in one case
    misread: list[tuple[str, float]] = field(default_factory=list)  # id and chance where environmental or not is wrong

    def value(self, name: str) -> float:
        """A measure or a count; NaN where there is none."""
        if name in self.counts:
            return float(self.counts[name])
        return self.measures[name].value if name in self.measures else float("nan")


class Gold:
    """Labels by id and what they say about two rows; `hidden` rows are left out."""

    def __init__(self, rows: Iterable[Row], ignore: Iterable[Row] = (), hidden: Collection[str] = ()) -> None:
        every = {str(row["id"]): row for row in rows}
        name = {id: str(row["matter"]) if row["env"] and row.get("matter") else f"~{id}" for id, row in every.items()}
        self.rows = {id: row for id, row in every.items() if id not in hidden}
        self.matter = {id: name[id] for id in self.rows}
        self._unsure = {
            frozenset((name[id], str(other))) for id, row in every.items() for other in row.get("uncertain_with") or ()
        }
        self._ignored = {frozenset((str(pair["a"]), str(pair["b"]))) for pair in ignore}

    def in_matter(self, id: str) -> bool:
        """Whether a row belongs to a matter; a labelled row that does not is in none."""
        return not self.matter.get(id, "~").startswith("~")

    def same(self, a: str, b: str) -> bool | None:
        """Whether two rows are one matter; None where nobody knows or it may not be judged."""
        one, other = self.matter.get(a), self.matter.get(b)
        if one is None or other is None or not (self.in_matter(a) or self.in_matter(b)):
            return None
        if frozenset((a, b)) in self._ignored or frozenset((one, other)) in self._unsure:
            return None
        return one == other


def hidden_ids(gold: Iterable[Row], texts: Iterable[Row] = ()) -> frozenset[str]:
    """Rows nobody should be judged by: borderline ones, notes on an earlier ticket, and texts that quote one's number."""
    text = {str(row["id"]): str(row.get("text") or "") for row in texts}
    return frozenset(
        str(row["id"]) for row in gold
        if (row["env"] and row.get("borderline")) or row.get("role") in _NOTES or _CITES.search(text.get(str(row["id"]), ""))
    )


def bootstrap(statistic: Statistic, units: int, seed: int = 20_190_101) -> dict[str, Measure]:
    """Every figure of `statistic(weights)` with the interval of `RESAMPLES` draws of the units with replacement."""
    chance, base = np.random.default_rng(seed), statistic(np.ones(units))
    runs = [
        statistic(np.bincount(chance.integers(0, units, units), minlength=units).astype(float))
        for _ in range(RESAMPLES if units else 0)
    ]
    out = {}
    for name, value in base.items():
        drawn = np.array([run[name] for run in runs])
        drawn = drawn[~np.isnan(drawn)]
        out[name] = Measure(value, *(np.percentile(drawn, (2.5, 97.5)).tolist() if len(drawn) else ()))
    return out


def ratio(part: float, whole: float) -> float:
    """`part / whole`, NaN where there is no whole."""
    return float(part / whole) if whole else float("nan")


def f1(predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_], weight: Floats) -> float:
    """Weighted F1 of a yes/no question; NaN where there is nothing to find and nothing found."""
    both = 2 * float((weight * (predicted & truth)).sum())
    return ratio(both, float((weight * predicted).sum() + (weight * truth).sum()))


def evaluate(
    output: Sequence[Row], gold: Sequence[Row], traps: Sequence[Row] = (), ignore: Sequence[Row] = (),
    hidden: Collection[str] = (),
) -> Evaluation:
    """Every measure of the table. Lines with an error count as not decided; gold without output is left out.

    `hidden` ids are not judged; a link to one is followed to what that one is itself linked to.
    """
    from classifiers.evaluate_links import score_links

    rows = [row for row in output if "error" not in row]
    known = Gold(gold, ignore, hidden)
    result = Evaluation()
    _labels({str(row["id"]): row for row in rows}, known, result)
    if rows and all("link" in row for row in rows):
        score_links(rows, known, hidden, result)
    case = {str(row["id"]): row.get("case") for row in rows}
    pairs = [(str(t["a"]), str(t["b"])) for t in traps]
    pairs = [(a, b) for a, b in pairs if a in case and b in case and not {a, b} & set(hidden)]
    result.traps = [(a, b) for a, b in pairs if case[a] == case[b]]
    if pairs:
        result.counts |= {"look-alike pairs": len(pairs), "look-alike pairs in one case": len(result.traps)}
    return result


def _labels(rows: Mapping[str, Row], gold: Gold, result: Evaluation) -> None:
    """Environmental or not over all labelled rows; types over the environmental ones."""
    labelled = [id for id in gold.rows if id in rows]
    result.counts["labelled rows"] = len(labelled)
    if not labelled or any("environmental" not in rows[id] for id in labelled):
        return
    p = np.array([float(rows[id]["environmental"]) for id in labelled])
    y = np.array([bool(gold.rows[id]["env"]) for id in labelled])
    result.measures |= bootstrap(
        lambda w: {
            "environmental F1": f1(p >= 0.5, y, w), "environmental calibration error": calibration_error(p, y, weight=w),
        },
        len(labelled),
    )
    result.misread = sorted(
        ((id, float(c)) for id, c, truth in zip(labelled, p, y, strict=True) if (c >= 0.5) != truth),
        key=lambda mistake: -abs(mistake[1] - 0.5),
    )
    green = [id for id, env in zip(labelled, y, strict=True) if env]
    if not green:
        return
    chance = np.array([[dict(map(tuple, rows[id]["types"])).get(kind, 0.0) for kind in TYPES] for id in green])
    truth = np.array([[kind in gold.rows[id]["types"] for kind in TYPES] for id in green])

    def types(w: Floats) -> dict[str, float]:
        each = [f1(chance[:, k] >= 0.5, truth[:, k], w) for k in range(len(TYPES)) if truth[:, k].any()]
        return {
            "types macro F1": float(np.nanmean(each)) if each else float("nan"),
            "types calibration error": calibration_error(chance.ravel(), truth.ravel(), weight=np.repeat(w, len(TYPES))),
        }

    result.measures |= bootstrap(types, len(green))

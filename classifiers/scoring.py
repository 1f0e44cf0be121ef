"""The pair model: a logistic regression and monotone trees over the pair features, as text a person can review.

The two log-odds are mixed and calibrated, letters apart from notes: two letters with titles and the same score are more
surely one matter than two notes of a hotline, whose town is full of other sites on the same road. The file is JSON with
feature names, weights and trees written out, so that a change of the model is a diff. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.forest import Forest
from classifiers.pairs import INDEX, NAMES, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A binary tree in arrays: at node i go left where x[feature] <= threshold. A leaf leads to itself."""

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    depth: int

    @classmethod
    def of(cls, feature: npt.ArrayLike, threshold: npt.ArrayLike, left: npt.ArrayLike, right: npt.ArrayLike,
           value: npt.ArrayLike) -> Tree:
        """From arrays where a leaf has feature -1."""
        named = np.asarray(feature, np.int32)
        own = np.arange(len(named), dtype=np.int32)
        leaf = named < 0
        low = np.where(leaf, own, np.asarray(left, np.int32)).astype(np.int32)
        high = np.where(leaf, own, np.asarray(right, np.int32)).astype(np.int32)
        depth, level = 0, np.zeros(1, np.int32)
        while not leaf[level].all():
            level, depth = np.unique(np.concatenate([low[level], high[level]])), depth + 1
        return cls(np.maximum(named, 0), np.asarray(threshold, float), low, high, np.asarray(value, float), depth)


@dataclass(frozen=True, slots=True)
class Curve:
    """Calibrated log-odds by raw log-odds: points, both ascending; outside them the line goes on with slope one."""

    raw: npt.NDArray[np.float64]
    odds: npt.NDArray[np.float64]

    def __call__(self, raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Calibrated log-odds."""
        inside = np.interp(raw, self.raw, self.odds)
        result: npt.NDArray[np.float64] = inside + np.minimum(raw - self.raw[0], 0) + np.maximum(raw - self.raw[-1], 0)
        return result


LETTERS, NOTES = "letters", "notes"


def letters(x: Floats) -> npt.NDArray[np.bool_]:
    """Which pairs are two letters with titles; the rest are notes."""
    result: npt.NDArray[np.bool_] = x[:, INDEX["both_titled"]] > 0
    return result


@dataclass(frozen=True, slots=True)
class PairModel:
    """Probability that two complaints are one matter, from a feature matrix whose columns are `pairs.NAMES`."""

    version: str
    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    intercept: float
    base: float
    trees: tuple[Tree, ...]
    tree_share: float
    curves: dict[str, Curve] = field(default_factory=dict)  # of letters and of notes; none: not calibrated yet
    prior: dict[str, float] = field(default_factory=dict)  # log-odds set by hand, added after calibration
    ask: dict[str, float] = field(default_factory=dict)  # of letters, of notes: score worth a person's look, where learned
    provenance: dict[str, Any] = field(default_factory=dict)

    def linear(self, x: Floats) -> npt.NDArray[np.float64]:
        """Log-odds of the regression."""
        result: npt.NDArray[np.float64] = ((x - self.mean) / self.scale) @ self.weights + self.intercept
        return result

    def grown(self, x: Floats) -> npt.NDArray[np.float64]:
        """Log-odds of the trees."""
        forest = _forest(self.trees)
        if forest is not None:
            return forest(x, self.base)
        total = np.full(len(x), self.base)
        columns = np.asfortranarray(x)
        rows = np.arange(len(x))
        for tree in self.trees:
            feature, threshold, left, right = tree.feature, tree.threshold, tree.left, tree.right
            node = np.zeros(len(x), np.int32)
            for _ in range(tree.depth):
                low = columns[rows, feature[node]] <= threshold[node]
                node = np.where(low, left[node], right[node])
            total += tree.value[node]
        return total

    def raw(self, x: Floats) -> npt.NDArray[np.float64]:
        """Mixed log-odds before calibration."""
        if not self.trees:
            return self.linear(x)
        return (1 - self.tree_share) * self.linear(x) + self.tree_share * self.grown(x)

    def __call__(self, x: Floats) -> npt.NDArray[np.float64]:
        """Calibrated probability, in 0..1."""
        odds = self.calibrate(self.raw(x), x)
        return 1 / (1 + np.exp(-odds))

    def calibrate(self, raw: npt.NDArray[np.float64], x: Floats) -> npt.NDArray[np.float64]:
        """Calibrated log-odds of pairs with raw log-odds `raw` and features `x`, what is set by hand included."""
        odds = np.where(letters(x), self.curves[LETTERS](raw), self.curves[NOTES](raw)) if self.curves else raw
        for name, weight in self.prior.items():
            odds = odds + weight * x[:, INDEX[name]]
        return odds

    def worth_asking(self, x: Floats, usual: float) -> npt.NDArray[np.float64]:
        """From which score on a person is asked about each pair; `usual` where the model has learned nothing of it."""
        return np.where(letters(x), self.ask.get(LETTERS, usual), self.ask.get(NOTES, usual))

    def contributions(self, row: Floats) -> dict[str, float]:
        """What each feature adds to the regression's log-odds against the average pair."""
        parts = (row - self.mean) / self.scale * self.weights
        return {name: float(value) for name, value in zip(NAMES, parts, strict=True)}


@lru_cache(maxsize=4)
def _forest(trees: tuple[Tree, ...]) -> Forest | None:
    return Forest.of(trees)


def save(model: PairModel, path: Path) -> None:
    """Write the model as sorted, indented JSON with a checksum of its content."""
    body = {
        "features": list(NAMES), "provenance": model.provenance,
        "linear": {
            name: [round(float(v), 6) for v in values]
            for name, *values in zip(NAMES, model.weights, model.mean, model.scale, strict=True)
        },
        "set_by_hand": model.prior, "ask": model.ask, "intercept": round(model.intercept, 6), "base": round(model.base, 6), "tree_share": model.tree_share,
        "calibration": {
            name: [[round(float(a), 5), round(float(b), 5)] for a, b in zip(curve.raw, curve.odds, strict=True)]
            for name, curve in model.curves.items()
        },
        "trees": [_write(tree, 0) for tree in model.trees],
    }
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    envelope = {"sha256": digest, "version": digest[:12], **body}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(envelope, ensure_ascii=False, indent=1) + "\n", "utf8")


def load(path: Path) -> PairModel:
    """Read a model. ValueError when its features are not this version's or its checksum does not fit."""
    envelope = json.loads(path.read_text("utf8"))
    digest, version = envelope.pop("sha256"), envelope.pop("version")
    text = json.dumps(envelope, ensure_ascii=False, sort_keys=True)
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError(f"{path.name}: the content does not fit its checksum")
    if envelope["features"] != list(NAMES):
        raise ValueError(f"{path.name}: trained on other features; train again")
    linear = np.array([envelope["linear"][name] for name in NAMES])
    curves = {name: Curve(*np.array(points, float).T) for name, points in envelope["calibration"].items()}
    return PairModel(
        version=version, mean=linear[:, 1], scale=linear[:, 2], weights=linear[:, 0], intercept=envelope["intercept"],
        base=envelope["base"], trees=tuple(_read(tree) for tree in envelope["trees"]),
        tree_share=envelope["tree_share"], curves=curves, prior=envelope["set_by_hand"], ask=envelope["ask"], provenance=envelope["provenance"],
    )


def _write(tree: Tree, node: int) -> Any:
    if tree.left[node] == node:
        return round(float(tree.value[node]), 5)
    return {
        "if": NAMES[tree.feature[node]], "at_most": float(tree.threshold[node]),
        "then": _write(tree, int(tree.left[node])), "else": _write(tree, int(tree.right[node])),
    }


def _read(written: Any) -> Tree:
    rows: list[list[float]] = []

    def walk(node: Any) -> int:
        at = len(rows)
        rows.append([-1, 0.0, 0, 0, 0.0])
        if isinstance(node, dict):
            rows[at][0] = NAMES.index(node["if"])
            rows[at][1] = node["at_most"]
            rows[at][2] = walk(node["then"])
            rows[at][3] = walk(node["else"])
        else:
            rows[at][4] = node
        return at

    walk(written)
    table = np.array(rows, float)
    return Tree.of(*table.T)

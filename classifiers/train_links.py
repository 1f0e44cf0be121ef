"""Learns the pair model from labelled matters: pairs from a stream, two small learners, calibration on unseen matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from classifiers import profile as pf
from classifiers.meetings import NEIGHBOURS, pair_up
from classifiers.pairs import DIRECTIONS, INDEX, NAMES, Floats
from classifiers.reading import Complaint
from classifiers.recent import RecentHistory
from classifiers.scoring import LETTERS, NOTES, Curve, PairModel, Tree, letters
from classifiers.triage import Triage, score_pairs

FOLDS = 5
TREE_SHARE = 0.6
TREES = 80
LEAST_QUERIES = 200  # fewer give no curve of their own
# A person reads at most two suggestions for one repeat (the goal of the product); a little less, because what is learned
# on one part of the history holds less well on the next. Nothing is asked that is right less than once in thirty times.
MOST_READ, LEAST_ASKED = 1.8, 0.03
# Rules decide these, so the model must not lean on them: it would stay blind where they are absent.
_RULED = ("cited",)


@dataclass(frozen=True, slots=True)
class PairSet:
    """Labelled pairs: features, 1 where one matter, the query's number, the matters of both sides (a row in no matter
    is its own), and a weight."""

    x: Floats
    y: npt.NDArray[np.int8]
    query: npt.NDArray[np.int64]
    here: npt.NDArray[np.str_]
    there: npt.NDArray[np.str_]
    weight: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.y)

    def __add__(self, other: PairSet) -> PairSet:
        offset = int(self.query.max()) + 1 if len(self) else 0
        return PairSet(
            np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]),
            np.concatenate([self.query, other.query + offset]), np.concatenate([self.here, other.here]),
            np.concatenate([self.there, other.there]), np.concatenate([self.weight, other.weight]),
        )

    def scaled(self, by: float) -> PairSet:
        """The same with every weight multiplied."""
        return PairSet(self.x, self.y, self.query, self.here, self.there, self.weight * by)

    def pick(self, rows: npt.NDArray[Any]) -> PairSet:
        """Some pairs."""
        return PairSet(self.x[rows], self.y[rows], self.query[rows], self.here[rows], self.there[rows], self.weight[rows])


Judge = Callable[[str, str], bool | None]


def collect(
    triage: Triage, complaints: Sequence[Complaint], judge: Judge, matter: Callable[[str], str],
    history: RecentHistory | None = None, batch: int = 512,
) -> PairSet:
    """Pairs as `decide` would meet them in this order; `judge(later, earlier)` is None where nobody knows."""
    past = history or RecentHistory()
    size = pf.DTYPE.itemsize
    x, y, query, here, there = [], [], [], [], []
    for start in range(0, len(complaints), batch):
        part = complaints[start : start + batch]
        readings = triage.read(part)
        own = np.frombuffer(b"".join(r.profile[:size] for r in readings), pf.DTYPE)
        met = pair_up(part, readings, own, past, NEIGHBOURS)
        verdicts = [judge(part[i].id, met.id_of(at, part)) for at, i in enumerate(met.here)]
        known = np.array([at for at, verdict in enumerate(verdicts) if verdict is not None], np.intp)
        if len(known):
            rows, _ = score_pairs(None, own, met, past.rarity)
            x.append(rows[known])
            y += [int(bool(verdicts[at])) for at in known]
            query += [start + int(met.here[at]) for at in known]
            here += [matter(part[met.here[at]].id) for at in known]
            there += [matter(met.id_of(int(at), part)) for at in known]
        for complaint, reading in zip(part, readings, strict=True):
            past.add(complaint, reading, matter(complaint.id))
    labels = np.array(y, np.int8)
    groups = np.array(here, np.str_)
    return PairSet(
        np.concatenate(x) if x else np.zeros((0, len(NAMES)), np.float32), labels, np.array(query, np.int64), groups,
        np.array(there, np.str_), matter_weights(labels, groups),
    )


def matter_weights(y: npt.NDArray[np.int8], group: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """One big matter must not teach its own wording: a positive weighs the inverse root of its matter's pairs."""
    sizes = Counter(group[y == 1].tolist())
    return np.array([6.0 / np.sqrt(sizes[g]) if label else 1.0 for g, label in zip(group.tolist(), y, strict=True)])


def hardest(data: PairSet, negatives: int = 5, positives: int = 2) -> PairSet:
    """The pairs that teach: of each query the most alike wrong ones and right ones, all of weight one."""
    alike = data.x[:, [INDEX[name] for name in ("text_cosine", "name_grams_max", "head_cover_min")]].sum(1)
    order = np.lexsort((-alike, data.y, data.query))
    query, label = data.query[order], data.y[order]
    first = np.r_[True, (query[1:] != query[:-1]) | (label[1:] != label[:-1])]
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(first, place, 0))
    kept = data.pick(np.sort(order[rank < np.where(label == 1, positives, negatives)]))
    return replace(kept, weight=np.ones(len(kept)))


def blind(data: PairSet, names: Sequence[str]) -> PairSet:
    """The same with some features silenced, so that nothing is learned of them."""
    x = data.x.copy()
    x[:, [INDEX[name] for name in names]] = 0
    return replace(data, x=x)


def mixed(city: PairModel, shipped: PairModel, share: float) -> PairModel:
    """One model whose raw log-odds are (1 - share) of `city`'s and `share` of `shipped`'s; not calibrated.

    A city's few hundred answers know its habits, the shipped model knows kinds of complaint the city has not met. What
    was set by hand in either goes into the sum.
    """
    parts = ((city, 1 - share), (shipped, share))
    by_hand = [np.array([m.prior.get(name, 0.0) for name in NAMES]) for m, _ in parts]
    per_unit = sum(
        part * ((1 - m.tree_share) * m.weights / m.scale + hand) for (m, part), hand in zip(parts, by_hand, strict=True)
    )
    shift = sum(part * (1 - m.tree_share) * (m.intercept - m.weights @ (m.mean / m.scale)) for m, part in parts)
    trees = tuple(replace(t, value=t.value * part * m.tree_share * 2) for m, part in parts for t in m.trees)
    base = sum(part * m.tree_share * m.base for m, part in parts)
    # Halves on both sides of `tree_share` = 1/2 give the sums above back.
    return PairModel(
        "", city.mean, city.scale, np.asarray(per_unit) * city.scale * 2,
        float(shift + np.asarray(per_unit) @ city.mean) * 2, float(base) * 2, trees, 0.5,
    )


def folds_of(groups: npt.NDArray[np.str_], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Fold of each matter, the same in every run."""
    return np.array([crc32(group.encode()) % folds for group in groups.tolist()], np.int64)


def fit_raw(data: PairSet, seed: int = 0, trees: int = TREES) -> PairModel:
    """Both learners without calibration."""
    x = data.x.copy()
    for name in _RULED:
        x[:, INDEX[name]] = 0
    total = data.weight.sum()
    mean = (x * data.weight[:, None]).sum(0) / total
    scale = np.sqrt(((x - mean) ** 2 * data.weight[:, None]).sum(0) / total)
    scale[scale < 1e-6] = 1.0
    linear = LogisticRegression(C=0.05, max_iter=1000)
    linear.fit((x - mean) / scale, data.y, sample_weight=data.weight)
    weights = linear.coef_[0].astype(float)
    # A directed feature may not argue against its meaning; where collinearity flips it, it says nothing.
    wrong = (DIRECTIONS * weights) < 0
    if wrong.any():
        kept = ~wrong
        linear.fit(((x - mean) / scale)[:, kept], data.y, sample_weight=data.weight)
        weights = np.zeros(len(mean))
        weights[kept] = linear.coef_[0]
        weights[(DIRECTIONS * weights) < 0] = 0.0
    with threadpool_limits(1):  # some ten thousand rows: threads that wait for each other cost more than they bring
        grown = HistGradientBoostingClassifier(
            max_iter=trees, learning_rate=0.1, max_leaf_nodes=8, max_depth=4, min_samples_leaf=20, l2_regularization=10,
            monotonic_cst=DIRECTIONS.tolist(), random_state=seed, early_stopping=False, max_features=0.5,
        ).fit(x, data.y, sample_weight=data.weight)
    return PairModel(
        version="", mean=mean, scale=scale, weights=weights, intercept=float(linear.intercept_[0]),
        base=float(np.ravel(grown._baseline_prediction)[0]), trees=tuple(_export(p[0].nodes) for p in grown._predictors),
        tree_share=TREE_SHARE,
    )


def _export(nodes: npt.NDArray[Any]) -> Tree:
    feature = np.where(nodes["is_leaf"].astype(bool), -1, nodes["feature_idx"].astype(np.int64))
    return Tree.of(feature, nodes["num_threshold"], nodes["left"], nodes["right"], nodes["value"])


def out_of_fold(data: PairSet, extra: PairSet | None = None, folds: int = FOLDS) -> npt.NDArray[np.float64]:
    """Raw scores of every pair by models that saw nothing of either side's matter; `extra` is in every training."""
    here, there = folds_of(data.here, folds), folds_of(data.there, folds)
    raw = np.zeros(len(data))
    for k in range(folds):
        held = np.flatnonzero(here == k)
        if len(held):
            seen = data.pick(np.flatnonzero((here != k) & (there != k)))
            raw[held] = fit_raw(seen + extra if extra is not None else seen).raw(data.x[held])
    return raw


def best_of_query(raw: npt.NDArray[np.float64], query: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Row of the best pair of each query: the decisions that are shown, hence the ones to calibrate."""
    order = np.lexsort((-raw, query))
    first = np.r_[True, query[order][1:] != query[order][:-1]]
    return order[first]


def calibrated(
    model: PairModel, raw: npt.NDArray[np.float64], data: PairSet, repeat_share: Mapping[str, float] | None = None
) -> PairModel:
    """`model` with curves learned from out-of-fold scores of the best pair of each query, letters apart from notes.

    `repeat_share` (of letters, of notes) weighs queries with an earlier mate as if they were that share of all:
    made-up streams repeat more often than a city does, and a probability without the right base rate is none; then
    the weights of wrong pairs count too. A register with too few queries, or with answers of one sort only, takes the
    curve of both together.
    """
    rows = best_of_query(raw, data.query)
    of_letters = letters(data.x[rows])
    curves = {}
    for register, inside in ((LETTERS, of_letters), (NOTES, ~of_letters)):
        chosen = rows[inside]
        if len(chosen) < LEAST_QUERIES or len(np.unique(data.y[chosen])) < 2:
            chosen = rows
        curves[register] = _curve(raw, data, chosen, repeat_share[register] if repeat_share else None)
    return replace(model, curves=curves)


def _curve(raw: npt.NDArray[np.float64], data: PairSet, rows: npt.NDArray[np.int64], share: float | None) -> Curve:
    """Isotonic over the raw log-odds, thinned to at most sixteen points; each step is smoothed towards a half, so that
    no score is 0 or 1."""
    x, y, w = raw[rows], data.y[rows].astype(float), np.ones(len(rows))
    if share is not None:
        mated = np.isin(data.query[rows], data.query[data.y == 1])
        w = np.where(y == 1, 1.0, data.weight[rows])
        for part, wanted in ((mated, share), (~mated, 1 - share)):
            w[part] *= wanted * len(rows) / max(w[part].sum(), 1e-6)
    order = np.argsort(x, kind="stable")
    x, y, w = x[order], y[order], w[order]
    smooth = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w).predict(x)
    edges = np.unique(np.searchsorted(smooth, np.unique(smooth), side="left"))
    points: list[tuple[float, float]] = []
    for inside in np.split(np.arange(len(x)), edges[1:]):
        right = ((w * y)[inside].sum() + 0.25) / (w[inside].sum() + 0.5)
        points.append((float(np.average(x[inside], weights=w[inside])), float(np.log(right / (1 - right)))))
    px, py = np.array([p[0] for p in points]), np.maximum.accumulate(np.array([p[1] for p in points]))
    keep = np.unique(np.linspace(0, len(px) - 1, min(16, len(px))).round().astype(int))
    return Curve(px[keep], py[keep])


def worth_asking(
    chance: npt.NDArray[np.float64], data: PairSet, auto: float, most_read: float = MOST_READ
) -> dict[str, float]:
    """For letters and for notes the lowest score at which suggestions still find a repeat in `most_read` looks.

    `chance` are calibrated scores of pairs by models that saw nothing of them. A register with fewer than ten right
    suggestions has no answer of its own.
    """
    rows = best_of_query(chance, data.query)
    rows = rows[(chance[rows] < auto) & (chance[rows] >= LEAST_ASKED)]
    found = {}
    for register, inside in ((LETTERS, letters(data.x[rows])), (NOTES, ~letters(data.x[rows]))):
        order = rows[inside][np.argsort(-chance[rows[inside]], kind="stable")]
        right = np.cumsum(data.y[order] == 1)
        good = np.flatnonzero((right >= 10) & (np.arange(1, len(order) + 1) <= most_read * right))
        if len(good):
            found[register] = round(float(chance[order[good[-1]]]), 4)
    return found


def train(
    data: PairSet, extra: PairSet | None = None, repeat_share: Mapping[str, float] | None = None,
    provenance: dict[str, Any] | None = None, prior: dict[str, float] | None = None,
) -> PairModel:
    """A calibrated model. Calibration comes from `data` alone, by models that saw nothing of a pair's matter."""
    raw = out_of_fold(data, extra)
    whole = fit_raw(data + extra if extra is not None else data)
    return replace(
        calibrated(whole, raw, data, repeat_share), provenance=provenance or {}, prior=prior or {}
    )

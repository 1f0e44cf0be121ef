"""What a city gains from its own history: sets answered by models that saw no row of the matter they answer.

Links: pairs of all sets train together with the shipped model (train_city_links); each pair is scored by a model blind
to both its matters, calibrated and thresholded on the other folds, and decided row by row. Environmental and types:
corpus and all sets train together, each set is answered and calibrated by itself. Nothing is fitted on what it judges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.categories import Categories
from classifiers.evaluate import TYPES
from classifiers.evaluate_categories import answers
from classifiers.evaluate_sets import MeasuringSet
from classifiers.linking import Thresholds, band, rule_score
from classifiers.pairs import INDEX
from classifiers.scoring import PairModel
from classifiers.train_categories import fit
from classifiers.train_city import corpus_examples, from_ticket
from classifiers.train_city_links import SHIPPED_SHARE, links_from
from classifiers.train_links import (
    FOLDS,
    PairSet,
    best_of_query,
    calibrated,
    collect,
    fit_raw,
    folds_of,
    matter_weights,
    mixed,
    worth_asking,
)
from classifiers.triage import Triage

Tell = Callable[[str], None]
UNKNOWN = -1
Rows = dict[str, dict[str, Any]]


def after_training(sets: Sequence[MeasuringSet], triage: Triage, tell: Tell = lambda stage: None) -> list[list[dict[str, Any]]]:
    """For each set the output lines of models trained on the labels of all sets, out of fold by matter."""
    labels = _labels(sets, tell)
    tell("pairs of the history")
    parts = [_pairs(s, triage) for s in sets]
    data, to = parts[0][0], list(parts[0][1])
    for pairs, targets in parts[1:]:
        data, to = data + pairs, to + list(targets)
    tell("pair models, out of fold")
    chance, least = _scores(data, triage.model, triage.limits)
    out, low = [], 0
    for s, (pairs, _), of_set in zip(sets, parts, labels, strict=True):
        part = slice(low, low + len(pairs))
        low += len(pairs)
        out.append(_decided(s, pairs, to[part], chance[part], least[part], triage.limits, of_set))
    return out


def _pairs(measured: MeasuringSet, triage: Triage) -> tuple[PairSet, list[str]]:
    """All pairs the stream meets, labelled 1, 0 or UNKNOWN, and the earlier row of each."""
    links = links_from(measured.gold)
    ignored = {frozenset((pair["a"], pair["b"])) for pair in measured.ignore}
    to: list[str] = []
    verdicts: list[int] = []

    def judge(a: str, b: str) -> bool:
        verdict = None if frozenset((a, b)) in ignored else links.judge(a, b)
        to.append(b)
        verdicts.append(UNKNOWN if verdict is None else int(verdict))
        return bool(verdict)

    pairs = collect(triage, measured.complaints(), judge, lambda id: f"{measured.name}/{links.group(id)}")
    y = np.array(verdicts, np.int8)
    return replace(pairs, y=y, weight=matter_weights((y == 1).astype(np.int8), pairs.here)), to


def _scores(data: PairSet, shipped: PairModel, limits: Thresholds) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Calibrated scores of all pairs, and the score from which a person is asked, each learned without its matter."""
    here, there, known = folds_of(data.here), folds_of(data.there), data.y != UNKNOWN
    raw, chance, least = np.zeros(len(data)), np.zeros(len(data)), np.zeros(len(data))
    for k in range(FOLDS):
        held = here == k
        seen = np.flatnonzero(known & ~held & (there != k))
        raw[held] = mixed(fit_raw(data.pick(seen)), shipped, SHIPPED_SHARE).raw(data.x[held])
    for k in range(FOLDS):
        held, others = here == k, np.flatnonzero((here != k) & known)
        model = calibrated(replace(shipped, prior={}), raw[others], data.pick(others))
        told = 1 / (1 + np.exp(-model.calibrate(raw[others], data.x[others])))
        asking = replace(model, ask=worth_asking(told, data.pick(others), limits.auto))
        chance[held] = 1 / (1 + np.exp(-model.calibrate(raw[held], data.x[held])))
        least[held] = asking.worth_asking(data.x[held], limits.suggest)
    for at in np.flatnonzero(data.x[:, INDEX["cited"]] > 0):
        chance[at] = rule_score(float(chance[at]), data.x[at])
    return chance, least


def _decided(
    measured: MeasuringSet, pairs: PairSet, to: Sequence[str], chance: npt.NDArray[np.float64],
    least: npt.NDArray[np.float64], limits: Thresholds, labels: Rows,
) -> list[dict[str, Any]]:
    best = {int(pairs.query[at]): int(at) for at in best_of_query(chance, pairs.query)}
    case: dict[str, str] = {}
    out = []
    for n, complaint in enumerate(measured.complaints()):
        at = best.get(n)
        score = float(chance[at]) if at is not None else 0.0
        where = str(band(score, limits.auto, float(least[at]))) if at is not None else "new"
        target = to[at] if at is not None and where != "new" else None
        case[complaint.id] = case[target] if where == "auto" and target else f"C{complaint.id}"
        link = {"score": round(score, 4), "band": where, "to": target}
        out.append({"id": complaint.id, **labels.get(complaint.id, {}), "case": case[complaint.id], "link": link})
    return out


def _labels(sets: Sequence[MeasuringSet], tell: Tell) -> list[Rows]:
    """Environmental and types of every labelled row."""
    corpus = corpus_examples()
    visible = [[g for g in s.gold if g["id"] not in s.hidden] for s in sets]
    texts = [{row["id"]: row for row in s.rows} for s in sets]
    examples = [
        [
            from_ticket({
                "id": g["id"], "text": of[g["id"]]["text"], "title": of[g["id"]].get("title"), "env": bool(g["env"]),
                "types": g["types"] if g["env"] else None, "matter": f"{s.name}/{g.get('matter') or g['id']}",
            })
            for g in gold
        ]
        for s, gold, of in zip(sets, visible, texts, strict=True)
    ]
    result: list[Rows] = []
    for n, (gold, of, own) in enumerate(zip(visible, texts, examples, strict=True)):
        others = [replace(e, city=False) for m, part in enumerate(examples) if m != n for e in part]
        fold = folds_of(np.array([e.group for e in own]))
        rows: Rows = {}
        for k in range(FOLDS):
            tell(f"categories of {sets[n].name}, part {k + 1} of {FOLDS}")
            seen = [e for e, f in zip(own, fold, strict=True) if f != k]
            model = Categories(fit([*corpus, *others, *seen], f"fold-{k}", {}, ("environmental", "types")))
            held = [g["id"] for g, f in zip(gold, fold, strict=True) if f == k]
            p = answers(model, [of[id] for id in held])
            columns = [model.labels("types").index(kind) for kind in TYPES]
            for at, id in enumerate(held):
                types = [[kind, float(p["types"][at, c])] for kind, c in zip(TYPES, columns, strict=True)]
                rows[id] = {"environmental": float(p["environmental"][at, 0]), "types": types}
        result.append(rows)
    return result

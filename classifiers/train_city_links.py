"""Learns the pair model from a city's own answers: confirmed and undone links, and the cases its tickets were put in.

The newest part is held out; the shipped and the new model answer it, and the new one is promoted only where it is not
worse. The new model is a mixture: a city's few hundred answers know its habits, the shipped one knows what the city
has not met yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers import scoring
from classifiers.linking import Thresholds
from classifiers.offline import parse_time
from classifiers.reading import Complaint
from classifiers.train_city import Comparison
from classifiers.train_links import (
    FOLDS,
    PairSet,
    best_of_query,
    calibrated,
    collect,
    fit_raw,
    folds_of,
    mixed,
    worth_asking,
)
from classifiers.triage import MODELS, Triage

PART = "links"
SHIPPED_SHARE = 0.3
HELD_OUT = 0.2
LEAST_POSITIVE = 60  # fewer right pairs teach nothing that the shipped model does not know better
WRONG_COST = 5.0  # a matter hidden in a wrong case is worse than a repeat not found


@dataclass(frozen=True, slots=True)
class Links:
    """What is known of a city's complaints: the matter of each, and pairs a person said yes or no to."""

    matter: Mapping[str, str]
    same: frozenset[frozenset[str]] = frozenset()
    different: frozenset[frozenset[str]] = frozenset()
    doubtful: frozenset[frozenset[str]] = frozenset()

    def judge(self, a: str, b: str) -> bool | None:
        """One matter, two, or None where nobody knows."""
        pair = frozenset((a, b))
        if pair in self.same:
            return True
        if pair in self.different:
            return False
        one, other = self.matter.get(a), self.matter.get(b)
        if one is None or other is None or frozenset((one, other)) in self.doubtful or pair in self.doubtful:
            return None
        if one.startswith("~") and other.startswith("~"):
            return None
        return one == other

    def group(self, id: str) -> str:
        """The matter of a row, or the row itself, for folds."""
        return self.matter.get(id, f"?{id}")


def links_from(rows: Iterable[Mapping[str, Any]]) -> Links:
    """From lines of `{"a", "b", "same": bool}` (confirmed and undone links) or `{"id", "matter"}` (cases, labels).

    A row with `env` false and no matter is its own matter: a link of it to another is wrong. KeyError on other lines.
    """
    matter: dict[str, str] = {}
    same, different, doubtful = set[frozenset[str]](), set[frozenset[str]](), set[frozenset[str]]()
    for row in rows:
        if "a" in row:
            (same if row["same"] else different).add(frozenset((str(row["a"]), str(row["b"]))))
            continue
        id = str(row["id"])
        matter[id] = str(row["matter"]) if row.get("matter") and row.get("env", True) else f"~{id}"
        doubtful |= {frozenset((matter[id], str(other))) for other in row.get("uncertain_with") or ()}
    return Links(matter, frozenset(same), frozenset(different), frozenset(doubtful))


def complaints_of(tickets: Iterable[Mapping[str, Any]]) -> list[Complaint]:
    """A city's tickets in order of time; a ticket without a time keeps its place."""
    rows = []
    for row in tickets:
        time = parse_time(row.get("time") or row.get("created"))
        rows.append(
            Complaint(
                str(row["id"]), str(row["text"]), str(row.get("title") or ""), time, row.get("user"), row.get("address")
            )
        )
    if all(row.time is not None for row in rows):
        rows.sort(key=lambda row: row.time.timestamp() if row.time else 0.0)
    return rows


def out_of_fold(data: PairSet, shipped: scoring.PairModel, folds: int = FOLDS) -> npt.NDArray[np.float64]:
    """Raw scores of the mixture, each by a city model that saw nothing of either side's matter."""
    here, there = folds_of(data.here, folds), folds_of(data.there, folds)
    raw = np.zeros(len(data))
    for k in range(folds):
        held = np.flatnonzero(here == k)
        if len(held):
            seen = data.pick(np.flatnonzero((here != k) & (there != k)))
            raw[held] = mixed(fit_raw(seen), shipped, SHIPPED_SHARE).raw(data.x[held])
    return raw


def fit_city(
    data: PairSet, shipped: scoring.PairModel, provenance: dict[str, Any], auto: float = Thresholds().auto
) -> scoring.PairModel:
    """The calibrated mixture, with the scores worth a person's look. ValueError where there are too few right pairs."""
    right = int((data.y == 1).sum())
    if right < LEAST_POSITIVE:
        raise ValueError(f"{right} confirmed pairs; at least {LEAST_POSITIVE} are needed to learn from")
    raw = out_of_fold(data, shipped)
    model = calibrated(mixed(fit_raw(data), shipped, SHIPPED_SHARE), raw, data)
    chance = 1 / (1 + np.exp(-model.calibrate(raw, data.x)))
    return replace(model, ask=worth_asking(chance, data, auto), provenance={**provenance, "pairs": len(data), "same_matter": right})


def _judge(model: scoring.PairModel, data: PairSet, auto: float) -> dict[str, float]:
    p = model(data.x)
    best = best_of_query(p, data.query)
    score, right = p[best], data.y[best] == 1
    mates = np.unique(data.query[data.y == 1])
    linked = score >= auto
    found = len(np.intersect1d(data.query[best][linked & right], mates))
    wrong = int((linked & ~right).sum())
    surprise = -np.log(np.clip(np.where(right, score, 1 - score), 1e-6, 1))
    return {
        "repeats": float(len(mates)), "found": float(found), "wrong": float(wrong),
        "gain": found - WRONG_COST * wrong, "surprise": float(surprise.mean()) if len(best) else float("nan"),
    }


def train_and_compare(
    triage: Triage, tickets: Sequence[Mapping[str, Any]], links: Links, folder: Path,
    on_progress: Callable[[str], None] | None = None, cut: int | None = None,
) -> Comparison:
    """Learn, compare on the newest part, and write `links.json` into `folder` only where the new model is not worse.

    The newest part begins with ticket number `cut`, else it is the newest fifth of what is known. The new model is
    mixed with the shipped one, whatever `triage` has: a mixture of mixtures would grow with every training.
    """
    shipped = scoring.load(MODELS / f"{PART}.json")
    tell = on_progress or (lambda stage: None)
    complaints = complaints_of(tickets)
    tell("links: pairs")
    data = collect(triage, complaints, links.judge, links.group)
    if not len(data):
        return Comparison(PART, {}, {}, False, "no pair is known to be right or wrong")
    last = np.quantile(data.query, 1 - HELD_OUT) if cut is None else cut - 1
    older, newer = data.pick(np.flatnonzero(data.query <= last)), data.pick(np.flatnonzero(data.query > last))
    newer = newer.pick(np.flatnonzero(~np.isin(newer.here, older.here[older.y == 1])))
    if not (newer.y == 1).any():
        return Comparison(PART, {}, {}, False, "the newest part has no repeat to judge by")
    tell("links: old against new")
    old = _judge(triage.model, newer, triage.limits.auto)
    try:
        trial = fit_city(older, shipped, {})
    except ValueError as error:
        return Comparison(PART, old, {}, False, str(error))
    new = _judge(trial, newer, triage.limits.auto)
    if new["gain"] < old["gain"] or new["wrong"] > old["wrong"]:
        return Comparison(PART, old, new, False, "worse on the newest part")
    tell("links: on everything")
    provenance = {"trained_on": "a city's answers", "mixed_with": shipped.version, "share": SHIPPED_SHARE}
    scoring.save(fit_city(data, shipped, provenance), folder / f"{PART}.json")
    return Comparison(PART, old, new, True)

"""Training on a city's own history: what `petitions train` does for categories and units.

A city's tickets are added to the corpus, which then counts little; the newest part is held out, old and new model
answer it, and the new one is promoted only where it is not worse. `after_training` and `units_later` measure the same
out of fold, for `petitions evaluate`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.artifact import Artifact, save
from classifiers.categories import NAME as CATEGORIES
from classifiers.categories import Categories
from classifiers.corpus.generator import generate
from classifiers.evaluate_categories import (
    SCORED,
    Labelled,
    answers,
    f1,
    label_figures,
    unit_figures,
)
from classifiers.segment import shared
from classifiers.text_features import plain
from classifiers.train_categories import Example, fit, from_corpus
from classifiers.units import NAME as UNITS
from classifiers.units import Units, fit_units
from contracts.vocabulary import ReturnGround

CORPUS_ROWS, CORPUS_WEIGHT = 16_000, 0.25
HELD_OUT = 0.2
LEAST = 50  # tickets
FOLDS = 5
TOLERANCE = 0.0


CORRECTED_WEIGHT = 2.0  # a ticket that found its unit only after a return says where the border runs
NOT_THIS_UNIT = frozenset(
    {ReturnGround.NOT_OUR_DUTY, ReturnGround.NOT_OUR_REGION, ReturnGround.LEGAL_ROUTE, ReturnGround.CONFLICT_OF_INTEREST}
)
"""Grounds of a return that say the unit was wrong; the others say that the ticket was unclear or known already."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Old against new on the newest part, for one model; `promoted` where no figure both have got worse."""

    part: str
    old: dict[str, float]
    new: dict[str, float]
    promoted: bool
    reason: str = ""


def corpus_examples() -> list[Example]:
    """The share of the corpus that trains beside a city's history."""
    return from_corpus(generate(CORPUS_ROWS), CORPUS_WEIGHT)


def from_ticket(row: Mapping[str, Any]) -> Example:
    """A closed ticket: text, and title, env, types, subtype, demand, unit, returns, matter where it has them.

    `case` keeps tickets on one side of a comparison as `matter` does, without saying that they are one matter.

    `returns` are assignments that were sent back, `{"unit", "ground"}` each: a unit that returned the ticket because it
    is not its duty is not learnt from it, even where the record still names it.
    """
    types, unit = row.get("types"), row.get("unit")
    wrong = {r["unit"] for r in row.get("returns") or () if r.get("ground") in NOT_THIS_UNIT}
    return Example(
        row["text"], row.get("title") or "", row.get("env"), None if types is None else tuple(types),
        row.get("subtype"), row.get("demand"), None if unit in wrong else unit, str(row.get("matter") or row.get("case") or row["id"]),
        CORRECTED_WEIGHT if wrong and unit not in wrong else 1.0, True,
    )


def train(examples: Sequence[Example], version: str, heads: Sequence[str] | None = None) -> Artifact:
    """A model of corpus and city together; the city's examples carry `city=True`."""
    rows = [*corpus_examples(), *(replace(e, weight=1.0) for e in examples)]
    provenance = {"trained_on": "own corpus and city history", "corpus": CORPUS_ROWS, "city": len(examples)}
    return fit(rows, version, provenance, *(() if heads is None else (heads,)))


def judge(model: Categories, examples: Sequence[Example]) -> dict[str, float]:
    """The figures old and new are compared by; only those the examples have labels for."""
    rows = [{"id": str(i), "title": e.title, "text": e.text} for i, e in enumerate(examples)]
    p, out = answers(model, rows), {}
    known = [i for i, e in enumerate(examples) if e.env is not None]
    if known:
        truth = np.array([bool(examples[i].env) for i in known])
        out["env F1"] = f1(p["environmental"][known, 0] >= 0.5, truth)
    typed = [i for i, e in enumerate(examples) if e.env and e.types is not None]
    names = model.labels("types")
    each = [
        f1(p["types"][typed, names.index(t)] >= 0.5, np.array([t in (examples[i].types or ()) for i in typed]))
        for t in SCORED if any(t in (examples[i].types or ()) for i in typed)
    ]
    if each:
        out["types macro F1"] = float(np.mean(each))
    united = [i for i, e in enumerate(examples) if e.unit]
    if united:
        texts = [plain(examples[i].full_text) for i in united]
        chances, labels = model.unit_scores(shared().cut_many(texts), texts)
        best = chances.argmax(axis=1)
        out["unit top-1"] = float(np.mean([labels[b] == examples[i].unit for b, i in zip(best, united, strict=True)]))
    return out


def split(tickets: Sequence[Mapping[str, Any]], cut: int | None = None) -> tuple[list[Example], list[Example]]:
    """The older and the newest part of `tickets` (oldest first), from number `cut` or the newest fifth.

    Whole matters go to one side: a matter of the newest part that began before it is left out of the older part.
    ValueError where there are fewer than 50 tickets.
    """
    if len(tickets) < LEAST:
        raise ValueError(f"{len(tickets)} tickets are too few to learn from and to judge by; {LEAST} are needed")
    examples = [from_ticket(t) for t in tickets]
    cut = round(len(examples) * (1 - HELD_OUT)) if cut is None else cut
    newest = {e.group for e in examples[cut:]}
    return [e for e in examples[:cut] if e.group not in newest], examples[cut:]


def train_and_compare(tickets: Sequence[Mapping[str, Any]], folder: Path, version: str, old: Categories | None = None,
                      on_progress: Callable[[str], None] | None = None, cut: int | None = None) -> list[Comparison]:
    """Train categories and units on all but the newest part, compare each, and save those not worse into `folder`.

    What is saved was then trained on everything, the newest tickets too: units change, and the newest say so best.
    ValueError as in `split`.
    """
    tell = on_progress or (lambda stage: None)
    older, newest = split(tickets, cut)
    everything, now, found = [*older, *newest], old or Categories.load(), []
    for part, known, learn in (
        (CATEGORIES, lambda e: e.env is not None, train), (UNITS, lambda e: bool(e.unit), units_of),
    ):
        tell(part)
        if not any(map(known, older)):
            found.append(Comparison(part, {}, {}, False, "no ticket of the older part has such a label"))
            continue
        before = _only(part, judge(now, newest))
        try:
            model = learn(older, version)
        except ValueError as error:
            found.append(Comparison(part, before, {}, False, str(error)))
            continue
        new = Categories(now.model, Units(model)) if part == UNITS else Categories(model, now.units)
        after = _only(part, judge(new, newest))
        promoted = bool(after) and all(after[k] >= before[k] - TOLERANCE for k in before)
        reason = "" if promoted else "worse on the newest part" if after else "the newest part has no such label"
        if promoted:
            tell(f"{part} on everything")
            save(learn(everything, version), folder, part)
        found.append(Comparison(part, before, after, promoted, reason))
    return found


def _only(part: str, figures: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if (part == UNITS) == name.startswith("unit")}


def after_training(sets: Sequence[Labelled]) -> dict[str, dict[str, float]]:
    """Figures by set when every row is answered by a model that saw no row of its matter; all sets train together."""
    rows = [(s.name, r, g) for s in sets for r, g in zip(s.rows, s.gold, strict=True)]
    examples = [
        from_ticket({**r, "env": bool(g["env"]), "types": g["types"] if g["env"] else None, "unit": None,
                     "matter": f"{name}/{g['matter']}" if g["matter"] else f"{name}/{r['id']}"})
        for name, r, g in rows
    ]
    corpus = corpus_examples()
    order = np.random.default_rng(7).permutation(sorted({e.group for e in examples}))
    fold_of = {group: i % FOLDS for i, group in enumerate(order)}
    fold = np.array([fold_of[e.group] for e in examples])
    env, types = np.zeros(len(rows)), np.zeros((len(rows), len(SCORED)))
    for k in range(FOLDS):
        seen = [e for e, f in zip(examples, fold, strict=True) if f != k]
        model = Categories(fit([*corpus, *seen], f"fold-{k}", {}, ("environmental", "types")))
        at = np.flatnonzero(fold == k)
        p = answers(model, [rows[i][1] for i in at])
        env[at] = p["environmental"][:, 0]
        types[at] = p["types"][:, [model.labels("types").index(t) for t in SCORED]]
    out = {}
    for s in sets:
        at = np.flatnonzero([name == s.name for name, _, _ in rows])
        out[s.name] = label_figures(env[at], types[at], SCORED, s.gold)
    return out


def units_of(examples: Sequence[Example], version: str) -> Artifact:
    """A unit model of examples in order of time; those without a unit are left out."""
    known = [e for e in examples if e.unit]
    texts = [plain(e.full_text) for e in known]
    return fit_units(shared().cut_many(texts), texts, [e.unit or "" for e in known], version, {"tickets": len(known)},
                     [e.weight for e in known])


def units_later(path: Path, share: float = HELD_OUT, step: int | None = None) -> dict[str, float]:
    """Lead unit on the newest `share` of a file of tickets (id, text, dept_norm, relay), learnt from the earlier ones.

    Desks that only pass on are left out on both sides. With `step`, the model is trained again after that many
    tickets, as a nightly `petitions train` would; else it is trained once.
    """
    with path.open(encoding="utf-8") as file:
        tickets = [t for t in map(json.loads, file) if t["dept_norm"] and not t["relay"]]
    tickets.sort(key=lambda t: t["id"])
    examples = [from_ticket({**t, "unit": t["dept_norm"]}) for t in tickets]
    cut = round(len(examples) * (1 - share))
    step = step or len(examples) - cut
    labels = tuple(sorted({e.unit or "" for e in examples}))
    p = np.zeros((len(examples) - cut, len(labels)))
    for low in range(cut, len(examples), step):
        part = examples[low : low + step]
        model = Units(units_of(examples[:low], "later"))
        texts = [plain(e.full_text) for e in part]
        p[low - cut : low - cut + len(part), [labels.index(u) for u in model.labels]] = model.scores(
            shared().cut_many(texts), texts
        )
    return unit_figures(p, labels, [e.unit or "" for e in examples[cut:]])

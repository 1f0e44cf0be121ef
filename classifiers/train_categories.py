"""Training of the category models: on the project's own corpus alone, or on it together with a city's history.

    python -m classifiers.train_categories [--out DIR]                the shipped model, from the corpus
    train_city(examples, base) / promote(...)                          what `petitions train` does with a city's tickets

A head is a logistic regression over words and hint groups. With a city's history its probabilities are calibrated on
answers to the city's complaints given out of fold, whole matters kept together.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifiers import taxonomy
from classifiers.artifact import Artifact, Head, load, save
from classifiers.calibration import fit_logistic, fit_temperature
from classifiers.categories import MODELS, NAME
from classifiers.segment import shared
from classifiers.text_features import bag, hints, plain
from contracts.vocabulary import PollutionType

Matrix = Any  # scipy's CSR matrix
WORD_SCALE, HINT_SCALE = 0.5, 0.3  # words count less than meanings: a city has other words, the same meanings
STRENGTH = {"environmental": 5.0, "types": 20.0, "subtype": 6.0}
OTHER_STRENGTH = 2.0
# Of letters to a city's message board about one in ten is about the environment (a known share of such boards); the
# corpus holds far more of them, to learn from, and says so by weights.
LETTER_SHARE = 0.1
# Of notes that reach an environmental desk most are its own: the national platform turned away 15 to 25 % (bulletins of
# 2018 to 2020), single provinces up to 45 %.
NOTE_SHARE = 0.65
UNCOMMON, UNCOMMON_WEIGHT = "told_", 0.5  # keys of the corpus's uncommon sources; their weight where types are learnt
# A word told by this share of all sources of pollution and of all ordinary topics is manner (marks, 请, 市民, 反映) and
# means nothing; corpora and cities differ in it. Only the demand may be read from it.
MANNER = 0.98
MANNER_GROUPS = 40  # fewer sources or topics cannot tell
WORDS_MOST, WORDS_LEAST = 20_000, 3
FOLDS = 4
RARE = 8  # a unit with fewer tickets is no class of its own
HEADS = ("environmental", "types", "subtype", "demand", "unit")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled complaint; None where a label is unknown. `group` is kept together in folds (matter or source);
    `uncommon` sources teach what counts as environmental as much as common ones do, but not how often a type is met."""

    text: str
    title: str = ""
    env: bool | None = None
    types: tuple[str, ...] | None = None
    subtype: str | None = None
    demand: str | None = None
    unit: str | None = None
    group: str = ""
    weight: float = 1.0
    city: bool = False
    uncommon: bool = False

    @property
    def full_text(self) -> str:
        """Title and text as `Complaint.full_text` has them."""
        return f"{self.title}\n{self.text}" if self.title else self.text


def from_corpus(rows: Iterable[Mapping[str, Any]], weight: float = 1.0) -> list[Example]:
    """Examples of generated complaints."""
    kept = list(rows)
    ordinary = {}
    for letter, share in ((True, LETTER_SHARE), (False, NOTE_SHARE)):
        alike = [bool(r["env"]) for r in kept if bool(r["title"]) == letter]
        ordinary[letter] = sum(alike) / max(len(alike) - sum(alike), 1) * (1 - share) / share
    return [
        Example(r["text"], r["title"], r["env"], tuple(r["types"]), r["subtype"], r["demand"], r["lead_unit"],
                r["source"], weight * (1.0 if r["env"] else ordinary[bool(r["title"])]),
                uncommon=bool(r["env"]) and r["source"].startswith(UNCOMMON))
        for r in kept
    ]


@dataclass(slots=True)
class _Columns:
    words: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    matrix: Matrix


def _columns(examples: Sequence[Example]) -> _Columns:
    texts = [plain(e.full_text) for e in examples]
    tokens = shared().cut_many(texts)
    frequency = Counter(t for row in tokens for t in set(row))
    kept = [w for w, n in frequency.items() if n >= WORDS_LEAST and not w.isspace() and not w.isdigit()]
    words = tuple(sorted(sorted(kept, key=lambda w: (-frequency[w], w))[:WORDS_MOST]))
    idf = np.array([np.log((1 + len(tokens)) / (1 + frequency[w])) + 1 for w in words], np.float32)
    found = bag(tokens, {w: i for i, w in enumerate(words)}, idf)
    word_part = sparse.csr_matrix((found.value * WORD_SCALE, found.column, found.start), (len(examples), len(words)))
    hint_part = sparse.csr_matrix(hints().matrix(texts) * HINT_SCALE)
    return _Columns(words, idf, sparse.csr_matrix(sparse.hstack((word_part, hint_part))))


def _without_manner(x: Matrix, examples: Sequence[Example], words: int) -> Matrix:
    """`x` with the columns of mere manner emptied, as the corpus's rows tell them; untouched where it is too small."""
    kinds: dict[tuple[bool, str], int] = {}
    rows = [i for i, e in enumerate(examples) if not e.city and e.env is not None]
    number = [kinds.setdefault((bool(examples[i].env), examples[i].group), len(kinds)) for i in rows]
    told = np.array([env for env, _ in kinds], bool)
    if min(told.sum(), (~told).sum()) < MANNER_GROUPS:
        return x
    gather = sparse.csr_matrix((np.ones(len(rows)), (number, rows)), (len(kinds), len(examples)))
    found = sparse.csr_matrix(gather @ (x[:, :words] > 0)).toarray() > 0
    manner = (found[told].mean(axis=0) >= MANNER) & (found[~told].mean(axis=0) >= MANNER)
    return sparse.csr_matrix(x @ sparse.diags(np.r_[1.0 - manner, np.ones(x.shape[1] - words)]))


def _binary(x: Matrix, y: npt.NDArray[np.bool_], w: npt.NDArray[np.float64],
            strength: float) -> tuple[npt.NDArray[np.float64], float]:
    """Weights and bias; a question with one answer only gets a constant."""
    if y.all() or not y.any():
        return np.zeros(x.shape[1]), 6.0 if y.all() else -6.0
    model = LogisticRegression(C=strength, solver="liblinear", max_iter=200).fit(x, y, sample_weight=w)
    return model.coef_[0], float(model.intercept_[0])


def _folds(groups: Sequence[str], count: int) -> npt.NDArray[np.int64]:
    """A fold for every row, the same for equal groups whatever else there is."""
    return np.array([int(hashlib.sha256(g.encode()).hexdigest(), 16) % count for g in groups])


def _out_of_fold(x: Matrix, y: npt.NDArray[np.bool_], w: npt.NDArray[np.float64], groups: Sequence[str],
                 judged: npt.NDArray[np.bool_], strength: float) -> tuple[float, float]:
    """Calibration of a binary question from the judged rows' answers by models that saw neither row nor group."""
    fold, logit = _folds(groups, FOLDS), np.zeros(len(y))
    for k in range(FOLDS):
        test = (fold == k) & judged
        if test.any() and (fold != k).any():
            coef, bias = _binary(x[fold != k], y[fold != k], w[fold != k], strength)
            logit[test] = x[test] @ coef + bias
    return fit_logistic(logit[judged], y[judged], w[judged])


def fit(examples: Sequence[Example], version: str, provenance: Mapping[str, Any],
        heads: Sequence[str] = HEADS) -> Artifact:
    """Train all heads there are labels for; raises ValueError where no example says whether it is environmental."""
    city, uncommon = np.array([e.city for e in examples]), np.array([e.uncommon for e in examples])
    columns = _columns(examples)
    groups = [e.group for e in examples]
    x = _without_manner(columns.matrix, examples, len(columns.words))
    weight = np.array([e.weight for e in examples])
    made: list[Head] = []
    coefs: list[npt.NDArray[np.float64]] = []
    biases: list[float] = []

    def add(head: Head, outputs: Iterable[tuple[npt.NDArray[np.float64], float]]) -> None:
        made.append(head)
        for coef, bias in outputs:
            coefs.append(coef)
            biases.append(bias)

    def binary(name: str, rows: npt.NDArray[np.int64], y: npt.NDArray[np.bool_]) -> tuple[tuple[npt.NDArray[np.float64], float], float, float]:
        strength = STRENGTH[name]
        a, b = 1.0, 0.0  # answers of a model of the corpus alone proved calibrated on real complaints as they are
        w = weight[rows]
        if name == "types":
            w = w * np.where(uncommon[rows], UNCOMMON_WEIGHT, 1.0)
        if city[rows].sum() >= 50:
            a, b = _out_of_fold(x[rows], y, w, [groups[i] for i in rows], city[rows], strength)
        return _binary(x[rows], y, w, strength), a, b

    known = np.array([i for i, e in enumerate(examples) if e.env is not None], np.int64)
    if "environmental" in heads:
        if not len(known):
            raise ValueError("no example says whether it is environmental")
        output, a, b = binary("environmental", known, np.array([bool(examples[i].env) for i in known.tolist()]))
        add(Head("environmental", "binary", ("environmental",), (a,), (b,)), [output])
    if "types" in heads:
        rows = np.array([i for i, e in enumerate(examples) if e.env and e.types], np.int64)
        done = [
            binary("types", rows, np.array([t.value in (examples[i].types or ()) for i in rows.tolist()]))
            for t in PollutionType
        ]
        labels = tuple(t.value for t in PollutionType)
        add(Head("types", "multilabel", labels, tuple(a for _, a, _ in done), tuple(b for _, _, b in done)),
            [output for output, _, _ in done])
    softmaxes: list[tuple[str, list[str | None]]] = [
        ("subtype", [taxonomy.current(e.subtype, e.full_text) if e.env and e.subtype else None for e in examples]),
        ("demand", [e.demand for e in examples]),
        ("unit", _unit_labels(examples)),
    ]
    for name, values in softmaxes:
        if name in heads and any(values):
            read = columns.matrix if name == "demand" else x
            labels, outputs, factor = _softmax(read, values, weight, groups, STRENGTH.get(name, OTHER_STRENGTH))
            add(Head(name, "softmax", labels, (factor,), (0.0,)), outputs)
    weights = np.stack(coefs, axis=1)
    split = len(columns.words)
    return Artifact(
        version=version, lexicon=hints().version, taxonomy=taxonomy.version(), heads=tuple(made), words=columns.words,
        hint_names=tuple(hints().names), idf=columns.idf,
        word_weights=(weights[:split] * WORD_SCALE).astype(np.float32),
        hint_weights=(weights[split:] * HINT_SCALE).astype(np.float32),
        bias=np.array(biases, np.float32), provenance=dict(provenance),
    )


def _unit_labels(examples: Sequence[Example]) -> list[str | None]:
    """Units of the city's own tickets where there are any, else the corpus's; rare ones left out."""
    own = any(e.city and e.unit for e in examples)
    counts = Counter(e.unit for e in examples if e.unit and e.city == own)
    return [e.unit if e.unit and e.city == own and counts[e.unit] >= (RARE if own else 1) else None for e in examples]


def _softmax(x: Matrix, values: Sequence[str | None], weight: npt.NDArray[np.float64], groups: Sequence[str],
             strength: float) -> tuple[tuple[str, ...], list[tuple[npt.NDArray[np.float64], float]], float]:
    """Labels, outputs and temperature; the temperature comes from a quarter of the groups held out."""
    rows = [i for i, v in enumerate(values) if v is not None]
    labels = tuple(sorted({v for v in values if v}))
    y = np.array([labels.index(values[i] or "") for i in rows])
    xs, w = x[rows], weight[rows]
    held = _folds([f"{groups[i]}/{i % 4}" if len(set(groups)) < 200 else groups[i] for i in rows], 4) == 0
    part = _one_each(xs[~held], y[~held], w[~held], len(labels), strength)
    logits = np.stack([xs[held] @ c + b for c, b in part], axis=1)
    return labels, _one_each(xs, y, w, len(labels), strength), fit_temperature(logits, y[held])


def _one_each(x: Matrix, y: npt.NDArray[np.int64], w: npt.NDArray[np.float64], count: int,
              strength: float) -> list[tuple[npt.NDArray[np.float64], float]]:
    return [_binary(x, y == k, w, strength) for k in range(count)]


def main(argv: list[str] | None = None) -> int:
    """Train the shipped model from the corpus and write it."""
    from classifiers.corpus.generator import generate

    parser = argparse.ArgumentParser(prog="python -m classifiers.train_categories", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--n", type=int, default=48_000)
    parser.add_argument("--seed", type=int, default=20_240_101)
    options = parser.parse_args(argv)
    rows = from_corpus(generate(options.n, options.seed))
    provenance = {"trained_on": "own corpus", "complaints": len(rows), "seed": options.seed}
    print(save(fit(rows, "corpus-2026.2", provenance), options.out))
    print(load(options.out, NAME).version)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

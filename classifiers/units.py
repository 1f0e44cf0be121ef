"""Which unit led on tickets like this one: learnt from a city's closed tickets, with its own words.

What an operator asks for ("请…核实处理") is read as words of its own kind, because it names a unit or a district.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.artifact import Artifact, Head
from classifiers.calibration import softmax
from classifiers.renames import Renames
from classifiers.segment import shared
from classifiers.text_features import bag, hints, times

NAME = "units"
RARE = 3  # a unit with fewer tickets is no class of its own
WORDS_LEAST = 2
HINT_SCALE, ASK_WEIGHT = 0.1, 2
BLOCKS = 3  # newest parts of the history, each answered from what came before it, that set the temperature
_ASK = re.compile(
    r"(?:请|由|望|要求)([^，。！？：；请\s]{2,14}?)(?:给予|进行|尽快|部门)?(?:核实|处理|调查|答复|解决|跟进|回复|给予|管理|帮)"
)


def tokens(words: Sequence[str], text: str) -> list[str]:
    """Words of a ticket, and those of what is asked for, marked as such."""
    asked: list[str] = []
    for phrase in _ASK.findall(text):
        asked += [f"ask={phrase}"] * ASK_WEIGHT
        asked += [f"ask:{word}" for word in shared().cut(phrase)] * ASK_WEIGHT
    return [*words, *asked]


class Units:
    """A loaded unit model; immutable, shared by threads. It answers with today's names of the units it learnt."""

    def __init__(self, model: Artifact, renames: Renames | None = None) -> None:
        if list(model.hint_names) != hints().names:
            raise ValueError(f"unit model {model.version} was trained with other hint groups: train it again")
        self.model = model
        self._renames = renames or Renames()
        learnt = model.heads[0].labels
        self.labels = tuple(dict.fromkeys(name for old in learnt for name in self._renames.targets("unit", old)))
        self._columns = {word: i for i, word in enumerate(model.words)}

    def scores(self, words: Sequence[Sequence[str]], texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Calibrated probabilities, shape (rows, labels)."""
        rows = [tokens(w, t) for w, t in zip(words, texts, strict=True)]
        raw = times(bag(rows, self._columns, self.model.idf), self.model.word_weights)
        raw += hints().matrix(texts) @ self.model.hint_weights + self.model.bias
        return self._renamed(softmax(raw * self.model.heads[0].a[0]).astype(np.float32), texts)

    def _renamed(self, p: npt.NDArray[np.float32], texts: Sequence[str]) -> npt.NDArray[np.float32]:
        learnt = self.model.heads[0].labels
        if self.labels == learnt:
            return p
        column = {name: i for i, name in enumerate(self.labels)}
        out = np.zeros((len(p), len(self.labels)), np.float32)
        for i, old in enumerate(learnt):
            if len(self._renames.targets("unit", old)) == 1:
                out[:, column[self._renames.name("unit", old)]] += p[:, i]
                continue
            for row, text in enumerate(texts):
                out[row, column[self._renames.name("unit", old, text)]] += p[row, i]
        return out


def fit_units(words: Sequence[Sequence[str]], texts: Sequence[str], units: Sequence[str], version: str,
              provenance: Mapping[str, Any], weights: Sequence[float] | None = None) -> Artifact:
    """Train on tickets in order of time, oldest first; a ticket weighs one unless `weights` say otherwise.

    ValueError where fewer than two units have enough tickets.
    """
    from scipy import sparse
    from sklearn.svm import LinearSVC

    counts = Counter(units)
    kept = [i for i, u in enumerate(units) if counts[u] >= RARE]
    labels = tuple(sorted({units[i] for i in kept}))
    if len(labels) < 2:
        raise ValueError("fewer than two units have enough tickets to learn from")
    rows = [tokens(words[i], texts[i]) for i in kept]
    frequency = Counter(t for row in rows for t in set(row))
    vocabulary = tuple(sorted(w for w, n in frequency.items() if n >= WORDS_LEAST and not w.isspace()))
    idf = np.array([np.log((1 + len(rows)) / (1 + frequency[w])) + 1 for w in vocabulary], np.float32)
    found = bag(rows, {w: i for i, w in enumerate(vocabulary)}, idf)
    x = sparse.csr_matrix(sparse.hstack((
        sparse.csr_matrix((found.value, found.column, found.start), (len(rows), len(vocabulary))),
        sparse.csr_matrix(hints().matrix([texts[i] for i in kept]) * HINT_SCALE),
    )))
    y = np.array([labels.index(units[i]) for i in kept])
    weight = np.ones(len(kept)) if weights is None else np.array([weights[i] for i in kept])

    def machine(upto: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Coefficients (columns, labels) and bias; a unit not seen yet cannot be answered."""
        seen = np.unique(y[:upto])
        svc = LinearSVC(C=1.0).fit(x[:upto], y[:upto], sample_weight=weight[:upto])
        coef, bias = np.zeros((x.shape[1], len(labels))), np.full(len(labels), -3.0)
        if len(seen) == 2:
            coef[:, seen], bias[seen] = np.vstack((-svc.coef_, svc.coef_)).T, np.r_[-svc.intercept_, svc.intercept_]
        else:
            coef[:, seen], bias[seen] = svc.coef_.T, svc.intercept_
        return coef, bias

    logits, truth = [], []
    edges = np.linspace(0.55, 1.0, BLOCKS + 1)
    for low, high in zip((edges[:-1] * len(y)).astype(int), (edges[1:] * len(y)).astype(int), strict=True):
        if len(np.unique(y[:low])) >= 2 and high > low:
            coef, bias = machine(low)
            logits.append(x[low:high] @ coef + bias)
            truth.append(y[low:high])
    factor = _sharpness(np.vstack(logits), np.concatenate(truth)) if logits else 5.0
    coef, bias = machine(len(y))
    split = len(vocabulary)
    return Artifact(
        version, hints().version, "", (Head("unit", "softmax", labels, (factor,), (0.0,)),), vocabulary,
        tuple(hints().names), idf, coef[:split].astype(np.float32), (coef[split:] * HINT_SCALE).astype(np.float32),
        bias.astype(np.float32), dict(provenance),
    )


def _sharpness(logits: npt.NDArray[np.float64], truth: npt.NDArray[np.int64]) -> float:
    """The factor at which the mean confidence shown is the share that is right."""
    right = float((logits.argmax(axis=1) == truth).mean())
    factors = np.geomspace(0.5, 40, 120)
    shown = [abs(float(softmax(logits * f).max(axis=1).mean()) - right) for f in factors]
    return float(factors[int(np.argmin(shown))])

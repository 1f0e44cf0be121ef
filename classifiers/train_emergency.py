"""Trains the emergency weights on the project's own tellings: `python -m classifiers.train_emergency [--judge FILE ...]`.

Emergencies and their look-alikes are `corpus/data/emergencies.jsonl`, written by hand; ordinary complaints are those told
by hand (`told`, `cues`) and a part of the generated corpus. `--judge` prints, for JSON lines with `text` and, where
known, `urgency` or `emergency`, how many of each sort are suspected.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifiers import alarm
from classifiers.corpus.generator import generate
from classifiers.normalize import normalize

GENERATED, SENTENCES = 6_000, 12_000
# A generated sentence is one of thousands alike; an emergency's look-alike stands for many that are not written here.
WEIGHTS = {"emergency": 1.0, "look-alike": 2.0, "told": 1.0, "generated": 0.3}
STRENGTH = 10.0
# A suspicion costs a duty officer one look: from this chance on four of five emergencies set apart are met, and of public
# complaints fewer than three in a thousand call anybody.
LEAST = 0.2
_PAUSES = frozenset("，。！？；：、 \n")


def grams(piece: str) -> set[str]:
    """Characters and pairs of characters of a normalised piece, pauses left out."""
    found = {letter for letter in piece if letter not in _PAUSES}
    return found | {a + b for a, b in pairwise(piece) if a not in _PAUSES and b not in _PAUSES}


def own(name: str) -> list[dict[str, Any]]:
    """Lines of a data file of the corpus."""
    text = resources.files("classifiers").joinpath("corpus/data", f"{name}.jsonl").read_text("utf8")
    return [json.loads(line) for line in text.splitlines()]


def examples() -> tuple[list[str], list[bool], list[float]]:
    """Pieces, whether they tell of an emergency, and weights."""
    pieces: list[str] = []
    truth: list[bool] = []
    weights: list[float] = []

    def add(found: Iterable[str], is_emergency: bool, weight: float) -> None:
        for piece in found:
            pieces.append(piece)
            truth.append(is_emergency)
            weights.append(weight)

    for row in own("emergencies"):
        add([normalize(row["text"])], row["emergency"], WEIGHTS["emergency" if row["emergency"] else "look-alike"])
    for row in (*own("told"), *own("cues")):
        add(_pieces(row), False, WEIGHTS["told"])
    made = [piece for row in generate(GENERATED, seed=5) for piece in _pieces(row)]
    order = np.random.default_rng(1).permutation(len(made))[:SENTENCES]
    add([made[at] for at in order.tolist()], False, WEIGHTS["generated"])
    return pieces, truth, weights


def _pieces(row: dict[str, Any]) -> list[str]:
    plain = normalize(f"{row['title']}\n{row['text']}" if row.get("title") else row["text"])
    return [plain[a:b] for a, b in alarm.sentences(plain)]


def train(path: Path) -> str:
    """Fit and write; the version."""
    pieces, truth, weights = examples()
    counted = [grams(piece) for piece in pieces]
    frequency = Counter(gram for each in counted for gram in each)
    telling = {gram for each, true in zip(counted, truth, strict=True) if true for gram in each}
    vocabulary = sorted(gram for gram, n in frequency.items() if n >= 2 and ord(max(gram)) < 1 << 16 and (gram in telling or n >= 30))
    column = {gram: at for at, gram in enumerate(vocabulary)}
    rows, columns, values = [], [], []
    for at, (piece, each) in enumerate(zip(pieces, counted, strict=True)):
        scale = alarm.SCALE / np.sqrt(2.0 * max(len(piece), alarm.SHORT))
        known = [column[gram] for gram in each if gram in column]
        rows += [at] * len(known)
        columns += known
        values += [scale] * len(known)
    x = sparse.csr_matrix((values, (rows, columns)), shape=(len(pieces), len(vocabulary)))
    model = LogisticRegression(C=STRENGTH, max_iter=1000, solver="liblinear").fit(x, truth, sample_weight=weights)
    fitted = dict(zip(vocabulary, model.coef_[0].tolist(), strict=True))
    provenance = {"trained_on": "own corpus", "emergencies": sum(truth), "other sentences": len(truth) - sum(truth), "weights": WEIGHTS}
    return alarm.save(path, fitted, float(model.intercept_[0]), LEAST, provenance)


def judge(model: alarm.Alarm, path: Path) -> str:
    """How many of each sort of a file's texts are suspected."""
    rows = [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]
    texts = [f"{row['title']}\n{row['text']}" if row.get("title") else row["text"] for row in rows]
    asked: Counter[str] = Counter()
    suspected: Counter[str] = Counter()
    for row, found in zip(rows, model.suspected(texts), strict=True):
        sort = str(row.get("urgency", row.get("emergency", "all")))
        asked[sort] += 1
        suspected[sort] += bool(found)
    return f"{path.name}: " + ", ".join(f"{sort} {suspected[sort]} of {asked[sort]}" for sort in sorted(asked))


def main(argv: Sequence[str] | None = None) -> int:
    """Train, write, and judge where asked."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.train_emergency", description=__doc__)
    parser.add_argument("--out", type=Path, default=alarm.MODEL)
    parser.add_argument("--judge", type=Path, nargs="*", default=[])
    options = parser.parse_args(argv)
    print(train(options.out))
    for path in options.judge:
        print(judge(alarm.load(options.out), path))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Suspected emergencies in people's own words: characters and pairs of characters of each sentence, weighed.

Who stands beside a leaking tank says what is seen, smelt and felt, and seldom "泄漏". The weights are learnt from such
tellings and from ordinary complaints that share their words (`python -m classifiers.train_emergency`); they need no
segmentation, so that intake can ask before anything slow. `urgency` adds the rules for official words.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.normalize import normalize
from classifiers.reading import Span

MODEL = Path(__file__).with_name("models") / "emergency.json"
LONGEST, LEAST = 90, 4  # characters of a sentence; longer ones are taken clause by clause
_CLAUSES = 70  # of so many characters together
SHORT = 12  # a sentence counts as at least so long, so that two words alone prove little
SCALE = 5.0
_SENTENCE = re.compile(r"[^。！？\n]+")
_CLAUSE = re.compile(r"[^，；]+[，；]?")
_CODES = 1 << 16

# What goes on for weeks or comes back is no sudden event; in a long letter the sentence alone is asked for it.
_LASTING = re.compile(
    r"天天|每天|每晚|每到|每次|每年|年年|夜夜|长期|常年|一直(?![漂流到往])|经常|总是|老是|多次|屡次|多年|[一二两三四五六七八九十几多\d]+个?多?(?:年|月|周|星期)(?!前刚)"
    r"|举报过|反映过|投诉过|照旧|去年|前年|上个月|从[春夏秋冬]"
)
SURE = 0.9  # from here on it is suspected all the same
_LETTER = 200  # characters

Floats = npt.NDArray[np.float32]


def sentences(plain: str) -> list[tuple[int, int]]:
    """Spans of sentences of a normalised text, long ones in parts."""
    found: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(plain):
        start, end = match.span()
        if end - start <= LONGEST:
            if end - start >= LEAST:
                found.append((start, end))
            continue
        begin = start
        for clause in _CLAUSE.finditer(plain, start, end):
            if clause.end() - begin > _CLAUSES and clause.start() > begin:
                found.append((begin, clause.start()))
                begin = clause.start()
        found.append((begin, end))
    return found


@dataclass(frozen=True, slots=True)
class Alarm:
    """Weights of characters and of pairs of them; 0 is every character without a weight.

    Shapes: `number` (65,536), `single` (letters + 1), `pair` (letters + 1, letters + 1). A sentence is suspected from
    the chance `least` on.
    """

    version: str
    number: npt.NDArray[np.uint16]
    single: Floats
    pair: npt.NDArray[np.float16]
    bias: float
    least: float

    def chances(self, plains: Sequence[str]) -> list[list[tuple[float, int, int]]]:
        """For each normalised text its sentences with their chance of telling of an emergency."""
        spans = [sentences(plain) for plain in plains]
        pieces = [plain[a:b] for plain, each in zip(plains, spans, strict=True) for a, b in each]
        if not pieces:
            return [[] for _ in plains]
        chance = iter(self._chance(pieces).tolist())
        return [[(next(chance), a, b) for a, b in each] for each in spans]

    def _chance(self, pieces: Sequence[str]) -> npt.NDArray[np.float64]:
        lengths = np.array([len(piece) for piece in pieces])
        codes = np.frombuffer("".join(pieces).encode("utf-32-le", "surrogatepass"), np.uint32)
        letters = self.number[np.minimum(codes, _CODES - 1)].astype(np.int64)
        of = np.repeat(np.arange(len(pieces)), lengths)
        inside = of[1:] == of[:-1]
        width = len(self.single)
        # what stands twice in a sentence proves no more than what stands once
        once = _distinct(of, letters, width)
        twice = _distinct(of[1:][inside], (letters[:-1] * width + letters[1:])[inside], width * width)
        total = np.bincount(once // width, self.single[once % width], len(pieces))
        total += np.bincount(twice // width**2, self.pair.ravel()[twice % width**2], len(pieces))
        odds = self.bias + total * SCALE / np.sqrt(2.0 * np.maximum(lengths, SHORT))
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))

    def suspected(self, full_texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """For each text the clauses that tell most of each suspicious sentence, in order; mostly none."""
        found: list[tuple[Span, ...]] = []
        plains = [normalize(text) for text in full_texts]
        for full, plain, told in zip(full_texts, plains, self.chances(plains), strict=True):
            spans = [self._clause(plain, a, b) for chance, a, b in told if chance >= (SURE if _lasting(plain, a, b) else self.least)]
            found.append(tuple(Span(a, b, full[a:b]) for a, b in spans))
        return found

    def _clause(self, plain: str, start: int, end: int) -> tuple[int, int]:
        clauses = [match.span() for match in _CLAUSE.finditer(plain, start, end)]
        best = int(self._chance([plain[a:b] for a, b in clauses]).argmax())
        a, b = clauses[best]
        return a, b - (plain[b - 1] in "，；")


def _lasting(plain: str, start: int, end: int) -> bool:
    """Whether the text, or of a letter the sentence, says that it goes on or comes back."""
    return (_LASTING.search(plain) if len(plain) < _LETTER else _LASTING.search(plain, start, end)) is not None


def _distinct(of: npt.NDArray[np.int64], key: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
    """Every key of every sentence once, as `sentence * width + key`."""
    both = of * width + key
    both.sort()
    return both[np.concatenate(([True], both[1:] != both[:-1]))] if both.size else both


def save(path: Path, weights: dict[str, float], bias: float, least: float, provenance: dict[str, Any]) -> str:
    """Write weights of characters and pairs as JSON with a checksum, so that a change of the model is a diff; its version."""
    body = {
        "provenance": provenance, "bias": round(bias, 5), "least": least,
        "weights": {gram: round(value, 4) for gram, value in sorted(weights.items()) if round(value, 4)},
    }
    digest = _digest(body)
    lines = json.dumps({"sha256": digest, **body}, ensure_ascii=False, indent=0)
    path.write_text(lines + "\n", "utf8")
    return digest[:12]


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@cache
def load(path: Path = MODEL) -> Alarm:
    """The model of a file, read once. ValueError where its checksum does not fit."""
    body = json.loads(path.read_text("utf8"))
    digest = body.pop("sha256")
    if _digest(body) != digest:
        raise ValueError(f"{path.name}: the content does not fit its checksum")
    weights: dict[str, float] = body["weights"]
    letters = sorted({letter for gram in weights for letter in gram})
    number = np.zeros(_CODES, np.uint16)
    number[[ord(letter) for letter in letters]] = np.arange(1, len(letters) + 1)
    single, pair = np.zeros(len(letters) + 1, np.float32), np.zeros((len(letters) + 1, len(letters) + 1), np.float16)
    for gram, value in weights.items():
        at = [int(number[ord(letter)]) for letter in gram]
        if len(at) == 1:
            single[at[0]] = value
        else:
            pair[at[0], at[1]] = value
    return Alarm(digest[:12], number, single, pair, float(body["bias"]), float(body["least"]))

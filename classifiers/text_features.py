"""Columns of a complaint for the category models: words by inverse document frequency, and hint groups.

All is computed for a whole batch in numpy. Hints are looked up by hashing every run of two to six characters against a
table with no collisions, so that the cost does not grow with the number of hint words.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from classifiers.normalize import blank_tokens, normalize
from classifiers.taxonomy import lexicon

Floats = npt.NDArray[np.float32]

HEAD = 70  # characters that usually say what it is about: the title, or the first clause
FORM = ("form.title", "form.60", "form.150", "form.400")  # a letter with a title, a note; lengths in characters
LEVELS = ("any", "two", "four", "head", "head_two")
LIMIT = 4_000  # characters read of one complaint; longer letters repeat themselves
_LONGEST = 6
_LENGTHS = (60, 150, 400)
_FORM_SCALE = np.float32(3.0)  # the form is no meaning: let it be learnt freely
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_BITS = 20
_NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)  # no word's hash
_GAP = "\uffff"  # between texts; a zero would leave the hash of a following word as it is


def plain(full_text: str) -> str:
    """One writing of a complaint's full text: widths and forms unified, numbers of persons and tickets blanked."""
    return blank_tokens(normalize(full_text[:LIMIT]))


@dataclass(frozen=True, slots=True)
class Hints:
    """Hint groups of the lexicon and the table that finds their words; `names` are the columns."""

    version: str
    groups: tuple[str, ...]
    multiplier: np.uint64
    keys: npt.NDArray[np.uint64]
    word_of: npt.NDArray[np.int16]
    groups_of: npt.NDArray[np.int16]
    lengths: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns of `matrix`: group by group, then the form of the text."""
        return [*(f"{g}.{level}" for g in self.groups for level in LEVELS), *FORM]

    def matrix(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, names), ones and zeros."""
        form = np.array([("\n" in t[:60], *(len(t) > n for n in _LENGTHS)) for t in texts], np.float32)
        return np.hstack((self._found(texts), form.reshape(len(texts), len(FORM)) * _FORM_SCALE))

    def _found(self, texts: Sequence[str]) -> Floats:
        many, size = len(self.groups), len(texts)
        joined = "".join(t + _GAP * _LONGEST for t in texts)
        code = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.uint64)
        ends = np.cumsum([len(t) + _LONGEST for t in texts]) if texts else np.zeros(0, int)
        starts = np.concatenate(([0], ends[:-1])) if size else ends
        rolling = np.zeros(len(code), np.uint64)
        found_at, found_word = [], []
        with np.errstate(over="ignore"):
            for length in range(1, max(self.lengths) + 1):
                rolling = rolling[: len(code) - length + 1] * _PRIME + code[length - 1 :]
                if length not in self.lengths:
                    continue
                slot = (rolling * self.multiplier) >> np.uint64(64 - _BITS)
                hit = np.flatnonzero(self.keys[slot] == rolling)
                found_at.append(hit)
                found_word.append(self.word_of[slot[hit]])
        if not found_at:
            return np.zeros((size, many * len(LEVELS)), np.float32)
        of = self.groups_of[np.concatenate(found_word)].astype(np.int64)  # a word may stand in several groups, -1 pads
        at = np.repeat(np.concatenate(found_at), of.shape[1])[of.ravel() >= 0]
        group = of.ravel()[of.ravel() >= 0]
        pair = np.unique(at * many + group)  # a word inside a longer one of its group counts once
        at, group = pair // many, pair % many
        doc = np.searchsorted(ends, at, side="right")
        cell = doc * many + group
        count = np.bincount(cell, minlength=size * many)
        early = np.bincount(cell[at - starts[doc] < HEAD], minlength=size * many)
        levels = np.stack((count > 0, count > 1, count > 3, early > 0, early > 1), axis=1)
        return levels.reshape(size, many * len(LEVELS)).astype(np.float32)


def _hash(word: str) -> int:
    value = 0
    for char in word:
        value = (value * int(_PRIME) + ord(char)) & 0xFFFFFFFFFFFFFFFF
    return value


@cache
def hints() -> Hints:
    """The hints of `lexicon/hints.toml`; a multiplier is searched that keeps all words apart in the table."""
    table = lexicon("hints.toml")
    groups = tuple(table["groups"])
    words: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for word in dict.fromkeys(table["groups"][group].lower().split()):
            words.setdefault(word, []).append(number)
    hashed = {_hash(word): i for i, word in enumerate(words)}
    for attempt in range(1, 1_000):
        multiplier = (0x2545F4914F6CDD1D * (2 * attempt + 1)) & 0xFFFFFFFFFFFFFFFF
        slots = {((h * multiplier) & 0xFFFFFFFFFFFFFFFF) >> (64 - _BITS): h for h in hashed}
        if len(slots) == len(words):
            break
    else:
        raise ValueError("no multiplier keeps the hint words apart")
    keys, word_of = np.full(1 << _BITS, _NOTHING, np.uint64), np.zeros(1 << _BITS, np.int16)
    for slot, h in slots.items():
        keys[slot], word_of[slot] = h, hashed[h]
    groups_of = np.full((len(words), max(map(len, words.values()))), -1, np.int16)
    for i, member in enumerate(words.values()):
        groups_of[i, : len(member)] = member
    lengths = tuple(sorted({len(w) for w in words}))
    return Hints(str(table["version"]), groups, np.uint64(multiplier), keys, word_of, groups_of, lengths)


@dataclass(frozen=True, slots=True)
class Bag:
    """Words of a batch in row order: `column` and `value` of each entry, rows from `start[i]` to `start[i + 1]`."""

    column: npt.NDArray[np.int64]
    value: Floats
    start: npt.NDArray[np.int64]


def bag(tokens: Sequence[Sequence[str]], vocabulary: Mapping[str, int], idf: Floats) -> Bag:
    """Known words of every row, weighted (1 + ln tf) x idf and scaled to length one."""
    get = vocabulary.get
    ids = [[c for t in row if (c := get(t)) is not None] for row in tokens]
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    flat = np.fromiter((c for row in ids for c in row), np.int64, int(lengths.sum()))
    rows = np.repeat(np.arange(len(ids)), lengths)
    width = max(len(vocabulary), 1)
    key, count = np.unique(rows * width + flat, return_counts=True)
    row, column = key // width, key % width
    value = (1.0 + np.log(count, dtype=np.float32)) * idf[column]
    norm = np.sqrt(np.bincount(row, value * value, len(ids))).astype(np.float32)
    start = np.searchsorted(row, np.arange(len(ids) + 1))
    return Bag(column, (value / np.maximum(norm, 1e-9)[row]).astype(np.float32), start)


def times(words: Bag, weights: Floats) -> Floats:
    """The bag as a sparse matrix times `weights` (vocabulary, outputs)."""
    out = np.zeros((len(words.start) - 1, weights.shape[1]), np.float32)
    start, column, value = words.start.tolist(), words.column, words.value
    for i, (low, high) in enumerate(itertools.pairwise(start)):  # one gather a row stays in the cache
        if high > low:
            np.dot(value[low:high], weights[column[low:high]], out=out[i])
    return out

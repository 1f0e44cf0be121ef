"""The words and pairs of characters a complaint is remembered by, chosen for a whole batch in arrays.

Words count by how rare they are in general Chinese and where they stand; pairs of characters are those of names and of
the head, in that order. Positions are of the normalised text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
import numpy.typing as npt

from classifiers import extract_cues as cues
from classifiers import profile as pf
from classifiers.extract import Parts
from classifiers.extract_names import Name

_GENERAL_WORDS = 6.2  # words commoner than this in general Chinese (idf) say nothing of a matter
_UNKNOWN_IDF = 12.0
_FAR = 65535  # positions are two bytes
_IN_HEAD, _AGAIN, _LATER = 8.0, 0.7, 1 / 2000  # what a word gains in the head, by each repetition, and loses by each character before it
_SILENT = frozenset(("door", "building", "district", "project"))  # numbers and districts tell by the whole, not by grams
_RUN = re.compile(r"[0-9a-z\u4e00-\u9fff]{2,}")
_MOST_KNOWN = 100_000
_PLANE = np.uint64(21)  # bits of a character

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chosen keys of a batch: `rows` ascend, `ranks` count from 0 within each row; `at` is -1 where it means nothing."""

    rows: Ints
    ranks: Ints
    keys: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    at: Ints

    def into(self, records: pf.Records, keys: str, flags: str, at: str | None = None) -> None:
        """Write them into array fields of the records."""
        records[keys][self.rows, self.ranks] = self.keys
        records[flags][self.rows, self.ranks] = self.flags
        if at:
            records[at][self.rows, self.ranks] = self.at


class _Words(dict[str, int]):
    """Numbers of words met so far, with their rarity in general Chinese and their key; bounded, shared by threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._idf: list[float] = []
        self._key: list[int] = []

    def __missing__(self, word: str) -> int:
        with self._lock:
            if len(word) < 2 or word.isdigit() or not word.isalnum():
                idf = 0.0
            else:
                idf = pf.general_idf(word, _UNKNOWN_IDF)
            self._idf.append(idf if idf >= _GENERAL_WORDS else 0.0)
            self._key.append(pf.key32("w", word))
            number = self[word] = len(self._idf) - 1
        return number

    def look_up(self, words: Sequence[Sequence[str]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint32]]:
        """Rarity (0 where a word says nothing of a matter) and key of every word of a batch."""
        numbers = [number for row in words for number in map(self.__getitem__, row)]
        distinct, inverse = np.unique(np.array(numbers, np.int64), return_inverse=True)
        idf = np.array([self._idf[number] for number in distinct.tolist()], np.float64)
        key = np.array([self._key[number] for number in distinct.tolist()], np.uint32)
        return idf[inverse], key[inverse]


_known = [_Words()]


def words(parts: Sequence[Parts]) -> Chosen:
    """The words that tell most of each text; what is asked of officials tells nothing outside the head."""
    table = _known[0]
    if len(table) > _MOST_KNOWN:
        table = _known[0] = _Words()
    idf, key = table.look_up([part.tokens for part in parts])
    lengths = [len(part.tokens) for part in parts]
    ends = np.cumsum(lengths)
    row = np.repeat(np.arange(len(parts)), lengths)
    start = np.fromiter((at for part in parts for at in part.starts), np.int64, len(row))
    head = _within(parts, "head", row, start)
    flags = np.where(head, _zone(parts, row, start) | pf.IN_HEAD, 0).astype(np.uint8)
    kept = (idf > 0) & (start <= _FAR)
    for i, part in enumerate(parts):
        for low, high in cues.demands(part.plain):
            first = ends[i] - lengths[i]
            here = slice(first + np.searchsorted(part.starts, low), first + np.searchsorted(part.starts, high))
            kept[here] &= head[here]
    row, start, idf, key, flags = row[kept], start[kept], idf[kept], key[kept], flags[kept]
    first_of, group, any_flags, count = _grouped(row, key.astype(np.uint64), flags)
    where = start[first_of]
    priority = where * _LATER - idf[first_of] - _IN_HEAD * (any_flags > 0) - _AGAIN * (count - 1)
    order = np.lexsort((first_of, priority, group))
    rows = group[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)
    fit = ranks < pf.WORDS
    order = order[fit]
    return Chosen(rows[fit], ranks[fit], key[first_of][order], any_flags[order], where[order])


def grams(parts: Sequence[Parts], names: Sequence[Sequence[tuple[Name, int]]]) -> Chosen:
    """Pairs of characters of names and of the head, with where they stand, the first of each text."""
    stretches = [stretch for i, (part, chosen) in enumerate(zip(parts, names, strict=True)) for stretch in _stretches(i, part, chosen)]
    table = np.array(stretches, np.int64).reshape(-1, 4)
    lengths = table[:, 2] - table[:, 1]
    row, base = np.repeat(table[:, 0], lengths), np.repeat(table[:, 3], lengths)
    at = np.arange(len(row)) + np.repeat(table[:, 1] - np.cumsum(lengths) + lengths, lengths)
    letters = np.frombuffer("".join(part.plain for part in parts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    offset = np.cumsum([0, *(len(part.plain) for part in parts)])
    place = at + offset[row]
    pair = (letters[place] << _PLANE) | letters[place + 1]
    flags = (base | _zone(parts, row, at)).astype(np.uint8)
    first_of, rows, any_flags, _ = _grouped(row, pair, flags)
    order = np.argsort(first_of)
    rows = rows[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows)
    fit = ranks < pf.GRAMS
    order = order[fit]
    distinct, inverse = np.unique(pair[first_of[order]], return_inverse=True)
    keys = np.array([_gram(each) for each in distinct.tolist()], np.uint32)
    return Chosen(rows[fit], ranks[fit], keys[inverse], any_flags[order], np.full(len(order), -1))


def _stretches(i: int, part: Parts, chosen: Sequence[tuple[Name, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Row, first and last start of a pair, and flags, of every stretch of text whose pairs count."""
    head, end = part.head
    for name, _ in chosen:
        if name.kind not in _SILENT:
            yield i, name.start, name.end - 1, pf.IN_NAME | (pf.IN_HEAD if head <= name.start < end else 0)
    for run in _RUN.finditer(part.plain, head, end):
        yield i, run.start(), run.end() - 1, pf.IN_HEAD


def _within(parts: Sequence[Parts], name: str, row: Ints, at: Ints) -> npt.NDArray[np.bool_]:
    """Whether positions are inside a span of their text."""
    low, high = np.array([getattr(part, name) for part in parts], np.int64).reshape(-1, 2).T
    inside: npt.NDArray[np.bool_] = (low[row] <= at) & (at < high[row])
    return inside


def _zone(parts: Sequence[Parts], row: Ints, at: Ints) -> Ints:
    """IN_ACTOR, else IN_LANDMARK, else 0, of positions."""
    landmark = np.where(_within(parts, "landmark", row, at), pf.IN_LANDMARK, 0)
    zone: Ints = np.where(_within(parts, "actor", row, at), pf.IN_ACTOR, landmark)
    return zone


def _grouped(row: Ints, key: npt.NDArray[np.uint64], flags: npt.NDArray[np.uint8]) -> tuple[Ints, Ints, npt.NDArray[np.uint8], Ints]:
    """Of every key of every row: where it stands first, its row, all its flags, how often it stands."""
    both = (row.astype(np.uint64) << np.uint64(42)) | key
    order = np.argsort(both, kind="stable")
    both = both[order]
    first = np.flatnonzero(np.concatenate(([True], both[1:] != both[:-1]))) if both.size else np.empty(0, np.int64)
    every = np.bitwise_or.reduceat(flags[order], first) if first.size else flags
    return order[first], (both[first] >> np.uint64(42)).astype(np.int64), every, np.diff(np.append(first, both.size))


@lru_cache(maxsize=50_000)
def _gram(pair: int) -> int:
    return pf.key32("g", chr(pair >> 21) + chr(pair & 0x1FFFFF))

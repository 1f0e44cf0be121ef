"""What the linker remembers of one complaint: one packed record of fixed size, and how rare each feature is.

For whoever keeps the history
    `Reading.profile` holds the record (`DTYPE.itemsize` bytes, `np.frombuffer(reading.profile, DTYPE)[0]`) followed by
    the note (UTF-8, the texts of the typed names, joined by U+001F; for reasons only). It depends on the complaint
    alone, never on the history, so it can be stored in a row and read back. Keep records in one `ProfileTable`;
    `table.add(reading.profile) -> row`, `table.take(rows)` gives a structured array for pair features. Keep one
    `Rarity`, `count(record, +1)` when a complaint is added and `count(record, -1)` when it is forgotten: undo is exact.

Fields of `DTYPE` (0 pads every hash array; hashes are CRC-32 of UTF-8, salted by sort so that sorts never meet)
    words/word_flags/word_at  content words, head and rare ones first; flags say where (IN_HEAD …); start offset
    grams/gram_flags          character bigrams of the head and of names
    sounds                    bigrams of toneless pinyin inside names: homophones typed or heard wrongly still meet
    names/name_kinds          typed names (NAME_KINDS), kind as 1-based index; at, length: span in the full text
    tokens                    hashes of keyed identity tokens in the text
    sources, head_sources     bit sets of source-noun groups (classifiers.sources), two words of 64
    harms, head_harms         bit sets of what is suffered
    types, env                probabilities × 255
    reporter, receipt         64-bit keys, 0 where unknown; cites: keys of receipt numbers the text cites
    minute, length, flags, region
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from math import exp, log
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from classifiers.sounds import code

VERSION = "2"

WORDS, GRAMS, SOUNDS, NAMES, TOKENS, CITES = 48, 36, 20, 12, 3, 3

IN_HEAD, IN_ACTOR, IN_LANDMARK, IN_NAME, IN_QUOTE = 1, 2, 4, 8, 16

NAME_KINDS = (
    "road", "door", "estate", "building", "village", "town", "district", "business", "body", "quoted", "project",
)
KIND = {name: index + 1 for index, name in enumerate(NAME_KINDS)}

COMPLAINED_BEFORE, NEW_FACTS, FOLLOW_UP, HAS_TITLE, URGED = 1, 2, 4, 8, 16

DTYPE = np.dtype(
    [
        ("words", "<u4", WORDS), ("word_at", "<u2", WORDS), ("word_flags", "u1", WORDS),
        ("grams", "<u4", GRAMS), ("gram_flags", "u1", GRAMS),
        ("sounds", "<u4", SOUNDS),
        ("names", "<u4", NAMES), ("name_at", "<u2", NAMES), ("name_length", "u1", NAMES), ("name_kinds", "u1", NAMES),
        ("tokens", "<u4", TOKENS),
        ("cites", "<i8", CITES), ("receipt", "<i8"), ("reporter", "<i8"),
        ("sources", "<u8", 2), ("head_sources", "<u8", 2), ("harms", "<u8"), ("head_harms", "<u8"),
        ("types", "u1", 10), ("env", "u1"), ("flags", "u1"),
        ("minute", "<i4"), ("length", "<u2"), ("region", "<u4"),
    ]
)

Records = npt.NDArray[np.void]


def _crc(sort: str, value: str) -> int:
    return crc32(f"{sort}{value}".encode()) or 1


@lru_cache(maxsize=50_000)
def key32(sort: str, value: str) -> int:
    """A 32-bit key of a value of one sort, never 0."""
    return _crc(sort, value)


def key64(sort: str, value: str) -> int:
    """A signed 64-bit key of a value of one sort, never 0; equal in every process and version of Python."""
    data = f"{sort}\x1f{value}".encode()
    mixed = (crc32(data) << 32) | crc32(data, 0x9E3779B9)
    return (mixed - (1 << 64) if mixed >= 1 << 63 else mixed) or 1


def unpack(profile: bytes) -> tuple[np.void, tuple[str, ...]]:
    """The record and the texts of its names, from `Reading.profile`."""
    record = np.frombuffer(profile, DTYPE, count=1)[0]
    return record, texts(profile[DTYPE.itemsize :])


def texts(note: bytes) -> tuple[str, ...]:
    """The texts of names in a note."""
    return tuple(note.decode("utf8").split("\x1f")) if note else ()


class ProfileTable:
    """Records and notes by row number, growing by doubling; a removed row is free for the next one."""

    def __init__(self) -> None:
        self._records = np.zeros(64, DTYPE)
        self._notes: list[bytes] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._notes) - len(self._free)

    def add(self, profile: bytes) -> int:
        """Store `Reading.profile`; the row it went to."""
        note = profile[DTYPE.itemsize :]
        if self._free:
            row = self._free.pop()
            self._notes[row] = note
        else:
            row = len(self._notes)
            self._notes.append(note)
            if row == len(self._records):
                self._records = np.concatenate([self._records, np.zeros(row, DTYPE)])
        self._records[row] = np.frombuffer(profile, DTYPE, count=1)[0]
        return row

    def remove(self, row: int) -> None:
        """Free a row."""
        self._records[row] = np.zeros(1, DTYPE)[0]
        self._notes[row] = b""
        self._free.append(row)

    def take(self, rows: npt.ArrayLike) -> Records:
        """Records of many rows, copied."""
        taken: Records = self._records[np.asarray(rows, dtype=np.intp)]
        return taken

    def names(self, row: int) -> tuple[str, ...]:
        """Texts of the typed names of a row, in the order of `names`."""
        note = self._notes[row].decode("utf8")
        return tuple(note.split("\x1f")) if note else ()


_BITS = 20
_MASK = (1 << _BITS) - 1
# The general language counts as this many documents: enough that 小区 is common from the first complaint on,
# few enough that a city's own habits show within a month.
_PRIOR_DOCUMENTS = 3000.0
_COMMON_IDF = 10.5


def _general() -> Iterator[tuple[str, float]]:
    """Words and their idf in general Chinese, from the table jieba ships for its own keywords.

    The package is located and not imported: its tables of hidden states would take 60 MB of every process.
    """
    package = find_spec("jieba")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("jieba, whose table of word frequencies is needed, is not installed")
    with Path(package.origin).with_name("analyse").joinpath("idf.txt").open(encoding="utf8") as lines:
        for line in lines:
            word, _, value = line.rpartition(" ")
            if word:
                yield word, float(value)


@lru_cache(maxsize=1)
def _prior() -> npt.NDArray[np.float32]:
    """Document share of words and bigrams in general Chinese."""
    key32 = _crc  # a quarter of a million keys that are asked for once need not be remembered
    table = np.zeros(1 << _BITS, np.float32)
    for word, idf in _general():
        if idf > _COMMON_IDF:
            continue
        share = exp(-idf)
        table[key32("w", word) & _MASK] += share
        for i in range(len(word) - 1):
            table[key32("g", word[i : i + 2]) & _MASK] += share
            table[key32("s", code(word[i]) + code(word[i + 1])) & _MASK] += share
    return np.minimum(table, 0.5)


@lru_cache(maxsize=1)
def _prior_logs() -> npt.NDArray[np.float64]:
    nothing = np.zeros(1 << _BITS, np.int32)
    return np.log(nothing + _PRIOR_DOCUMENTS * _prior() + 1.0)


@lru_cache(maxsize=1)
def _idfs() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    pairs = {key64("general", word): idf for word, idf in _general()}
    keys, values = np.array([*pairs], np.int64), np.array([*pairs.values()])
    order = np.argsort(keys)
    return keys[order], values[order]


def general_idf(word: str, unknown: float) -> float:
    """jieba's idf of a word in general Chinese; `unknown` where it does not know it: a name or a slip."""
    keys, values = _idfs()
    key = key64("general", word)
    at = int(np.searchsorted(keys, key))
    return float(values[at]) if at < len(keys) and keys[at] == key else unknown


class Rarity:
    """How many complaints have a feature: hashed counters over a prior from the general language.

    Collisions only make a rare feature look a little less rare. 2²⁰ counters, 4 MB.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(1 << _BITS, np.int32)
        self.documents = 0
        self._logs = _prior_logs().copy()  # of every counter with its prior: a batch changes few of them

    def count(self, record: np.void, by: int) -> None:
        """Add (`by` = 1) or take back (`by` = -1) one complaint."""
        for field in ("words", "grams", "sounds", "names"):
            slots = np.unique(record[field]) & _MASK
            np.add.at(self._counts, slots, by)
            self._weigh(slots)
        self.documents += by

    def count_all(self, records: Records, by: int) -> None:
        """Add or take back many complaints at once, the same as one by one."""
        for field in ("words", "grams", "sounds", "names"):
            keys = np.sort(records[field], axis=1)
            first = np.ones(keys.shape, bool)
            first[:, 1:] = keys[:, 1:] != keys[:, :-1]
            slots = keys[first] & _MASK
            np.add.at(self._counts, slots, np.int32(by))
            self._weigh(slots)
        self.documents += by * len(records)

    def save(self, path: Path) -> None:
        """Write the counters and the number of complaints as one `.npy` file."""
        np.save(path, np.append(self._counts, np.int32(self.documents)), allow_pickle=False)

    @classmethod
    def open(cls, path: Path) -> Rarity:
        """Read what `save` wrote."""
        rarity = cls()
        stored = np.load(path, allow_pickle=False)
        rarity._counts, rarity.documents = stored[:-1].copy(), int(stored[-1])
        rarity._weigh(np.arange(1 << _BITS, dtype=np.uint32))
        return rarity

    def digest(self) -> int:
        """A checksum of all counters, to compare states."""
        return crc32(self._counts.tobytes())

    def idf(self, keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        """Natural log of how rare each key is; 0 for padding. Same shape as `keys`."""
        logs = np.take(self._logs, keys & np.uint32(_MASK))
        weights: npt.NDArray[np.float32] = np.subtract(log(self.documents + _PRIOR_DOCUMENTS), logs).astype(np.float32)
        weights[keys == 0] = 0.0
        return np.maximum(weights, 0.0, out=weights)

    def _weigh(self, slots: npt.NDArray[np.integer]) -> None:
        self._counts[0] = 0
        self._logs[slots] = np.log(self._counts[slots] + _PRIOR_DOCUMENTS * _prior()[slots] + 1.0)


def fill(record: np.void, field: str, values: Sequence[int]) -> None:
    """Write as many values as fit into an array field of a record."""
    array = record[field]
    width = min(len(values), len(array))
    array[:width] = values[:width]


def bits(indices: Iterable[int]) -> int:
    """A bit set as one integer."""
    total = 0
    for index in indices:
        total |= 1 << index
    return total


def members(words: Iterable[int]) -> set[int]:
    """The indices of a bit set kept in words of 64 bits, the lowest first."""
    left, found = 0, set()
    for n, word in enumerate(words):
        left |= int(word) << 64 * n
    while left:
        lowest = left & -left
        found.add(lowest.bit_length() - 1)
        left ^= lowest
    return found

"""The rare grams of a batch of complaints, by arrays: of the whole text, and of names of places and businesses.

What repeats between two people's accounts of one matter is the place, the respondent and the problem, so a few rare
grams of the text and of the names in it find the earlier complaint where whole-text similarity does not. Grams are
over sound codes (classifiers.phonetic).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.phonetic import BREAK, Sounds, sounds
from classifiers.reading import Complaint, Reading

# a name is at most this many characters before the end of its suffix
_NAME_LENGTH = 8
# last characters of the names of places, businesses and sites
_SUFFIXES = (
    "路街巷道弄胡同里号栋幢楼室院区园苑城庄村组屯寨镇乡社河江湖溪渠沟塘库港湾桥山岭坡矿井厂场店馆铺站所房棚堆坑口"
    "司部行吧厅府庭居轩阁邸郡墅座期地点局处中心寓厦学校"
)
# a name does not reach back over these
_STOPS = "的在是有了和与及于到向对把被让给我你他她它们这那哪从自由为因其就也都还又再很不没请要能会可说称反映投诉举报"

_TEXT, _PAIR, _TRIPLE = np.uint64(0), np.uint64(1 << 30), np.uint64(2 << 30)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Grams:
    """Distinct 32-bit grams of each text of a batch, rows ascending."""

    rows: NDArray[np.uint32]
    hashes: NDArray[np.uint32]

    def sizes(self, texts: int) -> NDArray[np.int64]:
        """How many grams each text has."""
        return np.diff(np.searchsorted(self.rows, np.arange(texts + 1)))

    def repeated(self) -> NDArray[np.bool_]:
        """Which grams stand in more than one text of the batch."""
        _, at, count = np.unique(self.hashes, return_inverse=True, return_counts=True)
        twice: NDArray[np.bool_] = count[at] > 1
        return twice

    def by_rarity(self, frequency: NDArray[np.uint32]) -> tuple[Grams, NDArray[np.uint32], NDArray[np.int64]]:
        """The same, each text's rarest first, with their frequency and rank; equals by hash: by chance, but repeatable."""
        shown = np.minimum(frequency, (1 << 22) - 1).astype(np.uint64)
        packed = (self.rows.astype(np.uint64) << np.uint64(54)) | (shown << np.uint64(32)) | self.hashes
        packed.sort()
        rows = (packed >> np.uint64(54)).astype(np.uint32)
        first = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1]))) if rows.size else rows
        rank = np.arange(rows.size) - np.repeat(first, np.diff(np.append(first, rows.size)))
        return Grams(rows, packed.astype(np.uint32)), ((packed >> np.uint64(32)) & np.uint64((1 << 22) - 1)).astype(np.uint32), rank


def read_grams(complaints: Sequence[Complaint], readings: Sequence[Reading] | None) -> tuple[Grams, Grams]:
    """Grams of the texts, and of the names in them, for at most 1,024 complaints."""
    texts = [complaint.full_text for complaint in complaints]
    laid = sounds(texts)
    fields = sounds([_fields(complaint, readings[at] if readings else None) for at, complaint in enumerate(complaints)])
    inside = laid.codes * _named(laid)
    text = _distinct([_runs(laid.codes, laid.rows, 3, _TEXT)])
    names = _distinct(
        [
            _runs(codes, rows, width, sort)
            for codes, rows in ((inside, laid.rows), (fields.codes, fields.rows))
            for width, sort in ((2, _PAIR), (3, _TRIPLE))
        ]
    )
    return text, names


def _fields(complaint: Complaint, reading: Reading | None) -> str:
    """What the hotline or the reading itself named as place and respondent."""
    named = [complaint.respondent, complaint.address]
    if reading is not None:
        named.append(reading.respondent)
        if reading.place is not None:
            named.append(reading.place.text)
    return "，".join(name for name in named if name)


def _runs(
    codes: NDArray[np.uint16], rows: NDArray[np.uint32], width: int, sort: np.uint64
) -> NDArray[np.uint64]:
    """`row << 32 | hash` of every run of `width` codes without a break."""
    wide = codes.astype(np.uint64)
    size = max(codes.size - width + 1, 0)
    gram = np.full(size, sort)
    whole = np.ones(size, bool)
    for at in range(width):
        part = wide[at : at + size]
        gram += part << np.uint64(10 * (width - 1 - at))
        whole &= part != BREAK
    gram, row = gram[whole], rows[:size][whole]
    return (row.astype(np.uint64) << np.uint64(32)) | ((gram * _MIX) >> np.uint64(32))


def _distinct(parts: list[NDArray[np.uint64]]) -> Grams:
    packed = np.concatenate(parts)
    packed.sort()
    first = np.ones(packed.size, bool)
    first[1:] = packed[1:] != packed[:-1]
    packed = packed[first]
    return Grams((packed >> np.uint64(32)).astype(np.uint32), packed.astype(np.uint32))


def _named(laid: Sounds) -> NDArray[np.bool_]:
    """Positions inside a name: up to eight characters back from a suffix, not over a break or a stop character."""
    marks = _marks()[np.minimum(laid.letters, 0xFFFF)]
    position = np.arange(laid.codes.size)
    barrier = np.where((laid.codes == BREAK) | (marks == 2), position, 0)
    begin = np.maximum.accumulate(barrier) + 1
    ends = np.flatnonzero(marks == 1)
    starts = np.maximum(begin[ends], ends - _NAME_LENGTH + 1)
    long = ends > starts
    cover = np.zeros(position.size + 1, np.int32)
    np.add.at(cover, starts[long], 1)
    np.add.at(cover, ends[long] + 1, -1)
    covered: NDArray[np.bool_] = np.cumsum(cover)[:-1] > 0
    return covered


@lru_cache(maxsize=1)
def _marks() -> NDArray[np.uint8]:
    """1 for the last character of a suffix, 2 for a stop character."""
    table = np.zeros(0x10000, np.uint8)
    table[[ord(character) for character in _STOPS]] = 2
    table[[ord(character) for character in _SUFFIXES]] = 1
    return table

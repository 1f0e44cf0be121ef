"""Texts as arrays of sound codes, so that homophones typed or heard wrongly still meet.

A code (below 1024) stands for a merged reading of `classifiers.sounds`, a digit (Chinese numerals included: 一 against
1 in addresses) or a letter. Everything else ends a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifiers.sounds import code

BREAK = 0
_SKIP = 0xFFFF
_DIGITS = 1
_LETTERS = 11
_SYLLABLES = 37
_UNREAD = 900
_CODES = 1024
_IDEOGRAPHS = range(0x3400, 0xA000)
_NUMERALS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_BLANKS = " \t\u00a0\u3000\u200b\ufeff"


@dataclass(frozen=True, slots=True)
class Sounds:
    """A batch of texts laid end to end, a break before, between and after them.

    `letters` are code points and `codes` sound codes (0 = break), equally long; `rows` names the text of each position.
    """

    letters: NDArray[np.uint32]
    codes: NDArray[np.uint16]
    rows: NDArray[np.uint32]


def sounds(texts: Sequence[str]) -> Sounds:
    """Lay the texts end to end and give every character its sound code; blanks are left out."""
    joined = "\n" + "\n".join(texts) + "\n"
    letters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    rows = np.empty(letters.size, np.uint32)
    rows[0] = 0
    rows[1:] = np.repeat(np.arange(len(texts), dtype=np.uint32), lengths + 1)
    found = _table()[np.minimum(letters, 0xFFFF)]
    kept = found != _SKIP
    if kept.all():
        return Sounds(letters, found, rows)
    return Sounds(letters[kept], found[kept], rows[kept])


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint16]:
    """Code of every character of the basic plane; beyond it a character is its own break."""
    table = np.zeros(0x10000, np.uint16)
    known: dict[str, int] = {}
    for point in range(_IDEOGRAPHS.start, _IDEOGRAPHS.stop):
        sound = code(chr(point))
        if sound == chr(point):
            table[point] = _UNREAD + point % (_CODES - _UNREAD)
        else:
            table[point] = known.setdefault(sound, _SYLLABLES + len(known))
    for start in (ord("0"), ord("\uff10")):
        table[start : start + 10] = np.arange(_DIGITS, _DIGITS + 10)
    for start in (ord("a"), ord("A"), ord("\uff41"), ord("\uff21")):
        table[start : start + 26] = np.arange(_LETTERS, _LETTERS + 26)
    for numeral, value in _NUMERALS.items():
        table[ord(numeral)] = _DIGITS + value
    for blank in _BLANKS:
        table[ord(blank)] = _SKIP
    return table

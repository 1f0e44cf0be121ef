"""Which keys of two columns are the same, for many pairs of columns at once, without comparing every key with every other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

_BITS = 14  # of a key tell its slot; two keys of a column rarely share one
_MASK = np.uint32((1 << _BITS) - 1)


def matches(own: Keys, which: npt.NDArray[np.intp], b: Keys) -> tuple[Bools, Bools]:
    """For each pair of columns `own[:, which[i]]` and `b[:, i]`: which keys of the one stand in the other; 0 is no key.

    Shapes (width of own, pairs) and (width of b, pairs). Each column of `own` is laid out once: it is one complaint that
    meets several.
    """
    in_b, in_a = np.zeros((len(own), len(which)), bool), np.zeros(b.shape, bool)
    table = np.zeros((own.shape[1], 1 << _BITS), np.uint8)
    at, column = np.nonzero(own)
    slot = own[at, column] & _MASK
    table[column, slot] = at + 1
    place = np.take(table.ravel(), (b & _MASK) + (which << _BITS))
    there, pair = np.nonzero(place)
    here = place[there, pair].astype(np.intp) - 1
    same = own[here, which[pair]] == b[there, pair]
    pair, here, there = pair[same], here[same], there[same]
    in_b[here, pair] = True
    in_a[there, pair] = True
    # of two keys that share a slot only the later is in the table: the others are compared one by one
    lost = np.flatnonzero(table[column, slot] != at + 1)
    for each in lost.tolist():
        pairs = np.flatnonzero(which == column[each])
        equal = b[:, pairs] == own[at[each], column[each]]
        in_a[:, pairs] |= equal
        in_b[at[each], pairs] |= equal.any(axis=0)
    return in_b, in_a

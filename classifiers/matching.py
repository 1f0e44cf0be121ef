"""Which keys of two rows are the same, for many pairs of rows at once, without comparing every key with every other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

_BITS = 14  # of a key tell its slot; two keys of a row rarely share one
_MASK = np.uint32((1 << _BITS) - 1)


def matches(a: Keys, b: Keys) -> tuple[Bools, Bools]:
    """For each pair of rows, which keys of `a` stand in `b`, and which of `b` in `a`; 0 is no key.

    Shapes (pairs, width of a) and (pairs, width of b). Equal rows of `a` that follow each other are looked up once:
    they are one complaint that meets several.
    """
    in_b, in_a = np.zeros(a.shape, bool), np.zeros(b.shape, bool)
    if not len(a):
        return in_b, in_a
    new = np.ones(len(a), bool)
    new[1:] = (a[1:] != a[:-1]).any(axis=1)
    own, which = a[new], np.cumsum(new) - 1
    table = np.zeros((len(own), 1 << _BITS), np.uint8)
    row, at = np.nonzero(own)
    slot = own[row, at] & _MASK
    table[row, slot] = at + 1
    place = table[which[:, None], b & _MASK]
    pair, there = np.nonzero(place)
    here = place[pair, there].astype(np.intp) - 1
    same = own[which[pair], here] == b[pair, there]
    pair, here, there = pair[same], here[same], there[same]
    in_b[pair, here] = True
    in_a[pair, there] = True
    # of two keys that share a slot only the later is in the table: the others are compared one by one
    lost = np.flatnonzero(table[row, slot] != at + 1)
    for each in lost.tolist():
        pairs = np.flatnonzero(which == row[each])
        equal = b[pairs] == own[row[each], at[each]]
        in_a[pairs] |= equal
        in_b[pairs, at[each]] |= equal.any(axis=1)
    return in_b, in_a

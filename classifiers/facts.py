"""A case's established facts against a new complaint: a chain of near texts must not carry one matter into another.

The nearest text alone may name nobody, while the case has long been about one business or one door: what at least two
members agree on, and most of those who name such a thing, is established.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from classifiers import profile as pf

MEMBERS = 16  # the newest
_AGREED, _SHARE = 2, 0.6
_HEAD = 128
# what contradicts, and what both must share for it to mean anything: a door number is one of a road
_KINDS = (("business", None), ("door", "road"), ("building", "estate"))


def contradiction(own: np.void, members: pf.Records) -> str | None:
    """The kind of name that the case has established and the complaint contradicts; None where there is none."""
    if len(members) < _AGREED:
        return None
    for kind, within in _KINDS:
        mine = _keys(own, kind, head=True)
        if not mine or (within and not _shared(own, members, within)):
            continue
        everyone = [_keys(member, kind, head=False) for member in members]
        if any(mine & theirs for theirs in everyone):
            continue
        heads = [theirs for member in members if (theirs := _keys(member, kind, head=True))]
        counts = Counter(key for theirs in heads for key in theirs)
        most = counts.most_common(1)[0][1] if counts else 0
        if most >= _AGREED and most >= _SHARE * len(heads):
            return kind
    return None


def _keys(record: np.void, kind: str, head: bool) -> set[int]:
    wanted = pf.KIND[kind]
    return {
        key for key, k in zip(record["names"].tolist(), record["name_kinds"].tolist(), strict=True)
        if key and k & 127 == wanted and (k & _HEAD or not head)
    }


def _shared(own: np.void, members: pf.Records, kind: str) -> bool:
    mine = _keys(own, kind, head=False)
    return any(mine & _keys(member, kind, head=False) for member in members)

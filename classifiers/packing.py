"""Packs what was read of complaints into profiles (classifiers.profile), a whole batch at once.

Rows are gathered as Python lists and written into the structured array field by field: assigning to one record's
fields costs more than everything else here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from classifiers import extract_cues as cues
from classifiers import keywords
from classifiers import profile as pf
from classifiers.extract import Parts
from classifiers.extract_names import Name
from classifiers.reading import Complaint
from classifiers.sounds import code

_FAR = 65535  # positions are two bytes
_SILENT = frozenset(("door", "building", "district", "project"))  # numbers and districts tell by the whole, not by grams


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the labels say for a profile: environmental, and ten types in the vocabulary's order."""

    environmental: float
    types: Sequence[float]


@dataclass(frozen=True, slots=True)
class Cues:
    """Phrases of a text that are both shown and packed, searched once."""

    complained_before: bool
    new_facts: bool
    follow_up: bool

    @classmethod
    def of(cls, plain: str) -> Cues:
        """Search a normalised text."""
        return cls(cues.complained_before(plain), cues.new_facts(plain), cues.follow_up(plain))


def pack(parts: Parts, complaint: Complaint, environmental: float, types: Sequence[float]) -> bytes:
    """The profile of one complaint."""
    [packed] = pack_all([parts], [complaint], [Labelled(environmental, types)], [Cues.of(parts.plain)])
    return packed


def pack_all(
    parts: Sequence[Parts], complaints: Sequence[Complaint], labels: Sequence[Labelled], said: Sequence[Cues]
) -> list[bytes]:
    """`Reading.profile` of every complaint: the packed record and its note."""
    if not parts:
        return []
    rows = np.zeros(len(parts), pf.DTYPE)
    keywords.words(parts).into(rows, "words", "word_flags", "word_at")
    names = [_chosen(each) for each in parts]
    rows["names"] = _padded([[key for _, key in chosen] for chosen in names], pf.NAMES)
    rows["name_at"] = _padded([[name.start for name, _ in chosen] for chosen in names], pf.NAMES)
    rows["name_length"] = _padded([[min(len(name.text), 255) for name, _ in chosen] for chosen in names], pf.NAMES)
    rows["name_kinds"] = _padded(
        [[pf.KIND[n.kind] | (128 if p.within(n.start, p.head) else 0) for n, _ in c] for p, c in zip(parts, names, strict=True)],
        pf.NAMES,
    )
    keywords.grams(parts, names).into(rows, "grams", "gram_flags")
    rows["sounds"] = _padded([_sounds(chosen) for chosen in names], pf.SOUNDS)
    rows["tokens"] = _padded([[pf.key32("t", f"{k}·{v}") for k, v, _ in p.identities[: pf.TOKENS]] for p in parts], pf.TOKENS)
    rows["cites"] = _padded([[pf.key64("receipt", n) for n in p.cited[: pf.CITES]] for p in parts], pf.CITES)
    rows["receipt"] = [pf.key64("receipt", (c.receipt_no or c.id).upper()) for c in complaints]
    rows["reporter"] = [pf.key64("reporter", c.reporter) if c.reporter else 0 for c in complaints]
    _groups(rows, parts)
    rows["types"] = np.rint(np.array([label.types for label in labels], float).reshape(len(parts), -1) * 255)
    rows["env"] = [round(label.environmental * 255) for label in labels]
    rows["minute"] = [int(c.time.timestamp() // 60) if c.time is not None else 0 for c in complaints]
    rows["length"] = [min(len(p.plain), _FAR) for p in parts]
    rows["region"] = [int(c.region) & 0xFFFFFFFF if c.region and c.region.isdigit() else 0 for c in complaints]
    rows["flags"] = [
        pf.COMPLAINED_BEFORE * each.complained_before | pf.NEW_FACTS * each.new_facts | pf.FOLLOW_UP * each.follow_up
        | pf.HAS_TITLE * bool(c.title)
        for c, each in zip(complaints, said, strict=True)
    ]
    size, data = pf.DTYPE.itemsize, rows.tobytes()
    notes = ("\x1f".join(name.text for name, _ in chosen).encode() for chosen in names)
    return [data[at * size : (at + 1) * size] + note for at, note in enumerate(notes)]


def _padded(rows: list[list[int]], width: int) -> list[list[int]]:
    """Every row as long as the field, with zeros behind."""
    zeros = [0] * width
    return [row[:width] + zeros[len(row) :] for row in rows]


def _groups(rows: pf.Records, parts: Sequence[Parts]) -> None:
    sources, heads, harms, head_harms = [], [], [], []
    for each in parts:
        low, high = each.actor
        actor = {m.group for m in each.sources if low <= m.start < high}
        low, high = each.head
        sources.append(_halves({m.group for m in each.sources}))
        heads.append(_halves(actor or {m.group for m in each.sources if low <= m.start < high}))
        harms.append(pf.bits({m.group for m in each.harms}))
        head_harms.append(pf.bits({m.group for m in each.harms if low <= m.start < high}))
    rows["sources"], rows["head_sources"] = np.array(sources, np.uint64), np.array(heads, np.uint64)
    rows["harms"], rows["head_harms"] = np.array(harms, np.uint64), np.array(head_harms, np.uint64)


def _halves(groups: set[int]) -> tuple[int, int]:
    both = pf.bits(groups)
    return both & 0xFFFFFFFFFFFFFFFF, both >> 64


def _chosen(parts: Parts) -> list[tuple[Name, int]]:
    """The typed names kept, those of the head first, each key once."""
    head, end = parts.head
    chosen: list[tuple[Name, int]] = []
    seen: set[int] = set()
    for name in sorted(parts.names, key=lambda n: (not head <= n.start < end, n.start)):
        key = pf.key32(name.kind, name.core)
        if key not in seen and name.start < _FAR:
            seen.add(key)
            chosen.append((name, key))
            if len(chosen) == pf.NAMES:
                break
    return chosen


def _sounds(chosen: Sequence[tuple[Name, int]]) -> list[int]:
    pairs: dict[str, None] = {}
    for name, _ in chosen:
        if name.kind not in _SILENT:
            for a, b in pairwise(name.text):
                pairs[code(a) + code(b)] = None
    return [pf.key32("s", pair) for pair in islice(pairs, pf.SOUNDS)]

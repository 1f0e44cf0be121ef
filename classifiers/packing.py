"""Packs what was read of complaints into profiles (classifiers.profile), a whole batch at once.

Rows are gathered as Python lists and written into the structured array field by field: assigning to one record's
fields costs more than everything else here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np

from classifiers import extract_cues as cues
from classifiers import profile as pf
from classifiers.extract import Parts
from classifiers.extract_names import Name
from classifiers.reading import Complaint
from classifiers.sounds import code

_GENERAL_WORDS = 6.2  # words commoner than this in general Chinese (idf) say nothing of a matter
_UNKNOWN_IDF = 12.0
_FAR = 65535  # positions are two bytes
_SILENT = frozenset(("door", "building", "district", "project"))  # numbers and districts tell by the whole, not by grams
_RUN = re.compile(r"[0-9a-z\u4e00-\u9fff]{2,}")


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
    words = [_words(each) for each in parts]
    for field, at in (("words", 0), ("word_at", 1), ("word_flags", 2)):
        rows[field] = _padded([each[at] for each in words], pf.WORDS)
    names = [_chosen(each) for each in parts]
    rows["names"] = _padded([[key for _, key in chosen] for chosen in names], pf.NAMES)
    rows["name_at"] = _padded([[name.start for name, _ in chosen] for chosen in names], pf.NAMES)
    rows["name_length"] = _padded([[min(len(name.text), 255) for name, _ in chosen] for chosen in names], pf.NAMES)
    rows["name_kinds"] = _padded(
        [[pf.KIND[n.kind] | (128 if p.within(n.start, p.head) else 0) for n, _ in c] for p, c in zip(parts, names, strict=True)],
        pf.NAMES,
    )
    grams = [_grams(p, chosen) for p, chosen in zip(parts, names, strict=True)]
    rows["grams"] = _padded([[*map(_gram, islice(each, pf.GRAMS))] for each in grams], pf.GRAMS)
    rows["gram_flags"] = _padded([list(islice(each.values(), pf.GRAMS)) for each in grams], pf.GRAMS)
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


@lru_cache(maxsize=200_000)
def _worth(token: str) -> tuple[float, int] | None:
    """How rare a word is in general Chinese (idf), and its key; None where it says nothing of a matter."""
    if len(token) < 2 or token.isdigit() or not token.isalnum():
        return None
    idf = pf.general_idf().get(token, _UNKNOWN_IDF)
    return None if idf < _GENERAL_WORDS else (idf, pf.key32("w", token))


def _words(parts: Parts) -> tuple[list[int], list[int], list[int]]:
    """Keys, places and flags of the words that tell most; what is asked of officials tells nothing outside the head."""
    skip = cues.demands(parts.plain)
    (head, head_end), (actor, actor_end), (landmark, landmark_end) = parts.head, parts.actor, parts.landmark
    found: dict[int, list[float]] = {}  # key -> [-priority, start, flags]
    cursor, last = 0, len(skip)
    for worth, start in zip(map(_worth, parts.tokens), parts.starts, strict=True):
        if worth is None or start > _FAR:
            continue
        flags = 0
        if head <= start < head_end:
            flags = pf.IN_HEAD
            if actor <= start < actor_end:
                flags |= pf.IN_ACTOR
            elif landmark <= start < landmark_end:
                flags |= pf.IN_LANDMARK
        elif last:
            while cursor < last and skip[cursor][1] <= start:
                cursor += 1
            if cursor < last and skip[cursor][0] <= start:
                continue
        idf, key = worth
        entry = found.get(key)
        if entry is None:
            found[key] = [start / 2000 - (idf + 8.0 if flags else idf), start, flags]
        else:
            entry[0] -= 0.7
            if flags and not entry[2]:
                entry[0] -= 8.0
            entry[2] = int(entry[2]) | flags
    best = sorted(found.items(), key=_priority)[: pf.WORDS]
    return [key for key, _ in best], [int(entry[1]) for _, entry in best], [int(entry[2]) for _, entry in best]


def _priority(item: tuple[int, list[float]]) -> float:
    return item[1][0]


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


def _grams(parts: Parts, chosen: Sequence[tuple[Name, int]]) -> dict[str, int]:
    """Pairs of characters of names and of the head, with where they stand."""
    plain, (head, head_end) = parts.plain, parts.head
    (actor, actor_end), (landmark, landmark_end) = parts.actor, parts.landmark
    grams: dict[str, int] = {}
    get = grams.get
    for name, _ in chosen:
        if name.kind in _SILENT:
            continue
        here = pf.IN_NAME | (pf.IN_HEAD if head <= name.start < head_end else 0)
        for i in range(name.start, name.end - 1):
            zone = pf.IN_ACTOR if actor <= i < actor_end else pf.IN_LANDMARK if landmark <= i < landmark_end else 0
            pair = plain[i : i + 2]
            grams[pair] = get(pair, 0) | here | zone
    for run in _RUN.finditer(plain, head, head_end):
        for i in range(run.start(), run.end() - 1):
            zone = pf.IN_ACTOR if actor <= i < actor_end else pf.IN_LANDMARK if landmark <= i < landmark_end else 0
            pair = plain[i : i + 2]
            grams[pair] = get(pair, 0) | pf.IN_HEAD | zone
    return grams


@lru_cache(maxsize=200_000)
def _gram(pair: str) -> int:
    return pf.key32("g", pair)


def _sounds(chosen: Sequence[tuple[Name, int]]) -> list[int]:
    pairs: dict[str, None] = {}
    for name, _ in chosen:
        if name.kind not in _SILENT:
            for a, b in pairwise(name.text):
                pairs[code(a) + code(b)] = None
    return [pf.key32("s", pair) for pair in islice(pairs, pf.SOUNDS)]

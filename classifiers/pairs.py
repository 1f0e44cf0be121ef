"""Features of a pair (a new complaint, an earlier one): parts compared apart, for a whole batch at once in numpy.

Every feature has a meaning a person can check and, where its meaning fixes one, a direction: +1 speaks for one
matter, -1 against, 0 undecided by meaning (the model may not turn a directed one round). Words and bigrams count by
how rare they are in the history. A missing part is neither agreement nor contradiction.

Arrays here have one column a pair: a sum over a complaint's words is then a few additions of long rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers import profile as pf
from classifiers.matching import matches
from classifiers.sources import ACTS, HARMS, SOURCES

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FEATURES: dict[str, int] = {
    "text_cosine": 1, "text_contained": 1, "rarest_shared": 1, "rare_shared_sum": 1,
    "head_in_text": 1, "text_in_head": 1, "head_cover_min": 1,
    "actor_in_text": 1, "text_in_actor": 1, "actor_missing": 0,
    "landmark_in_text": 1, "text_in_landmark": 1, "landmark_missing": 0,
    "head_grams": 1, "head_grams_contained": 1, "actor_grams": 1, "landmark_grams": 1,
    "name_grams_min": 1, "name_grams_max": 1, "name_sounds_min": 1, "name_sounds_max": 1, "rarest_gram": 1,
    "road_same": 1, "road_clash": -1, "door_same": 1, "door_clash": -1, "building_same": 1, "building_clash": -1,
    "estate_same": 1, "estate_clash": -1, "village_same": 1, "village_clash": -1, "town_clash": -1,
    "district_clash": -1, "business_same": 1, "business_clash": -1, "body_same": 1, "project_clash": -1,
    "rarest_name": 1,
    "source_overlap": 1, "source_head_in_text": 1, "source_clash": -1, "source_missing": 0,
    "act_overlap": 1, "act_clash": -1,
    "harm_overlap": 1, "harm_clash": -1,
    "types_agree": 1, "env_min": 1, "env_here": 1, "env_gap": -1,
    "same_reporter": 1, "reporter_and_problem": 1, "same_token": 1, "cited": 1,
    "days": -1, "length_ratio": 0, "length_min": 0, "follow_up": 0, "both_titled": 0,
}
NAMES = tuple(FEATURES)
INDEX = {name: i for i, name in enumerate(NAMES)}
DIRECTIONS = np.array(list(FEATURES.values()), np.int8)

# Groups so broad, or so often part of a place's name, that sharing one says half as much.
_BROAD = {"生活垃圾", "车辆", "建筑工地", "学校", "菜市场", "河湖", "邻居", "绿化生态", "超市商场", "饮用水", "货车", "酒店宾馆"}
_VAGUE_HARMS = {"夜间", "健康"}  # said of anything
_CHUNK = 1024
_KEYED = ("words", "grams", "sounds", "names")
_FIELDS = (
    *_KEYED, "word_flags", "gram_flags", "name_kinds", "tokens", "cites", "receipt", "reporter", "sources", "head_sources", "harms",
    "head_harms", "types", "env", "minute", "length", "flags",
)
_NAME_FIELDS = (
    ("road", "road_same", "road_clash"), ("building", "building_same", "building_clash"),
    ("estate", "estate_same", "estate_clash"), ("village", "village_same", "village_clash"),
    ("town", None, "town_clash"), ("district", None, "district_clash"),
    ("business", "business_same", "business_clash"), ("body", "body_same", None), ("project", None, "project_clash"),
)
_ROAD, _ESTATE, _DOOR = (np.uint16(1 << pf.KIND[kind]) for kind in ("road", "estate", "door"))
_VAGUE_KINDS = np.uint16(sum(1 << pf.KIND[kind] for kind in ("district", "door", "building")))

Put = Callable[[str, npt.NDArray[np.generic]], None]


def _two_words(names: set[str] | frozenset[str]) -> npt.NDArray[np.uint64]:
    """Bits of source groups, one column."""
    whole = pf.bits(at for at, name in enumerate(SOURCES.names) if name in names)
    return np.array([[whole & 0xFFFFFFFFFFFFFFFF], [whole >> 64]], np.uint64)


_BROAD_BITS, _ACT_BITS = _two_words(_BROAD), _two_words(frozenset(ACTS))
_HARM_BITS = np.uint64(pf.bits(at for at, name in enumerate(HARMS.names) if name not in _VAGUE_HARMS))


@dataclass(frozen=True, slots=True)
class Columns:
    """Fields of some records, one column a record, and the rarity of their keys."""

    fields: dict[str, npt.NDArray[np.generic]]
    rare: dict[str, Floats]

    @classmethod
    def of(cls, records: pf.Records, rarity: pf.Rarity) -> Columns:
        """Lay the records out and look up the rarity of every key."""
        fields = {name: np.ascontiguousarray(records[name].T) for name in _FIELDS}
        return cls(fields, {name: rarity.idf(fields[name]) for name in _KEYED})

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def pick(self, at: npt.NDArray[np.intp]) -> Columns:
        """The same for some records."""
        return Columns(
            {name: np.take(field, at, axis=-1) for name, field in self.fields.items()},
            {name: np.take(weights, at, axis=-1) for name, weights in self.rare.items()},
        )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Some pairs: `a` the new complaints, `b` the earlier ones; `own` the new ones each once, `which` of them a pair has."""

    own: Columns
    which: npt.NDArray[np.intp]
    a: Columns
    b: Columns

    def shared(self, name: str) -> tuple[Floats, Floats]:
        """Ones where a key of `a` stands in `b`, and where one of `b` stands in `a`."""
        in_b, in_a = matches(self.own[name], self.which, self.b[name])
        return in_b.astype(np.float32), in_a.astype(np.float32)


def features(own: pf.Records, which: npt.NDArray[np.intp], there: pf.Records, rarity: pf.Rarity) -> Floats:
    """Feature matrix (pairs, len(NAMES)): complaint `own[which[i]]` against the earlier one `there[i]`; `which` ascends."""
    out = np.zeros((len(NAMES), len(which)), np.float32)
    for start in range(0, len(which), _CHUNK):
        part = which[start : start + _CHUNK]
        first = part[0]
        here = Columns.of(own[first : part[-1] + 1], rarity)
        pairs = _Pairs(here, part - first, here.pick(part - first), Columns.of(there[start : start + _CHUNK], rarity))
        _fill(pairs, out[:, start : start + _CHUNK])
    return out.T


def _share(part: Floats, whole: Floats, missing: float) -> Floats:
    """part / whole, `missing` where there is no whole."""
    result: Floats = np.where(whole > 0, part / np.maximum(whole, np.float32(1e-6)), np.float32(missing))
    return result


def _cover(weights: Floats, matched: Floats, missing: float = 0.4) -> Floats:
    return _share((weights * matched).sum(0), weights.sum(0), missing)


def _fill(pairs: _Pairs, out: Floats) -> None:
    def put(name: str, values: npt.NDArray[np.generic]) -> None:
        out[INDEX[name]] = values

    _words(pairs, put)
    _grams(pairs, put)
    _names(pairs, put)
    _problem(pairs.a, pairs.b, put)
    _circumstances(pairs, put)
    problem = (out[INDEX["types_agree"]] > 0.5) & (out[INDEX["source_clash"]] == 0) & (out[INDEX["harm_clash"]] == 0)
    put("reporter_and_problem", out[INDEX["same_reporter"]] * problem)


def _words(pairs: _Pairs, put: Put) -> None:
    in_b, in_a = pairs.shared("words")
    wa, wb = pairs.a.rare["words"], pairs.b.rare["words"]
    shared = wa * in_b
    norms = np.sqrt((wa * wa).sum(0) * (wb * wb).sum(0))
    put("text_cosine", _share((shared * wa).sum(0), norms, 0.0))
    put("text_contained", _share(shared.sum(0), np.minimum(wa.sum(0), wb.sum(0)), 0.0))
    put("rarest_shared", shared.max(0) / 8)
    put("rare_shared_sum", np.log1p(np.maximum(shared - 4.0, 0).sum(0)) / 3)
    fa, fb = pairs.a["word_flags"], pairs.b["word_flags"]
    ab = _cover(wa * ((fa & pf.IN_HEAD) > 0), in_b)
    ba = _cover(wb * ((fb & pf.IN_HEAD) > 0), in_a)
    put("head_in_text", ab)
    put("text_in_head", ba)
    put("head_cover_min", np.minimum(ab, ba))
    for part, flag in (("actor", pf.IN_ACTOR), ("landmark", pf.IN_LANDMARK)):
        here, there = (fa & flag) > 0, (fb & flag) > 0
        put(f"{part}_in_text", _cover(wa * here, in_b))
        put(f"text_in_{part}", _cover(wb * there, in_a))
        put(f"{part}_missing", 2.0 - here.any(0) - there.any(0))


def _grams(pairs: _Pairs, put: Put) -> None:
    in_b, in_a = pairs.shared("grams")
    fa, fb = pairs.a["gram_flags"], pairs.b["gram_flags"]
    wa, wb = pairs.a.rare["grams"], pairs.b.rare["grams"]
    head_a, head_b = wa * ((fa & pf.IN_HEAD) > 0), wb * ((fb & pf.IN_HEAD) > 0)
    shared, whole_a, whole_b = (head_a * in_b).sum(0), head_a.sum(0), head_b.sum(0)
    put("head_grams", _share(shared, np.maximum(whole_a, whole_b), 0.0))
    put("head_grams_contained", _share(shared, np.minimum(whole_a, whole_b), 0.0))
    put("rarest_gram", (wa * in_b).max(0) / 8)
    for part, flag in (("actor", pf.IN_ACTOR), ("landmark", pf.IN_LANDMARK)):
        ab = _cover(wa * ((fa & flag) > 0), in_b)
        ba = _cover(wb * ((fb & flag) > 0), in_a)
        put(f"{part}_grams", np.maximum(ab, ba) * 0.5 + np.minimum(ab, ba) * 0.5)
    ab, ba = _cover(wa * ((fa & pf.IN_NAME) > 0), in_b), _cover(wb * ((fb & pf.IN_NAME) > 0), in_a)
    put("name_grams_min", np.minimum(ab, ba))
    put("name_grams_max", np.maximum(ab, ba))
    in_b, in_a = pairs.shared("sounds")
    ab, ba = _cover(pairs.a.rare["sounds"], in_b), _cover(pairs.b.rare["sounds"], in_a)
    put("name_sounds_min", np.minimum(ab, ba))
    put("name_sounds_max", np.maximum(ab, ba))


def _names(pairs: _Pairs, put: Put) -> None:
    in_b, _ = matches(pairs.own["names"], pairs.which, pairs.b["names"])
    # the kind of each name as one bit, so that all kinds are compared at once
    bits_a, bits_b = (np.left_shift(np.uint16(1), side["name_kinds"] & np.uint8(127), dtype=np.uint16) for side in (pairs.a, pairs.b))
    same = np.bitwise_or.reduce(bits_a * in_b, axis=0)
    heads_a, heads_b = (
        np.bitwise_or.reduce(bits * (side["name_kinds"] > 127), axis=0) for bits, side in ((bits_a, pairs.a), (bits_b, pairs.b))
    )
    clash = heads_a & heads_b & ~same
    for kind, same_name, clash_name in _NAME_FIELDS:
        bit = np.uint16(1 << pf.KIND[kind])
        if same_name:
            put(same_name, (same & bit) > 0)
        if clash_name:
            put(clash_name, (clash & bit) > 0)
    put("door_same", ((same & _DOOR) > 0) & ((same & (_ROAD | _ESTATE)) > 0))
    put("door_clash", ((clash & _DOOR) > 0) & ((same & _ROAD) > 0))
    put("rarest_name", (pairs.a.rare["names"] * (in_b & ((bits_a & _VAGUE_KINDS) == 0))).max(0) / 8)


def _count(groups: npt.NDArray[np.uint64]) -> Floats:
    """How many bits are set in both words of each column."""
    counts = np.bitwise_count(groups)
    both: Floats = (counts[0] + counts[1]).astype(np.float32)
    return both


def _weigh(groups: npt.NDArray[np.uint64]) -> Floats:
    """What the source groups of each column weigh: broad ones half as much."""
    return _count(groups) - np.float32(0.5) * _count(groups & _BROAD_BITS)


def _some(groups: npt.NDArray[np.uint64]) -> Bools:
    """Whether any bit is set in the two words of each column."""
    return np.asarray((groups[0] | groups[1]) > 0)


def _problem(a: Columns, b: Columns, put: Put) -> None:
    all_a, all_b, head_a, head_b = a["sources"], b["sources"], a["head_sources"], b["head_sources"]
    put("source_overlap", _share(_weigh(head_a & head_b), _weigh(head_a | head_b), 0.3))
    ab = _share(_weigh(head_a & all_b), _weigh(head_a), 0.5)
    ba = _share(_weigh(head_b & all_a), _weigh(head_b), 0.5)
    put("source_head_in_text", np.minimum(ab, ba))
    some_a, some_b = _some(head_a), _some(head_b)
    put("source_clash", some_a & some_b & ~_some(head_a & all_b) & ~_some(head_b & all_a))
    put("source_missing", 2.0 - some_a - some_b)
    acts_a, acts_b = head_a & _ACT_BITS, head_b & _ACT_BITS
    put("act_overlap", _share(_count(acts_a & acts_b), _count(acts_a | acts_b), 0.3))
    put("act_clash", _some(acts_a) & _some(acts_b) & ~_some(acts_a & all_b) & ~_some(acts_b & all_a))
    harms_a, harms_b = a["head_harms"] & _HARM_BITS, b["head_harms"] & _HARM_BITS
    ab_harms, ba_harms = harms_a & b["harms"], harms_b & a["harms"]
    count = [np.bitwise_count(x).astype(np.float32) for x in (ab_harms, harms_a, ba_harms, harms_b)]
    put("harm_overlap", (_share(count[0], count[1], 0.5) + _share(count[2], count[3], 0.5)) / 2)
    put("harm_clash", (harms_a > 0) & (harms_b > 0) & (ab_harms == 0) & (ba_harms == 0))
    ta, tb = a["types"].astype(np.float32) / 255, b["types"].astype(np.float32) / 255
    norm = np.sqrt((ta * ta).sum(0) * (tb * tb).sum(0))
    put("types_agree", _share((ta * tb).sum(0), norm, 0.5))
    put("env_min", np.minimum(a["env"], b["env"]) / np.float32(255))
    put("env_here", a["env"] / np.float32(255))
    put("env_gap", np.abs(a["env"].astype(np.float32) - b["env"]) / 255)


def _circumstances(pairs: _Pairs, put: Put) -> None:
    a, b = pairs.a, pairs.b
    put("same_reporter", (a["reporter"] == b["reporter"]) & (a["reporter"] != 0))
    put("same_token", _any_equal(a["tokens"], b["tokens"]))
    put("cited", _any_equal(a["cites"], b["receipt"][None]) | _any_equal(a["cites"], b["cites"]) | _any_equal(b["cites"], a["receipt"][None]))
    timed = (a["minute"] > 0) & (b["minute"] > 0)
    days = np.abs(a["minute"].astype(np.float32) - b["minute"].astype(np.float32)) / 1440
    put("days", np.where(timed, np.log1p(days), np.log1p(30.0)) / 6)
    la, lb = a["length"].astype(np.float32) + 1, b["length"].astype(np.float32) + 1
    put("length_ratio", np.minimum(la, lb) / np.maximum(la, lb))
    put("length_min", np.log(np.minimum(la, lb)) / 7)
    put("follow_up", ((a["flags"] & pf.FOLLOW_UP) > 0) * 1.0 + ((b["flags"] & pf.FOLLOW_UP) > 0))
    put("both_titled", (a["flags"] & b["flags"] & pf.HAS_TITLE) > 0)


def _any_equal(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> Bools:
    """Whether the two columns of each pair share a key; 0 is no key. For a few rows each."""
    found = np.zeros(a.shape[-1], bool)
    for row in a:
        found |= ((row == b) & (row != 0)).any(0)
    return found

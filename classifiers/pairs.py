"""Features of a pair (a new complaint, an earlier one): parts compared apart, for a whole batch at once in numpy.

Every feature has a meaning a person can check and, where its meaning fixes one, a direction: +1 speaks for one
matter, -1 against, 0 undecided by meaning (the model may not turn a directed one round). Words and bigrams count by
how rare they are in the history. A missing part is neither agreement nor contradiction.
"""

from __future__ import annotations

from dataclasses import dataclass

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
_SOURCE_WEIGHTS = np.array([0.5 if name in _BROAD else 1.0 for name in SOURCES.names] + [0.0] * (128 - len(SOURCES.names)), np.float32)
_ACT_BITS = np.array([name in ACTS for name in SOURCES.names] + [False] * (128 - len(SOURCES.names)), np.uint8)
_HARM_WEIGHTS = np.array([0.0 if name in ("夜间", "健康") else 1.0 for name in HARMS.names] + [0.0] * (64 - len(HARMS.names)), np.float32)
_CHUNK = 1024
_NAME_FIELDS = (
    ("road", "road_same", "road_clash"), ("building", "building_same", "building_clash"),
    ("estate", "estate_same", "estate_clash"), ("village", "village_same", "village_clash"),
    ("town", None, "town_clash"), ("district", None, "district_clash"),
    ("business", "business_same", "business_clash"), ("body", "body_same", None), ("project", None, "project_clash"),
)


@dataclass(frozen=True, slots=True)
class Weighted:
    """Records with the rarity of their keys, looked up once."""

    records: pf.Records
    words: Floats
    grams: Floats
    sounds: Floats
    names: Floats

    @classmethod
    def of(cls, records: pf.Records, rarity: pf.Rarity) -> Weighted:
        """Look up the rarity of every key of `records`."""
        return cls(records, *(rarity.idf(np.ascontiguousarray(records[f])) for f in ("words", "grams", "sounds", "names")))

    def pick(self, rows: npt.NDArray[np.intp]) -> Weighted:
        """The same for some rows."""
        return Weighted(self.records[rows], self.words[rows], self.grams[rows], self.sounds[rows], self.names[rows])


def features(here: Weighted, there: Weighted) -> Floats:
    """Feature matrix (pairs, len(NAMES)); `here` and `there` have one row a pair."""
    count = len(here.records)
    out = np.zeros((count, len(NAMES)), np.float32)
    for start in range(0, count, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, count))
        _chunk(here.pick(rows), there.pick(rows), out[start : start + _CHUNK])
    return out


def _share(part: Floats, whole: Floats, missing: float) -> Floats:
    """part / whole, `missing` where there is no whole."""
    result: Floats = np.where(whole > 0, part / np.maximum(whole, 1e-6), np.float32(missing)).astype(np.float32)
    return result


def _cover(weights: Floats, mask: Bools, matched: Bools, missing: float = 0.4) -> Floats:
    chosen = weights * mask
    return _share((chosen * matched).sum(1), chosen.sum(1), missing)


def _chunk(a: Weighted, b: Weighted, out: Floats) -> None:
    def put(name: str, values: npt.NDArray[np.generic]) -> None:
        out[:, INDEX[name]] = values

    _words(a, b, put)
    _grams(a, b, put)
    _names(a, b, put)
    _problem(a.records, b.records, put)
    _circumstances(a.records, b.records, put)
    problem = (out[:, INDEX["types_agree"]] > 0.5) & (out[:, INDEX["source_clash"]] == 0) & (out[:, INDEX["harm_clash"]] == 0)
    put("reporter_and_problem", out[:, INDEX["same_reporter"]] * problem)


def _words(a: Weighted, b: Weighted, put) -> None:  # type: ignore[no-untyped-def]
    ra, rb = a.records, b.records
    in_b, in_a = matches(ra["words"], rb["words"])
    wa, wb = a.words, b.words
    shared = wa * in_b
    norms = np.sqrt((wa * wa).sum(1) * (wb * wb).sum(1))
    put("text_cosine", _share((shared * wa).sum(1), norms, 0.0))
    put("text_contained", _share(shared.sum(1), np.minimum(wa.sum(1), wb.sum(1)), 0.0))
    put("rarest_shared", shared.max(1) / 8)
    put("rare_shared_sum", np.log1p(np.maximum(shared - 4.0, 0).sum(1)) / 3)
    fa, fb = ra["word_flags"], rb["word_flags"]
    ab = _cover(wa, (fa & pf.IN_HEAD) > 0, in_b)
    ba = _cover(wb, (fb & pf.IN_HEAD) > 0, in_a)
    put("head_in_text", ab)
    put("text_in_head", ba)
    put("head_cover_min", np.minimum(ab, ba))
    for part, flag in (("actor", pf.IN_ACTOR), ("landmark", pf.IN_LANDMARK)):
        here, there = (fa & flag) > 0, (fb & flag) > 0
        put(f"{part}_in_text", _cover(wa, here, in_b))
        put(f"text_in_{part}", _cover(wb, there, in_a))
        put(f"{part}_missing", 2.0 - here.any(1) - there.any(1))


def _grams(a: Weighted, b: Weighted, put) -> None:  # type: ignore[no-untyped-def]
    ra, rb = a.records, b.records
    in_b, in_a = matches(ra["grams"], rb["grams"])
    fa, fb = ra["gram_flags"], rb["gram_flags"]
    head_a, head_b = a.grams * ((fa & pf.IN_HEAD) > 0), b.grams * ((fb & pf.IN_HEAD) > 0)
    shared = (head_a * in_b).sum(1)
    put("head_grams", _share(shared, np.maximum(head_a.sum(1), head_b.sum(1)), 0.0))
    put("head_grams_contained", _share(shared, np.minimum(head_a.sum(1), head_b.sum(1)), 0.0))
    put("rarest_gram", (a.grams * in_b).max(1) / 8)
    for part, flag in (("actor", pf.IN_ACTOR), ("landmark", pf.IN_LANDMARK)):
        ab = _cover(a.grams, (fa & flag) > 0, in_b)
        ba = _cover(b.grams, (fb & flag) > 0, in_a)
        put(f"{part}_grams", np.maximum(ab, ba) * 0.5 + np.minimum(ab, ba) * 0.5)
    ab, ba = _cover(a.grams, (fa & pf.IN_NAME) > 0, in_b), _cover(b.grams, (fb & pf.IN_NAME) > 0, in_a)
    put("name_grams_min", np.minimum(ab, ba))
    put("name_grams_max", np.maximum(ab, ba))
    in_b, in_a = matches(ra["sounds"], rb["sounds"])
    ab, ba = _cover(a.sounds, ra["sounds"] > 0, in_b), _cover(b.sounds, rb["sounds"] > 0, in_a)
    put("name_sounds_min", np.minimum(ab, ba))
    put("name_sounds_max", np.maximum(ab, ba))


def _names(a: Weighted, b: Weighted, put) -> None:  # type: ignore[no-untyped-def]
    ra, rb = a.records, b.records
    in_b, in_a = matches(ra["names"], rb["names"])
    in_b &= ra["names"] > 0
    in_a &= rb["names"] > 0
    ka, kb = ra["name_kinds"], rb["name_kinds"]
    head_a, head_b = (ka & 128) > 0, (kb & 128) > 0
    ka, kb = ka & 127, kb & 127

    def same_and_clash(kind: str) -> tuple[Bools, Bools]:
        here, there = ka == pf.KIND[kind], kb == pf.KIND[kind]
        same = (here & in_b).any(1)
        clash = (here & head_a).any(1) & (there & head_b).any(1) & ~same
        return same, clash

    for kind, same_name, clash_name in _NAME_FIELDS:
        same, clash = same_and_clash(kind)
        if same_name:
            put(same_name, same)
        if clash_name:
            put(clash_name, clash)
    road, _ = same_and_clash("road")
    estate, _ = same_and_clash("estate")
    door, other_door = same_and_clash("door")
    put("door_same", door & (road | estate))
    put("door_clash", other_door & road)
    specific = in_b & (ka != pf.KIND["district"]) & (ka != pf.KIND["door"]) & (ka != pf.KIND["building"])
    put("rarest_name", (a.names * specific).max(1) / 8)


def _bits(low: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """(n, k) words of 64 bits to (n, 64 k) zeros and ones."""
    return np.unpackbits(np.ascontiguousarray(low).view(np.uint8), axis=1, bitorder="little")


def _problem(ra: pf.Records, rb: pf.Records, put) -> None:  # type: ignore[no-untyped-def]
    all_a, all_b = _bits(ra["sources"]), _bits(rb["sources"])
    head_a, head_b = _bits(ra["head_sources"]), _bits(rb["head_sources"])
    w = _SOURCE_WEIGHTS
    both, either = ((head_a & head_b) * w).sum(1), ((head_a | head_b) * w).sum(1)
    put("source_overlap", _share(both, either, 0.3))
    ab = _share(((head_a & all_b) * w).sum(1), (head_a * w).sum(1), 0.5)
    ba = _share(((head_b & all_a) * w).sum(1), (head_b * w).sum(1), 0.5)
    put("source_head_in_text", np.minimum(ab, ba))
    named = head_a.any(1) & head_b.any(1)
    put("source_clash", named & ~(head_a & all_b).any(1) & ~(head_b & all_a).any(1))
    put("source_missing", 2.0 - head_a.any(1) - head_b.any(1))
    acts_a, acts_b = head_a & _ACT_BITS, head_b & _ACT_BITS
    put("act_overlap", _share((acts_a & acts_b).sum(1).astype(np.float32), (acts_a | acts_b).sum(1).astype(np.float32), 0.3))
    put("act_clash", acts_a.any(1) & acts_b.any(1) & ~(acts_a & all_b).any(1) & ~(acts_b & all_a).any(1))
    harms_a, harms_b = _bits(ra["harms"][:, None]), _bits(rb["harms"][:, None])
    hh_a, hh_b = _bits(ra["head_harms"][:, None]) * (_HARM_WEIGHTS > 0), _bits(rb["head_harms"][:, None]) * (_HARM_WEIGHTS > 0)
    wh = _HARM_WEIGHTS
    ab = _share(((hh_a * harms_b) * wh).sum(1), (hh_a * wh).sum(1), 0.5)
    ba = _share(((hh_b * harms_a) * wh).sum(1), (hh_b * wh).sum(1), 0.5)
    put("harm_overlap", (ab + ba) / 2)
    put("harm_clash", hh_a.any(1) & hh_b.any(1) & ~(hh_a & harms_b).any(1) & ~(hh_b & harms_a).any(1))
    ta, tb = ra["types"].astype(np.float32) / 255, rb["types"].astype(np.float32) / 255
    norm = np.sqrt((ta * ta).sum(1) * (tb * tb).sum(1))
    put("types_agree", _share((ta * tb).sum(1), norm, 0.5))
    put("env_min", np.minimum(ra["env"], rb["env"]) / np.float32(255))
    put("env_here", ra["env"] / np.float32(255))
    put("env_gap", np.abs(ra["env"].astype(np.float32) - rb["env"]) / 255)


def _circumstances(ra: pf.Records, rb: pf.Records, put) -> None:  # type: ignore[no-untyped-def]
    put("same_reporter", (ra["reporter"] == rb["reporter"]) & (ra["reporter"] != 0))
    tokens, _ = matches(ra["tokens"], rb["tokens"])
    put("same_token", (tokens & (ra["tokens"] > 0)).any(1))
    cites = (ra["cites"] == rb["receipt"][:, None]) | (ra["cites"][:, :, None] == rb["cites"][:, None, :]).any(2)
    back = (rb["cites"] == ra["receipt"][:, None]) & (rb["cites"] != 0)
    put("cited", (cites & (ra["cites"] != 0)).any(1) | back.any(1))
    timed = (ra["minute"] > 0) & (rb["minute"] > 0)
    days = np.abs(ra["minute"].astype(np.float32) - rb["minute"].astype(np.float32)) / 1440
    put("days", np.where(timed, np.log1p(days), np.log1p(30.0)) / 6)
    la, lb = ra["length"].astype(np.float32) + 1, rb["length"].astype(np.float32) + 1
    put("length_ratio", np.minimum(la, lb) / np.maximum(la, lb))
    put("length_min", np.log(np.minimum(la, lb)) / 7)
    put("follow_up", ((ra["flags"] & pf.FOLLOW_UP) > 0) * 1.0 + ((rb["flags"] & pf.FOLLOW_UP) > 0))
    put("both_titled", ((ra["flags"] & rb["flags"] & pf.HAS_TITLE) > 0))

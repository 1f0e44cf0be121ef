"""The decision: bands, kinds, reasons, contradictions and constraints over scored candidates of one complaint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers import profile as pf
from classifiers.pairs import INDEX, Floats
from classifiers.reading import Complaint, Reading, Reason, Span
from classifiers.sources import HARMS, SOURCES
from contracts.vocabulary import LinkBand, LinkKind


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bands. Above `auto` the machine links, from `suggest` a person is asked.

    0.95 comes from the wrong-merge budget of one in a hundred: on held-out matters a score swept for that budget lay
    at 0.93 to 0.96 and did not carry over from one set to another, so it is fixed and high. A suggestion is worth
    reading where at least one in five of its sort is right: then a person reads about two to find one repeat.
    """

    auto: float = 0.95
    suggest: float = 0.2
    duplicate: float = 0.93  # text cosine from which the same person's item is the same item delivered again


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier complaint, scored: `features` is a row of pairs.features; `blocked` when a cannot-link forbids it.

    `at` is its place among all that were compared, `least` the score from which a person is asked about such a pair.
    """

    id: str
    case: str
    score: float
    features: Floats
    at: int = 0
    bound: bool = False
    blocked: bool = False
    closed: bool = False
    least: float = 0.0


CITED_SCORE = 0.985
BOUND_SCORE = 1.0


def rule_score(score: float, row: Floats) -> float:
    """The model's score after the rules that outrank it: a cited receipt number of the same problem decides."""
    if row[INDEX["cited"]] > 0 and row[INDEX["source_clash"]] == 0:
        return max(score, CITED_SCORE)
    return score


def band(score: float, auto: float, suggest: float) -> LinkBand:
    """The band of a score."""
    if score >= auto:
        return LinkBand.AUTO
    return LinkBand.SUGGEST if score >= suggest else LinkBand.NEW


def choose(candidates: Sequence[Candidate]) -> Candidate | None:
    """The best candidate no constraint forbids; a must-link goes first. Equal scores: the earlier in the list."""
    best: Candidate | None = None
    for candidate in candidates:
        if candidate.blocked:
            continue
        if best is None or (candidate.bound, candidate.score) > (best.bound, best.score):
            best = candidate
    return best


def kind_of(chosen: Candidate, reading: Reading, limits: Thresholds) -> LinkKind:
    """What a link is, by person, text, new facts and whether the case was closed."""
    row = chosen.features
    same_person = row[INDEX["same_reporter"]] > 0 or row[INDEX["same_token"]] > 0
    near = row[INDEX["text_cosine"]] >= limits.duplicate and row[INDEX["length_ratio"]] >= 0.8
    if chosen.closed:
        return LinkKind.RECURRENCE
    if same_person and near:
        return LinkKind.DUPLICATE_DELIVERY
    if reading.new_facts:
        return LinkKind.FOLLOW_ON
    if same_person or row[INDEX["cited"]] > 0:
        return LinkKind.REPEAT_PETITION
    return LinkKind.MERGED_REPORT


KIND_WORDS = {
    "road": "道路", "door": "门牌", "estate": "小区", "building": "楼栋", "village": "村组", "town": "镇街",
    "district": "区县", "business": "商户或单位", "body": "地标", "quoted": "名称", "project": "期",
}


class Evidence:
    """Reasons for and against one pair, from the two packed profiles."""

    def __init__(self, complaint: Complaint, reading: Reading, row: Floats, earlier: bytes) -> None:
        self._text = complaint.full_text
        self._here, self._here_names = pf.unpack(reading.profile)
        self._there, self._there_names = pf.unpack(earlier)
        self._row = row

    def _value(self, name: str) -> float:
        return float(self._row[INDEX[name]])

    def _span(self, start: int, length: int) -> Span:
        return Span(start, start + length, self._text[start : start + length])

    def _pairs_of_names(self) -> list[tuple[int, int]]:
        here, there = self._here["names"], self._there["names"]
        return [(i, int(np.flatnonzero(there == key)[0])) for i, key in enumerate(here) if key and (there == key).any()]

    def _name(self, i: int, there: bool) -> Span:
        record, names = (self._there, self._there_names) if there else (self._here, self._here_names)
        start, length = int(record["name_at"][i]), int(record["name_length"][i])
        return Span(start, start + length, names[i] if there else self._text[start : start + length])

    def why(self, rarity: pf.Rarity) -> list[Reason]:
        """What speaks for it, the strongest first, at most six."""
        reasons: list[Reason] = []
        if self._value("cited"):
            reasons.append(Reason("cited", "引用了前件的受理编号"))
        if self._value("same_reporter"):
            reasons.append(Reason("same_reporter", "同一信访人"))
        if self._value("same_token"):
            reasons.append(Reason("same_token", "留有相同的联系方式或证件"))
        weights = rarity.idf(np.ascontiguousarray(self._here["names"]))
        for i, j in sorted(self._pairs_of_names(), key=lambda pair: -weights[pair[0]]):
            kind = pf.NAME_KINDS[(int(self._here["name_kinds"][i]) & 127) - 1]
            if kind in ("district", "door", "building", "project") and not (self._value("road_same") or self._value("estate_same")):
                continue
            here, there = self._name(i, False), self._name(j, True)
            reasons.append(Reason(f"same_{kind}", f"{KIND_WORDS[kind]}相同：{here.text}", here, there))
            if len(reasons) >= 4:
                break
        shared_sources = _groups(self._here["head_sources"]) & _groups(self._there["sources"]) | (
            _groups(self._here["sources"]) & _groups(self._there["head_sources"])
        )
        if shared_sources:
            reasons.append(Reason("same_source", "污染源相同：" + "、".join(SOURCES.names[g] for g in sorted(shared_sources)[:2])))
        shared_harms = _groups([self._here["head_harms"]]) & _groups([self._there["harms"]])
        if shared_harms:
            reasons.append(Reason("same_harm", "反映的问题相同：" + "、".join(HARMS.names[g] for g in sorted(shared_harms)[:2])))
        reasons += self._shared_words(rarity, 6 - len(reasons))
        return reasons[:6]

    def _shared_words(self, rarity: pf.Rarity, most: int) -> list[Reason]:
        here, there = self._here["words"], self._there["words"]
        weights = rarity.idf(np.ascontiguousarray(here))
        found: list[Reason] = []
        for i in np.argsort(-weights, kind="stable"):
            if len(found) >= most or weights[i] < 4:
                break
            match = np.flatnonzero(there == here[i])
            if here[i] and len(match):
                start = int(self._here["word_at"][i])
                word = self._word_at(start)
                if word:
                    at = int(self._there["word_at"][match[0]])
                    found.append(Reason("same_word", f"都写到“{word}”", self._span(start, len(word)), Span(at, at + len(word), word)))
        return found

    def _word_at(self, start: int) -> str:
        from classifiers.normalize import normalize

        key = int(self._here["words"][np.flatnonzero(self._here["word_at"] == start)[0]])
        for size in range(2, 13):
            if pf.key32("w", normalize(self._text[start : start + size])) == key:
                return self._text[start : start + size]
        return ""

    def against(self) -> list[Reason]:
        """What speaks against it: contradictions a person should check first."""
        reasons: list[Reason] = []
        for kind, label in (("door", "门牌号不同"), ("building", "楼栋不同"), ("project", "期数不同"), ("road", "道路不同"),
                            ("estate", "小区不同"), ("village", "村组不同"), ("business", "商户或单位不同"), ("district", "区县不同")):
            if self._value(f"{kind}_clash"):
                here, there = self._first(kind, False), self._first(kind, True)
                if here and there:
                    reasons.append(Reason(f"other_{kind}", f"{label}：{here.text}／{there.text}", here, there))
        if self._value("source_clash"):
            a, b = _groups(self._here["head_sources"]), _groups(self._there["head_sources"])
            reasons.append(Reason("other_source", f"污染源不同：{SOURCES.names[min(a)]}／{SOURCES.names[min(b)]}"))
        if self._value("harm_clash"):
            a, b = _groups([self._here["head_harms"]]), _groups([self._there["head_harms"]])
            reasons.append(Reason("other_harm", f"反映的问题不同：{HARMS.names[min(a)]}／{HARMS.names[min(b)]}"))
        return reasons[:5]

    def _first(self, kind: str, there: bool) -> Span | None:
        record = self._there if there else self._here
        for i, value in enumerate(record["name_kinds"]):
            if int(value) & 127 == pf.KIND[kind] and int(value) & 128:
                return self._name(i, there)
        return None


_groups = pf.members


_WEAK = np.array([pf.KIND[kind] for kind in ("district", "door", "building", "project", "town")])
GUARDS = 4


def guards(records: pf.Records, rarity: pf.Rarity) -> list[tuple[int, ...]]:
    """For each record up to four signed 64-bit keys of its strongest features, for the guard between workers.

    Independent of the district: the cited receipt, the reporter with the pollution type, and the rarest names,
    those of the head first.
    """
    names = np.ascontiguousarray(records["names"])
    kinds = records["name_kinds"]
    rank = rarity.idf(names) + 20.0 * (kinds >> 7) - 100.0 * (np.isin(kinds & 127, _WEAK) | (names == 0))
    order = np.argsort(-rank, axis=1, kind="stable")[:, :GUARDS]
    chosen = np.take_along_axis(names, order, axis=1).tolist()
    good = (np.take_along_axis(rank, order, axis=1) > -50).tolist()
    kind_of_pollution = records["types"].argmax(axis=1).tolist()
    found = []
    for i, (cite, reporter) in enumerate(zip(records["cites"][:, 0].tolist(), records["reporter"].tolist(), strict=True)):
        keys = [cite] if cite else []
        if reporter:
            keys.append(pf.key64("reporter-type", f"{reporter}:{kind_of_pollution[i]}"))
        keys += [pf.key64("name", str(name)) for name, fit in zip(chosen[i], good[i], strict=True) if fit]
        found.append(tuple(dict.fromkeys(keys))[:GUARDS])
    return found

"""Reasons for and against one link, as words of both texts a person can check in seconds."""

from __future__ import annotations

import numpy as np

from classifiers import profile as pf
from classifiers.linking import Candidate
from classifiers.normalize import normalize
from classifiers.pairs import INDEX, Floats
from classifiers.reading import Complaint, Reading, Reason, Span
from classifiers.shown_names import shown
from classifiers.sources import HARMS, SOURCES

MOST_FOR, MOST_NAMES, MOST_AGAINST = 6, 4, 5
KIND_WORDS = {
    "road": "道路", "door": "门牌", "estate": "小区", "building": "楼栋", "village": "村组", "town": "镇街",
    "district": "区县", "business": "商户或单位", "body": "地标", "quoted": "名称", "project": "期",
}

_groups = pf.members


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

    def _shown(self, i: int, there: bool) -> Span | None:
        """A name without the words taken along before it; None where no name is left."""
        name = self._name(i, there)
        text = shown(name.text)
        return Span(name.end - len(text), name.end, text) if text else None

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
        told: set[str] = set()
        for i, j in sorted(self._pairs_of_names(), key=lambda pair: -weights[pair[0]]):
            kind = pf.NAME_KINDS[(int(self._here["name_kinds"][i]) & 127) - 1]
            if kind in ("district", "door", "building", "project") and not (self._value("road_same") or self._value("estate_same")):
                continue
            here, there = self._shown(i, False), self._shown(j, True)
            if here is None or there is None or here.text in told:
                continue
            told.add(here.text)
            reasons.append(Reason(f"same_{kind}", f"{KIND_WORDS[kind]}相同：{here.text}", here, there))
            if len(reasons) >= MOST_NAMES:
                break
        shared_sources = _groups(self._here["head_sources"]) & _groups(self._there["sources"]) | (
            _groups(self._here["sources"]) & _groups(self._there["head_sources"])
        )
        if shared_sources:
            reasons.append(Reason("same_source", "污染源相同：" + "、".join(SOURCES.names[g] for g in sorted(shared_sources)[:2])))
        shared_harms = _groups([self._here["head_harms"]]) & _groups([self._there["harms"]])
        if shared_harms:
            reasons.append(Reason("same_harm", "反映的问题相同：" + "、".join(HARMS.names[g] for g in sorted(shared_harms)[:2])))
        reasons += self._shared_words(rarity, MOST_FOR - len(reasons), "".join(reason.text for reason in reasons))
        return reasons[:MOST_FOR]

    def _shared_words(self, rarity: pf.Rarity, most: int, said: str) -> list[Reason]:
        """Rare words of both texts that no reason before has said."""
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
                if word and word not in said:
                    at = int(self._there["word_at"][match[0]])
                    found.append(Reason("same_word", f"都写到“{word}”", self._span(start, len(word)), Span(at, at + len(word), word)))
        return found

    def _word_at(self, start: int) -> str:
        key = int(self._here["words"][np.flatnonzero(self._here["word_at"] == start)[0]])
        for size in range(2, 13):
            if pf.key32("w", normalize(self._text[start : start + size])) == key:
                return self._text[start : start + size]
        return ""

    def against(self, other: Candidate | None = None) -> list[Reason]:
        """What speaks against it: contradictions a person should check first, and a second matter in the complaint."""
        reasons: list[Reason] = []
        if other is not None:
            reasons.append(Reason("second_matter", f"来件似含两事，另一事像事项 {other.case}（前件 {other.id}），可分拆办理"))
        for kind, label in (("door", "门牌号不同"), ("building", "楼栋不同"), ("project", "期数不同"), ("road", "道路不同"),
                            ("estate", "小区不同"), ("village", "村组不同"), ("business", "商户或单位不同"), ("district", "区县不同")):
            if self._value(f"{kind}_clash"):
                here, there = self._first(kind, False), self._first(kind, True)
                if here and there and not (kind == "district" and _levels_differ(here.text, there.text)):
                    reasons.append(Reason(f"other_{kind}", f"{label}：{here.text}／{there.text}", here, there))
        if self._value("source_clash"):
            a, b = _groups(self._here["head_sources"]), _groups(self._there["head_sources"])
            reasons.append(Reason("other_source", f"污染源不同：{SOURCES.names[min(a)]}／{SOURCES.names[min(b)]}"))
        if self._value("harm_clash"):
            a, b = _groups([self._here["head_harms"]]), _groups([self._there["head_harms"]])
            reasons.append(Reason("other_harm", f"反映的问题不同：{HARMS.names[min(a)]}／{HARMS.names[min(b)]}"))
        return reasons[:MOST_AGAINST]

    def _first(self, kind: str, there: bool) -> Span | None:
        record = self._there if there else self._here
        for i, value in enumerate(record["name_kinds"]):
            if int(value) & 127 == pf.KIND[kind] and int(value) & 128 and (name := self._shown(i, there)):
                return name
        return None


def _levels_differ(here: str, there: str) -> bool:
    """Whether one names a city and the other a district, which may lie in it."""
    return here.endswith("市") != there.endswith("市")

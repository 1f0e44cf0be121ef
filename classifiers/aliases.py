"""Names a city's complaints use for those complained of, learnt as they come: who is known, and which names mean one.

A plant named for the first time is known to the next complaint, even where that one's wording would not give its name
away. Two names, or a name and a description ("the mixing plant beside the estate"), are taken for one where the
complaints of one case use both: twice, or once where a person confirmed it or they differ by region and legal form only.
A person's "two matters" keeps two names apart. Everything here is counted per complaint, so that undo leaves no trace,
bounded, and rebuilt from the history it belongs to.
"""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifiers import profile as pf
from classifiers.sources import SOURCES

MOST_NAMES = 50_000  # of all cities together, the newest
MOST_PAIRS = 20_000
VOTES = 2  # complaints whose case says so, where nobody confirmed it
_LEAST, _STEM = 4, 3  # characters of a name worth knowing; of its beginning, by which it is looked up
_HEAD = 128
_NAMED = (pf.KIND["business"], pf.KIND["quoted"])
_PLACES = (pf.KIND["estate"], pf.KIND["village"], pf.KIND["body"], pf.KIND["road"])

Key = tuple[int, int]  # city, key of the name
Pair = tuple[Key, Key]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """How one complaint names the one complained of: names by key, or else descriptions of it."""

    city: int
    names: dict[int, str]
    described: dict[int, str]
    places: dict[int, int]

    @classmethod
    def of(cls, record: np.void, texts: Sequence[str]) -> Mentioned:
        """From a packed record and the texts of its names; those of the head only."""
        names: dict[int, str] = {}
        for key, kind, text in zip(record["names"].tolist(), record["name_kinds"].tolist(), texts, strict=False):
            if kind & _HEAD and kind & 127 in _NAMED and len(text) >= _LEAST:
                names[key] = text
        described: dict[int, str] = {}
        if not names:
            text_of = dict(zip(record["names"].tolist(), texts, strict=False))
            described = {key: f"{text_of[place]}旁的{SOURCES.names[group]}" for key, (group, place) in _descriptions(record).items() if place in text_of}
        places = {key: place for key, (_, place) in _descriptions(record).items()} if described else {}
        return cls(int(record["region"]) // 100, names, described, places)

    @property
    def all(self) -> dict[int, str]:
        """Names, or else descriptions."""
        return self.names or self.described


class Aliases:
    """Known names and which of them mean one; see the module's docstring."""

    def __init__(self) -> None:
        self._names: OrderedDict[Key, tuple[str, int]] = OrderedDict()
        self._stems: defaultdict[int, dict[str, set[int]]] = defaultdict(dict)
        self._votes: defaultdict[Pair, set[str]] = defaultdict(set)
        self._confirmed: defaultdict[Pair, set[str]] = defaultdict(set)
        self._denied: defaultdict[Pair, set[str]] = defaultdict(set)
        self._texts: dict[Key, str] = {}
        self._place_of: dict[Key, int] = {}
        self._of_complaint: defaultdict[str, list[Pair]] = defaultdict(list)
        self._cities: set[int] = set()
        self._keys = np.empty(0, np.uint32)  # of every joined name, and of the places in descriptions joined to one
        self._groups: dict[Key, tuple[Key, ...]] | None = {}

    # what is learnt

    def add(self, mentioned: Mentioned) -> None:
        """A complaint that names somebody was added."""
        for key, text in mentioned.names.items():
            at = (mentioned.city, key)
            known = self._names.pop(at, None)
            self._names[at] = (text, 1 + (known[1] if known else 0))
            self._stems[mentioned.city].setdefault(text[:_STEM], set()).add(key)
        while len(self._names) > MOST_NAMES:
            self._drop(next(iter(self._names)))

    def forget(self, mentioned: Mentioned) -> None:
        """It was forgotten."""
        for key in mentioned.names:
            at = (mentioned.city, key)
            if at in self._names:
                text, count = self._names[at]
                if count > 1:
                    self._names[at] = (text, count - 1)
                else:
                    self._drop(at)

    def meet(self, id: str, mentioned: Mentioned, others: Iterable[Mentioned]) -> None:
        """A complaint joined a case whose members name somebody: one vote for each two names that differ."""
        if len(self._votes) >= MOST_PAIRS:
            return
        for pair in {p for other in others for p in self._pairs(mentioned, other)}:
            self._votes[pair].add(id)
            self._of_complaint[id].append(pair)
            self._groups = None

    def part(self, id: str) -> None:
        """It left the case."""
        for pair in self._of_complaint.pop(id, ()):
            self._votes[pair].discard(id)
            if not self._votes[pair]:
                del self._votes[pair]
            self._groups = None

    def said(self, same: bool, by: str, one: Mentioned, other: Mentioned) -> None:
        """A person said of two complaints that they are one matter, or two; `by` names the two."""
        for pair in self._pairs(one, other):
            (self._confirmed if same else self._denied)[pair].add(by)
            self._groups = None

    def unsaid(self, by: str) -> None:
        """Nobody says so any more."""
        for pairs in (self._confirmed, self._denied):
            for pair in [pair for pair, said in pairs.items() if by in said]:
                pairs[pair].discard(by)
                if not pairs[pair]:
                    del pairs[pair]
                self._groups = None

    # what is known

    def known(self, city: int, plain: str) -> dict[int, str]:
        """Known names that stand in a text of a city, the longest at each place."""
        found: dict[int, str] = {}
        stems, end = self._stems.get(city), 0
        if not stems:
            return found
        for at in [at for at in range(len(plain) - _LEAST + 1) if plain[at : at + _STEM] in stems]:
            best = 0
            for key in stems[plain[at : at + _STEM]] if at >= end else ():
                text = self._names[city, key][0]
                if len(text) > best and plain.startswith(text, at):
                    found[key], best = text, len(text)
            end = max(end, at + best)
        return found

    def same(self, city: int, key: int) -> tuple[Key, ...]:
        """All names that mean the same as this one, itself among them and the fullest first; empty where it is alone."""
        return self._joined().get((city, key), ())

    def any(self, city: int) -> bool:
        """Whether any names of a city are joined."""
        self._joined()
        return city in self._cities

    def described(self, key: Key) -> bool:
        """Whether it is a description and no name."""
        return key in self._place_of

    def text(self, key: Key) -> str:
        """The words of a name."""
        return self._texts.get(key, "")

    def reason(self, one: Mentioned, other: Mentioned) -> tuple[str, str] | None:
        """Two names of two complaints that are one and do not look it."""
        if one.city != other.city:
            return None
        for key, text in one.all.items():
            group = self.same(one.city, key)
            for there, words in other.all.items():
                if there != key and (one.city, there) in group:
                    return text, words
        return None

    def unify(self, records: pf.Records) -> pf.Records:
        """The same records with every name replaced by the fullest that means the same; the input where nothing is joined.

        A record that only describes the one complained of gets the name put in where it has room.
        """
        joined = self._joined()
        if not joined:
            return records
        names = records["names"]
        at = np.minimum(np.searchsorted(self._keys, names), len(self._keys) - 1)
        hit = np.flatnonzero((self._keys[at] == names).any(axis=1))
        if not hit.size:
            return records
        out = records.copy()
        for row in hit.tolist():
            _unify(out[row], joined)
        return out

    # files

    def state(self) -> dict[str, Any]:
        """Everything, for a file."""
        return {
            "names": [[*key, text, count] for key, (text, count) in self._names.items()],
            "votes": _pairs(self._votes), "confirmed": _pairs(self._confirmed), "denied": _pairs(self._denied),
            "texts": [[*key, text, self._place_of.get(key, 0)] for key, text in sorted(self._texts.items())],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Aliases:
        """What `state` gave."""
        aliases = cls()
        for city, key, text, count in state["names"]:
            aliases._names[city, key] = (text, count)
            aliases._stems[city].setdefault(text[:_STEM], set()).add(key)
        for name, table in (("votes", aliases._votes), ("confirmed", aliases._confirmed), ("denied", aliases._denied)):
            for a, b, c, d, said in state[name]:
                table[(a, b), (c, d)] = set(said)
        for pair, said in aliases._votes.items():
            for id in said:
                aliases._of_complaint[id].append(pair)
        aliases._texts = {(city, key): text for city, key, text, _ in state["texts"]}
        aliases._place_of = {(city, key): place for city, key, _, place in state["texts"] if place}
        aliases._groups = None
        return aliases

    # within

    def _drop(self, at: Key) -> None:
        text, _ = self._names.pop(at)
        stems, stem = self._stems[at[0]], text[:_STEM]
        stems[stem].discard(at[1])
        if not stems[stem]:
            del stems[stem]

    def _pairs(self, one: Mentioned, other: Mentioned) -> list[Pair]:
        """Two names that differ, where the two complaints share none; never two descriptions."""
        if one.city != other.city or one.all.keys() & other.all.keys() or not (one.names or other.names):
            return []
        found: list[Pair] = []
        for a, text in one.all.items():
            for b, words in other.all.items():
                first, second = (one.city, a), (one.city, b)
                self._texts[first], self._texts[second] = text, words
                self._place_of |= {at: place for at, place in ((first, one.places.get(a)), (second, other.places.get(b))) if place}
                found.append((first, second) if first < second else (second, first))
        return found

    def _joined(self) -> dict[Key, tuple[Key, ...]]:
        if self._groups is None:
            self._groups = self._join()
        return self._groups

    def _join(self) -> dict[Key, tuple[Key, ...]]:
        """Groups of names that mean one; a pair kept apart by a person never meets in a group, through others either."""
        members: dict[Key, set[Key]] = {}
        found = [(len(self._confirmed.get(p, ())), len(self._votes.get(p, ())), p) for p in {*self._votes, *self._confirmed}]
        for confirmed, votes, pair in sorted(found, key=lambda each: (-each[0], -each[1], each[2])):
            if not confirmed and votes < (1 if _alike(*map(self.text, pair)) else VOTES):
                continue
            a, b = (members.setdefault(key, {key}) for key in pair)
            if a is b or any(((x, y) if x < y else (y, x)) in self._denied for x in a for y in b):
                continue
            a |= b
            for key in b:
                members[key] = a
        self._cities = {city for city, _ in members}
        groups = {id(group): tuple(sorted(group, key=lambda k: (-self._fullness(k), k))) for group in members.values() if len(group) > 1}
        joined = {key: groups[id(group)] for key, group in members.items() if len(group) > 1}
        places = {place for key, place in self._place_of.items() if key in members}
        self._keys = np.array(sorted({key for _, key in joined} | places), np.uint32)
        return joined

    def _fullness(self, key: Key) -> int:
        """Names go before descriptions, longer ones first."""
        return len(self.text(key)) + 100 * (key in self._names)


def _pairs(table: dict[Pair, set[str]]) -> list[list[Any]]:
    return [[*a, *b, sorted(said)] for (a, b), said in sorted(table.items())]


def _unify(record: np.void, joined: dict[Key, tuple[Key, ...]]) -> None:
    city, names = int(record["region"]) // 100, record["names"]
    for at, key in enumerate(names.tolist()):
        if group := joined.get((city, key)):
            names[at] = group[0][1]
    free = np.flatnonzero(names == 0)
    for key in _descriptions(record) if free.size else ():
        if (group := joined.get((city, key))) and not (names == group[0][1]).any():
            names[free[0]] = group[0][1]
            record["name_kinds"][free[0]] = pf.KIND["business"] | _HEAD
            return


def _descriptions(record: np.void) -> dict[int, tuple[int, int]]:
    """By key: a source of the head beside a place of the head, the first of each."""
    places = [k for k, kind in zip(record["names"].tolist(), record["name_kinds"].tolist(), strict=True) if kind & _HEAD and kind & 127 in _PLACES]
    groups = sorted(pf.members(record["head_sources"]))
    if not places or not groups:
        return {}
    return {pf.key32("described", f"{group}:{places[0]}"): (group, places[0]) for group in groups[:2]}


_REGION = re.compile(r"^(?:[^省市区县]{2,3}[省市区县])+")
_FORM = re.compile(r"(?:有限责任公司|股份有限公司|有限公司|集团公司|公司|集团|厂|店)+$")


def _alike(one: str, other: str) -> bool:
    """Whether two names differ by region and legal form only: 宏远建材厂 and 云泽市宏远建材有限公司, but not two branches."""
    a, b = (_FORM.sub("", _REGION.sub("", name)) for name in (one, other))
    return len(a) >= 2 and a == b

"""Which district a complaint is about: from the code the hotline gave, the address, or the text. Unknown is a value.

Names of the city's gazetteer vote for their district; a name that several districts have is split between them and
decides nothing by itself. Several districts are concerned only where the words join them ("甲区和乙区", "交界"): people
also name the district they live or complained in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

from services.domain.city import City
from services.domain.gazetteer import WEIGHTS, Owner, gazetteer_of

CONFIDENCE = {"code": 1.0, "address": 0.95, "text": 0.85}
"""How much each source is trusted (default, unverified): a code is a clerk's statement, the text may mention elsewhere."""
BY_ROAD_ONLY = 0.9
"""Factor where no district, town or village was named: another city may have a road of that name (default, unverified)."""
CONTRADICTED = 0.8
"""Factor for a code where the address names another district (default, unverified)."""
CONTESTED = 0.6
"""Another district has votes too, but the winner has at least `CLEAR` times as many (defaults, unverified)."""
CLEAR = 1.5

_JOINED = re.compile(r"[、和与及跟同到至\-—–~]{1,2}")
_BORDER = re.compile(r"交界|接壤|毗邻|跨区|跨县|两区|两县|两地|两个区|两个县|上下游")
_LIVES = re.compile(r"(?:家住|住在|现住|居住在|户籍|籍贯|老家|来自|上班的?)[^，。；！？]{0,3}$")
_OFFICE = re.compile(r"[^，。；！？\s]{0,6}?(?:局|政府|委员会|管委会|大队|信访办|热线)")
_ASIDE = 0.3
"""Weight of a mention of where somebody lives or complained: it stands if nothing better is said (default, unverified)."""


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """Where a complaint belongs.

    `code` is a six-digit district or None; `town` a nine-digit sub-district or town in it where known; `level` is town,
    district, city or unknown; `how` is code, address, text or unknown; `districts` has two or more codes where the
    matter crosses a border, else at most the one.
    """

    code: str | None
    confidence: float
    how: str
    districts: tuple[str, ...] = ()
    town: str | None = None
    level: str = "unknown"


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    owners: tuple[Owner, ...]
    factor: float

    @property
    def sure(self) -> str | None:
        """The one district this names by its own, a town's or a village's name; None for roads and shared names."""
        only = self.owners[0] if len(self.owners) == 1 else None
        return only.district if only is not None and only.weight > WEIGHTS["road"] else None


UNKNOWN = FoundRegion(None, 0.0, "unknown")


def find_region(code: str | None, address: str | None, text: str, city: City, *, name: str | None = None) -> FoundRegion:
    """The district of a complaint, from the best source that has one; about 20 µs for 200 characters.

    `code` may have 6, 9 or 12 digits (a code of another city or a malformed one counts as none); `name` is the region's
    name as the hotline wrote it and is read with the address.
    """
    where = " ".join(filter(None, (name, address)))
    by_address = _read(where, "address", city) if where else UNKNOWN
    if code and (district := city.district_of(code[:6])) is not None:
        return _by_code(code, district, by_address, text, city)
    if by_address.code is not None:
        return by_address
    by_text = _read(text, "text", city)
    if by_text.code is not None:
        return by_text
    at_city = code == city.code or city.name in where or city.name in text
    return replace(UNKNOWN, level="city") if at_city else UNKNOWN


def _by_code(code: str, district: str, by_address: FoundRegion, text: str, city: City) -> FoundRegion:
    """A district given by code; the address may add a town or contradict it, the words may name a second district."""
    crossing = by_address.districts if len(by_address.districts) > 1 else _crossing(_mentions(text, city), text)
    districts = tuple(dict.fromkeys((district, *crossing))) if len(crossing) > 1 else (district,)
    town = code[:9] if city.district_of(code[:9]) == district and len(code) >= 9 else None
    confidence = CONFIDENCE["code"]
    if by_address.code == district:
        town = town or by_address.town
    elif by_address.code is not None and by_address.code not in districts:
        confidence *= CONTRADICTED
    return FoundRegion(district, confidence, "code", districts, town, "town" if town else "district")


def _read(words: str, how: str, city: City) -> FoundRegion:
    mentions = _mentions(words, city)
    if not mentions:
        return UNKNOWN
    votes: dict[str, float] = defaultdict(float)
    for mention in mentions:
        for owner in mention.owners:
            votes[owner.district] += mention.factor * owner.weight / len(mention.owners) ** 2
    ranked = sorted(votes, key=lambda district: (-votes[district], district))
    crossing = _crossing(mentions, words)
    if len(crossing) > 1:
        first = next(district for district in ranked if district in crossing)
        return FoundRegion(first, CONTESTED, how, crossing, level="district")
    if len(ranked) > 1 and votes[ranked[0]] < CLEAR * votes[ranked[1]]:
        return UNKNOWN
    confidence = CONFIDENCE[how] if len(ranked) == 1 else CONTESTED
    if not any(mention.sure == ranked[0] for mention in mentions):
        confidence *= BY_ROAD_ONLY
    towns = {owner.town for mention in mentions for owner in mention.owners if owner.district == ranked[0] and owner.town}
    town = towns.pop() if len(towns) == 1 else None
    return FoundRegion(ranked[0], confidence, how, (ranked[0],), town, "town" if town else "district")


def _mentions(words: str, city: City) -> list[_Mention]:
    """Every place named, once each by its name; with less weight where it is only aside."""
    gazetteer = gazetteer_of(city)
    found: dict[str, _Mention] = {}
    for match in gazetteer.pattern.finditer(words):
        name, (start, end) = match.group(), match.span()
        aside = bool(_LIVES.search(words, max(0, start - 8), start) or _OFFICE.match(words, end))
        known = found.get(name)
        if known is None or (known.factor < 1 and not aside):
            found[name] = _Mention(start, end, gazetteer.owners[name], _ASIDE if aside else 1.0)
    return list(found.values())


def _crossing(mentions: list[_Mention], words: str) -> tuple[str, ...]:
    """Districts that the words join, in their order; empty where there are none."""
    sure = [(mention, district) for mention in mentions if (district := mention.sure) is not None and mention.factor == 1]
    if len({district for _, district in sure}) < 2:
        return ()
    joined: dict[str, None] = {}
    for (one, here), (two, there) in pairwise(sure):
        if here != there and _JOINED.fullmatch(words, one.end, two.start):
            joined |= {here: None, there: None}
    if joined:
        return tuple(joined)
    return tuple(dict.fromkeys(district for _, district in sure)) if _BORDER.search(words) else ()

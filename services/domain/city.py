"""A city as the services use it: immutable, versioned by content, indexed for look-ups, storable as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from contracts.vocabulary import PollutionType
from services.domain.city_schema import (
    CityDocument,
    District,
    Duty,
    Kind,
    Law,
    Leader,
    Officer,
    Town,
    Unit,
)
from services.domain.errors import CityVersionMismatch, UnknownRegion, UnknownUnit

_ORDER_KEYS = {
    "districts": "code",
    "kinds": "id",
    "units": "id",
    "officers": "id",
    "leaders": "id",
    "laws": "id",
    "taxonomy": "type",
    "duties": "id",
    "additions": "id",
    "triggers": "id",
    "task_forces": "id",
}


@dataclass(frozen=True)
class City:
    """A checked city. Equal cities have equal content; `version` is the SHA-256 of the canonical form (64 hex digits).

    Made by `city_check.check` or `City.from_json`, never from an unchecked document.
    """

    document: CityDocument = field(compare=False, repr=False)
    version: str

    @classmethod
    def of(cls, document: CityDocument) -> City:
        """The city of a document that passed its check."""
        return cls(document, hashlib.sha256(_canonical(document)).hexdigest())

    @classmethod
    def from_json(cls, text: str | bytes, version: str | None = None) -> City:
        """Read back what `to_json` wrote.

        Raises `CityVersionMismatch` where `version` is given and the content has another one, and pydantic's
        `ValidationError` where the text is no city at all.
        """
        city = cls.of(CityDocument.model_validate_json(text))
        if version is not None and city.version != version:
            raise CityVersionMismatch(version, city.version)
        return city

    def to_json(self) -> str:
        """The canonical form: keys sorted, lists sorted by id, so that equal cities are equal texts."""
        return _canonical(self.document).decode()

    @property
    def code(self) -> str:
        """Six-digit code of the city itself."""
        return self.document.city.code

    @property
    def name(self) -> str:
        """Name of the city itself."""
        return self.document.city.name

    @property
    def receipt_prefix(self) -> str:
        """What every receipt number of the city begins with."""
        return self.document.city.receipt_prefix

    @property
    def index(self) -> CityIndex:
        """Look-up tables, built once per content."""
        return _index(self)

    def unit(self, unit_id: str) -> Unit:
        """The unit of this id; raises `UnknownUnit`."""
        try:
            return self.index.units[unit_id]
        except KeyError:
            raise UnknownUnit(unit_id) from None

    def region_name(self, code: str) -> str:
        """Name of the city, a district or a town; raises `UnknownRegion`."""
        try:
            return self.index.region_names[code]
        except KeyError:
            raise UnknownRegion(code) from None

    def desk(self, region: str | None) -> Unit:
        """The co-ordination desk that owns what nobody else owns there; the city's where the region is unknown."""
        for code in self.lineage(region):
            if code in self.index.desks:
                return self.index.desks[code]
        raise UnknownRegion(self.code)

    def lineage(self, region: str | None) -> tuple[str, ...]:
        """The region and those above it, lowest first; only the city where the code is none of ours."""
        return self.index.lineages.get(region or self.code) or (self.code,)

    def neighbours(self, regions: Iterable[str]) -> tuple[str, ...]:
        """Districts beside any of these, without these themselves, in the order of their codes."""
        inside = {district for code in regions if (district := self.district_of(code))}
        beside = {code for district in self.document.districts if district.code in inside for code in district.neighbours}
        return tuple(sorted(beside - inside))

    @property
    def districts(self) -> dict[str, str]:
        """Code → name of every district."""
        return {district.code: district.name for district in self.document.districts}

    def unit_named(self, name: str) -> Unit | None:
        """The unit of exactly this name or alias, as ledgers write it."""
        found = self.index.unit_names.get(name.strip())
        return self.index.units[found] if found else None

    def district_of(self, region: str | None) -> str | None:
        """The six-digit district a code lies in; None where it is unknown or the city itself."""
        lineage = self.lineage(region)
        return lineage[-2] if len(lineage) > 1 else None


@dataclass(frozen=True)
class CityIndex:
    """Tables over a city's content.

    `seats` maps (kind, region) to the unit there. `subtypes` maps (type, label or alias) and, for labels that only one
    type has, (None, label) to (type, canonical name); `narrower` has the words that make a narrower sub-type of one.
    `duties` holds the rules of (type, sub-type or None), the one that wins first: own district, then the city's
    designation, then the general rule; narrower conditions first. `unit_pattern` finds a unit's own name or alias
    (`unit_names`) in what is complained about.
    """

    kinds: dict[str, Kind]
    units: dict[str, Unit]
    desks: dict[str, Unit]
    seats: dict[tuple[str, str], Unit]
    region_names: dict[str, str]
    lineages: dict[str, tuple[str, ...]]
    laws: dict[str, Law]
    leaders: dict[str, Leader]
    officers: dict[str, tuple[Officer, ...]]
    subtypes: dict[tuple[PollutionType | None, str], tuple[PollutionType, str]]
    narrower: dict[tuple[PollutionType, str], tuple[tuple[re.Pattern[str], str], ...]]
    duties: dict[tuple[PollutionType, str | None], tuple[Duty, ...]]
    unit_names: dict[str, str]
    unit_pattern: re.Pattern[str]


_BESIDE = r"(?!旁|对面|附近|门口|隔壁|后面|楼下|斜对|东侧|西侧|南侧|北侧)"
"""A shop beside an office is not the office."""


def any_of(names: Iterable[str]) -> str:
    """A regular expression for any of these names, the longest first."""
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name))) or "(?!)"


def regions_of(document: CityDocument) -> Iterator[tuple[str, District | Town]]:
    """(code, entry) of every district and town."""
    for district in document.districts:
        yield district.code, district
        for town in district.towns:
            yield town.code, town


def scope_rank(duty: Duty, city_code: str) -> int:
    """0 for a general rule, 1 for the whole city's designation, 2 for a district's own."""
    if not duty.regions:
        return 0
    return 1 if city_code in duty.regions else 2


def duty_rank(duty: Duty, city_code: str) -> tuple[int, int, int]:
    """What wins among rules of one (type, sub-type); the greater first. Equal ranks must never both hold."""
    return scope_rank(duty, city_code), duty.when.narrowness, duty.priority


def _canonical(document: CityDocument) -> bytes:
    content: dict[str, Any] = document.model_dump(mode="json")
    for officer in content["officers"]:
        if not officer["roles"]:
            del officer["roles"]  # came later; a city without it keeps its version
    for section, key in _ORDER_KEYS.items():
        content[section] = sorted(content[section], key=lambda entry: str(entry[key]))
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@lru_cache(maxsize=8)
def _index(city: City) -> CityIndex:
    document = city.document
    lineages: dict[str, tuple[str, ...]] = {city.code: (city.code,)}
    for district in document.districts:
        lineages[district.code] = (district.code, city.code)
        lineages.update({town.code: (town.code, district.code, city.code) for town in district.towns})

    owners: dict[str, set[tuple[PollutionType, str]]] = defaultdict(set)
    subtypes: dict[tuple[PollutionType | None, str], tuple[PollutionType, str]] = {}
    for entry in document.taxonomy:
        for subtype in entry.subtypes:
            for label in (subtype.name, *subtype.aliases):
                subtypes[entry.type, label] = (entry.type, subtype.name)
                owners[label].add((entry.type, subtype.name))
    subtypes.update({(None, label): found.pop() for label, found in owners.items() if len(found) == 1})

    narrower: dict[tuple[PollutionType, str], list[tuple[re.Pattern[str], str]]] = defaultdict(list)
    for entry in document.taxonomy:
        for subtype in entry.subtypes:
            if subtype.within is not None:
                narrower[entry.type, subtype.within].append((re.compile(any_of(subtype.words)), subtype.name))

    duties: dict[tuple[PollutionType, str | None], list[Duty]] = defaultdict(list)
    for duty in document.duties:
        duties[duty.type, duty.subtype].append(duty)
    officers: dict[str, list[Officer]] = defaultdict(list)
    for officer in sorted(document.officers, key=lambda entry: entry.id):
        officers[officer.unit].append(officer)

    unit_names = {name: unit.id for unit in document.units for name in (unit.name, *unit.aliases)}
    return CityIndex(
        kinds={kind.id: kind for kind in document.kinds},
        units={unit.id: unit for unit in document.units},
        desks={unit.region: unit for unit in document.units if unit.desk},
        seats={(unit.kind, unit.region): unit for unit in document.units},
        region_names={city.code: city.name} | {code: entry.name for code, entry in regions_of(document)},
        lineages=lineages,
        laws={law.id: law for law in document.laws},
        leaders={leader.id: leader for leader in document.leaders},
        officers={unit: tuple(people) for unit, people in officers.items()},
        subtypes=subtypes,
        narrower={key: tuple(found) for key, found in narrower.items()},
        duties={
            key: tuple(sorted(rules, key=lambda rule: (duty_rank(rule, city.code), rule.id), reverse=True))
            for key, rules in duties.items()
        },
        unit_names=unit_names,
        unit_pattern=re.compile(f"({any_of(unit_names)}){_BESIDE}"),
    )

"""What the order itself says about the petitioner, found in the text wherever and however it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.submitted import ComplaintSubmitted
from services.domain.identity import (
    is_person,
    normalise_address,
    normalise_id_number,
    normalise_name,
    normalise_phone,
)
from services.domain.scrub_numbers import Span

_SPACE = re.compile(r"\s+")
_MASKS = frozenset("*×xX○●〇某_")
_BETWEEN = frozenset(" \t\u00a0\u3000·•.-_")
_SPELLED_OUT = 12  # longer names are looked for letter by letter only in their exact spelling
# Province, city, district and street in front of an address, each of which may be left out in the text.
_ADMIN = re.compile(
    r"([^\d]{2,8}?(?:省|自治区))?([^\d]{1,8}?(?:市|自治州|地区|盟))?([^\d]{1,6}?(?:区|县|市|旗))?([^\d]{1,6}?(?:街道办?|镇|乡))?"
)
_HOUSE = re.compile(r"(?:[\d一二三四五六七八九十]+|[A-Za-z])(?:[-#]\d|号|栋|幢|座|单元|室|组|楼|弄|房)")
_ESTATE = re.compile(r"小区|花园|家园|公寓|社区|新村|苑|庭|轩|府|城|湾|邸|村")
_LEAST_ADDRESS = 5


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """The petitioner's block as the scrubber needs it.

    `names` as written; `numbers` are digits of phones and identity cards (seven at least, an X left off);
    `homes` pairs each spelling of the home address with how many of its last characters are to be taken out.
    """

    names: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    homes: tuple[tuple[str, int], ...] = ()
    home_value: str = ""

    @classmethod
    def of(cls, submitted: ComplaintSubmitted) -> KnownIdentity | None:
        """From a complaint; None where the block is empty."""
        block = submitted.petitioner
        names = [block.name, *(person.name for person in block.representatives)]
        phones = [block.phone, *(person.phone for person in block.representatives)]
        kept = tuple(name.strip() for name in names if name and is_person(normalise_name(name)))
        numbers = set[str]()
        for phone in phones:
            numbers.update(_digits_of(phone))
        if block.id_number:
            digits = re.sub(r"\D", "", block.id_number)
            numbers.update({digits} if len(digits) in (15, 17, 18) else ())
            full = normalise_id_number(block.id_number)
            numbers.update({full.rstrip("X")} if full else ())
        places = [place for place in (submitted.address, submitted.respondent_address) if place]
        homes = _home_spellings(block.address, places) if block.address else ()
        if not (kept or numbers or homes):
            return None
        return cls(kept, frozenset(numbers), homes, normalise_address(block.address) if block.address else "")

    def spans(self, plain: str) -> Iterator[Span]:
        """Names and home address in width-narrowed `plain` (numbers are found with the other numbers)."""
        for name in self.names:
            value = _SPACE.sub("", name).lower()
            for start, end in _occurrences(plain, name):
                yield Span(start, end, "姓名", value)
        for spelling, size in self.homes:
            at = plain.find(spelling)
            while at >= 0:
                end = at + len(spelling)
                yield Span(end - size, end, "住址", self.home_value)
                at = plain.find(spelling, end)


def _digits_of(phones: str | None) -> set[str]:
    """Digit strings of a phone field, which may hold several; a land-line also without its area code."""
    found = set[str]()
    for phone in re.split(r"[,，;；/、\s]+(?=1\d{10}|0\d{2,3}|$)", phones or ""):
        number = normalise_phone(phone).partition("-")[0]
        if number:
            found.add(number)
            if number.startswith("0"):
                found.add(number[3:] if number[1] in "12" else number[4:])
        elif 7 <= len(digits := re.sub(r"\D", "", phone)) <= 20 and len(set(digits)) > 2:
            found.add(digits)
    return found


def _occurrences(plain: str, name: str) -> Iterator[tuple[int, int]]:
    """Where `name` stands: exactly, spaced out, or with some of its characters but the first masked."""
    haystack, needle = (plain.lower(), name.lower()) if name.isascii() else (plain, name)
    letters = [letter for letter in needle if letter not in _BETWEEN]
    if len(letters) > _SPELLED_OUT or name.isascii():
        at = haystack.find(needle)
        while at >= 0:
            yield at, at + len(needle)
            at = haystack.find(needle, at + len(needle))
        return
    at = haystack.find(letters[0])
    while at >= 0:
        end = _spelled(haystack, at, letters)
        if end:
            yield at, end
        at = haystack.find(letters[0], max(end, at + 1))


def _spelled(text: str, at: int, letters: list[str]) -> int:
    """End of the name spelled from `at`, or 0."""
    position = at + 1
    for letter in letters[1:]:
        skipped = 0
        while (
            position < len(text) and skipped < 3 and text[position] in _BETWEEN and text[position] != letter
        ):
            position += 1
            skipped += 1
        if position >= len(text) or (text[position] != letter and text[position] not in _MASKS):
            return 0
        position += 1
    return position


def _home_spellings(home: str, places: list[str]) -> tuple[tuple[str, int], ...]:
    """Spellings of the home address to look for, each with the length of the tail to take out.

    The place complained of must stay readable: where the home is that place nothing is taken out (its room
    number goes by the rule for rooms); where the home lies in that place, or no place is given, only what is
    finer than the place, or than the street and estate, goes.
    """
    home = _SPACE.sub("", home)
    admin = _ADMIN.match(home)
    core = home[admin.end() :] if admin else home
    if len(core) < _LEAST_ADDRESS:
        core = home
    tail = len(core)
    if not places:
        tail = len(core) - _coarse(core)
    for place in places:
        bare = _SPACE.sub("", place)
        admin = _ADMIN.match(bare)
        bare = bare[admin.end() :] if admin and len(bare) - admin.end() >= 2 else bare
        if core in bare or _building(core) in bare:
            return ()
        if bare and (at := core.find(bare)) >= 0:
            tail = min(tail, len(core) - at - len(bare))
    if not tail or len(core) < _LEAST_ADDRESS:
        return ()
    spellings = {core: tail}
    if tail == len(core) and len(home) > len(core):
        spellings[home] = len(home)  # taken out with its city in front
    return tuple(sorted(spellings.items(), key=lambda item: -len(item[0])))


def _coarse(core: str) -> int:
    """How many leading characters of an address name a street, village or estate."""
    estates = list(_ESTATE.finditer(core))
    house = _HOUSE.search(core, estates[-1].end() if estates else 0)
    return house.start() if house else len(core)


def _building(core: str) -> str:
    """The address up to its building, without unit and room."""
    match = re.match(r".*?(?:栋|幢|号楼|座)", core)
    return match[0] if match else core

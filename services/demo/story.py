"""The invented matters of the demonstration and how people tell them. Data lives in the YAML files beside this module."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from contracts.vocabulary import SourceChannel

LONG = 46
"""A telling of more characters needs no sentence about its effect to sound complete."""


@dataclass(frozen=True, slots=True)
class Place:
    """A town with its district."""

    town: str
    district: str
    code: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that is wrong somewhere: what every complaint about it has in common.

    `voices` has one entry a person: how often that person complains. `near` names a matter that sounds alike and is
    another one; `cross` is the second place where it lies on a border; `key` marks what an inspection group watches.
    """

    id: str
    kind: str
    mood: str
    place: Place
    address: str
    title: str
    voices: tuple[int, ...]
    tellings: tuple[str, ...]
    respondent: str | None = None
    near: str | None = None
    cross: Place | None = None
    key: bool = False
    emergency: bool = False

    @property
    def environmental(self) -> bool:
        """Whether it is about the environment at all."""
        return not self.kind.startswith("非环境")

    @property
    def leader_due(self) -> bool:
        """Whether somebody complains three times or five people complain, however well repeats are found."""
        return max(self.voices) >= 3 or len(self.voices) >= 5


@dataclass(frozen=True, slots=True)
class Person:
    """An invented petitioner; the phone numbers begin with 199-0000, which nobody is given."""

    name: str
    phone: str
    home: str


@cache
def matters() -> tuple[Matter, ...]:
    """Every matter of the story, in a fixed order."""
    places = _places()
    found: list[Matter] = []
    for name in ("noise", "air", "water", "land"):
        for entry in _load(f"matters/{name}.yaml"):
            entry = {key: value for key, value in entry.items() if key != "risk"}
            place, cross = places[entry.pop("town")], entry.pop("cross", None)
            voices = tuple(int(count) for count in str(entry.pop("voices")).split())
            tellings = tuple(entry.pop("tellings"))
            found.append(Matter(**entry, place=place, cross=places[cross] if cross else None, voices=voices, tellings=tellings))
    return tuple(found)


def tell(matter: Matter, telling: int, channel: SourceChannel, first: str | None, rng: random.Random) -> str:
    """What somebody says, by the telling of this number; `first` is the day of the same person's first complaint."""
    phrases = _phrases()
    mood = phrases["mood"][matter.mood]
    core = matter.tellings[telling % len(matter.tellings)].replace("{since}", rng.choice(phrases["since"]))
    me = "我" in core
    opening = rng.choice(phrases["opening_me"] if me and channel is not SourceChannel.XF_LETTER else phrases["opening"][channel])
    again = rng.choice(phrases["again_me" if me else "again"]).format(first=first) if first else ""
    effect = "" if len(core) > LONG and rng.random() < 0.6 else rng.choice(mood["effect"])
    parts = [core + (f"，{effect}" if effect else ""), rng.choice(mood["demand"])]
    if again:
        parts.insert(rng.choice((0, 1)), again.rstrip("。"))
    ends = [rng.choice(phrases["letter_end"])] if channel is SourceChannel.XF_LETTER else []
    if again and parts[0] == again.rstrip("。"):
        opening = "" if opening.endswith(("：", "，")) and opening.startswith(("来电", "举报", "市民", "群众")) else opening
    text: str = opening + "。".join(parts) + "。" + "".join(ends)
    return text


def introduce(person: Person, rng: random.Random) -> str:
    """A sentence in which people give themselves away, as they do in letters."""
    sentence: str = rng.choice(_phrases()["identity"])
    return sentence.format(name=person.name, phone=person.phone, home=person.home)


def people(count: int, rng: random.Random) -> list[Person]:
    """So many different people."""
    words = _phrases()["people"]
    surnames, given, estates = words["surnames"].split(), words["given"].split(), words["estates"].split()
    names = [surname + name for surname in surnames for name in given]
    numbers = rng.sample(range(1, 10_000), count)

    def home() -> str:
        door = f"{rng.randint(2, 18)}0{rng.randint(1, 4)}室"
        return f"{rng.choice(estates)}{rng.randint(1, 20)}栋{rng.randint(1, 3)}单元{door}"

    chosen = zip(rng.sample(names, count), numbers, strict=True)
    return [Person(name, f"1990000{number:04d}", home()) for name, number in chosen]


def _places() -> dict[str, Place]:
    table = _load("places.yaml")["districts"]
    return {town: Place(town, district, entry["code"]) for district, entry in table.items() for town in entry["towns"]}


@cache
def _phrases() -> dict[str, Any]:
    phrases: dict[str, Any] = _load("phrases.yaml")
    return phrases


def _load(name: str) -> Any:
    return YAML(typ="safe").load(files("services.demo").joinpath(name).read_text("utf-8"))

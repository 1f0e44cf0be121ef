"""Matters, their tellings at four levels of paraphrase, and look-alikes that are other matters.

Levels: L0 first telling, L1 near copy, L2 the same person reworded, L3 another person in other words and place names,
L4 another person about another aspect of the source, named by its kind and by a landmark.
Look-alike kinds: same_place_other_source, same_template_other_place, neighbour_shop, other_branch, other_number,
same_site_other_problem, same_landmark_other_source.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from classifiers.corpus import noise
from classifiers.corpus.grammar import expand
from classifiers.corpus.scene import filler, lists, new_scene, styles
from classifiers.corpus.teller import (
    FORMS,
    FORMS_OTHER,
    WEIGHTS,
    Matter,
    Teller,
    Telling,
    pick_proto,
    source_at,
)
from classifiers.taxonomy import risk_area

ENV_SHARE = 0.42
REPEATED = 0.42
# A letter grumbles about more than one thing, a note seldom does.
BESIDE_LETTER, BESIDE_NOTE, BESIDE = 0.18, 0.06, ("噪声", "大气", "大气", "水", "水", "固废", "固废")
LOOKALIKES = ("same_place_other_source", "same_template_other_place", "neighbour_shop", "other_branch", "other_number",
              "same_site_other_problem", "same_landmark_other_source")
# Of this many matters in a row every second one happens in one place: a town's roads, estates and landmarks return.
BLOCK = 8
START = datetime(2024, 1, 1)
LEVELS = ("L1", "L2", "L3", "L4")


def generate(n: int = 24_000, seed: int = 20_240_101, uncommon: bool = True) -> Iterator[dict[str, Any]]:
    """At least `n` complaints sorted by time, the same for the same seed; one dict a complaint (see `row`).

    Without `uncommon` only common sources and topics are told.
    """
    rows: list[dict[str, Any]] = []
    k = 0
    taken: set[str] = set()
    while len(rows) < n:
        rng = random.Random(f"{seed}/{k}")
        if k % BLOCK == 0:
            taken = set()
        shared = random.Random(f"{seed}/place/{k // BLOCK}") if k % 2 else None
        rows += _family(f"M{k:06d}", rng, shared, taken, uncommon)
        k += 1
    rows.sort(key=lambda r: (r["time"], r["id"]))
    yield from rows


def _family(
    name: str, rng: random.Random, shared: random.Random | None, taken: set[str], uncommon: bool
) -> list[dict[str, Any]]:
    """One matter with its tellings and, for some, look-alikes with theirs.

    With `shared` the matter happens in the place that generator makes, beside others of other sources (`taken`).
    """
    scene, env = new_scene(rng), rng.random() < ENV_SHARE
    proto = pick_proto(rng, env, uncommon=uncommon)
    if shared:
        scene = replace(new_scene(shared), building=scene.building, room=scene.room, number=scene.number)
        while proto["key"] in taken:
            proto = pick_proto(rng, env, uncommon=uncommon)
        taken.add(proto["key"])
    matter = Matter(name, proto, scene, *source_at(scene, proto, rng), uncommon=uncommon)
    repeated = rng.random() < REPEATED
    start = START + timedelta(minutes=rng.randrange(365 * 24 * 60))
    seed = rng.random()
    rows = _tell(matter, rng, start, _levels(rng) if repeated else [], seed)
    if repeated or rng.random() < 0.15:
        for j in range(rng.choice((1, 1, 2))):
            other = replace(_lookalike(f"{name}-{j}", matter, rng), uncommon=uncommon)
            later = start + timedelta(minutes=rng.randrange(40 * 24 * 60))
            levels = _levels(rng)[:2] if rng.random() < 0.3 else []
            same = seed if other.lookalike_kind == "same_template_other_place" else rng.random()
            rows += _tell(other, rng, later, levels, same)
    return rows


def _levels(rng: random.Random) -> list[str]:
    count = rng.choice((1, 1, 1, 2, 2, 3, 4, 6))
    return [rng.choices(LEVELS, (15, 25, 35, 25))[0] for _ in range(count)]


def _lookalike(name: str, of: Matter, rng: random.Random) -> Matter:
    """A different matter that shares what misleads; the kind is one that makes sense for the source."""
    kinds = list(LOOKALIKES if of.name else (LOOKALIKES[0], LOOKALIKES[1], LOOKALIKES[5], LOOKALIKES[6]))
    if of.proto["where"] != "shop":
        kinds = [k for k in kinds if k not in ("neighbour_shop", "other_branch")]
    kind = rng.choice(kinds)
    fresh = new_scene(rng)
    match kind:
        case "same_template_other_place":
            scene = replace(fresh, region=of.scene.region)
            named = source_at(scene, of.proto, rng) if rng.random() < 0.6 else (of.kind, of.kind)
            return Matter(name, of.proto, scene, named[0], of.kind, of.id, kind)
        case "neighbour_shop":
            scene = replace(of.scene, number=of.scene.number + rng.choice((1, 2, 3, 4)))
            return Matter(name, of.proto, scene, source_at(scene, of.proto, rng)[0], of.kind, of.id, kind)
        case "other_branch":
            return Matter(name, of.proto, replace(fresh, region=of.scene.region), of.name, of.kind, of.id, kind)
        case "other_number":
            scene = replace(of.scene, number=of.scene.number + rng.randint(6, 80), estate=fresh.estate,
                            building=fresh.building, landmark=fresh.landmark, room=fresh.room)
            return Matter(name, of.proto, scene, source_at(scene, of.proto, rng)[0], of.kind, of.id, kind)
        case "same_site_other_problem":
            proto = pick_proto(rng, not of.env if rng.random() < 0.7 else of.env, None, of.proto["key"], (), of.uncommon)
        case _:
            suffered = of.proto["aspect"][0]["types"] if rng.random() < 0.5 else ()
            proto = pick_proto(rng, True, of.proto["where"] if rng.random() < 0.5 else None, of.proto["key"], suffered, of.uncommon)
    scene = of.scene
    if kind == "same_landmark_other_source":
        scene = replace(fresh, region=of.scene.region, landmark=of.scene.landmark)
    return Matter(name, proto, scene, *source_at(scene, proto, rng), of.id, kind)


def _form(matter: Matter, rng: random.Random) -> str:
    return rng.choices(FORMS, WEIGHTS if matter.env else FORMS_OTHER)[0]


def _aspects(proto: dict[str, Any], rng: random.Random, unlike: tuple[int, ...] = ()) -> tuple[int, ...]:
    every = list(range(len(proto["aspect"])))
    weights = [proto["aspect"][i]["w"] for i in every]
    if unlike and len(every) > 1:
        weights = [0.1 if i in unlike else w for i, w in zip(every, weights, strict=True)]
    first = rng.choices(every, weights)[0]
    if len(every) > 1 and rng.random() < 0.35:
        second = rng.choice([i for i in every if i != first])
        if proto["aspect"][second]["types"] != proto["aspect"][first]["types"]:
            return first, second
    return (first,)


def _tell(matter: Matter, rng: random.Random, start: datetime, levels: list[str], seed: float) -> list[dict[str, Any]]:
    where, first_rng = matter.proto["where"], random.Random(seed)
    style = 2 if matter.lookalike_kind == "same_landmark_other_source" else rng.randrange(styles(where))
    named = 0 if matter.lookalike_kind in ("neighbour_shop", "other_branch") else rng.choice((0, 0, 0, 1, 1, 2))
    user = f"U{rng.randrange(16**8):08x}"
    first = Telling(user, style, named, _aspects(matter.proto, rng), _form(matter, rng), "L0")
    if matter.lookalike_kind == "same_template_other_place":
        first = replace(first, style=first_rng.randrange(styles(where)), form=_form(matter, first_rng))
    rows = [row(matter, first, first_rng, start, 0)]
    when = start
    for i, level in enumerate(levels, 1):
        when += timedelta(minutes=int(rng.expovariate(1 / (9 * 24 * 60))) + 3)
        if level == "L1":
            rows.append(_copy(rows[0], rng, when, f"{matter.id}.{i}"))
            continue
        telling = replace(first, level=level, form=_form(matter, rng))
        if level in ("L3", "L4"):
            telling = replace(telling, user=f"U{rng.randrange(16**8):08x}", style=rng.randrange(styles(where)),
                              called=rng.choice((0, 0, 1, 2)))
        if level == "L4":
            aspects = _aspects(matter.proto, rng, first.aspects)
            telling = replace(telling, aspects=aspects, style=2, called=rng.choice((1, 1, 2, 0)))
        rows.append(row(matter, telling, rng, when, i))
    return rows


def _copy(of: dict[str, Any], rng: random.Random, when: datetime, ident: str) -> dict[str, Any]:
    user = of["user"] if rng.random() < 0.7 else f"U{rng.randrange(16**8):08x}"
    text = noise.near_copy(of["text"], rng)
    if rng.random() < 0.25:
        slot = filler(rng)
        again = rng.choice(lists()["again"])
        text = expand(again, rng, slot) + text
    return {**of, "id": ident, "text": text, "time": when.isoformat(sep=" "), "user": user, "level": "L1"}


def row(matter: Matter, telling: Telling, rng: random.Random, when: datetime, i: int) -> dict[str, Any]:
    """The complaint and its labels.

    Keys: id title text time user env types subtype respondent place urgent matter level lookalike_of lookalike_kind source
    lead_unit risk_area demand.
    """
    if matter.env and rng.random() < (BESIDE_LETTER if telling.form in ("board", "letter") else BESIDE_NOTE):
        telling = replace(telling, beside=rng.choice(BESIDE))
    teller = Teller(matter, telling, rng)
    title, text, demand = teller.body()
    aspects = teller.aspects
    urgent = matter.env and aspects[0]["unit"] == "生态环境局" and rng.random() < 0.05
    if urgent:
        text = f"{text.rstrip('。')}。{teller.entry('emergency')}。"
    if telling.level == "L2" and rng.random() < 0.4:
        text = teller.entry("again") + text
    types = list(dict.fromkeys(t for a in aspects for t in a["types"]))
    if telling.beside and telling.beside not in types:
        types.append(telling.beside)
    subtype = aspects[0]["subtype"]
    return {
        "id": f"{matter.id}.{i}", "title": title, "text": text, "time": when.isoformat(sep=" "), "user": telling.user,
        "env": matter.env, "types": types, "subtype": subtype, "respondent": teller.respondent, "place": teller.place,
        "urgent": urgent, "matter": matter.id, "level": telling.level, "lookalike_of": matter.lookalike_of,
        "lookalike_kind": matter.lookalike_kind, "source": matter.proto["key"], "lead_unit": aspects[0]["unit"],
        "risk_area": risk_area(subtype, f"{title}\n{text}") if subtype else None, "demand": demand,
    }

"""Where an invented matter happens and who is complained of; the ways different people name the same place."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from classifiers.corpus.grammar import entries, expand, load

LANDMARK_SIDES = ("旁边", "附近", "对面", "斜对面", "后面", "隔壁", "门口", "往东一百米", "侧门", "旁")
_SOURCES, _TOPICS = ("noise", "air", "water", "more"), ("city", "life", "more")
_UNCOMMON_SOURCES = ("told_noise", "told_air", "told_water", "told_waste", "told_nature", "told_more")
_UNCOMMON_TOPICS = ("near", "told")
_ALIAS = {"店": "店字", "雅": "雅字", "地标名": "地标名"}


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """All word lists of words, places and frames by name."""
    merged = {**load("words.toml"), **load("places.toml"), **load("frames.toml")}
    return {name: entries(value) for name, value in merged.items()}


@cache
def protos(uncommon: bool = True) -> tuple[dict[str, Any], ...]:
    """Sources of pollution as data: key, where, name, kind, aspects; on wish only the common ones."""
    found: list[dict[str, Any]] = []
    for name in _SOURCES + (_UNCOMMON_SOURCES if uncommon else ()):
        found += load(f"sources_{name}.toml")["source"]
    return tuple(_split(p) for p in found)


@cache
def topics(uncommon: bool = True) -> tuple[dict[str, Any], ...]:
    """Non-environmental topics in the same shape, each with one aspect; on wish only the common ones."""
    found = []
    for name in _TOPICS + (_UNCOMMON_TOPICS if uncommon else ()):
        for topic in load(f"topics_{name}.toml")["topic"]:
            aspect = {"subtype": None, "types": [], "unit": topic["unit"], "w": 1}
            aspect |= {"title": topic["title"], "say": topic["say"]}
            found.append(_split({**topic, "name": "", "kind": "", "aspect": [aspect]}))
    return tuple(found)


def _split(proto: dict[str, Any]) -> dict[str, Any]:
    aspects = [{**a, "title": f"({a['title']})", "say": entries(a["say"])} for a in proto["aspect"]]
    return {**proto, "name": entries(proto["name"]), "kind": entries(proto["kind"]), "aspect": aspects}


@dataclass(frozen=True, slots=True)
class Scene:
    """One place of one matter with everything a teller may know of it."""

    region: str
    road: str
    road2: str
    number: int
    estate: str
    building: str
    room: str
    town: str
    village: str
    group: str
    landmark: str
    park: str
    river: str
    hill: str

    def bound(self, name: str) -> str | None:
        """The text of a slot that belongs to the place, or None."""
        match name:
            case "路":
                return self.road
            case "楼盘" | "楼盘头":
                return self.estate
            case "栋":
                return self.building
            case "房号":
                return self.room
            case "村":
                return self.village
            case "河":
                return self.river
            case "山":
                return self.hill
            case "园区":
                return self.park
            case "n号":
                return str(self.number)
        return None


def filler(rng: random.Random, scene: Scene | None = None) -> Callable[[str], str]:
    """A slot function over the word lists, bound to a scene where there is one."""

    def slot(name: str) -> str:
        if scene is not None and (bound := scene.bound(name)) is not None:
            return bound
        if name == "英":
            return rng.choice(("Muse", "Luna", "Nova", "G6", "MAX", "蓝调", "K歌王", "Aurora"))
        if name == "n号":
            return str(rng.randint(1, 99))
        words = lists()[_ALIAS.get(name, name)]
        return expand(rng.choice(words), rng, slot)

    return slot


def new_scene(rng: random.Random) -> Scene:
    """A place made of invented names."""
    pick = filler(rng)

    def road() -> str:
        return pick("路名") + pick("路级")

    region, first = pick("区"), road()
    heads = lists()["楼盘头"]
    head = rng.choice(heads) if rng.random() < 0.5 else pick("雅") + pick("雅")
    landmark = pick("地标名") if rng.random() < 0.6 else ""
    partial = Scene(region, first, road(), rng.randint(1, 288), head + pick("楼盘尾"), f"{rng.randint(1, 32)}栋",
                    f"{rng.randint(1, 32)}0{rng.randint(1, 8)}", pick("镇"), pick("村名") + pick("村尾"),
                    pick("n小") + "组", landmark, pick("园区"), pick("河"), pick("山"))
    return partial if landmark else replace(partial, landmark=filler(rng, partial)("地标"))


def styles(where: str) -> int:
    """How many ways of naming the place there are for this kind of site."""
    return {"road": 3, "square": 3}.get(where, 4)


def place(scene: Scene, where: str, style: int, rng: random.Random) -> str:
    """The place in one way of naming it: 0 by address, 1 by estate or village, 2 by landmark, 3 by crossing or side."""
    side = rng.choice(LANDMARK_SIDES)
    num = f"{scene.number}号"
    table: dict[str, tuple[str, ...]] = {
        "shop": (f"{scene.road}{num}", f"{scene.estate}{scene.building}{rng.choice(('楼下', '一楼', '底商', '1楼门面'))}",
                 f"{scene.landmark}{side}", f"{scene.road}与{scene.road2}交叉口"),
        "home": (f"{scene.estate}{scene.building}", f"{scene.road}{num}{scene.estate}", scene.estate,
                 f"{scene.landmark}{side}{scene.estate}"),
        "site": (f"{scene.estate}{rng.choice(('旁边', '北侧', '对面', '东边', '南门外'))}", f"{scene.road}{num}",
                 f"{scene.landmark}{side}", f"{scene.road}与{scene.road2}交汇处"),
        "road": (f"{scene.road}", f"{scene.road}{scene.estate}{rng.choice(('段', '路段', '门口'))}",
                 f"{scene.landmark}{rng.choice(('前面', '门口', '附近'))}{scene.road}"),
        "rural": (f"{scene.town}{scene.village}", f"{scene.town}{scene.village}{scene.group}", f"{scene.village}{side}",
                  f"{scene.town}{scene.hill}脚下"),
        "river": (f"{scene.river}{scene.village}段", f"{scene.town}{scene.village}{scene.river}边",
                  f"{scene.estate}旁{scene.river}", f"{scene.river}{scene.road}桥附近"),
        "park": (scene.park, f"{scene.road}{num}", f"{scene.estate}{rng.choice(('附近', '后面', '围墙外'))}",
                 f"{scene.town}{scene.village}"),
        "square": (scene.landmark, f"{scene.estate}{rng.choice(('小广场', '中庭', '门口', '楼下空地'))}",
                   f"{scene.road}{rng.choice(('口袋公园', '广场', '街心花园'))}"),
    }
    text = table[where][style % len(table[where])]
    return scene.region + text if rng.random() < 0.55 else text

"""One person telling one matter: which words for the place, the source and the fault, and in what form."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from classifiers.corpus import noise
from classifiers.corpus.grammar import expand
from classifiers.corpus.scene import Scene, filler, lists, place, protos, styles, topics

FORMS = ("operator", "terse", "board", "letter", "dictated", "followup")
WEIGHTS = (34, 12, 30, 11, 6, 7)
FORMS_OTHER = (27, 10, 36, 17, 4, 6)
_NUISANCES = {
    "餐饮油烟": ("油烟", "油烟味", "烟熏"), "施工扬尘": ("灰尘", "扬尘", "尘土"), "工业扬尘": ("粉尘", "灰尘", "扬尘"),
    "恶臭异味": ("臭味", "异味", "恶臭"), "工业废气": ("废气", "刺鼻气味", "毒气"), "喷漆废气": ("油漆味", "漆雾"),
    "露天焚烧": ("浓烟", "烟雾"), "机动车尾气": ("尾气", "黑烟"), "养殖污染": ("臭味", "恶臭"), "生活垃圾": ("臭味", "恶臭"),
    "道路遗撒": ("灰尘", "尘土"), "烟花爆竹": ("烟花爆竹", "鞭炮声"),
}
_WITH_OTHERS = {"生活垃圾", "道路遗撒", "养殖污染", "烟花爆竹"}
BARE = 0.35  # of terse notes name the matter and say no more
DEMANDS = ("投诉", "举报", "求助", "咨询", "建议", "表扬")
DEMAND_WEIGHTS = (58, 13, 11, 10, 7, 1)


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter: a source (or topic) at a scene; `name` and `kind` are what the source is called.

    `uncommon` says whether its corpus holds uncommon sources and topics.
    """

    id: str
    proto: dict[str, Any]
    scene: Scene
    name: str
    kind: str
    lookalike_of: str | None = None
    lookalike_kind: str | None = None
    uncommon: bool = True

    @property
    def env(self) -> bool:
        """Whether it is a matter of the environment."""
        return self.proto["aspect"][0]["subtype"] is not None


@dataclass(frozen=True, slots=True)
class Telling:
    """What a telling fixes: who, which place naming, which name of the source, which aspects, which form.

    `beside` is a further type mentioned in a sentence of its own.
    """

    user: str
    style: int
    called: int
    aspects: tuple[int, ...]
    form: str
    level: str
    beside: str | None = None


class Teller:
    """Writes one complaint; all randomness from `rng`."""

    def __init__(self, matter: Matter, telling: Telling, rng: random.Random) -> None:
        self.matter, self.telling, self.rng = matter, telling, rng
        self.place = place(matter.scene, matter.proto["where"], telling.style % styles(matter.proto["where"]), rng)
        self.aspects = [matter.proto["aspect"][i] for i in telling.aspects]
        self._fill = filler(rng, matter.scene)
        self._mentions = 0

    @property
    def respondent(self) -> str | None:
        """The source as this teller calls it, None where the matter has none."""
        matter = self.matter
        if not matter.name:
            return None
        some = f"一家{matter.kind}" if matter.proto["where"] in ("shop", "park") else matter.kind
        return (matter.name, matter.kind, some)[self.telling.called]

    def slot(self, name: str) -> str:
        """Text of a slot: S source, P place, U unit, else the word lists."""
        if name == "P":
            return self.place
        if name == "U":
            return str(self.aspects[0]["unit"])
        if name != "S":
            return self._fill(name)
        called = self.respondent or ""
        self._mentions += 1
        if self._mentions == 1:
            joint = self.rng.choice(("的", "", "", "有")) if not called.startswith(("有", "一")) else self.rng.choice(("有", ""))
            if called.startswith("有") and joint == "有":
                joint = ""
            return f"{self.place}{joint}{called}"
        if self._mentions > 2 and self.rng.random() < 0.35:
            return self.rng.choice(("", "他们", "对方", "其"))
        return called if self.rng.random() < 0.6 else self.matter.kind

    def write(self, frame: str) -> str:
        """One frame in this teller's words."""
        return expand(frame, self.rng, self.slot)

    def entry(self, name: str) -> str:
        """One entry of a list of frames in this teller's words."""
        return self.write(self.rng.choice(lists()[name]))

    def says(self, n: int) -> list[str]:
        """`n` different sentences about the aspects, the first naming the place."""
        out: list[str] = []
        pools = [list(a["say"]) for a in self.aspects]
        for pool in pools:
            self.rng.shuffle(pool)
        for i in range(max(n, len(pools))):
            pool = pools[i % len(pools)]
            if pool:
                frame = pool.pop()
                if not self._mentions and "{S}" not in frame and "{P}" not in frame:
                    self._mentions = 1
                    frame = "{P}" + self.rng.choice(("", "", "，", "的", "这边")) + frame
                plain = self.matter.env and self.rng.random() < (0.3 if len(self.aspects) > 1 else 0.1)
                out.append(self.mixed() if plain and "{S}" in frame else self.write(frame))
        return out

    def mixed(self) -> str:
        """One plain sentence naming the fault, or two faults of different types in one breath."""
        types = list(dict.fromkeys(t for a in self.aspects for t in a["types"]))
        frame = self.rng.choice(lists()["mixed" if len(types) > 1 else "single"])
        names = {f"M{i}": self._nuisance(t) for i, t in enumerate(types[:2], 1)}
        return expand(frame, self.rng, lambda name: names.get(name) or self.slot(name))

    def _nuisance(self, type_: str) -> str:
        subtypes = dict.fromkeys(a["subtype"] for a in self.aspects if type_ in a["types"])  # a set has no fixed order
        fitting = [w for s in subtypes if s not in _WITH_OTHERS or type_ == "大气" for w in _NUISANCES.get(s, ())]
        return self.rng.choice(fitting) if fitting else self.entry(f"mix_{type_}")

    def harm(self) -> str:
        """A sentence on what it does to people, fitting the types."""
        kinds = [t for a in self.aspects for t in a["types"]] or ["none"]
        return self.entry("harm_" + self.rng.choice(kinds))

    def title(self) -> str:
        """A title in the manner of a message board."""
        kept, self._mentions = self._mentions, 0
        frame = self.rng.choice(self.aspects)["title"]
        text = self.write(frame)
        self._mentions = kept
        if self.place not in text and self.rng.random() < 0.85:
            text = self.place + text
        return text + self.rng.choice(("", "", "", "！", "？", "，望解决", "，请管一管"))

    def body(self) -> tuple[str, str, str]:
        """Title, text and demand type of the complaint."""
        rng, form = self.rng, self.telling.form
        demand = rng.choices(DEMANDS, DEMAND_WEIGHTS)[0]
        ask = self.entry(f"demand_{demand}")
        none = "" if self.matter.env else "_none"
        history = self.entry("history" + none)
        if form in ("operator", "terse", "dictated", "followup"):
            says = self.says(rng.choice((1, 1, 1, 2, 2, 3))) + self._beside()
            opener = self.entry("opener_inquiry" if demand == "咨询" and rng.random() < 0.7 else "opener")
            if form == "terse" and rng.random() < BARE:
                bare = self.title().rstrip("！？")
                return "", (opener + bare if rng.random() < 0.5 else bare) + rng.choice(("", "。", "的问题。")), demand
            if form == "terse":
                body = rng.choice(("，", "。", " ")).join(says[:3]) + rng.choice(("", "", "的问题", "，请处理", "。"))
                return "", body, demand
            parts = says + ([self.harm()] if rng.random() < 0.55 else []) + ([history] if rng.random() < 0.25 else [])
            ask = ask if rng.random() < 0.8 else ""
            if form == "dictated":
                return "", noise.dictated("，".join([*parts, ask]), rng), demand
            text = opener + rng.choice(("，", "，", "。")).join(parts) + (f"，{ask}。" if ask else "。")
            if form == "followup":
                return "", self._followup(text), demand
            return "", text, demand
        return self.title(), self._letter(ask, history, long=form == "letter"), demand

    def _followup(self, text: str) -> str:
        number = f"20{self.rng.randint(10**11, 10**12 - 1)}"
        title = self.title().rstrip("！？")
        frame = self.rng.choice(lists()["followup"])
        return expand(frame, self.rng, lambda n: {"T": number, "Q": title, "B": text}.get(n) or self.slot(n))

    def _letter(self, ask: str, history: str, long: bool) -> str:
        rng = self.rng
        parts: list[str] = []
        if rng.random() < 0.6:
            parts.append(self.entry("greet"))
        if rng.random() < 0.6:
            parts.append(self.entry("intro"))
        core = self.says(rng.randint(2, 7 if long else 4)) + self._beside()
        core += [self.harm() for _ in range(rng.randint(1, 4 if long else 2))]
        core += [history] if rng.random() < 0.6 else []
        if long:
            core += [self.entry("neutral") for _ in range(rng.randint(2, 8))]
            core += [self.entry("rant") for _ in range(rng.randint(0, 3))]
            core += [self.entry("history" + ("" if self.matter.env else "_none")) for _ in range(rng.randint(0, 2))]
            if rng.random() < 0.45:
                core += self._aside(rng.randint(1, 3))
        elif rng.random() < 0.2:
            core += self._aside(1)
        head, tail = core[:1], core[1:]
        rng.shuffle(tail)
        text = "".join(parts)
        for sentence in head + tail:
            text += sentence + ("" if sentence[-1] in "！？。，：" else rng.choice("。。。，！"))
        text += ask + rng.choice("。！")
        return text + (self.entry("closing") if rng.random() < 0.6 else "")

    def _beside(self) -> list[str]:
        return [self.entry(f"side_{self.telling.beside}")] if self.telling.beside else []

    def _aside(self, n: int) -> list[str]:
        """Passing grumbles about something else; they do not change the labels."""
        out = []
        for _ in range(n):
            if not self.matter.env and self.rng.random() < 0.5:
                out.append(self.entry("weak_env"))
                continue
            other = self.rng.choice(topics(self.matter.uncommon))
            frame = self.rng.choice(other["aspect"][0]["say"])
            out.append(expand(frame, self.rng, lambda name: self._fill(name) if name not in ("S", "P", "U") else ""))
        return out


def source_at(scene: Scene, proto: dict[str, Any], rng: random.Random) -> tuple[str, str]:
    """A proper name and a kind for a source of this sort; both empty for topics."""
    if not proto["name"]:
        return "", ""
    slot = filler(rng, scene)
    return expand(rng.choice(proto["name"]), rng, slot), expand(rng.choice(proto["kind"]), rng, slot)


def weight(proto: dict[str, Any]) -> float:
    """How often a source is drawn: the sum of its aspects' weights."""
    return float(sum(a["w"] for a in proto["aspect"]))


def pick_proto(
    rng: random.Random, env: bool, where: str | None = None, other_than: str | None = None, types: Sequence[str] = (),
    uncommon: bool = True,
) -> dict[str, Any]:
    """A source (or topic), by weight; perhaps of one kind of site, of one of some types, and not a given one."""
    every = [p for p in (protos(uncommon) if env else topics(uncommon)) if p["key"] != other_than]
    every = [p for p in every if set(types) & set(p["aspect"][0]["types"])] or every
    pool = [p for p in every if where is None or p["where"] == where] or every
    return rng.choices(pool, [weight(p) for p in pool])[0]

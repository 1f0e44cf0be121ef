"""Which unit leads a matter and which take part, by the city's duty rules. Pure; about 10 µs a matter.

Order of decision: the desk where the matter cannot be read or placed (not environmental, type unsure, no rule, region
unknown); else the winning duty rule for the most probable type; the city's unit where districts are crossed; never the
unit complained about. Whatever happens, some unit leads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import PollutionType, RiskArea, Urgency
from services.domain.city import City
from services.domain.city_schema import Basis, Confidence, Duty, Unit, When
from services.domain.recusal import accused_units


@dataclass(frozen=True, slots=True)
class Matter:
    """What routing looks at. `day` is the day of dispatch, which chooses among rules by their validity.

    `types` and `subtype` come with probabilities, highest first; `region` is the code of a district or town, None or
    the city's where unknown; `districts` are all districts concerned where there are several; `text` is scrubbed.
    """

    day: date
    region: str | None
    types: tuple[tuple[PollutionType, float], ...]
    subtype: tuple[str, float] | None = None
    risk_area: RiskArea | None = None
    respondent: str | None = None
    text: str = ""
    environmental: float = 1.0
    urgency: Urgency = Urgency.NORMAL
    supervised: bool = False
    key_item: bool = False
    districts: tuple[str, ...] = ()
    region_confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Returned:
    """Units that gave the case back (退单): none of them leads again, nor another of a kind whose duty it is not.

    `proposed` is the unit the last of them named; a person decides whether that is right.
    """

    units: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    proposed: str | None = None


NOBODY = Returned()


@dataclass(frozen=True, slots=True)
class RouteReason:
    """One step of the decision: a stable word for machines and a Chinese sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """Who has the matter, and why. Units are ids of the city of `city_version`.

    `confidence` (0..1) is the product of the reading's probabilities and the worth of the rule's source, `evidence`;
    `needs_human` asks a person to confirm; `by_default` says that a desk leads because nothing else would;
    `suggested` is then the unit that a rule would have chosen, where there is one.
    """

    lead: str
    co_handling: tuple[str, ...]
    reasons: tuple[RouteReason, ...]
    rule_ids: tuple[str, ...]
    legal_basis: tuple[str, ...]
    confidence: float
    evidence: Confidence | None
    needs_human: bool
    by_default: bool
    suggested: str | None
    city_version: str


@dataclass(frozen=True, slots=True)
class RouteChange:
    """A case that another version of the city would route differently."""

    case: str
    before: RouteDecision
    after: RouteDecision
    changed: tuple[str, ...]


def route(matter: Matter, city: City, returned: Returned = NOBODY) -> RouteDecision:
    """Choose lead and co-handling units. Total: every matter gets a lead unit of the city, at worst a desk."""
    return _Routing(matter, city, returned).decide()


def diff(old: City, new: City, cases: Iterable[tuple[str, Matter]]) -> list[RouteChange]:
    """Cases whose lead, co-handling units or need of a person would change; nothing is re-routed by this."""
    changes = []
    for case, matter in cases:
        before, after = route(matter, old), route(matter, new)
        pairs = {
            "lead": (before.lead, after.lead),
            "co_handling": (set(before.co_handling), set(after.co_handling)),
            "needs_human": (before.needs_human, after.needs_human),
        }
        changed = tuple(name for name, (was, becomes) in pairs.items() if was != becomes)
        if changed:
            changes.append(RouteChange(case, before, after, changed))
    return changes


def holds(when: When, matter: Matter) -> bool:
    """True where every condition that is given holds."""
    if when.supervised is not None and when.supervised != matter.supervised:
        return False
    if when.risk_areas and matter.risk_area not in when.risk_areas:
        return False
    if when.urgency and matter.urgency not in when.urgency:
        return False
    if when.types and not any(kind in when.types for kind, _ in matter.types[:1]):
        return False
    if when.subtypes and (matter.subtype is None or matter.subtype[0] not in when.subtypes):
        return False
    if when.mentions:
        respondent = matter.respondent or ""
        return any(word in matter.text or word in respondent for word in when.mentions)
    return True


class _Routing:
    """One decision under way; keeps what the steps share."""

    __slots__ = (
        "_accused", "_basis", "_city", "_co", "_district", "_districts", "_human", "_index", "_matter", "_policy",
        "_reasons", "_region", "_returned", "_rules",
    )  # fmt: skip

    def __init__(self, matter: Matter, city: City, returned: Returned) -> None:
        self._returned = returned
        self._matter, self._city, self._index = matter, city, city.index
        self._policy = city.document.policy
        self._reasons: list[RouteReason] = []
        self._rules: list[str] = []
        self._basis: list[str] = []
        self._co: dict[str, None] = {}
        self._human = False
        placed = matter.region_confidence >= self._policy.min_region.value
        self._district = city.district_of(matter.region) if placed else None
        self._region = matter.region if self._district else city.code
        named = dict.fromkeys(code for code in map(city.district_of, matter.districts) if code)
        self._districts = tuple(named) if len(named) > 1 else ()
        self._accused = accused_units(matter.respondent, city)

    def decide(self) -> RouteDecision:
        """Rule, level, unit; the desk wherever one of them is missing."""
        found = self._find_rule()
        if found is None:
            return self._desk(None, None, 0.0)
        duty, probability = found
        confidence = probability * self._policy.evidence.value.get(duty.confidence, 0.0)
        self._rules.append(duty.id)
        self._basis.extend(self._cite(duty.basis))
        at_city = self._led_by_city()
        if not at_city and self._district is None:
            self._why("region-unknown", "事发区县不明")
            return self._desk(duty, self._seat(duty.lead, self._city.code), confidence)
        if not at_city:
            confidence *= self._matter.region_confidence
        here = self._city.code if at_city else self._region
        lead = None if duty.lead in self._returned.kinds else self._seat(duty.lead, here, lead=True)
        if lead is None and self._returned.units:
            self._why("returned", "承办单位已退单，由统筹单位协调指定")
            return self._desk(duty, self._index.units.get(self._returned.proposed or ""), confidence)
        if lead is None:
            self._why("no-unit", f"辖区没有可承办的“{duty.lead}”类单位")
            return self._desk(duty, None, confidence)
        label = f"{duty.type}·{duty.subtype}" if duty.subtype else f"{duty.type}（细类不明）"
        self._why("duty", f"{label}由“{duty.lead}”主办（{'、'.join(self._cite(duty.basis)) or duty.source}）")
        if duty.needs_human:
            self._human = True
            self._why("designation", f"须人工确认主办单位：{duty.source or '法律留待地方指定'}")
        self._co[lead.id] = None  # taken, so that nothing adds it again
        self._join(duty, here, at_city=at_city)
        return self._decision(lead, duty, confidence, by_default=False, suggested=None)

    def _find_rule(self) -> tuple[Duty, float] | None:
        """The duty rule and the probability that the matter is what the rule is about."""
        matter, policy = self._matter, self._policy
        if matter.environmental < policy.min_environmental.value:
            self._why("not-environmental", f"是否环境问题把握不足（{matter.environmental:.2f}）")
            return None
        if not matter.types or matter.types[0][1] < policy.min_type.value:
            self._why("type-unsure", "污染类型把握不足")
            return None
        kind, probability = matter.types[0]
        subtype: str | None = None
        if matter.subtype is not None and matter.subtype[1] >= policy.min_subtype.value:
            label, share = matter.subtype
            # A label of another type alone says more than the type: dumping read as 生态 is still 建筑垃圾.
            known = self._index.subtypes.get((kind, label)) or self._index.subtypes.get((None, label))
            if known is None:
                self._why("subtype-unknown", f"职责目录没有细类“{label}”，按“{kind}”大类")
            else:
                kind, subtype = known[0], self._narrowed(known)
                probability *= share
        duty = (self._winner(kind, subtype) if subtype else None) or self._winner(kind, None)
        if duty is None:
            self._why("no-rule", f"“{kind}{'·' + subtype if subtype else ''}”当日没有生效的职责规则")
            return None
        return duty, probability

    def _narrowed(self, known: tuple[PollutionType, str]) -> str:
        """The narrower sub-type the words speak of; readers' labels are coarser than duties."""
        for pattern, name in self._index.narrower.get(known, ()):
            if word := pattern.search(f"{self._matter.respondent or ''} {self._matter.text}"):
                self._why("narrowed", f"“{known[1]}”中提到“{word.group()}”，按“{name}”")
                return name
        return known[1]

    def _winner(self, kind: PollutionType, subtype: str | None) -> Duty | None:
        """The first rule that is in force, holds here and holds for this matter; the index has them in order."""
        day, city_code = self._matter.day, self._city.code
        for duty in self._index.duties.get((kind, subtype), ()):
            if duty.valid_from > day or (duty.valid_to is not None and duty.valid_to < day):
                continue
            if duty.regions and city_code not in duty.regions and not self._own_rule(duty):
                continue
            if holds(duty.when, self._matter):
                return duty
        return None

    def _own_rule(self, duty: Duty) -> bool:
        """A district's own rule binds it alone, so not a matter that crosses its border."""
        return not self._districts and self._district in duty.regions

    def _led_by_city(self) -> bool:
        if self._districts:
            names = "、".join(self._index.region_names[code] for code in self._districts)
            self._why("crosses-districts", f"涉及{names}，由市级单位主办、各区县协办")
            return True
        if self._matter.key_item and self._policy.city_leads_key_items.value:
            self._why("key-item", "督察重点关注件，由市级单位主办")
            return True
        return False

    def _seat(self, kind: str, region: str | None, *, lead: bool = False) -> Unit | None:
        """The unit of a kind there or above, unless it is the one complained about, or is to lead what it returned."""
        for code in self._city.lineage(region):
            unit = self._index.seats.get((kind, code))
            if unit is not None and unit.id not in self._accused and not (lead and unit.id in self._returned.units):
                return unit
        return None

    def _join(self, duty: Duty, here: str | None, *, at_city: bool) -> None:
        """Collect the co-handling units: the districts' own under a city lead, the rule's, other types', additions."""
        if at_city:
            for code in self._districts or ((self._district,) if self._district else ()):
                unit = self._index.seats.get((duty.lead, code))
                self._add(unit if unit is not None and unit.id not in self._accused else self._city.desk(code))
        for kind in duty.co_handling:
            self._add(self._seat(kind, here))
        for other, probability in self._matter.types[1:]:
            if probability < self._policy.secondary_type.value or other == duty.type:
                continue
            second = self._winner(other, None)
            unit = self._seat(second.lead, here) if second is not None else None
            if second is not None and unit is not None and self._add(unit):
                self._rules.append(second.id)
                self._why("other-type", f"同时涉及{other}，{unit.name}协办")
        self._additions(here)

    def _additions(self, here: str | None) -> None:
        for addition in self._city.document.additions:
            if not holds(addition.when, self._matter):
                continue
            joined = [unit.name for kind in addition.co_handling if (unit := self._seat(kind, here)) and self._add(unit)]
            self._human |= addition.needs_human
            self._rules.append(addition.id)
            self._basis.extend(self._cite(addition.basis))
            if joined:
                grounds = "、".join(self._cite(addition.basis)) or addition.source
                self._why("addition", f"{'、'.join(joined)}加入协办（{grounds}）")

    def _desk_unit(self) -> Unit:
        """The district's desk, the city's where there is none or it is complained about; in the last resort any unit."""
        where = None if self._districts else self._district
        for desk in (self._city.desk(where), self._city.desk(None)):
            if desk.id not in self._accused and desk.id not in self._returned.units:
                return desk
        others = (unit for unit in self._index.units.values() if unit.region == self._city.code)
        return next((unit for unit in others if unit.id not in self._accused), self._city.desk(None))

    def _desk(self, duty: Duty | None, suggested: Unit | None, confidence: float) -> RouteDecision:
        desk = self._desk_unit()
        self._why("desk", f"由{desk.name}统筹，人工确定承办单位")
        self._human = True
        self._co[desk.id] = None
        for code in self._districts:
            self._add(self._city.desk(code))
        self._additions(self._region)
        return self._decision(desk, duty, confidence, by_default=True, suggested=suggested)

    def _decision(
        self, lead: Unit, duty: Duty | None, confidence: float, *, by_default: bool, suggested: Unit | None
    ) -> RouteDecision:
        if self._accused:
            self._human = True
            names = "、".join(sorted(self._index.units[unit].name for unit in self._accused))
            self._why("recused-unit", f"举报对象是{names}，该单位回避，举报材料不得转给它")
        del self._co[lead.id]
        return RouteDecision(
            lead=lead.id,
            co_handling=tuple(self._co),
            reasons=tuple(self._reasons),
            rule_ids=tuple(dict.fromkeys(self._rules)),
            legal_basis=tuple(dict.fromkeys(self._basis)),
            confidence=round(confidence, 4),
            evidence=duty.confidence if duty else None,
            needs_human=self._human,
            by_default=by_default,
            suggested=suggested.id if suggested else None,
            city_version=self._city.version,
        )

    def _add(self, unit: Unit | None) -> bool:
        if unit is None or unit.id in self._co or unit.id in self._accused:
            return False
        self._co[unit.id] = None
        return True

    def _why(self, code: str, text: str) -> None:
        self._reasons.append(RouteReason(code, text))

    def _cite(self, basis: tuple[Basis, ...]) -> list[str]:
        laws = self._index.laws
        return [f"《{laws[item.law].title}》第{item.articles}条" for item in basis]

"""Which unit leads a matter and which take part, by the city's duty rules. Pure; about 10 µs a matter.

Order of decision: the desk where the matter cannot be read or placed (not environmental, type unsure, no rule, region
unknown); else the winning duty rule for the most probable type; the city's unit where districts are crossed; never the
unit complained about. Whatever happens, some unit leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import PollutionType, RiskArea, Urgency
from services.domain.city import City
from services.domain.city_schema import Basis, Confidence, Duty, Unit, When


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


def route(matter: Matter, city: City) -> RouteDecision:
    """Choose lead and co-handling units. Total: every matter gets a lead unit of the city, at worst a desk."""
    return _Routing(matter, city).decide()


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
    if when.mentions:
        respondent = matter.respondent or ""
        return any(word in matter.text or word in respondent for word in when.mentions)
    return True


def cite(basis: Basis, titles: Mapping[str, str]) -> str:
    """A citation as people read it, e.g. 《噪声污染防治法》第74—76条."""
    return f"《{titles[basis.law]}》第{basis.articles}条"


class _Routing:
    """One decision under way; keeps what the steps share."""

    __slots__ = (
        "_accused", "_city", "_co", "_district", "_districts", "_human", "_index", "_matter", "_policy", "_reasons",
        "_rules", "_basis",
    )  # fmt: skip

    def __init__(self, matter: Matter, city: City) -> None:
        self._matter, self._city, self._index = matter, city, city.index
        self._policy = city.document.policy
        self._reasons: list[RouteReason] = []
        self._rules: list[str] = []
        self._basis: list[str] = []
        self._co: dict[str, None] = {}
        self._human = False
        placed = matter.region_confidence >= self._policy.min_region.value
        self._district = city.district_of(matter.region) if placed else None
        named = {code: None for code in map(city.district_of, matter.districts) if code}
        self._districts = tuple(named) if len(named) > 1 else ()
        respondent = matter.respondent
        self._accused = (
            frozenset(unit for name, unit in self._index.unit_names if name in respondent)
            if respondent
            else frozenset()
        )

    def decide(self) -> RouteDecision:
        matter, policy = self._matter, self._policy
        found = self._find_rule()
        if found is None:
            return self._desk(None, None, 0.0)
        duty, probability = found
        confidence = round(probability * policy.evidence.value.get(duty.confidence, 0.0), 4)
        self._rules.append(duty.id)
        self._basis.extend(self._cite(duty.basis))
        self._human |= duty.needs_human
        at_city = self._level()
        lead = self._seat(duty.lead, self._city.code if at_city else matter.region)
        if not at_city and self._district is None:
            self._why("region-unknown", f"事发区域不明，由{self._desk_unit().name}先行统筹")
            return self._desk(duty, self._seat(duty.lead, self._city.code), confidence)
        if lead is None:
            self._why("no-unit", f"辖区没有“{duty.lead}”类可用单位")
            return self._desk(duty, None, confidence)
        self._why("duty", f"{self._label(duty)}由“{duty.lead}”主办{self._grounds(duty)}")
        if duty.needs_human:
            self._why("designation", "法律留待地方指定或依据未经核实，须人工确认主办单位")
        self._join(lead, duty)
        return self._decision(lead, duty.confidence, confidence, by_default=False, suggested=None)

    def _find_rule(self) -> tuple[Duty, float] | None:
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
            known = self._index.subtypes.get((kind, label)) or self._index.subtypes.get((None, label))
            if known is None:
                self._why("subtype-unknown", f"职责目录没有细类“{label}”，按“{kind}”大类")
            else:
                kind, subtype = known
                probability *= share
        duty = self._winner(kind, subtype) or (self._winner(kind, None) if subtype else None)
        if duty is None:
            self._why("no-rule", f"“{kind}{'·' + subtype if subtype else ''}”当日没有生效的职责规则")
            return None
        return duty, probability

    def _winner(self, kind: PollutionType, subtype: str | None) -> Duty | None:
        matter, day = self._matter, self._matter.day
        for duty in self._index.duties.get((kind, subtype), ()):
            if duty.valid_from > day or (duty.valid_to is not None and duty.valid_to < day):
                continue
            regions = duty.regions
            if regions and self._city.code not in regions and (self._districts or self._district not in regions):
                continue
            if holds(duty.when, matter):
                return duty
        return None

    def _level(self) -> bool:
        """True where the city's own unit leads."""
        if self._districts:
            names = "、".join(self._index.region_names[code] for code in self._districts)
            self._why("crosses-districts", f"涉及{names}，由市级单位主办、各区协办")
            return True
        if self._matter.key_item and self._policy.city_leads_key_items.value:
            self._why("key-item", "督察重点关注件，由市级单位主办")
            return True
        return False

    def _seat(self, kind: str, region: str | None) -> Unit | None:
        """The unit of a kind there or above, unless it is the one complained about."""
        for code in self._city.lineage(region):
            unit = self._index.seats.get((kind, code))
            if unit is not None and unit.id not in self._accused:
                return unit
        return None

    def _join(self, lead: Unit, duty: Duty) -> None:
        """Collect the co-handling units: districts crossed, the rule's own, other types, additions."""
        at_city = lead.region == self._city.code and (bool(self._districts) or self._matter.key_item)
        here = self._city.code if at_city else self._matter.region
        if at_city:
            for code in self._districts or ((self._district,) if self._district else ()):
                self._add(self._seat(duty.lead, code) or self._city.desk(code))
                if (duty.lead, code) not in self._index.seats:
                    self._add(self._city.desk(code))
        for kind in duty.co_handling:
            self._add(self._seat(kind, here))
        for other, probability in self._matter.types[1:]:
            if probability < self._policy.secondary_type.value or other == duty.type:
                continue
            second = self._winner(other, None)
            if second is not None:
                unit = self._seat(second.lead, here)
                if unit is not None and self._add(unit):
                    self._rules.append(second.id)
                    self._why("other-type", f"同时涉及{other}，{unit.name}协办")
        self._additions(here)
        self._co.pop(lead.id, None)

    def _additions(self, here: str | None) -> None:
        for addition in self._city.document.additions:
            if not holds(addition.when, self._matter):
                continue
            joined = [unit.name for kind in addition.co_handling if self._add(unit := self._seat(kind, here)) and unit]
            self._human |= addition.needs_human
            self._rules.append(addition.id)
            self._basis.extend(self._cite(addition.basis))
            self._why("addition", f"{'、'.join(joined) or '已在办单位'}加入协办（{addition.id}）")

    def _desk_unit(self) -> Unit:
        """The desk of the district, of the city where there is none or it is complained about itself."""
        where = None if self._districts else self._district
        desk = self._city.desk(where)
        return self._city.desk(None) if desk.id in self._accused else desk

    def _desk(self, duty: Duty | None, suggested: Unit | None, confidence: float) -> RouteDecision:
        desk = self._desk_unit()
        self._why("desk", f"由{desk.name}统筹，人工确定承办单位")
        self._human = True
        for code in self._districts:
            self._add(self._city.desk(code))
        self._additions(self._matter.region)
        self._co.pop(desk.id, None)
        evidence = duty.confidence if duty else None
        return self._decision(desk, evidence, confidence, by_default=True, suggested=suggested)

    def _decision(
        self, lead: Unit, evidence: Confidence | None, confidence: float, *, by_default: bool, suggested: Unit | None
    ) -> RouteDecision:
        if self._accused:
            self._human = True
            self._why("recused-unit", "被举报对象是承办单位，已回避，材料不得转给该单位")
        return RouteDecision(
            lead=lead.id,
            co_handling=tuple(self._co),
            reasons=tuple(self._reasons),
            rule_ids=tuple(dict.fromkeys(self._rules)),
            legal_basis=tuple(dict.fromkeys(self._basis)),
            confidence=confidence,
            evidence=evidence,
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

    def _label(self, duty: Duty) -> str:
        return f"{duty.type}·{duty.subtype}" if duty.subtype else f"{duty.type}（细类不明）"

    def _cite(self, basis: tuple[Basis, ...]) -> Iterator[str]:
        laws = self._index.laws
        return (f"《{laws[item.law].title}》第{item.articles}条" for item in basis)

    def _grounds(self, duty: Duty) -> str:
        cited = "、".join(self._cite(duty.basis))
        return f"（{cited}）" if cited else f"（{duty.source}）"

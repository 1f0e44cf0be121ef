"""Whether the parts of a city fit together: ids, references, provenance, overlaps, coverage, dead ends.

Each rule yields problems; none stops at the first. Shapes have been checked before (`city_schema`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from contracts.vocabulary import PollutionType, UnitRole
from services.domain.city import duty_rank, regions_of
from services.domain.city_schema import Basis, CityDocument, Confidence, Duty, When
from services.domain.city_yaml import KeyPath, Problem, Sources

Rule = Callable[[CityDocument, Sources], Iterator[Problem]]

_BY_ID = ("kinds", "units", "officers", "leaders", "laws", "duties", "additions", "triggers", "task_forces")


def duplicates(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """Ids, region codes, seats and labels are given once."""
    for section in _BY_ID:
        yield from _twice(at, (((section, n), entry.id) for n, entry in enumerate(getattr(document, section))), "编号 / id")
    codes: list[tuple[KeyPath, str]] = [(("city", "code"), document.city.code)]
    for n, district in enumerate(document.districts):
        codes.append((("districts", n, "code"), district.code))
        codes += [(("districts", n, "towns", m, "code"), town.code) for m, town in enumerate(district.towns)]
    yield from _twice(at, codes, "区划代码 / region code")
    seats = ((("units", n), f"{unit.kind} {unit.region}") for n, unit in enumerate(document.units))
    yield from _twice(at, seats, "同区划同类单位 / unit of one kind and region")
    for n, entry in enumerate(document.taxonomy):
        labels = (
            (("taxonomy", n, "subtypes", m), label)
            for m, subtype in enumerate(entry.subtypes)
            for label in (subtype.name, *subtype.aliases)
        )
        yield from _twice(at, labels, "细类叫法 / sub-type label")
    yield from _twice(at, ((("taxonomy", n), entry.type) for n, entry in enumerate(document.taxonomy)), "污染类型 / type")


def references(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """What is named exists."""
    known = {
        "部门类别 / kind": {kind.id for kind in document.kinds},
        "单位 / unit": {unit.id for unit in document.units},
        "法规 / law": {law.id for law in document.laws},
        "区划 / region": {document.city.code, *(code for code, _ in regions_of(document))},
    }
    subtypes = {(entry.type, subtype.name) for entry in document.taxonomy for subtype in entry.subtypes}
    for path, what, name in _named(document):
        if name not in known[what]:
            section = {"部门类别 / kind": "kinds", "单位 / unit": "units", "法规 / law": "laws"}.get(what, "districts")
            yield at.problem(path, f"没有{what}“{name}”", f"在 {section} 中加上，或改正 / add it to {section} or mend it")
    for n, duty in enumerate(document.duties):
        if duty.subtype is not None and (duty.type, duty.subtype) not in subtypes:
            reason = f"{duty.type}没有细类“{duty.subtype}” / unknown sub-type"
            yield at.problem(("duties", n, "subtype"), reason, "在 taxonomy 中加上，或改正 / add it to taxonomy or mend it")
    for n, entry in enumerate(document.taxonomy):
        for m, subtype in enumerate(entry.subtypes):
            place: KeyPath = ("taxonomy", n, "subtypes", m)
            if subtype.within is not None and (subtype.within == subtype.name or (entry.type, subtype.within) not in subtypes):
                reason = f"{entry.type}没有别的细类“{subtype.within}” / unknown sub-type"
                yield at.problem((*place, "within"), reason, "改用同一类型的细类 / name another one of this type")
            if (subtype.within is None) != (not subtype.words):
                reason = "within 和 words 须同时写 / one without the other"
                yield at.problem(place, reason, "补上另一项，或都删去 / add the other or drop both")
    for n, district in enumerate(document.districts):
        for m, town in enumerate(district.towns):
            if not town.code.startswith(district.code):
                reason = f"{town.name}的代码不在{district.name}之下 / town code outside its district"
                yield at.problem(("districts", n, "towns", m, "code"), reason, f"以 {district.code} 开头 / begin with it")
    beside = {district.code: set(district.neighbours) for district in document.districts}
    for n, district in enumerate(document.districts):
        for m, code in enumerate(district.neighbours):
            ours = code[:4] == document.city.code[:4]
            if code == district.code or (ours and district.code not in beside.get(code, ())):
                reason = f"{code} 没有把 {district.code} 列为相邻 / not a neighbour the other way round"
                yield at.problem(("districts", n, "neighbours", m), reason, "两边都写，或都删去 / write both or none")


def _named(document: CityDocument) -> Iterator[tuple[KeyPath, str, str]]:
    """(where, what, name) of everything one entry says about another."""
    kind, unit, law, region = "部门类别 / kind", "单位 / unit", "法规 / law", "区划 / region"
    for n, entry in enumerate(document.units):
        yield ("units", n, "kind"), kind, entry.kind
        yield ("units", n, "region"), region, entry.region
    for n, officer in enumerate(document.officers):
        yield ("officers", n, "unit"), unit, officer.unit
        yield from ((("officers", n, "recusal", "units", m), unit, name) for m, name in enumerate(officer.recusal.units))
    for n, leader in enumerate(document.leaders):
        yield ("leaders", n, "region"), region, leader.region
        yield from ((("leaders", n, "recusal", "units", m), unit, name) for m, name in enumerate(leader.recusal.units))
        yield from ((("leaders", n, "portfolio", "kinds", m), kind, name) for m, name in enumerate(leader.portfolio.kinds))
    for n, duty in enumerate(document.duties):
        yield ("duties", n, "lead"), kind, duty.lead
        yield from ((("duties", n, "co_handling", m), kind, name) for m, name in enumerate(duty.co_handling))
        yield from ((("duties", n, "basis", m, "law"), law, basis.law) for m, basis in enumerate(duty.basis))
        yield from ((("duties", n, "regions", m), region, name) for m, name in enumerate(duty.regions))
    for n, addition in enumerate(document.additions):
        yield from ((("additions", n, "co_handling", m), kind, name) for m, name in enumerate(addition.co_handling))
        yield from ((("additions", n, "basis", m, "law"), law, basis.law) for m, basis in enumerate(addition.basis))
    for n, template in enumerate(document.task_forces):
        for m, seat in enumerate(template.members):
            if seat.kind is not None:
                yield ("task_forces", n, "members", m, "kind"), kind, seat.kind


def provenance(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """Every rule says where it comes from, and is not older than the law it cites."""
    in_force = {law.id: law.in_force for law in document.laws}

    def sourced(path: KeyPath, basis: tuple[Basis, ...], source: str) -> Iterator[Problem]:
        if not basis and not source:
            yield at.problem(path, "没有依据 / no provenance", "写明 basis（条款）或 source（来源）/ give basis or source")

    for n, duty in enumerate(document.duties):
        yield from sourced(("duties", n), duty.basis, duty.source)
        if duty.confidence is Confidence.STATUTE and not duty.basis:
            yield at.problem(
                ("duties", n, "confidence"), "A 级须有条款 / A needs articles", "加 basis，或降级 / add basis or lower it"
            )
        for m, basis in enumerate(duty.basis):
            if duty.valid_from < in_force.get(basis.law, duty.valid_from):
                reason = f"早于所引法规施行日 {in_force[basis.law]} / older than the law it cites"
                yield at.problem(
                    ("duties", n, "basis", m), reason, "改 valid_from，或引用旧法 / change valid_from or cite the older law"
                )
        if duty.valid_to is not None and duty.valid_to < duty.valid_from:
            yield at.problem(("duties", n, "valid_to"), "早于 valid_from / before valid_from", "改正日期 / mend the date")
    for n, addition in enumerate(document.additions):
        yield from sourced(("additions", n), addition.basis, addition.source)
    for code in Confidence:
        if code not in document.policy.evidence.value:
            reason = f"缺依据等级 {code.value} 的权重 / no weight for {code.value}"
            yield at.problem(("policy", "evidence", "value"), reason, f"加上 {code.value}: 0—1 / add it")


def overlaps(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """No two rules of one rank can hold for one matter on one day."""
    groups: dict[tuple[object, ...], list[tuple[int, Duty]]] = defaultdict(list)
    for n, duty in enumerate(document.duties):
        groups[duty.type, duty.subtype, *duty_rank(duty, document.city.code)].append((n, duty))
    for rules in groups.values():
        for (_, one), (n, two) in combinations(rules, 2):
            meet = not one.regions or bool(set(one.regions) & set(two.regions)) or document.city.code in one.regions
            if meet and _same_days(one, two) and _both_can_hold(one.when, two.when):
                reason = f"与规则 {one.id} 可能同时适用 / overlaps with {one.id}"
                yield at.problem(("duties", n), reason, "区分条件、有效期、区划或 priority / tell them apart by one of these")


def _same_days(one: Duty, two: Duty) -> bool:
    return (one.valid_to is None or two.valid_from <= one.valid_to) and (two.valid_to is None or one.valid_from <= two.valid_to)


def _both_can_hold(one: When, two: When) -> bool:
    """Whether some matter could satisfy both; mentioned words never exclude each other."""
    choices = ((one.risk_areas, two.risk_areas), (one.urgency, two.urgency), (one.types, two.types), (one.subtypes, two.subtypes))
    if any(mine and theirs and not set(mine) & set(theirs) for mine, theirs in choices):
        return False
    return one.supervised is None or two.supervised is None or one.supervised == two.supervised


def coverage(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """Every sub-type has an unconditional rule everywhere, without a gap and without an end."""
    plain: dict[tuple[PollutionType, str | None], list[Duty]] = defaultdict(list)
    for duty in document.duties:
        if not duty.when.narrowness and (not duty.regions or document.city.code in duty.regions):
            plain[duty.type, duty.subtype].append(duty)
    for n, entry in enumerate(document.taxonomy):
        for m, name in enumerate((None, *(subtype.name for subtype in entry.subtypes)), -1):
            path: KeyPath = ("taxonomy", n) if name is None else ("taxonomy", n, "subtypes", m)
            label = f"“{entry.type}{'·' + name if name else ''}”"
            rules = sorted(plain[entry.type, name], key=lambda rule: rule.valid_from)
            if not rules:
                yield at.problem(
                    path, f"{label}没有无条件的职责规则 / uncovered", "在 duties 中加一条没有 when 的规则 / add one without when"
                )
            elif (gap := _gap(rules)) is not None:
                yield at.problem(
                    path, f"{label}自 {gap} 之后无规则 / uncovered after that day", "延长或接续规则 / extend or follow it up"
                )
    for kind in sorted(set(PollutionType) - {entry.type for entry in document.taxonomy}):
        yield at.problem(("taxonomy",), f"缺少污染类型“{kind}” / type missing", "在 taxonomy 中加上 / add it")


def _gap(rules: list[Duty]) -> str | None:
    """The day after which nothing holds, for rules in order of their first day."""
    end = rules[0].valid_to
    for rule in rules[1:]:
        if end is None:
            return None
        if (rule.valid_from - end).days > 1:
            break
        end = None if rule.valid_to is None else max(end, rule.valid_to)
    return None if end is None else end.isoformat()


def dead_ends(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """Every region has a desk, every kind a rule names has a unit that can be reached, every unit has a person."""
    city = document.city.code
    desks = Counter(unit.region for unit in document.units if unit.desk)
    places: list[tuple[KeyPath, str, str]] = [(("city",), city, document.city.name)]
    places += [(("districts", n), district.code, district.name) for n, district in enumerate(document.districts)]
    for path, code, name in places:
        if desks[code] != 1:
            reason = f"{name}应有一个统筹单位（desk），现有 {desks[code]} 个 / one desk is needed, found {desks[code]}"
            yield at.problem(path, reason, "给一个单位加 desk: true / mark one unit of it")
    seats = {(unit.kind, unit.region) for unit in document.units}
    tiers = {kind.id: kind.tier for kind in document.kinds}
    used: dict[str, KeyPath] = {}
    for path, what, kind in _named(document):
        if what.startswith("部门类别") and path[0] in ("duties", "additions", "task_forces"):
            used.setdefault(kind, path)
    for kind, path in used.items():
        if kind not in tiers:
            continue  # told as an unknown reference
        if not any(unit.kind == kind for unit in document.units):
            yield at.problem(path, f"没有一个“{kind}”单位 / no unit of this kind at all", "在 units 中加上 / add one to units")
            continue
        for district in document.districts:
            needed = [town.code for town in district.towns] if tiers[kind] == "town" else [district.code]
            for code in needed:
                if not {(kind, code), (kind, district.code), (kind, city)} & seats:
                    reason = f"{district.name}（{code}）和市级都没有“{kind}”单位 / no unit of this kind there or above"
                    yield at.problem(path, reason, "在 units 中加上 / add one to units")
    staffed = {officer.unit for officer in document.officers}
    for n, unit in enumerate(document.units):
        if unit.id not in staffed:
            yield at.problem(
                ("units", n), f"{unit.name}没有承办人 / nobody to work a case", "在 officers 中加上 / add an officer"
            )


def people_and_templates(document: CityDocument, at: Sources) -> Iterator[Problem]:
    """Leaders look after something, triggers ask something, templates seat both roles."""
    for n, leader in enumerate(document.leaders):
        portfolio = leader.portfolio
        if not (portfolio.general or portfolio.types or portfolio.kinds or portfolio.risk_areas):
            yield at.problem(
                ("leaders", n, "portfolio"), "没有分管范围 / empty portfolio", "写明分管，或 general: true / say what"
            )
        if leader.region not in {document.city.code, *(district.code for district in document.districts)}:
            yield at.problem(("leaders", n, "region"), "应为市或区县 / not the city or a district", "改正代码 / mend the code")
    for n, trigger in enumerate(document.triggers):
        asked = trigger.model_dump(exclude_defaults=True, exclude={"id", "text", "level", "source", "confidence", "joint"})
        if not asked:
            yield at.problem(
                ("triggers", n), "没有条件，会对所有案件触发 / no condition: fires always", "写明条件 / give a condition"
            )
        if trigger.joint and trigger.distinct_reporters_at_least is None:
            yield at.problem(("triggers", n, "joint"), "没有人数 / no number", "加 distinct_reporters_at_least / add it")
    for n, template in enumerate(document.task_forces):
        for role in UnitRole:
            if not any(seat.role == role and seat.kind is None for seat in template.members):
                reason = f"没有通用的{role.value}席位 / no seat for any {role.name} unit"
                yield at.problem(("task_forces", n, "members"), reason, "加一个没有 kind 的席位 / add one without kind")
    if all(template.when.narrowness for template in document.task_forces):
        yield at.problem(
            ("task_forces",), "没有通用的专班模板 / no default template", "加一个没有 when 的 / add one without when"
        )
    for (_, one), (n, two) in combinations(enumerate(document.task_forces), 2):
        same = (one.when.narrowness, one.priority) == (two.when.narrowness, two.priority)
        if same and _both_can_hold(one.when, two.when):
            reason = f"与模板 {one.id} 可能同时适用 / overlaps with {one.id}"
            yield at.problem(("task_forces", n), reason, "区分条件或 priority / tell them apart")


def _twice(at: Sources, named: Iterable[tuple[KeyPath, str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, name in named:
        if name in seen:
            yield at.problem(path, f"{what}“{name}”重复 / given twice", "只保留一个 / keep one")
        seen.add(name)


RULES: tuple[Rule, ...] = (duplicates, references, provenance, overlaps, coverage, dead_ends, people_and_templates)

"""Reads and checks a city's folder: every problem with file, line, key, reason and remedy, all of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from contracts.vocabulary import PollutionType
from services.domain.city import City, duty_rank, regions_of
from services.domain.city_schema import CityDocument, Duty
from services.domain.errors import CityFileInvalid


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `key` is a path such as `duties[3].lead`; `line` counts from 1, 0 where there is none."""

    file: str
    line: int
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.key}: {self.reason} → {self.remedy}"


class _Sources:
    """Where every key of the merged document was written."""

    def __init__(self) -> None:
        self.places: dict[tuple[Any, ...], tuple[str, int]] = {}

    def note(self, file: str, node: Any, path: tuple[Any, ...]) -> None:
        if isinstance(node, CommentedMap):
            for key, value in node.items():
                self.places[(*path, key)] = (file, node.lc.key(key)[0] + 1)
                self.note(file, value, (*path, key))
        elif isinstance(node, CommentedSeq):
            for index, value in enumerate(node):
                self.places[(*path, index)] = (file, node.lc.item(index)[0] + 1)
                self.note(file, value, (*path, index))

    def problem(self, path: Iterable[Any], reason: str, remedy: str) -> Problem:
        path = tuple(path)
        found = next((self.places[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.places), ("城市配置", 0))
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        return Problem(found[0], found[1], key or "$", reason, remedy)


def check(folder: Path) -> City:
    """The city of a folder of YAML files; raises `CityFileInvalid` with every problem found."""
    sources = _Sources()
    content = _read(folder, sources)
    try:
        document = CityDocument.model_validate(content)
    except ValidationError as invalid:
        raise CityFileInvalid([_shape(sources, error) for error in invalid.errors(include_input=False)]) from None
    if problems := [problem for rule in _RULES for problem in rule(document, sources)]:
        raise CityFileInvalid(problems)
    return City.of(document)


def _read(folder: Path, sources: _Sources) -> dict[str, Any]:
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise CityFileInvalid([Problem(str(folder), 0, "$", "文件夹里没有 YAML 文件 / no YAML files", "见 deploy/city/README.md")])
    merged: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            node = YAML().load(path.read_text("utf-8"))
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            problems.append(Problem(path.name, line, "$", f"不是合法的 YAML：{error.problem}", "检查缩进、冒号和引号"))
            continue
        if not isinstance(node, CommentedMap):
            problems.append(Problem(path.name, 1, "$", "应为“键: 值”的清单 / not a mapping", "每个文件以章节名开头，如 units:"))
            continue
        for key, value in node.items():
            if isinstance(merged.get(key), list) and isinstance(value, CommentedSeq):
                offset = len(merged[key])
                merged[key] += list(value)
                for index, item in enumerate(value):
                    sources.places[key, offset + index] = (path.name, value.lc.item(index)[0] + 1)
                    sources.note(path.name, item, (key, offset + index))
            elif key in merged:
                problems.append(Problem(path.name, node.lc.key(key)[0] + 1, key, "章节在另一文件中已有", "只保留一处"))
            else:
                merged[key] = list(value) if isinstance(value, CommentedSeq) else value
                sources.places[key,] = (path.name, node.lc.key(key)[0] + 1)
                sources.note(path.name, value, (key,))
    if problems:
        raise CityFileInvalid(problems)
    return merged


_SHAPES = {
    "missing": ("缺少必填项 / missing", "补上这一项"),
    "extra_forbidden": ("没有这一项 / unknown key", "检查拼写，或删去"),
    "enum": ("不在允许的取值之内 / not an allowed value", "改用词汇表中的取值"),
    "string_pattern_mismatch": ("格式不对 / wrong form", "编号用小写字母、数字和连字符；区划代码为 6 位或 9 位"),
    "string_too_short": ("太短 / too short", "写全"),
}


def _shape(sources: _Sources, error: Any) -> Problem:
    reason, remedy = _SHAPES.get(error["type"], (error["msg"], "按 deploy/city/README.md 的说明改正"))
    return sources.problem(error["loc"], reason, remedy)


_SECTIONS = ("districts", "kinds", "units", "officers", "leaders", "laws", "duties", "additions", "triggers", "task_forces")


def _duplicates(document: CityDocument, sources: _Sources) -> Iterator[Problem]:
    for section in _SECTIONS:
        entries = getattr(document, section)
        ids = [entry.code if section == "districts" else entry.id for entry in entries]
        for index, (id, seen) in enumerate(zip(ids, (ids[:n] for n in range(len(ids))), strict=True)):
            if id in seen:
                yield sources.problem((section, index), f"编号“{id}”重复 / duplicate id", "改用另一个编号")
    seats = Counter((unit.kind, unit.region) for unit in document.units)
    for index, unit in enumerate(document.units):
        if seats[unit.kind, unit.region] > 1:
            yield sources.problem(("units", index), f"{unit.region} 有多个“{unit.kind}”单位", "每个区划每类只留一个单位")


def _references(document: CityDocument, sources: _Sources) -> Iterator[Problem]:
    kinds = {kind.id for kind in document.kinds}
    units = {unit.id for unit in document.units}
    laws = {law.id for law in document.laws}
    regions = {document.city.code, *(code for code, _ in regions_of(document))}
    subtypes = {(entry.type, subtype.name) for entry in document.taxonomy for subtype in entry.subtypes}

    def unknown(path: tuple[Any, ...], what: str, value: object, remedy: str) -> Problem:
        return sources.problem(path, f"没有{what}“{value}” / unknown", remedy)

    for index, unit in enumerate(document.units):
        if unit.kind not in kinds:
            yield unknown(("units", index, "kind"), "部门类别", unit.kind, "在 kinds 中加上，或改用已有的类别")
        if unit.region not in regions:
            yield unknown(("units", index, "region"), "区划", unit.region, "在 districts 中加上，或改正代码")
    for index, officer in enumerate(document.officers):
        if officer.unit not in units:
            yield unknown(("officers", index, "unit"), "单位", officer.unit, "在 units 中加上，或改正编号")
    for index, leader in enumerate(document.leaders):
        if leader.region not in regions:
            yield unknown(("leaders", index, "region"), "区划", leader.region, "在 districts 中加上，或改正代码")
        portfolio = leader.portfolio
        for kind in portfolio.kinds:
            if kind not in kinds:
                yield unknown(("leaders", index, "portfolio", "kinds"), "部门类别", kind, "改用 kinds 中的类别")
        if not (portfolio.general or portfolio.types or portfolio.kinds or portfolio.risk_areas):
            yield sources.problem(("leaders", index, "portfolio"), "没有分管范围 / empty portfolio", "写明分管，或 general: true")
        for unit_id in leader.recusal.units:
            if unit_id not in units:
                yield unknown(("leaders", index, "recusal", "units"), "单位", unit_id, "改正编号")
    rules: tuple[tuple[str, Any], ...] = (*(("duties", d) for d in document.duties), *(("additions", a) for a in document.additions))
    positions = Counter[str]()
    for section, rule in rules:
        index = positions[section]
        positions[section] += 1
        for kind in (*([rule.lead] if section == "duties" else []), *rule.co_handling):
            if kind not in kinds:
                yield unknown((section, index, "lead" if kind == getattr(rule, "lead", None) else "co_handling"), "部门类别", kind, "改用 kinds 中的类别")
        for basis in rule.basis:
            if basis.law not in laws:
                yield unknown((section, index, "basis"), "法规", basis.law, "在 laws 中加上")
        if not rule.basis and not rule.source:
            yield sources.problem((section, index), "没有依据 / no provenance", "写明 basis（条款）或 source（来源）")
    for index, duty in enumerate(document.duties):
        if duty.subtype is not None and (duty.type, duty.subtype) not in subtypes:
            yield unknown(("duties", index, "subtype"), f"{duty.type}的细类", duty.subtype, "在 taxonomy 中加上，或改正")
        if duty.valid_to is not None and duty.valid_to < duty.valid_from:
            yield sources.problem(("duties", index, "valid_to"), "早于生效日期", "改正日期")


def _overlaps(document: CityDocument, sources: _Sources) -> Iterator[Problem]:
    groups: dict[tuple[PollutionType, str | None], list[tuple[int, Duty]]] = {}
    for index, duty in enumerate(document.duties):
        groups.setdefault((duty.type, duty.subtype), []).append((index, duty))
    for rules in groups.values():
        for (_, one), (index, two) in combinations(rules, 2):
            same_rank = duty_rank(one, document.city.code) == duty_rank(two, document.city.code)
            meet = not one.regions or not two.regions or set(one.regions) & set(two.regions)
            overlap = (one.valid_to is None or two.valid_from <= one.valid_to) and (two.valid_to is None or one.valid_from <= two.valid_to)
            if same_rank and meet and overlap and one.when == two.when:
                yield sources.problem(("duties", index), f"与规则 {one.id} 同时适用 / overlaps", "改条件、有效期、区划或 priority")


def _coverage(document: CityDocument, sources: _Sources) -> Iterator[Problem]:
    general = {(d.type, d.subtype) for d in document.duties if not d.regions and not d.when.narrowness}
    for index, entry in enumerate(document.taxonomy):
        if (entry.type, None) in general:
            continue
        for position, subtype in enumerate(entry.subtypes):
            if (entry.type, subtype.name) not in general:
                yield sources.problem(
                    ("taxonomy", index, "subtypes", position), f"“{entry.type}·{subtype.name}”没有职责规则 / uncovered", "加一条规则，或为该类型加一条通用规则"
                )
    missing = set(PollutionType) - {entry.type for entry in document.taxonomy}
    for kind in sorted(missing):
        yield sources.problem(("taxonomy",), f"缺少污染类型“{kind}”", "在 taxonomy 中加上")
    desks = {unit.region for unit in document.units if unit.desk}
    if document.city.code not in desks:
        yield sources.problem(("units",), "市级没有统筹单位（desk）/ no city desk", "给一个市级单位加上 desk: true")
    for index, district in enumerate(document.districts):
        if district.code not in desks:
            yield sources.problem(("districts", index), f"{district.name}没有统筹单位（desk）/ dead end", "给该区一个单位加上 desk: true")
    staffed = {officer.unit for officer in document.officers}
    for index, unit in enumerate(document.units):
        if unit.id not in staffed:
            yield sources.problem(("units", index), f"{unit.name}没有承办人 / nobody to work a case", "在 officers 中加上")
    if not any(not template.when.narrowness for template in document.task_forces):
        yield sources.problem(("task_forces",), "没有通用的专班模板 / no default template", "加一个没有 when 的模板")


_RULES: tuple[Callable[[CityDocument, _Sources], Iterator[Problem]], ...] = (_duplicates, _references, _overlaps, _coverage)

"""Risk sources (环境风险源清单): the register of the seven areas the speech names, and complaints about them.

A complaint matched to a source is handled with a higher urgency and shows on the source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.vocabulary import RiskArea, Urgency
from services.domain.case.values import Position
from services.domain.located import LATITUDE, LONGITUDE, REGION, position_fault, region_fault, take_position
from services.domain.places import distance_km, plain_name
from services.domain.register_rules import MatchRules
from services.domain.tables import Cell, Column, Problem, Reading, read_table

COLUMNS: tuple[Column, ...] = (
    Column(key="name", name="名称", aliases=("企业名称", "风险源名称", "单位名称"), required=True, max_length=200),
    Column(
        key="area", name="风险类别", aliases=("类别", "排查类别"), kind="choice",
        choices=tuple(area.value for area in RiskArea), required=True,
    ),
    REGION,
    Column(key="address", name="地址", aliases=("位置", "详细地址"), max_length=300),
    LONGITUDE,
    LATITUDE,
    Column(key="unit", name="监管单位", aliases=("责任单位", "主管部门"), required=True),
    Column(key="person", name="责任人", aliases=("联系人",), required=True),
    Column(key="risk", name="主要风险", aliases=("风险描述", "隐患"), max_length=1000),
    Column(key="measures", name="管控措施", aliases=("防控措施",), max_length=1000),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RiskSource:
    """One source of risk with who watches it. `complaints` are ids of cases matched to it."""

    id: str
    name: str
    area: RiskArea
    region: str
    unit: str
    person: str
    address: str = ""
    position: Position | None = None
    risk: str = ""
    measures: str = ""
    cases: tuple[str, ...] = ()


def import_sources(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], known: Iterable[RiskSource] = (), *,
    regions: Collection[str] = (), first: int = 2,
) -> tuple[tuple[RiskSource, ...], Reading]:  # fmt: skip
    """Sources of a spreadsheet; every row is accepted or refused by name. A name twice in one district is refused."""
    reading = read_table(header, rows, COLUMNS, first=first)
    taken = {(plain_name(source.name), source.region) for source in known}
    sources: list[RiskSource] = []
    problems: list[Problem] = []
    for row in reading.accepted:
        values: dict[str, Any] = {key: value for key, value in row.values.items() if value is not None}
        fault = _fault(row.number, values, taken, regions)
        if fault:
            problems.append(fault)
            continue
        position = take_position(values)
        taken.add((plain_name(values["name"]), values["region"]))
        values["area"] = RiskArea(values["area"])
        sources.append(
            RiskSource(id=f"{values['region']}-{plain_name(values['name'])}", position=position, **values)
        )
    return tuple(sources), reading.refusing(problems)


def _fault(row: int, values: dict[str, Any], taken: set[tuple[str, str]], regions: Collection[str]) -> Problem | None:
    if fault := region_fault(row, values, regions) or position_fault(row, values):
        return fault
    if (plain_name(values["name"]), values["region"]) in taken:
        return Problem(row, "名称", "同一区划内已有同名风险源。")
    return None


@dataclass(frozen=True, slots=True)
class Match:
    """A source a complaint seems to be about; `why` in Chinese, `score` in 0..1."""

    source: RiskSource
    score: float
    why: str


def match(
    sources: Iterable[RiskSource], rules: MatchRules, *, respondent: str = "", place: str = "",
    region: str | None = None, position: Position | None = None, area: RiskArea | None = None,
) -> tuple[Match, ...]:  # fmt: skip
    """Sources a complaint may be about, the surest first: by name or place inside the district, or by nearness and area.

    Without a known district a like name does not count: elsewhere in the city it is another business.
    """
    wanted, where = plain_name(respondent), plain_name(place)
    found = []
    for source in sources:
        if region is not None and source.region != region:
            continue
        name = plain_name(source.name)
        if wanted and wanted == name:
            found.append(Match(source, 1.0, f"被举报单位即风险源“{source.name}”。"))
        elif region and len(name) >= rules.least_name and name in wanted:
            found.append(Match(source, 0.8, f"被举报单位名称含风险源“{source.name}”。"))
        elif region and len(wanted) >= rules.least_name and wanted in name:
            # Part of a name: the rest may be what tells one site from another.
            score = 0.8 if len(wanted) >= rules.least_share * len(name) else 0.6
            found.append(Match(source, score, f"被举报单位与风险源“{source.name}”名称相合。"))
        elif region and len(name) >= rules.least_name and name in where:
            # A place is also what things are beside of; only what is of its kind is surely about it.
            score = 0.8 if area is source.area else 0.6
            found.append(Match(source, score, f"反映地点为风险源“{source.name}”。"))
        elif position is not None and source.position is not None and area is source.area:
            km = distance_km(position, source.position)
            if km <= rules.near_km:
                found.append(Match(source, 0.6, f"距风险源“{source.name}”{km * 1000:.0f}米，类别相同。"))
        elif region and area is source.area and source.address and where and _same_place(plain_name(source.address), where, rules):
            found.append(Match(source, 0.6, f"反映地点与风险源“{source.name}”地址相合，类别相同。"))
    return tuple(sorted(found, key=lambda item: (-item.score, item.source.id)))


def _same_place(address: str, where: str, rules: MatchRules) -> bool:
    return min(len(address), len(where)) > rules.least_name and (address in where or where in address)


def raised(urgency: Urgency) -> Urgency:
    """One step more urgent; the highest stays a person's to declare, so 紧急 stays 紧急."""
    return Urgency.URGENT if urgency is Urgency.NORMAL else urgency


def with_case(source: RiskSource, case_id: str) -> RiskSource:
    """The source with a case on it, once."""
    return source if case_id in source.cases else replace(source, cases=(*source.cases, case_id))

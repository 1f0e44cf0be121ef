"""Small hydropower (小水电): the speech's four checks per station, a registry, and a list per county.

Those to be removed: removed? Those to be shut: shut? Those to be rectified: rectified? Is the ecological flow released,
and watched? A station in one of the first two classes needs no flow check once it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.domain.case.values import PlannedMeasure, Position
from services.domain.findings import Finding
from services.domain.located import LATITUDE, LONGITUDE, REGION, position_fault, region_fault, take_position
from services.domain.places import plain_name
from services.domain.refusals import Refusal, refuse
from services.domain.tables import Cell, Column, Problem, Reading, read_table


class StationClass(StrEnum):
    """What was decided about a station (分类整治)."""

    REMOVE = "拆除"
    SHUT = "关停"
    RECTIFY = "整改"
    KEEP = "保留"


COLUMNS: tuple[Column, ...] = (
    Column(key="name", name="电站名称", aliases=("名称", "水电站名称"), required=True, max_length=100),
    REGION,
    Column(key="river", name="所在河流", aliases=("河流", "流域"), required=True, max_length=100),
    Column(
        key="decided", name="整治类别", aliases=("分类", "处置意见", "整改类别"), kind="choice",
        choices=tuple(kind.value for kind in StationClass), required=True,
    ),
    Column(key="deadline", name="整治时限", aliases=("整改时限", "完成时限"), kind="date", required=True),
    Column(key="unit", name="责任单位", aliases=("主管单位",), required=True, max_length=200),
    Column(key="person", name="责任人", required=True, max_length=100),
    Column(key="required_flow", name="核定生态流量", aliases=("生态流量", "核定下泄流量"), kind="number"),
    LONGITUDE,
    LATITUDE,
)  # fmt: skip


class CheckItem(StrEnum):
    """The four checks, and watching the flow as part of the fourth."""

    REMOVED = "该拆除的是否拆除"
    SHUT = "该关停的是否关停"
    RECTIFIED = "该整改的是否整改"
    FLOW = "生态流量是否泄放到位"


@dataclass(frozen=True, slots=True)
class Station:
    """A registered station. `required_flow` is the approved ecological flow in cubic metres a second."""

    id: str
    name: str
    county: str
    river: str
    decided: StationClass
    deadline: date
    unit: str
    person: str
    required_flow: float | None = None
    position: Position | None = None
    region: str = ""


def import_stations(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], counties: Mapping[str, str], *, first: int = 2
) -> tuple[tuple[Station, ...], Reading]:
    """Stations of a spreadsheet, every row checked. `counties` has the names of the city's districts by code."""
    reading = read_table(header, rows, COLUMNS, first=first)
    stations: list[Station] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for row in reading.accepted:
        values: dict[str, Any] = {key: value for key, value in row.values.items() if value is not None}
        fault = region_fault(row.number, values, counties) or position_fault(row.number, values)
        if fault is None and values.get("required_flow", 1) <= 0:
            fault = Problem(row.number, "核定生态流量", "须大于0；未核定的请留空。")
        id_ = f"{values['region']}-{plain_name(values['name'])}"
        if fault is None and id_ in taken:
            fault = Problem(row.number, "电站名称", "表中同一县已有同名电站。")
        if fault:
            problems.append(fault)
            continue
        taken.add(id_)
        values["decided"] = StationClass(values["decided"])
        position = take_position(values)
        stations.append(Station(id=id_, county=counties.get(values["region"], ""), position=position, **values))
    return tuple(stations), reading.refusing(problems)


def check_visit(station: Station, check: StationCheck, today: date) -> Refusal | None:
    """Why a check is none: a day to come, done without evidence, a flow that cannot be."""
    if check.on > today:
        return refuse("station.future", on=check.on, field="on")
    if check.done and station.decided is not StationClass.KEEP and not check.evidence:
        return refuse("station.evidence", station=station.name, decided=station.decided.value, field="evidence")
    if any(reading.flow < 0 for reading in check.flows):
        return refuse("station.flow", field="flows")
    return None


@dataclass(frozen=True, slots=True)
class FlowReading:
    """A measured release, cubic metres a second."""

    flow: float
    at: datetime
    monitored_online: bool = False


@dataclass(frozen=True, slots=True)
class StationCheck:
    """What was found at a station on a day. `done` answers the check of its own class; evidence by hash."""

    station_id: str
    on: date
    by: str
    done: bool
    evidence: tuple[str, ...] = ()
    flows: tuple[FlowReading, ...] = ()
    findings: tuple[Finding, ...] = ()


def items_of(station: Station) -> tuple[CheckItem, ...]:
    """The checks that apply to a station."""
    own = {
        StationClass.REMOVE: (CheckItem.REMOVED,),
        StationClass.SHUT: (CheckItem.SHUT,),
        StationClass.RECTIFY: (CheckItem.RECTIFIED, CheckItem.FLOW),
        StationClass.KEEP: (CheckItem.FLOW,),
    }
    return own[station.decided]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The answer to one check: None where nobody looked, or nothing was measured."""

    item: CheckItem
    met: bool | None
    sentence: str


def results(station: Station, check: StationCheck | None) -> tuple[ItemResult, ...]:
    """Every check that applies, answered from the last inspection."""
    return tuple(_result(item, station, check) for item in items_of(station))


def _result(item: CheckItem, station: Station, check: StationCheck | None) -> ItemResult:
    if check is None:
        return ItemResult(item, None, "尚未核查。")
    if item is not CheckItem.FLOW:
        if check.done and not check.evidence:
            return ItemResult(item, None, f"{check.on}报称已{station.decided.value}，但无证据。")
        return ItemResult(
            item, check.done, f"{check.on}核查：{'已' if check.done else '未'}{station.decided.value}。"
        )
    if station.required_flow is None:
        return ItemResult(item, None, "未核定生态流量。")
    if not check.flows:
        return ItemResult(item, None, "没有流量监测数据。")
    last = max(check.flows, key=lambda reading: reading.at)
    met = last.flow >= station.required_flow
    watched = "在线监测" if last.monitored_online else "现场测量，未安装在线监测"
    text = f"{last.at:%Y-%m-%d}下泄{last.flow:g}m³/s，核定{station.required_flow:g}m³/s，{watched}，"
    return ItemResult(item, met, text + ("达到。" if met else "未达到。"))


def status(station: Station, check: StationCheck | None, today: date) -> str:
    """One word for the county's list: 完成, 整治中, 逾期, 未核查."""
    answers = results(station, check)
    if all(answer.met for answer in answers):
        return "完成"
    if today > station.deadline:
        return "逾期"
    return "未核查" if all(answer.met is None for answer in answers) else "整治中"


@dataclass(frozen=True, slots=True)
class CountyLine:
    """One county on the list: stations by status, and the names of those overdue."""

    county: str
    total: int
    done: int
    running: int
    unchecked: int
    overdue: tuple[str, ...]


def county_list(
    stations: Iterable[Station], checks: Iterable[StationCheck], today: date
) -> tuple[CountyLine, ...]:
    """The status list per county, the most overdue first; the last check of each station counts."""
    last: dict[str, StationCheck] = {}
    for check in checks:
        if check.station_id not in last or last[check.station_id].on <= check.on:
            last[check.station_id] = check
    counties: dict[str, list[tuple[Station, str]]] = {}
    for station in stations:
        counties.setdefault(station.county, []).append(
            (station, status(station, last.get(station.id), today))
        )
    lines = [
        CountyLine(
            county=county,
            total=len(group),
            done=sum(word == "完成" for _, word in group),
            running=sum(word == "整治中" for _, word in group),
            unchecked=sum(word == "未核查" for _, word in group),
            overdue=tuple(sorted(station.name for station, word in group if word == "逾期")),
        )
        for county, group in counties.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-len(line.overdue), line.county)))


def template(station: Station, today: date, unit_id: str) -> tuple[PlannedMeasure, ...] | Refusal:
    """The measures a station's case begins with, one per check that applies; refused for a deadline gone by."""
    if station.deadline < today:
        return refuse("plan.past", measure=station.name, deadline=station.deadline)
    work = {
        CheckItem.REMOVED: ("拆除厂房、机组和拦河坝，恢复河道", "核查确认已拆除"),
        CheckItem.SHUT: ("断电停机，封存机组，注销上网手续", "核查确认已关停"),
        CheckItem.RECTIFIED: ("按一站一策完成整改", "核查确认整改到位"),
        CheckItem.FLOW: (
            "安装泄流和在线监测设施，按核定流量下泄",
            f"下泄不少于{station.required_flow or 0:g}m³/s",
        ),
    }
    return tuple(
        PlannedMeasure(
            id=f"{station.id}-{number}",
            text=f"{station.name}：{work[item][0]}",
            unit_id=unit_id,
            person_id=station.person,
            person=station.person,
            deadline=station.deadline,
            target=work[item][1],
        )
        for number, item in enumerate(items_of(station), start=1)
    )

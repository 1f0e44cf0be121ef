"""小水电清单 as a file: every station with the speech's four checks, the list per county, every check on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.domain import hydropower as hp
from services.sheets import Table

TITLE = "小水电清单"
HEADER = (*(column.name for column in hp.COLUMNS), "县市区", "状态", *(item.value for item in hp.CheckItem), "最近核查")
COUNTIES = ("县市区", "电站", "完成", "整治中", "未核查", "逾期", "逾期电站")
CHECKS = ("电站名称", "县市区", "核查日期", "核查人", "已按类别整治", "下泄流量（m³/s）", "在线监测", "隐患", "证据数")
NOT_ASKED = "不适用"


def table_of(
    stations: Iterable[tuple[Mapping[str, Any], str, Sequence[hp.ItemResult], Any]], counties: Iterable[hp.CountyLine],
    checks: Iterable[tuple[hp.Station, hp.StationCheck]],
) -> Table:  # fmt: skip
    """Stations as (row, status, answers, last checked) by county; an item that does not apply says so."""
    rows = []
    for row, status, answers, checked_on in sorted(stations, key=lambda item: (item[0]["county"], item[0]["name"])):
        told = {answer.item: f"{'是' if answer.met else '否' if answer.met is False else '待查'}：{answer.sentence}" for answer in answers}
        own = [row[column.key] for column in hp.COLUMNS]
        rows.append((*own, row["county"], status, *(told.get(item, NOT_ASKED) for item in hp.CheckItem), checked_on))
    lines = [(c.county, c.total, c.done, c.running, c.unchecked, len(c.overdue), c.overdue) for c in counties]
    visits = [_check(station, check) for station, check in checks]
    return Table(TITLE, HEADER, rows, further=(Table("分县汇总", COUNTIES, lines), Table("核查记录", CHECKS, visits)))


def _check(station: hp.Station, check: hp.StationCheck) -> tuple[Any, ...]:
    last = max(check.flows, key=lambda reading: reading.at, default=None)
    return (
        station.name, station.county, check.on, check.by, check.done, last.flow if last else None,
        last.monitored_online if last else None, "；".join(item.text for item in check.findings), len(check.evidence),
    )  # fmt: skip

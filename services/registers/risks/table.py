"""环境风险源清单 as a file: the register with its inspections on a second sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.domain.case.values import RectifyMode
from services.domain.risk_sources import COLUMNS
from services.sheets import Table

TITLE = "环境风险源清单"
HEADER = (*(column.name for column in COLUMNS), "编号", "最近检查", "检查次数", "未销号隐患", "信访案件")
INSPECTIONS = ("风险源", "行政区划代码", "检查日期", "检查人", "隐患", "整改方式", "措施", "责任单位", "责任人", "整改时限", "台账状态", "证据数", "备注")


def table_of(sources: Iterable[Mapping[str, Any]], inspections: Iterable[Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]) -> Table:
    """Sources by region and name; one row a finding, or a row without one. `states` has lines by inspection and number."""
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for inspection in inspections:
        by_source.setdefault(inspection["source_id"], []).append(inspection)
    rows, visits = [], []
    for source in sorted(sources, key=lambda row: (row["region"], row["name"])):
        held = by_source.get(source["id"], [])
        open_ = 0
        for inspection in held:
            found = [(number, item) for number, item in enumerate(inspection["findings"], start=1)]
            for number, item in found or [(0, {})]:
                line = states.get(f"{inspection['id']}/{number}")
                open_ += bool(line and line["open"])
                visits.append(_visit(source, inspection, item, line))
        own = [source[column.key] for column in COLUMNS]
        rows.append((*own, source["id"], source["inspected_on"], len(held), open_, source["cases"]))
    return Table(TITLE, HEADER, rows, further=(Table("检查记录", INSPECTIONS, visits),))


def _visit(source: Mapping[str, Any], inspection: Mapping[str, Any], item: Mapping[str, Any], line: Mapping[str, Any] | None) -> tuple[Any, ...]:
    mode = {RectifyMode.IMMEDIATE: "立行立改", RectifyMode.LEDGER: "列入台账"}.get(item.get("mode", ""), "")
    deadline = (line or {}).get("deadline") or (date.fromisoformat(item["deadline"]) if item.get("deadline") else None)
    return (
        source["name"], source["region"], inspection["held_on"], inspection["by"], item.get("text", "未发现隐患"), mode,
        item.get("measure", ""), item.get("unit", ""), item.get("person", ""), deadline, (line or {}).get("state", ""),
        len(item.get("fixed_evidence", ())), inspection["note"],
    )  # fmt: skip

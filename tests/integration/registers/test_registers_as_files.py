"""Every register as a file: by name and on record, within one's regions, disarmed, with its records on further sheets."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.domain import emergency as em
from services.domain import hydropower as hp
from services.domain.case.values import RectifyMode
from services.domain.findings import Finding
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.registers.emergencies import acts as emergencies
from services.registers.resources import acts as resources
from services.registers.risks import acts as risks
from services.registers.stations import acts as stations
from services.registers.taking_out import REGISTERS, Wanted, take_out
from services.sheets import read_sheet
from tests.integration.registers.test_risks_and_stations import PLANT, STATION_ID, YARD, YARD_ID, bring, bring_station
from tests.support.registers import COUNTY_KEEPER, DUTY_OFFICER, KEEPER, OFFICER, RegisterDesk, emergency_id, suspected, workbook

LEAK = Finding("=HYPERLINK(坝体渗水)", RectifyMode.LEDGER, "加固", "石岭县生态环境分局", "潘书涛", date(2026, 4, 30))


async def sheets(desk: RegisterDesk, register: str, actor: Principal = KEEPER, region: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Sheets of an export by title, rows by heading."""
    given = await desk.done(take_out, register, "xlsx", Wanted(actor, desk.city, desk.rules, region))
    book = CalamineWorkbook.from_filelike(io.BytesIO(given.data))
    found = {}
    for name in book.sheet_names:
        _, mark, header, *rows = book.get_sheet_by_name(name).to_python()
        assert str(mark[0]).startswith(f"导出：{actor.name}（{actor.id}） 2026-03-02") and given.number in str(mark[0]), "who, when, number"
        found[name] = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return found


@pytest.mark.parametrize("register", REGISTERS)
async def test_who_may_not_take_a_register_out_is_told_who_may(desk: RegisterDesk, register: str) -> None:
    for actor in (OFFICER, DUTY_OFFICER):
        no = await desk.act(take_out, register, "xlsx", Wanted(actor, desk.city, desk.rules))
        assert isinstance(no, Refusal) and no.code == "actor.role" and "导出" in no.message
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.exports") == 0
    empty = await desk.done(take_out, register, "csv", Wanted(KEEPER, desk.city, desk.rules))
    assert empty.rows == 0 and await desk.pool.fetchval("SELECT by FROM registers.exports") == KEEPER.id


async def test_risk_sources_with_inspections_whose_findings_show_where_they_stand(desk: RegisterDesk) -> None:
    await bring(desk, YARD, PLANT)
    fixed = Finding("标识牌缺失", RectifyMode.IMMEDIATE, fixed_evidence=(await desk.stored("e"),))
    await desk.done(risks.inspect, KEEPER, desk.city, YARD_ID, date(2026, 3, 1), (fixed, LEAK), "汛前")
    await desk.done(risks.inspect, KEEPER, desk.city, YARD_ID, date(2026, 2, 1), ())
    found = await sheets(desk, "risk-sources")
    plant, yard = found["环境风险源清单"]
    assert (plant["名称"], yard["名称"]) == ("东岸污水处理厂", "铁炉尾矿库")
    assert (yard["检查次数"], yard["未销号隐患"], yard["经度"], yard["最近检查"]) == (2, 1, 110.80, date(2026, 3, 1))
    told = [(row["隐患"], row["整改方式"], row["台账状态"], row["证据数"]) for row in found["检查记录"]]
    assert told == [("标识牌缺失", "立行立改", "", 1), ("'=HYPERLINK(坝体渗水)", "列入台账", "整改中", 0), ("未发现隐患", "", "", 0)]
    assert [row["名称"] for row in (await sheets(desk, "risk-sources", COUNTY_KEEPER))["环境风险源清单"]] == ["铁炉尾矿库"]
    assert [row["名称"] for row in (await sheets(desk, "risk-sources", region="470302"))["环境风险源清单"]] == ["东岸污水处理厂"]


async def test_what_was_taken_out_is_read_back_as_the_same_rows(desk: RegisterDesk) -> None:
    await bring(desk, YARD, PLANT)
    given = await desk.done(take_out, "risk-sources", "xlsx", Wanted(KEEPER, desk.city, desk.rules))
    again = await desk.take(KEEPER, risks.RiskRegister(desk.city), given.data)
    assert not isinstance(again, Refusal) and (again.unchanged, again.refused, again.rows) == (2, 0, 2)


async def test_stations_with_the_four_checks_of_the_speech_by_county(desk: RegisterDesk) -> None:
    await bring_station(desk)
    await bring_station(desk, "拆除", name="滚石电站", deadline="2026-01-31")
    flow = hp.FlowReading(0.2, datetime(2026, 3, 1, 2, tzinfo=UTC), monitored_online=True)
    visit = hp.StationCheck(STATION_ID, date(2026, 3, 1), KEEPER.id, True, (await desk.stored("e"),), (flow,))
    await desk.done(stations.check, KEEPER, desk.city, STATION_ID, visit)
    found = await sheets(desk, "stations")
    fir, stone = found["小水电清单"]
    assert (fir["县市区"], fir["状态"], fir["该拆除的是否拆除"], fir["该整改的是否整改"]) == ("石岭县", "整治中", "不适用", "是：2026-03-01核查：已整改。")
    assert fir["生态流量是否泄放到位"].startswith("否：2026-03-01下泄0.2m³/s") and "在线监测" in fir["生态流量是否泄放到位"]
    assert (stone["该拆除的是否拆除"], stone["生态流量是否泄放到位"], stone["状态"]) == ("待查：尚未核查。", "不适用", "逾期")
    assert [(row["县市区"], row["电站"], row["逾期电站"]) for row in found["分县汇总"]] == [("石岭县", 2, "滚石电站")]
    assert [(row["下泄流量（m³/s）"], row["证据数"]) for row in found["核查记录"]] == [(0.2, 1)]


async def test_emergencies_with_their_reports_field_by_field(desk: RegisterDesk) -> None:
    await desk.suspect(suspected(1), suspected(2, "=cmd|危化品泄漏"))
    await desk.done(emergencies.acknowledge, desk.duty, DUTY_OFFICER, emergency_id(1))
    form = desk.rules.emergency.forms[em.ReportKind.INITIAL]
    fields = dict.fromkeys({**desk.rules.emergency.header, **form.required}, "待查") | {"cause": "=1+1"}
    await desk.done(emergencies.report, desk.duty, DUTY_OFFICER, emergency_id(1), em.ReportKind.INITIAL, fields)
    found = await sheets(desk, "emergencies")
    rows = {row["受理编号"]: row for row in found["突发环境事件登记"]}
    one, two = (rows[f"YZ20260302-00000{n}-1"] for n in (1, 2))
    assert (one["状态"], one["接警人"], one["初报是否按时"]) == ("已初报", "duty", "是") and two["线索"] == "'=cmd|危化品泄漏"
    told = {row["栏目"]: row["内容"] for row in found["报告"]}
    assert told["起因和性质"] == "'=1+1" and len(told) == len(fields)


async def test_supplies_and_the_roster_are_taken_out_as_they_are_brought_in(desk: RegisterDesk) -> None:
    header = ("类型", "名称", "适用类别", "行政区划代码", "存放地点", "联系人", "联系电话", "数量", "计量单位")
    await desk.take(KEEPER, resources.ResourceRegister(desk.city), workbook(header, ("物资", "活性炭", "有机物、油类", "470302", "东岸库", "甲", "0000-1", 12, "吨")))
    given = await desk.done(take_out, "resources", "csv", Wanted(KEEPER, desk.city, desk.rules))
    assert given.data.decode("utf-8-sig").splitlines()[1].startswith("物资,活性炭,") and "人员keeper（keeper）" in given.data.decode()
    again = await desk.take(KEEPER, resources.ResourceRegister(desk.city), given.data)
    assert not isinstance(again, Refusal) and (again.unchanged, again.refused) == (1, 0)
    assert read_sheet(given.data, {"名称"}).header[0] == "类型"

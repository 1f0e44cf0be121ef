"""Risk sources and stations: registers brought in, inspections and checks, and the cases about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from contracts.cases import Matter, TypeShare
from contracts.topics import RISK_MATCHED
from contracts.vocabulary import PollutionType, RiskArea
from services.domain import hydropower as hp
from services.domain.case.commands import Plan
from services.domain.case.values import RectifyMode
from services.domain.findings import Finding
from services.domain.refusals import Refusal
from services.registers.importing import Taken
from services.registers.ledger import acts as ledger
from services.registers.resources import acts as resources
from services.registers.risks import acts as risks
from services.registers.stations import acts as stations
from tests.support.office import VERSIONS, Desk, case_id, opened
from tests.support.registers import COUNTY_KEEPER, ELSEWHERE, KEEPER, MACHINE, OFFICER, STRANGER, RegisterDesk, workbook

RISKS = ("名称", "风险类别", "行政区划代码", "地址", "经度", "纬度", "监管单位", "责任人")
YARD = ("铁炉尾矿库", "尾矿库", "470322", "铁炉镇红土村", 110.80, 32.60, "石岭县生态环境分局", "潘书涛")
PLANT = ("东岸污水处理厂", "污水厂填埋场", "470302", "柳堤街道东堤路", 110.52, 32.61, "东岸区住房和城乡建设局", "潘绍静")
STATIONS = ("电站名称", "行政区划代码", "所在河流", "整治类别", "整治时限", "责任单位", "责任人", "核定生态流量")
YARD_ID, STATION_ID = "470322-铁炉尾矿库", "470322-杉木沟电站"


def about(number: int, respondent: str = "", place: str = "", area: RiskArea | None = None, region: str | None = "470322") -> object:
    matter = Matter(
        environmental=0.9, types=(TypeShare(type=PollutionType.WATER, probability=0.9),), respondent=respondent or None,
        place=place or None, risk_area=area, versions=VERSIONS,
    )  # fmt: skip
    return opened(number, matter=matter, region={"code": region, "city": "470300", "confidence": 0.9})


async def bring(desk: RegisterDesk, *rows: tuple[object, ...], actor: object = KEEPER, check: bool = False) -> Taken:
    found = await desk.take(actor, risks.RiskRegister(desk.city), workbook(RISKS, *rows), check=check)  # type: ignore[arg-type]
    assert isinstance(found, Taken), found
    return found


async def bring_station(desk: RegisterDesk, decided: str = "整改", **changes: object) -> Taken:
    row = {"name": "杉木沟电站", "region": "470322", "river": "杉木河", "decided": decided, "deadline": "2026-06-30",
           "unit": "石岭县水利和湖泊局", "person": "雷允章", "flow": 0.35} | changes  # fmt: skip
    found = await desk.take(KEEPER, stations.StationRegister(desk.city), workbook(STATIONS, tuple(row.values())))
    assert isinstance(found, Taken), found
    return found


# --- risk sources -----------------------------------------------------------------------------------------------------


async def test_bad_rows_are_given_back_and_a_second_import_brings_what_changed(desk: RegisterDesk) -> None:
    bad = [(*YARD[:1], "油库", *YARD[2:]), (*YARD[:2], "430000", *YARD[3:]), (*YARD[:4], 32.6, 110.8, *YARD[6:]), YARD]
    found = await bring(desk, YARD, *bad)
    assert found.counts == {"rows": 5, "added": 1, "changed": 0, "unchanged": 0, "refused": 4, "blank": 0}
    told = {problem.row: problem.message for problem in found.problems}
    assert told[3].startswith("须为：危废") and told[4] == "430000不在本市区划之内。" and "填反" in told[5] and "同名" in told[6]
    again = await bring(desk, YARD, PLANT)
    assert (again.added, again.changed, again.unchanged) == (1, 0, 1)
    moved = await bring(desk, (*YARD[:7], "梁佩川"))
    assert moved.changed == 1
    shown = await desk.done(risks.show, KEEPER, YARD_ID)
    assert (shown["person"], shown["version"], shown["unit_id"]) == ("梁佩川", 2, "sl-hb")


async def test_a_county_sees_and_brings_in_its_own_sources_only(desk: RegisterDesk) -> None:
    await bring(desk, YARD, PLANT)
    assert [row["id"] for row in (await desk.done(risks.page, COUNTY_KEEPER))[0]] == [YARD_ID]
    assert (await bring(desk, PLANT, actor=COUNTY_KEEPER)).refused == 1
    hidden = await desk.act(risks.show, ELSEWHERE, YARD_ID)
    assert isinstance(hidden, Refusal) and hidden.code == "register.missing"
    first, further = await desk.done(risks.page, KEEPER, limit=1)
    rest, end = await desk.done(risks.page, KEEPER, after=further, limit=1)
    assert [row["name"] for row in (*first, *rest)] == ["东岸污水处理厂", "铁炉尾矿库"] and end is None


async def test_a_finding_is_fixed_with_evidence_or_a_complete_line_of_the_ledger(desk: RegisterDesk) -> None:
    await bring(desk, YARD)
    fixed = Finding("标识牌缺失", RectifyMode.IMMEDIATE, fixed_evidence=(await desk.stored("e1"),))
    later = Finding("坝体渗水", RectifyMode.LEDGER, "坝体加固", "石岭县生态环境分局", "潘书涛", date(2026, 4, 30))
    for bad, code in (
        (replace(fixed, fixed_evidence=()), "measure.evidence"),
        (replace(fixed, fixed_evidence=("0" * 64,)), "register.evidence"),
        (replace(later, unit="某某公司"), "register.missing"),
        (replace(later, person=""), "plan.incomplete"),
        (replace(later, deadline=date(2026, 1, 1)), "plan.past"),
    ):
        no = await desk.act(risks.inspect, KEEPER, desk.city, YARD_ID, date(2026, 3, 1), (bad,))
        assert isinstance(no, Refusal) and no.code == code
    tomorrow = await desk.act(risks.inspect, KEEPER, desk.city, YARD_ID, date(2026, 3, 3), (later,))
    assert isinstance(tomorrow, Refusal) and tomorrow.code == "station.future"
    for actor, code in ((STRANGER, "actor.role"), (OFFICER, "register.missing")):
        no = await desk.act(risks.inspect, actor, desk.city, YARD_ID, date(2026, 3, 1), (fixed,))
        assert isinstance(no, Refusal) and no.code == code
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.inspections") == 0
    done = await desk.done(risks.inspect, KEEPER, desk.city, YARD_ID, date(2026, 3, 1), (fixed, later), "汛前检查")
    (line,) = (await desk.done(ledger.page, KEEPER, ledger.Filter(origin="inspection"))).lines
    assert done["on_ledger"] == [str(line["id"])]
    assert (line["problem"], line["lead_unit_id"], line["person"], line["deadline"]) == ("坝体渗水", "sl-hb", "潘书涛", date(2026, 4, 30))
    shown = await desk.done(risks.show, COUNTY_KEEPER, YARD_ID)
    assert shown["inspections"][0]["findings"][0]["text"] == "标识牌缺失" and shown["inspected_on"] == date(2026, 3, 1)


async def test_a_case_about_a_source_shows_on_it_and_is_told_once(desk: RegisterDesk, office: Desk) -> None:
    await bring(desk, YARD, PLANT)
    await office.hear(about(1, respondent="铁炉尾矿库"), about(2, place="铁炉镇铁炉尾矿库下游", area=RiskArea.TAILINGS), about(3, place="城关"),
                      about(4, respondent="东岸污水处理厂", region="470303"))  # fmt: skip
    await desk.follow()
    told = sorted(await desk.told(RISK_MATCHED.name), key=lambda event: event.case_no)
    assert [(event.case_no, event.confirmed) for event in told] == [("AJ2026-0000001", True), ("AJ2026-0000002", True)]
    assert told[0].why == "被举报单位即风险源“铁炉尾矿库”。" and told[0].area is RiskArea.TAILINGS
    await desk.pool.execute("DELETE FROM bus.inbox")
    await desk.follow()
    assert len(await desk.told(RISK_MATCHED.name)) == 2, "told again, nothing new"
    shown = await desk.done(risks.show, KEEPER, YARD_ID)
    assert {item["case_no"] for item in shown["complaints"]} == {"AJ2026-0000001", "AJ2026-0000002"} and shown["cases"] == 2
    assert [row["id"] for row in (await desk.done(risks.page, KEEPER, with_cases=True))[0]] == [YARD_ID]


async def test_a_guess_waits_for_a_person_who_is_no_machine_and_is_judged_once(desk: RegisterDesk, office: Desk) -> None:
    await bring(desk, YARD)
    await office.hear(about(1, place="铁炉镇红土村", area=RiskArea.TAILINGS))
    await desk.follow()
    (event,) = await desk.told(RISK_MATCHED.name)
    assert not event.confirmed and event.why == "反映地点与风险源“铁炉尾矿库”地址相合，类别相同。"
    (waiting,) = await desk.done(risks.suggestions, KEEPER)
    assert waiting["case_no"] == "AJ2026-0000001"
    for actor, code in ((MACHINE, "actor.person"), (STRANGER, "actor.role"), (ELSEWHERE, "register.missing")):
        no = await desk.act(risks.judge, actor, YARD_ID, case_id(1), same=True)
        assert isinstance(no, Refusal) and no.code == code
    unknown = await desk.act(risks.judge, KEEPER, YARD_ID, uuid4(), same=True)
    assert isinstance(unknown, Refusal) and unknown.code == "risk.match"
    assert await desk.done(risks.judge, KEEPER, YARD_ID, case_id(1), same=True) == "AJ2026-0000001"
    last = (await desk.told(RISK_MATCHED.name))[-1]
    assert last.confirmed and last.decided_by == "keeper"
    again = await desk.act(risks.judge, KEEPER, YARD_ID, case_id(1), same=False)
    assert isinstance(again, Refusal) and again.code == "risk.match"


# --- stations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"flow": -1}, "须大于0"), ({"region": "470399"}, "不在本市区划"), ({"decided": "观察"}, "须为：拆除、关停、整改、保留"), ({"person": ""}, "不能为空")],
)
async def test_a_station_that_cannot_be_is_given_back(desk: RegisterDesk, changes: dict[str, object], told: str) -> None:
    found = await bring_station(desk, **changes)
    assert found.refused == 1 and told in found.problems[0].message


async def test_the_four_checks_are_answered_by_evidence_and_measured_flow(desk: RegisterDesk) -> None:
    assert (await bring_station(desk)).added == 1
    (standing,) = await desk.done(stations.page, KEEPER)
    assert standing.status == "未核查" and [answer.met for answer in standing.answers] == [None, None]
    file = await desk.stored("e")
    visit = hp.StationCheck(STATION_ID, date(2026, 3, 1), "x", done=True)
    low = hp.FlowReading(0.2, datetime(2026, 3, 1, 2, tzinfo=UTC), monitored_online=True)
    for bad, code in (
        (visit, "station.evidence"),
        (replace(visit, evidence=("0" * 64,)), "register.evidence"),
        (replace(visit, on=date(2026, 4, 1), evidence=(file,)), "station.future"),
        (replace(visit, evidence=(file,), flows=(replace(low, flow=-1.0),)), "station.flow"),
    ):
        no = await desk.act(stations.check, KEEPER, desk.city, STATION_ID, bad)
        assert isinstance(no, Refusal) and no.code == code
    assert isinstance(await desk.act(stations.check, STRANGER, desk.city, STATION_ID, visit), Refusal)
    found = await desk.done(stations.check, KEEPER, desk.city, STATION_ID, replace(visit, evidence=(file,), flows=(low,)))
    assert found.status == "整治中" and "未达到" in found.answers[1].sentence and "在线监测" in found.answers[1].sentence
    desk.clock.advance(timedelta(days=1))
    enough = replace(low, flow=0.4, at=desk.clock())
    assert (await desk.done(stations.check, KEEPER, desk.city, STATION_ID, replace(visit, on=date(2026, 3, 3), evidence=(file,), flows=(enough,)))).status == "完成"
    shown = await desk.done(stations.show, KEEPER, STATION_ID)
    assert len(shown["checks"]) == 2 and shown["status"] == "完成"


async def test_the_list_per_county_counts_each_station_once_and_names_the_overdue(desk: RegisterDesk) -> None:
    await bring_station(desk)
    await bring_station(desk, "关停", name="滚石电站", deadline="2026-01-31")
    await bring_station(desk, "保留", name="白鹭电站", region="470321")
    first, second = await desk.done(stations.counties, KEEPER)
    assert (first.county, first.total, first.unchecked, first.overdue) == ("石岭县", 2, 1, ("滚石电站",))
    assert (second.county, second.total) == ("青沅县", 1)
    assert [line.county for line in await desk.done(stations.counties, COUNTY_KEEPER)] == ["石岭县"]
    assert [item.station.name for item in await desk.done(stations.page, KEEPER, status="逾期")] == ["滚石电站"]


async def test_the_template_gives_the_plan_of_the_case_and_refuses_a_deadline_gone_by(desk: RegisterDesk, office: Desk) -> None:
    await bring_station(desk)
    plan = await desk.done(stations.template, KEEPER, STATION_ID)
    assert isinstance(plan, Plan) and [measure.target for measure in plan.measures] == ["核查确认整改到位", "下泄不少于0.35m³/s"]
    assert {measure.unit_id for measure in plan.measures} == {"sl-sl"} and "生态流量是否泄放到位" in plan.target
    await bring_station(desk, "拆除", deadline="2026-01-31")
    late = await desk.act(stations.template, KEEPER, STATION_ID)
    assert isinstance(late, Refusal) and late.code == "plan.past"
    await office.hear(about(7, respondent="杉木沟电站", place="杉木乡"))
    await desk.follow()
    assert [item["case_no"] for item in (await desk.done(stations.show, KEEPER, STATION_ID))["complaints"]] == ["AJ2026-0000007"]


# --- resources --------------------------------------------------------------------------------------------------------


async def test_an_entry_is_verified_with_what_was_seen_and_numbers_are_for_those_who_call(desk: RegisterDesk) -> None:
    header = ("类型", "名称", "适用类别", "行政区划代码", "存放地点", "联系人", "联系电话", "数量", "计量单位")
    rows = [("物资", "活性炭", "有机物", "470302", "东岸库", "甲", "0000-1", 12, "吨"), ("物资", "石灰", "酸碱", "470302", "东岸库", "甲", "0000-1", "", "吨"),
            ("专家", "某教授", "炼丹", "470302", "学院", "乙", "0000-2", "", "")]  # fmt: skip
    found = await desk.take(KEEPER, resources.ResourceRegister(desk.city), workbook(header, *rows))
    assert isinstance(found, Taken) and (found.added, found.refused) == (1, 2)
    assert found.problems[0].message == "物资须填数量。" and "没有“炼丹”" in found.problems[1].message
    (row,), _ = await desk.done(resources.page, KEEPER, resources.Search())
    assert row["phone"] == "0000-1"
    (masked,), _ = await desk.done(resources.page, OFFICER, resources.Search())
    assert masked["phone"] == ""
    stale = await desk.act(resources.verify, KEEPER, row["id"], resources.Verified(amount=9), 7)
    assert isinstance(stale, Refusal) and stale.code == "register.changed"
    seen = await desk.done(resources.verify, KEEPER, row["id"], resources.Verified(amount=9), 1)
    assert (seen["amount"], seen["checked_on"], seen["version"], seen["available"]) == (9, date(2026, 3, 2), 2, True)
    await desk.done(resources.verify, KEEPER, row["id"], resources.Verified(expires_on=date(2026, 3, 5)))
    assert len((await desk.done(resources.page, KEEPER, resources.Search(expired_by=date(2026, 4, 1))))[0]) == 1
    missing = await desk.act(resources.verify, ELSEWHERE, row["id"], resources.Verified())
    assert isinstance(missing, Refusal) and missing.code == "register.missing"


async def test_a_sure_match_raises_the_urgency_of_the_case_once_and_a_guess_does_not(desk: RegisterDesk, office: Desk) -> None:
    await bring(desk, YARD)
    await office.hear(about(1, respondent="铁炉尾矿库"), about(2, place="铁炉镇红土村", area=RiskArea.TAILINGS))
    await desk.follow()
    for _ in range(2):
        await office.hear(*await desk.told(RISK_MATCHED.name))
    rows = await desk.pool.fetch("SELECT case_no, urgency FROM casework.cases ORDER BY case_no")
    assert [row["urgency"] for row in rows] == ["紧急", "一般"]
    amended = await desk.pool.fetch("SELECT by, role FROM casework.events WHERE kind = 'amended'")
    assert [tuple(row) for row in amended] == [("system", "system")], "told twice, raised once"
    await desk.done(risks.judge, KEEPER, YARD_ID, case_id(2), same=True)
    await office.hear((await desk.told(RISK_MATCHED.name))[-1])
    reason = await desk.pool.fetchval("SELECT convert_from(body, 'UTF8')::jsonb ->> 'reason' FROM casework.events WHERE kind = 'amended' AND case_id = $1", case_id(2))
    assert reason == "涉及环境风险源“铁炉尾矿库”，提高紧急程度：反映地点与风险源“铁炉尾矿库”地址相合，类别相同。"

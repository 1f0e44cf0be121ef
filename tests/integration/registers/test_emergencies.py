"""Emergencies: paged once whoever sweeps, up the ladder until somebody has it, on clocks that a test sets."""

from __future__ import annotations

import asyncio
import io
from datetime import date, timedelta
from uuid import uuid4

import pytest
from docx import Document

from contracts.topics import EMERGENCY, EMERGENCY_CHANGED, EMERGENCY_PAGED, NEIGHBOUR_NOTIFIED
from services.domain import emergency as em
from services.domain.case.values import Position
from services.domain.refusals import Refusal
from services.domain.resources import Hazard
from services.registers.emergencies import acts, documents, views
from services.registers.emergencies.paging import sweep
from services.registers.handlers import Suspecting
from services.registers.resources.acts import ResourceRegister
from tests.support.office import START
from tests.support.registers import (
    DUTY_OFFICER,
    ELSEWHERE,
    KEEPER,
    MACHINE,
    STRANGER,
    RegisterDesk,
    emergency_id,
    record,
    suspected,
    workbook,
)

ONE = emergency_id(1)


def fields(desk: RegisterDesk, kind: em.ReportKind = em.ReportKind.INITIAL) -> dict[str, str]:
    rules = desk.duty.rules
    return {key: f"{name}：待查" for key, name in {**rules.header, **rules.forms[kind].required}.items()}


async def test_nobody_acknowledging_is_paged_ever_higher_and_each_page_goes_out_once(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    counts = []
    for minutes in (0, 4, 1, 10, 15, 30):
        desk.clock.advance(timedelta(minutes=minutes))
        counts.append(await desk.page())
        assert await desk.page() == 0, "the same moment does not fire twice"
    assert counts == [1, 0, 1, 1, 1, 1]
    pages = await desk.told(EMERGENCY_PAGED.name)
    assert [page.role for page in pages] == ["应急值班员", "应急值班员（备班）", "应急科室负责人", "分管局领导", "局主要领导"]
    assert pages[0].due_at == START and "油罐车侧翻" in pages[0].text and "11:00前" in pages[0].text


async def test_many_instances_sweeping_at_once_page_each_moment_once(desk: RegisterDesk) -> None:
    await desk.suspect(*(suspected(number) for number in range(1, 31)))
    desk.clock.advance(timedelta(hours=3))
    everybody = asyncio.Barrier(4)

    async def instance() -> int:
        sent = 0
        await everybody.wait()
        for _ in range(40):
            async with desk.begin() as unit:
                sent += await sweep(unit, desk.duty, limit=7)
                await asyncio.sleep(0)
        return sent

    sent = await asyncio.gather(*(instance() for _ in range(4)))
    keys = [page.page for page in await desk.told(EMERGENCY_PAGED.name)]
    assert len(keys) == len(set(keys)) == sum(sent) == 30 * 8, "five rungs and three reminders each"


async def test_an_acknowledgement_while_the_pager_holds_the_page_ends_with_one_of_both(desk: RegisterDesk) -> None:
    """The sweep has the page locked when the officer acknowledges: the page is sent, and nothing follows."""
    await desk.suspect(suspected())
    held, go = asyncio.Event(), asyncio.Event()

    async def pager() -> None:
        async with desk.begin() as unit:
            await sweep(unit, desk.duty)
            held.set()
            await go.wait()

    async def officer() -> None:
        await held.wait()
        asyncio.get_running_loop().call_later(0.2, go.set)
        await desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE)

    await asyncio.gather(pager(), officer())
    states = {r["role"]: r["state"] for r in await desk.pool.fetch("SELECT role, state FROM registers.pages WHERE purpose = 'acknowledge'")}
    assert states.pop("应急值班员") == "sent" and set(states.values()) == {"cancelled"}


async def test_a_pager_that_dies_before_its_commit_leaves_the_page_to_the_next(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    with pytest.raises(ConnectionResetError):
        async with desk.begin() as unit:
            assert await sweep(unit, desk.duty) == 1
            raise ConnectionResetError
    assert await desk.told(EMERGENCY_PAGED.name) == []
    assert await desk.page() == 1


async def test_after_an_outage_everything_missed_goes_out_late_rather_than_never(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    desk.clock.advance(timedelta(hours=5))
    assert await desk.page() == 8
    pages = await desk.told(EMERGENCY_PAGED.name)
    assert all(page.occurred_at == desk.clock() and page.due_at < desk.clock() for page in pages)
    assert [page.purpose for page in pages][-1] == "report_overdue"


async def test_a_redelivered_suspicion_opens_one_event_and_pages_once(desk: RegisterDesk) -> None:
    event = suspected()
    for offset in (1, 1, 2):
        await desk.batches().run([record(event, EMERGENCY.name, offset=offset)], Suspecting(desk.duty).handle)
    await desk.suspect(suspected(1, event_id=uuid4()))  # told again under a new id
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.emergencies") == 1
    assert len(await desk.told(EMERGENCY_CHANGED.name)) == 1
    assert await desk.page() == 1


async def test_two_batches_at_once_about_one_complaint_open_one_event(desk: RegisterDesk) -> None:
    await asyncio.gather(*(desk.suspect(suspected(1, event_id=uuid4())) for _ in range(4)))
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.emergencies") == 1
    assert len(await desk.told(EMERGENCY_CHANGED.name)) == 1


async def test_a_changed_complaint_adds_its_triggers_to_the_open_event(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    await desk.suspect(suspected(1, "油罐车侧翻", "有人中毒"))
    shown = await desk.done(views.show, desk.duty, DUTY_OFFICER, ONE)
    assert shown["emergency"]["triggers"] == ["油罐车侧翻", "有人中毒"] and [e["kind"] for e in shown["history"]] == ["suspected", "noted"]
    assert shown["hazards"] == ["油类", "有毒气体"]


async def test_a_record_that_is_no_suspicion_is_set_aside_and_costs_its_neighbours_nothing(desk: RegisterDesk) -> None:
    good = record(suspected(), EMERGENCY.name)
    bad = record(suspected(2), EMERGENCY.name)
    object.__setattr__(bad, "value", b'{"complaint_id": "not-an-id"}')
    await desk.batches().run([bad, good], Suspecting(desk.duty).handle)
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.emergencies") == 1
    assert await desk.pool.fetchval("SELECT verdict FROM bus.dead_letters") == "permanent"


async def test_only_people_on_duty_of_the_region_act_and_every_refusal_says_why(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    duty = desk.duty
    refusals = {
        "machine": await desk.act(acts.grade, duty, MACHINE, ONE, em.Grade.II, (), "看着严重"),
        "machine-ack": await desk.act(acts.acknowledge, duty, MACHINE, ONE),
        "stranger": await desk.act(acts.acknowledge, duty, STRANGER, ONE),
        "region": await desk.act(acts.acknowledge, duty, ELSEWHERE, ONE),
        "no-reason": await desk.act(acts.grade, duty, DUTY_OFFICER, ONE, em.Grade.II, (), " "),
        "no-reason-2": await desk.act(acts.dismiss, duty, DUTY_OFFICER, ONE, ""),
        "sensitive": await desk.act(acts.grade, duty, DUTY_OFFICER, ONE, em.Grade.II, ("月球",), "x"),
        "order": await desk.act(acts.report, duty, DUTY_OFFICER, ONE, em.ReportKind.RESULT, fields(desk, em.ReportKind.RESULT)),
        "fields": await desk.act(acts.report, duty, DUTY_OFFICER, ONE, em.ReportKind.INITIAL, {"time": "9:00"}),
        "extra": await desk.act(acts.report, duty, DUTY_OFFICER, ONE, em.ReportKind.INITIAL, {**fields(desk), "weather": "晴"}),
        "missing": await desk.act(acts.acknowledge, duty, DUTY_OFFICER, uuid4()),
        "stale": await desk.act(acts.dismiss, duty, DUTY_OFFICER, ONE, "误报", expected=9),
        "itself": await desk.act(acts.dismiss, duty, DUTY_OFFICER, ONE, "同一事件", same_as=ONE),
        "nothing": await desk.act(acts.dismiss, duty, DUTY_OFFICER, ONE, "同一事件", same_as=uuid4()),
    }
    codes = {name: no.code for name, no in refusals.items() if isinstance(no, Refusal)}
    assert codes == {
        "machine": "emergency.grade", "machine-ack": "actor.role", "stranger": "actor.role", "region": "register.region",
        "no-reason": "emergency.reason", "no-reason-2": "emergency.reason", "sensitive": "emergency.sensitive", "order": "emergency.order",
        "fields": "emergency.fields", "extra": "emergency.unknown", "missing": "register.missing", "stale": "register.changed",
        "itself": "emergency.same", "nothing": "emergency.same",
    }  # fmt: skip
    assert await desk.pool.fetchval("SELECT version FROM registers.emergencies") == 1
    hidden = await desk.act(views.show, duty, ELSEWHERE, ONE)
    assert isinstance(hidden, Refusal) and hidden.code == "register.missing", "outside the region it is not there"
    assert (await desk.done(views.page, ELSEWHERE))[0] == []


async def test_a_grade_moves_the_report_clock_and_its_reminders(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    await desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE)
    graded = await desk.done(acts.grade, desk.duty, DUTY_OFFICER, ONE, em.Grade.IV, (), "少量泄漏，已围堵")
    assert em.report_due(graded, desk.duty.rules) == START + timedelta(hours=4)
    desk.clock.advance(timedelta(hours=3))
    assert await desk.page() == 0, "the two-hour reminders fell with the grade"
    desk.clock.advance(timedelta(minutes=30))
    assert await desk.page() == 1
    worse = await desk.done(acts.grade, desk.duty, DUTY_OFFICER, ONE, em.Grade.II, (), "流入水源地")
    assert em.report_due(worse, desk.duty.rules) == START + timedelta(hours=2)
    assert await desk.page() == 3, "the stricter limit has passed already"
    assert (await desk.told(EMERGENCY_PAGED.name))[-1].purpose == "report_overdue"
    listed, _ = await desk.done(views.page, DUTY_OFFICER)
    assert listed[0]["report_overdue"] and listed[0]["grade"] == "II"


async def test_a_sensitive_place_keeps_two_hours_whatever_the_grade(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    graded = await desk.done(acts.grade, desk.duty, DUTY_OFFICER, ONE, em.Grade.IV, ("饮用水水源地",), "水源地上游")
    assert em.report_due(graded, desk.duty.rules) == START + timedelta(hours=2)


async def test_the_three_reports_are_given_in_order_and_printed(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    await desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE)
    await desk.done(acts.report, desk.duty, DUTY_OFFICER, ONE, em.ReportKind.INITIAL, fields(desk))
    desk.clock.advance(timedelta(hours=6))
    assert await desk.page() == 0, "a report that is sent is not asked for"
    follow = {**fields(desk, em.ReportKind.FOLLOW_UP), "progress": "已转运泄漏油品三吨"}
    await desk.done(acts.report, desk.duty, DUTY_OFFICER, ONE, em.ReportKind.FOLLOW_UP, follow)
    await desk.done(acts.report, desk.duty, DUTY_OFFICER, ONE, em.ReportKind.FOLLOW_UP, follow)
    event = await desk.done(acts.report, desk.duty, DUTY_OFFICER, ONE, em.ReportKind.RESULT, fields(desk, em.ReportKind.RESULT))
    assert event.status == "已报结果" and not event.open
    after = await desk.act(acts.report, desk.duty, DUTY_OFFICER, ONE, em.ReportKind.FOLLOW_UP, follow)
    assert isinstance(after, Refusal) and after.code == "emergency.finished"
    mark = documents.printed_by("人员duty（duty）", desk.clock())
    text = documents.as_text(event, 2, desk.duty.rules, desk.city, mark)
    assert "报告类别：续报（第2次）" in text and "处置进展：已转运泄漏油品三吨" in text and "报送：本级人民政府" in text
    assert "事件等级：待定级" in text and "获知时间：2026-03-02 09:00，初报时限2026-03-02 11:00" in text
    document = Document(io.BytesIO(documents.as_docx(event, 0, desk.duty.rules, desk.city, mark)))
    cells = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert cells["主要污染物和数量"] == "主要污染物和数量：待查" and cells["行政区域"] == "东岸区"
    assert "人员duty" in document.sections[0].footer.paragraphs[0].text
    with pytest.raises(IndexError):
        documents.as_text(event, 9, desk.duty.rules, desk.city, mark)
    changes = await desk.told(EMERGENCY_CHANGED.name)
    assert [c.version for c in changes] == [1, 2, 3, 4, 5, 6] and [c.kind for c in changes][-1] == "reported"
    assert all("签发人" not in str(c.detail) for c in changes), "what the report says does not travel"


async def test_neighbours_are_told_at_once_when_graded_and_when_it_was_none(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    told = await desk.told(NEIGHBOUR_NOTIFIED.name)
    assert [notice.district for notice in told] == ["470303", "470304", "470321"] and {n.kind for n in told} == {"suspected"}
    await desk.done(acts.grade, desk.duty, DUTY_OFFICER, ONE, em.Grade.III, (), "污染带下移")
    await desk.done(acts.dismiss, desk.duty, DUTY_OFFICER, ONE, "现场为染色水，已排除")
    told = await desk.told(NEIGHBOUR_NOTIFIED.name)
    assert [n.kind for n in told[3:]] == ["graded"] * 3 + ["dismissed"] * 3 and told[3].grade == "III"


async def test_an_event_across_a_border_tells_districts_of_other_cities_too(desk: RegisterDesk) -> None:
    region = {"code": None, "city": "470300", "confidence": 0.4, "districts": ("470322", "470381")}
    await desk.suspect(suspected(1, region=region))
    assert {n.district for n in await desk.told(NEIGHBOUR_NOTIFIED.name)} == {"470322", "470381", "470303", "470304", "470321", "470423", "470525"}


async def test_dismissal_ends_every_clock_and_says_who_and_why(desk: RegisterDesk) -> None:
    await desk.suspect(suspected(1), suspected(2))
    shown = await desk.done(views.show, desk.duty, DUTY_OFFICER, ONE)
    assert shown["similar"] == [str(emergency_id(2))], "others of the same hours and district may be the same event"
    event = await desk.done(acts.dismiss, desk.duty, DUTY_OFFICER, ONE, "与另一件为同一起事故", same_as=emergency_id(2))
    assert (event.status, event.same_as, event.dismissed_reason) == ("已并入", str(emergency_id(2)), "与另一件为同一起事故")
    desk.clock.advance(timedelta(hours=9))
    await desk.page()
    assert {page.emergency_id for page in await desk.told(EMERGENCY_PAGED.name)} == {emergency_id(2)}
    again = await desk.act(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE)
    assert isinstance(again, Refusal) and again.code == "emergency.ended"


async def test_whoever_acknowledges_second_learns_who_was_first(desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    other = DUTY_OFFICER.__class__("duty2", "人员duty2", DUTY_OFFICER.roles, None, DUTY_OFFICER.regions)
    first, second = await asyncio.gather(
        desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE), desk.done(acts.acknowledge, desk.duty, other, ONE)
    )
    assert first.acknowledged_by == second.acknowledged_by
    assert len(await desk.told(EMERGENCY_CHANGED.name)) == 2, "suspected and one acknowledgement"


async def test_several_tellings_of_one_event_are_named_in_the_page_and_taken_along_at_once(desk: RegisterDesk) -> None:
    elsewhere = {"code": "470322", "city": "470300", "confidence": 1.0}
    await desk.suspect(suspected(1), suspected(2), suspected(3, region=elsewhere))
    await desk.page()
    first = next(page for page in await desk.told(EMERGENCY_PAGED.name) if page.emergency_id == ONE)
    assert first.also == (emergency_id(2),) and first.text.endswith("同区域另有1件疑似事件。")
    await asyncio.gather(
        desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, ONE, with_similar=True),
        desk.done(acts.acknowledge, desk.duty, DUTY_OFFICER, emergency_id(2), with_similar=True),
    )
    rows = await desk.pool.fetch("SELECT complaint_id, status FROM registers.emergencies")
    assert sorted(row["status"] for row in rows) == ["已接警", "已接警", "待接警"], "another district's is another event"


async def test_a_page_names_who_is_on_duty_today_in_that_post_and_district(desk: RegisterDesk) -> None:
    header = ("日期", "岗位", "行政区划代码", "值班人员", "值班电话")
    good = [("2026-03-02", "应急值班员", "470300", "何文岚", "0000-1"), ("2026-03-02", "应急值班员", "470381", "丁宏谦", "0000-2"),
            ("2026-03-03", "应急值班员", "", "秦永松", "0000-3")]  # fmt: skip
    bad = [("2026-03-02", "门卫", "", "某人", ""), ("2026-03-02", "应急值班员", "470300", "何文岚", ""), ("三月二日", "应急值班员", "", "某人", "")]
    taken = await desk.take(KEEPER, views.DutyRegister(desk.duty), workbook(header, *good, *bad))
    assert not isinstance(taken, Refusal)
    assert taken.counts == {"rows": 6, "added": 3, "changed": 0, "unchanged": 0, "refused": 3, "blank": 0}
    await desk.suspect(suspected())
    await desk.page()
    assert (await desk.told(EMERGENCY_PAGED.name))[0].persons == ("何文岚",)
    listed = await desk.done(views.roster, DUTY_OFFICER, date(2026, 3, 1), date(2026, 3, 9))
    assert [row["person"] for row in listed] == ["丁宏谦", "何文岚", "秦永松"]


async def test_the_nearest_fitting_help_is_proposed_by_district_and_by_distance_once_the_place_is_known(desk: RegisterDesk) -> None:
    header = ("类型", "名称", "适用类别", "行政区划代码", "存放地点", "经度", "纬度", "联系人", "联系电话", "数量", "计量单位", "核实日期", "有效期至")
    rows = [
        ("物资", "本区围油栏", "油类", "470302", "东岸库", "", "", "甲", "0000", 300, "米", "2026-01-01", ""),
        ("物资", "邻区围油栏", "油类", "470303", "西屏库", 110.50, 32.50, "乙", "0000", 200, "米", "2026-01-01", ""),
        ("物资", "远处围油栏", "油类", "470381", "南渡库", 110.51, 32.51, "丙", "0000", 200, "米", "2026-01-01", ""),
        ("物资", "过期吸油毡", "油类", "470302", "东岸库", "", "", "丁", "0000", 9, "箱", "", "2026-01-01"),
        ("队伍", "危化救援队", "油类、有毒气体", "470302", "消防站", "", "", "戊", "0000", 20, "人", "", ""),
    ]
    taken = await desk.take(KEEPER, ResourceRegister(desk.city), workbook(header, *rows))
    assert not isinstance(taken, Refusal) and taken.added == 5
    await desk.suspect(suspected(1, "油罐车侧翻"))
    rules = desk.rules.registers.help
    found = await desk.done(views.help_for, rules, desk.city, desk.duty, DUTY_OFFICER, ONE)
    assert [p.resource.name for p in found] == ["本区围油栏", "邻区围油栏", "远处围油栏", "危化救援队"]
    assert "距离不详（东岸库）" in found[0].sentence and found[3].doubtful
    await desk.done(acts.locate, desk.duty, DUTY_OFFICER, ONE, "滨江大道", Position(latitude=32.51, longitude=110.51))
    found = await desk.done(views.help_for, rules, desk.city, desk.duty, DUTY_OFFICER, ONE, [Hazard.OIL])
    assert [p.resource.name for p in found][:2] == ["远处围油栏", "邻区围油栏"] and "约1.5公里" in found[1].sentence
    no = await desk.act(views.help_for, rules, desk.city, desk.duty, STRANGER, ONE)
    assert isinstance(no, Refusal) and no.code == "actor.role"

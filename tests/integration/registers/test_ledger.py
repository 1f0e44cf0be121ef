"""The ledger: lines of cases as they stand, imported ledgers row by row, exports on record, the public table."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest
from python_calamine import CalamineWorkbook

from contracts.topics import CASE_CHANGED
from services.domain.case import commands as c
from services.domain.refusals import Refusal
from services.domain.tables import heading
from services.infra.records import Record
from services.registers.handlers import Following
from services.registers.importing import Taken
from services.registers.ledger import acts, findings
from services.registers.ledger.lines import LedgerRegister
from services.registers.repository import find_import
from services.sheets import read_sheet
from tests.support.office import OFFICER as HANDLER
from tests.support.office import PLAN, SUPERVISOR, VERIFY, Desk, assigned, linked, opened
from tests.support.registers import COUNTY_KEEPER, KEEPER, MACHINE, OFFICER, STRANGER, RegisterDesk, city, workbook

HEADER = ("序号", "问题来源", "问题描述", "整改措施", "责任单位", "责任人", "整改时限", "进展", "办结状态", "销号日期")
GOOD = (1, "省督察", "料场无围挡", "加装围挡和喷淋", "东岸区生态环境分局", "姚安毅", "2026-05-31", "已招标", "", "")


def row(**changes: object) -> tuple[object, ...]:
    names = ("number", "source", "problem", "measures", "unit", "person", "deadline", "progress", "state", "closed")
    return tuple({**dict(zip(names, GOOD, strict=True)), **changes}.values())


def register(desk: RegisterDesk, region: str | None = None) -> LedgerRegister:
    return LedgerRegister(city(), desk.rules.ledger, desk.clock(), region)


async def taken(desk: RegisterDesk, *rows: tuple[object, ...], header: tuple[str, ...] = HEADER, **options: object) -> Taken:
    check = bool(options.pop("check", False))
    region = options.pop("region", None)
    result = await desk.take(KEEPER, register(desk, region), workbook(header, *rows), check=check, **options)  # type: ignore[arg-type]
    assert isinstance(result, Taken), result
    return result


async def lines(desk: RegisterDesk, actor: object = KEEPER, **wanted: object) -> list[dict[str, object]]:
    page = await desk.done(acts.page, actor, acts.Filter(**wanted))  # type: ignore[arg-type]
    return [dict(line) for line in page.lines]


# --- imports ----------------------------------------------------------------------------------------------------------


async def test_the_database_itself_refuses_a_line_without_unit_person_deadline_or_measures(desk: RegisterDesk) -> None:
    await taken(desk, GOOD)
    for column in ("problem", "measures", "lead_unit", "person"):
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.pool.execute(f"UPDATE registers.ledger SET {column} = ''")
    with pytest.raises(asyncpg.NotNullViolationError):
        await desk.pool.execute("UPDATE registers.ledger SET deadline = NULL")


async def test_rows_that_fail_come_back_with_their_reasons_and_all_rows_add_up(desk: RegisterDesk) -> None:
    found = await taken(
        desk, GOOD, row(problem="无人负责", person=""), row(problem="没有期限", deadline="尽快"), ("",) * 10,
        row(problem="外地单位", unit="某某公司"), GOOD, row(problem="已销号", state="已销号", closed="2026-02-01"),
    )  # fmt: skip
    assert found.counts == {"rows": 7, "added": 2, "changed": 0, "unchanged": 0, "refused": 4, "blank": 1}
    assert found.summary == "整改台账：共7行，导入后新增2、更新0、不变0，退回4，空行1。"
    assert found.returned is not None
    sheet = read_sheet(found.returned, {heading(name) for name in HEADER})
    reasons = {int(str(row[0]).split(".")[0]): str(row[1]) for row in sheet.rows}
    assert reasons == {
        3: "“责任人”不能为空。", 4: "“整改时限”“尽快”不是日期，请写成2026-05-31。",
        6: "“责任单位”不在本市单位名录，请写单位全称，或在导入时指明区划。", 7: "“问题描述”与第2行是同一条（来源、问题、责任单位都相同）。",
    }  # fmt: skip
    open_, closed = await lines(desk, open=True), await lines(desk, open=False)
    assert [line["problem"] for line in (*open_, *closed)] == ["料场无围挡", "已销号"]
    assert open_[0]["lead_unit_id"] == "da-hb" and open_[0]["region"] == "470302"
    async with desk.pool.acquire() as connection:
        kept = await find_import(connection, found.id)  # type: ignore[arg-type]
    assert kept is not None and kept["by"] == "keeper" and kept["summary"]["refused"] == 4 and bytes(kept["returned"]) == found.returned


async def test_a_returned_file_mended_in_place_is_imported_as_it_is(desk: RegisterDesk) -> None:
    found = await taken(desk, row(problem="无人负责", person=""))
    assert found.returned is not None
    rows = CalamineWorkbook.from_filelike(io.BytesIO(found.returned)).get_sheet_by_index(0).to_python()
    head = next(index for index, cells in enumerate(rows) if cells[0] == "原行号")
    rows[head + 1][rows[head].index("责任人")] = "姚安毅"
    again = await taken(desk, *(tuple(cells) for cells in rows[head + 1 :]), header=tuple(rows[head]))  # type: ignore[arg-type]
    assert again.counts["added"] == 1 and again.unknown == ()
    assert (await lines(desk))[0]["progress"] == "已招标", "the reason column is no content"


async def test_a_preview_says_what_would_happen_and_writes_nothing(desk: RegisterDesk) -> None:
    found = await taken(desk, GOOD, row(problem="无人负责", person=""), check=True)
    assert found.id is None and found.counts["added"] == 1 and found.counts["refused"] == 1 and found.returned
    assert found.headings["责任人"] == "责任人" and "可导入新增1" in found.summary
    assert await desk.pool.fetchval("SELECT (SELECT count(*) FROM registers.ledger) + (SELECT count(*) FROM registers.imports)") == 0


async def test_importing_the_same_ledger_again_changes_nothing_and_a_newer_one_brings_it_up_to_date(desk: RegisterDesk) -> None:
    await taken(desk, GOOD, row(problem="另一处"))
    first = {line["problem"]: line["at"] for line in await lines(desk)}
    desk.clock.advance(timedelta(days=7))
    again = await taken(desk, GOOD, row(problem="另一处", progress="已完工"))
    assert again.counts == {"rows": 2, "added": 0, "changed": 1, "unchanged": 1, "refused": 0, "blank": 0}
    now = {line["problem"]: line for line in await lines(desk)}
    assert now["另一处"]["progress"] == "已完工" and now["另一处"]["at"] == first["另一处"]


async def test_two_people_importing_one_ledger_at_once_leave_each_line_once(desk: RegisterDesk) -> None:
    rows = [row(problem=f"问题{n}") for n in range(40)]
    both = await asyncio.gather(taken(desk, *rows), taken(desk, *reversed(rows)))
    assert sorted(found.counts["added"] for found in both) == [0, 40] and len(await lines(desk)) == 40


async def test_other_headings_are_mapped_and_columns_nobody_knows_go_into_the_progress(desk: RegisterDesk) -> None:
    header = ("编号", "轮次", "反映情况", "措施", "牵头单位", "整改责任人", "完成时限", "挂钩领导")
    rows = (1, "三轮", "偷排", "封堵", "东岸区水利和湖泊局", "韩建敏", "2026年6月1日", "张某")
    found = await taken(desk, rows, header=header, 反映情况="problem", 轮次="问题来源")
    assert found.headings["反映情况"] == "问题描述" and found.unknown == ("挂钩领导",)
    (line,) = await lines(desk)
    assert (line["source"], line["problem"], line["progress"]) == ("三轮", "偷排", "挂钩领导：张某")
    wrong = await desk.take(KEEPER, register(desk), workbook(header, rows), 反映="problem")
    assert isinstance(wrong, Refusal) and "表中没有“反映”列" in wrong.message


async def test_a_file_that_is_no_table_is_refused_with_the_remedy_and_nothing_is_written(desk: RegisterDesk) -> None:
    bad = {"已损坏": b"PK\x03\x04" + b"0" * 50, "旧版 .xls": b"\xd0\xcf\x11\xe0" + b"0" * 600, "是空的": b"", "不认识": b"\x00" * 90}
    for told, data in bad.items():
        no = await desk.take(KEEPER, register(desk), data)
        assert isinstance(no, Refusal) and no.code == "register.file" and told in no.message and no.instead
    assert await desk.pool.fetchval("SELECT count(*) FROM registers.imports") == 0


async def test_who_may_not_import_is_told_and_a_county_brings_in_its_own_rows_only(desk: RegisterDesk) -> None:
    data = workbook(HEADER, GOOD, row(problem="县内", unit="石岭县水利和湖泊局"))
    for actor in (OFFICER, STRANGER):
        no = await desk.take(actor, register(desk), data)
        assert isinstance(no, Refusal) and no.code == "actor.role"
    found = await desk.take(COUNTY_KEEPER, register(desk), data)
    assert isinstance(found, Taken) and found.counts["added"] == 1 and found.problems[0].message.startswith("470302不在您的管辖范围内")
    assert [line["problem"] for line in await lines(desk)] == ["县内"]


# --- scopes -----------------------------------------------------------------------------------------------------------


async def test_a_unit_sees_its_own_lines_a_county_its_own_and_oversight_all(desk: RegisterDesk) -> None:
    header = (*HEADER, "配合单位")
    await taken(
        desk, (*GOOD, ""), (*row(problem="城管的", unit="东岸区城市管理执法局"), "东岸区生态环境分局"),
        (*row(problem="住建的", unit="东岸区住房和城乡建设局"), ""), (*row(problem="县里的", unit="石岭县水利和湖泊局"), ""),
        header=header,
    )  # fmt: skip
    seen = {actor.id: {str(line["problem"]) for line in await lines(desk, actor)} for actor in (KEEPER, OFFICER, COUNTY_KEEPER)}
    assert seen == {"keeper": {"料场无围挡", "城管的", "住建的", "县里的"}, "officer": {"料场无围挡", "城管的"}, "county": {"县里的"}}
    theirs = (await lines(desk, unit="da-zj"))[0]["id"]
    hidden = await desk.act(findings.history, OFFICER, theirs)
    assert isinstance(hidden, Refusal) and hidden.code == "register.missing"
    assert isinstance(await desk.act(acts.page, STRANGER, acts.Filter()), Refusal)
    nobody = replace(OFFICER, unit_id=None)
    assert await lines(desk, nobody) == [], "somebody of no unit sees no unit's lines"
    assert await lines(desk, replace(KEEPER, regions=frozenset())) == [], "an empty scope covers nothing"


async def test_pages_of_the_ledger_follow_each_other_without_gap_or_repeat(desk: RegisterDesk) -> None:
    await taken(desk, *(row(problem=f"问题{n}", deadline=f"2026-0{1 + n % 5}-15") for n in range(23)))
    seen: list[UUID] = []
    after = None
    while True:
        page = await desk.done(acts.page, KEEPER, acts.Filter(), after=after, limit=5)
        assert page.total == 23
        seen += [line["id"] for line in page.lines]
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 23
    assert len(await lines(desk, overdue=True)) == 10, "January and February have passed on the second of March"


# --- lines of cases ---------------------------------------------------------------------------------------------------


async def test_a_case_comes_onto_the_ledger_with_its_measures_and_follows_it_to_close_out(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), linked(2), assigned(helper=True))
    await desk.follow()
    assert await lines(desk) == [], "no measures, no line"
    await office.give(HANDLER, c.SignIn(), c.AcceptPart(), c.Investigate())
    await office.evidence("site", "before")
    await office.evidence("report", "report")
    await office.give(HANDLER, VERIFY, PLAN)
    await desk.follow()
    (line,) = await lines(desk)
    assert (line["person"], line["deadline"], line["progress"], line["lead_unit_id"]) == ("周工", date(2026, 12, 30), "0/1项完成", "da-hb")
    assert line["co_unit_ids"] == ["da-cg"] and line["open"] and line["source"] == "XF20260302-000001-1、XF20260302-000002-1"
    await desk.follow()
    assert len(await lines(desk)) == 1


async def test_a_closed_case_keeps_its_line_and_a_reopened_one_begins_another(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), assigned())
    await office.to_closed()
    await desk.follow()
    (line,) = await lines(desk)
    assert (line["state"], line["open"], line["document_no"], line["progress"]) == ("已销号", False, "销〔2026〕1号", "1/1项完成")
    assert line["closed_on"] and "满意" in str(line["satisfaction"])
    await office.give(SUPERVISOR, c.Reopen(reason="复查发现油烟又直排"))
    await office.hear(assigned(1, 2))
    await office.give(HANDLER, c.SignIn(), c.AcceptPart(), c.Investigate())
    await office.evidence("site2", "before")
    await office.evidence("report2", "report")
    again = VERIFY.model_copy(update={"report": "report2", "evidence": ("site2",)})
    plan = PLAN.model_copy(update={"measures": (PLAN.measures[0].model_copy(update={"id": "m2"}),)})
    await office.give(HANDLER, again, plan)
    await desk.follow()
    first, second = sorted(await lines(desk), key=lambda line: str(line["origin_key"]))
    assert (first["state"], first["open"], first["progress"]) == ("已销号（后重新立案）", False, "1/1项完成")
    assert second["open"] and second["progress"] == "0/1项完成"


async def test_a_reopening_heard_of_late_still_leaves_the_first_round_complete(office: Desk, desk: RegisterDesk) -> None:
    """The consumer lagged: when it sees the close-out, the case has been reopened already."""
    await office.hear(opened(), assigned())
    await office.to_closed()
    await office.give(SUPERVISOR, c.Reopen(reason="复查发现油烟又直排"))
    await desk.follow()
    (line,) = await lines(desk)
    assert (line["state"], line["document_no"], line["open"]) == ("已销号（后重新立案）", "销〔2026〕1号", False)


async def test_an_older_state_never_overwrites_a_newer_line(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), assigned())
    await office.to_concluded()
    await desk.follow()
    await desk.pool.execute("UPDATE registers.ledger SET origin_version = origin_version + 1, progress = '新'")
    await desk.pool.execute("DELETE FROM bus.inbox")
    await desk.follow()
    assert (await lines(desk))[0]["progress"] == "新"


async def test_a_case_that_lacks_something_is_shown_as_lacking_instead_of_being_left_out(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), assigned())
    await office.to_concluded()
    await desk.pool.execute("UPDATE casework.cases SET state = jsonb_set(state, '{matter,summary}', '\"\"')")
    await desk.follow()
    assert await lines(desk) == []
    (lacking,) = await desk.done(acts.lacking, KEEPER)
    assert (lacking["case_no"], lacking["missing"]) == ("AJ2026-0000001", ["问题描述"])
    assert await desk.done(acts.lacking, COUNTY_KEEPER) == []
    await desk.pool.execute("UPDATE casework.cases SET state = jsonb_set(state, '{matter,summary}', '\"油烟\"')")
    await desk.pool.execute("DELETE FROM bus.inbox")
    await desk.follow()
    assert len(await lines(desk)) == 1 and await desk.done(acts.lacking, KEEPER) == []


async def test_an_imported_row_does_not_write_over_the_line_of_a_case(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), assigned())
    await office.to_concluded()
    await desk.follow()
    found = await taken(desk, (*GOOD, "AJ2026-0000001"), header=(*HEADER, "案件编号"))
    assert found.counts["refused"] == 1 and "由系统按案件生成" in found.problems[0].message


async def test_a_change_that_cannot_be_read_is_set_aside(desk: RegisterDesk) -> None:
    bad = Record(CASE_CHANGED.name, 0, 1, b"k", b'{"case_id": 1}', {}, 1)
    await desk.batches().run([bad], Following(desk.rules).handle)
    assert await desk.pool.fetchval("SELECT verdict FROM bus.dead_letters") == "permanent"


# --- exports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_an_export_has_the_columns_officials_use_is_marked_disarmed_and_on_record(desk: RegisterDesk, form: str) -> None:
    await taken(desk, row(problem="=HYPERLINK(1)", progress="-2+3"), row(problem="另一处", unit="石岭县水利和湖泊局"))
    given = await desk.done(acts.export, KEEPER, desk.rules.ledger, acts.Filter(region="470302"), form)
    assert given.rows == 1 and given.number.startswith("DC20260302-")
    sheet = read_sheet(given.data, {heading(column.name) for column in desk.rules.ledger.columns})
    names = [column.name for column in desk.rules.ledger.columns]
    assert list(sheet.header)[: len(names)] == names
    cells = dict(zip(sheet.header, sheet.rows[0], strict=False))
    assert cells["问题描述"] == "'=HYPERLINK(1)" and cells["进展"] == "'-2+3"
    assert f"人员keeper（keeper） 2026-03-02 09:00 编号{given.number}".encode() in given.data or form == "xlsx"
    kept = await desk.pool.fetchrow("SELECT by, form, filter, rows FROM registers.exports WHERE number = $1", given.number)
    assert dict(kept) == {"by": "keeper", "form": form, "filter": {"region": "470302"}, "rows": 1}
    again = await desk.take(KEEPER, register(desk), given.data)
    assert isinstance(again, Taken) and again.counts["unchanged"] == 1 == again.rows, "our own export reads back as the same line"


async def test_who_may_not_export_is_refused_and_an_export_without_lines_is_still_on_record(desk: RegisterDesk) -> None:
    for actor in (OFFICER, STRANGER):
        no = await desk.act(acts.export, actor, desk.rules.ledger, acts.Filter(), "csv")
        assert isinstance(no, Refusal) and no.code == "actor.role"
    given = await desk.done(acts.export, KEEPER, desk.rules.ledger, acts.Filter(), "csv")
    assert given.rows == 0 and await desk.pool.fetchval("SELECT count(*) FROM registers.exports") == 1


async def test_the_public_table_tells_findings_and_nothing_of_petitioners_and_holds_back_what_would(office: Desk, desk: RegisterDesk) -> None:
    await office.hear(opened(), linked(2, confidential=True), assigned())
    await office.to_concluded()
    await office.hear(opened(3), assigned(3))
    published = await desk.done(acts.disclose, KEEPER, desk.city, "csv")
    text = published.given.data.decode("utf-8-sig")
    lines_ = text.splitlines()
    assert lines_[0].startswith("序号,受理编号,交办问题基本情况,行政区域,污染类型,调查核实情况,是否属实,处理和整改情况,责任人被处理情况,办结情况")
    assert published.given.rows == 1 and "XF20260302-000001-1,鑫味烧烤：油烟,东岸区,大气,现场油烟直排，净化器未开,属实" in lines_[1]
    assert "罚款五千元" in lines_[1] and "已办结" in lines_[1] and "p1" not in text
    assert [(held.receipt_no, held.why) for held in published.held] == [("XF20260302-000002-1", "信访人要求保密。")]
    assert "000003" not in text, "nothing is published before it was verified"
    await desk.pool.execute("UPDATE casework.cases SET state = jsonb_set(state, '{verification,found}', '\"举报人姓王，电话13912345678\"')")
    published = await desk.done(acts.disclose, KEEPER, desk.city, "csv")
    assert published.given.rows == 0 and len(published.held) == 2 and "“调查核实情况”含" in published.held[0].why
    later = await desk.done(acts.disclose, KEEPER, desk.city, "xlsx", since=date(2026, 3, 3))
    assert later.given.rows == 0 and later.held == ()
    assert isinstance(await desk.act(acts.disclose, OFFICER, desk.city, "csv"), Refusal)


async def test_a_system_may_hold_a_role_and_still_sees_only_its_regions(desk: RegisterDesk) -> None:
    await taken(desk, GOOD)
    assert len(await lines(desk, MACHINE)) == 1
    assert await lines(desk, replace(MACHINE, regions=frozenset({"470322"}))) == []



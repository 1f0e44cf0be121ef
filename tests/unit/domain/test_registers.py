"""Ledger, risk sources, hydropower, resources, emergencies, access, and rules files with slips in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import RiskArea, Urgency
from services.domain import emergency as em
from services.domain import hydropower as hp
from services.domain import ledger, risk_sources
from services.domain.case.values import Position, RectifyMode
from services.domain.ledger import LedgerRules
from services.domain.parameters import RuleFileError, parse_parameters
from services.domain.places import distance_km, plain_name
from services.domain.principals import Grant, Principal, Role, What, may_read
from services.domain.refusals import Refusal
from services.domain.resources import Hazard, Resource, ResourceKind, nearest
from services.domain.rulebook import FILES, parse_rule_book
from services.domain.tables import Column, cell_out, heading, read_table
from tests.unit.domain.case.office import MACHINE, RULES, Desk, person, rule_book

BOOK = rule_book()
TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
HEADER = (
    "序号",
    "问题描述",
    "整改措施",
    "责任单位",
    "责任人",
    "整改时限",
    "公示开始",
    "公示结束",
    "销号日期",
)
GOOD = (1, "料场无围挡", "加装围挡和喷淋", "城关镇", "何某", "2026-05-31", None, None, None)


# --- tables and the ledger --------------------------------------------------------------------------------------------


def imported(*rows, header=HEADER):
    return ledger.import_ledger(header, rows, BOOK.ledger)


@pytest.mark.parametrize(
    ("place", "column"), [(1, "问题描述"), (2, "整改措施"), (3, "责任单位"), (4, "责任人"), (5, "整改时限")]
)
def test_no_entry_without_problem_measures_unit_person_and_deadline(place, column):
    row = (*GOOD[:place], None, *GOOD[place + 1 :])
    found = imported(GOOD, row)
    assert len(found.entries) == 1
    assert [str(problem) for problem in found.reading.problems] == [f"第3行“{column}”：不能为空。"]
    assert found.summary == "共2行：导入1行，退回1行，空行0行。"


def test_a_table_without_a_required_column_is_refused_row_by_row():
    found = imported(GOOD[:4], header=HEADER[:4])
    assert not found.entries
    assert {problem.column for problem in found.reading.problems} == {"责任人", "整改时限"}


def test_headings_are_known_by_their_other_names_and_unknown_ones_are_kept():
    header = ("序号", "具体内容", "措施", "牵头单位", "整改责任人", "完成 时限（年月日）", "备注")
    found = imported((1, "偷排", "封堵", "水利局", "邓某", "2026年6月1日", "省级交办"), header=header)
    ((_, entry),) = found.entries
    assert (entry.lead_unit, entry.deadline, entry.progress) == ("水利局", date(2026, 6, 1), "备注：省级交办")
    assert found.reading.unknown == ("备注",)


@pytest.mark.parametrize(
    ("value", "day"),
    [("2026-5-1", 1), ("2026/05/01", 1), ("2026.5.1", 1), ("2026年5月1日", 1), ("20260501", 1), (date(2026, 5, 1), 1),
     (datetime(2026, 5, 1, 8), 1), ("2026-05-01 00:00:00", 1)],
)  # fmt: skip
def test_dates_are_read_in_the_ways_people_write_them(value, day):
    ((_, entry),) = imported((*GOOD[:5], value, None, None, None)).entries
    assert entry.deadline == date(2026, 5, day)


@pytest.mark.parametrize("value", ["尽快", "26-5-1", "2026-02-30", "长期坚持", 46000])
def test_what_is_no_date_is_refused_and_never_guessed(value):
    found = imported((*GOOD[:5], value, None, None, None))
    assert not found.entries and found.reading.problems[0].column == "整改时限"


def test_dates_out_of_order_are_refused():
    found = imported(
        (*GOOD[:6], "2026-06-10", "2026-06-01", None), (*GOOD[:6], "2026-06-01", "2026-06-10", "2026-06-05")
    )
    assert [str(problem) for problem in found.reading.problems] == [
        "第2行“公示结束”：早于公示开始。",
        "第3行“销号日期”：早于公示结束。",
    ]


CELL = st.one_of(
    st.none(), st.text(max_size=6), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes()
)


@given(st.lists(st.lists(CELL, max_size=12), max_size=12), st.lists(CELL, max_size=12))
def test_whatever_a_spreadsheet_holds_every_row_is_accounted_for(rows, header):
    for head in (HEADER, header):
        found = ledger.import_ledger(head, rows, BOOK.ledger)
        reading = found.reading
        assert reading.complete and reading.total_rows == len(rows)
        assert len(found.entries) == len(reading.accepted)
        assert {problem.row for problem in reading.problems if problem.row > 1} == reading.refused_rows


def test_a_ledger_written_out_reads_back_the_same():
    header, rows = ledger.export_ledger([entry for _, entry in imported(GOOD).entries], BOOK.ledger)
    again = ledger.import_ledger(header, rows, BOOK.ledger)
    ((_, entry),) = again.entries
    assert (entry.problem, entry.deadline, entry.person) == ("料场无围挡", date(2026, 5, 31), "何某")


def test_a_formula_in_a_text_is_disarmed():
    assert cell_out("=HYPERLINK(1)") == "'=HYPERLINK(1)" and cell_out(("a", "b")) == "a、b"
    assert cell_out(-5) == -5 and cell_out(True) == "是"


def test_the_ledger_line_of_a_case_is_complete_and_names_no_petitioner():
    desk = Desk().to_closed()
    entry = ledger.entry_of(desk.state)
    assert ledger.lacking(entry, BOOK.ledger) == ()
    assert (
        entry.closed_on
        and entry.publicity_end
        and entry.document_no == "销〔2026〕1号"
        and entry.state == "已销号"
    )
    assert "p1" not in repr(entry)
    assert "责任人" in ledger.lacking(ledger.entry_of(Desk().opened().state), BOOK.ledger)


def test_a_rules_file_may_ask_for_more_than_the_speech_but_not_for_less():
    text = (RULES / "ledger.yaml").read_text(encoding="utf-8")
    less = text.replace("name: 责任人, required: true", "name: 责任人")
    with pytest.raises(RuleFileError, match="columns person must be there and required"):
        parse_parameters(less, "ledger.yaml", LedgerRules)
    odd = text + "  - {key: colour, name: 颜色}\n"
    with pytest.raises(RuleFileError, match="unknown columns colour"):
        parse_parameters(odd, "ledger.yaml", LedgerRules)


def test_two_columns_of_one_meaning_are_reported():
    columns = (Column(key="a", name="甲", aliases=("乙",)),)
    reading = read_table(("甲", "乙"), [("x", "y")], columns)
    assert reading.problems[0].row == 1 and reading.accepted[0].values == {"a": "x"}
    assert heading("完成 时限（年月日）") == "完成时限"


def test_cells_beyond_the_heading_are_not_dropped_silently():
    reading = read_table(("甲",), [("x", "stray")], (Column(key="a", name="甲"),))
    assert reading.problems[0].message == "超出表头，无法归入任何一项。"


# --- risk sources -----------------------------------------------------------------------------------------------------

SOURCES = ("名称", "风险类别", "行政区划代码", "经度", "纬度", "监管单位", "责任人")
YARD = ("江北尾矿有限公司", "尾矿库", "429304", 110.8, 32.6, "应急局", "石某")


def test_sources_are_imported_and_bad_rows_named():
    rows = [YARD, ("江北尾矿公司", *YARD[1:]), ("甲", "油库", *YARD[2:]), ("乙", "尾矿库", "42930", *YARD[3:]),
            ("丙", "尾矿库", "429304", 32.6, 110.8, "应急局", "石某"), ("丁", "尾矿库", "429304", 110.8, None, "应急局", "石某")]  # fmt: skip
    sources, reading = risk_sources.import_sources(SOURCES, rows)
    assert len(sources) == 1 and reading.complete
    messages = [problem.message for problem in sorted(reading.problems, key=lambda problem: problem.row)]
    assert messages[0] == "同一区划内已有同名风险源。" and messages[1].startswith("须为：危废、饮用水水源地")
    assert messages[2] == "须为六位数字。" and "填反" in messages[3] and "同时填写" in messages[4]


def test_a_complaint_is_matched_by_name_in_the_district_or_by_nearness_and_kind():
    (yard,), _ = risk_sources.import_sources(SOURCES, [YARD])
    def match(sources, **what):
        return risk_sources.match(sources, BOOK.registers.matching, **what)

    assert match([yard], respondent="江北尾矿公司", region="429304")[0].score == 1.0
    assert match([yard], respondent="江北尾矿有限公司二库", region="429304")[0].score == 0.8
    assert match([yard], respondent="江北尾矿公司", region="429305") == ()
    assert match([yard], respondent="江北尾", region="429304")[0].score == 0.8
    wide = replace(yard, name="江北尾矿库三号排洪隧洞")
    assert match([wide], respondent="江北尾矿库", region="429304")[0].score == 0.6, "part of a name is a guess"
    assert match([yard], place="江北尾矿旁的饭店", region="429304")[0].score == 0.6, "things are beside a place, too"
    assert match([yard], place="江北尾矿坝下", region="429304", area=RiskArea.TAILINGS)[0].score == 0.8
    assert match([yard], respondent="江北") == (), "two characters are no name"
    near = Position(latitude=32.601, longitude=110.8)
    found = match([yard], position=near, area=RiskArea.TAILINGS)[0]
    assert found.why == "距风险源“江北尾矿有限公司”111米，类别相同。"
    assert match([yard], position=near, area=RiskArea.NATURE) == ()
    assert risk_sources.with_case(risk_sources.with_case(yard, "k"), "k").cases == ("k",)
    assert risk_sources.raised(Urgency.NORMAL) is Urgency.URGENT
    assert risk_sources.raised(Urgency.URGENT) is Urgency.URGENT


def test_a_finding_is_fixed_with_evidence_or_goes_onto_the_ledger_complete():
    now = risk_sources.Finding("台账缺失", RectifyMode.IMMEDIATE, fixed_evidence=("e1",))
    later = risk_sources.Finding("坝体渗水", RectifyMode.LEDGER, "加固", "应急局", "石某", date(2026, 4, 1))
    check = risk_sources.Inspection("s", TODAY, "李工", (now, later))
    assert risk_sources.check_inspection(check, TODAY) is None
    for bad, code in (
        (replace(now, fixed_evidence=()), "measure.evidence"),
        (replace(later, person=""), "plan.incomplete"),
        (replace(later, deadline=date(2026, 1, 1)), "plan.past"),
    ):
        refusal = risk_sources.check_inspection(replace(check, findings=(bad,)), TODAY)
        assert isinstance(refusal, Refusal) and refusal.code == code


def test_names_and_distances_are_comparable():
    assert plain_name("江北（集团）有限公司") == plain_name("江北") == "江北"
    a, b = Position(latitude=0, longitude=0), Position(latitude=0, longitude=1)
    assert distance_km(a, b) == pytest.approx(111.195, abs=0.01) and distance_km(a, a) == 0


# --- hydropower -------------------------------------------------------------------------------------------------------


def station(id_: str, decided: hp.StationClass, **changes) -> hp.Station:
    base = hp.Station(
        id_, f"{id_}电站", "竹溪县", "官渡河", decided, date(2026, 6, 30), "县水利局", "方某", 0.5
    )
    return replace(base, **changes)


def test_each_class_has_its_checks_of_the_speech():
    assert {kind: hp.items_of(station("a", kind)) for kind in hp.StationClass} == {
        hp.StationClass.REMOVE: (hp.CheckItem.REMOVED,),
        hp.StationClass.SHUT: (hp.CheckItem.SHUT,),
        hp.StationClass.RECTIFY: (hp.CheckItem.RECTIFIED, hp.CheckItem.FLOW),
        hp.StationClass.KEEP: (hp.CheckItem.FLOW,),
    }


def test_a_flow_is_met_by_measurement_only_and_a_removal_by_evidence_only():
    keep = station("a", hp.StationClass.KEEP)
    check = hp.StationCheck("a", TODAY, "方某", done=True)
    assert hp.results(keep, check)[0].met is None
    low = replace(check, flows=(hp.FlowReading(0.6, AT - timedelta(days=1)), hp.FlowReading(0.2, AT)))
    assert hp.results(keep, low)[0].met is False and "未达到" in hp.results(keep, low)[0].sentence
    assert hp.results(replace(keep, required_flow=None), low)[0].sentence == "未核定生态流量。"
    gone = station("b", hp.StationClass.REMOVE)
    assert hp.results(gone, check)[0].met is None
    assert hp.results(gone, replace(check, evidence=("e1",)))[0].met is True
    assert hp.results(gone, None)[0].sentence == "尚未核查。"


def test_the_county_list_counts_every_station_once_and_names_the_overdue():
    stations = [
        station("a", hp.StationClass.REMOVE),
        station("b", hp.StationClass.SHUT, deadline=date(2026, 1, 1)),
        station("c", hp.StationClass.RECTIFY),
        station("d", hp.StationClass.KEEP, county="竹山县"),
    ]
    checks = [
        hp.StationCheck("a", TODAY - timedelta(days=9), "方某", done=False),
        hp.StationCheck("a", TODAY, "方某", done=True, evidence=("e",)),
        hp.StationCheck("c", TODAY, "方某", done=True, evidence=("e",)),
    ]
    first, second = hp.county_list(stations, checks, TODAY)
    assert (first.county, first.total, first.done, first.running, first.unchecked) == ("竹溪县", 3, 1, 1, 0)
    assert first.overdue == ("b电站",) and (second.county, second.unchecked) == ("竹山县", 1)
    measures = hp.template(stations[2], TODAY, "water")
    assert not isinstance(measures, Refusal)
    assert [item.target for item in measures] == ["核查确认整改到位", "下泄不少于0.5m³/s"]
    assert isinstance(hp.template(stations[1], TODAY, "water"), Refusal)


# --- resources --------------------------------------------------------------------------------------------------------


def resource(id_: str, east: float, **changes) -> Resource:
    base = Resource(
        id_, ResourceKind.SUPPLY, f"{id_}围油栏", frozenset({Hazard.OIL}), Position(latitude=32, longitude=110 + east),
        "薛某", "0000", "429304", amount=200, unit="米", checked_on=TODAY,
    )  # fmt: skip
    return replace(base, **changes)


def test_the_nearest_fitting_help_is_proposed_and_never_what_is_gone_or_expired():
    here = Position(latitude=32, longitude=110)
    pool = [
        resource("far", 0.5),
        resource("near", 0.1),
        resource("acid", 0.01, hazards=frozenset({Hazard.ACID_ALKALI})),
        resource("used", 0.02, available=False),
        resource("old", 0.02, expires_on=date(2026, 1, 1)),
        resource("general", 0.01, hazards=frozenset({Hazard.GENERAL})),
        resource("expert", 0.3, kind=ResourceKind.EXPERT, amount=None, checked_on=None),
    ]
    help_ = BOOK.registers.help
    found = nearest(pool, here, [Hazard.OIL], TODAY, help_)
    assert [item.resource.id for item in found] == ["near", "far", "general", "expert"]
    assert found[0].sentence == "物资“near围油栏”（适用油类，200米），约9.4公里，联系人薛某。"
    assert found[3].doubtful and "久未核实" in found[3].sentence
    many = help_.model_copy(update={"per_kind": 9})
    assert len(nearest(pool, here, [], TODAY, many)) == 5, "not knowing the hazard, everything near may help"


# --- emergencies ------------------------------------------------------------------------------------------------------

EVENT = em.Emergency("e1", "c1", "429304", ("鱼大量死亡",), AT, neighbours=("429305",))
DUTY = person("duty", Role.DUTY_OFFICER)
RULES_EM = BOOK.emergency


@pytest.mark.parametrize(
    ("grade", "hours"), [(None, 2), (em.Grade.I, 2), (em.Grade.II, 2), (em.Grade.III, 4), (em.Grade.IV, 4)]
)
def test_two_hours_until_graded_four_for_the_lower_grades(grade, hours):
    event = EVENT if grade is None else em.grade(EVENT, grade, DUTY)
    assert isinstance(event, em.Emergency)
    assert em.report_due(event, RULES_EM) == AT + timedelta(hours=hours)


def test_a_sensitive_place_keeps_the_stricter_pace():
    event = em.grade(EVENT, em.Grade.IV, DUTY, sensitive=("饮用水水源地",))
    assert isinstance(event, em.Emergency) and em.report_due(event, RULES_EM) == AT + timedelta(hours=2)


def test_nobody_acknowledging_pages_ever_higher_and_acknowledging_stops_it():
    pages = em.pages(EVENT, RULES_EM)
    assert [page.at for page in pages] == [AT + timedelta(minutes=m) for m in (0, 5, 15, 30, 60)]
    assert len({page.key for page in pages}) == 5 and "鱼大量死亡" in pages[0].text
    taken = em.acknowledge(EVENT, DUTY, AT + timedelta(minutes=7))
    assert isinstance(taken, em.Emergency) and em.pages(taken, RULES_EM) == ()
    again = em.acknowledge(taken, person("other", Role.DUTY_OFFICER), AT + timedelta(minutes=9))
    assert again == taken
    assert isinstance(em.acknowledge(EVENT, MACHINE, AT), Refusal)


def test_neighbours_are_told_at_once_and_not_after_a_false_alarm():
    assert em.notices(EVENT) == (("429305", "相邻区域发生疑似突发环境事件（鱼大量死亡），请关注。"),)
    calm = em.dismiss(EVENT, DUTY, "现场核实为误报", AT)
    assert isinstance(calm, em.Emergency) and em.notices(calm) == () and em.pages(calm, RULES_EM) == ()
    assert isinstance(em.dismiss(EVENT, MACHINE, "误报", AT), Refusal)


def test_the_recipients_and_the_table_for_grading_are_data_with_dates():
    assert "生态环境部" in em.recipients(EVENT, RULES_EM)
    graded = em.grade(EVENT, em.Grade.IV, DUTY)
    assert isinstance(graded, em.Emergency) and "生态环境部" not in em.recipients(graded, RULES_EM)
    old, new = em.grade_table(RULES_EM, date(2013, 1, 1)), em.grade_table(RULES_EM, TODAY)
    assert old is not None and new is not None and old.source != new.source
    assert em.grade_table(RULES_EM, date(2000, 1, 1)) is None
    assert {em.Grade.I.label, em.Grade.IV.label} == {"特别重大", "一般"}


# --- principals and rules files ---------------------------------------------------------------------------------------


def test_the_access_matrix_never_shows_an_identity_to_those_who_must_not_see_one():
    for reader in (Role.ACCUSED, Role.PUBLIC, Role.ANALYST, Role.GRID_WORKER):
        refusal = may_read(BOOK.access, reader, What.IDENTITY, purpose="核实")
        assert isinstance(refusal, Refusal) and refusal.code == "access.denied"
        assert isinstance(may_read(BOOK.access, reader, What.TEXT), Refusal) == (
            reader is not Role.GRID_WORKER
        )


def test_every_grant_of_an_identity_is_logged_with_a_purpose():
    for reader, cells in BOOK.access.readers.items():
        grant = cells.get(What.IDENTITY)
        if grant:
            assert grant.logged and grant.purpose, reader
            found = may_read(BOOK.access, reader, What.IDENTITY, purpose="电话核实")
            assert isinstance(found, Grant)
    officer = may_read(BOOK.access, Role.OFFICER, What.IDENTITY, purpose="电话核实")
    assert isinstance(officer, Grant) and officer.fields == ("phone", "surname")


@pytest.mark.parametrize(
    ("scope", "region", "covered"),
    [("429304", "429304", True), ("429300", "429304", True), ("420000", "429304", True), ("429305", "429304", False),
     ("310000", "429304", False), ("429300", None, True)],
)  # fmt: skip
def test_trailing_zeros_widen_a_scope(scope, region, covered):
    assert (
        Principal("a", "甲", frozenset({Role.OFFICER}), regions=frozenset({scope})).covers(region) is covered
    )


def test_an_empty_scope_covers_nothing_known():
    assert not Principal("a", "甲", frozenset({Role.OFFICER})).covers("429304")
    assert MACHINE.covers("429304")


def texts() -> dict[str, str]:
    return {name: (RULES / name).read_text(encoding="utf-8") for name in FILES}


def test_the_rule_book_changes_its_version_with_any_file():
    book = parse_rule_book(texts())
    assert book.version == BOOK.version
    changed = texts() | {"look_back.yaml": texts()["look_back.yaml"].replace("least: 5", "least: 6")}
    assert parse_rule_book(changed).version != book.version


def test_all_faults_of_all_files_are_reported_at_once_by_file_line_and_key():
    broken = texts()
    del broken["access.yaml"]
    broken["casework.yaml"] = broken["casework.yaml"].replace("per_unit: 1", "per_unit: often")
    broken["deadlines.yaml"] = broken["deadlines.yaml"].replace("unit: working_day}", "unit: fortnight}", 1)
    broken["ladder.yaml"] = "steps: [unclosed"
    broken["look_back.yaml"] = "- a list"
    with pytest.raises(RuleFileError) as caught:
        parse_rule_book(broken)
    lines = str(caught.value).splitlines()
    assert "access.yaml:1: (file): file is missing" in lines
    assert any(line.startswith("casework.yaml:4: returns.per_unit:") for line in lines)
    place = broken["deadlines.yaml"][: broken["deadlines.yaml"].index("fortnight")].count("\n") + 1
    assert any(line.startswith(f"deadlines.yaml:{place}: rules.1.limit.unit:") for line in lines)
    assert any(line.startswith("ladder.yaml:") for line in lines)
    assert "look_back.yaml:1: (file): a mapping of keys to values is expected" in lines


def test_every_rules_file_says_where_its_figures_come_from():
    for name, text in texts().items():
        assert "provenance" in text, name

"""The ledger read from spreadsheets and written to them, and the line of a case."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import ledger
from services.domain.ledger import LedgerRules
from services.domain.parameters import RuleFileError, parse_parameters
from services.domain.tables import Column, cell_out, heading, read_table
from tests.unit.domain.case.office import RULES, Desk, rule_book

BOOK = rule_book()
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

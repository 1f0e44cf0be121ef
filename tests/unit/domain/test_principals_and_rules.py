"""Who may read what of an identity, what a scope covers, and rules files with slips in them."""

from __future__ import annotations

import pytest

from services.domain.parameters import RuleFileError
from services.domain.principals import Grant, Principal, Role, What, may_read
from services.domain.refusals import Refusal
from services.domain.rulebook import FILES, parse_rule_book
from tests.unit.domain.case.office import MACHINE, RULES, rule_book

BOOK = rule_book()



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

"""The dictionary refuses what it cannot count, and says of every figure what it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from services.domain.indicators.dictionary import Condition, Form, IndicatorRules, key_of
from services.domain.parameters import RuleFileError, parse_parameters
from services.domain.rulebook import read_rule_book

TEXT = (Path(__file__).parents[4] / "deploy" / "rules" / "indicators.yaml").read_text("utf-8")
RULES = read_rule_book(Path(__file__).parents[4] / "deploy" / "rules").indicators


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        pytest.param("of: weight}\n  submissions", "of: wieght}\n  submissions", "没有|has no column wieght", id="column"),
        pytest.param("{label: 投递件次, unit: 件次, fact: complaint, on: received_on", "{label: 投递件次, unit: 件次, fact: complaint, on: closed_out_on", "has no date", id="date"),
        pytest.param("numerator: repeats\n", "numerator: repeets\n", "unknown measure repeets", id="measure"),
        pytest.param("{column: valid, is: true}]}", "{column: valid, is: true, at_least: 1}]}", "exactly one", id="two-tests"),
        pytest.param("group: intake, form: count, numerator: deliveries", "group: nowhere, form: count, numerator: deliveries", "unknown group", id="group"),
    ],
)  # fmt: skip
def test_a_slip_in_the_dictionary_is_refused_with_its_reason(was: str, is_: str, said: str) -> None:
    assert was in TEXT
    with pytest.raises(RuleFileError, match=said):
        parse_parameters(TEXT.replace(was, is_, 1), "indicators.yaml", IndicatorRules)


def test_every_indicator_names_formula_unit_source_and_how_sure_the_source_is() -> None:
    for id, indicator in RULES.indicators.items():
        assert indicator.formula and indicator.unit and indicator.provenance and indicator.confidence, id
        assert indicator.denominator is None or "÷" in indicator.formula or "×" in indicator.formula, id


def test_a_name_with_several_readings_keeps_them_all() -> None:
    assert set(RULES.readings("repeat_rate_submissions")) == {
        "repeat_rate_submissions", "repeat_rate_same_problem", "repeat_rate_matters", "repeat_rate_persons",
    }  # fmt: skip
    assert len(RULES.readings("satisfied_rate")) == 4, "one of them counts silence as satisfied"
    assert RULES.readings("untrue_share") == ("untrue_share",)
    assert key_of("repeat_rate_submissions", 30) == "repeat_rate_submissions_30d"


def test_a_condition_on_an_empty_value_fails_but_asking_for_emptiness() -> None:
    row = {"verdict": None}
    assert not Condition.model_validate({"column": "verdict", "not_in": ["不属实"]}).holds(row)
    assert not Condition.model_validate({"column": "verdict", "at_least": 0}).holds(row)
    assert Condition.model_validate({"column": "verdict", "present": False}).holds(row)


def test_different_values_are_not_kept_as_daily_sums() -> None:
    kept = RULES.additive()
    assert "submissions" in kept and "petitioners" not in kept and "matters" not in kept


def test_a_recount_counts_rows_sums_columns_and_tells_values_apart() -> None:
    rows = [
        {"received_on": 1, "kind": "FIRST_REPORT", "weight": Decimal("0.5"), "case_id": "a", "reporter": "p"},
        {"received_on": 1, "kind": "SPLIT", "weight": Decimal("0.5"), "case_id": "b", "reporter": "p"},
        {"received_on": 1, "kind": "DUPLICATE_DELIVERY", "weight": Decimal(1), "case_id": "a", "reporter": "q"},
        {"received_on": None, "kind": "FIRST_REPORT", "weight": Decimal(1), "case_id": "c", "reporter": "r"},
    ]
    count = {name: RULES.measures[name].count(rows) for name in ("deliveries", "submissions", "matters", "petitioners")}
    assert count == {"deliveries": 2, "submissions": 1, "matters": 2, "petitioners": 1}


def test_forms_are_what_figures_can_make() -> None:
    assert {indicator.form for indicator in RULES.indicators.values()} == set(Form)

"""Figures by hand: shares, means, complements, intervals, and when a change may be called one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.domain.indicators.figures import Change, Window, figure, number, wilson
from services.domain.rulebook import read_rule_book

RULES = read_rule_book(Path(__file__).parents[4] / "deploy" / "rules").indicators
QUARTER = Window.last(90, date(2026, 11, 24))


def sums(**values: float) -> dict[str, Decimal]:
    return {name: Decimal(str(value)) for name, value in values.items()}


def test_the_inspection_tables_of_the_third_round_come_out_as_published() -> None:
    found = sums(deliveries=23311, valid=17880, valid_matters=14066)
    assert figure("merge_saving_valid", RULES, QUARTER, found).text == "21.3%"
    assert figure("valid_share", RULES, QUARTER, found).text == "76.7%"


def test_wilson_is_wilson() -> None:
    found = wilson(8, 10, 0.95)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 0, 0.95) is None
    nothing = wilson(0, 12, 0.95)
    assert nothing is not None and nothing.low == 0 and nothing.high > 0.2, "no case among twelve is no proof of none"


def test_nothing_to_divide_by_is_no_figure_not_nought() -> None:
    found = figure("repeat_rate_submissions", RULES, QUARTER, {})
    assert found.value is None and found.text == "—" and found.interval is None


def test_split_complaints_keep_their_halves() -> None:
    found = figure("submissions", RULES, QUARTER, sums(submissions=4.5))
    assert found.text == "4.5" and number(Decimal("1234.00")) == "1,234"


def test_two_readings_of_satisfaction_differ_by_silence_alone() -> None:
    found = sums(called=10, answered=6, content=3, content_or_silent=7, reached=9)
    one, other = (figure(id, RULES, QUARTER, found).value for id in ("satisfied_rate", "satisfied_rate_silence"))
    assert (one, other) == (0.5, 0.7)
    assert figure("satisfied_rate_product", RULES, QUARTER, found).value == pytest.approx(0.6 * 0.7)
    assert figure("callback_satisfied", RULES, QUARTER, found).value == pytest.approx(3 / 9)


def test_a_rate_of_two_different_crowds_has_no_interval() -> None:
    found = figure("rebound_rate_occurring", RULES, QUARTER, sums(rebounds=3, closed_out=20))
    assert found.value == 0.15 and found.interval is None


def test_a_name_says_denominator_window_and_unit() -> None:
    found = figure("repeat_rate_submissions", RULES, QUARTER, sums(repeats=1, submissions=4))
    assert found.key == "repeat_rate_submissions_90d"
    for part in ("重复信访件次÷信访件次", "90日", "件次/件次", "2026-08-27"):
        assert part in found.full_name


def test_a_change_is_certain_only_where_the_intervals_lie_apart() -> None:
    def rate(k: int, n: int):  # type: ignore[no-untyped-def]
        return figure("repeat_rate_submissions", RULES, QUARTER, sums(repeats=k, submissions=n))

    few, many = Change(rate(2, 10), rate(4, 10)), Change(rate(200, 1000), rate(400, 1000))
    assert few.difference == many.difference == pytest.approx(0.2)
    assert not few.certain and many.certain
    assert many.better is False, "more repeats are worse"


def test_the_window_before_touches_and_does_not_overlap() -> None:
    assert QUARTER.days == QUARTER.before.days == 90
    assert (QUARTER.start - QUARTER.before.end).days == 1
    with pytest.raises(ValueError, match="ends"):
        Window(date(2026, 2, 1), date(2026, 1, 1))

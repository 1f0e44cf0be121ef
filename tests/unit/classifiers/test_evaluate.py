"""The evaluation's figures on streams small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.calibration import calibration_error
from classifiers.evaluate import Evaluation, evaluate, hidden_ids
from classifiers.evaluate_charts import draw, precision_recall, reliability


def line(id: str, case: str, band: str = "new", to: str | None = None, score: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"id": id, "environmental": 0.9, "types": [["噪声", 0.8]], "case": case,
            "link": {"band": band, "to": to, "score": score}, **more}


def label(id: str, matter: str | None, **more: Any) -> dict[str, Any]:
    return {"id": id, "env": matter is not None, "types": ["噪声"] if matter else [], "matter": matter, **more}


# Matter A: a1, a2 linked by the machine, a3 only suggested. Matter B: b1, b2 never found; b2 is suggested to a1 in error.
# n is about no matter and was linked into A's case. u has no label.
OUTPUT = [
    line("a1", "1"), line("a2", "1", "auto", "a1", 0.99), line("b1", "2"), line("n", "1", "auto", "a1", 0.96),
    line("u", "1", "auto", "a1", 0.98), line("a3", "3", "suggest", "a2", 0.6), line("b2", "4", "suggest", "a1", 0.4),
]
GOLD = [label("a1", "A"), label("a2", "A"), label("a3", "A"), label("b1", "B"), label("b2", "B"), label("n", None)]


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return evaluate(OUTPUT, GOLD, traps=[{"a": "a1", "b": "n"}, {"a": "b1", "b": "b2"}])


def test_what_labels_do_not_know_is_not_judged(result: Evaluation) -> None:
    assert [(link.id, link.right) for link in result.links] == [("a2", True), ("n", False), ("a3", True), ("b2", False)]
    assert result.counts["automatic links judged"] == 2
    assert [(link.id, link.to) for link in result.wrong] == [("n", "a1")]


def test_recall_is_the_mean_over_matters(result: Evaluation) -> None:
    # A has two repeats: one found automatically, both with suggestions. B has one, not found.
    assert result.value("found automatically") == pytest.approx((1 / 2 + 0) / 2)
    assert result.value("found with suggestions") == pytest.approx((1 + 0) / 2)
    assert result.missed == ["b2"]


def test_the_sweep_stops_before_the_first_wrong_link_and_never_splits_equal_scores(result: Evaluation) -> None:
    assert result.value("repeats found at wrong links <= 1%") == pytest.approx(1 / 4)
    tied = [line("a1", "1"), line("a2", "2", "suggest", "a1", 0.5), line("n", "3", "suggest", "a1", 0.5)]
    assert evaluate(tied, GOLD).value("repeats found at wrong links <= 1%") == 0.0


def test_b_cubed_before_and_after_a_person_answered(result: Evaluation) -> None:
    # Before: A's a1 and a2 sit with n (precision 2/3, recall 2/3), a3 alone (1, 1/3); B's rows alone (1, 1/2).
    precision, recall = ((2 / 3 + 2 / 3 + 1) / 3 + 1) / 2, ((2 / 3 + 2 / 3 + 1 / 3) / 3 + 1 / 2) / 2
    assert result.value("macro B-cubed F1") == pytest.approx(2 * precision * recall / (precision + recall))
    # After: a3 joins a1, a2 and n (precision 3/4, recall 1); the wrong suggestion is refused.
    precision, recall = (3 / 4 + 1) / 2, (1 + 1 / 2) / 2
    assert result.value("macro B-cubed F1 after answers") == pytest.approx(2 * precision * recall / (precision + recall))
    assert result.value("suggestions read per repeat found") == 2


def test_look_alikes_in_one_case_are_counted(result: Evaluation) -> None:
    assert result.traps == [("a1", "n")]
    assert result.counts["look-alike pairs"] == 2


def test_labels_of_one_half_wrong(result: Evaluation) -> None:
    # All are called environmental at 0.9; five of six are. F1 = 2·5 / (6 + 5); the error is 5/6 against 0.9.
    assert result.value("environmental F1") == pytest.approx(10 / 11)
    assert result.value("environmental calibration error") == pytest.approx(abs(0.9 - 5 / 6))
    assert result.value("types macro F1") == 1.0
    assert [id for id, _ in result.misread] == ["n"]


def test_matters_perhaps_the_same_and_ignored_pairs_count_neither_way() -> None:
    gold = [label("a1", "A", uncertain_with=["B"]), label("b1", "B"), label("c1", "C"), label("c2", "C")]
    output = [line("a1", "1"), line("b1", "1", "auto", "a1", 0.99), line("c1", "1", "auto", "a1", 0.97), line("c2", "2")]
    judged = evaluate(output, gold, ignore=[{"a": "c1", "b": "a1"}])
    assert judged.links == []
    assert judged.value("macro B-cubed F1") == pytest.approx(2 * 0.75 * 0.5 / 1.25)  # c1 sits with b1, and c1 and c2 are apart


def test_a_link_to_a_hidden_row_is_followed_and_takes_the_weaker_score_and_band() -> None:
    gold = [label("a1", "A"), label("h", "A", borderline=True), label("a2", "A"), label("x", "X", role="copy")]
    assert hidden_ids(gold, [{"id": "a1", "text": "见工单编号 20990101000001"}]) == {"h", "x", "a1"}
    output = [line("a1", "1"), line("h", "2", "suggest", "a1", 0.5), line("a2", "2", "auto", "h", 0.99), line("x", "3")]
    judged = evaluate(output, gold, hidden=hidden_ids(gold))
    assert [(link.id, link.to, link.score, link.auto) for link in judged.links] == [("a2", "a1", 0.5, False)]


def test_a_link_to_a_later_row_is_refused() -> None:
    with pytest.raises(ValueError, match="not earlier"):
        evaluate([line("a1", "1", "auto", "a2", 1.0), line("a2", "1")], GOLD)


def test_nothing_labelled_gives_no_figures_and_lines_with_errors_are_left_out() -> None:
    assert evaluate([{"id": "a1", "error": "line 1: text: missing or empty"}], GOLD).links == []
    assert evaluate(OUTPUT, []).value("environmental F1") != evaluate(OUTPUT, []).value("environmental F1")  # NaN


def test_intervals_hold_the_figure_and_are_the_same_every_time(result: Evaluation) -> None:
    again = evaluate(OUTPUT, GOLD, traps=[{"a": "a1", "b": "n"}, {"a": "b1", "b": "b2"}])
    assert str(again.measures) == str(result.measures)
    found = result.measures["found with suggestions"]
    assert found.low == 0.0
    assert found.high == 1.0


def test_calibration_error_weighs_rows_and_keeps_ties_together() -> None:
    assert calibration_error([0.5] * 4, [1, 1, 0, 0]) == 0.0
    assert calibration_error([0.5] * 2, [1, 0], weight=[3, 1]) == pytest.approx(0.25)
    assert calibration_error([0.2, 0.9], [0, 1]) == pytest.approx((0.2 + 0.1) / 2)


def test_charts_show_what_was_judged(result: Evaluation) -> None:
    assert [(b["score"], b["right"]) for b in reliability(result.links)] == [(0.4, 0.0), (0.6, 1.0), (0.96, 0.0), (0.99, 1.0)]
    assert [(p["precision"], p["recall"]) for p in precision_recall(result.links)] == [(1, 0.5), (0.5, 0.5), (2 / 3, 1), (0.5, 1)]
    for svg in draw(result).values():
        assert svg.startswith("<svg")
    assert "probability shown" in draw(result)["reliability"]

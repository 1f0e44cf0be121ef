"""Learning of pairs: curves for letters and notes, what is worth a person's look, what is set by hand; on made-up scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers import scoring
from classifiers.pairs import INDEX, NAMES
from classifiers.scoring import LETTERS, NOTES, Curve, PairModel, Tree
from classifiers.train_links import PairSet, calibrated, mixed, worth_asking

QUERIES = 400


def model(weight: float = 0.0, **more: object) -> PairModel:
    size = len(NAMES)
    nothing = Tree.of([-1], [0.0], [0], [0], [0.0])
    return PairModel("", np.zeros(size), np.ones(size), np.full(size, weight), 0.0, 0.0, (nothing,), 0.5, **more)  # type: ignore[arg-type]


def pairs(right_from: dict[str, float], seed: int = 3) -> tuple[np.ndarray, PairSet]:
    """One pair a query, half letters; raw scores even in -4..4, right where above the register's border."""
    chance = np.random.default_rng(seed)
    raw = chance.uniform(-4, 4, QUERIES * 2)
    x = np.zeros((len(raw), len(NAMES)), np.float32)
    x[:QUERIES, INDEX["both_titled"]] = 1
    border = np.where(x[:, INDEX["both_titled"]] > 0, right_from[LETTERS], right_from[NOTES])
    y = (raw > border).astype(np.int8)
    names = np.array([f"m{n}" for n in range(len(raw))])
    return raw, PairSet(x, y, np.arange(len(raw)), names, names, np.ones(len(raw)))


def test_the_same_score_means_more_between_letters_than_between_notes() -> None:
    raw, data = pairs({LETTERS: -1.0, NOTES: 2.0})
    told = calibrated(model(), raw, data)
    same = np.zeros(2)
    odds = told.calibrate(same, data.x[[0, QUERIES]])
    assert odds[0] > 2
    assert odds[1] < -2


def test_a_register_with_too_few_answers_takes_the_curve_of_both() -> None:
    raw, data = pairs({LETTERS: 0.0, NOTES: 0.0})
    few = data.pick(np.arange(QUERIES + 20))
    told = calibrated(model(), raw[: QUERIES + 20], few)
    assert told.curves[NOTES].odds.tolist() != told.curves[LETTERS].odds.tolist()
    assert told.calibrate(np.array([3.0]), few.x[-1:])[0] > 1


def test_a_smaller_share_of_repeats_makes_every_score_less_likely() -> None:
    chance = np.random.default_rng(5)
    raw, data = pairs({LETTERS: 0.0, NOTES: 0.0})
    noisy = replace(data, y=(raw + chance.normal(0, 2, len(raw)) > 0).astype(np.int8))
    often, seldom = (calibrated(model(), raw, noisy, {LETTERS: s, NOTES: s}) for s in (0.5, 0.1))
    middle = np.array([1.0])
    assert seldom.calibrate(middle, data.x[:1])[0] < often.calibrate(middle, data.x[:1])[0] - 0.5


def test_a_person_is_asked_as_long_as_two_looks_find_a_repeat() -> None:
    raw, data = pairs({LETTERS: -9.0, NOTES: 2.0})
    chance = 1 / (1 + np.exp(-raw))
    least = worth_asking(chance, data, auto=0.95, most_read=2.0)
    assert least[LETTERS] < 0.05  # every letter is right: ask about all that is worth asking at all
    asked = (chance >= least[NOTES]) & (chance < 0.95) & (data.x[:, INDEX["both_titled"]] == 0)
    assert asked.sum() <= 2 * (data.y[asked] == 1).sum()
    assert (chance[asked] < 0.8).any()


def test_nothing_is_learned_of_asking_from_a_handful_of_answers() -> None:
    raw, data = pairs({LETTERS: 0.0, NOTES: 0.0})
    assert worth_asking(1 / (1 + np.exp(-raw[:8])), data.pick(np.arange(8)), auto=0.95) == {}


def test_what_is_set_by_hand_survives_the_mixture() -> None:
    shipped = model(0.1, prior={"source_clash": -1.5})
    x = np.zeros((2, len(NAMES)), np.float32)
    x[1, INDEX["source_clash"]] = 1
    raw = mixed(model(0.1), shipped, 0.4).raw(x)
    assert raw[1] - raw[0] == pytest.approx(0.5 * 0.1 - 0.4 * 1.5)  # half of each model's odds are the regression's


def test_curves_and_what_is_worth_asking_come_back_from_the_file(tmp_path: Path) -> None:
    curve = Curve(np.array([-1.0, 2.0]), np.array([-3.0, 1.0]))
    kept = model(0.2, curves={LETTERS: curve, NOTES: curve}, ask={LETTERS: 0.05}, prior={"cited": 1.0})
    scoring.save(kept, tmp_path / "links.json")
    again = scoring.load(tmp_path / "links.json")
    x = np.zeros((2, len(NAMES)), np.float32)
    x[1, INDEX["both_titled"]] = 1
    assert again(x).tolist() == pytest.approx(kept(x).tolist())
    assert again.worth_asking(x, 0.2).tolist() == [0.2, 0.05]
    text = (tmp_path / "links.json").read_text("utf8").replace("-3.0", "-2.0")
    (tmp_path / "links.json").write_text(text, "utf8")
    with pytest.raises(ValueError, match="checksum"):
        scoring.load(tmp_path / "links.json")

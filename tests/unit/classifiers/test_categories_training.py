"""Training: too little is refused, worse is not promoted, a city's own units and words are learnt."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers import train_city
from classifiers.categories import Categories
from classifiers.corpus.generator import generate
from classifiers.evaluate_categories import f1, label_figures, unit_figures
from classifiers.train_categories import (
    LETTER_SHARE,
    MANNER_GROUPS,
    NOTE_SHARE,
    Example,
    fit,
    from_corpus,
)
from classifiers.train_city import from_ticket, train_and_compare
from classifiers.units import Units, fit_units


@pytest.fixture(scope="module")
def small():
    return from_corpus(generate(700, seed=3))


@pytest.fixture
def light(monkeypatch, small):
    monkeypatch.setattr(train_city, "corpus_examples", lambda: small)


def tickets(n, units=("城管一队", "环保一所")):
    rows = []
    for i in range(n):
        noisy = i % 2 == 0
        text = f"第{i}处工地夜间施工打桩扰民，请城管核实" if noisy else f"第{i}家作坊排放刺鼻废气，请环保核实"
        rows.append({"id": f"{i:05d}", "text": text, "env": True, "types": ["噪声" if noisy else "大气"],
                     "unit": units[0] if noisy else units[1]})
    return rows


def test_letters_and_notes_weigh_as_in_life_whatever_the_corpus_holds(small):
    for letter, share in ((True, LETTER_SHARE), (False, NOTE_SHARE)):
        weight = {env: sum(e.weight for e in small if e.env == env and bool(e.title) == letter) for env in (True, False)}
        assert weight[True] / (weight[True] + weight[False]) == pytest.approx(share)


def test_a_word_that_every_source_and_every_topic_tells_means_nothing_but_for_the_demand():
    rows = [
        Example(f"{manner}甲{i % 4}{'黑烟' if env else '欠薪'}", "", env, ("大气",) if env else (), "工业废气" if env else None,
                "咨询" if i % 2 else "投诉", "环保局", f"{env}/{group}")
        for env in (True, False) for group in range(MANNER_GROUPS) for i, manner in enumerate(("市民", "市民"))
    ]
    model = fit(rows, "v", {}, ("environmental", "demand"))
    weights = dict(zip(model.words, model.word_weights, strict=True))
    assert weights["市民"][0] == 0
    assert weights["黑烟"][0] > 0 > weights["欠薪"][0]


def test_a_handful_of_tickets_is_refused(tmp_path):
    with pytest.raises(ValueError, match="too few"):
        train_and_compare(tickets(10), tmp_path, "v1")


def test_training_without_any_label_is_refused(small):
    with pytest.raises(ValueError, match="no example"):
        fit([replace(e, env=None) for e in small[:50]], "v", {})


def test_one_unit_only_cannot_be_learnt():
    with pytest.raises(ValueError, match="fewer than two units"):
        fit_units([["甲"]] * 9, ["甲"] * 9, ["城管局"] * 9, "v", {})


def test_a_city_model_is_promoted_when_not_worse_and_answers_with_the_citys_units(tmp_path, light):
    compared = {c.part: c for c in train_and_compare(tickets(80), tmp_path, "city-1")}
    assert compared["categories"].promoted
    assert compared["units"].promoted
    assert compared["units"].new["unit top-1"] == 1.0
    assert compared["units"].old["unit top-1"] == 0.0
    model = Categories.load(tmp_path)
    assert "city-1" in model.versions.model
    assert model.units is not None
    assert model.units.labels == ("城管一队", "环保一所")


def test_a_worse_model_stays_off_and_a_better_one_beside_it_does_not_wait_for_it(tmp_path, light):
    rows = tickets(80)
    for row in rows[:64]:  # a history with its types confused, judged by a newest part that is right
        row["types"] = ["大气" if row["types"] == ["噪声"] else "噪声"]
    compared = {c.part: c for c in train_and_compare(rows, tmp_path, "bad")}
    assert not compared["categories"].promoted
    assert compared["categories"].new["types macro F1"] < compared["categories"].old["types macro F1"]
    assert compared["units"].promoted
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"units"}


def test_a_unit_that_sent_a_ticket_back_is_not_learnt_from_it():
    ticket = {"id": "1", "text": "工地扰民", "unit": "城管局"}
    wrong = {**ticket, "returns": [{"unit": "城管局", "ground": "非本单位职责"}]}
    unclear = {**ticket, "returns": [{"unit": "城管局", "ground": "地点或对象不明"}]}
    corrected = {**ticket, "returns": [{"unit": "环保局", "ground": "非本单位职责"}]}
    assert from_ticket(wrong).unit is None
    assert from_ticket(unclear).unit == "城管局"
    assert (from_ticket(corrected).unit, from_ticket(corrected).weight) == ("城管局", 2.0)


def test_no_matter_stands_on_both_sides_of_the_cut():
    rows = [{**t, "matter": f"m{i % 30}"} for i, t in enumerate(tickets(100))]
    older, newest = train_city.split(rows)
    assert older
    assert not {e.group for e in newest} & {e.group for e in older}


def test_training_twice_gives_the_same_model(small):
    one, two = (fit(small[:300], "v", {}, ("environmental", "types")) for _ in range(2))
    assert one.words == two.words
    assert np.array_equal(one.word_weights, two.word_weights)


def test_a_unit_that_appears_only_in_the_newest_tickets_does_not_break_the_temperature():
    units = ["甲局"] * 30 + ["乙局"] * 30 + ["丙局"] * 5
    words = [[u[0], "事"] for u in units]
    model = Units(fit_units(words, list(units), units, "v", {}))
    p = model.scores([["丙", "事"]], ["丙局"])
    assert p.sum() == pytest.approx(1, abs=1e-4)
    assert model.labels[int(p[0].argmax())] == "丙局"


def test_figures_of_a_perfect_and_of_a_useless_answer():
    gold = [{"env": True, "types": ["噪声"]}, {"env": True, "types": ["水", "大气"]}, {"env": False, "types": []}]
    names = ("噪声", "大气", "水", "固废", "生态", "辐射")
    types = np.array([[1, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], float)
    good = label_figures(np.array([1.0, 1.0, 0.0]), types, names, gold)
    assert good["env F1"] == good["types macro F1"] == 1.0
    bad = label_figures(np.array([0.0, 0.0, 1.0]), 1 - types, names, gold)
    assert bad["env F1"] == bad["types macro F1"] == 0.0
    assert f1(np.zeros(2, bool), np.zeros(2, bool)) == 0.0


def test_units_are_scored_surest_first():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.55, 0.45], [0.7, 0.3]])
    figures = unit_figures(p, ("甲", "乙"), ["甲", "乙", "甲", "乙", "甲"])
    assert figures["top-1"] == 0.6
    assert figures["surest 60%"] == 1.0
    assert figures["top-3"] == 1.0

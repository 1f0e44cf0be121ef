"""Learning from a city's history: bad lines are named, versions kept and damaged ones refused, old names live on."""

import json

import numpy as np
import pytest

from classifiers import shelf, train_city
from classifiers.corpus.generator import generate
from classifiers.reading import Complaint
from classifiers.renames import Renames
from classifiers.train_categories import from_corpus
from classifiers.train_history import CATEGORIES, UNITS, BadTicket, read_links, read_tickets, train
from classifiers.triage import Triage
from classifiers.units import Units, fit_units

RENAMES = """
[[rename]]
of = "unit"
old = "环保一所"
new = "生态环境所"
[[rename]]
of = "unit"
old = "综合所"
new = "城管一队"
words = ["工地"]
[[rename]]
of = "unit"
old = "综合所"
new = "生态环境所"
[[rename]]
of = "type"
old = "噪音污染"
new = "噪声"
"""


def lines(start: int, count: int) -> list[str]:
    rows = []
    for i in range(start, start + count):
        noisy = i % 2 == 0
        text = f"第{i}处工地夜间施工打桩扰民，请城管核实" if noisy else f"第{i}家作坊排放刺鼻废气，请环保核实"
        rows.append({"id": f"{i:05d}", "text": text, "env": True, "types": ["噪声" if noisy else "大气"],
                     "unit": "城管一队" if noisy else "环保一所", "time": f"2026-03-{1 + i // 24 % 28:02d} {i % 24:02d}:00:00"})
    return [json.dumps(row, ensure_ascii=False) for row in rows]


@pytest.fixture(scope="module")
def renames(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "renames.toml"
    path.write_text(RENAMES, "utf-8")
    return Renames.read(path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A shelf with one version learnt from eighty tickets."""
    patch = pytest.MonkeyPatch()
    small = from_corpus(generate(700, seed=3))
    patch.setattr(train_city, "corpus_examples", lambda: small)
    folder = tmp_path_factory.mktemp("shelf")
    learnt = train(read_tickets(lines(0, 80)), [], folder, "v1", parts=(CATEGORIES, UNITS), provenance={"made_at": "2026-04-01"})
    yield folder, learnt
    patch.undo()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: not JSON"), ('{"id": "a"}', "line 2: a ticket is an object with id and text"),
        ('{"id": "a", "text": "x", "types": "噪声"}', "line 2: types is '噪声'"),
        ('{"id": "a", "text": "x", "returns": [{"unit": "甲局", "ground": "不想办"}]}', "line 2: returns: needs a unit and a ground"),
        ('{"id": "00000", "text": "x"}', "line 2: id 00000 stands on an earlier line"),
        ('{"id": "a", "text": "x", "time": "昨天"}', "line 2: time: '昨天' is no date"),
    ],
)  # fmt: skip
def test_a_bad_ticket_is_named_by_line_field_and_reason(line, says):
    with pytest.raises(BadTicket, match=says):
        read_tickets([*lines(0, 1), line])


def test_a_link_that_says_neither_yes_nor_no_is_named():
    with pytest.raises(BadTicket, match="line 1: a link is"):
        read_links(['{"a": "1", "b": "2", "same": "yes"}'])


def test_tickets_come_out_oldest_first_and_under_todays_names(renames):
    newer, older = lines(30, 1)[0], lines(1, 1)[0]
    tickets = read_tickets([newer.replace("噪声", "噪音污染"), older], renames)
    assert [t["id"] for t in tickets] == ["00001", "00030"]
    assert tickets[0]["unit"] == "生态环境所"
    assert tickets[1]["types"] == ["噪声"]


def test_what_is_promoted_is_in_force_whole_with_labels_and_provenance(kept):
    folder, learnt = kept
    assert {c.part for c in learnt.parts if c.promoted} == {CATEGORIES, UNITS}
    assert shelf.in_force(folder) == folder / "v1"
    manifest = shelf.check(folder, "v1")
    assert manifest["labels"]["unit"] == ["城管一队", "环保一所"]
    assert manifest["provenance"]["tickets"] == 80
    assert manifest["provenance"]["until"].startswith("2026-03-04T07:00")
    assert not list(folder.glob(".training-*"))
    triage = Triage.load(folder)
    assert "v1" in triage.versions.model
    [reading] = triage.read([Complaint("x", "第九处工地夜间施工打桩扰民，请城管核实")])
    assert reading.lead_unit[0][0] == "城管一队"


def test_models_are_not_judged_by_tickets_they_have_seen(kept):
    folder, _ = kept
    with pytest.raises(ValueError, match="4 tickets are newer than what v1 learnt from"):
        train(read_tickets(lines(0, 84)), [], folder, "v2", parts=(UNITS,))


def test_a_model_of_older_names_answers_with_todays(kept, tmp_path):
    folder, _ = kept
    (folder / shelf.RENAMES).write_text(RENAMES, "utf-8")
    try:
        [reading] = Triage.load(folder).read([Complaint("x", "第九家作坊排放刺鼻废气，请环保核实")])
    finally:
        (folder / shelf.RENAMES).unlink()
    assert reading.lead_unit[0][0] == "生态环境所"


def test_merged_units_add_up_and_a_split_one_goes_where_the_text_says(renames):
    names = ["综合所"] * 20 + ["环保一所"] * 20
    words = [["工地"] if i % 2 else ["作坊"] for i in range(20)] + [["废气"]] * 20
    model = Units(fit_units(words, ["".join(w) for w in words], names, "v", {}), renames)
    p = model.scores([["工地"], ["作坊"]], ["工地", "作坊"])
    assert set(model.labels) == {"城管一队", "生态环境所"}
    assert p.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-4)
    assert model.labels[int(p[0].argmax())] == "城管一队"
    assert p[1, model.labels.index("生态环境所")] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[rename]]\nof = "unit"\nold = "甲"\n', "rename 1: needs of"),
        ('[[rename]]\nof = "unit"\nold = "甲"\nnew = "乙"\n[[rename]]\nof = "unit"\nold = "乙"\nnew = "甲"\n', "lead back"),
        ('[[rename]]\nof = "unit"\nold = "甲"\nnew = "乙"\nwords = ["烟"]\n', "the last, which takes the rest"),
    ],
    ids=["incomplete", "circle", "split without a rest"],
)
def test_a_map_that_decides_nothing_is_refused(tmp_path, text, says):
    path = tmp_path / "renames.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=says):
        Renames.read(path)


def test_a_damaged_version_is_refused_with_the_way_back(kept, tmp_path):
    folder, _ = kept
    weights = folder / "v1" / "units.npz"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + b"x")
    try:
        with pytest.raises(ValueError, match="petitions models use"):
            Triage.load(folder)
    finally:
        weights.write_bytes(good)
    with pytest.raises(ValueError, match="no version v9"):
        shelf.use(folder, "v9")
    assert [(k.version, k.in_force) for k in shelf.kept(folder)] == [("v1", True)]

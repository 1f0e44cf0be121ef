"""Pair features mean what they say, and the model is the same after a round trip through its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers import profile as pf
from classifiers import scoring
from classifiers.extract import take_apart
from classifiers.packing import pack
from classifiers.pairs import DIRECTIONS, INDEX, NAMES, features
from classifiers.reading import Complaint
from classifiers.segment import shared
from classifiers.train_links import PairSet, fit_raw, hardest, mixed, out_of_fold


def record(text: str, **fields: object) -> np.ndarray:
    complaint = Complaint("x" if "id" not in fields else str(fields.pop("id")), text, **fields)  # type: ignore[arg-type]
    packed = pack(take_apart(complaint, shared()), complaint, 0.9, [0.9] + [0.05] * 9)
    return np.frombuffer(packed, pf.DTYPE, count=1)


def compare(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    row = features(a, np.arange(1), b, pf.Rarity())[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


KITCHEN = "石塘路18号望湖花园楼下杏林小灶饭馆油烟扰民"


def test_no_pairs_give_no_rows() -> None:
    nothing = np.zeros(0, pf.DTYPE)
    assert features(nothing, np.arange(0), nothing, pf.Rarity()).shape == (0, len(NAMES))


def test_an_empty_record_gives_finite_features() -> None:
    nothing = np.zeros(1, pf.DTYPE)
    rows = features(nothing, np.arange(1), record(KITCHEN), pf.Rarity())
    assert np.isfinite(rows).all()


def test_a_complaint_agrees_with_itself_in_everything() -> None:
    pair = compare(record(KITCHEN), record(KITCHEN))
    assert pair["text_cosine"] == pytest.approx(1) and pair["head_cover_min"] == pytest.approx(1)
    assert pair["road_same"] and pair["door_same"] and pair["source_overlap"] == pytest.approx(1)
    assert not any(pair[name] for name in NAMES if name.endswith("_clash"))


def test_another_door_of_the_same_road_is_a_contradiction() -> None:
    pair = compare(record(KITCHEN), record(KITCHEN.replace("18号", "66号")))
    assert pair["door_clash"] and pair["road_same"] and not pair["door_same"]


def test_chinese_and_arabic_numbers_are_one() -> None:
    pair = compare(record("望湖花园3栋楼下饭馆油烟"), record("望湖花园三栋楼下饭馆油烟"))
    assert pair["building_same"] and not pair["building_clash"]


def test_another_source_at_the_same_place_is_a_contradiction() -> None:
    pair = compare(record("望湖花园旁边搅拌站粉尘很大"), record("望湖花园旁边棋牌室粉尘很大"))
    assert pair["source_clash"] and not compare(record("望湖花园旁边搅拌站吵"), record("望湖花园旁混凝土站吵"))["source_clash"]


def test_what_is_done_contradicts_even_where_a_landmark_is_shared() -> None:
    loud = "石塘路好又来超市门口有人放高音喇叭播放音乐，噪音扰民"
    fire = "石塘路好又来超市门口有人燃放鞭炮，噪音扰民"
    told = compare(record(loud), record(fire))
    assert told["act_clash"] == 1
    assert told["act_overlap"] == 0
    assert compare(record(loud), record(loud))["act_overlap"] == 1


def test_homophones_in_a_name_still_meet() -> None:
    pair = compare(record("蓝天佳苑旁边工地施工噪音"), record("兰天嘉苑旁边工地施工噪音"))
    assert pair["name_sounds_max"] == pytest.approx(1) and pair["name_grams_max"] < 0.7


def test_identity_is_seen_only_where_it_is_known() -> None:
    a, b = record(KITCHEN, reporter="u1"), record(KITCHEN, reporter="u1")
    assert compare(a, b)["same_reporter"] and not compare(record(KITCHEN), record(KITCHEN))["same_reporter"]
    token = record("石塘路油烟〔电话·abcd1234〕"), record("另有问题〔电话·abcd1234〕")
    assert compare(*token)["same_token"]


def test_a_cited_receipt_is_seen_from_both_sides() -> None:
    first, second = record(KITCHEN, receipt_no="XF202401010007"), record("受理编号XF202401010007至今未解决")
    assert compare(second, first)["cited"] and compare(first, second)["cited"]
    assert not compare(first, record("受理编号XF202401010008至今未解决"))["cited"]


def test_counting_and_taking_back_leaves_rarity_as_it_was() -> None:
    rarity = pf.Rarity()
    before = rarity.digest()
    row = record(KITCHEN)[0]
    rare = rarity.idf(record(KITCHEN)["words"])
    rarity.count(row, 1)
    assert (rarity.idf(record(KITCHEN)["words"]) <= rare).all() and rarity.digest() != before
    rarity.count(row, -1)
    assert rarity.digest() == before and rarity.documents == 0


def toy(n: int = 700, seed: int = 0) -> PairSet:
    chance = np.random.default_rng(seed)
    x = chance.random((n, len(NAMES))).astype(np.float32)
    y = ((x[:, INDEX["name_grams_max"]] + x[:, INDEX["source_overlap"]]) > 1.2).astype(np.int8)
    matter = np.array([f"m{i % 60}" for i in range(n)])
    return PairSet(x, y, np.arange(n) // 4, matter, matter, np.ones(n))


def test_no_feature_may_argue_against_its_meaning() -> None:
    data = toy()
    model = fit_raw(data, trees=20)
    assert (DIRECTIONS * model.weights >= 0).all()
    base = data.x[:50].copy()
    for i in np.flatnonzero(DIRECTIONS != 0):
        more = base.copy()
        more[:, i] += 0.5
        assert ((model.raw(more) - model.raw(base)) * DIRECTIONS[i] >= -1e-6).all()


def test_a_model_is_the_same_after_its_file_and_a_changed_file_is_refused(tmp_path: Path) -> None:
    data = toy()
    model = fit_raw(data, trees=20)
    path = tmp_path / "links.json"
    scoring.save(model, path)
    again = scoring.load(path)
    assert np.isclose(again(data.x), model(data.x), atol=1e-3).mean() > 0.99 and again.version
    body = json.loads(path.read_text("utf8"))
    body["intercept"] += 1
    path.write_text(json.dumps(body), "utf8")
    with pytest.raises(ValueError, match="checksum"):
        scoring.load(path)


def test_a_mixture_scores_between_its_parts() -> None:
    a, b = fit_raw(toy(seed=1), trees=10), fit_raw(toy(seed=2), trees=10)
    x = toy(seed=3).x[:100]
    assert np.allclose(mixed(a, b, 0.3).raw(x), 0.7 * a.raw(x) + 0.3 * b.raw(x), atol=1e-6)


def test_out_of_fold_scores_come_from_models_that_saw_nothing_of_the_matter() -> None:
    data = toy()
    lucky = data.x.copy()
    lucky[:, INDEX["days"]] = 0
    raw = out_of_fold(PairSet(lucky, data.y, data.query, data.here, data.there, data.weight), folds=3)
    assert ((raw > 0) == (data.y == 1)).mean() > 0.85


def test_only_the_hardest_pairs_of_a_query_are_kept() -> None:
    data = toy()
    kept = hardest(data, negatives=1, positives=1)
    pairs = set(zip(kept.query.tolist(), kept.y.tolist(), strict=True))
    assert len(pairs) == len(kept) < len(data)

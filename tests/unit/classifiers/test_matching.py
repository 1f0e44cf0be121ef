"""Quick ways held against slow ones: shared keys by a table, trees side by side, rarities kept as they change."""

import numpy as np
import pytest

from classifiers import profile as pf
from classifiers import scoring
from classifiers.matching import matches
from classifiers.pairs import NAMES
from classifiers.triage import MODELS


@pytest.mark.parametrize("most", [40, 300, 1 << 14, 1 << 32], ids=["crowded", "often", "slots shared", "rare"])
def test_shared_keys_are_those_that_comparing_each_with_each_finds(most: int) -> None:
    rng = np.random.default_rng(most)
    pool = np.zeros((30, 24), np.uint32)
    for row in pool:
        keys = np.unique(rng.integers(1, most, 24, dtype=np.uint64).astype(np.uint32))
        row[: len(keys)] = rng.permutation(keys)
    a, b = np.repeat(pool, 7, axis=0), pool[rng.integers(0, 30, 210)]
    equal = (a[:, :, None] == b[:, None, :]) & (a[:, :, None] > 0)
    in_b, in_a = matches(pool.T, np.repeat(np.arange(30), 7), b.T)
    assert (equal.any(axis=2) == in_b.T).all()
    assert (equal.any(axis=1) == in_a.T).all()
    assert in_b.any()


def test_keys_that_share_a_slot_are_told_apart() -> None:
    one, other, neither = 5, 5 + (1 << 14), 5 + (2 << 14)
    own, there = np.array([[one], [other]], np.uint32), np.array([[other], [neither], [one]], np.uint32)
    in_b, in_a = matches(own, np.zeros(1, np.intp), there)
    assert in_b.ravel().tolist() == [True, True]
    assert in_a.ravel().tolist() == [True, False, True]


def test_the_forest_answers_as_walking_each_tree_does() -> None:
    model = scoring.load(MODELS / "links.json")
    x = np.random.default_rng(1).normal(0.3, 0.6, (1500, len(NAMES))).astype(np.float32)
    x[:700] = np.round(x[:700], 1)  # where thresholds lie
    expected = np.full(len(x), model.base)
    for tree in model.trees:
        node = np.zeros(len(x), np.int64)
        for _ in range(tree.depth):
            low = x[np.arange(len(x)), tree.feature[node]] <= tree.threshold[node]
            node = np.where(low, tree.left[node], tree.right[node])
        expected += tree.value[node]
    assert (model.grown(x) == expected).all()


def test_rarities_follow_what_is_counted_and_come_back_when_it_is_taken_back() -> None:
    rng = np.random.default_rng(2)
    records = np.zeros(40, pf.DTYPE)
    records["words"] = rng.integers(1, 1 << 32, (40, pf.WORDS), dtype=np.uint64)
    rarity, keys = pf.Rarity(), records["words"][:10]
    before = rarity.idf(keys)
    rarity.count_all(records, 1)
    assert (rarity.idf(keys) < before + 0.02).all()
    one_by_one = pf.Rarity()
    for record in records:
        one_by_one.count(record, 1)
    assert (one_by_one.idf(keys) == rarity.idf(keys)).all()
    rarity.count_all(records, -1)
    assert (rarity.idf(keys) == before).all()

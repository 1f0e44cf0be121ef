"""Posting lists against a plain dictionary of lists."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.postings import KEY_BITS, Postings

_KEY = st.one_of(st.integers(0, 12), st.integers(0, 2**KEY_BITS - 1), st.just(2**KEY_BITS - 1))
_BATCHES = st.lists(st.lists(st.lists(_KEY, max_size=6, unique=True), min_size=1, max_size=12), min_size=1, max_size=12)


def _filled(batches: list[list[list[int]]]) -> tuple[Postings, dict[int, list[int]]]:
    postings, plain, item = Postings(), defaultdict(list), 0
    for batch in batches:
        keys, items = [], []
        for row in batch:
            for key in row:
                keys.append(key)
                items.append(item)
                plain[key].append(item)
            item += 1
        postings.add(np.array(keys, np.uint32), np.array(items, np.uint32))
    return postings, plain


def _newest(postings: Postings, keys: list[int], most: int, before: int | None = None) -> list[list[int]]:
    asked = np.array(keys, np.uint32)
    hits = postings.find(asked, None if before is None else np.full(asked.size, before))
    which, items = hits.newest(np.minimum(hits.counts, most))
    return [sorted(items[which == at].tolist()) for at in range(len(keys))]


@settings(max_examples=60, deadline=None)
@given(_BATCHES, st.integers(1, 8))
def test_a_key_gives_its_newest_items_and_no_others(batches: list[list[list[int]]], most: int) -> None:
    postings, plain = _filled(batches)
    keys = [*plain, 5, 123_456]
    assert _newest(postings, keys, most) == [plain.get(key, [])[-most:] for key in keys]
    assert postings.find(np.array(keys, np.uint32)).counts.tolist() == [len(plain.get(key, [])) for key in keys]


@settings(max_examples=60, deadline=None)
@given(_BATCHES, st.data())
def test_forgotten_items_are_gone_and_leave_room_for_older_ones(batches: list[list[list[int]]], data: st.DataObject) -> None:
    postings, plain = _filled(batches)
    count = sum(len(batch) for batch in batches)
    doomed = data.draw(st.sets(st.integers(0, count - 1)))
    postings.forget(np.array(sorted(doomed), np.int64))
    left = {key: [item for item in items if item not in doomed] for key, items in plain.items()}
    assert _newest(postings, [*plain], 3) == [left[key][-3:] for key in plain]
    assert len(postings) == sum(map(len, left.values()))


@settings(max_examples=40, deadline=None)
@given(_BATCHES, st.integers(0, 150))
def test_a_bound_hides_later_items(batches: list[list[list[int]]], before: int) -> None:
    postings, plain = _filled(batches)
    shown = [[item for item in items if item < before][-4:] for items in plain.values()]
    assert _newest(postings, [*plain], 4, before) == shown


@pytest.mark.parametrize("size", [1, 4096, 1 << 22])
def test_runs_of_every_size_keep_all_bits_of_a_key(size: int) -> None:
    rng = np.random.default_rng(1)
    keys = rng.integers(0, 2**KEY_BITS, size, dtype=np.uint32)
    postings = Postings()
    postings.add(keys, np.arange(size, dtype=np.uint32))
    some = np.unique(keys[:200])
    true = {int(key): np.flatnonzero(keys == key).tolist() for key in some[:20]}
    assert _newest(postings, list(true), 100) == list(true.values())
    strangers = np.setdiff1d(some[:100] ^ np.uint32(1), keys)
    assert postings.find(strangers).counts.sum() == 0


def test_saved_lists_answer_the_same_and_take_more(tmp_path: Path) -> None:
    postings, plain = _filled([[[1, 2], [2, 3]], [[2], [9]]])
    postings.save(tmp_path, "x")
    opened = Postings.open(tmp_path, "x")
    assert _newest(opened, [*plain], 9) == list(plain.values())
    opened.add(np.array([2], np.uint32), np.array([4], np.uint32))
    assert _newest(opened, [2], 2) == [[2, 4]]
    assert _newest(postings, [2], 2) == [[1, 2]]


def test_many_batches_stay_few_runs() -> None:
    postings, _ = _filled([[[key, key + 1, key + 2]] * 4 for key in range(600)])
    assert len(postings) == 600 * 12
    assert len(postings._runs) <= 6

"""The history: undo leaves no trace, files answer the same, cases and constraints hold."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import profile as pf
from classifiers.generations import Damaged
from classifiers.history import History
from classifiers.reading import Complaint, Reading, Versions
from tests.benchmarks.stream import neighbours, stream

_STREAM = [told.complaint for told in islice(stream(700, seed=3), 700)]
_VERSIONS = Versions("-", "-", "-")


def _reading(complaint: Complaint) -> Reading:
    record = np.zeros(1, pf.DTYPE)
    record["words"][0, :8] = [pf.key32("w", complaint.text[at : at + 2]) for at in range(0, 16, 2)]
    note = complaint.text[:6].encode()
    return Reading(complaint.id, 0.9, (), _VERSIONS, profile=record.tobytes() + note)


def _add(history: History, complaints: list[Complaint]) -> None:
    for complaint in complaints:
        history.add(complaint, _reading(complaint), f"case-{complaint.text[8:10]}")


def _answers(history: History, complaints: list[Complaint]) -> list[list[tuple[str, str, bytes, float]]]:
    found = history.candidates(complaints, [_reading(complaint) for complaint in complaints], 10)
    return [[(item.id, item.case, item.profile, score) for item, score in row] for row in found]


def _filled(count: int = 300) -> History:
    history = History(neighbours())
    _add(history, _STREAM[:count])
    return history


def test_an_unknown_complaint_has_no_case_and_cannot_be_moved() -> None:
    history = History()
    assert history.case_of("nobody") is None
    assert history.get("nobody") is None
    assert history.members("no case") == []
    with pytest.raises(KeyError):
        history.move("nobody", "somewhere")


def test_an_empty_history_finds_nothing() -> None:
    assert _answers(History(), _STREAM[:3]) == [[], [], []]


def test_a_history_of_another_format_is_refused(tmp_path: Path) -> None:
    _filled(5).save(tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 3', '"format": 0'))
    with pytest.raises(ValueError, match="rebuild"):
        History.open(tmp_path)
    with pytest.raises(FileNotFoundError):
        History.open(tmp_path / "nothing")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 299), st.integers(1, 200), st.integers(1, 60))
def test_what_is_added_and_forgotten_leaves_no_trace(before: int, more: int, step: int) -> None:
    history, plain = _filled(before), _filled(before)
    late = _STREAM[before : before + more]
    for start in range(0, more, step):
        _add(history, late[start : start + step])
        _answers(history, late[:1])
    history.forget(complaint.id for complaint in late)
    assert len(history) == before
    asked = _STREAM[600:620] + late[:5]
    assert _answers(history, asked) == _answers(plain, asked)
    assert history.rarity.digest() == plain.rarity.digest()
    assert (history.index.counts.counts == plain.index.counts.counts).all()
    assert history.nbytes()["case"] == plain.nbytes()["case"]


def test_one_forgotten_from_the_middle_is_found_no_more_and_the_rest_as_if_it_never_came() -> None:
    history, plain = _filled(), History(neighbours())
    _add(plain, _STREAM[:100] + _STREAM[101:300])
    gone = _STREAM[100].id
    history.forget([gone, "nobody"])
    assert gone not in history
    assert _answers(history, _STREAM[600:]) == _answers(plain, _STREAM[600:])


def test_saved_and_opened_it_answers_the_same_and_goes_on(tmp_path: Path) -> None:
    history = _filled()
    case = history.case_of(_STREAM[7].id)
    assert case
    history.close(case)
    history.cannot_link(_STREAM[1].id, _STREAM[2].id)
    history.must_link(_STREAM[3].id, "not here yet")
    history.notes = {"read_up_to": "41"}
    before = _answers(history, _STREAM[600:650])
    history.save(tmp_path)
    opened = History.open(tmp_path, neighbours())
    assert opened.notes == {"read_up_to": "41"}
    assert opened.closed(case)
    assert opened.bound("not here yet") == {_STREAM[3].id}
    assert opened.members(case) == history.members(case)
    assert _answers(opened, _STREAM[600:650]) == before == _answers(history, _STREAM[600:650])
    for each in (opened, history):
        _add(each, _STREAM[300:500])
        each.forget([_STREAM[5].id, _STREAM[310].id])
    assert _answers(opened, _STREAM[600:650]) == _answers(history, _STREAM[600:650])
    opened.save(tmp_path)
    assert _answers(History.open(tmp_path, neighbours()), _STREAM[600:650]) == _answers(history, _STREAM[600:650])
    assert len(list(tmp_path.glob("generation-*"))) == 1


def test_a_broken_save_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = _filled(50)
    history.save(tmp_path)
    _add(history, _STREAM[50:60])
    monkeypatch.setattr("classifiers.generations.os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        history.save(tmp_path)
    assert len(History.open(tmp_path)) == 50


def test_a_saved_history_that_rotted_on_disk_is_refused(tmp_path: Path) -> None:
    _filled(50).save(tmp_path)
    [rotten] = tmp_path.glob("generation-*/row-case.npy")
    rotten.write_bytes(rotten.read_bytes()[:-4] + b"rust")
    with pytest.raises(Damaged, match="row-case"):
        History.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(Damaged, match="cannot be read"):
        History.open(tmp_path)


def test_adding_one_by_one_or_in_batches_is_the_same() -> None:
    one, other = _filled(120), History(neighbours())
    some = _STREAM[:120]
    other.add_many(some, [_reading(c) for c in some], [f"case-{c.text[8:10]}" for c in some])
    assert _answers(one, _STREAM[600:]) == _answers(other, _STREAM[600:])


def test_the_same_id_again_replaces_the_complaint() -> None:
    history = _filled(20)
    changed = replace(_STREAM[0], text="乾坤坊三十三号的旧书店通宵打麻将，声音很大")
    history.add(changed, _reading(changed), "other")
    assert len(history) == 20
    assert history.members("other") == [changed.id]
    asked = replace(changed, id="new", text="乾坤坊三十三号旧书店半夜打麻将")
    assert _answers(history, [asked])[0][0][0] == changed.id


def test_cases_follow_moves_and_keep_the_order_of_arrival() -> None:
    history = History()
    for complaint in _STREAM[:6]:
        history.add(complaint, _reading(complaint), "one")
    ids = [complaint.id for complaint in _STREAM[:6]]
    for at in (4, 0, 2):
        history.move(ids[at], "two")
    assert history.members("one") == [ids[1], ids[3], ids[5]]
    assert history.members("two") == [ids[0], ids[2], ids[4]]
    history.move(ids[2], "one")
    assert history.members("one") == [ids[1], ids[2], ids[3], ids[5]]
    history.forget([ids[0], ids[4]])
    assert history.members("two") == []
    history.close("two")
    history.reopen("two")
    assert not history.closed("two")


def test_a_persons_word_stands_until_the_opposite_is_said() -> None:
    history = _filled(10)
    a, b, c = (complaint.id for complaint in _STREAM[:3])
    for id in (a, b, c):
        history.move(id, f"of {id}")
    history.must_link(a, b)
    history.cannot_link(b, c)
    assert history.bound(a) == {b}
    assert history.forbidden(a, f"of {c}")
    assert history.forbidden(c, f"of {a}")
    history.forget([b])
    assert history.forbidden(a, f"of {c}")
    history.unconstrain(b, c)
    assert not history.forbidden(a, f"of {c}")
    history.cannot_link(a, b)
    assert history.bound(a) == frozenset()


def test_ids_need_not_be_uuids_and_uuids_keep_their_spelling(tmp_path: Path) -> None:
    ids = ["7", "工单·二〇二四", "0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E", "x" * 300]
    history = History()
    for id, complaint in zip(ids, _STREAM, strict=False):
        history.add(replace(complaint, id=id), _reading(complaint), f"c{id}")
    history.save(tmp_path)
    opened = History.open(tmp_path)
    assert [opened.case_of(id) for id in ids] == [f"c{id}" for id in ids]
    assert [opened.members(f"c{id}") for id in ids] == [[id] for id in ids]
    opened.forget(ids[:2])
    assert ids[0] not in opened and ids[2] in opened


def test_names_are_found_after_they_have_left_the_dictionary_of_recent_ones() -> None:
    from classifiers.columns import Names

    names = Names()
    for number in range(40_000):
        names.push_many([f"n{number}"])
    assert names.find(["n0", "n17000", "n39999", "n40000"]).tolist() == [0, 17_000, 39_999, -1]
    names.forget(np.array([17_000]))
    assert names.number("n17000") == -1
    assert names.number("n17001") == 17_001

"""Candidate search: what must be found, where it must not look, and that its cost is bounded."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from classifiers import index as index_module
from classifiers.columns import Column
from classifiers.index import Index
from classifiers.keys import IDENTITY
from classifiers.phonetic import sounds
from classifiers.reading import Complaint
from tests.benchmarks.stream import neighbours, stream


class _Shelf:
    """An index with its column of regions."""

    def __init__(self, borders: dict[str, list[str]] | None = None) -> None:
        self.index, self.regions = Index(borders), Column("u2")

    def add(self, *complaints: Complaint) -> None:
        features = self.index.features(complaints, None)
        self.index.add(features)
        self.regions.append(features.regions)

    def find(self, *complaints: Complaint, most: int = 10, together: bool = False) -> list[list[int]]:
        features = self.index.features(complaints, None, together)
        found = self.index.search(features, most, self.regions, together)
        return [found.items[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)]


def _c(text: str, region: str | None = "110101", **more: str) -> Complaint:
    return Complaint(more.pop("id", "x"), text, region=region, **more)  # type: ignore[arg-type]


_PLANT = "澄波路鑫远花园旁边的恒昌搅拌站半夜粉尘很大，罐车轰鸣"
_OTHERS = [
    _c(told.complaint.text, "110101" if number % 2 else "110102")
    for number, told in enumerate(islice(stream(400, seed=5), 400))
]


def test_nothing_is_found_where_nothing_is_shared() -> None:
    shelf = _Shelf()
    shelf.add(_c("澄波路的恒昌搅拌站粉尘很大"))
    assert shelf.find(_c("ab 12 !?")) == [[]]
    assert shelf.find(_c("")) == [[]]


def test_another_city_is_not_searched_but_a_neighbouring_one_is() -> None:
    shelf = _Shelf({"110108": ["120101"]})
    shelf.add(_c("桃源里小区外面的水沟发黑发臭", "120101"), _c("桃源里小区外面的水沟发黑发臭", "130101"))
    # too few names to have national keys beyond these: identical words meet there, and rank by district
    assert shelf.find(_c("桃源里小区的水沟又黑又臭", "110108"))[0][0] == 0


def test_a_name_misheard_is_found_by_its_sound() -> None:
    shelf = _Shelf()
    shelf.add(*_OTHERS, _c(_PLANT), *_OTHERS[:100])
    assert shelf.find(_c("新苑花园那边恒畅拌料厂灰很大"))[0][0] == 400
    assert (sounds(["南山路一百号"]).codes == sounds(["蓝山 路1百号"]).codes).all()


def test_a_complaint_without_a_region_is_found_from_a_district_and_the_other_way_round() -> None:
    shelf = _Shelf()
    shelf.add(*_OTHERS, _c(_PLANT, None), _c("望月街宏泰烧烤店油烟熏人，凌晨还在营业"))
    assert 400 in shelf.find(_c("恒昌搅拌站在鑫远花园旁边，粉尘大"))[0]
    assert 401 in shelf.find(_c("宏泰烧烤店在望月街，油烟大", None))[0]


def test_a_cited_receipt_a_token_and_a_reporter_find_their_complaint_across_cities() -> None:
    shelf = _Shelf()
    shelf.add(
        *_OTHERS,
        _c("路灯不亮", "110101", receipt_no="20240011"),
        _c("联系〔电话·ab12cd34〕", "110101"),
        _c("井盖坏了", "110101", reporter="r-1"),
    )
    cited = Complaint("q", "上次的事没有解决", region="990101", cited_receipts=("20240011",))
    assert shelf.find(cited, _c("再打〔电话·ab12cd34〕", "990101"), _c("又坏了", "990101", reporter="r-1")) == [
        [400], [401], [402]
    ]


def test_the_same_district_comes_before_another_of_the_city() -> None:
    shelf = _Shelf({"110101": ["110102"]})
    text = "桃源里小区外面的水沟发黑发臭"
    shelf.add(_c(text, "110103"), _c(text, "110102"), _c(text, "110101"))
    assert shelf.find(_c(text, "110101")) == [[2, 1, 0]]


def test_within_a_batch_only_earlier_complaints_are_found() -> None:
    shelf = _Shelf()
    shelf.add(*_OTHERS)
    again = _c("恒昌搅拌站粉尘很大，就在鑫远花园旁边")
    found = shelf.find(_c(_PLANT), _OTHERS[3], again, together=True)
    assert 402 not in found[0] and 400 not in found[0]
    assert found[1][0] == 3
    assert found[2][0] == 400
    shelf.add(_c(_PLANT), _OTHERS[3], again)
    assert shelf.find(again)[0][:2] == [402, 400]


def test_what_a_batch_is_told_together_does_not_change_by_what_comes_later() -> None:
    shelf = _Shelf()
    shelf.add(*_OTHERS[:200])
    long = shelf.find(*_OTHERS[200:300], together=True, most=5)
    short = shelf.find(*_OTHERS[200:240], together=True, most=5)
    assert [row[:1] for row in long[:40]] == [row[:1] for row in short]


def test_the_work_for_one_complaint_is_bounded_however_many_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = _Shelf()
    for _ in range(12):
        shelf.add(*[_c(_PLANT, reporter="the same")] * 400)
    read: list[int] = []
    limits = index_module._limits

    def counted(*args: np.ndarray) -> np.ndarray:
        result = limits(*args)
        read.append(int(result.sum()))
        return result

    monkeypatch.setattr(index_module, "_limits", counted)
    found = shelf.find(_c(_PLANT, reporter="the same"))[0]
    assert read == [index_module.READ]
    assert found == list(range(4799, 4789, -1)), "the newest of equals come first"


def test_an_order_of_arrival_changes_numbers_but_not_what_is_found() -> None:
    forth, back = _Shelf(), _Shelf()
    forth.add(*_OTHERS)
    back.add(*_OTHERS[::-1])
    asked = _OTHERS[:60]
    same = [
        len({_OTHERS[at].text for at in one} & {_OTHERS[399 - at].text for at in other}) / max(len(one), 1)
        for one, other in zip(forth.find(*asked), back.find(*asked), strict=True)
    ]
    assert np.mean(same) > 0.9


def test_most_retellings_of_a_stream_are_found() -> None:
    told = list(stream(6000, seed=11))
    shelf = _Shelf(neighbours())
    for start in range(0, 5000, 500):
        shelf.add(*[replace(t.complaint, reporter=None, receipt_no=None) for t in told[start : start + 500]])
    earlier = {t.matter for t in told[:5000]}
    asked = [t for t in told[5000:] if t.level and t.matter in earlier][:300]
    found = shelf.find(*[replace(t.complaint, reporter=None, receipt_no=None) for t in asked])
    hits = [any(told[at].matter == t.matter for at in row) for t, row in zip(asked, found, strict=True)]
    assert np.mean(hits) > 0.95


def test_every_posted_key_of_the_identity_channel_is_also_asked() -> None:
    features = Index().features([_c("路灯不亮", reporter="r-1", receipt_no="1")], None)
    assert (features.keys.channels == IDENTITY).sum() == 2

"""Both segmenters give the same words, and normalising never moves a character."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.corpus.generator import generate
from classifiers.normalize import blank_tokens, identity_tokens, normalize, number
from classifiers.segment import Segmenter, rjieba

NAMES = ["青禾湾", "云栖雅苑", "鼎拓搅拌站", "杏林小灶", "K歌城2店"]
TEXTS = [
    "云栖雅苑3栋楼下的杏林小灶每天油烟直排，噪音82.5分贝，v1.2.3",
    "青禾湾小区对面鼎拓搅拌站夜里22:00-6:00施工，粉尘0.15mg/m3，4.2.3条，80-90元。",
    "K歌城2店通宵唱歌，电话〔电话·a1b2c3d4〕，邮箱a_b@c.com，C++ 与 3G基站",
    "", " ", "。", "1.", ".5", "５．８Ｍ高的房间",
]


@pytest.fixture(scope="module")
def engines() -> tuple[Segmenter, Segmenter]:
    if rjieba is None:
        pytest.skip("rjieba is not installed here: nothing to compare")
    return Segmenter(NAMES, "rjieba"), Segmenter(NAMES, "jieba")


def test_a_word_that_is_not_a_word_is_refused(engines: tuple[Segmenter, Segmenter]) -> None:
    with pytest.raises(ValueError, match="not a word"):
        engines[0].add(["a-b"])


@pytest.mark.parametrize("text", TEXTS)
def test_both_engines_give_the_same_tokens(engines: tuple[Segmenter, Segmenter], text: str) -> None:
    fast, slow = (engine.cut(text) for engine in engines)
    assert fast == slow
    assert sum(map(len, fast)) == len(text)


def test_added_names_stay_whole_and_private(engines: tuple[Segmenter, Segmenter]) -> None:
    assert "鼎拓搅拌站" in engines[0].cut(TEXTS[1])
    assert "鼎拓搅拌站" not in Segmenter().cut(TEXTS[1])


def test_both_engines_agree_on_real_messages(engines: tuple[Segmenter, Segmenter]) -> None:
    folder = Path(os.environ.get("PETITIONS_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
    path = folder / "tickets_2018.jsonl"
    if not path.exists():
        pytest.skip(f"measuring data is absent: {path}")
    texts = [json.loads(line)["text"] for line in path.read_text("utf8").splitlines()[:3000]]
    fast, slow = (engine.cut_many(texts) for engine in engines)
    assert [i for i, (a, b) in enumerate(zip(fast, slow, strict=True)) if a != b] == []


def test_both_engines_agree_on_the_corpus(engines: tuple[Segmenter, Segmenter]) -> None:
    texts = [normalize(row["text"]) for row in generate(2_500)]
    fast, slow = (engine.cut_many(texts) for engine in engines)
    assert [i for i, (a, b) in enumerate(zip(fast, slow, strict=True)) if a != b] == []


@given(st.text(max_size=80))
def test_normalizing_keeps_the_length_and_is_stable(text: str) -> None:
    once = normalize(text)
    assert len(once) == len(text)
    assert normalize(once) == once


@given(st.text(alphabet="〔〕·电话a1b2 中", max_size=40))
def test_blanking_tokens_keeps_the_length(text: str) -> None:
    assert len(blank_tokens(text)) == len(text)


def test_keyed_tokens_are_listed_and_unkeyed_ones_are_not() -> None:
    assert identity_tokens("找〔电话·a1b2c3d4〕或〔电话〕") == (("电话", "a1b2c3d4", 1),)


@pytest.mark.parametrize(
    ("written", "value"),
    [("12", 12), ("十二", 12), ("二十", 20), ("一百零三", 103), ("二〇一", 201), ("两", 2), ("甲", None), ("", None)],
)
def test_numbers_read_the_same_however_written(written: str, value: int | None) -> None:
    assert number(written) == value

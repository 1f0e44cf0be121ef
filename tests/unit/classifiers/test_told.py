"""Complaints told by hand: what is read out of those nothing was learnt from does not fall behind."""

from __future__ import annotations

import pytest

from classifiers import taxonomy
from classifiers.triage import Triage
from tests.told import FILES, told
from tests.told.measuring import Share, figures

# about one standard error below what is measured in classifiers/README.md
FLOORS = {
    "environmental, found": 0.93, "others, left alone": 0.82, "main type": 0.77, "sub-type": 0.63, "respondent, more or less": 0.50,
    "place": 0.57, "at what time": 0.85, "since when": 0.46, "complained before": 0.43, "first time": 0.93,
}


@pytest.fixture(scope="module")
def second() -> dict[str, Share]:
    return figures(Triage.load(), told("second"))


@pytest.mark.parametrize("what", FLOORS)
def test_what_is_read_does_not_fall_behind(second: dict[str, Share], what: str) -> None:
    right, asked = second[what]
    assert right / asked >= FLOORS[what]


@pytest.mark.parametrize("name", FILES)
def test_every_subtype_is_told_six_times_in_words_that_stand_there(name: str) -> None:
    rows = told(name)
    subtypes = [row["subtype"] for row in rows if row["env"]]
    assert {kind: subtypes.count(kind) for kind in taxonomy.subtypes()} == dict.fromkeys(taxonomy.subtypes(), 6)
    for row in rows:
        whole = f"{row['title']}\n{row['text']}"
        assert all(words in whole for words in (*row["respondent"], *row["place"], row["since"] or "", row["happens"] or ""))


def test_the_two_files_share_no_sentence() -> None:
    sentences = [{part for row in told(name) for part in row["text"].replace("，", "。").split("。") if len(part) > 6} for name in FILES]
    assert not sentences[0] & sentences[1]

"""Suspected emergencies: told in people's own words, measured on tellings nothing was learnt from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers import alarm
from classifiers.train_emergency import own
from classifiers.urgency import assess
from contracts.vocabulary import Urgency
from tests.told import EMERGENCIES


def sentences_of(text: str) -> list[str]:
    return [text[a:b] for a, b in alarm.sentences(text)]


def test_most_emergencies_never_seen_before_are_suspected_and_few_that_only_sound_like_one() -> None:
    rows = [json.loads(line) for line in EMERGENCIES.read_text("utf8").splitlines()]
    found = [bool(spans) for _, spans in assess([row["text"] for row in rows])]
    hit = [each for each, row in zip(found, rows, strict=True) if row["urgency"] == "特急"]
    false = [each for each, row in zip(found, rows, strict=True) if row["urgency"] == "一般"]
    assert sum(hit) >= 0.7 * len(hit)
    assert sum(false) <= 0.1 * len(false)


def test_ordinary_complaints_told_by_hand_seldom_call_anybody() -> None:
    rows = [row for row in own("told") if row["env"]]
    suspected = [bool(spans) for _, spans in assess([row["text"] for row in rows])]
    assert sum(suspected) <= 0.05 * len(suspected)


@pytest.mark.parametrize("text", [
    "隔壁罐子在漏，白雾贴着地走，闻一口就咳，保安都往外跑了",
    "河面一夜之间全是翻白的鱼，从闸口一直漂到取水的地方",
    "拉药水的车翻在桥上，桶滚下去好几个，水都冒泡了",
])
def test_what_is_seen_and_felt_is_enough(text: str) -> None:
    [(urgency, spans)] = assess([text])
    assert urgency is Urgency.EMERGENCY
    assert all(span.text in text and text[span.start : span.end] == span.text for span in spans)


@pytest.mark.parametrize("text", ["广场舞吵得人头要炸了", "楼上水管漏水，把我家天花板泡了", "前些年这厂着过火，现在搬走了吗", "", "。。。\n，"])
def test_a_manner_of_speaking_a_household_mishap_and_nothing_at_all_call_nobody(text: str) -> None:
    [(urgency, spans)] = assess([text])
    assert urgency is not Urgency.EMERGENCY and spans == ()


def test_one_terrible_sentence_in_a_long_letter_is_found() -> None:
    letter = "尊敬的领导，我住在河边三十年，楼下烧烤油烟一直很大，反映过多次。" * 20
    [(urgency, spans)] = assess([f"{letter}刚刚上游那个厂的酸罐裂了，黄烟往村里飘，有人倒在地上。{letter}"])
    assert urgency is Urgency.EMERGENCY
    assert all("厂" in span.text or "黄烟" in span.text or "倒在地上" in span.text for span in spans)


def test_what_goes_on_for_weeks_calls_nobody_unless_it_is_sure() -> None:
    now, ever = "厂里冒出的烟往村里灌，闻久了头晕恶心", "厂里冒出的烟天天往村里灌，闻久了头晕恶心，反映过多次"
    assert alarm.load().suspected([now, ever])[1] == ()
    sure = "天天担心的事来了，氨罐裂了，白雾往学校飘，几个人倒在地上"
    assert alarm.load().suspected([sure])[0] != ()


def test_a_sentence_without_an_end_is_taken_in_parts() -> None:
    text = "，".join(["这里又臭又吵没人管"] * 30)
    assert all(len(piece) <= alarm.LONGEST for piece in sentences_of(text)) and "".join(sentences_of(text)) == text


def test_a_batch_answers_like_one_at_a_time() -> None:
    texts = [row["text"] for row in own("emergencies")[:60]] + ["", "工地夜间施工"]
    assert alarm.load().suspected(texts) == [alarm.load().suspected([text])[0] for text in texts]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "emergency.json"
    changed.write_text(alarm.MODEL.read_text("utf8").replace('"least": 0.2', '"least": 0.9'), "utf8")
    with pytest.raises(ValueError, match="checksum"):
        alarm.load(changed)

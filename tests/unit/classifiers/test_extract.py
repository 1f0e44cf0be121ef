"""What is read out of one complaint: parts, names, cues; on texts invented here."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import extract_cues as cues
from classifiers.corpus.generator import generate
from classifiers.extract import take_apart
from classifiers.normalize import normalize
from classifiers.packing import pack
from classifiers.place import place_of
from classifiers.profile import DTYPE, unpack
from classifiers.reading import Complaint
from classifiers.respondent import find
from classifiers.segment import shared
from classifiers.sounds import code
from classifiers.sources import HARM_GROUPS, HARMS, SOURCE_GROUPS, SOURCES, Groups


def parts_of(text: str, title: str = ""):  # type: ignore[no-untyped-def]
    complaint = Complaint("x", text, title)
    return take_apart(complaint, shared()), complaint


def kinds(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in parts_of(text)[0].names:
        found.setdefault(name.kind, []).append(name.text)
    return found


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=30))
def test_any_text_can_be_read_and_packed(text: str, title: str) -> None:
    parts, complaint = parts_of(text, title)
    assert len(parts.plain) == len(complaint.full_text)
    record, _ = unpack(pack(parts, complaint, 0.5, [0.1] * 10))
    assert record.dtype == DTYPE
    assert 0 <= parts.head[0] <= parts.head[1] <= max(len(parts.plain), parts.head[0])


def test_nothing_is_found_in_an_empty_complaint() -> None:
    parts, complaint = parts_of("")
    assert parts.names == [] and parts.sources == [] and parts.cited == ()
    assert find(parts) is None and place_of(parts, complaint) is None


def test_road_number_and_estate_are_told_apart() -> None:
    found = kinds("东篱区石塘路18号望湖花园3栋楼下的杏林小灶饭馆油烟扰民")
    assert any(name.endswith("石塘路") for name in found["road"])
    assert found["door"] == ["18号"] and found["building"] == ["3栋"]
    assert any("望湖花园" in name for name in found["estate"])
    assert any("杏林小灶饭馆" in name for name in found["business"])


def test_common_words_with_a_place_ending_are_no_names() -> None:
    found = kinds("我们小区居民在家里无法休息，马路上的大车进行装卸，现场没有人管，政府也不管")
    assert not set(found) & {"road", "estate", "business"}


def test_the_actor_stands_after_the_landmark() -> None:
    parts, complaint = parts_of("市民来电反映：东篱区柳溪小学旁边的烧烤园每天播放高音喇叭")
    full = complaint.full_text
    assert "柳溪小学" in full[slice(*parts.landmark)]
    assert "烧烤园" in full[slice(*parts.actor)]


def test_the_operators_opening_takes_no_word_of_the_matter_along() -> None:
    parts, complaint = parts_of("来电人反映永泰铸造厂夜里出铁水，火星飞到路上")
    assert complaint.full_text[slice(*parts.head)].startswith("永泰铸造厂")


def test_a_place_told_in_the_second_clause_does_not_hide_who_was_named_in_the_first() -> None:
    parts, complaint = parts_of("翠屏公馆地下室的水泵一启动就嗡嗡响，一楼住户彻夜难眠")
    assert complaint.full_text[slice(*parts.actor)].startswith("的水泵")


def test_identity_tokens_are_never_words() -> None:
    parts, _ = parts_of("请回电〔电话·a1b2c3d4e5〕，石塘路有臭味")
    assert parts.identities == (("电话", "a1b2c3d4e5", 3),)
    assert not any("a1b2" in token for token in parts.tokens)


@pytest.mark.parametrize(
    ("text", "number"),
    [("政府工单号20240101123456《关于噪音》", "20240101123456"), ("受理编号：xf202401010007，至今未解决", "XF202401010007"),
     ("编号 88001234567", "88001234567")],
)
def test_cited_receipts_are_found(text: str, number: str) -> None:
    assert cues.cited(normalize(text)) == (number,)


def test_plain_numbers_are_not_receipts() -> None:
    assert cues.cited("3栋1204户，电话已隐去，面积120平方米，2024年1月") == ()


@pytest.mark.parametrize("text", [
    "已多次投诉无果", "之前打过12345", "反映过没人管", "再次举报", "找村干部讲过三回，都说晓得了", "物业来人看了一眼就再没下文",
    "罚了款又照样开工", "环保站说归城管，城管又往回推", "我给市长写过信", "城管来过一趟，人一走又烧", "去年在意见簿上留了言，没人回",
    "老板答应得好好的，转头又排", "前后打了七通电话", "上次反映完消停了两天",
])
def test_earlier_complaints_are_noticed(text: str) -> None:
    assert cues.complained_before(text)


@pytest.mark.parametrize("text", [
    "石塘路饭馆油烟很大，请环保部门处理", "头一遭写信，不知道该找哪个部门", "要求责令整改并书面答复", "听说厂里要扩建，大家都担心",
    "请城管部门核实处理，谢谢", "再不管我就要去投诉",
])
def test_a_first_complaint_is_not_taken_for_a_repeat(text: str) -> None:
    assert not cues.complained_before(text)


@pytest.mark.parametrize(("text", "since"), [
    ("自入冬以来天天有股怪味", "自入冬以来"), ("去年国庆后搬来一家木器厂", "去年国庆后"), ("已经臭了三个多月了", "三个多月了"),
    ("从前年腊月开始放炮开山", "从前年腊月开始"), ("厂子投产以后井水就黄了", "投产以后"), ("这两年，河里没鱼了", "这两年"),
    ("自从换了东家，炉子就没停过", "自从换了东家"), ("前阵子楼下开始熬胶", "前阵子"),
])
def test_since_when_is_read_in_peoples_own_words(text: str, since: str) -> None:
    assert cues.since(text) == since


@pytest.mark.parametrize("text", ["老人家八十四岁了", "每月一次的检修", "明年要拆", "工期二十天左右"])
def test_an_age_or_a_plan_is_no_since(text: str) -> None:
    assert cues.since(text) is None


@pytest.mark.parametrize(("text", "when"), [
    ("早上五点半就开始卸货", "早上五点半"), ("一到饭点满楼道油烟", "饭点"), ("逢集那天杀鸡褪毛", "逢集"), ("后半夜两点多还在切割", "后半夜两点多"),
    ("天没亮就有车热车", "天没亮"), ("从早到晚一天到晚喊喇叭", "一天到晚"), ("周三下午必烧一炉", "周三下午"), ("七点放到十点", "七点放到十点"),
])
def test_when_it_happens_is_read_in_peoples_own_words(text: str, when: str) -> None:
    assert any(when in found or found in when for found in cues.happens(text))


def test_new_facts_are_noticed_only_where_said() -> None:
    assert cues.new_facts("整改后没几天又开始排烟") and not cues.new_facts("饭馆一直排烟")


def test_times_amounts_and_since() -> None:
    text = normalize("从2023年5月开始，每天晚上10点到凌晨2点施工，85分贝，影响300多户")
    assert cues.since(text) == "从2023年5月开始"
    assert any("10点" in when for when in cues.happens(text))
    assert ("分贝", 85.0) in cues.numbers(text) and ("户", 300.0) in cues.numbers(text)


def test_an_article_is_no_count() -> None:
    assert cues.numbers(normalize("楼下开了一家店，闻一口就咳，3家一起排烟")) == (("家", 3.0),)


def test_pasted_earlier_text_is_set_apart() -> None:
    text = normalize("某单位来电反馈：工单处理情况。工单内容：市民反映石塘路油烟扰民。")
    ((start, end),) = cues.quoted(text)
    assert text[start:end] == "市民反映石塘路油烟扰民。"
    assert cues.quoted(normalize("石塘路油烟扰民，请处理")) == []


def test_a_longer_source_noun_wins_over_a_shorter_inside_it() -> None:
    names = {SOURCES.names[mention.group] for mention in SOURCES.find("垃圾中转站旁")}
    assert names == {"垃圾站"}
    assert {HARMS.names[mention.group] for mention in HARMS.find("臭味和噪音")} == {"臭味", "噪声"}


def test_more_groups_than_fit_a_record_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        Groups({str(n): f"词{n}" for n in range(129)})


def test_confused_sounds_are_one() -> None:
    assert code("蓝") == code("南") and code("盛") == code("森") and code("路") != code("街")


def test_the_automaton_and_the_expression_find_the_same_words() -> None:
    texts = [row["text"] for row in generate(400, seed=11)]
    for groups in (SOURCE_GROUPS, HARM_GROUPS):
        fast, plain = Groups(groups), Groups(groups, expression=True)
        assert [fast.find(text) for text in texts] == [plain.find(text) for text in texts]
        assert any(fast.find(text) for text in texts)

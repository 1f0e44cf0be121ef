"""What of a petitioner's text may travel on with the case: names of sources and harms, nothing else."""

from datetime import UTC, datetime
from uuid import UUID

from contracts.complaints import ComplaintRegistered, Region
from services.triage.telling import MOST_WORDS, words_of

AT = datetime(2026, 11, 26, tzinfo=UTC)


def registered(text: str, title: str | None = None) -> ComplaintRegistered:
    return ComplaintRegistered(
        occurred_at=AT, complaint_id=UUID(int=1), receipt_no="r", source="s", external_id="e", received_at=AT, registered_at=AT,
        region=Region(city="470300"), text=text, title=title,
    )  # fmt: skip


def test_sources_and_harms_are_named_as_the_lexicon_spells_them() -> None:
    assert {"烧烤", "油烟"} <= set(words_of(registered("楼下烧烤店每晚油烟很大，我家孩子才三岁", "烧烤扰民")))


def test_nobody_s_own_words_or_tokens_are_among_them() -> None:
    words = words_of(registered("我是住在望江街的退休教师，〔姓名·a1b2c3d4〕，工地半夜打桩"))
    assert "打桩" in words
    assert not any("教师" in word or "望江" in word or "a1b2" in word for word in words)


def test_a_long_letter_gives_no_more_than_the_first_words() -> None:
    everything = "工地打桩、烧烤油烟、垃圾站臭味、货车喇叭、锅炉黑烟、河道污水、养猪场猪粪、麻将馆、广场舞音响、变压器、电梯、水泵、冷库、洗车店、加油站、印染废水、采砂、砖厂粉尘、快递物流、医院、公厕、砍树、邻居装修"
    assert len(words_of(registered(everything))) == MOST_WORDS

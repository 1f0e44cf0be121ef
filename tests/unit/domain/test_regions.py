"""Where a complaint belongs: unknown is a value, and a mention is not yet a place."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.city_check import check_texts
from services.domain.gazetteer import gazetteer_of, trie_pattern
from services.domain.regions import FoundRegion, find_region

from .cities import EAST, RIVER, SHILING, WEST, changed, example

CITY = example()


def found(text: str = "", *, code: str | None = None, address: str | None = None, name: str | None = None) -> FoundRegion:
    return find_region(code, address, text, CITY, name=name)


@pytest.mark.parametrize(
    "text",
    ["", "楼下烧烤店油烟太大", "河东岸的工厂偷排", "临江而建的违建", "A市A3区L5县某小区", "某某路口夜间施工"],
    ids=["empty", "no place", "east bank of a river", "by a river", "masked names", "an unknown road"],
)
def test_where_no_place_of_the_city_is_named_the_region_is_unknown(text: str) -> None:
    assert (found(text).code, found(text).confidence, found(text).how) == (None, 0.0, "unknown")


@pytest.mark.parametrize(
    "code", ["110101", "47", "abcdef", "999999999", ""], ids=["another city", "short", "letters", "nine", "empty"]
)
def test_a_code_that_is_not_ours_counts_as_none_and_the_words_decide(code: str) -> None:
    assert found("西屏区枫林村养猪场很臭", code=code).code == WEST
    assert found("很臭", code=code).code is None


def test_the_citys_own_code_or_name_says_no_district() -> None:
    assert found("很臭", code="470300").level == "city"
    assert found("云泽市空气很差").level == "city"
    assert found("石岭县空气很差", code="470300").code == SHILING


def test_a_road_of_two_districts_decides_nothing_alone_but_something_with_another_name() -> None:
    assert found("滨江大道夜间施工").code is None
    assert found("望江街道滨江大道夜间施工").code == EAST
    assert found("滨江大道夜间施工", address="临江区").code == RIVER


def test_two_districts_named_alike_often_without_being_joined_are_unknown() -> None:
    assert found("东岸区的工地。西屏区的工地。").code is None
    assert found("东岸区的工地。西屏区的工地。").districts == ()


def test_code_comes_before_address_and_address_before_text() -> None:
    assert (found("西屏区", code=EAST, address="临江区").code, found("西屏区", address="临江区").code) == (EAST, RIVER)
    assert [found("西屏区", code=EAST).how, found("", address="西屏区").how, found("西屏区").how] == ["code", "address", "text"]
    assert found("", code=EAST).confidence > found("", address="东岸区").confidence > found("东岸区").confidence > 0.5


def test_a_code_the_address_contradicts_is_trusted_less() -> None:
    assert found(code=EAST, address="临江区码头路").confidence < found(code=EAST, address="东岸区书院路").confidence == 1.0


def test_the_name_of_the_region_is_read_with_the_address() -> None:
    assert found(name="石岭县", address="采石路 8 号").code == SHILING


def test_a_road_alone_is_trusted_less_than_a_districts_own_name() -> None:
    assert 0.5 < found("印染路有异味").confidence < found("东岸区印染路有异味").confidence


def test_the_longest_name_wins() -> None:
    assert found("石岭大道很吵").code == SHILING
    assert found("东岸印染园排黑水").town == "470302003"
    assert found("石岭村").town == found("石岭镇").town == "470322001"


@pytest.mark.parametrize("code", ["470302001", "470302001005"], ids=["nine digits", "twelve digits"])
def test_a_longer_code_gives_the_town_too(code: str) -> None:
    assert found(code=code) == FoundRegion(EAST, 1.0, "code", (EAST,), "470302001", "town")


def test_an_unknown_town_still_gives_the_district() -> None:
    assert (found(code="470302999").code, found(code="470302999").town) == (EAST, None)


@pytest.mark.parametrize(
    "text",
    [
        "东岸区和西屏区交界处的河水发黑",
        "东岸区、西屏区都能闻到",
        "望江街道与屏山街道之间的工地",
        "污水从东岸区流到西屏区，两区都不管",
        "货车从东岸区到西屏区一路撒土",
    ],
)
def test_districts_the_words_join_are_both_concerned(text: str) -> None:
    here = found(text)
    assert set(here.districts) == {EAST, WEST}
    assert here.code in here.districts
    assert 0.5 <= here.confidence < 0.85
    assert set(found(text, code=EAST).districts) == {EAST, WEST}


@pytest.mark.parametrize(
    "text",
    [
        "我家住西屏区，东岸区书院路的烧烤店每晚占道经营",
        "本人户籍西屏区，投诉东岸区某工地夜间施工",
        "向西屏区城管局反映过，东岸区书院路油烟直排",
        "我住在西屏区，东岸区有家工厂，东岸区管吗",
    ],
)
def test_where_somebody_lives_or_has_complained_is_not_where_it_happens(text: str) -> None:
    here = found(text)
    assert (here.code, here.districts) == (EAST, (EAST,))


def test_where_nothing_better_is_said_the_home_is_the_place() -> None:
    assert found("我家住西屏区，楼下烧烤店油烟太大").code == WEST


def test_names_of_other_districts_do_not_make_a_crossing_of_a_given_code() -> None:
    assert found("我家住西屏区，书院路的烧烤店", code=EAST).districts == (EAST,)


def test_a_name_in_two_towns_of_one_district_gives_the_district_without_a_town() -> None:
    city = check_texts(changed("districts.yaml", "roads: [书院路, ", "roads: [望江街, 书院路, "))
    here = find_region(None, None, "望江街很吵", city)
    assert (here.code, here.town) == (EAST, None)


def test_every_name_of_the_gazetteer_finds_a_district_that_has_it() -> None:
    for name, owners in gazetteer_of(CITY).owners.items():
        here = found(f"反映{name}有问题")
        assert here.code in {owner.district for owner in owners} if len(owners) == 1 else here.code is None, name


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*gazetteer_of(CITY).owners, "和", "交界", "家住", "，", "云泽市", "的工地很吵", "470302"]), max_size=12
    ),
    st.none() | st.sampled_from([EAST, "470302003", "110101", "x"]),
    st.none() | st.text(max_size=20),
)
def test_whatever_is_written_the_answer_is_one_of_our_districts_or_none(parts, code, address) -> None:  # type: ignore[no-untyped-def]
    here = find_region(code, address, "".join(parts), CITY)
    ours = {district.code for district in CITY.document.districts}
    assert here.code is None or here.code in ours
    assert set(here.districts) <= ours
    assert len(set(here.districts)) == len(here.districts)
    assert (here.code is None) == (here.confidence == 0.0) == (here.how == "unknown")
    assert here.code is None or here.code in here.districts
    assert here.town is None or CITY.district_of(here.town) == here.code


@given(st.sets(st.text("东西南北路街", min_size=1, max_size=5), max_size=30), st.text("东西南北路街口", max_size=40))
def test_the_trie_finds_what_a_search_for_the_longest_name_finds(names: set[str], text: str) -> None:
    expected, at = [], 0
    while at < len(text):
        best = max((name for name in names if text.startswith(name, at)), key=len, default="")
        if best:
            expected.append(best)
        at += len(best) or 1
    assert re.findall(trie_pattern(names), text) == expected


def test_looking_up_does_not_grow_with_the_number_of_names() -> None:
    """5,000 villages more must not cost several times as much; a plain alternation of them costs over a hundred times."""
    signs = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
    villages = [f"{a}{b}{c}{d}村" for a in signs[:5] for b in signs[:10] for c in signs[:10] for d in signs[:10]]
    big = check_texts(
        changed("districts.yaml", "villages: [枫林村, 老窑村]", f"villages: [枫林村, 老窑村, {', '.join(villages)}]")
    )
    text = "反映东岸区云溪路口的火锅店每天晚上油烟直排，甲乙丙路附近居民意见很大，多次反映没有解决。" * 4

    def best(city) -> float:  # type: ignore[no-untyped-def]
        times = []
        for _ in range(7):
            start = time.thread_time()
            for _ in range(50):
                find_region(None, None, text, city)
            times.append(time.thread_time() - start)
        return min(times)

    find_region(None, None, text, big)
    assert best(big) < 4 * best(CITY)

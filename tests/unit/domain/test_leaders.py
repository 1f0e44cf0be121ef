"""A leader takes a stubborn case over: when, who, and never one with a stake, away or full."""


from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import PollutionType, RiskArea, SourceChannel
from services.domain.city import City
from services.domain.city_check import check_texts
from services.domain.leaders import CaseFacts, choose_leader, leader_due
from services.domain.routing import route

from .cities import EAST, RIVER, SHILING, WEST, a_matter, changed, example

T = PollutionType
CENTRAL = SourceChannel.DC_CENTRAL_CALL


def chosen(matter, city: City, loads=None, facts=CaseFacts(repeat_ordinal=3), recused=()):  # type: ignore[no-untyped-def]  # noqa: B008
    return choose_leader(matter, route(matter, city), leader_due(facts, city), loads or {}, city, recused=recused)


@pytest.mark.parametrize(
    "facts",
    [
        CaseFacts(),
        CaseFacts(repeat_ordinal=2, reporters=4, signatories=4, age_days=1825),
        CaseFacts(channel=CENTRAL),
        CaseFacts(key_item=True),
    ],
    ids=["first", "just under every limit", "inspection without key flag", "key flag without inspection"],
)
def test_an_ordinary_case_needs_no_leader(facts: CaseFacts) -> None:
    assert leader_due(facts, example()) == []


@pytest.mark.parametrize(
    ("facts", "triggers"),
    [
        (CaseFacts(repeat_ordinal=3), ["repeat-3"]),
        (CaseFacts(reporters=5), ["joint-5"]),
        (CaseFacts(signatories=5), ["joint-5"]),
        (CaseFacts(signatories=30), ["joint-5", "mass-30"]),
        (CaseFacts(channel=CENTRAL, key_item=True), ["inspection-key"]),
        (CaseFacts(channel=SourceChannel.DC_PROVINCIAL, key_item=True), ["inspection-key"]),
        (CaseFacts(reopened=True), ["reopened"]),
        (CaseFacts(age_days=1826), ["aged-5y"]),
        (CaseFacts(repeat_ordinal=4, reopened=True), ["repeat-3", "reopened"]),
    ],
    ids=str,
)
def test_each_trigger_fires_at_its_limit_and_says_where_it_is_from(facts: CaseFacts, triggers: list[str]) -> None:
    due = leader_due(facts, example())
    assert [item.trigger for item in due] == triggers
    assert all(item.text and item.source for item in due)


def test_signatories_count_only_where_the_trigger_says_so() -> None:
    city = check_texts(changed("triggers.yaml", "    joint: true\n", ""))
    assert leader_due(CaseFacts(signatories=5), city) == []
    assert [item.trigger for item in leader_due(CaseFacts(reporters=5), city)] == ["joint-5"]


def test_where_nobody_fits_a_supervisor_is_told_why() -> None:
    city = example()
    full = {leader.id: leader.load_limit for leader in city.document.leaders}
    choice = chosen(a_matter(), city, full)
    assert choice.leader is None
    assert any("督办人员" in reason for reason in choice.reasons)
    assert any("已满" in reason for reason in choice.reasons)


def test_who_looks_after_it_in_the_district_comes_first_then_the_citys_then_the_general_ones() -> None:
    city, matter = example(), a_matter()
    full: dict[str, int] = {}
    order = []
    while (leader := chosen(matter, city, full).leader) is not None:
        order.append(leader.id)
        full[leader.id] = leader.load_limit
    # Air: type first; then whoever looks after the lead unit's kind (城管); the general ones last.
    assert order == ["da-env", "city-mayor-env", "da-urban", "city-mayor-urban", "da-general", "city-executive", "city-secretary"]


def test_a_risk_area_comes_before_the_type_even_from_the_city() -> None:
    waste = a_matter((T.WASTE, 0.9), subtype=("危废", 0.9), risk_area=RiskArea.HAZARDOUS_WASTE)
    assert chosen(waste, example()).leader.id == "city-mayor-env"


def test_between_equals_the_smaller_share_of_the_limit_decides() -> None:
    city = check_texts(changed("leaders.yaml", "portfolio: {kinds: [公安, 公安交管]}", "portfolio: {types: [大气]}"))
    matter = a_matter(districts=(EAST, WEST))
    assert chosen(matter, city, {"city-mayor-env": 10, "city-mayor-police": 9}).leader.id == "city-mayor-env"
    assert chosen(matter, city, {"city-mayor-env": 10, "city-mayor-police": 7}).leader.id == "city-mayor-police"


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"districts": (EAST, WEST)}, CaseFacts(repeat_ordinal=3)),
        ({"region": None}, CaseFacts(repeat_ordinal=3)),
        ({}, CaseFacts(reporters=40)),
    ],
    ids=["two districts", "unknown district", "a trigger of the city"],
)
def test_what_is_bigger_than_a_district_gets_a_leader_of_the_city(changes: dict[str, object], facts: CaseFacts) -> None:
    assert chosen(a_matter(**changes), example(), facts=facts).leader.region == "470300"


def test_who_has_a_stake_in_the_respondent_steps_aside() -> None:
    site = a_matter((T.NOISE, 0.9), subtype=("施工噪声", 0.9))
    assert chosen(site, example()).leader.id == "da-urban"
    for respondent in ("鑫远建设集团三分公司", "鑫远 建设", "鑫远建设"):
        choice = chosen(replace(site, respondent=respondent), example())
        assert choice.leader.id != "da-urban"
        assert any("回避" in reason for reason in choice.reasons)
    assert chosen(replace(site, text="鑫远建设的工地"), example()).leader.id != "da-urban"


def test_who_has_a_stake_in_a_unit_concerned_steps_aside() -> None:
    mine = a_matter((T.ECOLOGY, 0.9), subtype=("非法采矿", 0.9), region=SHILING)
    assert route(mine, example()).lead == "sl-zr"
    assert chosen(mine, example()).leader.id != "sl-rural"
    river = a_matter((T.ECOLOGY, 0.9), subtype=("河道侵占", 0.9), region=SHILING)
    assert chosen(river, example()).leader.id == "sl-rural"


def test_who_stepped_aside_from_this_case_or_is_away_is_passed_over() -> None:
    assert chosen(a_matter(), example(), recused=("da-env",)).leader.id != "da-env"
    away = check_texts(changed("leaders.yaml", "    portfolio: {types: [大气, 水, 固废, 土壤, 辐射], kinds: [生态环境]}\n", "    portfolio: {types: [大气, 水, 固废, 土壤, 辐射], kinds: [生态环境]}\n    available: false\n"))  # fmt: skip
    assert chosen(a_matter(), away).leader.id != "da-env"


LEADERS = example().document.leaders


@settings(max_examples=150, deadline=None)
@given(
    regions=st.lists(st.sampled_from([EAST, WEST, RIVER, SHILING, None]), min_size=1, max_size=60),
    kinds=st.lists(st.sampled_from(list(T)), min_size=1, max_size=60),
    respondents=st.lists(st.sampled_from([None, "鑫远建设", "某某木业"]), min_size=1, max_size=60),
    start=st.dictionaries(st.sampled_from([leader.id for leader in LEADERS]), st.integers(0, 60)),
    level=st.sampled_from([CaseFacts(repeat_ordinal=3), CaseFacts(reporters=40)]),
)
def test_no_stream_of_cases_overloads_a_leader_or_gives_one_what_he_must_not_have(
    regions, kinds, respondents, start, level
) -> None:  # type: ignore[no-untyped-def]
    city, loads = example(), dict(start)
    given_to: dict[str, int] = {}
    for n in range(60):
        matter = a_matter(
            (kinds[n % len(kinds)], 0.9), region=regions[n % len(regions)], respondent=respondents[n % len(respondents)]
        )
        choice = chosen(matter, city, loads, level)
        if (leader := choice.leader) is None:
            continue
        assert leader.region in (matter.region, city.code)
        assert not (matter.respondent and matter.respondent in leader.recusal.respondents)
        assert not {route(matter, city).lead} & set(leader.recusal.units)
        loads[leader.id] = loads.get(leader.id, 0) + 1
        given_to[leader.id] = leader.load_limit
    assert all(loads[id] <= limit for id, limit in given_to.items())

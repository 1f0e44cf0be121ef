"""Who leads and who takes part: by law, by local designation, and never nobody."""


from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import PollutionType, RiskArea, Urgency
from services.domain.city_check import check_texts
from services.domain.city_schema import Confidence
from services.domain.routing import RouteDecision, diff, route

from .cities import EAST, RIVER, SHILING, WEST, a_matter, changed, example

T = PollutionType


def codes(decision: RouteDecision) -> list[str]:
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"environmental": 0.2}, "not-environmental"),
        ({"types": ()}, "type-unsure"),
        ({"types": ((T.AIR, 0.2),)}, "type-unsure"),
        ({"day": date(1999, 1, 1)}, "no-rule"),
    ],
    ids=["not environmental", "no type", "weak type", "before every rule"],
)
def test_what_cannot_be_read_goes_to_the_districts_desk_with_the_reason(changes: dict[str, object], reason: str) -> None:
    decision = route(a_matter(**changes), example())
    assert (decision.lead, decision.by_default, decision.needs_human, decision.confidence) == ("da-xf", True, True, 0.0)
    assert codes(decision) == [reason, "desk"]


@pytest.mark.parametrize(
    "changes",
    [{"region": None}, {"region": "470300"}, {"region": "110101"}, {"region_confidence": 0.3}],
    ids=["unknown", "city only", "another city", "unsure"],
)
def test_an_unknown_region_goes_to_the_citys_desk_with_the_unit_a_rule_would_have_chosen(changes: dict[str, object]) -> None:
    decision = route(a_matter(**changes), example())
    assert (decision.lead, decision.suggested, decision.by_default) == ("city-xf", "city-cg", True)
    assert codes(decision) == ["region-unknown", "desk"]
    assert decision.rule_ids == ("city-air-cooking",)


def test_a_unit_complained_about_never_gets_the_complaint() -> None:
    decision = route(a_matter(respondent="东岸区城管局"), example())
    assert decision.lead == "city-cg"
    assert "da-cg" not in decision.co_handling
    assert decision.needs_human
    assert "recused-unit" in codes(decision)


def test_where_every_unit_of_the_kind_is_complained_about_the_desk_leads_and_where_the_desk_is_the_citys() -> None:
    both = route(a_matter(respondent="东岸区城管局、云泽市城管局"), example())
    assert (both.lead, both.by_default) == ("da-xf", True)
    desk = route(a_matter(region=None, types=(), respondent="云泽市信访局"), example())
    assert desk.lead != "city-xf"


def test_a_shop_beside_an_office_is_not_the_office() -> None:
    decision = route(a_matter(respondent="东岸区城管局对面的烧烤店"), example())
    assert decision.lead == "da-cg"
    assert "recused-unit" not in codes(decision)


def test_a_label_the_catalogue_does_not_have_falls_back_to_the_type_and_asks_a_person() -> None:
    decision = route(a_matter((T.NOISE, 0.9), subtype=("鸡鸣", 0.9)), example())
    assert (decision.lead, decision.rule_ids, decision.needs_human) == ("da-hb", ("noise",), True)
    assert "subtype-unknown" in codes(decision)


def test_an_unsure_sub_type_is_not_believed() -> None:
    assert route(a_matter((T.NOISE, 0.9), subtype=("建筑施工噪声", 0.1)), example()).rule_ids == ("noise",)


def test_a_label_only_another_type_has_decides() -> None:
    assert route(a_matter((T.ECOLOGY, 0.9), subtype=("渣土倾倒", 0.9)), example()).rule_ids == ("waste-building",)


DUTIES = [
    (T.NOISE, "工业噪声", "", "生态环境"), (T.NOISE, "夜间施工", "", "城管"), (T.NOISE, "炸街", "", "公安交管"),
    (T.NOISE, "广场舞", "", "公安"), (T.NOISE, "商业经营噪声", "", "城管"), (T.NOISE, "电梯噪声", "", "住建"),
    (T.NOISE, "飞机噪声", "", "民航"), (T.NOISE, "铁路噪声", "", "铁路监管"), (T.NOISE, "船舶噪声", "", "海事"),
    (T.AIR, "工业废气", "", "生态环境"), (T.AIR, "油气回收", "", "生态环境"), (T.AIR, "餐饮油烟", "", "城管"),
    (T.AIR, "施工扬尘", "某小区二期", "住建"), (T.AIR, "施工扬尘", "县道改建", "交通"), (T.AIR, "施工扬尘", "水库除险", "水利"),
    (T.AIR, "施工扬尘", "园林绿化", "城管"), (T.AIR, "道路遗撒", "", "城管"), (T.AIR, "工业扬尘", "采石场", "自然资源"),
    (T.AIR, "工业扬尘", "货运码头", "交通"), (T.AIR, "工业扬尘", "水泥厂", "生态环境"), (T.AIR, "秸秆焚烧", "", "农业农村"),
    (T.AIR, "露天焚烧", "烧麦秆", "农业农村"), (T.AIR, "露天焚烧", "烧垃圾", "城管"), (T.AIR, "烟花爆竹", "", "公安"),
    (T.AIR, "汽修异味", "", "生态环境"), (T.AIR, "机动车尾气", "", "公安交管"), (T.AIR, "煤炭质量", "", "市场监管"),
    (T.WATER, "偷排", "", "生态环境"), (T.WATER, "污水管网", "", "住建"), (T.WATER, "船舶污染", "", "海事"),
    (T.WATER, "渔港污染", "", "渔业"), (T.WATER, "养殖污染", "", "生态环境"), (T.WATER, "污水处理厂", "出水超标", "生态环境"),
    (T.WASTE, "危险废物", "", "生态环境"), (T.WASTE, "建筑垃圾", "", "城管"), (T.WASTE, "医疗废物", "", "卫健"),
    (T.WASTE, "农膜", "", "农业农村"), (T.WASTE, "规模养殖粪污", "", "生态环境"), (T.WASTE, "病死畜禽", "", "农业农村"),
    (T.SOIL, "农用地排污", "", "生态环境"), (T.ECOLOGY, "自然保护区", "", "林草"), (T.ECOLOGY, "毁林", "", "林草"),
    (T.ECOLOGY, "挖河取沙", "", "水利"), (T.ECOLOGY, "非法采矿", "", "自然资源"), (T.ECOLOGY, "采砂采石", "江边抽砂船", "水利"),
    (T.ECOLOGY, "采砂采石", "后山", "自然资源"), (T.ECOLOGY, "小水电", "", "水利"), (T.ECOLOGY, "尾矿库", "", "应急"),
    (T.ECOLOGY, "河道侵占", "", "水利"), (T.MARINE, "围填海", "", "自然资源"), (T.MARINE, "海洋渔业", "", "渔业"),
    (T.RADIATION, "放射源", "", "生态环境"), (T.RADIATION, "医用辐射", "", "卫健"), (T.OTHER, "机动车非法改装", "", "公安交管"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "label", "text", "lead"), DUTIES, ids=[f"{d[1]} {d[2]}".strip() for d in DUTIES])
def test_each_duty_of_the_law_reaches_its_department(kind: PollutionType, label: str, text: str, lead: str) -> None:
    decision = route(a_matter((kind, 0.9), subtype=(label, 0.9), text=text), example())
    assert not decision.by_default
    assert example().unit(decision.lead).kind == lead
    assert "duty" in codes(decision)


NARROWED = [
    (T.NOISE, "交通噪声", "高铁桥下", "铁路监管"), (T.NOISE, "交通噪声", "机场跑道", "民航"), (T.NOISE, "交通噪声", "快速路", "交通"),
    (T.NOISE, "社会生活噪声", "某某KTV", "城管"), (T.NOISE, "社会生活噪声", "楼上装修", "公安"),
    (T.WASTE, "危险废物", "某诊所", "卫健"), (T.WASTE, "危险废物", "某化工厂", "生态环境"), (T.WATER, "饮用水", "水源地", "生态环境"),
    (T.ECOLOGY, "生态破坏", "后山林地", "林草"), (T.ECOLOGY, "生态破坏", "小区绿化带", "城管"), (T.ECOLOGY, "生态破坏", "江里电鱼", "渔业"),
    (T.ECOLOGY, "采砂采石", "某采石场", "自然资源"), (T.ECOLOGY, "采砂采石", "某砂场", "水利"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "label", "words", "lead"), NARROWED, ids=[f"{n[1]} {n[2]}" for n in NARROWED])
def test_a_coarse_label_is_narrowed_by_what_the_words_speak_of(kind: PollutionType, label: str, words: str, lead: str) -> None:
    for fields in ({"text": words}, {"respondent": words}):
        decision = route(a_matter((kind, 0.9), subtype=(label, 0.9), **fields), example())
        assert example().unit(decision.lead).kind == lead


def test_a_districts_designation_wins_over_the_citys_and_only_there() -> None:
    dance = a_matter((T.NOISE, 0.9), subtype=("广场舞", 0.9))
    here, elsewhere = route(replace(dance, region=RIVER), example()), route(replace(dance, region=WEST), example())
    assert (here.lead, here.rule_ids) == ("lj-cg", ("linjiang-noise-social",))
    assert (elsewhere.lead, elsewhere.rule_ids) == ("xp-ga", ("city-noise-social",))
    crossing = route(replace(dance, region=RIVER, districts=(RIVER, WEST)), example())
    assert crossing.rule_ids == ("city-noise-social",)


def test_before_the_designation_the_law_holds_and_a_person_confirms() -> None:
    dance = a_matter((T.NOISE, 0.9), subtype=("广场舞", 0.9), day=date(2022, 12, 31))
    decision = route(dance, example())
    assert (decision.rule_ids, decision.needs_human) == (("noise-social",), True)
    after = route(replace(dance, day=date(2023, 3, 1)), example())
    assert (after.rule_ids, after.needs_human, after.evidence) == (("city-noise-social",), False, Confidence.OFFICIAL)


def test_across_districts_the_citys_unit_leads_and_the_districts_take_part() -> None:
    decision = route(a_matter((T.WATER, 0.9), subtype=("偷排", 0.9), region=None, districts=(EAST, WEST)), example())
    assert (decision.lead, decision.by_default) == ("city-hb", False)
    assert set(decision.co_handling) >= {"da-hb", "xp-hb"}
    planes = route(a_matter((T.NOISE, 0.9), subtype=("飞机噪声", 0.9), districts=(EAST, WEST)), example())
    assert planes.lead == "city-mh"
    assert set(planes.co_handling) >= {"da-xf", "xp-xf"}, "a district without such a unit takes part with its desk"


def test_a_key_item_of_an_inspection_is_led_by_the_city_with_the_district() -> None:
    decision = route(a_matter(supervised=True, key_item=True), example())
    assert decision.lead == "city-cg"
    assert "da-cg" in decision.co_handling


def test_a_second_type_brings_its_department_in_once() -> None:
    decision = route(a_matter((T.AIR, 0.9), (T.SOIL, 0.8), (T.ECOLOGY, 0.2), subtype=("施工扬尘", 0.9)), example())
    assert decision.lead == "da-zj"
    assert decision.co_handling.count("da-hb") == 1
    assert "da-zr" not in decision.co_handling, "an improbable type brings nobody"


def test_risk_areas_and_emergencies_bring_in_who_must_know() -> None:
    tailings = route(a_matter((T.WATER, 0.9), subtype=("偷排", 0.9), region=SHILING, risk_area=RiskArea.TAILINGS), example())
    assert "city-yj" in tailings.co_handling
    assert tailings.needs_human
    urgent = route(a_matter(urgency=Urgency.EMERGENCY), example())
    assert "city-yj" in urgent.co_handling
    assert urgent.needs_human


def test_the_law_is_cited_and_confidence_falls_with_every_doubt() -> None:
    sure = route(a_matter((T.NOISE, 1.0), subtype=("工业噪声", 1.0)), example())
    assert sure.legal_basis == ("《噪声污染防治法》第74—76条",)
    assert sure.confidence == 1.0
    doubts = [{"types": ((T.NOISE, 0.8),)}, {"subtype": ("工业噪声", 0.8)}, {"region_confidence": 0.8}]
    for doubt in doubts:
        fields = {"types": ((T.NOISE, 1.0),), "subtype": ("工业噪声", 1.0)} | doubt
        assert route(a_matter(**fields), example()).confidence == 0.8


def test_diff_names_the_cases_another_city_would_route_differently_and_only_those() -> None:
    new = check_texts(changed("duties_waste.yaml", "subtype: 建筑垃圾, lead: 城管", "subtype: 建筑垃圾, lead: 住建"))
    rubble, fume = a_matter((T.WASTE, 0.9), subtype=("渣土", 0.9)), a_matter()
    (change,) = diff(example(), new, [("rubble", rubble), ("fume", fume)])
    assert (change.case, change.before.lead, change.after.lead, change.changed) == ("rubble", "da-cg", "da-zj", ("lead",))
    assert diff(example(), example(), [("rubble", rubble), ("fume", fume)]) == []


def test_every_sub_type_in_every_region_has_an_owner_that_is_not_the_desk_but_for_what_nobody_knows() -> None:
    city = example()
    labels = [(entry.type, sub) for entry in city.document.taxonomy for sub in (None, *(s.name for s in entry.subtypes))]
    regions = [code for code in city.index.lineages if code != city.code]
    for kind, label in labels:
        for region in regions:
            decision = route(a_matter((kind, 0.9), subtype=(label, 0.9) if label else None, region=region), city)
            unit = city.unit(decision.lead)
            assert not decision.by_default, (kind, label, region)
            assert unit.region in city.lineage(region), (kind, label, region)
            assert city.index.officers[unit.id], unit.id
            assert unit.desk == ((kind, label) == (T.OTHER, None)), (kind, label)


CITY = example()
LABELS = [*sorted({label for _, label in CITY.index.subtypes}), "没有这个细类"]
CODES = [*CITY.index.lineages, "110101", "47", None]
NAMES = [None, "", "鑫味烧烤", *sorted(CITY.index.unit_names)]
matters = st.builds(
    a_matter,
    day=st.dates(date(1990, 1, 1), date(2040, 1, 1)),
    types=st.lists(st.tuples(st.sampled_from(list(T)), st.floats(0, 1)), max_size=4).map(tuple),
    subtype=st.none() | st.tuples(st.sampled_from(LABELS), st.floats(0, 1)),
    region=st.sampled_from(CODES),
    districts=st.lists(st.sampled_from([code for code in CODES if code]), max_size=3).map(tuple),
    region_confidence=st.floats(0, 1),
    environmental=st.floats(0, 1),
    risk_area=st.none() | st.sampled_from(list(RiskArea)),
    urgency=st.sampled_from(list(Urgency)),
    respondent=st.sampled_from(NAMES),
    text=st.sampled_from(["", "公路边的采石场", "码头", "秸秆", "出水超标"]),
    supervised=st.booleans(),
    key_item=st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(matters)
def test_whatever_comes_some_unit_leads_with_reasons_and_nobody_twice(matter) -> None:  # type: ignore[no-untyped-def]
    decision = route(matter, CITY)
    units = (decision.lead, *decision.co_handling)
    assert set(units) <= set(CITY.index.units)
    assert len(set(units)) == len(units)
    assert decision.reasons
    assert 0 <= decision.confidence <= 1
    assert decision.needs_human or not decision.by_default
    accused = {CITY.index.unit_names[matter.respondent]} if matter.respondent in CITY.index.unit_names else set()
    assert not accused & set(units)
    assert decision == route(matter, CITY)

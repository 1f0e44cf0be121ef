"""A city is its content: one version for one content, and it comes back from storage as it went in."""


import json
from datetime import date

import pytest
from pydantic import ValidationError

from contracts.vocabulary import PollutionType
from services.domain.city import City
from services.domain.city_check import check_texts
from services.domain.city_schema import Confidence
from services.domain.errors import CityVersionMismatch, UnknownRegion, UnknownUnit

from .cities import EAST, changed, example


def test_a_stored_city_whose_content_was_changed_is_refused() -> None:
    content = json.loads(example().to_json())
    content["leaders"][0]["load_limit"] += 1
    with pytest.raises(CityVersionMismatch):
        City.from_json(json.dumps(content), example().version)


def test_what_is_no_city_is_refused() -> None:
    with pytest.raises(ValidationError):
        City.from_json("{}")


def test_a_city_comes_back_from_json_whatever_the_order_of_its_keys() -> None:
    def turned(value: object) -> object:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
        return [turned(item) for item in value] if isinstance(value, list) else value

    stored = json.dumps(turned(json.loads(example().to_json())), indent=1)
    back = City.from_json(stored, example().version)
    assert back == example()
    assert back.to_json() == example().to_json()


def test_comments_and_the_order_of_entries_do_not_change_the_version() -> None:
    texts = changed("units.yaml", "  # 西屏区\n", "  # 别的说明\n")
    lines = texts["officers.yaml"].splitlines(keepends=True)
    first = lines.index("officers:\n") + 1
    texts["officers.yaml"] = "".join([*lines[:first], *reversed(lines[first:])])
    assert check_texts(texts).version == example().version


def test_every_content_has_its_own_version() -> None:
    assert check_texts(changed("leaders.yaml", "load_limit: 40", "load_limit: 41")).version != example().version
    assert len(example().version) == 64


def test_a_city_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        example().document.leaders[0].load_limit = 99  # type: ignore[misc]


def test_unknown_units_and_regions_are_errors_of_the_domain() -> None:
    with pytest.raises(UnknownUnit, match="no-such"):
        example().unit("no-such")
    with pytest.raises(UnknownRegion, match="110000"):
        example().region_name("110000")


def test_towns_lie_in_districts_and_everything_else_in_the_city() -> None:
    city = example()
    assert city.lineage("470302001") == ("470302001", EAST, "470300")
    assert [city.district_of(code) for code in ("470302001", EAST, "470300", "110101", None)] == [EAST, EAST, None, None, None]
    assert city.desk("470302001").id == "da-xf"
    assert city.desk("110101").id == city.desk(None).id == "city-xf"


def test_every_rule_of_the_example_says_where_it_comes_from_and_a_person_confirms_what_no_source_confirmed() -> None:
    document = example().document
    assert [duty.id for duty in document.duties if not (duty.basis or duty.source)] == []
    assert [duty.id for duty in document.duties if duty.confidence is Confidence.GENERAL and not duty.needs_human] == []
    assert [entry.id for entry in (*document.triggers, *document.task_forces) if not entry.source] == []


def test_the_labels_of_the_classifier_and_of_ledgers_are_known() -> None:
    labels = {
        PollutionType.NOISE: ["建筑施工噪声", "施工噪声", "机动车噪声", "交通噪声", "社会生活噪声", "设备噪声", "工业噪声", "烟花爆竹", "装修噪声", "飞机噪声"],
        PollutionType.AIR: ["餐饮油烟", "施工扬尘", "扬尘", "工业扬尘", "道路遗撒", "工业废气", "喷漆废气", "露天焚烧", "秸秆焚烧", "恶臭异味", "机动车尾气", "养殖污染"],
        PollutionType.WATER: ["生活污水", "黑臭水体", "工业废水", "养殖污染", "饮用水"],
        PollutionType.WASTE: ["生活垃圾", "建筑垃圾", "危险废物", "工业固废", "废品回收", "医疗废物", "垃圾填埋", "渣土倾倒"],
        PollutionType.ECOLOGY: ["采砂采石", "生态破坏", "小水电生态流量", "非法捕捞", "毁绿"],
        PollutionType.SOIL: ["土壤污染"], PollutionType.RADIATION: ["电磁辐射"], PollutionType.LIGHT: ["光污染"],
        PollutionType.MARINE: ["海洋污染"],
    }  # fmt: skip
    missing = [
        (kind, label) for kind, names in labels.items() for label in names if (kind, label) not in example().index.subtypes
    ]
    assert missing == []


def test_the_law_of_the_day_is_the_law_of_the_example() -> None:
    assert all(duty.valid_from <= date(2026, 11, 24) for duty in example().document.duties)

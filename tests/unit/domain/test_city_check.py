"""A city's file is refused with the place, the reason and the remedy of everything wrong in it."""


from pathlib import Path

import pytest

from services.domain.city_check import check, check_texts
from services.domain.errors import CityFileInvalid

from .cities import EXAMPLE, changed, example, line_of, problems

CASES = [
    # (what is wrong, file, old, new, key of the problem, words in it)
    ("unknown kind of a duty", "duties_noise.yaml", "lead: 生态环境, basis: [{law: noise, articles: 74", "lead: 环保, basis: [{law: noise, articles: 74", "duties[", "环保"),
    ("unknown co-handling kind", "duties_air.yaml", "co_handling: [城管], basis", "co_handling: [城市管理], basis", "co_handling[0]", "城市管理"),
    ("unknown unit of an officer", "officers.yaml", "unit: city-cg}", "unit: city-xx}", "officers[", "city-xx"),
    ("unknown unit of a recusal", "leaders.yaml", "recusal: {units: [sl-zr]}", "recusal: {units: [sl-zz]}", "recusal.units[0]", "sl-zz"),
    ("unknown law", "duties_water.yaml", "basis: [{law: drainage", "basis: [{law: sewers", "basis[0].law", "sewers"),
    ("unknown region of a unit", "units.yaml", "region: 470303}", "region: 470399}", "units[", "470399"),
    ("unknown sub-type", "duties_waste.yaml", "subtype: 医疗废物", "subtype: 医院废物", "subtype", "医院废物"),
    ("town outside its district", "districts.yaml", "code: 470303001", "code: 470304009", "districts[1].towns[0].code", "屏山街道"),
    ("a neighbour on one side only", "districts.yaml", "neighbours: [470303, 470304, 470321]", "neighbours: [470303, 470321]", "districts[2].neighbours[0]", "470302"),
    ("duplicate id", "units.yaml", "id: da-cg,", "id: da-hb,", "units[", "da-hb"),
    ("two units of a kind in a region", "units.yaml", "id: da-cg, kind: 城管", "id: da-cg, kind: 生态环境", "units[", "生态环境 470302"),
    ("one label of two sub-types", "taxonomy.yaml", "{name: 工业噪声, aliases: [企业噪声", "{name: 工业噪声, aliases: [施工噪声", "taxonomy[0]", "施工噪声"),
    ("a duty without provenance", "duties_air.yaml", ", source: 商品煤质量由市场监管，未经核实", "", "duties[", "provenance"),
    ("statute confidence without articles", "duties_air.yaml", "source: 商品煤质量由市场监管，未经核实, confidence: G", "source: 听说, confidence: A", "confidence", "A"),
    ("a rule older than its law", "duties_noise.yaml", "confidence: A, valid_from: 2022-06-05}", "confidence: A, valid_from: 2019-01-01}", "basis[0]", "2022-06-05"),
    ("a rule that ends before it begins", "duties_ecology.yaml", "valid_from: 2021-01-01}", "valid_from: 2021-01-01, valid_to: 2020-01-01}", "valid_to", "valid_from"),
    ("two rules of one rank", "duties_waste.yaml", "subtype: 餐厨垃圾, lead", "subtype: 生活垃圾, lead", "duties[", "waste-domestic"),
    ("conditions that can both hold", "duties_air.yaml", "valid_from: 2018-10-26, priority: 2}", "valid_from: 2018-10-26, priority: 1}", "duties[", "overlaps"),
    ("an uncovered sub-type", "taxonomy.yaml", "      - {name: 光污染}", "      - {name: 光污染}\n      - {name: 光线反射}", "taxonomy[7].subtypes[1]", "光线反射"),
    ("a rule that ends without successor", "duties_ecology.yaml", "needs_human: true, valid_from: 2003-10-01}", "needs_human: true, valid_from: 2003-10-01, valid_to: 2027-01-01}", "taxonomy[6].subtypes[0]", "2027-01-01"),
    ("a district without a desk", "units.yaml", "region: 470303, desk: true}", "region: 470303}", "districts[1]", "西屏区"),
    ("a city without a desk", "units.yaml", "region: 470300, desk: true}", "region: 470300}", "city", "云泽市"),
    ("a kind nobody has", "units.yaml", "id: city-wj, kind: 卫健", "id: city-wj, kind: 商务", "", "卫健"),
    ("a unit without officers", "officers.yaml", "unit: city-zj}", "unit: city-cg}", "units[", "住房和城乡建设局"),
    ("a leader without a load limit", "leaders.yaml", "    load_limit: 40\n", "", "leaders[0].load_limit", "missing"),
    ("a leader with no limit at all", "leaders.yaml", "load_limit: 40", "load_limit: 0", "leaders[0].load_limit", "greater than"),
    ("a leader who looks after nothing", "leaders.yaml", "portfolio: {kinds: [公安, 公安交管]}", "portfolio: {}", "portfolio", "empty"),
    ("a leader of a town", "leaders.yaml", "region: 470302", "region: 470301", "leaders[", "470301"),
    ("a trigger that always fires", "triggers.yaml", "    reopened: true\n", "", "triggers[4]", "fires always"),
    ("a template without a lead's seat", "task_forces.yaml", "      - role: 主办", "      - role: 协办", "task_forces[0].members", "主办"),
    ("no default template", "task_forces.yaml", "    name: 一般专班\n", "    name: 一般专班\n    when: {supervised: true}\n", "task_forces", "default"),
    ("a misspelt key", "triggers.yaml", "repeat_ordinal_at_least", "repeat_at_least", "triggers[0].repeat_at_least", "unknown key"),
    ("a value outside the vocabulary", "triggers.yaml", "DC_PROVINCIAL", "DC_TOWN", "channels[2]", "DC_TOWN"),
    ("a share above one", "city.yaml", "min_type: {value: 0.4", "min_type: {value: 40", "policy.min_type.value", "less than"),
    ("a one-letter place name", "districts.yaml", "aliases: [西屏]", "aliases: [西]", "districts[1].aliases[0]", "too short"),
    ("a sub-type within an unknown one", "taxonomy.yaml", "within: 交通噪声, words: [铁路", "within: 车辆噪声, words: [铁路", "taxonomy[0].subtypes[4].within", "车辆噪声"),
    ("a narrower sub-type without words", "taxonomy.yaml", ", words: [湿地]", "", "taxonomy[5].subtypes[3]", "one without the other"),
    ("a missing weight", "city.yaml", ", D: 0.6}", "}", "policy.evidence.value", "D"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "key", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_every_fault_is_named_with_file_line_key_reason_and_remedy(file: str, old: str, new: str, key: str, words: str) -> None:
    found = problems(changed(file, old, new))
    assert found, "nothing was found wrong"
    hits = [p for p in found if key in p.key and words in p.reason]
    assert hits, [str(p) for p in found]
    for problem in found:
        assert problem.file in {path.name for path in EXAMPLE.glob("*.yaml")}
        assert problem.line > 0
        assert problem.remedy


def test_the_line_is_the_one_that_is_wrong_even_in_a_section_spread_over_files() -> None:
    texts = changed("duties_water.yaml", "lead: 渔业, basis: [{law: water", "lead: 鱼业, basis: [{law: water")
    (problem,) = problems(texts)
    assert (problem.file, problem.line) == ("duties_water.yaml", line_of(texts, "duties_water.yaml", "鱼业"))
    assert str(problem).startswith(f"duties_water.yaml:{problem.line} duties[")


def test_all_faults_are_told_at_once() -> None:
    texts = changed("duties_noise.yaml", "lead: 民航", "lead: 空管") | {"officers.yaml": "officers: []\n"}
    assert len(problems(texts)) > 50


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("units: [", "not valid YAML"),
        ("units:\n  - {id: a, id: b}\n", "not valid YAML"),
        ("- a\n- b\n", "not a mapping"),
        ("city: {code: 470300, name: 两次}\n", "given twice"),
    ],
    ids=["broken", "a key twice", "a list", "a section twice"],
)
def test_a_file_that_is_no_yaml_mapping_is_named(text: str, words: str) -> None:
    found = problems(changed("city.yaml", "city:", "city:") | {"zz.yaml": text})
    assert [(p.file, words in p.reason, p.line > 0) for p in found] == [("zz.yaml", True, True)]


def test_a_folder_without_files_a_missing_one_and_a_file_that_is_not_utf_8_are_each_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CityFileInvalid, match="no YAML files"):
            check(folder)
    (tmp_path / "units.yaml").write_bytes("units: 单位".encode("gb18030"))
    with pytest.raises(CityFileInvalid, match=r"units\.yaml .*UTF-8"):
        check(tmp_path)


def test_the_example_city_passes_from_its_folder() -> None:
    assert check(EXAMPLE) == example()


def test_an_empty_file_beside_the_others_does_no_harm() -> None:
    texts = changed("city.yaml", "city:", "city:")
    assert check_texts(texts | {"later.yaml": "# nothing yet\n"}).version == example().version

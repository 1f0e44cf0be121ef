"""Risk sources: imported row by row, and found by what a complaint says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.vocabulary import RiskArea, Urgency
from services.domain import risk_sources
from services.domain.case.values import Position
from services.domain.places import distance_km, plain_name
from tests.unit.domain.case.office import rule_book

BOOK = rule_book()

SOURCES = ("名称", "风险类别", "行政区划代码", "经度", "纬度", "监管单位", "责任人")
YARD = ("江北尾矿有限公司", "尾矿库", "429304", 110.8, 32.6, "应急局", "石某")


def test_sources_are_imported_and_bad_rows_named():
    rows = [YARD, ("江北尾矿公司", *YARD[1:]), ("甲", "油库", *YARD[2:]), ("乙", "尾矿库", "42930", *YARD[3:]),
            ("丙", "尾矿库", "429304", 32.6, 110.8, "应急局", "石某"), ("丁", "尾矿库", "429304", 110.8, None, "应急局", "石某")]  # fmt: skip
    sources, reading = risk_sources.import_sources(SOURCES, rows)
    assert len(sources) == 1 and reading.complete
    messages = [problem.message for problem in sorted(reading.problems, key=lambda problem: problem.row)]
    assert messages[0] == "同一区划内已有同名风险源。" and messages[1].startswith("须为：危废、饮用水水源地")
    assert messages[2] == "须为六位数字。" and "填反" in messages[3] and "同时填写" in messages[4]


def test_a_complaint_is_matched_by_name_in_the_district_or_by_nearness_and_kind():
    (yard,), _ = risk_sources.import_sources(SOURCES, [YARD])
    def match(sources, **what):
        return risk_sources.match(sources, BOOK.registers.matching, **what)

    assert match([yard], respondent="江北尾矿公司", region="429304")[0].score == 1.0
    assert match([yard], respondent="江北尾矿有限公司二库", region="429304")[0].score == 0.8
    assert match([yard], respondent="江北尾矿公司", region="429305") == ()
    assert match([yard], respondent="江北尾", region="429304")[0].score == 0.8
    wide = replace(yard, name="江北尾矿库三号排洪隧洞")
    assert match([wide], respondent="江北尾矿库", region="429304")[0].score == 0.6, "part of a name is a guess"
    assert match([yard], place="江北尾矿旁的饭店", region="429304")[0].score == 0.6, "things are beside a place, too"
    assert match([yard], place="江北尾矿坝下", region="429304", area=RiskArea.TAILINGS)[0].score == 0.8
    assert match([yard], respondent="江北") == (), "two characters are no name"
    near = Position(latitude=32.601, longitude=110.8)
    found = match([yard], position=near, area=RiskArea.TAILINGS)[0]
    assert found.why == "距风险源“江北尾矿有限公司”111米，类别相同。"
    assert match([yard], position=near, area=RiskArea.NATURE) == ()
    assert risk_sources.with_case(risk_sources.with_case(yard, "k"), "k").cases == ("k",)
    assert risk_sources.raised(Urgency.NORMAL) is Urgency.URGENT
    assert risk_sources.raised(Urgency.URGENT) is Urgency.URGENT


def test_names_and_distances_are_comparable():
    assert plain_name("江北（集团）有限公司") == plain_name("江北") == "江北"
    a, b = Position(latitude=0, longitude=0), Position(latitude=0, longitude=1)
    assert distance_km(a, b) == pytest.approx(111.195, abs=0.01) and distance_km(a, a) == 0

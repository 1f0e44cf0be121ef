"""Waiting with censoring, the machine's calibration, heat and callers, keys of sites, rises, the network."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.domain.indicators.heat import Site, concentration, rank
from services.domain.indicators.network import Matter, Tie, network
from services.domain.indicators.quality import calibration
from services.domain.indicators.rising import Series, measure, rises
from services.domain.indicators.sites import place_key, respondent_key, site_key
from services.domain.indicators.survival import duration
from services.domain.rulebook import read_rule_book

THRESHOLDS = read_rule_book(Path(__file__).parents[4] / "deploy" / "rules").indicators.thresholds
DAY = date(2026, 5, 1)


def test_who_still_waits_counts_as_waiting_not_as_done() -> None:
    found = duration([5, 10, 15, 20], [True, False, True, False], 0.95)
    assert (found.events, found.open) == (2, 2)
    assert found.quantiles[0.25] == 5, "a quarter had ended on day 5"
    assert found.median == 15, "1 - 3/4 x 1/2 = 0.625 had ended on day 15"
    assert found.quantiles[0.75] is None, "three quarters never did"


def test_without_an_end_there_is_no_median() -> None:
    assert duration([3, 4], [False, False], 0.95).median is None
    assert duration([], [], 0.95).events == 0


def test_calibration_holds_promise_against_outcome() -> None:
    found = calibration([(0.62, True), (0.64, False), (0.66, True), (0.96, True)])
    assert [(item.answered, item.right) for item in found.bins] == [(3, 2), (1, 1)]
    assert found.error == pytest.approx((3 * abs(2 / 3 - 0.64) + abs(1 - 0.96)) / 4)
    assert calibration([]).error is None


def a_site(key: str, submissions: int, petitioners: int, top: int, **changes: object) -> Site:
    fields: dict[str, object] = {
        "key": key, "name": key, "region": None, "submissions": Decimal(submissions), "petitioners": petitioners, "anonymous": 0,
        "top_caller": Decimal(top), "repeats": Decimal(0), "cases": 1, "rounds": 1, "rebounds": 0, "months": 1, "first": DAY, "last": DAY,
    }  # fmt: skip
    return Site(**{**fields, **changes})  # type: ignore[arg-type]


def test_one_insistent_caller_is_told_apart_from_a_hot_site() -> None:
    noisy, hot = a_site("noisy", 82, 3, 80), a_site("hot", 20, 18, 2)
    first, second = rank([noisy, hot], THRESHOLDS)
    assert first.site is hot and second.site is noisy
    assert second.one_caller and second.rank_by_count == 1 and not first.one_caller


def test_a_site_is_chronic_renamed_and_recategorised_by_what_it_was_called() -> None:
    [found] = rank([a_site("s", 30, 9, 3, months=7, names=("甲店", "乙店"), types=("大气", "噪声"))], THRESHOLDS)
    assert found.chronic and found.renamed and found.recategorised


def test_twelve_firms_of_shangluo_hold_their_share() -> None:
    found = concentration([Decimal(n) for n in (6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 5, 5)] + [Decimal(1)] * 115, Decimal(183), 12)
    assert found.share == pytest.approx(68 / 183)


@pytest.mark.parametrize("name", ["鑫味餐饮有限公司", " 鑫味餐饮 ", "鑫味餐饮（云溪店）", "鑫味餐饮有限责任公司"])
def test_a_business_keeps_its_key_under_many_writings(name: str) -> None:
    assert respondent_key(name) == "鑫味餐饮"


def test_only_an_exact_place_is_a_site() -> None:
    assert place_key({"road": "云溪路", "number": "１２号"}) == place_key({"road": "云溪路", "number": "12"}) == "云溪路12号"
    assert place_key({"road": "云溪路"}) is None and place_key(None) is None
    assert place_key({"estate": "望江 花园"}) == "望江花园"


def test_the_place_names_the_site_whoever_does_business_there() -> None:
    rows = [{"place_key": "云溪路12号", "respondent_key": "甲店"}, {"place_key": None, "respondent_key": "乙店"}]
    assert site_key(rows) == site_key(rows[::-1]) == "p:云溪路12号"
    assert site_key([{"respondent_key": "甲店"}]) == "r:甲店"
    assert site_key([{}]) is None


def test_a_steady_site_does_not_rise_and_a_burst_of_people_does() -> None:
    weeks = THRESHOLDS.rising_weeks
    steady = [Series(f"s{n}", "噪声", (2,) * (weeks + 1)) for n in range(30)]
    burst = Series("burst", "噪声", (2,) * weeks + (14,))
    totals = {"噪声": [62] * weeks + [74]}
    assert [rise.key for rise in rises([*steady, burst], totals, THRESHOLDS)] == ["burst"]
    assert rises(steady, {"噪声": [60] * (weeks + 1)}, THRESHOLDS) == ()


def test_a_noisy_summer_raises_nobody() -> None:
    weeks = THRESHOLDS.rising_weeks
    sites = [Series(f"s{n}", "噪声", (2,) * weeks + (6,)) for n in range(30)]
    assert rises(sites, {"噪声": [60] * weeks + [180]}, THRESHOLDS) == ()


def test_the_detector_errs_as_seldom_as_it_says() -> None:
    found = measure(THRESHOLDS, sites=150, weeks=60, factor=6.0, alpha=0.3)
    assert found.false_alarm_rate < 0.002
    assert found.power > 0.3


def ties(count: int) -> list[Tie]:
    return [Tie(f"c{n}", f"R{n}", "k1" if n % 2 else "k2", f"p{n % 3}" if n else None, DAY, "MERGED_REPORT", "合并件", "c0") for n in range(count)]


def test_the_network_is_drawn_the_same_each_time_and_names_nobody() -> None:
    matters = [Matter("k1", "AJ1", "整改中", "鑫味"), Matter("k2", "AJ2", "已并入他案", None, "k1")]
    told = ties(9)
    one, other = network(matters, told), network(matters, random.Random(1).sample(told, len(told)))
    assert {(n.id, n.x, n.y) for n in one.nodes} == {(n.id, n.x, n.y) for n in other.nodes}
    assert all(0 <= n.x <= 1 and 0 <= n.y <= 1 for n in one.nodes)
    assert {n.label for n in one.nodes if n.kind == "petitioner"} == {"信访人1", "信访人2", "信访人3"}
    assert not any(mark in repr(one) for mark in ("'p0'", "'p1'", "'p2'"))


def test_of_too_many_complaints_the_newest_are_drawn_and_the_rest_counted() -> None:
    assert network([Matter("k1", "AJ1", "", None)], ties(9), most=5).left_out == 4

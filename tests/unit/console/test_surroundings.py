"""The sketch of a case: metres where there are coordinates, districts between their neighbours where there are none."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from services.console.surroundings import HEIGHT, WIDTH, Mark, plan, sketch

NORTH = 1 / 111_320
"""Degrees of latitude a metre."""


def numbers(svg: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf'{name}="([-\d.]+)"', svg)]


def test_a_plan_says_how_far_apart_the_photos_were_taken_and_north_is_up() -> None:
    said, svg = plan([Mark("照片1", 30.0, 118.0), Mark("照片2", 30.0 + 80 * NORTH, 118.0)])
    assert said == "2 张现场照片有位置，相距最远 80 米"
    first, second = numbers(svg, "cy")
    assert first > second, "the northern one stands higher"
    ElementTree.fromstring(svg)


def test_every_mark_lies_inside_however_far_or_near_they_are() -> None:
    for apart in (0.0, 0.5, 300.0, 90_000.0):
        said, svg = plan([Mark("照片1", 30.0, 118.0), Mark("照片2", 30.0, 118.0 + apart * NORTH), Mark("某厂", 30.0 - apart * NORTH, 118.0, True)])
        assert all(0 <= x <= WIDTH for x in numbers(svg, "cx")) and all(0 <= y <= HEIGHT for y in numbers(svg, "cy")), apart
        assert svg.count("<circle") == 2 and "source" in svg and said.startswith("2 张")


def test_names_are_text_and_no_markup() -> None:
    _, svg = plan([Mark("<script>alert(1)", 30.0, 118.0, True)])
    assert "<script" not in svg and ElementTree.fromstring(svg) is not None


def test_a_district_stands_between_its_neighbours_and_one_unknown_has_none() -> None:
    districts = {"1": ("东岸区", ("2", "9")), "2": ("西屏区", ("1", "3")), "3": ("临江区", ("2",))}
    said, svg = sketch(districts, "1")
    assert said == "东岸区，相邻 西屏区"
    assert svg.count('class="own"') == 1 and svg.count('<g class="near"') == 1 and svg.count('<g class="far"') == 1 and svg.count("<line") == 2
    assert sketch(districts, "1")[1] == svg, "drawn the same each time"
    assert sketch(districts, None)[0] == "属地不明" and sketch({"1": ("某区", ())}, "1")[0] == "某区"

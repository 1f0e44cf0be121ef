"""Pictures are well-formed, say what they show to who cannot see, lead to lists, and hold nothing a strict policy refuses."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.analytics.charts import courses, places, shares, walk
from services.analytics.charts.render import accessible, to_svg
from services.analytics.charts.theme import Paths
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Figure, Slice, Window, figure
from services.domain.indicators.heat import Site, rank
from services.domain.indicators.network import Matter, Tie, network
from services.domain.indicators.quality import calibration
from services.domain.indicators.survival import duration
from services.domain.rulebook import read_rule_book

RULES = read_rule_book(Path(__file__).parents[3] / "deploy" / "rules").indicators
END = date(2026, 11, 24)
WINDOW = Window.last(90, END)
NASTY = '<script>alert("坏")</script>&一家名字特别特别长的再生资源综合利用有限公司'
SVG = "{http://www.w3.org/2000/svg}"


def rate(k: int, n: int, window: Window = WINDOW) -> Figure:
    return figure("repeat_rate_submissions", RULES, window, {"repeats": Decimal(k), "submissions": Decimal(n)})


def weeks() -> list[tuple[date, Figure]]:
    starts = [END - timedelta(days=7 * n) for n in range(8, 0, -1)]
    return [(start, rate(2 * n, 40, Window(start, start + timedelta(days=6)))) for n, start in enumerate(starts)]


def a_site() -> Site:
    return Site("p:x", NASTY, None, Decimal(20), 9, 1, Decimal(4), Decimal(5), 2, 2, 0, 3, END, END)


PICTURES = {
    "trend": lambda: shares.trend(weeks(), rate(90, 400), Paths(), Slice()),
    "trend-empty": lambda: shares.trend([], rate(0, 0), Paths(), Slice()),
    "across": lambda: shares.across([("a", rate(5, 50)), (NASTY, rate(40, 50))], rate(45, 100), Dimension.UNIT, {}, Paths(), Slice()),
    "districts": lambda: shares.districts({"470302": weeks(), "470303": weeks()}, weeks(), {"470302": "东岸区"}, Paths()),
    "hot": lambda: places.hot(rank([a_site()], RULES.thresholds), WINDOW, Paths()),
    "hot-empty": lambda: places.hot([], WINDOW, Paths()),
    "rising-empty": lambda: places.rising([], Paths()),
    "waiting": lambda: courses.waiting(duration([3, 8, 9], [True, True, False], 0.95), WINDOW),
    "sureness-empty": lambda: courses.sureness(calibration([]), 0.95),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_whole_and_speaks(name: str) -> None:
    picture = PICTURES[name]()
    svg = to_svg(picture)
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img" and root.get("viewBox")
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and title.text and desc is not None and desc.text
    assert " style=" not in svg and "<script" not in svg and "http://vega" not in svg


def test_every_mark_leads_to_the_list_it_counts() -> None:
    svg = to_svg(PICTURES["trend"]())
    links = [e.get("{http://www.w3.org/1999/xlink}href") or e.get("href") for e in ElementTree.fromstring(svg).iter(f"{SVG}a")]
    assert len(links) == 8 and all(link and link.startswith("/analysis/list?measure=repeats&from=2026-") for link in links)


def test_the_title_says_the_finding_and_the_lines_below_measure_period_and_n() -> None:
    picture = PICTURES["across"]()
    assert "有别" in picture.title and "重复信访件次÷信访件次" in picture.title and "45/100" in picture.title
    assert "看不出差别" in shares.across([("a", rate(4, 9)), ("b", rate(5, 11))], rate(9, 20), Dimension.UNIT, {}, Paths(), Slice()).title


def test_the_network_can_be_walked_and_escapes_names() -> None:
    ties = [Tie(f"c{n}", f"R{n}", "k1", "p1", END, "REPEAT_PETITION", "重复信访", "c0") for n in range(4)]
    svg = walk.draw(network([Matter("k1", "AJ1", "整改中", NASTY)], ties), Paths(), NASTY)
    root = ElementTree.fromstring(svg)
    links = {e.get("href") for e in root.iter(f"{SVG}a")}
    assert links == {"/analysis/matters/AJ1", *(f"/analysis/matters/R{n}" for n in range(4))}
    assert root.find(f"{SVG}title") is not None and "<script" not in svg


def test_what_a_policy_refuses_is_taken_out() -> None:
    svg = accessible('<svg width="4" height="5"><g style="x:y" pointer-events="none"/></svg>', "题<", "述")
    assert "style=" not in svg and "pointer-events" not in svg and "题&lt;" in svg and 'viewBox="0 0 4 5"' in svg

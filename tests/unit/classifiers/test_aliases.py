"""Names learnt online: known from the first mention, joined on evidence, kept apart on a person's word, gone on undo."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from classifiers import profile as pf
from classifiers.aliases import Aliases, Mentioned
from classifiers.facts import contradiction
from classifiers.history import History
from classifiers.reading import Complaint
from classifiers.recent import RecentHistory
from classifiers.triage import Triage
from contracts.vocabulary import LinkBand

FULL, SHORT = "宏远建材有限公司", "宏远建材厂"
START = datetime(2026, 5, 1, 8, tzinfo=UTC)
BOTH = pytest.mark.parametrize("kind", [History, RecentHistory], ids=["arrays", "memory"])


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage.load()


def complaint(number: int, text: str, region: str = "470302") -> Complaint:
    return Complaint(f"c{number}", text, "", START + timedelta(days=number), f"p{number}", region=region)


def put(triage: Triage, history: History | RecentHistory, one: Complaint, case: str) -> None:
    history.add(one, triage.read([one])[0], case)


def mentioned(city: int = 4703, **names: str) -> Mentioned:
    return Mentioned(city, {int(key[1:]): text for key, text in names.items()}, {}, {})


def test_a_plant_named_once_is_known_to_the_next_complaint(triage: Triage) -> None:
    history = History()
    put(triage, history, complaint(1, "“宏远石英”夜间生产噪声扰民，粉尘很大"), "one")
    later = complaint(2, "半夜宏远石英那边机器轰鸣，粉尘落满阳台，睡不着")
    readings = triage.read([later])
    unknown = triage.decide([later], readings, History(), lambda c: c.id)[0]
    known = triage.decide([later], readings, history, lambda c: c.id)[0]
    assert (readings[0].respondent, unknown.respondent) != ("宏远石英", "宏远石英")
    assert known.respondent == "宏远石英"
    if known.to:
        assert "known_name" in [reason.fact for reason in known.why]
    elsewhere = complaint(3, later.text, region="990102")
    assert triage.decide([elsewhere], triage.read([elsewhere]), history, lambda c: c.id)[0].respondent is None


@BOTH
def test_two_names_used_in_one_case_are_one_and_undo_leaves_no_trace(triage: Triage, kind: type[History | RecentHistory]) -> None:
    history = kind()
    put(triage, history, complaint(1, f"{FULL}夜间生产噪声扰民"), "one")
    before = json.dumps(history.aliases.state()["names"]), history.aliases.state()["votes"]
    short = complaint(2, f"{SHORT}晚上生产吵得人睡不着")
    put(triage, history, short, "one")  # region and legal form apart they are the same: one case is enough
    [(city, key)] = [at for at in history.aliases._names if history.aliases._names[at][0] == SHORT]
    assert [history.aliases.text(each) for each in history.aliases.same(city, key)] == [FULL, SHORT]
    history.forget([short.id])
    assert history.aliases.same(city, key) == ()
    assert (json.dumps(history.aliases.state()["names"]), history.aliases.state()["votes"]) == before


@BOTH
def test_names_that_look_unlike_need_two_witnesses_or_a_persons_word(triage: Triage, kind: type[History | RecentHistory]) -> None:
    history = kind()
    put(triage, history, complaint(1, "金辉塑料制品厂排放刺鼻废气"), "one")
    put(triage, history, complaint(2, "老谢作坊加工厂排放刺鼻废气"), "one")
    other = next(key for (_, key), (text, _) in history.aliases._names.items() if "老谢" in text)
    assert history.aliases.same(4703, other) == ()
    history.must_link("c1", "c2")
    assert len(history.aliases.same(4703, other)) == 2
    history.cannot_link("c1", "c2")
    put(triage, history, complaint(3, "老谢作坊加工厂又在排放废气"), "one")
    assert history.aliases.same(4703, other) == ()  # however often they meet afterwards
    history.unconstrain("c1", "c2")
    assert len(history.aliases.same(4703, other)) == 2


def test_a_joined_name_counts_as_the_same_and_is_shown_as_a_reason(triage: Triage) -> None:
    history = History()
    put(triage, history, complaint(1, "云溪路88号金辉塑料制品厂排放刺鼻废气，熏得住户头晕"), "one")
    asked = complaint(3, "云溪路88号老谢作坊加工厂每天傍晚排放刺鼻废气，熏得住户头晕")
    decide = lambda: triage.decide([asked], triage.read([asked]), history, lambda c: c.id)[0]
    before = decide()
    history.forget([asked.id])
    put(triage, history, complaint(2, "老谢作坊加工厂排废气"), "one")
    history.must_link("c1", "c2")
    history.forget(["c2"])  # what the person said of the two names stays known
    after = decide()
    assert after.score > before.score
    assert after.to == "c1"
    assert "same_alias" in [reason.fact for reason in after.why]


def test_a_plant_beside_an_estate_gets_its_name_once_a_person_confirms(triage: Triage) -> None:
    history = History()
    put(triage, history, complaint(1, "云山搅拌站有限公司粉尘污染严重"), "one")
    put(triage, history, complaint(2, "丽水花园小区旁边的搅拌站粉尘污染严重"), "one")
    history.must_link("c1", "c2")
    asked = complaint(3, "丽水花园小区旁边的搅拌站又扬尘了，灰尘很大")
    decision = triage.decide([asked], triage.read([asked]), history, lambda c: c.id)[0]
    assert decision.respondent == "云山搅拌站有限公司"


def test_what_is_known_survives_saving(triage: Triage, tmp_path: Path) -> None:
    history = History()
    for number, name in enumerate((FULL, SHORT)):
        put(triage, history, complaint(number, f"{name}夜间生产噪声扰民"), "one")
    history.save(tmp_path)
    opened = History.open(tmp_path)
    assert opened.aliases.state() == history.aliases.state()
    opened.forget(["c1"])
    assert opened.aliases.state()["votes"] == []


def test_branches_of_one_chain_are_not_one_for_their_likeness() -> None:
    aliases = Aliases()
    one, two = mentioned(k1="蜀香火锅店"), mentioned(k2="蜀香火锅店二分店")
    aliases.meet("a", two, [one])
    assert aliases.same(4703, 1) == ()


def record(*names: tuple[str, int, bool]) -> np.void:
    row = np.zeros(1, pf.DTYPE)[0]
    for at, (kind, key, head) in enumerate(names):
        row["names"][at], row["name_kinds"][at] = key, pf.KIND[kind] | (128 if head else 0)
    return row


def members(*records: np.void) -> pf.Records:
    return np.array(list(records), pf.DTYPE)


def test_a_case_that_is_about_one_business_contradicts_another() -> None:
    shop, other = record(("business", 5, True)), record(("business", 6, True))
    silent = record(("road", 9, True))
    assert contradiction(other, members(shop, shop, silent)) == "business"
    assert contradiction(shop, members(shop, shop, silent)) is None
    assert contradiction(silent, members(shop, shop, silent)) is None
    assert contradiction(other, members(shop, silent)) is None  # one voice establishes nothing
    assert contradiction(other, members(shop, shop, record(("business", 6, False)))) is None  # named in passing before


def test_a_door_number_contradicts_on_the_same_road_only() -> None:
    here = record(("road", 9, True), ("door", 88, True))
    assert contradiction(record(("road", 9, True), ("door", 90, True)), members(here, here)) == "door"
    assert contradiction(record(("road", 8, True), ("door", 90, True)), members(here, here)) is None


def test_a_link_that_contradicts_its_case_is_only_suggested(triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "云溪路88号鑫味烧烤店每天晚上油烟直排，楼上住户开窗就呛得咳嗽"
    history = History()
    for number in (1, 2):
        put(triage, history, complaint(number, text), "one")
    same = Complaint("c9", text, "", START + timedelta(days=9), "p1", region="470302")
    decide = lambda: triage.decide([same], triage.read([same]), history, lambda c: c.id)[0]
    linked = decide()
    assert linked.band is LinkBand.AUTO
    history.forget(["c9"])
    monkeypatch.setattr("classifiers.triage.contradiction", lambda own, mates: "business" if len(mates) == 2 else None)
    held = decide()
    assert (held.band, held.case, held.suggested_case) == (LinkBand.SUGGEST, "c9", "one")
    assert held.against[0].fact == "other_established"

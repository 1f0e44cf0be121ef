"""The facade: order, repeatability, constraints, undo, reasons; on complaints invented here."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers import offline
from classifiers import profile as pf
from classifiers.corpus.generator import generate
from classifiers.reading import Complaint, Decision
from classifiers.recent import RecentHistory
from classifiers.shown_names import shown
from classifiers.triage import Triage
from contracts.vocabulary import LinkBand, LinkKind

PLACES = ["青禾湾小区", "云栖雅苑", "鹭江新村", "石塘路18号", "望湖花园", "松岗村三组", "金桂大厦", "白鹤巷27号", "临江广场", "柳溪家园"]
SOURCES = [
    ("鼎拓搅拌站", "夜里生产噪音很大，粉尘到处飞"), ("杏林小灶饭馆", "油烟直排到楼上住户"), ("地下水泵房", "低频噪声整夜嗡嗡响"),
    ("旺财养猪场", "臭味很重，污水流进水沟"), ("宏发家具加工点", "喷漆气味刺鼻难闻"),
]
FORMS = [
    "{place}旁边的{source}{harm}，请管一管。", "反映{place}附近{source}的问题：{harm}，已经影响居民休息。",
    "我是{place}的住户，{source}就在旁边，{harm}，希望尽快处理。", "{source}在{place}边上，{harm}，投诉过多次没有解决。",
]
START = datetime(2024, 3, 1, 8)


def stream(seed: int, matters: int = 24, each: int = 3) -> tuple[list[Complaint], dict[str, str]]:
    chance = random.Random(seed)
    kinds = [(place, source) for place in PLACES for source in SOURCES]
    chance.shuffle(kinds)
    rows = [(place, source, form) for place, source in kinds[:matters] for form in chance.sample(FORMS, each)]
    chance.shuffle(rows)
    complaints, matter = [], {}
    for n, (place, (source, harm), form) in enumerate(rows):
        complaints.append(
            Complaint(f"k{n}", form.format(place=place, source=source, harm=harm), time=START + timedelta(hours=7 * n))
        )
        matter[f"k{n}"] = place + source
    return complaints, matter


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage.load()


def run(triage: Triage, complaints: list[Complaint], history: RecentHistory, batch: int = 32) -> list[Decision]:
    out: list[Decision] = []
    for start in range(0, len(complaints), batch):
        part = complaints[start : start + batch]
        out += triage.decide(part, triage.read(part), history, lambda c: f"C{c.id}")
    return out


def b_cubed(decisions: list[Decision], matter: dict[str, str]) -> float:
    cases, matters = defaultdict(set), defaultdict(set)
    for decision in decisions:
        cases[decision.case].add(decision.id)
        matters[matter[decision.id]].add(decision.id)
    precision = recall = 0.0
    for decision in decisions:
        both = len(cases[decision.case] & matters[matter[decision.id]])
        precision += both / len(cases[decision.case])
        recall += both / len(matters[matter[decision.id]])
    n = len(decisions)
    return 2 * precision / n * recall / n / (precision / n + recall / n)


def test_nothing_in_gives_nothing_out(triage: Triage) -> None:
    assert triage.read([]) == []
    assert triage.decide([], [], RecentHistory(), lambda c: c.id) == []


def test_an_empty_history_opens_a_case_for_every_first_report(triage: Triage) -> None:
    complaint = Complaint("a", "石塘路18号夜里施工吵得睡不着")
    (decision,) = triage.decide([complaint], triage.read([complaint]), RecentHistory(), lambda c: "case-a")
    assert (decision.band, decision.case, decision.kind, decision.to) == (LinkBand.NEW, "case-a", LinkKind.FIRST_REPORT, None)


def test_a_text_of_nothing_but_marks_is_decided_too(triage: Triage) -> None:
    complaints = [Complaint("a", "？？？"), Complaint("b", "〔电话〕"), Complaint("c", "\n")]
    decisions = triage.decide(complaints, triage.read(complaints), RecentHistory(), lambda c: c.id)
    assert [d.band for d in decisions] == [LinkBand.NEW] * 3


def test_the_same_person_and_text_is_a_duplicate_delivery(triage: Triage) -> None:
    text = "云栖雅苑3栋楼下杏林小灶饭馆油烟直排，每天晚上呛得开不了窗，请城管部门处理。"
    complaints = [Complaint("a", text, time=START, reporter="p1"), Complaint("b", text, time=START, reporter="p1")]
    decisions = triage.decide(complaints, triage.read(complaints), RecentHistory(), lambda c: f"C{c.id}")
    assert decisions[1].to == "a"
    assert decisions[1].kind is LinkKind.DUPLICATE_DELIVERY


def test_the_same_person_in_the_same_words_days_later_asks_again_and_is_no_delivery(triage: Triage) -> None:
    text = "云栖雅苑3栋楼下杏林小灶饭馆油烟直排，每天晚上呛得开不了窗，请城管部门处理。"
    later = [Complaint("a", text, time=START, reporter="p1"), Complaint("b", text, time=START + timedelta(days=8), reporter="p1")]
    decisions = triage.decide(later, triage.read(later), RecentHistory(), lambda c: f"C{c.id}")
    assert (decisions[1].to, decisions[1].kind) == ("a", LinkKind.REPEAT_PETITION)


def test_a_cited_receipt_of_the_same_problem_links(triage: Triage) -> None:
    first = Complaint("a", "鹭江新村旁鼎拓搅拌站夜里生产噪音很大", receipt_no="XF202403010001")
    second = Complaint("b", "之前反映的搅拌站噪音仍未解决，受理编号XF202403010001", time=START)
    decisions = triage.decide([first, second], triage.read([first, second]), RecentHistory(), lambda c: f"C{c.id}")
    assert decisions[1].band is LinkBand.AUTO
    assert decisions[1].case == "Ca"
    assert any(reason.fact == "cited" for reason in decisions[1].why)


def test_a_link_to_a_closed_case_is_a_recurrence(triage: Triage) -> None:
    history = RecentHistory()
    text = "望湖花园北门鼎拓搅拌站夜里生产噪音很大，粉尘到处飞，居民无法休息"
    first, second = Complaint("a", text, time=START), Complaint("b", text + "，又开始了", time=START)
    run(triage, [first], history)
    history.close("Ca")
    (decision,) = run(triage, [second], history)
    assert decision.to == "a"
    assert decision.kind is LinkKind.RECURRENCE


def test_a_cannot_link_with_any_member_keeps_out_of_the_case(triage: Triage) -> None:
    text = "望湖花园北门鼎拓搅拌站夜里生产噪音很大，粉尘到处飞，居民无法休息"
    history = RecentHistory()
    run(triage, [Complaint("a", text), Complaint("b", text)], history)
    for item in ("a", "b"):
        if history.get(item) is not None:
            history.move(item, "Ca")
    history.cannot_link("c", "a")
    (decision,) = run(triage, [Complaint("c", text)], history)
    assert decision.case == "Cc"
    assert decision.to not in {"a", "b"}


def test_a_must_link_goes_before_any_score_and_through_others(triage: Triage) -> None:
    history = RecentHistory()
    run(triage, [Complaint("a", "石塘路18号夜里施工吵得睡不着")], history)
    history.must_link("c", "b")
    history.must_link("b", "a")
    (decision,) = run(triage, [Complaint("c", "松岗村三组养猪场臭味很重")], history)
    assert (decision.band, decision.case, decision.to) == (LinkBand.AUTO, "Ca", "a")


def test_reasons_point_at_the_same_words_in_both_texts(triage: Triage) -> None:
    complaints, _ = stream(5)
    history = RecentHistory()
    decisions = run(triage, complaints, history)
    texts = {complaint.id: complaint.full_text for complaint in complaints}
    shown = 0
    for decision in decisions:
        for reason in decision.why:
            if reason.here and reason.there and decision.to:
                shown += 1
                assert texts[decision.id][reason.here.start : reason.here.end] == reason.here.text
                assert texts[decision.to][reason.there.start : reason.there.end] == reason.there.text
    assert shown > 20


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 50))
def test_undo_leaves_exactly_the_state_before_and_the_same_call_gives_the_same_answer(
    triage: Triage, seed: int, cut: int
) -> None:
    complaints, _ = stream(seed, matters=18)
    history = RecentHistory()
    run(triage, complaints[:cut], history)
    before = history.state()
    rest = complaints[cut:]
    once = run(triage, rest, history)
    history.forget([complaint.id for complaint in rest])
    assert history.state() == before
    assert run(triage, rest, history) == once


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), data=st.data())
def test_constraints_are_obeyed_whatever_the_scores(triage: Triage, seed: int, data: st.DataObject) -> None:
    complaints, _ = stream(seed, matters=12)
    ids = [complaint.id for complaint in complaints]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=12))
    history = RecentHistory()
    barred = {frozenset(pair) for pair in pairs if pair[0] != pair[1]}
    for pair in barred:
        history.cannot_link(*sorted(pair))
    case = {decision.id: decision.case for decision in run(triage, complaints, history)}
    assert [pair for pair in barred if len({case[id] for id in pair}) == 1] == []


@pytest.mark.parametrize("seed", [11, 12])
def test_order_of_arrival_changes_the_cases_by_less_than_two_points(triage: Triage, seed: int) -> None:
    rows = list(generate(1200, seed))
    complaints = [Complaint(row["id"], row["text"], row["title"] or "") for row in rows]
    matter = {row["id"]: row["matter"] for row in rows}
    shuffled = list(complaints)
    random.Random(seed).shuffle(shuffled)
    decisions = [run(triage, order, RecentHistory(), batch=300) for order in (complaints, shuffled)]
    assert all(sum(d.band is LinkBand.AUTO for d in part) > 50 for part in decisions)
    scores = [b_cubed(part, matter) for part in decisions]
    assert abs(scores[0] - scores[1]) < 0.02


def test_complaints_linked_automatically_share_a_guard(triage: Triage) -> None:
    rows = list(generate(1200, 7))
    complaints = [Complaint(row["id"], row["text"], row["title"] or "", reporter=row["user"]) for row in rows]
    history = RecentHistory()
    linked = [decision for decision in run(triage, complaints, history) if decision.band is LinkBand.AUTO and decision.to]
    assert len(linked) > 50
    guards = {c.id: keys for c, keys in zip(complaints, triage.guards(triage.read(complaints), history), strict=True)}
    shared = Counter(bool(set(guards[d.id]) & set(guards[d.to])) for d in linked if d.to)
    assert shared[True] >= 0.9 * len(linked)
    assert all(-(1 << 63) <= key < 1 << 63 for keys in guards.values() for key in keys)
    assert all(len(keys) <= 4 for keys in guards.values())


def test_a_profile_survives_packing(triage: Triage) -> None:
    (reading,) = triage.read([Complaint("a", "石塘路18号杏林小灶饭馆油烟直排", title="青禾湾小区油烟问题")])
    record, names = pf.unpack(reading.profile)
    assert int(record["length"]) > 10
    assert any("石塘路" in name for name in names)


def test_bad_lines_come_out_with_number_and_reason_and_harm_nobody(triage: Triage) -> None:
    good = json.dumps({"id": "a", "text": "石塘路18号油烟扰民", "time": "2024/3/1 8:00:00", "more": [1]}, ensure_ascii=False)
    lines = [good, "{", "[1]", '{"id": "b"}', good, '{"id": "c", "text": "x", "time": "soon"}', "", '{"id": 7, "text": "白鹤巷有臭味"}']
    out = list(offline.triage_file(lines, triage=triage))
    assert [row.get("error", "")[:7] for row in out] == ["", "line 2:", "line 3:", "line 4:", "line 5:", "line 6:", ""]
    assert [row["id"] for row in out] == ["a", None, None, "b", "a", "c", "7"]
    assert "text" in out[3]["error"] and "time" in out[5]["error"]


def test_progress_is_told_up_to_the_last_line(triage: Triage) -> None:
    told: list[int] = []
    lines = [json.dumps({"id": str(n), "text": f"石塘路{n}号油烟扰民"}) for n in range(7)]
    list(offline.triage_file(lines, told.append, triage=triage, batch=3))
    assert told == [3, 6, 7]


def test_an_explanation_names_the_earlier_complaint_and_both_sides(triage: Triage) -> None:
    text = "云栖雅苑3栋楼下杏林小灶饭馆油烟直排，每天晚上呛得开不了窗"
    lines = [json.dumps({"id": id, "text": text + tail, "user": "u"}) for id, tail in (("a", ""), ("b", "，请处理"))]
    told = offline.explain_file(lines, "b", triage=triage)
    assert "前件 a" in told and "＋" in told and "－" in told and "【" in told
    with pytest.raises(KeyError):
        offline.explain_file(lines, "z", triage=triage)


def test_an_explanation_tells_what_else_was_read(triage: Triage) -> None:
    text = "去年6月以来望湖花园旁边的鼎拓搅拌站每天夜里生产，噪音75分贝，两百户居民睡不着，之前投诉过（工单编号20240301000017）"
    told = offline.explain_file([json.dumps({"id": "a", "text": text})], "a", triage=triage)
    for words in ("子类：", "发生时段：", "起始时间：", "75分贝", "200户", "此前反映过", "20240301000017"):
        assert words in told, told


@pytest.mark.parametrize(
    ("grown", "name"),
    [("随着望湖花园", "望湖花园"), ("加快青禾县", "青禾县"), ("解放路", "解放路"), ("团结新村", "团结新村"), ("走路", ""), ("在小区", ""), ("前往社区", "")],
)
def test_names_in_reasons_are_names(grown: str, name: str) -> None:
    assert shown(grown) == name


def test_a_complaint_of_two_matters_says_which_other_case_it_touches(triage: Triage) -> None:
    complaints = [
        Complaint("a", "望湖花园3栋楼下杏林小灶饭馆油烟直排，呛得开不了窗，请处理", time=START),
        Complaint("b", "望湖花园中心广场每天晚上跳广场舞，音响噪音很大，请管一管", time=START + timedelta(days=1)),
        Complaint("c", "望湖花园3栋楼下杏林小灶饭馆油烟直排，呛得开不了窗，另外望湖花园中心广场每天晚上跳广场舞音响噪音很大", time=START + timedelta(days=2)),
    ]
    decision = run(triage, complaints, RecentHistory())[2]
    other = {"a": "b", "b": "a"}[decision.to or ""]
    assert [reason.text for reason in decision.against if reason.fact == "second_matter"] == [
        f"来件似含两事，另一事像事项 C{other}（前件 {other}），可分拆办理"
    ]

"""What pages say, decided without a page: marks in two texts, clocks in words, the next step, small groups, addresses."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.vocabulary import LinkKind, SourceChannel, UnitRole
from services.console.administration import changes
from services.console.brief import Brief, brief_of
from services.console.highlight import against, compare
from services.console.listing import FILTERS, Line, listing
from services.console.next_step import FORWARD, NextStep, next_step
from services.console.publications import suppressed
from services.console.security import own_path
from services.console.words import clock_words, count, left_words, sureness
from services.domain.case import values as v
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE
from services.domain.case.status import LIVE, UNOWNED, Status
from services.domain.clocks.deadlines import Deadline
from services.domain.principals import Principal, Role
from services.domain.rulebook import read_rule_book
from services.infra.settings import repository_root

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
RULES = read_rule_book(repository_root() / "deploy" / "rules")
CALENDAR = RULES.case.calendar


@given(some.text(alphabet="望江街工地3栋二单元，。abc", max_size=60), some.text(alphabet="望江街工地5栋二单元，。abc", max_size=60))
def test_marking_two_texts_never_changes_them(one: str, other: str) -> None:
    for text, pieces in zip((one, other), compare(one, other), strict=True):
        assert "".join(piece for _, piece in pieces) == text


def test_what_both_say_is_marked_and_numbers_that_contradict_are_marked_another_way() -> None:
    pieces = against("鑫鑫烧烤店油烟大，就在幸福小区5栋楼下", "幸福小区三栋楼下的鑫鑫烧烤店")
    assert ("same", "鑫鑫烧烤店") in pieces and ("same", "幸福小区") in pieces and ("differ", "5栋") in pieces
    assert [kind for kind, text in against("幸福小区3栋", "幸福小区三栋") if "栋" in text] == [""]


def deadline(due: datetime, **changed: object) -> Deadline:
    given: dict[str, object] = {
        "clock": "reply", "label": "热线答复", "kind": "limit", "perspective": "unit", "rule_id": "r", "rule_version": "1", "calendar_version": "1",
        "provenance": "", "started_at": due - timedelta(days=7), "due_at": due, "last_day": (due - timedelta(seconds=1)).date(),
    }  # fmt: skip
    return Deadline(**{**given, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "changed", "words", "tone"),
    [
        (NOW + timedelta(days=6, hours=14), {}, "剩 4 个工作日", "calm"),
        (NOW + timedelta(hours=3), {}, "剩 3 小时", "soon"),
        (NOW + timedelta(minutes=20), {}, "剩 20 分钟", "soon"),
        (NOW - timedelta(days=4), {}, "已超 2 个工作日", "late"),
        (NOW - timedelta(days=1), {"paused_until": NOW + timedelta(days=3)}, "暂停计时", "paused"),
        (NOW - timedelta(days=1), {"stopped_at": NOW - timedelta(days=2)}, "按期完成", "done"),
        (NOW - timedelta(days=3), {"stopped_at": NOW - timedelta(days=2)}, "超期完成", "late"),
        (NOW - timedelta(days=3), {"kind": "window"}, "已超 2 个工作日", "calm"),
    ],
)
def test_a_clock_speaks_in_words_before_numbers(due: datetime, changed: dict[str, object], words: str, tone: str) -> None:
    said = clock_words(deadline(due, **changed), NOW, CALENDAR)
    assert (said.words, said.tone) == (words, tone) and 0 <= said.share <= 100


def test_past_the_holiday_table_days_are_plain_days() -> None:
    far = datetime(2099, 1, 1, tzinfo=UTC)
    assert left_words(far, far + timedelta(days=3), CALENDAR).endswith(("天", "个工作日"))


def test_sureness_is_a_word_and_large_counts_stay_readable() -> None:
    assert [sureness(score) for score in (0.95, 0.7, 0.2, None)] == ["很可能", "可能", "不确定", "人工"]
    assert (count(12_345), count(1_234_567)) == ("12,345", "123.5 万")


def brief(status: Status, unit: str = "u", *, lead: bool = True, part: v.PartState = v.PartState.ACCEPTED, **changed: object) -> Brief:
    given: dict[str, object] = {
        "version": 1, "status": status, "deadlines": (), "parts": {} if status in UNOWNED else {unit: (lead, part)}, "open_measures": {}, "measures": 1,
        "responsible": True, "leader_id": None, "proposals": (), "recused": (), "handlers": frozenset(), "confidential": False,
    }  # fmt: skip
    return Brief(**{**given, **changed})  # type: ignore[arg-type]


OFFICER = Principal("o", "甲", frozenset({Role.OFFICER}), "u")


@pytest.mark.parametrize("status", sorted(LIVE))
def test_in_every_open_state_somebody_is_asked_for_something_the_table_allows(status: Status) -> None:
    everybody = [Principal(role.value, role.label, frozenset({role}), "u") for role in Role if role not in (Role.ACCUSED, Role.PUBLIC, Role.SYSTEM)]
    part = v.PartState.PENDING if status is Status.ASSIGNED else v.PartState.ACCEPTED
    steps = [next_step(brief(status, part=part, open_measures={"u": 1} if status is Status.STAGE_CONCLUDED else {}), person, NOW) for person in everybody]
    asked = {step.kind for step in steps if step.kind}
    assert asked and all(status in TABLE[kind].states for kind in asked)
    assert all(step.why for step in steps)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (brief(Status.ASSIGNED, part=v.PartState.PENDING), "sign_in"),
        (brief(Status.INVESTIGATING, lead=False, part=v.PartState.SIGNED_IN), "accept_part"),
        (brief(Status.RECTIFYING, open_measures={"u": 2}), "report_measure"),
        (brief(Status.RECTIFYING, responsible=False), "settle_responsibility"),
        (brief(Status.RECTIFYING), "conclude"),
        (brief(Status.RECTIFYING, open_measures={"other": 1}), None),
        (brief(Status.RECTIFYING, lead=False), "finish_part"),
        (brief(Status.CONCLUDED), "request_close_out"),
        (brief(Status.CONCLUDED, recused=("o",)), None),
        (brief(Status.CITY_REVIEW), None),
    ],
)
def test_what_an_officer_does_next_follows_from_the_case(given: Brief, kind: str | None) -> None:
    assert next_step(given, OFFICER, NOW).kind == kind


def test_a_decision_that_waits_for_a_second_person_comes_before_everything_but_never_to_the_first() -> None:
    head = Principal("h", "乙", frozenset({Role.UNIT_HEAD}), "u")
    waiting = brief(Status.INVESTIGATING, proposals=(("p", v.ProposalKind.EXTEND, "o"),))
    assert next_step(waiting, head, NOW).kind == "confirm"
    assert next_step(brief(Status.INVESTIGATING, proposals=(("p", v.ProposalKind.EXTEND, "h"),)), head, NOW).kind == "verify"


def test_only_the_leader_of_the_case_is_asked_to_sign() -> None:
    leader, other = (Principal(id, id, frozenset({Role.LEADER})) for id in ("l", "m"))
    waiting = brief(Status.PUBLICISED, leader_id="l")
    assert next_step(waiting, leader, NOW).kind == "sign" and next_step(waiting, other, NOW).kind is None


def test_every_step_forward_is_allowed_where_it_is_proposed() -> None:
    assert [(status, kind) for status, kinds in FORWARD.items() for kind in kinds if status not in TABLE[kind].states] == []


def test_a_brief_counts_what_each_unit_still_owes() -> None:
    link = v.Link(id="l", complaint_id="c", receipt_no="R", kind=LinkKind.FIRST_REPORT, received_at=NOW, channel=SourceChannel.HOTLINE_12345, confidential=True)
    measures = tuple(v.Measure(id=str(n), text="x", unit_id="u", progress=p) for n, p in enumerate((100, 40, 0)))
    state = CaseState("c", 3, Status.RECTIFYING, links=(link,), measures=measures, parts=(v.Part(unit_id="u", name="U", role=UnitRole.LEAD, since=NOW),))
    made = brief_of(state, RULES.case)
    assert made.open_measures == {"u": 2} and made.confidential and made.parts == {"u": (True, v.PartState.PENDING)}


def line(n: int, kind: str | None, *, late: bool = False) -> Line:
    row = {"case_no": f"A{n}", "status": "assigned", "repeat_ordinal": 1, "ordinal": 1, "urgency": "一般", "summary": "", "respondent": "x", "place": ""}
    return Line(row, NextStep(kind, "", "", None), None, late, False, False)


def test_a_long_list_is_cut_by_key_and_says_how_many_there_are() -> None:
    lines = [line(n, "sign_in" if n % 2 else None, late=n < 3) for n in range(120)]
    first = listing("/work", lines, "", "", FILTERS)
    assert first.said == "第 1–50 件，共 120 件" and first.next == "/work?after=A49" and first.first == ""
    last = listing("/work", lines, "", "A99", FILTERS)
    assert last.said == "第 101–120 件，共 120 件" and last.next == "" and last.first == "/work"
    assert [chip.count for chip in first.chips if chip.label == "已超期"] == [3]
    assert listing("/work", lines, "no such filter", "gone", FILTERS).total == 120


@pytest.mark.parametrize("evil", ["//evil", "https://evil", "/\\evil", "javascript:x", "/a\nb", "", None, "evil"])
def test_only_paths_of_ours_are_gone_on_to(evil: str | None) -> None:
    assert own_path(evil) == "/"
    assert own_path("/cases/AJ1?do=verify#act") == "/cases/AJ1?do=verify#act"


def test_small_groups_keep_their_number_to_themselves() -> None:
    assert suppressed(Counter({"东岸区": 7, "石岭县": 2}), 5) == (("东岸区", "7"), ("石岭县", "少于 5"))


def test_two_city_files_differ_entry_by_entry() -> None:
    before = {"units": [{"id": "a", "name": "甲局"}, {"id": "b", "name": "乙局"}], "leaders": []}
    after = {"units": [{"id": "a", "name": "甲局（新）"}], "leaders": [{"id": "l", "name": "丙"}]}
    assert [(c.section, c.key, c.kind) for c in changes(before, after)] == [("单位", "a", "修改"), ("单位", "b", "删除"), ("领导", "l", "新增")]

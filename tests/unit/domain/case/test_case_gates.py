"""The gates of close-out, petitioners counted by rule, and answers that say nothing about others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ruamel.yaml import YAML

from contracts.vocabulary import LinkKind, ReturnGround, UnitRole, Verdict
from services.domain.case import commands as c
from services.domain.case import gates, petitioners
from services.domain.case.answers import AnswerKind, answers, progress, status_answer
from services.domain.case.evidence import pairs, public_view
from services.domain.case.gates import GateRules, Stage
from services.domain.case.privacy import told_in
from services.domain.case.returns import training_records
from services.domain.parameters import RuleFileError, parse_parameters
from tests.unit.domain.case.office import (
    ACCEPTOR,
    CALLER,
    CLOSE,
    DISPATCHER,
    MACHINE,
    OFFICER,
    REVIEWER,
    RULES,
    SETTLE,
    SUPERVISOR,
    VERIFY,
    Desk,
    evidence,
    link,
    measured,
    rules,
    v,
)  # fmt: skip

TEXT = (RULES / "gates.yaml").read_text(encoding="utf-8")


def look(desk: Desk, rules_: GateRules | None = None) -> dict[str, gates.GateResult]:
    found = gates.gates(desk.state, rules_ or desk.rules.gates, desk.rules.calendar, desk.now)
    return {result.gate: result for result in found}


def variant(name: str) -> GateRules:
    return parse_parameters(TEXT.replace("active: four", f"active: {name}"), "gates.yaml", GateRules)


def unmet(desk: Desk, gate: str) -> set[str]:
    return {check.check for check in look(desk)[gate].missing()}


def test_the_speechs_four_are_the_default_and_each_answers_in_a_sentence():
    results = look(Desk().opened())
    assert list(results) == ["问题查清", "整改到位", "责任落实", "群众满意"]
    for gate, result in results.items():
        assert not result.met and result.sentence.startswith(f"{gate}：未达到。尚缺：")
        assert result.formula.endswith("不放过")


def test_a_finished_case_says_by_which_evidence_each_gate_is_met():
    results = look(Desk().to_review())
    assert all(result.met for result in results.values())
    facts = {check.check: check.evidence for check in results["问题查清"].checks}
    assert facts["report"] == ("e-report",) and "e-site" in facts["on_site"]
    effect = next(check for check in results["整改到位"].checks if check.check == "effect")
    assert "非甲烷总烃12mg/m³（限值60mg/m³，GB 31572），达标" in effect.sentence
    assert set(effect.evidence) == {"e-value", "e-after"}
    assert "满意率1/1" in results["群众满意"].sentence


@pytest.mark.parametrize("name", ["three_liaoning", "three_jiangsu", "five"])
def test_other_variants_are_configuration(name):
    results = look(Desk().to_review(), variant(name))
    assert len(results) == (5 if name == "five" else 3)
    if name == "five":
        assert not results["长效机制"].met, "the fifth asks for what nobody wrote down"
    else:
        assert all(result.met for result in results.values())


def test_an_unknown_check_or_variant_is_refused_by_file_line_and_key():
    with pytest.raises(RuleFileError, match=r"gates.yaml:\d+: .*unknown check verdictt"):
        parse_parameters(TEXT.replace("{check: verdict}", "{check: verdictt}", 1), "gates.yaml", GateRules)
    with pytest.raises(RuleFileError, match="active variant six is not among"):
        variant("six")


def test_at_the_request_only_what_the_unit_can_show_is_asked_for():
    desk = Desk().to_concluded()
    asked = (desk.state, desk.rules.gates, desk.rules.calendar, desk.now)
    assert gates.missing(*asked, Stage.REQUEST) == ""
    assert "尚未经区县验收" in gates.missing(*asked, Stage.CLOSE_OUT)


def test_evidence_from_before_the_assignment_does_not_clear_the_facts():
    desk = Desk().opened().assigned().give(OFFICER, c.SignIn(), c.Investigate())
    old = evidence("e-site", "before", desk.now - timedelta(days=3))
    desk.give(OFFICER, c.AddEvidence(evidence=old))
    assert "on_site" in unmet(desk, "问题查清")


def test_a_value_above_its_limit_and_a_picture_without_its_pair_show_nothing():
    desk = Desk().to_rectifying()
    high = evidence("e-high", "measurement", desk.now, monitoring=measured(80.0, desk.now))
    desk.give(
        OFFICER, c.AddEvidence(evidence=high), c.AddEvidence(evidence=evidence("e-alone", "after", desk.now))
    )
    check = next(check for check in look(desk)["整改到位"].checks if check.check == "effect")
    assert not check.met and "非甲烷总烃80mg/m³" in check.sentence and "超标" in check.sentence
    desk.wait(hours=1)
    low = evidence("e-low", "measurement", desk.now, monitoring=measured(40.0, desk.now))
    desk.give(OFFICER, c.AddEvidence(evidence=low))
    assert "effect" not in unmet(desk, "整改到位"), "the latest value of an indicator counts"


def test_a_flow_below_what_must_be_released_is_not_within_the_limit():
    flow = measured(0.2, Desk().now, limit=0.5).model_copy(update={"at_least": True, "indicator": "生态流量"})
    assert not flow.within and flow.text.endswith("未达到要求")


def test_no_punishment_is_fine_when_the_reason_is_written_down():
    desk = Desk().to_rectifying()
    desk.give(OFFICER, SETTLE.model_copy(update={"punishments": (), "none_needed": "首次轻微，当场改正"}))
    assert "经研究不需处理：首次轻微，当场改正" in look(desk)["责任落实"].sentence


# --- petitioners ------------------------------------------------------------------------------------------------------


def with_petitioners() -> Desk:
    desk = Desk().opened(
        link(2), link(3), link(4, reporter=None), link(5, kind=LinkKind.REPEAT_PETITION, reporter="p1")
    )
    return desk.assigned().investigating().verified().planned().rectified().concluded()


def call(desk: Desk, reporter: str, outcome: v.Satisfaction) -> None:
    desk.give(CALLER, c.RecordCallback(reporter=reporter, outcome=outcome))


def test_silence_is_never_counted_as_satisfied():
    desk = with_petitioners()
    call(desk, "p1", v.Satisfaction.SATISFIED)
    call(desk, "p2", v.Satisfaction.NO_ANSWER)
    found = petitioners.tally(desk.state, 3)
    assert (found.satisfied, found.waiting, found.reachable, found.anonymous) == (1, 2, 3, 1)
    assert {"called_back", "satisfied"} <= unmet(desk, "群众满意")
    assert "沉默不计为满意" in look(desk)["群众满意"].sentence


def test_unreachable_is_who_was_tried_on_three_days_and_stands_apart():
    desk = with_petitioners()
    call(desk, "p1", v.Satisfaction.SATISFIED)
    call(desk, "p2", v.Satisfaction.MOSTLY_SATISFIED)
    for _ in range(3):
        call(desk, "p3", v.Satisfaction.UNREACHABLE)
    assert petitioners.tally(desk.state, 3).waiting == 1, "three calls on one day are one try"
    for _ in range(2):
        desk.wait(days=1)
        call(desk, "p3", v.Satisfaction.UNREACHABLE)
    found = petitioners.tally(desk.state, 3)
    assert (found.satisfied, found.unreachable, found.reachable) == (2, 1, 2)
    assert "called_back" not in unmet(desk, "群众满意")


def test_the_last_word_counts_and_words_from_before_the_work_was_done_do_not():
    desk = with_petitioners()
    call(desk, "p1", v.Satisfaction.UNSATISFIED)
    call(desk, "p1", v.Satisfaction.SATISFIED)
    assert petitioners.tally(desk.state, 3).satisfied == 1
    desk.give(SUPERVISOR, c.SendBack(reason="仍有异味"))
    desk.give(OFFICER, c.Conclude(result="再次整改"))
    assert petitioners.tally(desk.state, 3).satisfied == 0


def test_one_dissatisfied_of_three_holds_the_case():
    desk = with_petitioners()
    for reporter, outcome in (("p1", "satisfied"), ("p2", "satisfied"), ("p3", "unsatisfied")):
        call(desk, reporter, v.Satisfaction(outcome))
    assert "satisfied" in unmet(desk, "群众满意")
    assert "满意率2/3，低于90%" in look(desk)["群众满意"].sentence


def test_a_new_complaint_on_the_source_starts_the_observation_anew():
    desk = Desk().to_concluded().requested().accepted().publicised().called()
    assert "quiet" not in unmet(desk, "群众满意")
    desk.give(MACHINE, c.NoteSourceComplaint(received_at=desk.now, case_no="A2026-8"))
    assert "quiet" in unmet(desk, "群众满意")
    assert "观察期重新起算" in look(desk)["群众满意"].sentence
    desk.give(ACCEPTOR, c.SubmitReview())
    refusal = desk.refused(REVIEWER, CLOSE)
    assert refusal.code == "gates.unmet" and "【群众满意】" in refusal.message
    desk.wait(days=20).give(REVIEWER, CLOSE)


def test_with_nobody_to_ask_publicity_and_quiet_stand_in():
    desk = Desk()
    desk.give(
        MACHINE,
        c.Open(case_no="A", region="429304", matter=v.Matter(summary="异味"), first=link(reporter=None)),
    )
    desk.assigned().investigating().verified().planned().rectified().concluded().requested().accepted().publicised()
    assert not unmet(desk, "群众满意")
    assert "以公示和观察期代替" in look(desk)["群众满意"].sentence


# --- answers ----------------------------------------------------------------------------------------------------------


def told(desk: Desk) -> list:
    """Every answer of a desk's life, command by command."""
    from services.domain.case.case import rebuild

    out = []
    for event in desk.events:
        out += answers([event], rebuild(desk.state.case_id, desk.events[: event.version]))
    return out


def test_every_complaint_gets_its_own_answers_to_the_end():
    desk = with_petitioners().requested().accepted().publicised().called()
    desk.give(ACCEPTOR, c.SubmitReview()).give(REVIEWER, CLOSE)
    by_complaint: dict[str, list[AnswerKind]] = {}
    for answer in told(desk):
        by_complaint.setdefault(answer.complaint_id, []).append(answer.kind)
    assert set(by_complaint) == {"c1", "c2", "c3", "c4", "c5"}
    for kinds in by_complaint.values():
        assert kinds[0] in (AnswerKind.REGISTERED, AnswerKind.IN_PROGRESS)
        assert {AnswerKind.ACCEPTED, AnswerKind.CONCLUDED} <= set(kinds) and kinds[
            -1
        ] is AnswerKind.CLOSED_OUT


def test_an_answer_names_what_was_found_measured_and_done_and_when():
    desk = Desk().to_concluded()
    final = [answer for answer in told(desk) if answer.kind is AnswerKind.CONCLUDED][-1]
    for piece in (
        "R0001",
        "经核查属实",
        "无处理设施",
        "2026年03月07日监测非甲烷总烃12mg/m³",
        "安装废气收集",
        "整改前后照片",
    ):
        assert piece in final.message
    assert {"e-report", "e-value", "e-after"} <= set(final.evidence)


def test_no_answer_says_anything_about_others_or_about_who_complained():
    desk = with_petitioners()
    secrets = {"p1", "p2", "p3", "R0002", "R0003", "R0004", "R0005", "5件", "4人", "其他信访人"}
    mine = [answer for answer in told(desk) if answer.complaint_id == "c1"]
    for answer in mine:
        assert not [secret for secret in secrets if secret in answer.message], answer.message
        assert told_in(answer.message) == ()


def test_a_repeat_without_new_facts_gets_the_state_instead_of_silence():
    desk = Desk().to_rectifying()
    desk.give(MACHINE, c.AddLink(link=link(2, kind=LinkKind.REPEAT_PETITION, reporter="p1")))
    found = answers(desk.events[-1:], desk.state)
    assert [answer.complaint_id for answer in found] == ["c2"] and "整改措施1项" in found[0].message
    desk.give(DISPATCHER, c.RefuseComplaint(complaint_id="c2", reason="同一事项"))
    desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))
    refused = answers(desk.events[-1:], desk.state)
    assert [(answer.complaint_id, answer.kind) for answer in refused] == [("c2", AnswerKind.NOT_ACCEPTED)]
    assert "同一事项" in refused[0].message and "整改措施1项" in refused[0].message


def test_the_same_item_delivered_twice_is_not_answered_twice():
    desk = Desk().opened().give(MACHINE, c.AddLink(link=link(2, kind=LinkKind.DUPLICATE_DELIVERY)))
    assert answers(desk.events[-1:], desk.state) == ()


def test_a_declined_matter_names_the_road_to_take():
    desk = Desk().opened().give(DISPATCHER, c.Decline(ground=v.DeclineGround.LITIGATION, reason="已起诉"))
    desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))
    found = answers(desk.events[-1:], desk.state)[0]
    assert found.kind is AnswerKind.NOT_ACCEPTED and "请通过诉讼、仲裁或行政复议" in found.message


def test_an_untrue_verdict_is_told_with_what_was_found():
    desk = Desk().opened().assigned().investigating()
    desk.give(OFFICER, VERIFY.model_copy(update={"verdict": Verdict.UNTRUE, "found": "现场停产，无排放"}))
    desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))
    found = answers(desk.events[-2:], desk.state)[0]
    assert found.kind is AnswerKind.CONCLUDED and "不属实。现场停产，无排放。" in found.message


def test_an_approved_extension_is_told_with_its_reason():
    desk = (
        Desk()
        .opened()
        .assigned()
        .give(OFFICER, c.SignIn(), c.Extend(clock="reply", n=3, reason="等待采样结果"))
    )
    desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))
    assert "因等待采样结果，办理期限经批准延长" in answers(desk.events[-1:], desk.state)[0].message


def test_a_reopened_case_tells_everybody_behind_it():
    desk = Desk().to_closed().wait(days=40)
    desk.give(MACHINE, c.AddLink(link=link(2, kind=LinkKind.RECURRENCE, received_at=desk.now)))
    found = answers(desk.events[-2:], desk.state)
    assert {(answer.complaint_id, answer.kind) for answer in found} == {
        (f"c{n}", AnswerKind.REOPENED) for n in (1, 2)
    }


def test_a_source_asks_by_receipt_and_hears_where_it_stands():
    desk = Desk()
    seen = []
    for step in ("opened", "assigned", "investigating", "verified", "planned", "rectified", "concluded"):
        getattr(desk, step)()
        found = status_answer(desk.state, "c1", desk.now)
        assert found is not None
        seen.append((found.kind, progress(desk.state)))
    assert seen[0][0] is AnswerKind.REGISTERED and seen[-1][0] is AnswerKind.CONCLUDED
    assert len({text for _, text in seen}) >= 6
    assert status_answer(desk.state, "c9", desk.now) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("联系电话13800001111", "手机号码"),
        ("0719-8765432", "固定电话"),
        ("证号420300199001011234", "身份证号"),
        ("微信：zhang_12345", "微信或QQ号"),
        ("鄂C·12345", "车牌号"),
        ("经向另一信访人了解", "信访人情况"),
        ("3名举报人均称", "信访人情况"),
        ("举报人家住三楼", "信访人情况"),
    ],
)
def test_officers_texts_with_personal_matter_are_caught(text, what):
    assert what in told_in(text)


def test_ordinary_findings_pass_the_net():
    for text in (
        "废气非甲烷总烃12mg/m³，达标",
        "已罚款80000元，编号鄂环罚〔2026〕12号",
        "夜间22:00至6:00停止施工",
        "信访人反映的问题属实",
    ):
        assert told_in(text) == ()


def test_pictures_lose_place_and_time_for_others_and_pairs_are_found():
    desk = Desk().to_rectifying().rectified()
    assert [(before.id, after.id) for before, after in pairs(desk.state)] == [("e-site", "e-after")]
    item = evidence("x", "site", desk.now, position=v.Position(latitude=32.1, longitude=110.8))
    shown = public_view(item)
    assert (shown.position, shown.taken_at, shown.added_by, shown.sha256) == (None, None, "", item.sha256)


def test_a_return_becomes_training_data_with_the_right_unit_once_known():
    desk = Desk().opened().assigned()
    desk.give(
        OFFICER,
        c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="餐饮油烟归城管", proposed_unit="urban"),
    )
    assert training_records(desk.state)[0].right_unit is None
    from tests.unit.domain.case.office import HELPER

    urban = v.UnitRef(unit_id="urban", name="城管局", role=UnitRole.LEAD)
    desk.give(DISPATCHER, c.Assign(units=(urban,))).give(HELPER, c.SignIn(), c.AcceptPart())
    record = training_records(desk.state)[0]
    assert (record.not_unit, record.right_unit, record.ground) == ("eco", "urban", "非本单位职责")


def test_rules_with_a_stray_key_are_refused_with_line_and_key():
    lines = TEXT.splitlines()
    place = next(i for i, line in enumerate(lines) if "observation_days" in line)
    lines.insert(place, "  observation_weeks: 2")
    with pytest.raises(RuleFileError) as caught:
        parse_parameters("\n".join(lines), "gates.yaml", GateRules)
    assert str(caught.value) == f"gates.yaml:{place + 1}: public.observation_weeks: unknown key"
    assert YAML(typ="safe").load(TEXT)["active"] == rules().gates.active

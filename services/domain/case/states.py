"""The one state table: every command with who may give it, in which states, where it leads, and the rule behind it.

`python -m services.domain.case.states` prints the table as a Mermaid diagram; `--table` as a Markdown table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from services.domain.case.commands import fields_of
from services.domain.case.status import (
    BEFORE_WORK,
    CLOSING,
    ENDED,
    LIVE,
    WORKING,
    Status,
)
from services.domain.principals import Role

S, R = Status, Role

HANDLERS = frozenset({R.OFFICER, R.UNIT_HEAD})
DISPATCH = frozenset({R.SYSTEM, R.DISPATCHER})
WATCH = frozenset({R.SUPERVISOR, R.INSPECTOR, R.CITY_REVIEWER})
SECOND = frozenset({R.UNIT_HEAD, R.SUPERVISOR, R.CITY_REVIEWER, R.INSPECTOR})
RECTIFY = frozenset({S.RECTIFYING, S.STAGE_CONCLUDED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a command may lead; `when` tells outcomes of one command apart. No target: the state stays."""

    target: Status | None
    when: str = ""


@dataclass(frozen=True, slots=True)
class CommandRule:
    """One row of the table.

    `scope`: `lead` the actor's unit must be the lead, `unit` it must have a part, `any` no unit is asked for.
    `person`: no system may give it. `fresh`: nobody who handled the case may give it.
    """

    label: str
    roles: frozenset[Role]
    states: frozenset[Status]
    outcomes: tuple[Outcome, ...]
    provenance: str
    hint: str
    scope: Literal["lead", "unit", "any"] = "any"
    person: bool = False
    fresh: bool = False


def _stay() -> tuple[Outcome, ...]:
    return (Outcome(None),)


def _to(target: Status, when: str = "") -> tuple[Outcome, ...]:
    return (Outcome(target, when),)


TABLE: Mapping[str, CommandRule] = {
    "open": CommandRule("立案", DISPATCH, frozenset(), _to(S.OPENED), "《信访工作条例》第二十二条", "一事一案。"),
    "add_link": CommandRule(
        "关联信访件", DISPATCH, LIVE | ENDED, (Outcome(None), Outcome(S.REOPENED, "结案后再次反映")),
        "国办函〔2025〕66号（并单处理）", "请在未并案的案件上关联。",
    ),
    "confirm_link": CommandRule(
        "确认关联", frozenset({R.DISPATCHER, R.OFFICER, R.SUPERVISOR}), LIVE | ENDED, _stay(),
        "《个人信息保护法》第二十四条", "请核对案件。", person=True,
    ),
    "refuse_complaint": CommandRule(
        "按重复件不予受理", frozenset({R.DISPATCHER, R.OFFICER}), LIVE | ENDED, _stay(),
        "北京接诉即办条例第十一条第三款", "请核对案件。", person=True,
    ),
    "note_source_complaint": CommandRule(
        "登记同源信访件", DISPATCH, CLOSING, _stay(), "观察期（本地参数）", "只在办结后至销号前登记。"
    ),
    "amend": CommandRule(
        "更正案情", frozenset({R.DISPATCHER, R.OFFICER, R.UNIT_HEAD, R.SYSTEM}), BEFORE_WORK | WORKING, _stay(),
        "一案一档", "办结后不再更正案情，请退回整改后更正。",
    ),
    "assign": CommandRule(
        "交办", DISPATCH,
        frozenset({S.OPENED, S.REOPENED, S.RETURNED, S.ASSIGNED, S.SIGNED_IN, S.INVESTIGATING}), _to(S.ASSIGNED),
        "《信访工作条例》第二十二、二十四条；讲话“及时交办”", "已核实的案件不再改派；需要其他单位的，请列为协办。",
    ),
    "assign_leader": CommandRule(
        "确定包案领导", DISPATCH | {R.SUPERVISOR}, LIVE, _stay(), "《信访工作条例》第十八条；讲话“领导包案”",
        "已结案件重新立案后再确定。",
    ),
    "recuse": CommandRule(
        "回避", frozenset({R.DISPATCHER, R.UNIT_HEAD, R.SUPERVISOR, R.OFFICER}), LIVE | ENDED, _stay(),
        "《信访工作条例》第二十八条第三款", "请核对案件。",
    ),
    "sign_in": CommandRule(
        "签收", HANDLERS, LIVE - {S.OPENED, S.REOPENED, S.RETURNED}, (Outcome(None, "协办"), Outcome(S.SIGNED_IN, "主办")),
        "12345热线工单流程", "请等待交办。", scope="unit",
    ),
    "accept_part": CommandRule(
        "接受任务", HANDLERS, LIVE - {S.OPENED, S.REOPENED, S.RETURNED}, _stay(), "首办责任制", "请先签收。", scope="unit"
    ),
    "return_part": CommandRule(
        "退单", HANDLERS, LIVE - {S.OPENED, S.REOPENED, S.RETURNED}, (Outcome(None, "协办"), Outcome(S.RETURNED, "主办")),
        "《信访工作条例》第二十三条第三款；12345热线退单规则", "案件尚未交办，无需退单。", scope="unit",
    ),
    "finish_part": CommandRule(
        "报告本单位完成", HANDLERS, WORKING, _stay(), "首接负责制：协办单位按时反馈", "请在主办单位签收后办理。", scope="unit"
    ),
    "withdraw_part": CommandRule(
        "撤出协办单位", frozenset({R.DISPATCHER, R.SUPERVISOR}), LIVE, _stay(), "专班一案一方案", "请核对案件。"
    ),
    "change_member": CommandRule(
        "变更专班人员", frozenset({R.SYSTEM, R.DISPATCHER, R.UNIT_HEAD, R.SUPERVISOR}), LIVE - {S.OPENED, S.REOPENED},
        _stay(), "讲话“专班解决”", "请等待交办。",
    ),
    "investigate": CommandRule(
        "开始调查", HANDLERS, frozenset({S.SIGNED_IN}), _to(S.INVESTIGATING), "讲话“问题不查清不放过”",
        "签收后方可调查。", scope="lead",
    ),
    "add_evidence": CommandRule(
        "上传证据", HANDLERS | {R.ACCEPTOR, R.CITY_REVIEWER, R.INSPECTOR, R.SUPERVISOR}, WORKING | CLOSING | ENDED,
        _stay(), "一案一档", "签收后方可上传证据。",
    ),
    "verify": CommandRule(
        "提交核实结论", HANDLERS, frozenset({S.INVESTIGATING}),
        (Outcome(S.VERIFIED, "属实、基本属实、部分属实"), Outcome(None, "不属实：待第二人复核")),
        "讲话“问题不查清不放过”", "调查中方可提交核实结论。", scope="lead", person=True,
    ),
    "plan": CommandRule(
        "制定整改措施", HANDLERS, frozenset({S.VERIFIED}) | RECTIFY, _to(S.RECTIFYING, "立行立改或台账整改"),
        "讲话“明确整改责任单位、责任人、整改时限”", "核实后方可制定整改措施。", scope="lead",
    ),
    "report_measure": CommandRule(
        "填报整改进展", HANDLERS, RECTIFY, _stay(), "讲话“拉条挂账式跟踪管理”", "制定整改措施后方可填报。", scope="unit"
    ),
    "settle_responsibility": CommandRule(
        "落实责任", HANDLERS | {R.SUPERVISOR}, frozenset({S.VERIFIED}) | RECTIFY, _stay(), "讲话“责任不落实不放过”",
        "核实后、办结前填报。",
    ),
    "conclude_stage": CommandRule(
        "申请阶段性办结", HANDLERS, frozenset({S.RECTIFYING}), _to(S.STAGE_CONCLUDED), "阶段性办结工作口径",
        "整改中方可申请。", scope="lead",
    ),
    "resume": CommandRule(
        "继续整改", HANDLERS | {R.SUPERVISOR}, frozenset({S.STAGE_CONCLUDED}), _to(S.RECTIFYING), "讲话“定期调度”",
        "只有阶段性办结的案件需要继续整改。",
    ),
    "conclude": CommandRule(
        "报告办结", HANDLERS, RECTIFY, _to(S.CONCLUDED), "《信访工作条例》第三十四条", "整改完成后方可报告办结。",
        scope="lead", person=True,
    ),
    "record_callback": CommandRule(
        "登记回访", frozenset({R.CALL_BACK}), (CLOSING | ENDED) - {S.DECLINED}, _stay(), "讲话“群众不满意不放过”",
        "办结后方可回访。", person=True, fresh=True,
    ),
    "request_close_out": CommandRule(
        "申请销号", HANDLERS, frozenset({S.CONCLUDED}), _to(S.CLOSE_OUT_REQUESTED), "讲话“严格销号”；销号六步法",
        "办结后方可申请销号；阶段性办结不能代替办结。", scope="lead", person=True,
    ),
    "accept_work": CommandRule(
        "区县验收", frozenset({R.ACCEPTOR}), frozenset({S.CLOSE_OUT_REQUESTED}), _to(S.ACCEPTED),
        "分级验收、备案销号（安徽2019、淄博博山2025）", "承办单位申请销号后方可验收。", person=True, fresh=True,
    ),
    "send_back": CommandRule(
        "退回整改", frozenset({R.ACCEPTOR, R.LEADER, R.CITY_REVIEWER, R.SUPERVISOR}), CLOSING, _to(S.RECTIFYING),
        "讲话“整改不到位不放过”", "办结后至销号前可以退回。", person=True,
    ),
    "start_publicity": CommandRule(
        "开始公示", frozenset({R.ACCEPTOR, R.DISPATCHER}), frozenset({S.ACCEPTED}), _to(S.PUBLICITY), "销号六步法（公示）",
        "区县验收通过后方可公示。",
    ),
    "record_objection": CommandRule(
        "登记异议", frozenset({R.ACCEPTOR, R.DISPATCHER, R.CALL_BACK, R.SUPERVISOR}),
        frozenset({S.PUBLICITY, S.PUBLICISED}), _stay(), "销号六步法（公示）", "公示期间方可登记异议。",
    ),
    "answer_objection": CommandRule(
        "答复异议", frozenset({R.ACCEPTOR, R.SUPERVISOR}), frozenset({S.PUBLICITY, S.PUBLICISED}), _stay(),
        "销号六步法（公示）", "公示期间方可答复异议。", person=True, fresh=True,
    ),
    "finish_publicity": CommandRule(
        "报告公示结束", frozenset({R.ACCEPTOR, R.DISPATCHER, R.SYSTEM}), frozenset({S.PUBLICITY}), _to(S.PUBLICISED),
        "销号六步法（公示）", "公示开始后方可结束。",
    ),
    "sign": CommandRule(
        "包案领导签字", frozenset({R.LEADER}), frozenset({S.PUBLICISED, S.LEADER_SIGNED, S.CITY_REVIEW}),
        (Outcome(S.LEADER_SIGNED), Outcome(None, "市级复核期间补签")),
        "《信访工作条例》第十八条；销号六步法（主要领导签字）", "公示期满后签字；此后才确定或更换包案领导的，销号前补签。", person=True,
    ),
    "submit_review": CommandRule(
        "提请市级复核", frozenset({R.ACCEPTOR}), frozenset({S.PUBLICISED, S.LEADER_SIGNED}), _to(S.CITY_REVIEW),
        "销号六步法（申请市级复核）", "公示期满、包案领导签字后提请复核。", person=True,
    ),
    "close_out": CommandRule(
        "销号", frozenset({R.CITY_REVIEWER}), frozenset({S.CITY_REVIEW}), _to(S.CLOSED_OUT), "讲话“严格销号”“四不放过”",
        "须先经区县验收、公示、签字并提请市级复核。", person=True, fresh=True,
    ),
    "look_back": CommandRule(
        "回头看", frozenset({R.INSPECTOR}), frozenset({S.CLOSED_OUT, S.LOOKED_BACK}),
        (Outcome(S.LOOKED_BACK, "通过"), Outcome(S.REOPENED, "反弹或假整改")), "讲话“全面开展回头看”",
        "销号后方可回头看。", person=True, fresh=True,
    ),
    "reopen": CommandRule(
        "重新立案", WATCH | {R.DISPATCHER}, ENDED, _to(S.REOPENED), "讲话“坚决杜绝假整改”", "案件尚在办理，无需重新立案。",
        person=True,
    ),
    "judge_rectification": CommandRule(
        "认定是否假整改", WATCH, LIVE, _stay(), "讲话“坚决杜绝假整改”", "重新立案后方可认定。", person=True, fresh=True
    ),
    "decline": CommandRule(
        "不予受理", frozenset({R.DISPATCHER, R.OFFICER}), BEFORE_WORK | {S.SIGNED_IN, S.INVESTIGATING}, _stay(),
        "潍坊市12345条例第十九、二十一条；《信访工作条例》第三十一条", "已核实的案件不得再不予受理。", person=True,
    ),
    "extend": CommandRule(
        "申请延期", HANDLERS, LIVE, _stay(), "《信访工作条例》第三十四条", "案件已办结。", scope="lead", person=True
    ),
    "pause_clock": CommandRule(
        "申请暂停计时", HANDLERS, LIVE, _stay(), "挂起须有事由、批准和恢复日期（本地参数）", "案件已办结。", scope="lead",
        person=True,
    ),
    "resume_clock": CommandRule(
        "恢复计时", HANDLERS | {R.SUPERVISOR}, LIVE, _stay(), "挂起须有恢复日期（本地参数）", "案件已办结。"
    ),
    "confirm": CommandRule(
        "复核同意", SECOND, LIVE | ENDED,
        (Outcome(None), Outcome(S.UNTRUE, "不属实"), Outcome(S.DECLINED, "不予受理")),
        "重要决定须两人；《个人信息保护法》第二十四条", "请核对案件。", person=True,
    ),
    "reject": CommandRule("复核不同意", SECOND, LIVE | ENDED, _stay(), "重要决定须两人", "请核对案件。", person=True),
    "supervise": CommandRule(
        "督办", frozenset({R.SYSTEM, R.SUPERVISOR, R.LEADER}), LIVE, _stay(), "《信访工作条例》第三十八至四十条；讲话“强化督办”",
        "案件已结，无需督办。",
    ),
    "record_review": CommandRule(
        "登记复查复核", frozenset({R.DISPATCHER, R.SUPERVISOR}), CLOSING | ENDED, _stay(), "《信访工作条例》第三十五、三十六条",
        "办结并书面答复后方可申请复查。", person=True,
    ),
}  # fmt: skip


def mermaid() -> str:
    """The table as a Mermaid state diagram: states by their Chinese names, one arrow per change of state."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{status.label}" as {status.value}' for status in Status]
    lines.append(f"    [*] --> {S.OPENED.value}: {TABLE['open'].label}")
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for command, rule in TABLE.items():
        for outcome in rule.outcomes:
            for source in (status for status in Status if status in _sources(command, rule, outcome)):
                if outcome.target is not None and source is not outcome.target:
                    label = f"{rule.label}（{outcome.when}）" if outcome.when else rule.label
                    arrows.setdefault((source, outcome.target), []).append(label)
    lines += [f"    {a.value} --> {b.value}: {' / '.join(labels)}" for (a, b), labels in arrows.items()]
    lines.append(f"    note right of {S.MERGED.value}: 未销号的案件可并入他案，撤销后回到原状态")
    return "\n".join(lines)


def _sources(command: str, rule: CommandRule, outcome: Outcome) -> Iterable[Status]:
    """The states an outcome is really reached from, where that is fewer than the command is allowed in."""
    narrowed = {
        ("add_link", S.REOPENED): ENDED,
        ("sign_in", S.SIGNED_IN): {S.ASSIGNED},
        ("return_part", S.RETURNED): {S.ASSIGNED, S.SIGNED_IN},
        ("sign", S.LEADER_SIGNED): {S.PUBLICISED, S.LEADER_SIGNED},
        ("confirm", S.UNTRUE): {S.INVESTIGATING},
        ("confirm", S.DECLINED): TABLE["decline"].states,
    }
    return narrowed.get((command, outcome.target), rule.states) if outcome.target else rule.states


def markdown() -> str:
    """The table for people: command, who, in which states, fields (a star: required), rule."""
    lines = ["| 命令 | 谁 | 在何状态 | 字段 | 依据 |", "|---|---|---|---|---|"]
    for command, rule in TABLE.items():
        roles = "、".join(role.label for role in Role if role in rule.roles)
        states = "、".join(status.label for status in Status if status in rule.states) or "尚未立案"
        fields = " ".join(f"{name}{'*' if required else ''}" for name, required, _ in fields_of(command))
        lines.append(f"| `{command}` {rule.label} | {roles} | {states} | {fields} | {rule.provenance} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown() if "--table" in sys.argv[1:] else mermaid())

"""Scenarios that bring about refusals: links, splits, merges, clocks, supervision, tokens, emergencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from contracts.vocabulary import (
    LinkKind,
    SupervisionStep,
)
from services.domain import emergency as em
from services.domain import hydropower as hp
from services.domain import registers as reg
from services.domain.case import commands as c
from services.domain.case import operations as o
from services.domain.case import values as v
from services.domain.findings import LineAct, LineState, check_act
from services.domain.history import IdentityRead, record_read
from services.domain.principals import Principal, Role, What, check_token, issue_token, may_read
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import (
    DISPATCHER,
    MACHINE,
    OFFICER,
    REGION,
    START,
    SUPERVISOR,
    Desk,
    link,
    person,
    rule_book,
)  # fmt: skip
from tests.unit.domain.case.refusals_at_work import (
    EXTEND,
    PAUSE,
    add,
    case,
    merged,
    operate,
    refusal,
)

# links
REPEAT = link(2, kind=LinkKind.REPEAT_PETITION, reporter="p1")
REFUSE = c.RefuseComplaint(complaint_id="c2", reason="同一事项，无新情况")
add("link.known", "R0001已在本案中", lambda: Desk().opened().refused(MACHINE, c.AddLink(link=link())))
add(
    "link.unknown",
    "c2不在本案中",
    lambda: Desk().opened().refused(DISPATCHER, c.ConfirmLink(complaint_id="c2")),
)
add(
    "link.confirmed",
    "已经确认",
    lambda: (
        Desk()
        .opened(link(2))
        .give(DISPATCHER, c.ConfirmLink(complaint_id="c2"))
        .refused(DISPATCHER, c.ConfirmLink(complaint_id="c2"))
    ),
)
add(
    "link.new_facts",
    "反映了新情况",
    lambda: Desk().opened(REPEAT.model_copy(update={"new_facts": True})).refused(DISPATCHER, REFUSE),
)
add("link.not_repeat", "不是同一人的重复信访", lambda: Desk().opened(link(2)).refused(DISPATCHER, REFUSE))


@refusal("link.refused", "已作不予受理处理")
def _() -> Refusal:
    desk = Desk().opened(REPEAT).give(DISPATCHER, REFUSE)
    desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))
    return desk.refused(DISPATCHER, REFUSE)


def undo(complaint: str, restored: str = "new") -> o.UndoLink:
    return o.UndoLink(
        case_id="a",
        complaint_id=complaint,
        restored_case=restored,
        restored_case_no="A-new",
        link_id="n",
        reason="错并",
    )


def split(**shares: str) -> o.Split:
    weights = {key: Decimal(value) for key, value in shares.items()}
    return o.Split(operation="s", case_id="a", complaint_id="c1", shares=weights, reason="跨区")


def halved() -> tuple[Desk, Desk]:
    a, b = case("a", 1, link(3)), case("b", 2)
    from services.domain.case.case import evolve

    plan_ = operate(split(a="0.5", b="0.5"), a, b)
    for desk in (a, b):
        for event in plan_[desk.state.case_id]:
            desk.state = evolve(desk.state, event)
    return a, b


add("link.first", "是本案唯一的信访件", lambda: operate(undo("c1"), case("a"), ids=("new",)))
add("split.weights", "权重之和为0.9", lambda: operate(split(a="0.5", b="0.4"), case("a"), case("b", 2)))
add(
    "split.weight",
    "案件b的权重0.505",
    lambda: operate(
        split(a="0.495", b="0.505").model_copy(
            update={"shares": {"b": Decimal("0.505"), "a": Decimal("0.5")}}
        ),
        case("a"),
        case("b", 2),
    ),
)
add("split.cases", "至少一个其他在办案件", lambda: operate(split(a="1"), case("a")))
add("split.already", "已经分办", lambda: operate(split(a="0.5", b="0.5"), *halved()))
add(
    "split.none",
    "没有分办zz",
    lambda: operate(o.UndoSplit(operation="zz", case_id="a", complaint_id="c1", reason="错"), *halved()),
)
add("undo.split", "已分办，不能直接撤销关联", lambda: operate(undo("c1"), *halved(), ids=("new",)))
add("undo.merge", "是随并案m而来", lambda: operate(undo("c2", "b"), *merged(case("a"), case("b", 2))))


@refusal("split.empties", "撤销分办后案件A-b将没有信访件")
def _() -> Refusal:
    from dataclasses import replace

    a, b = halved()
    b.state = replace(b.state, links=b.state.links[1:])
    return operate(o.UndoSplit(operation="s", case_id="a", complaint_id="c1", reason="错"), a, b)


@refusal("merge.empties", "撤销并案后案件A-a将没有信访件")
def _() -> Refusal:
    from services.domain.case.case import evolve

    a, b = merged(case("a"), case("b", 2))
    for event in operate(undo("c1"), a, ids=("new",))["a"]:
        a.state = evolve(a.state, event)
    return operate(o.UndoMerge(operation="m", source="b", target="a", reason="错并"), a, b)


add(
    "merge.self",
    "不能并入自身",
    lambda: operate(o.Merge(operation="m", source="a", target="a", reason="同一事"), case("a")),
)
add(
    "merge.none",
    "没有并案zz",
    lambda: operate(
        o.UndoMerge(operation="zz", source="b", target="a", reason="错"), case("a"), case("b", 2)
    ),
)


@refusal("merge.state", "当前为“已销号”，不能并案")
def _() -> Refusal:
    closed = Desk().to_closed()
    return operate(o.Merge(operation="m", source="case-1", target="b", reason="同一事"), closed, case("b", 2))


# clocks
WORKING = Desk


def replying() -> Desk:
    return Desk().opened().assigned().give(OFFICER, c.SignIn())


def approved(desk: Desk, command: c.Command) -> Desk:
    desk.give(OFFICER, command)
    return desk.give(SUPERVISOR, c.Confirm(proposal_id=desk.state.proposals[0].id))


add("extend.expired", "已于2026-03-09届满", lambda: replying().wait(days=9).refused(OFFICER, EXTEND))
add("extend.again", "已延期1次", lambda: approved(replying(), EXTEND).refused(OFFICER, EXTEND))
add(
    "extend.too_long",
    "申请延长50个工作日，超过上限10个工作日",
    lambda: replying().refused(OFFICER, EXTEND.model_copy(update={"n": 50})),
)
add(
    "extend.rule",
    "“受理告知”不得延期",
    lambda: replying().refused(OFFICER, EXTEND.model_copy(update={"clock": "notice"})),
)
add(
    "clock.unknown",
    "没有正在计时的期限“x”",
    lambda: replying().refused(OFFICER, EXTEND.model_copy(update={"clock": "x"})),
)
add(
    "pause.rule",
    "“听证期间”不是可以暂停该期限的事由",
    lambda: replying().refused(OFFICER, PAUSE.model_copy(update={"ground": "hearing"})),
)
add("pause.running", "已在暂停中", lambda: approved(replying(), PAUSE).refused(OFFICER, PAUSE))
add("pause.none", "没有暂停", lambda: replying().refused(OFFICER, c.ResumeClock(clock="reply")))
add(
    "pause.too_long",
    "超过上限15日",
    lambda: replying().refused(OFFICER, PAUSE.model_copy(update={"until": date(2026, 5, 1)})),
)

# supervision, tokens, reading, emergencies
URGE = c.Supervise(step=SupervisionStep.URGE, reason="逾期")
add(
    "supervise.backwards",
    "已到“催办”，不能退回“提醒”",
    lambda: (
        Desk()
        .opened()
        .give(SUPERVISOR, URGE)
        .refused(SUPERVISOR, c.Supervise(step=SupervisionStep.REMIND, reason="x"))
    ),
)
TOKEN, RECORD = issue_token(
    "officer", bytes(range(40)), b"pepper", START, expires_at=START + timedelta(days=1)
)
add("token.unknown", "令牌无效", lambda: check_token(RECORD, TOKEN + "x", b"pepper", START))
add("token.expired", "令牌已过期", lambda: check_token(RECORD, TOKEN, b"pepper", START + timedelta(days=2)))


@refusal("token.revoked", "令牌已被撤销")
def _() -> Any:
    from dataclasses import replace

    return check_token(replace(RECORD, revoked_at=START), TOKEN, b"pepper", START)


def reading(reader: Role, what: What, **more: Any) -> Any:
    return may_read(rule_book().access, reader, what, **more)


add(
    "access.denied",
    "被举报单位不得查看信访人身份",
    lambda: reading(Role.ACCUSED, What.IDENTITY, purpose="核实"),
)
add(
    "access.confidential",
    "要求保密，承办人员不得查看",
    lambda: reading(Role.OFFICER, What.IDENTITY, confidential=True, purpose="联系"),
)
add(
    "access.purpose",
    "须填写用途",
    lambda: record_read(IdentityRead("c1", "R1", "officer", "officer", "eco", ("phone",), " ", START)),
)
DUTY = person("duty", Role.DUTY_OFFICER)
EVENT = em.Emergency("e1", "c1", REGION, ("鱼大量死亡",), START)
FULL = dict.fromkeys(
    [*rule_book().emergency.header, *rule_book().emergency.forms[em.ReportKind.INITIAL].required], "待查"
)


def report(event: Any, kind: em.ReportKind, fields: dict[str, str]) -> Any:
    return em.report(event, kind, fields, rule_book().emergency, DUTY, START)


add("emergency.grade", "只能由值班人员或领导认定", lambda: em.grade(EVENT, em.Grade.IV, MACHINE))
add("emergency.fields", "初报缺少：报告单位", lambda: report(EVENT, em.ReportKind.INITIAL, {}))
add("emergency.order", "须先有初报，才能续报", lambda: report(EVENT, em.ReportKind.FOLLOW_UP, FULL))


@refusal("emergency.finished", "已报处理结果")
def _() -> Any:
    event = report(EVENT, em.ReportKind.INITIAL, FULL)
    result = dict.fromkeys(rule_book().emergency.forms[em.ReportKind.RESULT].required, "无")
    event = report(event, em.ReportKind.RESULT, dict.fromkeys(rule_book().emergency.header, "待查") | result)
    return report(event, em.ReportKind.FOLLOW_UP, FULL)


add("emergency.unknown", "初报没有这些栏目：weather", lambda: report(EVENT, em.ReportKind.INITIAL, FULL | {"weather": "晴"}))
add("emergency.reason", "排除突发事件须说明理由", lambda: em.dismiss(EVENT, DUTY, " ", START))
add("emergency.same", "不能并入e1", lambda: em.dismiss(EVENT, DUTY, "同一事件", START, same_as="e1"))
add(
    "emergency.ended",
    "已由duty认定不是突发事件",
    lambda: em.acknowledge(em.dismiss(EVENT, DUTY, "误报", START), DUTY, START),  # type: ignore[arg-type]
)
add("emergency.sensitive", "没有敏感情形“月球”", lambda: em.check_sensitive(("月球",), rule_book().emergency))

# registers
add("register.missing", "没有风险源x", lambda: reg.missing("风险源", "x"))
add("register.changed", "已被他人修改（现为第3版）", lambda: reg.changed("突发事件", "e1", 2, 3))
add("register.region", "310101不在人员s的管辖范围内", lambda: reg.may(person("s", Role.SUPERVISOR), reg.Act.SEE, "台账", "310101"))
add("register.file", "文件是空的", lambda: reg.no_file("文件是空的。", "请检查导出是否完成。"))
add("register.evidence", "没有这些证据文件：000000000000", lambda: reg.no_evidence(["0" * 64]))
INSPECTED = LineState("inspection", True, ("eco",), date(2026, 4, 1))
LATE = replace(INSPECTED, deadline=date(2026, 1, 1))


def line(state: LineState, act: LineAct, actor: Principal = SUPERVISOR, until: date | None = None) -> Any:
    return lambda: check_act(state, act, actor, date(2026, 3, 2), until=until)


add("line.origin", "只有检查发现的台账可以直接填报进展", line(replace(INSPECTED, origin="case"), LineAct.REPORT, OFFICER))
add("line.closed", "这一条已经销号", line(replace(INSPECTED, open=False), LineAct.CLOSE_OUT))
add("line.unit", "人员officer不是责任单位", line(replace(INSPECTED, units=("urban",)), LineAct.REPORT, OFFICER))
add("line.second", "人员supervisor填报过本条进展，不能销号", line(replace(INSPECTED, handlers=frozenset({"supervisor"})), LineAct.CLOSE_OUT))
add("line.unreported", "尚未填报整改情况，不能退回整改", line(INSPECTED, LineAct.RETURN))
add("line.evidence", "整改没有证据", line(replace(INSPECTED, reports=(("officer", 0),)), LineAct.CLOSE_OUT))
add("line.expired", "整改时限2026-01-01已过", line(LATE, LineAct.POSTPONE, until=date(2026, 5, 1)))
add("line.postponed", "已经延期一次", line(replace(INSPECTED, postponed=1), LineAct.POSTPONE, until=date(2026, 5, 1)))
add("line.until", "须晚于原定的2026-04-01", line(INSPECTED, LineAct.POSTPONE, until=date(2026, 4, 1)))
add("risk.match", "没有这一匹配", reg.no_match)
STATION = hp.Station(
    "s", "杉木沟电站", "石岭县", "杉木河", hp.StationClass.SHUT, date(2026, 6, 30), "县水利局", "雷某"
)
VISIT = hp.StationCheck("s", date(2026, 3, 1), "x", done=True, evidence=("e",))
add("station.future", "核查日期2027-01-01还没有到", lambda: hp.check_visit(STATION, replace(VISIT, on=date(2027, 1, 1)), date(2026, 3, 2)))
add("station.evidence", "报已关停，但没有证据", lambda: hp.check_visit(STATION, replace(VISIT, evidence=()), date(2026, 3, 2)))
add(
    "station.flow",
    "不能为负数",
    lambda: hp.check_visit(STATION, replace(VISIT, flows=(hp.FlowReading(-1, START),)), date(2026, 3, 2)),
)
add(
    "amend.machine",
    "系统只能提高案件的紧急程度",
    lambda: Desk().opened().refused(MACHINE, c.Amend(matter=v.Matter(summary="别的"), reason="x")),
)

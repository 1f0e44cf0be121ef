"""Every refusal is brought about once and its sentence read: what was refused, by which rule, what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.vocabulary import (
    LinkKind,
    ReturnGround,
    SupervisionStep,
    UnitRole,
    Verdict,
)
from services.domain import emergency as em
from services.domain.case import commands as c
from services.domain.case import operations as o
from services.domain.case.rules import Context
from services.domain.case.state import CaseState
from services.domain.history import IdentityRead, record_read
from services.domain.principals import Role, What, check_token, issue_token, may_read
from services.domain.refusals import CATALOGUE, Refusal
from tests.unit.domain.case.office import (
    ACCEPT,
    ACCEPTOR,
    CALLER,
    CLOSE,
    DISPATCHER,
    HEAD,
    HELP_UNIT,
    HELPER,
    INSPECTOR,
    LEAD_UNIT,
    LEADER,
    LOOKED,
    MACHINE,
    OFFICER,
    OUTSIDER,
    REGION,
    REVIEWER,
    SETTLE,
    START,
    SUPERVISOR,
    VERIFY,
    Desk,
    evidence,
    link,
    matter,
    measure,
    person,
    rule_book,
    rules,
    v,
)  # fmt: skip

UNTRUE = VERIFY.model_copy(update={"verdict": Verdict.UNTRUE})
RETURN = c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="属城管职责")
EXTEND = c.Extend(clock="reply", n=5, reason="等待监测")
PAUSE = c.PauseClock(clock="reply", ground="monitoring", until=date(2026, 3, 6), reason="送检")
QIN = v.Leader(person_id="leader", name="秦副区长")
STAGE = c.ConcludeStage(controlled="已停产", remaining="装设备", person="周工", planned_for=date(2026, 9, 1))
SCENARIOS: dict[str, tuple[str, Callable[[], Refusal]]] = {}


def refusal(code: str, fragment: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def keep(scenario: Callable[[], Any]) -> Callable[[], Any]:
        assert code not in SCENARIOS
        SCENARIOS[code] = (fragment, scenario)
        return scenario

    return keep


def add(code: str, fragment: str, scenario: Callable[[], Any]) -> None:
    refusal(code, fragment)(scenario)


def case(id_: str, number: int = 1, *more: v.Link, **changes: Any) -> Desk:
    desk = Desk()
    desk.state = CaseState(id_)
    return desk.give(
        MACHINE,
        c.Open(case_no=f"A-{id_}", region=REGION, matter=matter(), first=link(number, **changes)),
        *(c.AddLink(link=item) for item in more),
    )


def operate(operation: o.Operation, *desks: Desk, actor: Any = DISPATCHER, ids: tuple[str, ...] = ()) -> Any:
    states = {desk.state.case_id: desk.state for desk in desks} | {id_: CaseState(id_) for id_ in ids}
    return o.operate(operation, states, Context(actor, START, rules()))


def merged(target: Desk, source: Desk) -> tuple[Desk, Desk]:
    plan = operate(
        o.Merge(operation="m", source=source.state.case_id, target=target.state.case_id, reason="同一事"),
        target,
        source,
    )
    from services.domain.case.case import evolve

    for desk in (target, source):
        for event in plan[desk.state.case_id]:
            desk.state = evolve(desk.state, event)
    return target, source


# who
add(
    "actor.role",
    "“销号”须由市级复核人员作出,人员officer没有这一职责",
    lambda: Desk().to_review().refused(OFFICER, CLOSE),
)
add(
    "actor.person",
    "不能由系统系统代办",
    lambda: Desk().opened().refused(MACHINE, c.Supervise(step=SupervisionStep.LISTED, reason="久拖")),
)
add(
    "actor.unit",
    "人员outsider所在单位不承办本案",
    lambda: Desk().opened().assigned().refused(OUTSIDER, c.SignIn()),
)
add(
    "actor.region", "属地为429304",
    lambda: Desk().opened().refused(person("far", Role.DISPATCHER, regions=frozenset({"310000"})), c.Assign(units=(LEAD_UNIT,))),
)  # fmt: skip
add(
    "actor.lead",
    "须由主办单位作出",
    lambda: Desk().opened().assigned(helper=True).give(OFFICER, c.SignIn()).refused(HELPER, c.Investigate()),
)
add(
    "actor.recused", "应当回避",
    lambda: Desk().opened().assigned().give(OFFICER, c.Recuse(person_id="officer", reason="亲属经营")).refused(OFFICER, c.SignIn()),
)  # fmt: skip


@refusal("actor.handler", "经办人不得自己验收")
def _() -> Refusal:
    both = person("officer", Role.OFFICER, Role.ACCEPTOR, unit="eco")
    return Desk().to_concluded().requested().refused(both, ACCEPT)


@refusal("actor.same_person", "须由第二人复核")
def _() -> Refusal:
    both = person("both", Role.DISPATCHER, Role.SUPERVISOR)
    desk = Desk().opened().give(both, c.Decline(ground=v.DeclineGround.LITIGATION, reason="已起诉"))
    return desk.refused(both, c.Confirm(proposal_id=desk.state.proposals[0].id))


def led(desk: Desk) -> Desk:
    return desk.give(DISPATCHER, c.AssignLeader(leader=QIN))


def to_publicised() -> Desk:
    return Desk().to_concluded().requested().accepted().publicised()


add(
    "actor.leader",
    "包案领导是秦副区长",
    lambda: led(to_publicised()).refused(person("other", Role.LEADER), c.Sign()),
)

# when
add(
    "case.exists",
    "已经立案",
    lambda: (
        Desk().opened().refused(MACHINE, c.Open(case_no="x", region=REGION, matter=matter(), first=link()))
    ),
)
add("case.missing", "没有案件case-1", lambda: Desk().refused(OFFICER, c.SignIn()))
add(
    "case.changed",
    "您看到的是第1版,现为第2版",
    lambda: Desk().opened().assigned().refused(OFFICER, c.SignIn(expected_version=1)),
)
add(
    "case.state",
    "当前为“已立案待交办”,不能“报告公示结束”;须在“公示中”时办理",
    lambda: Desk().opened().refused(ACCEPTOR, c.FinishPublicity()),
)
add(
    "case.merged",
    "已并入a",
    lambda: merged(case("a"), case("b", 2))[1].refused(DISPATCHER, c.Assign(units=(LEAD_UNIT,))),
)

# dispatch, returns
add(
    "assign.units",
    "填报的主办单位有0个",
    lambda: Desk().opened().refused(DISPATCHER, c.Assign(units=(HELP_UNIT,))),
)
add(
    "assign.returned",
    "已就本案退过单",
    lambda: (
        Desk().opened().assigned().give(OFFICER, RETURN).refused(DISPATCHER, c.Assign(units=(LEAD_UNIT,)))
    ),
)
add(
    "recuse.other",
    "只能申请本人回避",
    lambda: Desk().opened().refused(OFFICER, c.Recuse(person_id="x", reason="亲属")),
)
add(
    "return.too_late",
    "交办后2个工作日,已于2026-03-04届满",
    lambda: Desk().opened().assigned().wait(days=3).refused(OFFICER, RETURN),
)
add(
    "return.designated",
    "指定后不得退单",
    lambda: Desk().opened().assigned(designated=True).refused(OFFICER, RETURN),
)
add(
    "return.accepted", "接受后不得退单",
    lambda: Desk().opened().assigned().give(OFFICER, c.SignIn(), c.AcceptPart()).refused(OFFICER, RETURN),
)  # fmt: skip


@refusal("return.again", "已就本案退过单,不得再次退单")
def _() -> Refusal:
    desk = Desk().opened().assigned(helper=True).give(HELPER, RETURN)
    lead, helper = v.UnitRef(unit_id="water", name="水利局", role=UnitRole.LEAD), HELP_UNIT
    return desk.give(DISPATCHER, c.Assign(units=(lead, helper))).refused(HELPER, RETURN)


@refusal("return.too_often", "已退单2次")
def _() -> Refusal:
    desk = Desk().opened().assigned().give(OFFICER, RETURN)
    water = v.UnitRef(unit_id="water", name="水利局", role=UnitRole.LEAD)
    desk.give(DISPATCHER, c.Assign(units=(water,))).give(OUTSIDER, RETURN)
    urban = v.UnitRef(unit_id="urban", name="城管局", role=UnitRole.LEAD)
    return desk.give(DISPATCHER, c.Assign(units=(urban,))).refused(HELPER, RETURN)


# parts
add(
    "part.none",
    "在本案没有承办任务",
    lambda: Desk().opened().assigned().refused(DISPATCHER, c.WithdrawPart(unit_id="urban", reason="无关")),
)
add(
    "part.state",
    "当前为“已签收”,不能“签收”",
    lambda: Desk().opened().assigned().give(OFFICER, c.SignIn()).refused(OFFICER, c.SignIn()),
)


def with_helper() -> Desk:
    desk = (
        Desk()
        .opened()
        .assigned(helper=True)
        .investigating()
        .verified()
        .give(HELPER, c.SignIn(), c.AcceptPart())
    )
    return desk.planned(measure("m1"), measure("m2", unit_id="urban", person="小吴", text="拆棚"))


add(
    "part.measures_open",
    "尚有措施未完成:拆棚",
    lambda: with_helper().refused(HELPER, c.FinishPart(report="完")),
)
add(
    "part.open",
    "尚有单位未完成其任务:江南区城管局",
    lambda: with_helper().rectified().refused(OFFICER, c.Conclude(result="完成")),
)
MEMBER = c.ChangeMember(
    unit_id="eco", member=v.Member(person_id="x", name="郑某"), join=True, reason="充实力量"
)
add(
    "member.unknown",
    "郑某不是",
    lambda: Desk().opened().assigned().refused(HEAD, MEMBER.model_copy(update={"join": False})),
)
add("member.present", "郑某已是", lambda: Desk().opened().assigned().give(HEAD, MEMBER).refused(HEAD, MEMBER))

# investigation, measures


def investigating() -> Desk:
    return Desk().opened().assigned().investigating()


add(
    "verify.facts",
    "缺少:问题成因",
    lambda: investigating().refused(OFFICER, VERIFY.model_copy(update={"root_cause": " "})),
)
add(
    "verify.evidence",
    "e-404不在本案证据中",
    lambda: investigating().refused(OFFICER, VERIFY.model_copy(update={"report": "e-404"})),
)
add(
    "privacy.text",
    "含有手机号码",
    lambda: investigating().refused(OFFICER, VERIFY.model_copy(update={"found": "联系13800001111核实"})),
)


def plan(*measures: v.PlannedMeasure, mode: str = "ledger") -> c.Plan:
    return c.Plan(mode=v.RectifyMode(mode), target="达标", measures=measures)


def verified() -> Desk:
    return investigating().verified()


add(
    "plan.incomplete",
    "第1项缺少责任人、整改时限",
    lambda: verified().refused(
        OFFICER, plan(measure(person="", deadline=None).model_copy(update={"deadline": None}))
    ),
)
add("plan.twice", "措施编号重复", lambda: verified().refused(OFFICER, plan(measure(), measure())))
add("plan.past", "早于今天", lambda: verified().refused(OFFICER, plan(measure(deadline=date(2026, 3, 1)))))
add("plan.unit", "urban不是本案承办单位", lambda: verified().refused(OFFICER, plan(measure(unit_id="urban"))))
add(
    "plan.immediate",
    "须在7日内完成",
    lambda: verified().refused(OFFICER, plan(measure(deadline=date(2026, 4, 1)), mode="immediate")),
)
DONE = c.ReportMeasure(measure_id="m1", progress=100, note="完成", evidence=("e-site",))
add(
    "measure.unknown",
    "没有措施m9",
    lambda: Desk().to_rectifying().refused(OFFICER, DONE.model_copy(update={"measure_id": "m9"})),
)
add("measure.unit", "由江南区生态环境分局负责", lambda: with_helper().refused(HELPER, DONE))
add(
    "measure.evidence",
    "报完成须附证据",
    lambda: Desk().to_rectifying().refused(OFFICER, DONE.model_copy(update={"evidence": ()})),
)
add("measure.done", "已经完成", lambda: Desk().to_rectifying().give(OFFICER, DONE).refused(OFFICER, DONE))
add(
    "measures.open",
    "尚有1项措施未完成",
    lambda: Desk().to_rectifying().refused(OFFICER, c.Conclude(result="完成")),
)
add(
    "stage.plan",
    "须说明",
    lambda: Desk().to_rectifying().refused(OFFICER, STAGE.model_copy(update={"person": ""})),
)
add(
    "stage.nothing_left",
    "全部措施都已完成",
    lambda: Desk().to_rectifying().give(OFFICER, DONE).refused(OFFICER, STAGE),
)
add(
    "accountability.reason",
    "须写明理由",
    lambda: Desk().to_rectifying().refused(OFFICER, SETTLE.model_copy(update={"punishments": ()})),
)

# evidence


def add_evidence(**changes: Any) -> c.AddEvidence:
    return c.AddEvidence(evidence=evidence("e9", **changes))


add(
    "evidence.type",
    "text/html不被接受",
    lambda: investigating().refused(OFFICER, add_evidence(media_type="text/html")),
)
add(
    "evidence.size",
    "超过20971520字节",
    lambda: investigating().refused(OFFICER, add_evidence(size=99_000_000)),
)
add(
    "evidence.future",
    "晚于现在",
    lambda: investigating().refused(OFFICER, add_evidence(at=START + timedelta(days=9))),
)
add(
    "evidence.known",
    "证据e-site已在本案中",
    lambda: investigating().refused(OFFICER, c.AddEvidence(evidence=evidence("e-site"))),
)
add(
    "evidence.pair",
    "e-report不是",
    lambda: investigating().refused(OFFICER, add_evidence(purpose="after", pair_of="e-report")),
)


@refusal("evidence.count", "已达500份上限")
def _() -> Refusal:
    desk = investigating()
    items = tuple(evidence(f"x{n}") for n in range(498))
    from dataclasses import replace

    desk.state = replace(desk.state, evidence=(*desk.state.evidence, *items))
    return desk.refused(OFFICER, add_evidence())


# closing


@refusal("gates.unmet", "【责任落实】未明确责任单位和责任人")
def _() -> Refusal:
    desk = Desk().to_rectifying().rectified().give(OFFICER, c.Conclude(result="完成"))
    return desk.refused(OFFICER, c.RequestCloseOut())


PUBLIC = c.StartPublicity(media="政府网站", days=10)


def shown() -> Desk:
    return Desk().to_concluded().requested().accepted().give(ACCEPTOR, PUBLIC)


OBJECT = c.RecordObjection(objection_id="o1", text="夜间仍有异味")
add(
    "publicity.short",
    "不少于10日,填报的只有3日",
    lambda: (
        Desk().to_concluded().requested().accepted().refused(ACCEPTOR, c.StartPublicity(media="网站", days=3))
    ),
)
add("publicity.running", "尚未届满", lambda: shown().wait(days=9).refused(ACCEPTOR, c.FinishPublicity()))
add(
    "objection.open",
    "有1条异议尚未处理",
    lambda: shown().give(CALLER, OBJECT).wait(days=30).refused(ACCEPTOR, c.FinishPublicity()),
)
add(
    "objection.unknown",
    "没有异议o1",
    lambda: shown().refused(ACCEPTOR, c.AnswerObjection(objection_id="o1", answer="已核实")),
)
add(
    "signature.due",
    "由秦副区长包案,须先经其签字",
    lambda: led(to_publicised()).refused(ACCEPTOR, c.SubmitReview()),
)
add("signature.none", "没有包案领导", lambda: to_publicised().refused(LEADER, c.Sign()))


def reopened() -> Desk:
    desk = Desk().to_closed().wait(days=40)
    return desk.give(MACHINE, c.AddLink(link=link(9, kind=LinkKind.RECURRENCE, received_at=desk.now)))


def again(desk: Desk) -> Desk:
    desk.assigned().give(OFFICER, c.SignIn(), c.Investigate()).wait(hours=1).verified().planned()
    return desk.give(OFFICER, DONE, SETTLE)


add("leader.due", "须先落实包案领导", lambda: again(reopened()).refused(OFFICER, c.Conclude(result="完成")))
add(
    "fake.open",
    "尚未认定上次整改",
    lambda: (
        again(led(reopened())).give(OFFICER, c.Conclude(result="完成")).refused(OFFICER, c.RequestCloseOut())
    ),
)
add(
    "fake.not_asked",
    "没有待认定",
    lambda: Desk().opened().refused(SUPERVISOR, c.JudgeRectification(fake=False, finding="无")),
)
add(
    "callback.petitioner",
    "p7不是本案的信访人",
    lambda: (
        Desk()
        .to_concluded()
        .refused(CALLER, c.RecordCallback(reporter="p7", outcome=v.Satisfaction.SATISFIED))
    ),
)
add(
    "look_back.answers",
    "目标是否达到",
    lambda: Desk().to_closed().refused(INSPECTOR, LOOKED.model_copy(update={"target_met": None})),
)

# second person
add(
    "proposal.unknown",
    "没有待复核事项p9",
    lambda: Desk().opened().refused(SUPERVISOR, c.Confirm(proposal_id="p9")),
)
add(
    "proposal.pending",
    "“认定不属实”已在等待复核",
    lambda: investigating().give(OFFICER, UNTRUE).refused(OFFICER, VERIFY),
)

# links
REPEAT = link(2, kind=LinkKind.REPEAT_PETITION, reporter="p1")
REFUSE = c.RefuseComplaint(complaint_id="c2", reason="同一事项,无新情况")
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
add("undo.split", "已分办,不能直接撤销关联", lambda: operate(undo("c1"), *halved(), ids=("new",)))
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


@refusal("merge.state", "当前为“已销号”,不能并案")
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
    "申请延长50个工作日,超过上限10个工作日",
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
    "已到“催办”,不能退回“提醒”",
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
    "要求保密,承办人员不得查看",
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
add("emergency.fields", "初报缺少:报告单位", lambda: report(EVENT, em.ReportKind.INITIAL, {}))
add("emergency.order", "须先有初报,才能续报", lambda: report(EVENT, em.ReportKind.FOLLOW_UP, FULL))


@refusal("emergency.finished", "已报处理结果")
def _() -> Any:
    event = report(EVENT, em.ReportKind.INITIAL, FULL)
    result = dict.fromkeys(rule_book().emergency.forms[em.ReportKind.RESULT].required, "无")
    event = report(event, em.ReportKind.RESULT, FULL | result)
    return report(event, em.ReportKind.FOLLOW_UP, FULL)


@pytest.mark.parametrize("code", sorted(SCENARIOS))
def test_a_refusal_says_what_which_rule_and_what_to_do_instead(code):
    fragment, scenario = SCENARIOS[code]
    found = scenario()
    assert isinstance(found, Refusal), found
    assert found.code == code, str(found)
    assert fragment in found.message, found.message
    assert found.provenance and "{" not in str(found), "a placeholder was left unfilled"
    assert found.instead.strip().endswith(("。", ")")), found.instead
    assert str(found).startswith(found.message)


def test_no_refusal_is_without_its_scenario():
    assert set(SCENARIOS) == set(CATALOGUE)


def test_a_good_token_passes_and_nothing_of_it_is_kept():
    assert check_token(RECORD, TOKEN, b"pepper", START) is None
    secret = TOKEN.rsplit("_", 1)[1]
    assert secret not in repr(RECORD)
    assert isinstance(check_token(RECORD, TOKEN, b"another pepper", START), Refusal)
    with pytest.raises(ValueError, match="40 random bytes"):
        issue_token("officer", b"short", b"pepper", START)


def test_a_helper_without_the_role_is_told_before_the_state_of_the_case():
    assert Desk().opened().refused(CALLER, CLOSE).code == "actor.role"
    assert Desk().to_closed().refused(REVIEWER, CLOSE).code == "case.state"

"""Scenarios that bring about refusals: who, when, returns, parts, investigation, measures, evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from contracts.vocabulary import (
    ReturnGround,
    SupervisionStep,
    UnitRole,
    Verdict,
)
from services.domain.case import commands as c
from services.domain.case import operations as o
from services.domain.case.rules import Context
from services.domain.case.state import CaseState
from services.domain.principals import Role
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import (
    ACCEPT,
    ACCEPTOR,
    CLOSE,
    DISPATCHER,
    HEAD,
    HELP_UNIT,
    HELPER,
    LEAD_UNIT,
    MACHINE,
    OFFICER,
    OUTSIDER,
    REGION,
    SETTLE,
    START,
    VERIFY,
    Desk,
    evidence,
    link,
    matter,
    measure,
    person,
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
    "“销号”须由市级复核人员作出，人员officer没有这一职责",
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
    "您看到的是第1版，现为第2版",
    lambda: Desk().opened().assigned().refused(OFFICER, c.SignIn(expected_version=1)),
)
add(
    "case.state",
    "当前为“已立案待交办”，不能“报告公示结束”；须在“公示中”时办理",
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
    "交办后2个工作日，已于2026-03-04届满",
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


@refusal("return.again", "已就本案退过单，不得再次退单")
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
    "当前为“已签收”，不能“签收”",
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
    "尚有措施未完成：拆棚",
    lambda: with_helper().refused(HELPER, c.FinishPart(report="完")),
)
add(
    "part.open",
    "尚有单位未完成其任务：江南区城管局",
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
    "缺少：问题成因",
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
add(
    "plan.later",
    "的时限已定为2026-12-30，不能在方案中推迟",
    lambda: Desk().to_rectifying().refused(OFFICER, plan(measure(deadline=date(2026, 12, 31)))),
)
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

"""What a person must do next on a case, and why. Pure; the state table says who may do what, this says what comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.console.brief import Brief
from services.domain.case.states import TABLE
from services.domain.case.status import Status
from services.domain.case.values import PartState
from services.domain.clocks.deadlines import Deadline
from services.domain.principals import Principal

S = Status
FORWARD: Mapping[Status, tuple[str, ...]] = {
    S.OPENED: ("assign",),
    S.REOPENED: ("assign",),
    S.RETURNED: ("assign",),
    S.ASSIGNED: ("sign_in",),
    S.SIGNED_IN: ("investigate",),
    S.INVESTIGATING: ("verify",),
    S.VERIFIED: ("plan",),
    S.RECTIFYING: ("report_measure", "settle_responsibility", "conclude"),
    S.STAGE_CONCLUDED: ("report_measure", "settle_responsibility", "conclude"),
    S.CONCLUDED: ("request_close_out", "record_callback"),
    S.CLOSE_OUT_REQUESTED: ("accept_work", "record_callback"),
    S.ACCEPTED: ("start_publicity", "record_callback"),
    S.PUBLICITY: ("finish_publicity", "record_callback"),
    S.PUBLICISED: ("sign", "submit_review"),
    S.LEADER_SIGNED: ("submit_review",),
    S.CITY_REVIEW: ("close_out",),
    S.CLOSED_OUT: ("look_back",),
}
"""The commands that bring a case nearer to its close-out, in the order they come."""

VERBS: Mapping[str, str] = {
    "assign": "交办", "sign_in": "签收", "investigate": "开始调查", "verify": "上报核实", "plan": "制定措施", "accept_part": "接受任务",
    "finish_part": "报告完成", "report_measure": "填报进展", "settle_responsibility": "落实责任", "conclude": "报告办结",
    "request_close_out": "申请销号", "record_callback": "登记回访", "accept_work": "区县验收", "start_publicity": "开始公示",
    "finish_publicity": "结束公示", "sign": "签字", "submit_review": "提请复核", "close_out": "销号", "look_back": "回头看",
    "confirm": "复核", "return_part": "退单", "add_evidence": "上传证据", "send_back": "退回整改", "extend": "申请延期",
    "supervise": "督办", "resume": "继续整改", "conclude_stage": "阶段办结",
}  # fmt: skip
"""Two to four characters for a button; others have the table's own name."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """`kind` is the command (None where this person can only wait), `why` the reason in Chinese."""

    kind: str | None
    verb: str
    why: str
    clock: Deadline | None


def verb(kind: str) -> str:
    """The verb of a command as buttons have it."""
    return VERBS.get(kind) or TABLE[kind].label


def next_step(brief: Brief, actor: Principal, now: datetime) -> NextStep:
    """The next step for this person on this case."""
    clock = pressing(brief, now)
    kind, why = _step(brief, actor)
    return NextStep(kind, verb(kind) if kind else "等待", why, clock)


def pressing(brief: Brief, now: datetime) -> Deadline | None:
    """The duty that presses most: overdue longest, else due next. A paused one presses only where nothing else runs."""
    running = sorted(brief.running, key=lambda deadline: (_paused(deadline, now), deadline.due_at))
    return running[0] if running else None


def _paused(deadline: Deadline, now: datetime) -> bool:
    return deadline.paused_until is not None and deadline.paused_until > now


def _step(brief: Brief, actor: Principal) -> tuple[str | None, str]:
    status = brief.status
    if status is None or actor.id in brief.recused:
        return None, "已回避本案" if status else ""
    waiting = [kind for _, kind, by in brief.proposals if by != actor.id]
    if waiting and actor.has(TABLE["confirm"].roles):
        return "confirm", f"“{waiting[0].label}”等您复核"
    own = brief.parts.get(actor.unit_id or "")
    if own is not None and (part := _of_part(brief, actor, *own)):
        return part
    for kind in FORWARD.get(status, ()):
        rule = TABLE[kind]
        if not actor.has(rule.roles) or (rule.fresh and actor.id in brief.handlers):
            continue
        if rule.scope == "lead" and (own is None or not own[0]):
            continue
        if rule.scope == "unit" and own is None:
            continue
        if kind == "sign" and brief.leader_id != actor.id:
            continue
        if kind == "submit_review" and status is Status.PUBLICISED and brief.leader_id is not None:
            continue
        if (step := _reason(kind, brief, actor)) is not None:
            return kind, step
    return None, _waits_for(brief)


def _of_part(brief: Brief, actor: Principal, lead: bool, part: PartState) -> tuple[str, str] | None:
    """What the actor's own unit owes before anything else."""
    if not actor.has(TABLE["sign_in"].roles) or brief.status not in TABLE["sign_in"].states:
        return None
    if part is PartState.PENDING:
        return "sign_in", "新交办，待签收" if lead else "列为协办单位，待签收"
    if lead:
        return None
    if part is PartState.SIGNED_IN:
        return "accept_part", "协办任务待接受"
    if part is PartState.ACCEPTED and brief.status in TABLE["report_measure"].states and brief.open_measures.get(actor.unit_id or ""):
        return "report_measure", f"本单位还有 {brief.open_measures[actor.unit_id or '']} 项措施未完成"
    if part is PartState.ACCEPTED and brief.status in TABLE["finish_part"].states:
        return "finish_part", "协办任务待报告完成"
    return None


def _reason(kind: str, brief: Brief, actor: Principal) -> str | None:
    """Why this command comes next, or None where it has nothing to do."""
    undone = sum(brief.open_measures.values())
    if kind == "report_measure":
        own = brief.open_measures.get(actor.unit_id or "", 0)
        return f"本单位还有 {own} 项措施未完成" if own else None
    if kind == "settle_responsibility":
        return None if brief.responsible else "责任单位、责任人尚未明确"
    if kind == "conclude":
        return "措施全部完成，待报告办结" if not undone else None
    return _WHY.get(kind, "")


_WHY = {
    "assign": "尚无承办单位", "sign_in": "新交办，待签收", "investigate": "已签收，待调查", "verify": "调查中，待上报核实结论",
    "plan": "已核实，待制定整改措施", "request_close_out": "已办结，待申请销号", "record_callback": "待回访信访人",
    "accept_work": "申请销号，待现场验收", "start_publicity": "验收通过，待公示", "finish_publicity": "公示中，期满后报告",
    "sign": "公示期满，待您签字", "submit_review": "待提请市级复核", "close_out": "待复核销号", "look_back": "已销号，待回头看",
}  # fmt: skip


def _waits_for(brief: Brief) -> str:
    """Whom the case waits for, where this person can do nothing now."""
    status = brief.status
    assert status is not None
    if brief.proposals:
        return f"等待复核“{brief.proposals[0][1].label}”"
    undone = sum(brief.open_measures.values())
    if undone:
        return f"等待 {undone} 项措施完成"
    if status is Status.PUBLICISED and brief.leader_id:
        return "等待包案领导签字"
    kinds = FORWARD.get(status, ())
    roles = "、".join(sorted({role.label for kind in kinds[:1] for role in TABLE[kind].roles if role.value != "system"}))
    return f"等待{roles}{verb(kinds[0])}" if kinds else status.label

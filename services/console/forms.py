"""The form of each command: what is asked, in which words, with which choices. Read back into the command's own JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.vocabulary import Gate, ReturnGround, SupervisionStep, Verdict
from services.console import form_rows as rows
from services.console.next_step import verb
from services.console.office import Office
from services.console.words import moment
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE
from services.domain.case.values import DeclineGround, EvidencePurpose, RectifyMode, Satisfaction
from services.domain.principals import Principal

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `kind`: text, long, select, radio, checks, date, number, lines (one entry a line), rows."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    width: str = ""
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    value: Any = ""
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A command's form. `warning` says what cannot be taken back, and whom it reaches."""

    kind: str
    fields: tuple[Field, ...]
    warning: str = ""
    upload: bool = False
    rows: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def title(self) -> str:
        """What the form does."""
        return TABLE[self.kind].label

    @property
    def verb(self) -> str:
        """What its button says."""
        return verb(self.kind)


@dataclass(frozen=True, slots=True)
class Desk:
    """What choices are made from."""

    office: Office
    state: CaseState
    actor: Principal
    now: datetime


REASON = Field("reason", "理由", "long", required=True)


def form_of(kind: str, desk: Desk) -> Form | None:
    """The form of a command; None where it has none on these pages."""
    if kind in PLAIN:
        return Form(kind, (), _warning(kind, desk))
    make = FORMS.get(kind)
    if make is None:
        return None
    return Form(kind, tuple(make(desk)), _warning(kind, desk), kind == "add_evidence", rows.blank(kind, desk.state, desk.actor.name))


def _warning(kind: str, desk: Desk) -> str:
    return WARNINGS[kind](desk) if kind in WARNINGS else ""


def command_of(kind: str, sent: Mapping[str, list[str]], desk: Desk) -> dict[str, Any]:
    """The command's JSON from what a browser sent; checked nowhere here, since the command's own model does that."""
    form = form_of(kind, desk)
    command: dict[str, Any] = {"type": kind}
    for item in form.fields if form else ():
        values = [value.strip() for value in sent.get(item.name, []) if value.strip()]
        if item.kind == "checks":
            command[item.name] = values
        elif item.kind == "lines":
            command[item.name] = [line.strip() for line in "\n".join(values).splitlines() if line.strip()]
        elif item.kind == "rows":
            command[item.name] = rows.read(kind, sent)
        elif values:
            command[item.name] = values[0]
    return rows.shaped(kind, command, sent, desk.state)


PLAIN = frozenset(
    {"sign_in", "accept_part", "investigate", "request_close_out", "submit_review", "finish_publicity", "resume", "sign"}
)
"""Commands that ask nothing: one button."""


def petitioners(state: CaseState) -> list[str]:
    """Opaque ids of the case's petitioners in the order they came: 信访人 1, 2, 3."""
    return list(dict.fromkeys(link.reporter for link in state.links if link.reporter))


def _units(desk: Desk) -> tuple[Choice, ...]:
    return tuple((unit.id, unit.name) for unit in desk.office.city.document.units)


def _evidence(desk: Desk) -> tuple[Choice, ...]:
    return tuple((item.id, f"{PURPOSES[item.purpose]} {item.caption or item.id}") for item in desk.state.evidence)


PURPOSES: Mapping[EvidencePurpose, str] = {
    EvidencePurpose.SITE: "现场照片", EvidencePurpose.REPORT: "调查报告", EvidencePurpose.BEFORE: "整改前",
    EvidencePurpose.AFTER: "整改后", EvidencePurpose.MEASUREMENT: "监测数据", EvidencePurpose.OTHER: "其他材料",
}  # fmt: skip


def _reports(desk: Desk) -> tuple[Choice, ...]:
    found = [(item.id, item.caption or item.id) for item in desk.state.evidence if item.purpose is EvidencePurpose.REPORT]
    return (("", "暂无"), *found)


def _own_measures(desk: Desk) -> tuple[Choice, ...]:
    own = desk.actor.unit_id
    return tuple(
        (item.id, f"{item.text}（{item.progress}%）") for item in desk.state.measures if item.progress < 100 and (own is None or item.unit_id == own)
    )


def _callable(desk: Desk) -> tuple[Choice, ...]:
    done = {call.reporter: call.outcome.label for call in desk.state.callbacks}
    return tuple((reporter, f"信访人 {n}{'（' + done[reporter] + '）' if reporter in done else ''}") for n, reporter in enumerate(petitioners(desk.state), 1))


def _clocks(desk: Desk) -> tuple[Choice, ...]:
    from services.console.brief import brief_of

    running = brief_of(desk.state, desk.office.rules.case).running
    return tuple((item.clock, f"{item.label}（{moment(item.due_at, desk.now)}）") for item in running if item.perspective != "public")


def _proposals(desk: Desk) -> tuple[Choice, ...]:
    return tuple((item.id, f"{item.kind.label}（{desk.office.person(item.by)}提出：{item.command.reason or ''}）") for item in desk.state.proposals)


def _members(desk: Desk) -> tuple[Choice, ...]:
    found = [(leader.id, f"{leader.name} {leader.title}") for leader in desk.office.city.index.leaders.values()]
    return tuple(found)


def _values(options: Iterable[Any]) -> tuple[Choice, ...]:
    return tuple((str(option.value), getattr(option, "label", str(option.value))) for option in options)


FORMS: Mapping[str, Callable[[Desk], Iterable[Field]]] = {
    "assign": lambda desk: (
        Field("lead", "主办单位", "select", True, "w6", choices=_units(desk)),
        Field("co", "协办单位", "select-many", False, "w6", "可多选；不需要协办的留空。", _units(desk)),
        Field("designated", "指定办理", "checks", choices=(("yes", "已协调确定，指定后不得退单"),)),
        Field("reason", "交办理由", "long"),
    ),
    "assign_leader": lambda desk: (Field("person_id", "包案领导", "select", True, "w6", choices=_members(desk)), Field("reason", "理由", "long")),
    "return_part": lambda desk: (
        Field("ground", "退单理由", "select", True, "w6", choices=_values(ReturnGround)),
        Field("proposed_unit", "建议承办单位", "select", False, "w6", choices=(("", "不清楚"), *_units(desk))),
        Field("reason", "说明", "long", True, hint="写明依据；交办员会据此重新交办。"),
    ),
    "finish_part": lambda desk: (Field("report", "完成情况", "long", True),),
    "verify": lambda desk: (
        Field("verdict", "是否属实", "radio", True, choices=_values(Verdict)),
        Field("found", "核实情况", "long", True, hint="会答复信访人：只写查到的事实，不写任何信访人的情况。"),
        Field("root_cause", "问题成因", "long"),
        Field("report", "调查报告", "select", False, "w6", choices=_reports(desk)),
        Field("evidence", "引用证据", "checks", choices=_evidence(desk)),
    ),
    "plan": lambda desk: (
        Field("mode", "整改方式", "radio", True, choices=_values(RectifyMode), value=RectifyMode.LEDGER.value),
        Field("target", "整改目标", "long", True),
        Field("measures", "整改措施", "rows", True, hint="每项措施都要有责任单位、责任人和时限。"),
    ),
    "report_measure": lambda desk: (
        Field("measure_id", "措施", "select", True, choices=_own_measures(desk)),
        Field("progress", "进度（%）", "number", True, "w3", "100 表示完成，须附证据。"),
        Field("note", "进展情况", "long", True),
        Field("evidence", "证据", "checks", choices=_evidence(desk)),
    ),
    "settle_responsibility": lambda desk: (
        Field("unit", "责任单位", "text", True, "w6", value=desk.state.matter.respondent),
        Field("person", "责任人", "text", True, "w6"),
        Field("punishments", "处罚决定", "lines", False, "w6", "一行一项，没有的留空。"),
        Field("accountability", "问责决定", "lines", False, "w6", "一行一项，没有的留空。"),
        Field("none_needed", "不需处理的理由", "long", hint="既无处罚也无问责时必填。"),
    ),
    "conclude_stage": lambda desk: (
        Field("controlled", "已消除的危害", "long", True), Field("remaining", "剩余工作", "long", True),
        Field("person", "责任人", "text", True, "w6"), Field("planned_for", "计划完成", "date", True, "w6"),
    ),
    "conclude": lambda desk: (
        Field("result", "办理结果", "long", True, hint="会逐一答复信访人：写做了什么、达到什么效果，不写任何信访人的情况。"),
        Field("similar_sites", "举一反三", "long"), Field("lasting_mechanism", "长效机制", "long"),
    ),
    "record_callback": lambda desk: (
        Field("reporter", "信访人", "select", True, "w6", choices=_callable(desk)),
        Field("outcome", "评价", "radio", True, choices=_values(Satisfaction)), Field("note", "记录", "long"),
    ),
    "accept_work": lambda desk: (
        Field("unit", "验收单位", "text", True, "w6", value=desk.office.unit(desk.actor.unit_id) if desk.actor.unit_id else ""),
        Field("finding", "验收意见", "long", True), Field("evidence", "验收证据", "checks", choices=_evidence(desk)),
    ),
    "send_back": lambda desk: (
        Field("gates", "未达到的方面", "checks", choices=_values(Gate)), Field("reason", "退回理由", "long", True, hint="写明还差什么，承办单位据此整改。"),
    ),
    "start_publicity": lambda desk: (
        Field("media", "公示媒介", "text", True, "w6"),
        Field("days", "公示天数", "number", True, "w3", value=desk.office.rules.case.casework.publicity.min_days),
    ),
    "record_objection": lambda desk: (Field("text", "异议内容", "long", True),),
    "answer_objection": lambda desk: (
        Field("objection_id", "异议", "select", True, choices=tuple((item.id, item.text[:60]) for item in (desk.state.publicity.objections if desk.state.publicity else ()) if item.answer is None)),
        Field("answer", "核实和答复", "long", True),
    ),
    "close_out": lambda desk: (Field("document_no", "销号文号", "text", True, "w6"), Field("finding", "复核意见", "long", True)),
    "look_back": lambda desk: (
        *(Field(name, label, "radio", True, "w4", choices=(("yes", "是"), ("no", "否"))) for name, label in rows.QUESTIONS.items()),
        Field("signs", "发现", "checks", choices=(("rebound", "问题反弹"), ("fake", "假整改"))), Field("finding", "回头看情况", "long", True),
    ),
    "judge_rectification": lambda desk: (
        Field("fake", "上次整改", "radio", True, choices=(("false", "不是假整改"), ("true", "属假整改"))), Field("finding", "认定依据", "long", True),
    ),
    "decline": lambda desk: (Field("ground", "不予受理的理由", "select", True, "w6", choices=_values(DeclineGround)), REASON),
    "extend": lambda desk: (
        Field("clock", "期限", "select", True, "w6", choices=_clocks(desk)), Field("n", "延长", "number", True, "w3", "按该期限自身的单位（日、工作日）。"), REASON,
    ),
    "pause_clock": lambda desk: (
        Field("clock", "期限", "select", True, "w6", choices=_clocks(desk)), Field("ground", "事由", "text", True, "w3"),
        Field("until", "暂停至", "date", True, "w3"), REASON,
    ),
    "resume_clock": lambda desk: (Field("clock", "期限", "select", True, "w6", choices=_clocks(desk)),),
    "confirm": lambda desk: (Field("proposal_id", "待复核事项", "radio", True, choices=_proposals(desk)), Field("reason", "复核意见", "long")),
    "reject": lambda desk: (Field("proposal_id", "待复核事项", "radio", True, choices=_proposals(desk)), REASON),
    "supervise": lambda desk: (Field("step", "督办措施", "select", True, "w6", choices=_values(SupervisionStep)), REASON),
    "reopen": lambda desk: (REASON,),
    "withdraw_part": lambda desk: (Field("unit_id", "协办单位", "select", True, "w6", choices=tuple((part.unit_id, part.name) for part in desk.state.parts)), REASON),
    "add_evidence": lambda desk: (
        Field("purpose", "说明什么", "select", True, "w6", choices=tuple((purpose.value, label) for purpose, label in PURPOSES.items())),
        Field("pair_of", "与哪张整改前照片对比", "select", False, "w6", choices=(("", "不作对比"), *((item.id, item.caption or item.id) for item in desk.state.evidence if item.purpose is EvidencePurpose.BEFORE))),
        Field("caption", "文字说明", "text", False, "w8", "不写信访人情况。"), Field("on_site", "地点", "checks", False, "w4", choices=(("yes", "在现场拍摄"),)),
    ),
}  # fmt: skip


def _told(desk: Desk) -> str:
    count = len({link.complaint_id for link in desk.state.links if link.reply_wanted})
    return f"提交后将逐一答复 {count} 件信访件的来源，答复不能收回。" if count else ""


WARNINGS: Mapping[str, Callable[[Desk], str]] = {
    "conclude": _told,
    "verify": lambda desk: "认定不属实须经第二人复核后生效；其他结论立即生效。",
    "close_out": _told,
    "decline": lambda desk: "须经第二人复核后生效。",
    "extend": lambda desk: "须经第二人复核后生效，并告知信访人。",
    "pause_clock": lambda desk: "须经第二人复核后生效；群众等待的时间不暂停。",
    "sign": lambda desk: "签字后案件进入市级复核，您的姓名记入案卷。",
    "request_close_out": lambda desk: "提交后由区县验收人员现场验收；验收人不能是经办人。",
}

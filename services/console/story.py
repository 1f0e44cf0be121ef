"""A case told in order of time: what people wrote, what people did, what the machine did, who looked at identities. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.domain.case import events as e
from services.domain.case.values import Evidence
from services.domain.principals import Role

Name = Callable[[str], str]
"""Id of a person or unit → its name."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry. `voice`: public, people, machine or seen. `complaint_id` where a complaint stands behind it."""

    at: datetime
    voice: str
    mark: str
    title: str
    by: str
    body: str = ""
    reason: str = ""
    complaint_id: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """An identity that was shown to somebody."""

    at: datetime
    by: str
    purpose: str
    fields: tuple[str, ...]
    petitioner: int | None = None


FIELD_NAMES = {"name": "姓名", "surname": "姓氏", "phone": "电话", "id_number": "证件号", "address": "住址", "dead_letter": "异常件原文"}


def tell(events: Iterable[e.CaseEvent], reads: Iterable[Seen], person: Name, unit: Name) -> tuple[Told, ...]:
    """The story, oldest first; evidence given one after the other by the same person stands together."""
    told: list[Told] = []
    for event in events:
        entry = _entry(event, person, unit)
        before = told[-1] if told else None
        if before and entry.evidence and before.evidence and before.by == entry.by:
            told[-1] = Told(before.at, before.voice, before.mark, before.title, before.by, evidence=(*before.evidence, *entry.evidence))
        else:
            told.append(entry)
    for read in reads:
        whose = f"信访人 {read.petitioner} 的" if read.petitioner else ""
        fields = "、".join(FIELD_NAMES.get(name, name) for name in read.fields)
        told.append(Told(read.at, "seen", "阅", f"查看{whose}{fields}", person(read.by), reason=f"用途：{read.purpose}"))
    return tuple(sorted(told, key=lambda entry: entry.at))


def _entry(event: e.CaseEvent, person: Name, unit: Name) -> Told:
    body, complaint, mark = _body(event, unit)
    machine = event.role is Role.SYSTEM
    voice = "public" if complaint else "machine" if machine else "people"
    by = "系统自动" if machine else "，".join(filter(None, (person(event.by), unit(event.unit) if event.unit else event.role.label)))
    evidence = (event.evidence,) if isinstance(event, e.EvidenceAdded) else ()
    reason = event.reason or ""
    return Told(event.at, voice, mark or _MARKS.get(voice, "办"), _title(event), by, body, reason if reason not in body else "", complaint, evidence)


_MARKS: Mapping[str, str] = {"public": "诉", "people": "办", "machine": "机"}


def _title(event: e.CaseEvent) -> str:
    match event:
        case e.LinkAdded():
            return f"又有信访件：{event.link.kind.label}"
        case e.Verified():
            return f"核实结论：{event.verdict.value}"
        case e.Planned():
            return f"制定整改措施（{event.mode.label}）"
        case e.MeasureReported():
            return "措施完成" if event.progress == 100 else f"整改进展 {event.progress}%"
        case e.CalledBack():
            return f"回访：{event.callback.outcome.label}"
        case e.Supervised():
            return event.step.value
        case e.Proposed():
            return f"申请{event.kind.label}，待复核"
        case e.ProposalConfirmed():
            return f"复核同意{event.kind.label}"
        case e.ProposalRejected():
            return f"复核不同意{event.kind.label}"
        case e.PartReturned():
            return f"退单：{event.ground.value}"
        case e.LookedBack():
            return "回头看：通过" if event.passed else "回头看：未通过"
        case e.Reopened():
            return f"第 {event.ordinal} 次立案"
        case _:
            return event.label


def _body(event: e.CaseEvent, unit: Name) -> tuple[str, str | None, str]:
    """(text, complaint id, mark) of an event."""
    match event:
        case e.Opened():
            return "", event.links[0].complaint_id if event.links else None, "诉"
        case e.LinkAdded():
            return "", event.link.complaint_id, "诉"
        case e.Assigned():
            lines = [f"{item.role.value}：{item.name if item.name != item.unit_id else unit(item.unit_id)}" for item in event.units]
            return "\n".join((*lines, *event.basis)), None, "交"
        case e.LeaderAppointed():
            return f"{event.leader.name} {event.leader.title}\n{'；'.join(event.triggers)}".strip(), None, "领"
        case e.PartReturned():
            return f"建议由{unit(event.proposed_unit)}承办" if event.proposed_unit else "", None, "退"
        case e.PartFinished():
            return event.report, None, ""
        case e.Verified():
            return "\n".join(filter(None, (event.found, f"成因：{event.root_cause}" if event.root_cause else ""))), None, "核"
        case e.Planned():
            lines = [f"{n}. {item.text}（{unit(item.unit_id)}，{item.person}，{item.deadline} 前）" for n, item in enumerate(event.measures, 1)]
            return "\n".join((f"目标：{event.target}", *lines)), None, "改"
        case e.MeasureReported():
            return event.note, None, "改"
        case e.ResponsibilitySettled():
            decided = "；".join((*event.punishments, *event.accountability)) or f"不需处理：{event.none_needed}"
            return f"{event.responsible_unit}，{event.person}\n{decided}", None, "责"
        case e.StageConcluded():
            return f"已消除：{event.controlled}\n剩余：{event.remaining}（{event.person}，{event.planned_for} 前）", None, ""
        case e.Concluded():
            return event.result, None, "结"
        case e.CalledBack():
            return event.callback.note, None, "访"
        case e.WorkAccepted():
            return f"{event.accepting_unit}：{event.finding}", None, "验"
        case e.SentBack():
            return f"未达到：{'、'.join(event.gates)}" if event.gates else "", None, "退"
        case e.PublicityStarted():
            return f"在{event.media}公示至 {event.last_day}", None, "示"
        case e.ObjectionRecorded():
            return event.text, None, "异"
        case e.ObjectionAnswered():
            return event.answer, None, ""
        case e.LeaderSigned():
            return "", None, "签"
        case e.ClosedOut():
            return f"文号：{event.document_no}\n{event.finding}", None, "销"
        case e.LookedBack():
            return event.finding, None, "回"
        case e.RectificationJudged():
            return f"{'属假整改' if event.fake else '不是假整改'}：{event.finding}", None, ""
        case e.Extended():
            return f"延长 {event.n}", None, ""
        case e.Supervised():
            return "", None, "督"
        case e.SourceComplaintNoted():
            return f"见案件 {event.case_no}，观察期重新起算", None, ""
        case _:
            return "", None, ""



"""The answer to everyone: for each event that concerns petitioners, one answer to each complaint behind the case.

Plain Chinese, tied to what was found, measured and done, and when; nothing about other petitioners, not even their
number, and nothing about who complained. Free text of officers was checked by `privacy` when it was entered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.vocabulary import LinkKind, Verdict
from services.domain.case import events as e
from services.domain.case.evidence import pairs
from services.domain.case.state import CaseState
from services.domain.case.status import ENDED, UNOWNED, Status
from services.domain.case.values import DeclineGround, Link, Monitoring
from services.domain.clocks.calendar import day_of
from services.domain.clocks.rules import Anchor


class AnswerKind(StrEnum):
    """What a source is told; the values are those of the answered event of the contracts."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    IN_PROGRESS = "in_progress"
    CONCLUDED = "concluded"
    CLOSED_OUT = "closed_out"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one complaint. `evidence` are the ids the reasons rest on, for the file, not for the petitioner."""

    complaint_id: str
    receipt_no: str
    kind: AnswerKind
    message: str
    at: datetime
    evidence: tuple[str, ...] = ()


_ROUTES = {
    DeclineGround.LITIGATION: "请通过诉讼、仲裁或行政复议等法定途径提出。",
    DeclineGround.TERMINATED: "该事项已经信访复核终结，同一事实和理由不再受理；如有新的情况，可以重新反映。",
    DeclineGround.DISCIPLINE: "所反映的内容属检举控告，已按规定转纪检监察机关。",
    DeclineGround.OUT_OF_DUTY: "请向有权处理的部门提出。",
}


def answers(events: Iterable[e.CaseEvent], state: CaseState) -> tuple[Answer, ...]:
    """Answers owed after a command: `events` it brought about, `state` after them. One per complaint, the last telling."""
    owed: dict[str, Answer] = {}
    for event in events:
        for answer in _on(event, state):
            owed[answer.complaint_id] = answer
    return tuple(owed.values())


def _on(event: e.CaseEvent, state: CaseState) -> Iterable[Answer]:
    match event:
        case e.Opened():
            return _all(event, AnswerKind.REGISTERED, _registered(state), event.links)
        case e.LinkAdded():
            return _linked(event, state)
        case e.PartAccepted(lead=True):
            return _all(event, AnswerKind.ACCEPTED, _accepted(event, state), state.links)
        case e.ComplaintRefused():
            links = [link for link in state.links if link.complaint_id == event.complaint_id]
            text = f"您反映的是正在办理或已经办理的同一事项，未见新的情况，不再另行受理。{progress(state)}"
            return _all(event, AnswerKind.NOT_ACCEPTED, text, links)
        case e.Declined():
            text = f"您反映的事项不予受理：{event.ground.value}。{_ROUTES[event.ground]}"
            return _all(event, AnswerKind.NOT_ACCEPTED, text, state.links)
        case e.Extended():
            text = f"因{event.reason or '情况复杂'}，办理期限经批准延长，我们会继续办理并答复您。"
            return _all(event, AnswerKind.IN_PROGRESS, text, state.links)
        case e.Verified(verdict=Verdict.UNTRUE):
            text = f"经{_day(event.at)}核查并由第二人复核，所反映问题不属实。{_stop(event.found)}如有新的情况，可以再次反映。"
            return _all(event, AnswerKind.CONCLUDED, text, state.links, event.evidence)
        case e.Verified():
            text = f"经现场核查，所反映问题{event.verdict.value}。{_stop(event.found)}我们将督促整改。"
            return _all(event, AnswerKind.IN_PROGRESS, text, state.links, event.evidence)
        case e.Planned():
            return _all(event, AnswerKind.IN_PROGRESS, progress(state), state.links)
        case e.StageConcluded():
            text = f"目前进展：{_stop(event.controlled)}尚需完成：{event.remaining}，计划{_day(event.planned_for)}前完成。"
            return _all(event, AnswerKind.IN_PROGRESS, text, state.links)
        case e.Concluded():
            return _all(event, AnswerKind.CONCLUDED, _result(event, state), state.links, _rests_on(state))
        case e.SentBack():
            text = "经复查，整改尚未全部到位，已退回继续整改，完成后再答复您。"
            return _all(event, AnswerKind.IN_PROGRESS, text, state.links)
        case e.ClosedOut():
            return _all(event, AnswerKind.CLOSED_OUT, _closed(state), state.links, _rests_on(state))
        case e.Reopened():
            text = (
                "您反映的问题已重新立案办理，我们将核查上次整改是否到位。"
                if event.after_close_out
                else "您反映的问题已重新立案办理。"
            )
            return _all(event, AnswerKind.REOPENED, text, state.links)
    return ()


def _all(
    event: e.CaseEvent, kind: AnswerKind, text: str, links: Iterable[Link], evidence: tuple[str, ...] = ()
) -> list[Answer]:
    seen: dict[str, Answer] = {}
    for link in links:
        message = f"您好，您的信访件（{link.receipt_no}）：{text}"
        seen.setdefault(
            link.complaint_id, Answer(link.complaint_id, link.receipt_no, kind, message, event.at, evidence)
        )
    return list(seen.values())


def _registered(state: CaseState) -> str:
    return f"已登记。反映事项：{state.matter.summary or '见来件'}。我们会及时交有关单位办理。"


def _linked(event: e.LinkAdded, state: CaseState) -> list[Answer]:
    if event.link.kind is LinkKind.DUPLICATE_DELIVERY:
        return []
    kind = AnswerKind.REGISTERED if state.status in UNOWNED else AnswerKind.IN_PROGRESS
    return _all(event, kind, f"已登记。{progress(state)}", (event.link,))


def _accepted(event: e.CaseEvent, state: CaseState) -> str:
    lead = state.lead
    return f"已由{lead.name if lead else '承办单位'}于{_day(event.at)}受理，正在办理。"


def progress(state: CaseState) -> str:
    """Where the case stands, in one sentence or two a petitioner can use."""
    lead = f"{state.lead.name}" if state.lead else "承办单位"
    found = state.verification
    match state.status:
        case None | Status.OPENED | Status.REOPENED | Status.RETURNED:
            return "目前正在确定承办单位。"
        case Status.ASSIGNED | Status.SIGNED_IN:
            return f"目前已交{lead}办理。"
        case Status.INVESTIGATING:
            return f"{lead}正在调查核实。"
        case Status.VERIFIED | Status.RECTIFYING if found:
            done = sum(measure.progress == 100 for measure in state.measures)
            plan = "正在制定整改措施。"
            if state.measures:
                last = max((measure.deadline for measure in state.measures if measure.deadline), default=None)
                by = f"，计划{_day(last)}前完成" if last and done < len(state.measures) else ""
                plan = f"整改措施{len(state.measures)}项，已完成{done}项{by}。"
            return f"经核查{found.verdict.value}。{plan}"
        case Status.STAGE_CONCLUDED if state.stage:
            return f"已阶段性办结：{_stop(state.stage.controlled)}余下工作计划{_day(state.stage.planned_for)}前完成。"
        case Status.UNTRUE if found:
            return f"经核查不属实：{_stop(found.found)}"
        case Status.DECLINED if state.declined:
            return f"不予受理：{state.declined.value}。{_ROUTES[state.declined]}"
        case Status.CLOSED_OUT | Status.LOOKED_BACK:
            return _closed(state)
        case Status.MERGED:
            return "该事项已与同一问题合并办理。"
    if state.conclusion:
        return f"已于{_day(state.conclusion.at)}办结：{_stop(state.conclusion.result)}正在验收。"
    return "正在办理。"


def status_answer(state: CaseState, complaint_id: str, now: datetime) -> Answer | None:
    """The state of one complaint's case for a source that asks by receipt number; None where it is not in the case."""
    link = state.link(complaint_id)
    if link is None:
        return None
    kind = {
        Status.CLOSED_OUT: AnswerKind.CLOSED_OUT,
        Status.LOOKED_BACK: AnswerKind.CLOSED_OUT,
        Status.DECLINED: AnswerKind.NOT_ACCEPTED,
        Status.UNTRUE: AnswerKind.CONCLUDED,
        Status.REOPENED: AnswerKind.REOPENED,
        Status.OPENED: AnswerKind.REGISTERED,
    }.get(state.status or Status.OPENED, AnswerKind.IN_PROGRESS)
    if link.refused is not None:
        kind = AnswerKind.NOT_ACCEPTED
    elif kind is AnswerKind.IN_PROGRESS and state.conclusion is not None and state.status not in ENDED:
        kind = AnswerKind.CONCLUDED
    message = f"您好，您的信访件（{link.receipt_no}）：{progress(state)}"
    return Answer(complaint_id, link.receipt_no, kind, message, now, _rests_on(state))


def _result(event: e.Concluded, state: CaseState) -> str:
    found = state.verification
    verdict = f"经核查{found.verdict.value}。{_stop(found.found)}" if found else ""
    return f"{verdict}整改情况：{_stop(event.result)}{_shown(state)}已于{_day(event.at)}办结，将经验收、公示后销号。"


def _closed(state: CaseState) -> str:
    done = f"整改情况：{_stop(state.conclusion.result)}" if state.conclusion else ""
    when = state.anchors.get(Anchor.CLOSED_OUT)
    day = f"于{_day(when)}" if when else ""
    return f"{done}{_shown(state)}经验收、公示和复核，已{day}销号。如问题再次出现，请随时反映。"


def _shown(state: CaseState) -> str:
    """What was measured, and that there are pictures: the evidence in words."""
    latest: dict[str, Monitoring] = {}
    for item in state.evidence:
        value = item.monitoring
        if value and (
            value.indicator not in latest or latest[value.indicator].measured_at <= value.measured_at
        ):
            latest[value.indicator] = value
    measured = "".join(f"{_day(value.measured_at)}监测{value.text}。" for value in latest.values())
    done = [measure for measure in state.measures if measure.done_at]
    works = "".join(
        f"{_day(measure.done_at)}完成“{measure.text}”。" for measure in done[:5] if measure.done_at
    )
    compared = "有整改前后照片对比。" if pairs(state) else ""
    return measured + works + compared


def _rests_on(state: CaseState) -> tuple[str, ...]:
    found = state.verification
    cited = found.evidence + ((found.report,) if found.report else ()) if found else ()
    measured = tuple(item.id for item in state.evidence if item.monitoring)
    done = tuple(item for measure in state.measures for item in measure.evidence)
    compared = tuple(after.id for _, after in pairs(state))
    return tuple(dict.fromkeys((*cited, *measured, *done, *compared)))


def _day(moment: object) -> str:
    day = day_of(moment) if isinstance(moment, datetime) else moment
    return f"{day:%Y年%m月%d日}"


def _stop(text: str) -> str:
    """The text with one full stop at its end."""
    return text.rstrip("。；; \n") + "。"

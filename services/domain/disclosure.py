"""《群众信访举报转办和边督边改公开情况一览表》: what the public may read of each complaint, and what is held back and why.

A line a receipt number, told from the handling unit's own findings. Nothing of a petitioner may stand in it: a text in
which something personal is found is held back for a person to mend, never published and never dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.vocabulary import Verdict
from services.domain.case.privacy import told_in
from services.domain.case.state import CaseState
from services.domain.case.status import CLOSING, Status

HEADER = (
    "序号", "受理编号", "交办问题基本情况", "行政区域", "污染类型", "调查核实情况", "是否属实", "处理和整改情况",
    "责任人被处理情况", "办结情况",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, in the order of `HEADER` without the number."""

    receipt_no: str
    problem: str
    region: str
    types: str
    found: str
    verdict: str
    handling: str
    accountability: str
    ending: str

    def cells(self, number: int) -> tuple[object, ...]:
        """As a row."""
        return (
            number, self.receipt_no, self.problem, self.region, self.types, self.found, self.verdict, self.handling,
            self.accountability, self.ending,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt number that is not published, and why, for the person who publishes."""

    receipt_no: str
    case_no: str
    why: str


def disclosed(state: CaseState, regions: Mapping[str, str]) -> tuple[tuple[Line, ...], tuple[Held, ...]]:
    """(lines, what is held back) of one case; nothing of either before it was verified."""
    verification = state.verification
    if verification is None:
        return (), ()
    texts = {
        "交办问题基本情况": state.matter.summary,
        "调查核实情况": verification.found,
        "处理和整改情况": _handling(state),
        "责任人被处理情况": _accountability(state),
    }
    faults = [f"“{name}”含{'、'.join(told)}" for name, text in texts.items() if (told := told_in(text))]
    if not state.matter.summary.strip():
        faults.append("缺少交办问题基本情况")
    lines: list[Line] = []
    held: list[Held] = []
    for link in state.counting:
        if link.refused is not None:
            continue
        why = ["信访人要求保密"] if link.confidential else []
        if why or faults:
            held.append(Held(link.receipt_no, state.case_no, "；".join([*why, *faults]) + "。"))
            continue
        lines.append(
            Line(
                receipt_no=link.receipt_no,
                problem=texts["交办问题基本情况"],
                region=regions.get(state.region or "", state.region or ""),
                types="、".join(item.value for item in state.matter.types),
                found=texts["调查核实情况"],
                verdict=verification.verdict.value,
                handling=texts["处理和整改情况"],
                accountability=texts["责任人被处理情况"],
                ending=ending(state),
            )
        )
    return tuple(lines), tuple(held)


def ending(state: CaseState) -> str:
    """办结情况 in the words of the public table; a stage conclusion is never more than that."""
    if state.status in (Status.CLOSED_OUT, Status.LOOKED_BACK):
        return "已销号"
    if state.status in CLOSING or state.status in (Status.UNTRUE, Status.DECLINED):
        return "已办结"
    return "阶段性办结" if state.status is Status.STAGE_CONCLUDED else "未办结"


def _handling(state: CaseState) -> str:
    if state.verification and state.verification.verdict is Verdict.UNTRUE:
        return "经核实不属实。"
    steps = [f"{item.text}（{'已完成' if item.progress == 100 else f'完成{item.progress}%'}）" for item in state.measures]
    return "；".join(filter(None, ("；".join(steps), state.conclusion.result if state.conclusion else ""))) or "正在制定整改措施。"


def _accountability(state: CaseState) -> str:
    settled = state.responsibility
    if settled is None:
        return "无"
    return "；".join((*settled.punishments, *settled.accountability)) or "无"


def table(lines: Iterable[Line]) -> tuple[tuple[object, ...], ...]:
    """Rows for a spreadsheet, by receipt number."""
    ordered = sorted(lines, key=lambda line: line.receipt_no)
    return tuple(line.cells(number) for number, line in enumerate(ordered, start=1))

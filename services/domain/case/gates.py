"""The gates of close-out (四不放过) as configured predicates over the case, each answered in a sentence.

A gate is a list of checks; each check says from which stage of closing on it must be met: at the request, at the
district's acceptance, or at close-out. The four-item list of the speech is the default; three-item lists of other
places and a five-item list are configuration (`deploy/rules/gates.yaml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import Field, model_validator

from contracts.vocabulary import Verdict
from services.domain.case import petitioners
from services.domain.case.state import CaseState
from services.domain.case.values import EvidenceKind, EvidencePurpose
from services.domain.clocks.calendar import WorkCalendar, day_of, end_of
from services.domain.clocks.rules import Anchor
from services.domain.parameters import Parameters


class Stage(StrEnum):
    """The step of closing at which a check must be met."""

    REQUEST = "request"
    ACCEPTANCE = "acceptance"
    CLOSE_OUT = "close_out"

    @property
    def order(self) -> int:
        """Request first, close-out last."""
        return _ORDER[self]


_ORDER = {stage: place for place, stage in enumerate(Stage)}


class GateCheck(Parameters):
    """One check of a gate and the stage from which it holds."""

    check: str
    at: Stage = Stage.REQUEST

    @model_validator(mode="after")
    def _known(self) -> GateCheck:
        if self.check not in CHECKS:
            raise ValueError(f"unknown check {self.check}; known: {', '.join(sorted(CHECKS))}")
        return self


class GateSpec(Parameters):
    """One 不放过 with its checks."""

    gate: str
    formula: str
    checks: tuple[GateCheck, ...] = Field(min_length=1)
    provenance: str


class PublicRules(Parameters):
    """How petitioners' answers are counted, and how long it must stay quiet."""

    min_satisfied_share: float = Field(gt=0, le=1)
    attempts_before_unreachable: int = Field(ge=1)
    observation_days: int = Field(ge=1)
    provenance: str


class GateRules(Parameters):
    """deploy/rules/gates.yaml: named variants, the one in force, and the parameters of the public's gate."""

    version: str
    active: str
    public: PublicRules
    variants: Mapping[str, tuple[GateSpec, ...]]

    @model_validator(mode="after")
    def _active_exists(self) -> GateRules:
        if self.active not in self.variants:
            raise ValueError(f"active variant {self.active} is not among {', '.join(sorted(self.variants))}")
        return self

    @property
    def gates(self) -> tuple[GateSpec, ...]:
        """The gates in force."""
        return self.variants[self.active]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's answer: a Chinese sentence and the ids of the evidence it rests on."""

    check: str
    met: bool
    sentence: str
    evidence: tuple[str, ...] = ()
    at: Stage = Stage.REQUEST


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate's answer."""

    gate: str
    formula: str
    checks: tuple[CheckResult, ...]
    provenance: str

    @property
    def met(self) -> bool:
        """True when every check is met."""
        return all(check.met for check in self.checks)

    def missing(self, stage: Stage = Stage.CLOSE_OUT) -> tuple[CheckResult, ...]:
        """Checks not met that must be by this stage."""
        return tuple(check for check in self.checks if not check.met and check.at.order <= stage.order)

    @property
    def sentence(self) -> str:
        """The gate in one Chinese sentence: met and by what, or what is missing."""
        if self.met:
            return f"{self.gate}：已达到。" + "".join(check.sentence for check in self.checks)
        return f"{self.gate}：未达到。尚缺：" + "".join(check.sentence for check in self.missing())


@dataclass(frozen=True, slots=True)
class Look:
    """What a check looks at."""

    state: CaseState
    rules: GateRules
    calendar: WorkCalendar
    now: datetime


Answer = tuple[bool, str, tuple[str, ...]]
Check = Callable[[Look], Answer]


def gates(
    state: CaseState, rules: GateRules, calendar: WorkCalendar, now: datetime
) -> tuple[GateResult, ...]:
    """Every gate in force, answered."""
    look = Look(state, rules, calendar, now)
    return tuple(
        GateResult(
            spec.gate, spec.formula, tuple(_answer(item, look) for item in spec.checks), spec.provenance
        )
        for spec in rules.gates
    )


def missing(
    state: CaseState, rules: GateRules, calendar: WorkCalendar, now: datetime, stage: Stage
) -> str:
    """What is missing at this stage as one Chinese text, gate by gate; empty when nothing is. Checks of later stages are
    not looked at: every step of closing asks."""
    look = Look(state, rules, calendar, now)
    told: list[str] = []
    for spec in rules.gates:
        due = (CHECKS[item.check](look) for item in spec.checks if item.at.order <= stage.order)
        if unmet := [sentence for met, sentence, _ in due if not met]:
            told.append(f"【{spec.gate}】" + "".join(unmet))
    return "".join(told)


def _answer(item: GateCheck, look: Look) -> CheckResult:
    met, sentence, evidence = CHECKS[item.check](look)
    return CheckResult(item.check, met, sentence, evidence, item.at)


def _verdict(look: Look) -> Answer:
    found = look.state.verification
    if found is None:
        return False, "尚无核实结论。", ()
    if found.verdict is Verdict.UNTRUE:
        return False, "核实结论为不属实，按不属实归档，不适用销号。", ()
    return True, f"核实结论为{found.verdict}（{found.at:%Y-%m-%d}）。", ()


def _report(look: Look) -> Answer:
    found = look.state.verification
    if found is None or not found.report or found.report not in look.state.evidence_ids():
        return False, "缺调查报告。", ()
    return True, f"有调查报告{found.report}。", (found.report,)


def _on_site(look: Look) -> Answer:
    since = look.state.anchors.get(Anchor.DISPATCHED)
    items = [
        item for item in look.state.evidence
        if item.on_site and since is not None and (item.taken_at or item.added_at) >= since
    ]  # fmt: skip
    if not items:
        return False, "缺交办之后的现场证据。", ()
    return True, f"有交办后现场证据{len(items)}份。", tuple(item.id for item in items)


def _root_cause(look: Look) -> Answer:
    found = look.state.verification
    if found is None or not found.root_cause.strip():
        return False, "未写明问题成因。", ()
    return True, "已写明问题成因。", ()


def _measures(look: Look) -> Answer:
    measures = look.state.measures
    if not measures:
        return False, "没有整改措施。", ()
    undone = [measure.text for measure in measures if measure.progress < 100]
    if undone:
        return (
            False,
            f"{len(undone)}项措施未完成：{'、'.join(undone[:3])}{'等' if len(undone) > 3 else ''}。",
            (),
        )
    evidence = tuple(item for measure in measures for item in measure.evidence)
    return True, f"{len(measures)}项措施全部完成。", evidence


def _effect(look: Look) -> Answer:
    """The target is shown met by the latest value of each indicator, or by a before-and-after pair."""
    state = look.state
    planned = state.anchors.get(Anchor.VERIFIED)
    latest = {}
    for item in sorted(
        state.evidence, key=lambda item: item.monitoring.measured_at if item.monitoring else item.added_at
    ):
        if item.monitoring and planned and item.monitoring.measured_at >= planned:
            latest[item.monitoring.indicator] = item
    failed = [item for item in latest.values() if item.monitoring and not item.monitoring.within]
    if failed:
        return False, "".join(f"{item.monitoring.text}。" for item in failed if item.monitoring), ()
    before = {item.id for item in state.evidence if item.purpose is EvidencePurpose.BEFORE}
    pairs = [
        item for item in state.evidence
        if item.purpose is EvidencePurpose.AFTER and item.kind is EvidenceKind.PHOTO and item.pair_of in before
        and planned is not None and (item.taken_at or item.added_at) >= planned
    ]  # fmt: skip
    shown = (*latest.values(), *pairs)
    if not shown:
        return False, "缺核实之后的达标监测数据或整改前后对比照片。", ()
    values = "".join(f"{item.monitoring.text}。" for item in latest.values() if item.monitoring)
    return True, values or f"有整改前后对比照片{len(pairs)}组。", tuple(item.id for item in shown)


def _parts(look: Look) -> Answer:
    unsettled = [part.name for part in look.state.parts if not part.state.settled]
    if unsettled:
        return False, f"{'、'.join(unsettled)}尚未完成承办任务。", ()
    return True, "各承办单位任务均已完成。", ()


def _two_persons(look: Look) -> Answer:
    accepted = look.state.acceptance
    if accepted is None:
        return False, "尚未经区县验收。", ()
    if accepted.by in look.state.handlers:
        return False, "验收人即经办人，须由他人重新验收。", ()
    return True, f"{accepted.unit}已现场验收，验收人与经办人不同。", accepted.evidence


def _not_fake(look: Look) -> Answer:
    if look.state.fake_open:
        return False, "上次整改是否属假整改尚未认定。", ()
    return True, "无待认定的假整改问题。" if not look.state.fake_found else "上次假整改已认定并重新整改。", ()


def _responsible(look: Look) -> Answer:
    settled = look.state.responsibility
    if settled is None:
        return False, "未明确责任单位和责任人。", ()
    return True, f"责任单位{settled.unit}，责任人{settled.person}。", ()


def _accountability(look: Look) -> Answer:
    settled = look.state.responsibility
    if settled is None or not (settled.punishments or settled.accountability or settled.none_needed.strip()):
        return False, "无处罚、问责决定，也未说明不需处理的理由。", ()
    if settled.punishments or settled.accountability:
        return True, f"已作出处理：{'、'.join((*settled.punishments, *settled.accountability))}。", ()
    return True, f"经研究不需处理：{settled.none_needed}。", ()


def _called_back(look: Look) -> Answer:
    tally = petitioners.tally(look.state, look.rules.public.attempts_before_unreachable)
    if tally.waiting:
        return False, f"{tally.text}尚有{tally.waiting}人未回访或未表态，沉默不计为满意。", ()
    return True, f"{tally.text}能联系到的信访人均已回访。", ()


def _satisfied(look: Look) -> Answer:
    tally = petitioners.tally(look.state, look.rules.public.attempts_before_unreachable)
    need = look.rules.public.min_satisfied_share
    if not tally.reachable:
        return True, f"{tally.text}无可联系的信访人，以公示和观察期代替。", ()
    if tally.satisfied < need * tally.reachable:
        return False, f"满意率{tally.satisfied}/{tally.reachable}，低于{need:.0%}。", ()
    return True, f"满意率{tally.satisfied}/{tally.reachable}。", ()


def _quiet(look: Look) -> Answer:
    concluded = look.state.anchors.get(Anchor.CONCLUDED)
    if concluded is None:
        return False, "尚未办结，观察期未开始。", ()
    days = look.rules.public.observation_days
    heard = petitioners.last_heard(look.state)
    start = max(concluded, heard) if heard else concluded
    last = look.calendar.add_calendar_days(day_of(start), days)
    if look.now < end_of(last):
        why = "办结后又有新信访件，观察期重新起算，" if start is not concluded else ""
        return False, f"{why}观察期{days}日至{last}届满。", ()
    return True, f"观察期{days}日内同一污染源无新信访件。", ()


def _publicised(look: Look) -> Answer:
    shown = look.state.publicity
    if shown is None or shown.finished_at is None:
        return False, "公示尚未结束。", ()
    if any(item.answer is None for item in shown.objections):
        return False, "公示期内的异议尚未处理。", ()
    return True, f"已在{shown.media}公示至{shown.last_day}。", ()


def _similar(look: Look) -> Answer:
    done = look.state.conclusion
    if done is None or not (done.similar_sites.strip() and done.lasting_mechanism.strip()):
        return False, "未说明举一反三排查和长效机制。", ()
    return True, "已举一反三并建立长效机制。", ()


CHECKS: dict[str, Check] = {
    "verdict": _verdict,
    "report": _report,
    "on_site": _on_site,
    "root_cause": _root_cause,
    "measures": _measures,
    "effect": _effect,
    "parts": _parts,
    "two_persons": _two_persons,
    "not_fake": _not_fake,
    "responsible": _responsible,
    "accountability": _accountability,
    "called_back": _called_back,
    "satisfied": _satisfied,
    "quiet": _quiet,
    "publicised": _publicised,
    "similar": _similar,
}

"""From the investigation to the conclusion: what the handling units do."""

from __future__ import annotations

from datetime import timedelta

from contracts.vocabulary import Verdict
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case import evidence, parts, petitioners
from services.domain.case.decision import Decision, Result
from services.domain.case.privacy import check_public
from services.domain.case.proposals import propose
from services.domain.case.state import Proposal
from services.domain.case.values import (
    Callback,
    Measure,
    PartState,
    PlannedMeasure,
    ProposalKind,
    RectifyMode,
)
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse

WHETHER_AT_ALL = frozenset({ProposalKind.VERDICT_UNTRUE, ProposalKind.DECLINE})
"""A verdict waits for these; more time asked for, granted or not, never keeps anybody from finding the facts."""


def investigate(decision: Decision, command: c.Investigate) -> Result:
    """The lead begins; a part not yet accepted is accepted by it."""
    accepted: tuple[e.CaseEvent, ...] = ()
    if decision.part is not None and decision.part.state is PartState.SIGNED_IN:
        accepted = (e.PartAccepted(lead=True, **decision.stamp()),)
    return (*accepted, e.InvestigationStarted(**decision.stamp()))


def verify(decision: Decision, command: c.Verify) -> Result:
    """The verdict with what it rests on; 不属实 waits for a second person."""
    needed = {"核查情况": command.found.strip(), "调查报告": command.report}
    if command.verdict is not Verdict.UNTRUE:
        needed["问题成因"] = command.root_cause.strip()
    lacking = [name for name, value in needed.items() if not value]
    if lacking:
        return refuse("verify.facts", missing="、".join(lacking), field="report")
    refusal = _cites(decision, command.report, *command.evidence) or check_public("found", command.found)
    if refusal:
        return refusal
    waiting = next((known for known in decision.state.proposals if known.kind in WHETHER_AT_ALL), None)
    if waiting is not None:
        return refuse("proposal.pending", what=waiting.kind.label)
    if command.verdict is Verdict.UNTRUE:
        return propose(decision, ProposalKind.VERDICT_UNTRUE, command)
    return verified(decision, command, decision.actor.id)


def _cites(decision: Decision, *ids: str | None) -> Refusal | None:
    strange = evidence.unknown(decision.state, ids)
    return refuse("verify.evidence", ids="、".join(strange), field="evidence") if strange else None


def verified(decision: Decision, command: c.Verify, found_by: str) -> Result:
    """The verdict stands."""
    return (
        e.Verified(
            verdict=command.verdict,
            found=command.found,
            root_cause=command.root_cause,
            report=command.report,
            evidence=command.evidence,
            found_by=found_by,
            **decision.stamp(),
        ),
    )


def untrue_confirmed(decision: Decision, command: c.Verify, proposal: Proposal) -> Result:
    """A second person found it untrue, too."""
    return verified(decision, command, proposal.by)


def plan(decision: Decision, command: c.Plan) -> Result:
    """Measures, each with unit, person, deadline and text; none may be changed once done."""
    immediate = decision.rules.casework.immediate.days if command.mode is RectifyMode.IMMEDIATE else None
    for row, measure in enumerate(command.measures, start=1):
        refusal = _check_measure(decision, row, measure, immediate)
        if refusal:
            return refusal
    if len({measure.id for measure in command.measures}) != len(command.measures):
        return refuse("plan.twice", field="measures")
    measures = tuple(Measure(**measure.model_dump()) for measure in command.measures)
    return (e.Planned(mode=command.mode, target=command.target, measures=measures, **decision.stamp()),)


def _check_measure(
    decision: Decision, row: int, measure: PlannedMeasure, immediate_days: int | None
) -> Refusal | None:
    needed = {
        "措施内容": measure.text,
        "责任单位": measure.unit_id,
        "责任人": measure.person,
        "整改时限": measure.deadline,
    }
    lacking = [
        name for name, value in needed.items() if not (value.strip() if isinstance(value, str) else value)
    ]
    if lacking or measure.deadline is None:
        return refuse("plan.incomplete", row=row, missing="、".join(lacking), field=f"measures[{row - 1}]")
    known = decision.state.measure(measure.id)
    if known is not None and known.done_at is not None:
        return refuse("measure.done", measure=known.text, field=f"measures[{row - 1}].id")
    if known is not None and known.deadline and measure.deadline > known.deadline:
        # What was promised to everybody who complained moves with a second person's word only.
        field = f"measures[{row - 1}].deadline"
        return refuse("plan.later", measure=known.text, deadline=known.deadline, field=field)
    if measure.deadline < decision.today:
        return refuse(
            "plan.past",
            measure=measure.text,
            deadline=measure.deadline,
            field=f"measures[{row - 1}].deadline",
        )
    if immediate_days is not None and measure.deadline > decision.today + timedelta(days=immediate_days):
        return refuse("plan.immediate", measure=measure.text, deadline=measure.deadline, days=immediate_days)
    part = decision.state.part(measure.unit_id)
    if part is None or part.state in (PartState.RETURNED, PartState.WITHDRAWN):
        return refuse("plan.unit", unit=measure.unit_id, field=f"measures[{row - 1}].unit_id")
    return None


def report_measure(decision: Decision, command: c.ReportMeasure) -> Result:
    """Progress by the unit that owes the measure; done needs evidence."""
    measure = decision.state.measure(command.measure_id)
    if measure is None:
        return refuse("measure.unknown", measure=command.measure_id, field="measure_id")
    if measure.unit_id != decision.actor.unit_id:
        part = decision.state.part(measure.unit_id)
        name = part.name if part else measure.unit_id
        return refuse("measure.unit", measure=measure.text, unit=name, actor=decision.actor.name)
    if measure.done_at is not None and not command.reason:
        return refuse("measure.done", measure=measure.text, field="reason")
    refusal = _cites(decision, *command.evidence)
    if refusal:
        return refusal
    if command.progress == 100 and not (command.evidence or measure.evidence):
        return refuse("measure.evidence", measure=measure.text, field="evidence")
    return (
        e.MeasureReported(
            measure_id=measure.id,
            progress=command.progress,
            note=command.note,
            evidence=command.evidence,
            **decision.stamp(),
        ),
    )


def settle_responsibility(decision: Decision, command: c.SettleResponsibility) -> Result:
    """Who answers for it; neither punishment nor accountability needs a reason."""
    if not (command.punishments or command.accountability or command.none_needed.strip()):
        return refuse("accountability.reason", field="none_needed")
    if decision.role in (Role.OFFICER, Role.UNIT_HEAD) and decision.part is None:
        return refuse("actor.unit", actor=decision.actor.name, command="落实责任")
    return (
        e.ResponsibilitySettled(
            responsible_unit=command.unit,
            person=command.person,
            punishments=command.punishments,
            accountability=command.accountability,
            none_needed=command.none_needed,
            **decision.stamp(),
        ),
    )


def conclude_stage(decision: Decision, command: c.ConcludeStage) -> Result:
    """阶段性办结: something must be left, and the rest must have a person and a day."""
    if not parts.open_measures(decision.state):
        return refuse("stage.nothing_left")
    needed = {
        "已消除或控制的危害": command.controlled.strip(),
        "剩余工作": command.remaining.strip(),
        "责任人": command.person.strip(),
        "完成日期": command.planned_for,
    }
    lacking = [name for name, value in needed.items() if not value]
    if lacking or command.planned_for is None:
        return refuse("stage.plan", missing="、".join(lacking))
    if command.planned_for < decision.today:
        return refuse("stage.plan", missing="今天或以后的完成日期", field="planned_for")
    refusal = check_public("controlled", command.controlled, command.remaining)
    return refusal or (
        e.StageConcluded(
            controlled=command.controlled,
            remaining=command.remaining,
            person=command.person,
            planned_for=command.planned_for,
            **decision.stamp(),
        ),
    )


def resume(decision: Decision, command: c.Resume) -> Result:
    """Work goes on."""
    return (e.Resumed(**decision.stamp()),)


def conclude(decision: Decision, command: c.Conclude) -> Result:
    """办结: no part and no measure open; a reopened case needs its leader first."""
    state = decision.state
    if state.leader_due:
        return refuse("leader.due")
    unfinished = parts.open_parts(state)
    if unfinished:
        return refuse("part.open", units="、".join(unfinished))
    undone = parts.open_measures(state)
    if undone:
        names = "、".join(measure.text for measure in undone[:3])
        return refuse("measures.open", count=len(undone), measures=names)
    refusal = check_public("result", command.result)
    return refusal or (
        e.Concluded(
            result=command.result,
            similar_sites=command.similar_sites,
            lasting_mechanism=command.lasting_mechanism,
            **decision.stamp(),
        ),
    )


def record_callback(decision: Decision, command: c.RecordCallback) -> Result:
    """What one petitioner said, or that he could not be reached."""
    if command.reporter not in petitioners.known(decision.state):
        return refuse("callback.petitioner", petitioner=command.reporter, field="reporter")
    call = Callback(
        reporter=command.reporter,
        outcome=command.outcome,
        at=decision.now,
        by=decision.actor.id,
        note=command.note,
        contacted=command.contacted,
        solved=command.solved,
    )
    return (e.CalledBack(callback=call, **decision.stamp()),)

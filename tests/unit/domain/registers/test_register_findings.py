"""Findings: fixed at once with evidence, or worked on the ledger and struck off by somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.domain.case.values import RectifyMode
from services.domain.findings import Finding, LineAct, LineState, check_act, check_findings, evidence_of
from services.domain.principals import Role
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import HEAD, HELPER, INSPECTOR, MACHINE, OFFICER, SUPERVISOR, person

TODAY = date(2026, 3, 2)
NOW = Finding("台账缺失", RectifyMode.IMMEDIATE, fixed_evidence=("e1",))
LATER = Finding("坝体渗水", RectifyMode.LEDGER, "加固", "应急局", "石某", date(2026, 4, 1))
LINE = LineState("inspection", True, ("eco",), date(2026, 4, 1))
REPORTED = replace(LINE, reports=((OFFICER.id, 1),), handlers=frozenset({OFFICER.id}))


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (replace(NOW, fixed_evidence=()), "measure.evidence"), (replace(LATER, person=""), "plan.incomplete"),
        (replace(LATER, deadline=None), "plan.incomplete"), (replace(LATER, deadline=date(2026, 1, 1)), "plan.past"),
    ],
)  # fmt: skip
def test_a_finding_neither_fixed_nor_complete_is_refused_by_its_number(bad, code):
    refusal = check_findings((NOW, bad), TODAY)
    assert refusal is not None and refusal.code == code
    assert refusal.field in (None, "findings[1]")
    assert check_findings((NOW, LATER), TODAY) is None and evidence_of((NOW, LATER)) == ("e1",)


@pytest.mark.parametrize(
    ("line", "act", "actor", "code"),
    [
        (replace(LINE, origin="case"), LineAct.REPORT, OFFICER, "line.origin"),
        (replace(LINE, origin="import"), LineAct.CLOSE_OUT, SUPERVISOR, "line.origin"),
        (LINE, LineAct.REPORT, HELPER, "line.unit"),
        (LINE, LineAct.REPORT, SUPERVISOR, "actor.role"),
        (REPORTED, LineAct.CLOSE_OUT, OFFICER, "actor.role"),
        (REPORTED, LineAct.CLOSE_OUT, MACHINE, "actor.role"),
        (replace(REPORTED, handlers=frozenset({SUPERVISOR.id})), LineAct.CLOSE_OUT, SUPERVISOR, "line.second"),
        (LINE, LineAct.CLOSE_OUT, INSPECTOR, "line.unreported"),
        (replace(REPORTED, reports=((OFFICER.id, 0),)), LineAct.CLOSE_OUT, INSPECTOR, "line.evidence"),
        (LINE, LineAct.RETURN, INSPECTOR, "line.unreported"),
        (replace(REPORTED, open=False), LineAct.REPORT, OFFICER, "line.closed"),
        (replace(REPORTED, open=False), LineAct.CLOSE_OUT, INSPECTOR, "line.closed"),
    ],
)
def test_a_line_is_worked_by_its_unit_and_struck_off_by_somebody_else(line, act, actor, code):
    refusal = check_act(line, act, actor, TODAY)
    assert isinstance(refusal, Refusal) and refusal.code == code and refusal.instead


def test_who_is_both_unit_head_and_supervisor_does_not_strike_off_what_they_reported():
    both = person("both", Role.UNIT_HEAD, Role.SUPERVISOR, unit="eco")
    assert check_act(LINE, LineAct.REPORT, both, TODAY) is None
    mine = replace(LINE, reports=((both.id, 1),), handlers=frozenset({both.id}))
    refusal = check_act(mine, LineAct.CLOSE_OUT, both, TODAY)
    assert refusal is not None and refusal.code == "line.second"
    assert check_act(mine, LineAct.CLOSE_OUT, INSPECTOR, TODAY) is None


def test_more_time_is_given_once_before_the_day_and_for_a_later_one():
    def code(line=LINE, today=TODAY, until=date(2026, 5, 1)):
        refusal = check_act(line, LineAct.POSTPONE, HEAD, today, until=until)
        return refusal.code if refusal else None

    assert code() is None and code(today=date(2026, 4, 1)) is None
    assert code(today=date(2026, 4, 2)) == "line.expired"
    assert code(replace(LINE, postponed=1)) == "line.postponed"
    assert code(until=date(2026, 4, 1)) == code(until=None) == "line.until"

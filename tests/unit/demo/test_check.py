"""The check finds every broken promise and is content with none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from services.demo.check import CaseRow, ComplaintRow, Outcome, Summary, Tolerance, check
from services.demo.stream import DemoRecord, Fate, stream

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
TRUTH = stream(7, NOW)
GOOD = [r.expectation for r in TRUTH if r.expectation.fate is Fate.REGISTERED]


def perfect(truth: Sequence[DemoRecord] = TRUTH, case_of: Callable[[str], str] = lambda matter: matter) -> Outcome:
    """What comes out where everything is found and nothing is lost; `case_of` maps a matter to its case."""
    resends = [r.expectation.identity for r in truth if r.expectation.fate is Fate.RESEND]
    changed = [r.expectation.identity for r in truth if r.expectation.fate is Fate.CHANGED]
    expected = [r.expectation for r in truth if r.expectation.fate is Fate.REGISTERED]
    complaints = [
        ComplaintRow(
            *e.identity, case_of(e.matter or ""), resends.count(e.identity), 1 + changed.count(e.identity), e.emergency
        )
        for e in expected
    ]  # fmt: skip
    cases = []
    for id in dict.fromkeys(c.case_id for c in complaints):
        told: dict[str | None, int] = {}
        for e in expected:
            if case_of(e.matter or "") == id and e.person:
                told[e.person] = told.get(e.person, 0) + 1
        leader = max(told.values(), default=0) >= 3 or len(told) >= 5
        cases.append(CaseRow(id, "unit", "leader" if leader else None, leader))
    rejections = [r.expectation.reasons for r in truth if r.expectation.fate is Fate.REJECTED]
    return Outcome(complaints, cases, rejections, len(rejections), 3.21)


PERFECT = perfect()


def test_a_perfect_outcome_is_good_and_its_figures_add_up() -> None:
    summary = check(TRUTH, PERFECT)
    assert summary.failures == ()
    assert summary.good
    assert (summary.registered, summary.lost, summary.wrong_merges) == (len(GOOD), 0, 0)
    assert (summary.precision, summary.recall, summary.repeats_found, summary.suggested) == (1.0, 1.0, 1.0, 0)
    assert summary.published == summary.registered + summary.resends + summary.changed + summary.rejected
    assert summary.links == summary.registered - summary.cases
    assert summary.assigned == summary.cases == summary.matters
    assert 10 <= summary.leaders == summary.task_forces < summary.cases


def test_one_wrong_suspicion_costs_a_look_and_breaks_no_promise() -> None:
    assert broken(lambda o: swap(o, first(lambda r: not r.emergency), emergency=True)).good


def test_the_summary_is_one_json_object_with_the_promised_names() -> None:
    names = set(orjson.loads(orjson.dumps(check(TRUTH, PERFECT).as_dict())))
    wanted = "published registered rejected resends cases links assigned leaders task_forces dead_lettered lost seconds"
    assert names >= {*wanted.split(), "precision", "recall", "wrong_merges", "failures"}


def broken(change: Callable[[Outcome], Outcome]) -> Summary:
    return check(TRUTH, change(PERFECT))


def swap(outcome: Outcome, at: int, **changes: object) -> Outcome:
    rows = list(outcome.complaints)
    rows[at] = replace(rows[at], **changes)
    return replace(outcome, complaints=rows)


def first(test: Callable[[ComplaintRow], bool]) -> int:
    return next(i for i, row in enumerate(PERFECT.complaints) if test(row))


BREAKAGES: dict[str, tuple[Callable[[Outcome], Outcome], str]] = {
    "lost": (lambda o: replace(o, complaints=o.complaints[1:]), "1 complaints were lost"),
    "doubled": (lambda o: replace(o, complaints=[*o.complaints, o.complaints[0]]), "registered twice"),
    "invented": (lambda o: replace(o, complaints=[*o.complaints, ComplaintRow("x", "y", "z")]), "nobody published"),
    "unlinked": (lambda o: swap(o, 0, case_id=None), "belong to no case"),
    "resend missed": (lambda o: swap(o, first(lambda r: r.resends > 0), resends=0), "resends were not counted"),
    "change missed": (lambda o: swap(o, first(lambda r: r.version > 1), version=1), "changes were not counted"),
    "change invented": (lambda o: swap(o, first(lambda r: r.version == 1), version=2), "changes were not counted"),
    "not rejected": (lambda o: replace(o, rejections=o.rejections[1:], dead_lettered=o.dead_lettered - 1), "were not rejected"),
    "other reason": (lambda o: replace(o, rejections=[("text: ODD",), *o.rejections[1:]]), "rejected for text: ODD"),
    "dead letters": (lambda o: replace(o, dead_lettered=o.dead_lettered + 2), "set aside"),
    "silent alarm": (lambda o: swap(o, first(lambda r: r.emergency), emergency=False), "not announced"),
    "false alarms": (lambda o: replace(o, complaints=[replace(c, emergency=True) for c in o.complaints]), "emergencies that are none"),
    "unowned": (lambda o: replace(o, cases=[replace(o.cases[0], lead_unit=None), *o.cases[1:]]), "1 cases have no unit"),
    "unlisted": (lambda o: replace(o, cases=o.cases[1:]), "not in the list of cases"),
    "no leader": (
        lambda o: replace(o, cases=[replace(c, leader=None, task_force=False) for c in o.cases]),
        "need a leader in charge have none",
    ),
    "leader for nothing": (
        lambda o: replace(o, cases=[replace(c, leader="x", task_force=True) for c in o.cases]),
        "nothing calls for",
    ),
    "no task force": (lambda o: replace(o, cases=[replace(c, task_force=False) for c in o.cases]), "no task force"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_every_broken_promise_is_named(name: str) -> None:
    change, said = BREAKAGES[name]
    summary = broken(change)
    assert not summary.good
    assert any(said in failure for failure in summary.failures), summary.failures


def test_a_lost_record_is_counted_as_lost_whether_it_was_good_or_malformed() -> None:
    assert broken(lambda o: replace(o, complaints=o.complaints[3:])).lost == 3
    assert broken(lambda o: replace(o, rejections=o.rejections[2:], dead_lettered=o.dead_lettered - 2)).lost == 2


def test_merged_look_alikes_are_named_and_counted() -> None:
    merged = perfect(case_of=lambda matter: {"hotpot-shumen": "bbq-huoliao", "site-lanyue": "site-yunqi"}.get(matter, matter))
    summary = check(TRUTH, merged)
    assert summary.wrong_merges == 8
    assert summary.precision < 1.0
    assert summary.recall == 1.0
    assert any("hotpot-shumen in bbq-huoliao, look-alikes" in failure for failure in summary.failures)
    assert not any("look-alikes" in f for f in check(TRUTH, merged, Tolerance(wrong_merges=8, precision=0.5)).failures)


def test_finding_no_repeat_at_all_is_a_failure() -> None:
    rows = [replace(row, case_id=number) for number, row in enumerate(PERFECT.complaints)]
    cases = [CaseRow(number, "unit") for number in range(len(rows))]
    summary = check(TRUTH, replace(PERFECT, complaints=rows, cases=cases))
    assert (summary.links, summary.recall, summary.repeats_found, summary.precision) == (0, 0.0, 0.0, 1.0)
    assert [f for f in summary.failures if "pairs of one matter" in f]


def test_among_other_complaints_of_the_same_matters_only_loss_and_owners_are_judged() -> None:
    alone = check(TRUTH, perfect(case_of=lambda matter: matter[:1]))
    among = check(TRUTH, perfect(case_of=lambda matter: matter[:1]), alone=False)
    assert alone.failures and among.good and among.wrong_merges == alone.wrong_merges
    lost = replace(PERFECT, complaints=PERFECT.complaints[1:], cases=[replace(case, lead_unit=None) for case in PERFECT.cases])
    assert len(check(TRUTH, lost, alone=False).failures) == 2


def test_a_letter_of_many_may_have_a_leader_without_repeats() -> None:
    joint = next(e for e in GOOD if e.signatories >= 5)
    rows = [replace(r, case_id="alone") if (r.source, r.external_id) == joint.identity else r for r in PERFECT.complaints]
    cases = [*PERFECT.cases, CaseRow("alone", "unit", "leader", True)]
    assert not [f for f in check(TRUTH, replace(PERFECT, complaints=rows, cases=cases)).failures if "nothing calls" in f]


def test_a_right_suggestion_counts_as_found_and_a_wrong_one_does_not() -> None:
    """One matter of fifteen, every complaint in a case of its own, some with a suggestion."""
    at = [i for i, row in enumerate(PERFECT.complaints) if row.case_id == "site-yunqi"]
    repeats = len(GOOD) - len({e.matter for e in GOOD})

    def found(suggested: Callable[[int], str | None]) -> float:
        rows = list(PERFECT.complaints)
        for n, i in enumerate(at):
            rows[i] = replace(rows[i], case_id=f"own-{n}", suggested_case=suggested(n))
        cases = [*PERFECT.cases, *(CaseRow(f"own-{n}", "unit") for n in range(len(at)))]
        return check(TRUTH, replace(PERFECT, complaints=rows, cases=cases)).repeats_found

    lost = len(at) - 1
    assert found(lambda n: None) == pytest.approx(1 - lost / repeats, abs=1e-4)
    assert found(lambda n: "own-0" if n else None) == 1.0
    assert found(lambda n: "own-0" if n == 1 else None) == pytest.approx(1 - (lost - 1) / repeats, abs=1e-4)
    assert found(lambda n: "site-lanyue") == pytest.approx(1 - lost / repeats, abs=1e-4)
    assert found(lambda n: f"own-{n}") == pytest.approx(1 - lost / repeats, abs=1e-4)

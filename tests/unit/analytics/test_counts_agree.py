"""The read models count as casework counts: 件次, 件, 人次, 人 and the most insistent petitioner, whatever the links."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import LinkKind
from services.analytics.rows import counts, place_in_case
from services.domain.case.links import counts as casework_counts
from services.domain.case.values import Link
from services.domain.rulebook import read_rule_book

RULES = read_rule_book(Path(__file__).parents[3] / "deploy" / "rules").indicators
START = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = st.sampled_from([k for k in LinkKind if k is not LinkKind.SPLIT])
LINK = st.tuples(KINDS, st.sampled_from([None, "p1", "p2", "p3"]), st.integers(1, 4), st.sampled_from([25, 50, 75, 100]), st.integers(0, 40))


def row(number: int, case: int, link: tuple[LinkKind, str | None, int, int, int]) -> dict[str, Any]:
    kind, reporter, signatories, weight, day = link
    at = START + timedelta(days=day)
    share = Decimal(weight) / 100
    return {
        "complaint_id": UUID(int=case * 1000 + number), "case_id": UUID(int=case), "received_at": at, "received_on": at.date(), "kind": kind.value,
        "reporter": reporter, "weight": share, "persons": share * signatories, "environmental": True, "key_item": False,
        "channel": "OTHER", "place_key": None, "respondent_key": None, "anonymous": reporter is None,
    }  # fmt: skip


def link_of(r: dict[str, Any], signatories: int) -> Link:
    return Link(
        id=str(r["complaint_id"]), complaint_id=str(r["complaint_id"]), receipt_no="R", kind=LinkKind(r["kind"]), received_at=r["received_at"],
        reporter=r["reporter"], signatories=signatories, weight=r["weight"],
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(LINK, max_size=7), min_size=1, max_size=4))
def test_counts_of_read_models_are_those_of_casework(cases: list[list[tuple[LinkKind, str | None, int, int, int]]]) -> None:
    rows = [[row(n, case, link) for n, link in enumerate(links)] for case, links in enumerate(cases, 1)]
    expected = casework_counts([[link_of(r, link[2]) for r, link in zip(own, links, strict=True)] for own, links in zip(rows, cases, strict=True)])
    placed = [r for own in rows for r in place_in_case(own, {"status": "opened", "supervised_on": None, "unit": None, "leader": None, "site_key": None})]
    counted = {name: RULES.measures[name].count(placed) for name in ("deliveries", "submissions", "person_times", "petitioners", "matters")}
    assert counted == {
        "deliveries": expected.deliveries, "submissions": expected.submissions, "person_times": expected.person_times,
        "petitioners": expected.petitioners, "matters": expected.matters,
    }  # fmt: skip
    known = [counts(own, None) for own in rows]
    assert sum((k["complaints"] for k in known), Decimal(0)) == expected.submissions
    insistent = max((r["reporter_ordinal"] or 0 for r in placed), default=0)
    assert insistent == expected.repeat_ordinal


def test_only_the_same_person_again_is_a_repeat_and_new_facts_are_not() -> None:
    links = [
        (LinkKind.FIRST_REPORT, "p1", 1, 100, 0), (LinkKind.MERGED_REPORT, "p2", 1, 100, 1), (LinkKind.REPEAT_PETITION, "p1", 1, 100, 2),
        (LinkKind.FOLLOW_ON, "p1", 1, 100, 3), (LinkKind.RECURRENCE, "p2", 1, 100, 4), (LinkKind.DUPLICATE_DELIVERY, "p1", 1, 100, 5),
    ]  # fmt: skip
    case = {"status": "opened", "supervised_on": date(2026, 3, 3), "unit": None, "leader": None, "site_key": None}
    placed = place_in_case([row(n, 1, link) for n, link in enumerate(links)], case)
    assert RULES.measures["repeats"].count(placed) == 2, "the repeat and the recurrence, not the new facts, not the second delivery"
    assert RULES.measures["same_problem"].count(placed) == 4
    assert [r["case_ordinal"] for r in placed] == [1, 2, 3, 4, 5, None]
    assert [r["after_supervision"] for r in placed] == [False, False, True, True, True, True]


def test_a_declined_matter_has_no_valid_complaint() -> None:
    case = {"status": "declined", "supervised_on": None, "unit": None, "leader": None, "site_key": None}
    [placed] = place_in_case([row(1, 1, (LinkKind.FIRST_REPORT, "p1", 1, 100, 0))], case)
    assert not placed["valid"]

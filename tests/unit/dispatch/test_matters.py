"""What routing is told of an opened case."""

from __future__ import annotations

from datetime import UTC, date, datetime

from services.dispatch.matters import matter_of
from tests.support.office import opened
from tests.unit.domain.cities import example


def test_the_day_of_the_rules_is_the_day_in_china() -> None:
    event = opened(occurred_at=datetime(2026, 3, 31, 20, 0, tzinfo=UTC))
    assert matter_of(event, example()).day == date(2026, 4, 1)


def test_a_day_that_is_given_is_the_day() -> None:
    assert matter_of(opened(), example(), day=date(2026, 1, 2)).day == date(2026, 1, 2)

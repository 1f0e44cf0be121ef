"""Emergencies: clocks by grade, paging up the ladder, neighbours and recipients."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.domain import emergency as em
from services.domain.principals import Role
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import MACHINE, person, rule_book

BOOK = rule_book()
TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)

EVENT = em.Emergency("e1", "c1", "429304", ("鱼大量死亡",), AT, neighbours=("429305",))
DUTY = person("duty", Role.DUTY_OFFICER)
RULES_EM = BOOK.emergency


@pytest.mark.parametrize(
    ("grade", "hours"), [(None, 2), (em.Grade.I, 2), (em.Grade.II, 2), (em.Grade.III, 4), (em.Grade.IV, 4)]
)
def test_two_hours_until_graded_four_for_the_lower_grades(grade, hours):
    event = EVENT if grade is None else em.grade(EVENT, grade, DUTY)
    assert isinstance(event, em.Emergency)
    assert em.report_due(event, RULES_EM) == AT + timedelta(hours=hours)


def test_a_sensitive_place_keeps_the_stricter_pace():
    event = em.grade(EVENT, em.Grade.IV, DUTY, sensitive=("饮用水水源地",))
    assert isinstance(event, em.Emergency) and em.report_due(event, RULES_EM) == AT + timedelta(hours=2)


def test_nobody_acknowledging_pages_ever_higher_and_acknowledging_stops_it():
    pages = em.pages(EVENT, RULES_EM)
    assert [page.at for page in pages] == [AT + timedelta(minutes=m) for m in (0, 5, 15, 30, 60)]
    assert len({page.key for page in pages}) == 5 and "鱼大量死亡" in pages[0].text
    taken = em.acknowledge(EVENT, DUTY, AT + timedelta(minutes=7))
    assert isinstance(taken, em.Emergency) and em.pages(taken, RULES_EM) == ()
    again = em.acknowledge(taken, person("other", Role.DUTY_OFFICER), AT + timedelta(minutes=9))
    assert again == taken
    assert isinstance(em.acknowledge(EVENT, MACHINE, AT), Refusal)


def test_neighbours_are_told_at_once_and_not_after_a_false_alarm():
    assert em.notices(EVENT) == (("429305", "相邻区域发生疑似突发环境事件（鱼大量死亡），请关注。"),)
    calm = em.dismiss(EVENT, DUTY, "现场核实为误报", AT)
    assert isinstance(calm, em.Emergency) and em.notices(calm) == () and em.pages(calm, RULES_EM) == ()
    assert isinstance(em.dismiss(EVENT, MACHINE, "误报", AT), Refusal)


def test_the_recipients_and_the_table_for_grading_are_data_with_dates():
    assert "生态环境部" in em.recipients(EVENT, RULES_EM)
    graded = em.grade(EVENT, em.Grade.IV, DUTY)
    assert isinstance(graded, em.Emergency) and "生态环境部" not in em.recipients(graded, RULES_EM)
    old, new = em.grade_table(RULES_EM, date(2013, 1, 1)), em.grade_table(RULES_EM, TODAY)
    assert old is not None and new is not None and old.source != new.source
    assert em.grade_table(RULES_EM, date(2000, 1, 1)) is None
    assert {em.Grade.I.label, em.Grade.IV.label} == {"特别重大", "一般"}

"""A task force: a person, measures to come and a deadline for every unit, and nobody with a stake."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from contracts.vocabulary import PollutionType, RiskArea, UnitRole
from services.domain.city_check import check_texts
from services.domain.routing import route
from services.domain.task_force import form_task_force

from .cities import SHILING, TODAY, a_matter, changed, example
from .test_routing import matters

T = PollutionType


def formed(matter, city=None, **options):  # type: ignore[no-untyped-def]
    city = city or example()
    return form_task_force(matter, route(matter, city), city, **options)


def test_an_officer_with_a_stake_steps_aside_for_a_colleague() -> None:
    force = formed(a_matter(respondent="鑫远建设食堂"))
    assert force.members[0].officer.id == "da-cg-2"
    assert len(force.recused) == 1
    assert formed(a_matter()).members[0].officer.id == "da-cg-1"
    assert formed(a_matter(), recused=("da-cg-1",)).members[0].officer.id == "da-cg-2"


def test_where_a_unit_has_nobody_else_the_desks_officer_sits_for_it() -> None:
    dust = a_matter((T.AIR, 0.9), subtype=("施工扬尘", 0.9))
    assert formed(dust).members[0].officer.id == "da-zj-1"
    lead = formed(dust, recused=("da-zj-1",)).members[0]
    assert (lead.unit, lead.officer.unit) == ("da-zj", "da-xf")
    nobody_here = formed(dust, recused=("da-zj-1", "da-xf-1", "da-xf-2")).members[0]
    assert nobody_here.officer.unit == "city-xf"


def test_the_least_loaded_officer_sits() -> None:
    assert formed(a_matter(), loads={"da-cg-1": 3, "da-cg-2": 1}).members[0].officer.id == "da-cg-2"


def test_the_lead_comes_first_with_measures_and_a_deadline_in_calendar_days() -> None:
    force = formed(a_matter())
    lead, other = force.members
    assert (force.template, lead.unit, lead.role, other.role) == ("standard", "da-cg", UnitRole.LEAD, UnitRole.CO_HANDLING)
    assert {measure.deadline for measure in lead.measures} == {TODAY + timedelta(days=15)}
    assert {measure.deadline for measure in other.measures} == {TODAY + timedelta(days=10)}
    assert lead.source


def test_an_inspection_shortens_the_deadline_and_never_lengthens_it() -> None:
    deadline = {measure.deadline for measure in formed(a_matter(supervised=True)).members[0].measures}
    assert deadline == {TODAY + timedelta(days=10)}
    slow = check_texts(changed("task_forces.yaml", "supervised_deadline_days: 10", "supervised_deadline_days: 90"))
    assert {m.deadline for m in formed(a_matter(supervised=True), slow).members[0].measures} == {TODAY + timedelta(days=15)}


def test_deadlines_cross_months_and_leap_days() -> None:
    assert formed(a_matter(day=date(2028, 2, 20))).members[0].measures[0].deadline == date(2028, 3, 6)


def test_a_risk_area_has_its_own_template_and_brings_in_the_units_it_asks_for() -> None:
    tailings = a_matter((T.WATER, 0.9), subtype=("偷排", 0.9), region=SHILING, risk_area=RiskArea.TAILINGS)
    force = formed(tailings)
    assert force.template == "tailings"
    (safety,) = [member for member in force.members if example().unit(member.unit).kind == "应急"]
    assert safety.measures[0].deadline == TODAY + timedelta(days=3)


@pytest.mark.parametrize("label", ["小水电生态流量", "小水电", "生态流量"])
def test_small_hydropower_is_asked_the_four_questions(label: str) -> None:
    force = formed(a_matter((T.ECOLOGY, 0.9), subtype=(label, 0.9)))
    assert force.template == "hydropower"
    assert [measure.text[:4] for measure in force.members[0].measures] == ["核查该拆", "核查该关", "核查该整", "核查生态"]


@settings(max_examples=150, deadline=None)
@given(matters)
def test_every_unit_of_a_route_has_a_person_measures_and_a_deadline_that_is_still_to_come(matter) -> None:  # type: ignore[no-untyped-def]
    city = example()
    decision = route(matter, city)
    force = form_task_force(matter, decision, city)
    units = [member.unit for member in force.members]
    assert units[0] == decision.lead
    assert set(units) >= {decision.lead, *decision.co_handling}
    assert len(set(units)) == len(units)
    assert [member.role for member in force.members].count(UnitRole.LEAD) == 1
    for member in force.members:
        assert member.officer in city.document.officers
        assert all(measure.deadline > matter.day for measure in member.measures)
        assert member.measures

"""Supplies, experts and teams: the nearest fitting ones, never what is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.domain.case.values import Position
from services.domain.resources import Hazard, Resource, ResourceKind, nearest
from tests.unit.domain.case.office import rule_book

BOOK = rule_book()
TODAY = date(2026, 3, 2)



def resource(id_: str, east: float, **changes) -> Resource:
    base = Resource(
        id_, ResourceKind.SUPPLY, f"{id_}围油栏", frozenset({Hazard.OIL}), Position(latitude=32, longitude=110 + east),
        "薛某", "0000", "429304", amount=200, unit="米", checked_on=TODAY,
    )  # fmt: skip
    return replace(base, **changes)


def test_the_nearest_fitting_help_is_proposed_and_never_what_is_gone_or_expired():
    here = Position(latitude=32, longitude=110)
    pool = [
        resource("far", 0.5),
        resource("near", 0.1),
        resource("acid", 0.01, hazards=frozenset({Hazard.ACID_ALKALI})),
        resource("used", 0.02, available=False),
        resource("old", 0.02, expires_on=date(2026, 1, 1)),
        resource("general", 0.01, hazards=frozenset({Hazard.GENERAL})),
        resource("expert", 0.3, kind=ResourceKind.EXPERT, amount=None, checked_on=None),
    ]
    help_ = BOOK.registers.help
    found = nearest(pool, here, [Hazard.OIL], TODAY, help_)
    assert [item.resource.id for item in found] == ["near", "far", "general", "expert"]
    assert found[0].sentence == "物资“near围油栏”（适用油类，200米），约9.4公里，联系人薛某。"
    assert found[3].doubtful and "久未核实" in found[3].sentence
    many = help_.model_copy(update={"per_kind": 9})
    assert len(nearest(pool, here, [], TODAY, many)) == 5, "not knowing the hazard, everything near may help"

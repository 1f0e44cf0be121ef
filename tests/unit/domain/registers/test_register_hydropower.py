"""Small hydropower: the speech's checks per station, and the list per county."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.domain import hydropower as hp
from services.domain.refusals import Refusal

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)



def station(id_: str, decided: hp.StationClass, **changes) -> hp.Station:
    base = hp.Station(
        id_, f"{id_}电站", "竹溪县", "官渡河", decided, date(2026, 6, 30), "县水利局", "方某", 0.5
    )
    return replace(base, **changes)


def test_each_class_has_its_checks_of_the_speech():
    assert {kind: hp.items_of(station("a", kind)) for kind in hp.StationClass} == {
        hp.StationClass.REMOVE: (hp.CheckItem.REMOVED,),
        hp.StationClass.SHUT: (hp.CheckItem.SHUT,),
        hp.StationClass.RECTIFY: (hp.CheckItem.RECTIFIED, hp.CheckItem.FLOW),
        hp.StationClass.KEEP: (hp.CheckItem.FLOW,),
    }


def test_a_flow_is_met_by_measurement_only_and_a_removal_by_evidence_only():
    keep = station("a", hp.StationClass.KEEP)
    check = hp.StationCheck("a", TODAY, "方某", done=True)
    assert hp.results(keep, check)[0].met is None
    low = replace(check, flows=(hp.FlowReading(0.6, AT - timedelta(days=1)), hp.FlowReading(0.2, AT)))
    assert hp.results(keep, low)[0].met is False and "未达到" in hp.results(keep, low)[0].sentence
    assert hp.results(replace(keep, required_flow=None), low)[0].sentence == "未核定生态流量。"
    gone = station("b", hp.StationClass.REMOVE)
    assert hp.results(gone, check)[0].met is None
    assert hp.results(gone, replace(check, evidence=("e1",)))[0].met is True
    assert hp.results(gone, None)[0].sentence == "尚未核查。"


def test_the_county_list_counts_every_station_once_and_names_the_overdue():
    stations = [
        station("a", hp.StationClass.REMOVE),
        station("b", hp.StationClass.SHUT, deadline=date(2026, 1, 1)),
        station("c", hp.StationClass.RECTIFY),
        station("d", hp.StationClass.KEEP, county="竹山县"),
    ]
    checks = [
        hp.StationCheck("a", TODAY - timedelta(days=9), "方某", done=False),
        hp.StationCheck("a", TODAY, "方某", done=True, evidence=("e",)),
        hp.StationCheck("c", TODAY, "方某", done=True, evidence=("e",)),
    ]
    first, second = hp.county_list(stations, checks, TODAY)
    assert (first.county, first.total, first.done, first.running, first.unchecked) == ("竹溪县", 3, 1, 1, 0)
    assert first.overdue == ("b电站",) and (second.county, second.unchecked) == ("竹山县", 1)
    measures = hp.template(stations[2], TODAY, "water")
    assert not isinstance(measures, Refusal)
    assert [item.target for item in measures] == ["核查确认整改到位", "下泄不少于0.5m³/s"]
    assert isinstance(hp.template(stations[1], TODAY, "water"), Refusal)

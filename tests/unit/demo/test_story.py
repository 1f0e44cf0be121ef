"""The demonstration's complaints are many, different, deterministic, and what is said to be true of them is true."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from contracts.submitted import ComplaintSubmitted, parse_submitted
from contracts.vocabulary import PollutionType
from services.demo.story import Matter, matters
from services.demo.stream import CHANGES, CHANNELS, DemoRecord, Fate, stream
from services.domain.city import City
from services.domain.city_schema import District
from services.domain.identity import reporter_key
from services.domain.regions import find_region

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
CITY = Path(__file__).resolve().parents[3] / "deploy" / "city" / "example"


@pytest.fixture(scope="module")
def records() -> list[DemoRecord]:
    return stream(7, NOW)


def of(records: list[DemoRecord], *fates: Fate) -> list[DemoRecord]:
    return [record for record in records if record.expectation.fate in fates]


def parsed(record: DemoRecord) -> ComplaintSubmitted:
    complaint = parse_submitted(record.value)
    assert isinstance(complaint, ComplaintSubmitted), complaint
    return complaint


def test_malformed_records_are_refused_for_exactly_the_stated_reasons(records: list[DemoRecord]) -> None:
    bad = of(records, Fate.REJECTED)
    assert len(bad) >= 10
    for record in bad:
        outcome = parse_submitted(record.value)
        assert isinstance(outcome, list)
        assert tuple(sorted(f"{r.field}: {r.code}" for r in outcome)) == record.expectation.reasons
    codes = {reason.split(": ")[1] for record in bad for reason in record.expectation.reasons}
    assert codes >= {"NOT_JSON", "NOT_UTF8", "MISSING", "TOO_LONG", "BAD_TIME"}


def test_everything_else_is_accepted_under_the_stated_number_with_nothing_set_aside(records: list[DemoRecord]) -> None:
    for record in of(records, Fate.REGISTERED, Fate.RESEND, Fate.CHANGED):
        complaint = parsed(record)
        assert (complaint.source, complaint.external_id) == record.expectation.identity
        assert complaint.set_aside == ()
        assert record.key == complaint.external_id.encode()


def test_equal_arguments_give_equal_bytes_and_another_run_other_numbers(records: list[DemoRecord]) -> None:
    assert stream(7, NOW) == records
    later = of(stream(7, NOW + timedelta(minutes=1)), Fate.REGISTERED)
    assert not {r.key for r in later} & {r.key for r in of(records, Fate.REGISTERED)}


def test_there_are_four_hundred_complaints_of_eighty_matters_on_six_channels(records: list[DemoRecord]) -> None:
    complaints = of(records, Fate.REGISTERED)
    assert len(complaints) >= 400
    assert len({r.expectation.matter for r in complaints}) >= 80
    per_channel = Counter(parsed(r).channel for r in complaints)
    assert set(per_channel) == set(CHANNELS)
    assert min(per_channel.values()) >= 10


def test_numbers_are_unique_and_no_two_complaints_say_the_same(records: list[DemoRecord]) -> None:
    complaints = of(records, Fate.REGISTERED)
    assert len({r.expectation.identity for r in complaints}) == len(complaints)
    assert len({parsed(r).text for r in complaints}) == len(complaints)


def test_a_resend_is_the_same_content_after_the_original_and_a_change_is_not(records: list[DemoRecord]) -> None:
    seen: dict[tuple[str, str], bytes] = {}
    for record in of(records, Fate.REGISTERED, Fate.RESEND, Fate.CHANGED):
        identity, fate = record.expectation.identity, record.expectation.fate
        assert (identity in seen) == (fate is not Fate.REGISTERED)
        if fate is Fate.RESEND:
            assert record.value == seen[identity]
        elif fate is Fate.CHANGED:
            assert record.value != seen[identity]
        seen[identity] = record.value
    assert len(of(records, Fate.RESEND)) >= 15
    assert 1 <= len(of(records, Fate.CHANGED)) <= CHANGES


def test_times_lie_in_the_days_before_now(records: list[DemoRecord]) -> None:
    times = [parsed(record).received_at for record in of(records, Fate.REGISTERED)]
    assert max(times) <= NOW
    assert min(times) >= NOW - timedelta(days=20)
    assert len({t.date() for t in times}) >= 14


def test_the_same_person_is_recognised_by_the_petitioner_block_and_others_are_not(records: list[DemoRecord]) -> None:
    people: dict[str, set[bytes]] = defaultdict(set)
    for record in of(records, Fate.REGISTERED):
        complaint = parsed(record)
        key = reporter_key(complaint.petitioner, complaint.source, b"k" * 32)
        assert (key is None) == (record.expectation.person is None)
        if key is not None:
            people[record.expectation.person or ""].add(key)
    assert all(len(keys) == 1 for keys in people.values())
    assert len(set().union(*people.values())) == len(people)


def test_some_people_complain_about_two_matters_side_by_side(records: list[DemoRecord]) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for record in of(records, Fate.REGISTERED):
        if record.expectation.person:
            told[record.expectation.person].add(record.expectation.matter or "")
    assert len([person for person, about in told.items() if len(about) == 2]) >= 4


def test_some_matters_make_a_leader_due_by_repeats_and_some_by_people(records: list[DemoRecord]) -> None:
    told: dict[str, Counter[str | None]] = defaultdict(Counter)
    for record in of(records, Fate.REGISTERED):
        told[record.expectation.matter or ""][record.expectation.person] += 1
    story = {matter.id: matter for matter in matters()}
    for id, people in told.items():
        assert sum(people.values()) == sum(story[id].voices)
    assert sum(max(n for p, n in people.items() if p) >= 3 for people in told.values() if any(people)) >= 10
    assert sum(len([p for p in people if p]) >= 5 for people in told.values()) >= 8


def test_emergencies_key_items_and_the_border_are_in_it(records: list[DemoRecord]) -> None:
    complaints = of(records, Fate.REGISTERED)
    assert len([r for r in complaints if r.expectation.emergency]) >= 3
    assert all("泄漏" in parsed(r).text for r in complaints if r.expectation.emergency)
    assert not any("泄漏" in parsed(r).text for r in complaints if not r.expectation.emergency)
    assert any(r.expectation.key_item and r.expectation.identity[1].endswith("*") for r in complaints)
    crossing = [parsed(r) for r in complaints if r.expectation.matter == "cross-liuxi"]
    assert any("东岸区" in c.text and "临江区" in c.text for c in crossing)


def test_people_sometimes_give_themselves_away_in_the_text(records: list[DemoRecord]) -> None:
    assert sum("1990000" in parsed(r).text for r in of(records, Fate.REGISTERED)) >= 20


# ------------------------------------------------------------------------------------------------ the data itself


def test_every_telling_is_a_sentence_of_its_own() -> None:
    tellings = [telling for matter in matters() for telling in matter.tellings]
    assert len(tellings) >= 250
    assert len(set(tellings)) == len(tellings)
    assert not [t for t in tellings if t.endswith(("。", "，", " ")) or len(t) < 12 or "{" in t.replace("{since}", "")]


def test_tellings_of_one_matter_are_really_different() -> None:
    def grams(text: str) -> set[str]:
        return {text[i : i + 2] for i in range(len(text) - 1)}

    alike = [
        (a, b)
        for matter in matters()
        for a, b in itertools.combinations(matter.tellings, 2)
        if len(grams(a) & grams(b)) / len(grams(a) | grams(b)) > 0.5
    ]
    assert alike == []


def test_look_alikes_name_another_matter_of_the_story() -> None:
    story = {matter.id: matter for matter in matters()}
    near = [matter for matter in matters() if matter.near]
    assert len(near) >= 12
    assert all(matter.near in story and matter.near != matter.id for matter in near)


def test_kinds_use_the_words_of_the_vocabulary() -> None:
    types = {matter.kind.split("/")[0] for matter in matters()}
    assert types <= {*PollutionType, "非环境"}
    assert types >= {"噪声", "大气", "水", "固废", "生态", "辐射", "光", "土壤", "非环境"}


def test_places_are_those_of_the_example_city(records: list[DemoRecord]) -> None:
    districts = YAML(typ="safe").load((CITY / "districts.yaml").read_text("utf-8"))["districts"]
    towns = {t["name"]: (d["name"], str(d["code"])) for d in districts for t in d["towns"]}
    for matter in matters():
        for place in filter(None, (matter.place, matter.cross)):
            assert towns[place.town] == (place.district, place.code)


def test_the_region_of_every_complaint_can_be_found(records: list[DemoRecord]) -> None:
    districts = YAML(typ="safe").load((CITY / "districts.yaml").read_text("utf-8"))["districts"]
    city = _city([District.model_validate(d) for d in districts])
    story: dict[str, Matter] = {matter.id: matter for matter in matters()}
    wrong = []
    for record in of(records, Fate.REGISTERED):
        c, matter = parsed(record), story[record.expectation.matter or ""]
        found = find_region(c.region_code, c.address, f"{c.title or ''} {c.text}", city, name=c.region_name)
        if found.code not in {p.code for p in (matter.place, matter.cross) if p}:
            wrong.append((matter.id, found))
    assert wrong == []


def _city(districts: list[District]) -> City:
    """A city of districts only: what the gazetteer needs."""
    from types import SimpleNamespace
    from typing import cast

    class Bare(SimpleNamespace):
        __hash__ = object.__hash__

    lineage = {code: d.code for d in districts for code in (d.code, *(t.code for t in d.towns))}
    return cast(City, Bare(document=SimpleNamespace(districts=districts), district_of=lambda code: lineage.get(code or "")))

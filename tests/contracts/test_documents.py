"""The published documents are what the code says; old events stay readable."""

import json
from pathlib import Path

import pytest

from contracts import generate
from contracts.topics import TOPICS, Topic, every_topic

GOLDEN = Path(__file__).parent / "golden"


def test_generated_documents_are_up_to_date() -> None:
    stale = [path.name for path, text in generate.documents().items() if not path.exists() or path.read_text("utf-8") != text]
    assert stale == [], "run: make contracts"


def holds_all_of(read: object, old: object) -> bool:
    """Whether everything in `old` is there and unchanged; optional fields of later versions may stand beside it."""
    if isinstance(old, dict) and isinstance(read, dict):
        return all(name in read and holds_all_of(read[name], value) for name, value in old.items())
    if isinstance(old, list) and isinstance(read, list):
        return len(read) == len(old) and all(map(holds_all_of, read, old))
    return read == old


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_keeps_an_old_event_and_reads_it_back(topic: Topic) -> None:
    kept = sorted(GOLDEN.glob(f"{topic.name}*.json"))
    assert kept, f"keep a golden event of {topic.name} in {GOLDEN.name}/"
    for path in kept:
        old = json.loads(path.read_text("utf-8"))
        read = json.loads(topic.payload.model_validate(old).model_dump_json(exclude_none=True))
        assert holds_all_of(read, old)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_reader_ignores_fields_of_a_later_version(topic: Topic) -> None:
    old = json.loads(sorted(GOLDEN.glob(f"{topic.name}*.json"))[0].read_text("utf-8"))
    assert topic.payload.model_validate({**old, "added_later": {"x": 1}})


def test_identities_and_tokens_stand_in_one_topic_each_read_by_one_service_and_short_lived() -> None:
    restricted = {topic.name: topic.reader for topic in every_topic() if topic.restricted}
    assert restricted == {
        "petition.complaint.submitted.v1": "petitions-intake",
        "petition.case.command.v1": "petitions-casework",
    }
    assert all(topic.retention.days <= 7 for topic in every_topic() if topic.restricted)


def test_topic_names_collide_nowhere() -> None:
    names = [topic.name for topic in every_topic()]
    assert len(names) == len(set(names)) and not any("_" in name for name in names)


def test_the_key_of_every_topic_is_a_field_of_its_payload() -> None:
    for topic in every_topic():
        assert topic.key in topic.payload.model_fields, topic.name

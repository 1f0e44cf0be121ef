"""How services are laid out over processes."""

from services.registry import LAYOUT, SERVICES, layout_of, process_names


def test_every_service_runs_in_exactly_one_group() -> None:
    assert sorted(name for group in LAYOUT for name in group) == sorted(SERVICES)


def test_a_service_has_as_many_processes_as_it_has_workers_each_with_a_name_of_its_own() -> None:
    layout = layout_of(("intake", "triage", "relay"), {"triage": 3})
    assert layout == [("intake",), ("triage",), ("triage",), ("triage",), ("relay",)]
    assert process_names(layout) == ["intake", "triage", "triage-2", "triage-3", "relay"]


def test_a_group_runs_only_what_is_asked_for() -> None:
    assert layout_of(("registers", "analytics"), {}) == [("registers", "analytics")]

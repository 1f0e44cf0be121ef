"""What deploys the services names services, topics, variables and metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

from contracts.topics import BY_NAME
from services.cli import COMMANDS
from services.infra import metrics
from services.infra.settings import PREFIX, Settings
from services.registry import SERVICES

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
METRIC = re.compile(r"petitions_[a-z_]+")
SUFFIXES = ("_total", "_bucket", "_sum", "_count")


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in YAML(typ="safe").load_all(path.read_text("utf-8")) if document]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [d for path in MANIFESTS for d in documents(path) if d.get("kind") == kind]


def known_metrics() -> set[str]:
    assert metrics.HANDLED
    return {family.name for family in REGISTRY.collect() if family.name.startswith("petitions_")}


def base(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_deployment_and_a_place_in_compose(name: str) -> None:
    [deployment] = [d for d in of_kind("Deployment") if d["metadata"]["name"] == name]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["serve", name]
    assert deployment["spec"]["selector"]["matchLabels"] == {"service": name}
    [compose] = documents(DEPLOY / "compose.yaml")
    assert compose["services"][name]["command"] == ["serve", name]


def test_what_runs_beside_the_services_is_a_command_that_exists() -> None:
    [job] = of_kind("Job")
    [container] = job["spec"]["template"]["spec"]["containers"]
    [compose] = documents(DEPLOY / "compose.yaml")
    assert container["args"] == compose["services"]["migrate"]["command"] == ["migrate"]
    assert "migrate" in COMMANDS


def test_workers_scale_on_the_lag_of_their_group_and_never_past_the_partitions() -> None:
    for scaled in of_kind("ScaledObject"):
        [trigger] = scaled["spec"]["triggers"]
        about = trigger["metadata"]
        assert scaled["spec"]["scaleTargetRef"]["name"] == about["consumerGroup"] in SERVICES
        assert scaled["spec"]["maxReplicaCount"] <= BY_NAME[about["topic"]].partitions


def test_every_manifest_is_applied() -> None:
    [kustomization] = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert set(kustomization["resources"]) == {path.name for path in MANIFESTS} - {"kustomization.yaml"}


@pytest.mark.parametrize("path", [*MANIFESTS, DEPLOY / "compose.yaml", DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_variables_are_those_the_settings_read(path: Path) -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {"PETITIONS_DB_PASSWORD"}
    assert set(re.findall(r"PETITIONS_[A-Z_]+", path.read_text("utf-8"))) <= known


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_alerts_and_dashboard_ask_for_metrics_there_are(name: str) -> None:
    asked = {base(metric) for metric in METRIC.findall((DEPLOY / "observe" / name).read_text("utf-8"))}
    assert asked - known_metrics() == set()


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    text = (DEPLOY / "observe" / "dashboard.json").read_text("utf-8")
    assert json.loads(text)["panels"]
    assert known_metrics() - {base(metric) for metric in METRIC.findall(text)} == set()


def test_every_alert_says_what_is_felt_and_what_to_do() -> None:
    [document] = documents(DEPLOY / "observe" / "alerts.yaml")
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    assert all(set(rule["annotations"]) == {"summary", "action"} and rule["labels"]["severity"] in ("page", "ticket") for rule in rules)


def test_every_decision_fits_a_screen_and_has_its_parts() -> None:
    for path in (DEPLOY / "decisions").glob("*.md"):
        text = path.read_text("utf-8")
        assert len(text) < 2500, path.name
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences", "Instead of", "See")), path.name

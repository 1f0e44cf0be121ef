"""Kafka and PostgreSQL of somebody else, named by configuration: TLS, SASL, and nothing started by us."""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.infra.settings import Settings
from services.infra.topics import ping
from services.registry import layout_of, process_names
from services.stack import Postgres
from services.stack.state import State
from tests.support.complaints import a_complaint
from tests.support.processes import ROOT
from tests.support.secured import PASSWORD, USER, SecuredKafka, TlsOnly, certificates
from tests.support.sentences import assert_one_sentence

pytestmark = pytest.mark.timeout(300)
Given = dict[str, str]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, template: str) -> Iterator[Given]:
    """The environment of an installation whose broker and database are elsewhere."""
    folder = tmp_path_factory.mktemp("secured")
    authority, server = certificates(folder)
    kafka = SecuredKafka(folder / "kafka-home", server)
    kafka.add_user(kafka.start().port)
    port = postgres.start().port
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE secured")
    with TlsOnly(port, server).open() as door:
        plain = postgres.dsn(door.port, "secured")
        yield {
            "PETITIONS_HOME": str(folder / "home"),
            "PETITIONS_KAFKA": f"127.0.0.1:{kafka.secured}",
            "PETITIONS_KAFKA_SECURITY": "SASL_SSL",
            "PETITIONS_KAFKA_CA": str(authority),
            "PETITIONS_KAFKA_USER": USER,
            "PETITIONS_KAFKA_PASSWORD": PASSWORD,
            "PETITIONS_DATABASE": f"{plain}?sslmode=verify-full&sslrootcert={authority}",
        }
    kafka.stop()
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE secured WITH (FORCE)")


def petitions(given: Given, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in that environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PETITIONS_")} | given
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def cases(given: Given) -> list[dict[str, Any]]:
    shown = petitions(given, "cases", "--json")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)  # type: ignore[no-any-return]


def test_complaints_reach_their_unit_through_scram_and_tls_with_nothing_started_here(given: Given, tmp_path: Path) -> None:
    file = tmp_path / "complaints.jsonl"
    file.write_text("".join(json.dumps(a_complaint(n, matters=3)) + "\n" for n in range(6)), "utf-8")
    up = petitions(given, "up", "--detach", "--services", "intake,triage,dispatch,relay")
    try:
        assert up.returncode == 0, up.stderr
        running = set(State(Path(given["PETITIONS_HOME"])).read())
        assert running == {"supervisor", *process_names(layout_of(("intake", "triage", "dispatch", "relay")))}
        assert petitions(given, "publish", str(file)).returncode == 0
        deadline = time.monotonic() + 60
        while sum(c["complaints"] for c in cases(given) if c["lead"]) < 6 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert sum(c["complaints"] for c in cases(given) if c["lead"]) == 6
        told = json.loads(petitions(given, "doctor", "--json").stdout)
        assert [finding for finding in told if not finding["good"]] == []
    finally:
        down = petitions(given, "down")
    assert down.stdout == "ended: services\n"


# aiokafka leaves the connection of a refused authentication to the collector, which is loud about it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("mechanism", "password", "answers"), [("PLAIN", PASSWORD, True), ("PLAIN", "wrong", False), ("SCRAM-SHA-512", "wrong", False)])
async def test_the_broker_answers_only_who_knows_the_password(given: Given, mechanism: str, password: str, answers: bool) -> None:
    settings = Settings(
        kafka=given["PETITIONS_KAFKA"], kafka_security="SASL_SSL", kafka_ca=Path(given["PETITIONS_KAFKA_CA"]), kafka_user=USER,
        kafka_password=password, kafka_sasl=mechanism,  # type: ignore[arg-type]
    )  # fmt: skip
    assert await ping(settings) is answers
    gc.collect()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PETITIONS_KAFKA_PASSWORD": "wrong"}, "Kafka"),
        ({"PETITIONS_KAFKA_CA": ""}, "Kafka"),
        ({"PETITIONS_DATABASE": "postgresql://nobody:wrong@127.0.0.1:9/none"}, "PETITIONS_DATABASE"),
    ],
    ids=["wrong password", "unknown authority", "no database there"],
)
def test_what_does_not_answer_is_one_sentence_with_the_variable_to_mend(given: Given, change: Given, named: str) -> None:
    failed = petitions({k: v for k, v in (given | change).items() if v}, "migrate")
    assert failed.returncode == 1
    assert_one_sentence(failed.stderr.strip().splitlines()[-1].removeprefix("petitions: "), named)

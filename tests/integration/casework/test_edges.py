"""The edges of the API: every refusal has a status and is reached; the document and the answers agree whatever is sent."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.casework.api.problems import FAMILIES, STATUS, body_of, status_of
from services.domain.refusals import CATALOGUE, REQUESTS, Refusal
from tests.integration.casework.conftest import Http
from tests.support.office import SUPERVISOR, Desk, assigned, case_id, opened

ROOT = Path(__file__).parents[3]


def raised() -> set[str]:
    """Codes that services refuse with, read from their source."""
    found: set[str] = set()
    for folder in ("casework", "triage", "console", "registers"):
        for path in (ROOT / "services" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("refuse", "refuse_as"):
                    if node.args and isinstance(node.args[0], ast.Constant):
                        found.add(str(node.args[0].value))
    return found


@pytest.mark.parametrize("code", sorted(CATALOGUE | REQUESTS))
def test_every_refusal_becomes_a_problem_with_its_rule_and_remedy(code: str) -> None:
    line = (CATALOGUE | REQUESTS)[code]
    body = body_of(Refusal(code, line.message, line.instead, line.provenance, "field"))
    assert 400 <= body["status"] < 600 and body["status"] == status_of(code)
    assert body["type"] == f"urn:petitions:refusal:{code}" and body["remedy"] and body["provenance"] and body["field"] == "field"


def test_no_refusal_of_the_edge_is_kept_that_nobody_gives() -> None:
    assert set(REQUESTS) - raised() == set()
    assert set(STATUS) <= set(CATALOGUE) | set(REQUESTS)
    assert set(FAMILIES) <= {code.partition(".")[0] for code in CATALOGUE | REQUESTS}


async def test_whatever_is_sent_is_answered_as_the_document_says(http: Http, desk: Desk) -> None:
    """Generated requests over the whole document: no failure of the server, no answer it does not describe."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis
    from hypothesis import HealthCheck, given, settings

    await desk.hear(opened(), assigned())
    document = (await http.client.get("/api/v1/openapi.json")).json()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith("/api/v1/") and "registers" not in path}
    schema = schemathesis.openapi.from_dict(document)
    problems: list[str] = []

    def operations() -> Iterator[Any]:
        for result in schema.get_all_operations():
            yield result.ok()

    for operation in operations():
        for case in draw(operation, given, settings(max_examples=6, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)):
            path = case.formatted_path.removeprefix("/api/v1").replace("%2F", "/") or "/"
            answer = await http.send(SUPERVISOR, case.method, path, params=case.query or None, json=case.body if isinstance(case.body, dict) else None)
            described = set(document["paths"][case.path][case.method.lower()]["responses"])
            if answer.status_code >= 500 and answer.status_code != 503:
                problems.append(f"{case.method} {path}: {answer.status_code} {answer.text[:200]}")
            elif str(answer.status_code) not in described | {"304", "405", "404"}:
                problems.append(f"{case.method} {path}: {answer.status_code} is not described")
            elif answer.status_code >= 400 and not answer.headers["content-type"].startswith("application/problem+json"):
                problems.append(f"{case.method} {path}: {answer.headers['content-type']}")
    assert problems == []
    assert (await http.get(SUPERVISOR, f"/cases/{case_id(1)}")).status_code == 200


def draw(operation: Any, given: Any, how: Any) -> list[Any]:
    """Requests for one operation, valid by its description and not."""
    drawn: list[Any] = []

    @how
    @given(case=operation.as_strategy())
    def take(case: Any) -> None:
        drawn.append(case)

    take()
    return drawn

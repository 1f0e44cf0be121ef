"""Whatever stands in an address or a form: the page says what is wrong, and no answer is a failure of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.console.access import Needs, declared, pages_of
from tests.support.console_server import Console, token_of

STRANGE = ("\0", "'; --", "9" * 60, "-1", "2026-13-45", "../../etc/passwd", "😀\u202e{{7*7}}", "%", "0000-00-00", "a" * 300)
PARAMETERS = (
    "q", "show", "after", "do", "back", "days", "from", "to", "region", "offset", "by", "measure", "site", "unit", "type", "channel", "leader",
    "respondent", "area", "cases", "status", "kind", "hazard", "term", "state", "mode", "origin", "next", "week", "only", "purpose", "version",
)  # fmt: skip
"""Names pages read from their address by themselves, beside those their routes declare."""
LEFT_OUT = {"/logout", "/live"}
"""One ends the session of this test, the other never ends."""


def routes(console: Console, method: str) -> list[APIRoute]:
    found = [route for route in pages_of(console.app.routes, "/api/") if isinstance(route, APIRoute)]
    return [r for r in found if method in r.methods and isinstance(declared(r), Needs) and r.path not in LEFT_OUT]


def filled(path: str, value: str) -> str:
    """The path with a value in every place of its own; what cannot stand in a path is left out of it."""
    from urllib.parse import quote

    return re.sub(r"\{\w+\}", quote(value.replace("/", "").replace(".", "")[:200] or "x", safe=""), path)


@pytest.mark.parametrize("who", ["supervisor-1", "admin-1"])
def test_no_address_makes_a_page_fail(console: Console, who: str) -> None:
    problems = []
    with console.login(who) as client:
        for n, route in enumerate(routes(console, "GET")):
            names = [*PARAMETERS, *(field.alias for field in route.dependant.query_params)]
            known = re.sub(r"\{case_no\}", console.case("measured"), route.path)
            for k in range(3):  # every page meets some of the values in every place, all pages together meet all
                value = STRANGE[(3 * n + k) % len(STRANGE)]
                for path in {filled(route.path, value), filled(known, "repeat_rate_submissions")}:
                    answer = client.get(path, params=dict.fromkeys(names, value))
                    if answer.status_code >= 500:
                        problems.append(f"{path} {value[:20]!r}: {answer.status_code}")
    assert problems == []


def test_no_form_makes_a_page_fail(console: Console) -> None:
    problems = []
    with console.login("supervisor-1") as client:
        token = token_of(client.get("/password"))
        for n, route in enumerate(routes(console, "POST")):
            for k in range(3):
                value = STRANGE[(3 * n + k) % len(STRANGE)]
                form: dict[str, Any] = dict.fromkeys(("version", "reason", "back", "purpose", "says", *(f.alias for f in route.dependant.body_params)), value)
                path = filled(re.sub(r"\{case_no\}", console.case("measured"), route.path), value)
                answer = client.post(path, data={**form, "_token": token})
                if answer.status_code >= 500:
                    problems.append(f"{path} {value[:20]!r}: {answer.status_code}")
    assert problems == []

"""Login by OpenID, against a real provider that runs here: code with PKCE, each answer once, only people we know."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from tests.support.console_server import Console

pytestmark = pytest.mark.filterwarnings("ignore")  # the provider's libraries warn about each other, in its own thread


@pytest.fixture(scope="module")
def provider(console: Console) -> Iterator[str]:
    """An OpenID provider on a loopback port; the console is told of it for the time being."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider's own libraries warn about each other
        import oidc_provider_mock

    with oidc_provider_mock.run_server_in_thread() as server:
        issuer = f"http://localhost:{server.server_port}"
        settings = console.office.settings
        told = settings.model_copy(update={"oidc_issuer": issuer, "oidc_client_id": "petitions", "oidc_client_secret": SecretStr("of-tests"), "oidc_claim": "sub"})
        console.office.__dict__["settings"] = told
        yield issuer
        console.office.__dict__["settings"] = settings


def authorize(client: httpx.Client, console: Console, sub: str, *, next_path: str = "/work") -> tuple[str, dict[str, list[str]]]:
    """Through the provider as this person: (address to come back to, what was asked of the provider)."""
    leaving = client.get("/login/oidc", params={"next": next_path})
    assert leaving.status_code == 303, leaving.text
    place = leaving.headers["location"]
    with httpx.Client(trust_env=False) as browser:
        answer = browser.post(place, data={"sub": sub})
    return answer.headers["location"], parse_qs(urlsplit(place).query)


def test_somebody_known_gets_in_where_they_wanted_to_go(console: Console, provider: str) -> None:
    with console.visitor() as client:
        back, asked = authorize(client, console, "da-cg-2")
        assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"] and len(asked["nonce"][0]) >= 32
        answer = client.get(back)
        assert answer.status_code == 303 and answer.headers["location"] == "/work"
        assert "雷立华" in client.get("/work").text


def test_the_same_answer_does_not_log_in_twice(console: Console, provider: str) -> None:
    with console.visitor() as client, console.visitor() as thief:
        back, _ = authorize(client, console, "da-cg-2")
        assert client.get(back).status_code == 303
        assert thief.get(back).status_code == 401 and thief.get("/work").status_code == 303


def test_an_answer_nobody_asked_for_is_refused(console: Console, provider: str) -> None:
    with console.visitor() as client:
        assert client.get("/login/oidc/back", params={"state": "made-up", "code": "made-up"}).status_code == 401


def test_somebody_the_provider_knows_and_we_do_not_stays_outside(console: Console, provider: str) -> None:
    with console.visitor() as client:
        back, _ = authorize(client, console, "stranger")
        answer = client.get(back)
        assert answer.status_code == 403 and "没有您的账号" in answer.text and client.get("/work").status_code == 303


def test_a_silent_provider_is_told_so_and_passwords_go_on(console: Console, provider: str) -> None:
    settings = console.office.settings
    console.office.__dict__["settings"] = settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    with console.visitor() as client:
        answer = client.get("/login/oidc")
        assert answer.status_code == 502 and "没有应答" in answer.text
    console.office.__dict__["settings"] = settings
    with console.login("da-cg-2") as client:
        assert client.get("/work").status_code == 200

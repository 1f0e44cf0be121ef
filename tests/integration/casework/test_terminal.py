"""The terminal gives commands by the same path: tokens, a case worked, history verified, links undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli import app_for
from services.commands.output import Failed
from services.domain.sealing import Keyring
from services.infra.postgres import create_pool
from services.infra.vault import Vault
from services.triage.book import Book
from tests.support.office import Desk, assigned, opened


@pytest.fixture
def terminal(database: str, keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`terminal("case", "act", …)`: the command on the test's database; a failure people can act on is raised."""
    for name, value in {"HOME": str(tmp_path), "DATABASE": database, "KAFKA": "127.0.0.1:1", "VAULT_KEY": keyring.to_json(), "TOKEN_KEY": "pepper"}.items():
        monkeypatch.setenv(f"PETITIONS_{name}", value)

    async def seed() -> None:
        pool = await create_pool(database, service="test", size=2)
        try:
            await Desk(pool, Vault(keyring), Book()).hear(opened(), assigned())
        finally:
            await pool.close()

    run(seed())

    def type_(*words: str) -> Result:
        result = CliRunner().invoke(app_for(words), list(words))
        if isinstance(result.exception, Failed):
            raise result.exception
        return result

    return type_


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_case_is_worked_at_the_terminal_with_a_token_that_can_be_revoked(terminal: Callable[..., Result]) -> None:
    assert json.loads(terminal("access", "sync", "--json").stdout)["entered"] > 100
    with pytest.raises(Failed, match="need a token"):
        terminal("case", "act", "AJ2026-0000001", "sign_in")
    issued = json.loads(terminal("access", "token", "issue", "da-hb-1", "--json").stdout)["token"]
    told = json.loads(terminal("case", "act", "AJ2026-0000001", "sign_in", "--token", issued, "--json").stdout)
    assert (told["status"], told["events"]) == ("signed_in", ["signed_in"])
    with pytest.raises(Failed, match="完成的次序办理"):
        terminal("case", "act", "AJ2026-0000001", "sign_in", "--token", issued)
    with pytest.raises(Failed, match="案件已被他人更新"):
        terminal("case", "act", "AJ2026-0000001", "investigate", "--version", "2", "--token", issued)
    with pytest.raises(Failed, match="ground"):
        terminal("case", "act", "AJ2026-0000001", "return_part", "--set", "ground=想退", "--set", "reason=x", "--token", issued)
    gates = terminal("case", "gates", "AJ2026-0000001", "--token", issued)
    assert gates.exit_code == 1 and "尚不能销号" in gates.stdout and "尚无核实结论" in gates.stdout
    history = json.loads(terminal("case", "history", "AJ2026-0000001", "--token", issued, "--json").stdout)
    assert [event["kind"] for event in history] == ["opened", "assigned", "signed_in"]
    verified = json.loads(terminal("audit", "verify", "--json").stdout)
    assert (verified["events"], verified["break"]) == (3, None)
    assert "撤销" in terminal("access", "token", "list").stdout
    terminal("access", "token", "revoke", issued)
    with pytest.raises(Failed, match="令牌已被撤销"):
        terminal("case", "act", "AJ2026-0000001", "investigate", "--token", issued)


def test_a_system_entered_by_hand_acts_in_its_roles_and_the_city_s_people_are_not_overwritten(terminal: Callable[..., Result]) -> None:
    terminal("access", "sync")
    terminal("access", "add", "oa", "--name", "办公系统", "--role", "officer", "--unit", "da-hb", "--region", "470302")
    with pytest.raises(Failed, match="city file"):
        terminal("access", "add", "da-hb-1", "--name", "x", "--role", "officer")
    with pytest.raises(Failed, match="there is no role"):
        terminal("access", "add", "oa2", "--name", "x", "--role", "king")
    token = json.loads(terminal("access", "token", "issue", "oa", "--json").stdout)["token"]
    assert json.loads(terminal("case", "act", "AJ2026-0000001", "sign_in", "--token", token, "--json").stdout)["status"] == "signed_in"
    found = {row["id"]: row for row in json.loads(terminal("access", "list", "--unit", "da-hb", "--json").stdout)}
    assert found["oa"]["origin"] == "hand" and found["da-hb-2"]["roles"] == ["officer", "unit_head"]
    with pytest.raises(Failed, match="没有关联"):
        terminal("link", "undo", "00000000-0000-0000-0000-000000000001", "--reason", "x", "--token", token)

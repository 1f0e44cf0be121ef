"""The command line over supervision: tables and JSON, previews before anything is done, reasons for what is not."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli import app_for
from services.commands.output import Failed
from services.domain.sealing import Keyring
from services.infra.access import give_token
from services.infra.clock import system_clock
from tests.integration.supervision.conftest import Watch
from tests.support.office import OFFICER, SUPERVISOR, assigned, opened

PEPPER = "pepper-of-this-test-alone"


@pytest.fixture
def settings_of_test(monkeypatch: pytest.MonkeyPatch, database: str, keyring: Keyring, tmp_path: Path) -> None:
    for name, value in (
        ("DATABASE", database), ("KAFKA", "127.0.0.1:1"), ("VAULT_KEY", keyring.to_json()), ("TOKEN_KEY", PEPPER), ("HOME", str(tmp_path)),
    ):  # fmt: skip
        monkeypatch.setenv(f"PETITIONS_{name}", value)
    monkeypatch.setenv("COLUMNS", "300")


async def call(*arguments: str, input: str | None = None) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app_for(arguments), list(arguments), input=input)


async def as_json(*arguments: str) -> Any:
    result = await call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
async def neglected(watch: Watch, settings_of_test: None) -> Watch:
    """Three cases nobody signed in; the machine's steps are taken, a person must decide."""
    # at ten in the morning in China, whatever the hour now: digests are not sent at night
    watch.clock.at = (system_clock() - timedelta(days=40)).replace(hour=2, minute=0)
    start = {"occurred_at": watch.clock(), "received_at": watch.clock(), "registered_at": watch.clock()}
    await watch.hear(*(opened(n, **start) for n in (1, 2, 3)), *(assigned(n) for n in (1, 2, 3)))
    for days in (2, 2, 2, 2, 2, 2, 28):
        await watch.round(days=days)
    return watch


async def test_steps_are_previewed_asked_for_and_taken_only_by_the_person_whose_token_it_is(neglected: Watch) -> None:
    missing = await call("supervise", "apply", "--all", "--yes")
    assert isinstance(missing.exception, Failed) and "PETITIONS_TOKEN" in str(missing.exception)
    officer = await call("supervise", "apply", "--all", "--yes", "--token", await token_of(neglected, OFFICER.id))
    assert officer.exit_code == 1 and "须由督办人员或包案领导本人决定" in officer.output.replace("\n", "")
    waiting = await as_json("supervise", "next", "--step", "督办")
    assert len(waiting) == 3 and all(item["reason"] for item in waiting)
    token = await token_of(neglected, SUPERVISOR.id)
    nothing = await call("supervise", "apply", "--all", "--token", token, input="n\n")
    assert isinstance(nothing.exception, Failed) and "将执行（3 件）" in nothing.output
    assert len(await as_json("supervise", "next")) == 3
    done = await call("supervise", "apply", waiting[0]["id"], "--token", token, "--yes")
    assert done.exit_code == 0 and "1 件已执行" in done.output
    await neglected.bus.drain()
    taken = await neglected.rows("SELECT step FROM supervision.cases ORDER BY step")
    assert sorted(row["step"] for row in taken) == ["催办", "催办", "督办"]
    again = await call("supervise", "apply", waiting[0]["id"], "--token", token, "--yes")
    assert again.exit_code == 1 and "已采纳" in again.output
    refused = await call("supervise", "apply", waiting[1]["id"], "--token", token, "--yes", "--decline")
    assert refused.exit_code == 2 and "--reason" in refused.output
    declined = await call("supervise", "apply", "--all", "--token", token, "--yes", "--decline", "--reason", "已约谈过")
    assert "2 件已否决" in declined.output and await as_json("supervise", "next") == []


async def test_overdue_lists_of_the_week_digests_draws_and_clocks_answer_in_tables_and_json(neglected: Watch) -> None:
    found = await as_json("overdue", "--unit", "da-hb")
    assert len(found) == 3 and {row["clock"] for row in found} == {"sign_in"} and found[0]["days"] >= 20
    assert found[0]["public_days"] > found[0]["days"] and found[0]["rule_id"] == "hl.sign_in_normal"
    table = (await call("overdue")).output
    assert "逾期案件（3 件）" in table and "petitions supervise next" in table
    assert "Nothing is overdue" in (await call("overdue", "--unit", "none")).output
    lists = await as_json("supervise", "weekly", "--unit", "da-hb")
    assert lists[0]["total"] == 3 and "逾期（3 件）" in (await call("supervise", "weekly", "--unit", "da-hb")).output
    assert (await call("supervise", "weekly", "--week", "soon")).exit_code == 2
    assert "您今日有" in (await call("supervise", "digest", OFFICER.id)).output
    assert (await as_json("look-back", "sample", "--seed", "x"))["drawn"] == []
    assert "Nothing to look back at" in (await call("look-back", "list")).output
    assert (await call("look-back", "list", "--state", "maybe")).exit_code == 2
    standing = await as_json("clocks", "status")
    assert standing["open_cases"] == 3 and standing["calendar_until"] >= 2026
    assert "国务院公布" in (await call("clocks", "status")).output
    assert "no deadline moves" in (await call("clocks", "recompute")).output
    assert (await as_json("clocks", "rebuild")) == {"cases": 3}


async def token_of(watch: Watch, id: str) -> str:
    async with watch.pool.acquire() as connection:
        return await give_token(connection, id, PEPPER.encode(), system_clock(), expires_at=None, note="test")

"""The registers on the command line, with the invented registers of the example city."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from contracts.vocabulary import RiskArea
from services.cli import app_for
from services.commands.output import Failed
from services.domain.sealing import Keyring
from services.infra.access import give_token
from services.infra.clock import system_clock
from services.infra.postgres import Pool
from services.sheets import read_sheet
from tests.integration.casework.conftest import enter
from tests.support.office import Desk
from tests.support.registers import COUNTY_KEEPER, DUTY_OFFICER, KEEPER, RegisterDesk, emergency_id, suspected, workbook

PEPPER = "pepper-of-this-test-alone"
HEADER = ("问题来源", "问题描述", "整改措施", "责任单位", "责任人", "整改时限")


@pytest.fixture
async def tokens(
    monkeypatch: pytest.MonkeyPatch, database: str, keyring: Keyring, tmp_path: Path, pool: Pool, office: Desk, desk: RegisterDesk
) -> dict[str, str]:
    """Settings of the test, and a token for each of its people."""
    for name, value in (
        ("DATABASE", database), ("KAFKA", "127.0.0.1:1"), ("VAULT_KEY", keyring.to_json()), ("TOKEN_KEY", PEPPER), ("HOME", str(tmp_path)),
    ):  # fmt: skip
        monkeypatch.setenv(f"PETITIONS_{name}", value)
    monkeypatch.setenv("COLUMNS", "300")
    desk.clock.at = system_clock()
    await enter(pool, office, KEEPER, COUNTY_KEEPER, DUTY_OFFICER)
    async with pool.acquire() as connection:
        return {
            one.id: await give_token(connection, one.id, PEPPER.encode(), system_clock(), expires_at=None, note="t")
            for one in (KEEPER, COUNTY_KEEPER, DUTY_OFFICER)
        }


async def call(token: str, *arguments: str) -> Result:
    found = await asyncio.to_thread(CliRunner(env={"PETITIONS_TOKEN": token}).invoke, app_for(arguments), list(arguments))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


async def as_json(token: str, *arguments: str) -> Any:
    return json.loads((await call(token, *arguments, "--json")).stdout)


async def test_the_example_citys_registers_load_whole_by_one_command_and_again_without_change(tokens: dict[str, str]) -> None:
    first = await as_json(tokens["keeper"], "registers", "load")
    assert {row["register"]: (row["added"], row["refused"]) for row in first} == {
        "risk_sources": (62, 0), "stations": (20, 0), "resources": (50, 0), "ledger": (8, 0),
    }  # fmt: skip
    again = await as_json(tokens["keeper"], "registers", "load")
    assert all(row["unchanged"] == row["rows"] for row in again)
    sources = await as_json(tokens["keeper"], "risk", "list")
    assert {row["area"] for row in sources} == {area.value for area in RiskArea}, "all seven areas of the speech"
    assert all(row["unit_id"] for row in sources), "every unit is one of the city's"
    counties = await as_json(tokens["keeper"], "hydropower", "counties")
    assert sum(line["total"] for line in counties) == 20
    assert len({row["region"] for row in await as_json(tokens["county"], "risk", "list")}) == 1
    kinds = {row["kind"] for row in await as_json(tokens["keeper"], "resources", "list")}
    assert kinds == {"物资", "专家", "队伍"}
    assert "围油栏" in (await call(tokens["keeper"], "resources", "nearest", "--region", "470304", "--hazard", "油类")).output


async def test_rows_that_fail_are_written_beside_the_file_and_the_exit_status_says_so(tokens: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "台账.xlsx"
    file.write_bytes(workbook(HEADER, ("自查", "偷排", "封堵", "东岸区水利和湖泊局", "韩建敏", "2027-01-01"), ("自查", "超标", "改造", "东岸区水利和湖泊局", "", "")))
    preview = await call(tokens["keeper"], "ledger", "import", str(file), "--check")
    assert preview.exit_code == 1 and "可导入新增1" in preview.output
    done = await call(tokens["keeper"], "ledger", "import", str(file))
    assert done.exit_code == 1 and "导入后新增1" in done.output and "“责任人”" not in done.output
    assert read_sheet((tmp_path / "台账-退回.xlsx").read_bytes(), {"责任人"}).rows[0][1] == "“责任人”不能为空。“整改时限”不能为空。"
    listed = await as_json(tokens["keeper"], "ledger", "list")
    assert listed["total"] == 1
    out = tmp_path / "out.csv"
    assert "on record as DC" in (await call(tokens["keeper"], "export", "ledger", str(out))).output
    assert "偷排" in out.read_text("utf-8-sig")
    assert (await call(tokens["keeper"], "export", "disclosure", str(tmp_path / "pub.xlsx"))).exit_code == 0
    for wrong, told in (
        (("ledger", "import", str(file), "--column", "反映=problem"), "表中没有“反映”列"),
        (("export", "ledger", str(tmp_path / "x.pdf")), "must end in .xlsx or .csv"),
        (("ledger", "list", "--origin", "elsewhere"), "--origin is one of"),
    ):
        with pytest.raises(Failed, match=told):
            await call(tokens["keeper"], *wrong)
    with pytest.raises(Failed, match="“导入整改台账”须由"):
        await call(tokens["duty"], "ledger", "import", str(file))


async def test_an_emergency_is_worked_at_the_terminal(tokens: dict[str, str], desk: RegisterDesk, tmp_path: Path) -> None:
    now = system_clock() - timedelta(minutes=20)
    await desk.suspect(suspected(1, occurred_at=now))
    id, duty = str(emergency_id(1)), tokens["duty"]
    assert "油罐车侧翻" in (await call(duty, "emergency", "list")).output
    with pytest.raises(Failed, match="there is no event XF"):
        await call(duty, "emergency", "acknowledge", "XF")
    assert "接警：duty" in (await call(duty, "emergency", "acknowledge", "YZ20260302-000001-1", "--with-similar")).output
    with pytest.raises(Failed, match="没有敏感情形“月球”"):
        await call(duty, "emergency", "grade", id, "III", "--reason", "少量", "--sensitive", "月球")
    assert "较大（III级）" in (await call(duty, "emergency", "grade", id, "III", "--reason", "少量泄漏")).output
    form = tmp_path / "form.json"
    await call(duty, "emergency", "form", "initial", "-o", str(form))
    report = tmp_path / "初报.docx"
    assert "已初报" in (await call(duty, "emergency", "report", id, "initial", str(form), "-o", str(report))).output
    assert report.read_bytes().startswith(b"PK")
    shown = await call(duty, "emergency", "show", id)
    assert "上报" in shown.output and "已取消" in shown.output
    with pytest.raises(Failed, match="there is no report 9"):
        await call(duty, "emergency", "print", id, "9", str(tmp_path / "x.txt"))
    assert "已排除" in (await call(duty, "emergency", "dismiss", id, "--reason", "现场已处置")).output

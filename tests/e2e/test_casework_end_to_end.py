"""Real processes: complaints become cases that officers work by HTTP and by record, while casework is killed under them."""

import asyncio
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import orjson
import pytest

from contracts.casework import TOKEN_HEADER, CaseChanged, CaseCommand, CommandAnswered
from contracts.topics import CASE_CHANGED, COMMAND, COMMAND_ANSWERED, SUBMITTED
from services.commands.access import synchronise
from services.domain.history import GENESIS, link_digest
from services.infra.access import give_token
from services.infra.cities import load_city
from services.infra.settings import Settings
from services.stack.ports import free_port
from tests.support.complaints import a_complaint
from tests.support.processes import Processes
from tests.support.topics import everything, publish

COMPLAINTS = 120
PROGRESS = """
SELECT (SELECT count(*) FROM triage.complaints) AS triaged, (SELECT count(*) FROM triage.cases WHERE complaints > 0) AS cases,
       (SELECT count(*) FROM casework.cases WHERE lead_unit IS NOT NULL) AS assigned, (SELECT count(*) FROM casework.complaint_cases) AS linked,
       (SELECT count(*) FROM bus.outbox) AS waiting
"""


@pytest.mark.timeout(600)
async def test_cases_reach_officers_who_work_them_by_http_and_by_record_whatever_dies(system: Settings, tmp_path: Path) -> None:
    assert system.database
    pepper = secrets.token_hex(16)
    port = free_port()
    processes = Processes(system, ("intake,triage,dispatch,relay", "casework", "console"), tmp_path)
    processes.environment |= {"PETITIONS_TOKEN_KEY": pepper, "PETITIONS_HTTP_PORT": str(port)}
    database = await asyncpg.connect(system.database.get_secret_value())
    city = load_city(system.city)
    await synchronise(database, city)
    await publish(system, SUBMITTED.name, [
        (c["external_id"].encode(), orjson.dumps(c)) for c in (a_complaint(n, matters=40) for n in range(COMPLAINTS))
    ])  # fmt: skip
    processes.start()
    try:
        await until(database, lambda row: row["linked"] > 0)
        processes.kill("casework")
        processes.start()
        await until(database, lambda row: row["triaged"] == COMPLAINTS == row["linked"] and row["assigned"] == row["cases"] and not row["waiting"])
        found = await database.fetch("SELECT case_id, lead_unit, version FROM casework.cases ORDER BY case_no LIMIT 6")
        officers = {officer.unit: officer.id for officer in reversed(city.document.officers)}
        now = datetime.now(UTC)
        tokens: dict[str, str] = {
            unit: await give_token(database, officers[unit], pepper.encode(), now, expires_at=None, note="e2e")
            for unit in {row["lead_unit"] for row in found}
        }
        by_http, by_record = found[:3], found[3:]
        transport = httpx.AsyncHTTPTransport(retries=8)  # the console may still be starting
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", transport=transport, timeout=30) as client:
            for row in by_http:
                answer = await client.post(
                    f"/cases/{row['case_id']}/commands", json={"type": "sign_in"}, headers={"Authorization": f"Bearer {tokens[row['lead_unit']]}"}
                )
                assert answer.status_code == 200, answer.text
        asked: dict[UUID, UUID] = {}
        for row in by_record:
            command = CaseCommand(event_id=uuid4(), occurred_at=now, case_id=row["case_id"], command={"type": "sign_in"})
            asked[command.event_id] = row["case_id"]
            records: list[tuple[bytes | None, bytes]] = [(str(row["case_id"]).encode(), command.to_bytes())] * 2  # sent twice
            await publish(system, COMMAND.name, records, headers=[(TOKEN_HEADER, tokens[row["lead_unit"]].encode())])
            if len(asked) == 2:  # some on their way, some to come; each kill costs the group a session's timeout
                processes.kill("casework")
                processes.start()
        signed = "SELECT count(*) AS n FROM casework.cases WHERE status = 'signed_in'"
        await until(database, lambda row: not row["waiting"], also=(signed, len(found)))
        answers = [CommandAnswered.from_bytes(r.value) for r in await everything(system, COMMAND_ANSWERED.name)]
        assert {answer.command_id for answer in answers} == set(asked) and all(answer.accepted for answer in answers)
        assert await database.fetchval("SELECT count(*) FROM casework.events WHERE kind = 'signed_in'") == len(found)
        changes = [(r, CaseChanged.from_bytes(r.value)) for r in await everything(system, CASE_CHANGED.name)]
        versions: dict[UUID, list[int]] = {}
        for record, change in changes:
            assert dict(record.headers)["ce_type"] == f"petition.case.{change.kind.replace('_', '-')}.v1".encode()
            if change.version not in (seen := versions.setdefault(change.case_id, [])):
                seen.append(change.version)
        stored = {r["case_id"]: r["version"] for r in await database.fetch("SELECT case_id, version FROM casework.cases")}
        assert versions == {id: list(range(1, version + 1)) for id, version in stored.items()}, "every change is told, in order, without a gap"
        assert await unchained(database) == []
    finally:
        await asyncio.to_thread(processes.stop)
        await database.close()
    logs = processes.logs()
    assert not any(token in logs for token in tokens.values())


async def until(database: asyncpg.Connection, holds: Any, also: tuple[str, int] | None = None, *, seconds: float = 250) -> None:
    deadline = time.monotonic() + seconds
    row: Any = None
    while time.monotonic() < deadline:
        row = await database.fetchrow(PROGRESS)
        if holds(row) and (also is None or await database.fetchval(also[0]) == also[1]):
            return
        await asyncio.sleep(0.3)
    raise AssertionError(dict(row) if row else "nothing")


async def unchained(database: asyncpg.Connection) -> list[str]:
    """Cases whose chain does not hold."""
    heads: dict[UUID, str] = {}
    broken = []
    for row in await database.fetch("SELECT case_id, version, body, digest FROM casework.events ORDER BY case_id, version"):
        expected = link_digest(heads.get(row["case_id"], GENESIS), str(row["case_id"]), row["version"], row["body"])
        if expected != row["digest"]:
            broken.append(f"{row['case_id']}/{row['version']}")
        heads[row["case_id"]] = row["digest"]
    return broken

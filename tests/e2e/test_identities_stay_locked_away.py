"""Identities planted in 1,000 complaints, then looked for everywhere but the submitted topic and the vault: none found."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest
from ahocorasick_rs import AhoCorasick

from contracts.topics import SUBMITTED, every_topic
from services.infra.settings import Settings
from services.stack import Postgres
from services.stack.processes import free_port
from tests.support.complaints import a_complaint
from tests.support.outcome import settled
from tests.support.processes import ROOT, Processes, environment
from tests.support.topics import everything, publish

COUNT = 1_000
BEHIND = "casework,supervision,registers,analytics,console"
"""The services behind the spine, in one process."""
SURNAMES, GIVEN = "欧阳司徒上官夏侯诸葛", "翀彧骁琬琰璟翊昶祎珩旻晗玥沄溱漪澍瀚煜珺"


def identity(n: int) -> dict[str, str]:
    surname = SURNAMES[2 * (n % 5) : 2 * (n % 5) + 2]
    name = surname + GIVEN[n // 20 % 20] + GIVEN[n % 20] if n < 400 else surname[0] + GIVEN[n % 20] + GIVEN[n // 20 % 20]
    return {
        "name": name,
        # no run of noughts: packed numbers shown as hexadecimal digits are full of them
        "phone": f"1580{n + 2357:04d}{(n * 7919 + 613) % 1000:03d}",
        "id_number": f"470302198{n % 10}0{1 + n % 9}1{n % 10}{n:03d}{n % 10}",
        "address": f"翠微花园{n % 40 + 1}栋{n % 6 + 1}单元{n + 100}室",
    }


def planted(n: int) -> tuple[dict[str, str], dict[str, object]]:
    who = identity(n)
    said = (
        f"我叫{who['name']}，电话{who['phone']}，身份证{who['id_number']}，住在{who['address']}。",
        f"联系人：{who['name']}（{who['phone']}）。",
        f"请联系本人{who['name']}，手机 {who['phone'][:3]}-{who['phone'][3:7]}-{who['phone'][7:]}，家住{who['address']}。",
    )[n % 3]
    complaint = a_complaint(n, matters=400, seed=21, petitioner=who)
    complaint["text"] = complaint["text"] + said
    complaint["title"] = f"{who['name']}反映扰民"
    complaint["attachments"] = [{"uri": f"file:///upload/{who['phone']}.jpg", "name": f"{who['name']}拍摄.jpg"}]
    return who, complaint


def secrets(who: dict[str, str]) -> tuple[str, ...]:
    phone = who["phone"]
    return (who["name"], phone, f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", who["id_number"], who["address"].split("栋")[1])


@pytest.mark.timeout(420)
async def test_no_planted_identity_is_found_outside_the_submitted_topic_and_the_vault(
    system: Settings, postgres: Postgres, tmp_path: Path
) -> None:
    people, complaints = zip(*(planted(n) for n in range(COUNT)), strict=True)
    malformed = [orjson.dumps({**c, "external_id": f"bad-{n}", "received_at": "昨天"}) for n, c in enumerate(complaints[:20])]
    broken = [b"{" + orjson.dumps(c) for c in complaints[20:40]]
    await publish(system, SUBMITTED.name, [(c["external_id"].encode(), orjson.dumps(c)) for c in complaints])
    await publish(system, SUBMITTED.name, [(None, value) for value in (*malformed, *broken)])
    processes = Processes(system, ("intake", "triage", "dispatch", "relay", BEHIND), tmp_path)
    ports = {}
    for name in list(processes.services):
        ports[name] = free_port()
        processes.environment["PETITIONS_PROBE_PORT"] = str(ports[name])
        processes.services = [name]
        processes.start()
    try:
        counts = await settled(system, COUNT, seconds=90, rejected=40)
        assert counts["registered"] == COUNT, counts
        await _shown(system, counts["cases"])
        places: dict[str, str] = {}
        for topic in every_topic():
            if topic.name != SUBMITTED.name:
                records = await everything(system, topic.name)
                text = b"\n".join(b"%s %s %s" % (r.key or b"", r.value or b"", repr(r.headers).encode()) for r in records)
                places[topic.name] = text.decode("utf-8", "replace")
        for name, port in ports.items():
            places[f"metrics of {name}"] = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        places |= await _tables(system)
        places["database dump"] = _dump(system, postgres)
        for command in (["cases", "--json", "--limit", "1000"], ["cases"], ["dlq", "list"], ["dlq", "list", "--json"], ["status"]):
            places[f"petitions {' '.join(command)}"] = _said(system, command)
    finally:
        await asyncio.to_thread(processes.stop)
    places["logs"] = processes.logs()
    owners = [(secret, n) for n, who in enumerate(people) for secret in secrets(who)]
    search = AhoCorasick([secret for secret, _ in owners])
    assert search.find_matches_as_indexes(f"…{people[7]['name']}…"), "what is there would be found"
    found = [(place, owners[match][1]) for place, text in places.items() for match, _, _ in search.find_matches_as_indexes(text)]
    assert found == [], f"{len(found)} found, e.g. identity {found[0][1]} in {found[0][0]}"
    assert len(places["petition.complaint.registered.v1"]) > 100_000, "there was something to search"


async def test_the_vault_holds_no_clear_text_and_opens_only_with_its_key(system: Settings, tmp_path: Path) -> None:
    who, complaint = planted(1)
    await publish(system, SUBMITTED.name, [(b"1", orjson.dumps(complaint))])
    processes = Processes(system, ("intake",), tmp_path)
    processes.start()
    try:
        assert system.database
        connection = await asyncpg.connect(system.database.get_secret_value())
        for _ in range(200):
            row = await connection.fetchrow("SELECT * FROM vault.originals")
            if row:
                break
            await asyncio.sleep(0.1)
        await connection.close()
    finally:
        await asyncio.to_thread(processes.stop)
    assert row is not None
    for secret in (*who.values(), "扰民"):
        assert secret.encode() not in row["sealed"]


async def _shown(settings: Settings, cases: int) -> None:
    """Wait until casework, supervision and analytics have every case, and the console's lists with them."""
    assert settings.database
    connection = await asyncpg.connect(settings.database.get_secret_value())
    try:
        for _ in range(300):
            here = await connection.fetchrow(
                "SELECT (SELECT count(*) FROM casework.cases), (SELECT count(*) FROM analytics.case_facts), (SELECT count(*) FROM supervision.cases)"
            )
            assert here
            if min(here) >= cases:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"of {cases} cases only {tuple(here)} came to casework, analytics and supervision")
    finally:
        await connection.close()


async def _tables(settings: Settings) -> dict[str, str]:
    assert settings.database
    connection = await asyncpg.connect(settings.database.get_secret_value())
    try:
        tables = await connection.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('vault', 'pg_catalog', 'information_schema')")
        found = {}
        for table in tables:
            name = f'{table["schemaname"]}."{table["tablename"]}"'
            found[name] = "\n".join(r["t"] for r in await connection.fetch(f"SELECT t::text AS t FROM {name} t"))
        return found
    finally:
        await connection.close()


def _dump(settings: Settings, postgres: Postgres) -> str:
    assert settings.database
    done = subprocess.run(
        [str(postgres.bin / "pg_dump"), "--dbname", settings.database.get_secret_value()], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode("utf-8", "replace")


def _said(settings: Settings, command: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *command], cwd=ROOT, env=environment(settings), capture_output=True, timeout=60, check=False
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")

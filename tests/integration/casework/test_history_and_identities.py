"""History nobody can rewrite unseen, and identities nobody can see unrecorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest

from contracts.complaints import ComplaintRegistered
from contracts.topics import IDENTITY_REVEALED, REGISTERED, SUBMITTED
from services.casework.audit import Verdict, anchor_days, verify
from services.domain.case import commands as c
from services.domain.history import chain
from services.infra.cities import load_city
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.settings import Settings
from services.infra.unit_of_work import begin
from services.intake.handlers import Registering
from tests.integration.casework.conftest import Http
from tests.support.office import CALLER, COLLEAGUE, HELPER, OFFICER, SUPERVISOR, Desk, assigned, case_id, opened

HISTORY = ("casework.events", "casework.anchors", "casework.anchor_heads", "casework.returns", "vault.unsealings", "triage.links",
           "intake.complaint_versions")  # fmt: skip


async def checked(pool: Pool, case: UUID | None = None) -> Verdict:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await verify(connection, case)


async def anchored(pool: Pool, desk: Desk) -> list[date]:
    async with pool.acquire() as connection, connection.transaction():
        return await anchor_days(connection, desk.clock())


@pytest.fixture
async def three_days(desk: Desk, pool: Pool) -> Desk:
    """Two cases over three days, each day anchored; a fourth day under way."""
    await desk.hear(opened(), assigned(), opened(2, external_id="E2"), assigned(2))
    desk.clock.advance(timedelta(days=1))
    await desk.give(OFFICER, c.SignIn())
    desk.clock.advance(timedelta(days=2))
    assert await anchored(pool, desk) == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
    await desk.give(OFFICER, c.AcceptPart())
    return desk


async def test_a_sound_history_is_unbroken_and_days_are_anchored_once(three_days: Desk, pool: Pool) -> None:
    found = await checked(pool)
    assert (found.broken, found.cases, found.events, found.days) == (None, 2, 6, 3)
    assert found.root == await pool.fetchval("SELECT root FROM casework.anchors ORDER BY day DESC LIMIT 1")
    assert await anchored(pool, three_days) == []


@pytest.mark.parametrize(
    ("change", "version", "why"),
    [
        ("UPDATE casework.events SET body = convert_to(replace(convert_from(body, 'UTF8'), 'officer', 'nobody'), 'UTF8') WHERE case_id = $1 AND version = 3",
         3, "历史记录内容与其校验值不符"),
        ("DELETE FROM casework.events WHERE case_id = $1 AND version = 2", 2, "缺少或错排一条历史记录"),
        ("DELETE FROM casework.events WHERE case_id = $1 AND version = 4", 4, "历史记录末尾与案件现状不符"),
        ("DELETE FROM casework.events WHERE case_id = $1 AND version > 1", 2, "存证之后的历史记录缺失"),
        ("DELETE FROM casework.events WHERE case_id = $1", 1, "存证之后的历史记录缺失"),
        ("UPDATE casework.cases SET head = repeat('0', 64) WHERE case_id = $1", 5, "历史记录末尾与案件现状不符"),
        ("UPDATE casework.anchor_heads SET digest = repeat('0', 64) WHERE case_id = $1 AND day = '2026-03-03'", 0, "2026-03-03：当日存证根与各案链尾不符"),
        ("UPDATE casework.anchors SET root = repeat('0', 64) WHERE $1::uuid IS NOT NULL AND day = '2026-03-03'", 0, "2026-03-03的存证与前一日不相接"),
        ("DELETE FROM casework.anchors WHERE $1::uuid IS NOT NULL AND day = '2026-03-03'", 0, "缺少2026-03-03的当日存证"),
    ],
)  # fmt: skip
async def test_every_way_to_tamper_is_named_at_its_first_break(three_days: Desk, pool: Pool, change: str, version: int, why: str) -> None:
    await pool.execute(change, case_id(1))
    broken = (await checked(pool)).broken
    assert broken is not None
    assert (broken.version, broken.why) == (version, why)
    assert broken.case_id == (str(case_id(1)) if version else "")


async def test_a_history_wholly_rewritten_with_fitting_hashes_does_not_meet_the_anchored_day(three_days: Desk, pool: Pool) -> None:
    """The forger knows the algorithm; the root of the day does not."""
    rows = await pool.fetch("SELECT version, body FROM casework.events WHERE case_id = $1 ORDER BY version", case_id(1))
    bodies = [row["body"].replace("鑫味".encode(), "金味".encode()) for row in rows]
    links = chain(str(case_id(1)), bodies)
    for link in links:
        await pool.execute("UPDATE casework.events SET body = $3, digest = $4 WHERE case_id = $1 AND version = $2", case_id(1), link.version, link.body, link.digest)
    await pool.execute("UPDATE casework.cases SET head = $2 WHERE case_id = $1", case_id(1), links[-1].digest)
    broken = (await checked(pool)).broken
    assert broken is not None and broken.why == "历史记录与当日存证不符"
    assert (await checked(pool, case_id(2))).broken is None


async def test_the_services_role_can_work_but_neither_change_nor_delete_history(three_days: Desk, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SET ROLE petitions_service")
        try:
            for table in HISTORY:
                column = {"casework.anchors": "root", "triage.links": "reason", "vault.unsealings": "purpose"}.get(table)
                statements = [f"DELETE FROM {table}", f"TRUNCATE {table}"]
                statements += [f"UPDATE {table} SET {column} = ''"] if column else []
                for statement in statements:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("UPDATE casework.events SET body = ''")
        finally:
            await connection.execute("RESET ROLE")

    async def as_service(connection: asyncpg.Connection) -> None:
        await connection.execute("SET ROLE petitions_service")

    limited = await asyncpg.create_pool(pool._connect_args[0], min_size=1, max_size=1, init=pool._init, setup=as_service, reset=None)
    try:
        await Desk(limited, three_days.vault, three_days.office.book).hear(opened(9, external_id="E9"), assigned(9))
    finally:
        await limited.close()
    assert await pool.fetchval("SELECT count(*) FROM casework.events WHERE case_id = $1", case_id(9)) == 2


async def test_a_reader_of_reports_sees_neither_tokens_nor_sealed_originals(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("SET ROLE petitions_reader")
        try:
            await connection.fetch("SELECT count(*) FROM casework.cases")
            for table in ("access.tokens", "vault.originals", "casework.idempotency", "intake.complaints"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {table}")
        finally:
            await connection.execute("RESET ROLE")


async def registered(pool: Pool, desk: Desk, *, confidential: bool = False) -> ComplaintRegistered:
    """A complaint through intake, so that its original is sealed as always."""
    submitted = {
        "source": "hotline-test", "external_id": "E1", "received_at": "2026-03-02T08:00:00+08:00", "text": "云溪路鑫味烧烤油烟直排。",
        "petitioner": {"name": "洪某某", "phone": "19900001234", "confidential": confidential},
    }  # fmt: skip
    record = Record(SUBMITTED.name, 0, 1, b"E1", orjson.dumps(submitted), {}, 1)
    intake = Registering(load_city(Settings().city), clock=desk.clock, vault=lambda: desk.vault)
    async with begin(pool, service="intake", vault=desk.vault, clock=desk.clock) as unit:
        await intake.handle(unit, [record])
    value = await pool.fetchval("SELECT value FROM bus.outbox WHERE topic = $1", REGISTERED.name)
    event = ComplaintRegistered.from_bytes(value)
    await desk.hear(opened(complaint_id=event.complaint_id, receipt_no=event.receipt_no), assigned())
    return event


async def readers(pool: Pool) -> Sequence[str]:
    return [row["actor"] for row in await pool.fetch("SELECT actor FROM vault.unsealings ORDER BY id")]


async def test_an_identity_is_seen_for_a_purpose_in_the_granted_fields_and_every_read_is_on_record(http: Http, desk: Desk, pool: Pool) -> None:
    event = await registered(pool, desk)
    path = f"/complaints/{event.receipt_no}/identity"
    no_purpose = await http.post(CALLER, path, json={"purpose": "  "})
    assert (no_purpose.status_code, no_purpose.json()["code"]) == (422, "access.purpose")
    assert (await http.post(HELPER, path, json={"purpose": "好奇"})).json()["code"] == "actor.unit"
    assert await readers(pool) == []
    seen = await http.post(CALLER, path, json={"purpose": "电话回访"})
    assert seen.json()["fields"] == {"phone": "19900001234", "surname": "洪"} and seen.headers["cache-control"] == "no-store"
    whole = await http.post(SUPERVISOR, path, json={"purpose": "督办核实"})
    assert whole.json()["fields"]["name"] == "洪某某"
    reads = (await http.get(SUPERVISOR, path + "/reads")).json()["reads"]
    assert [(read["reader"], read["purpose"], read["fields"]) for read in reads] == [
        ("caller", "电话回访", ["phone", "surname"]), ("supervisor", "督办核实", ["name", "phone", "id_number", "address"]),
    ]  # fmt: skip
    told = [row["value"] for row in await pool.fetch("SELECT value FROM bus.outbox WHERE topic = $1 ORDER BY id", IDENTITY_REVEALED.name)]
    assert [orjson.loads(value)["reader"] for value in told] == ["caller", "supervisor"]
    assert all("洪".encode() not in value and b"19900001234" not in value for value in told)


async def test_a_confidential_petitioner_is_not_shown_to_handlers(http: Http, desk: Desk, pool: Pool) -> None:
    event = await registered(pool, desk, confidential=True)
    refused = await http.post(COLLEAGUE, f"/complaints/{event.receipt_no}/identity", json={"purpose": "现场联系"})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.confidential")
    assert await readers(pool) == []

"""The HTTP API on an application of its own, on the database of the test, without a socket."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from obstore.store import LocalStore

from services.casework.api.limits import Rates
from services.casework.api.parts import Parts
from services.casework.files import Files
from services.console.app import create_app
from services.domain.principals import Principal
from services.infra.access import give_token
from services.infra.postgres import Pool
from services.infra.vault import Vault
from services.stack import Postgres
from services.triage.book import Book
from tests.support.office import EVERYBODY, Desk

EMPTY = """
SELECT 'SET session_replication_role = replica; ' || string_agg(format('DELETE FROM %I.%I', schemaname, tablename), '; ') FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'public')
"""
PEPPER = b"pepper of the test"


@pytest.fixture(scope="module")
def shared_database(postgres: Postgres, template: str) -> Iterator[str]:
    """One database for a module: making one costs more than emptying one."""
    name, port = f"t_{uuid.uuid4().hex[:12]}", postgres.start().port
    with psycopg.connect(postgres.dsn(port, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.dsn(port, name)
    with psycopg.connect(postgres.dsn(postgres.start().port, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(shared_database: str) -> str:
    """The module's database, emptied."""
    with psycopg.connect(shared_database, autocommit=True) as connection:
        row = connection.execute(EMPTY).fetchone()
        assert row is not None
        connection.execute(row[0])
    return shared_database


@pytest.fixture
def desk(pool: Pool, vault: Vault) -> Desk:
    return Desk(pool, vault, Book())


class Http:
    """The API as people and systems call it: `http.as_(OFFICER).post(...)`."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, str], parts: Parts) -> None:
        self.client, self.tokens, self.parts = client, tokens, parts

    async def send(self, actor: Principal | None, method: str, path: str, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if actor is not None:
            headers["Authorization"] = f"Bearer {self.tokens[actor.id]}"
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, actor: Principal | None, path: str, **options: Any) -> httpx.Response:
        return await self.send(actor, "GET", path, **options)

    async def post(self, actor: Principal | None, path: str, **options: Any) -> httpx.Response:
        return await self.send(actor, "POST", path, **options)


async def enter(pool: Pool, desk: Desk, *people: Principal) -> dict[str, str]:
    """Principals with a token each."""
    tokens = {}
    async with pool.acquire() as connection:
        for one in people:
            await connection.execute(
                "INSERT INTO access.principals (id, name, roles, unit_id, regions, person, source) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                one.id, one.name, sorted(role.value for role in one.roles), one.unit_id, sorted(one.regions), one.person, one.source,
            )  # fmt: skip
            tokens[one.id] = await give_token(connection, one.id, PEPPER, desk.clock(), expires_at=None, note="test")
    return tokens


@pytest.fixture
async def http(pool: Pool, vault: Vault, desk: Desk, tmp_path: Path) -> AsyncIterator[Http]:
    files = Files(LocalStore(prefix=str(tmp_path / "evidence"), mkdir=True), desk.office.rules.case.casework.evidence)
    parts = Parts(pool=pool, vault=vault, office=desk.office, pepper=PEPPER, files=files, rates=Rates(1000), clock=desk.clock)
    tokens = await enter(pool, desk, *EVERYBODY)
    transport = httpx.ASGITransport(create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://petitions") as client:
        yield Http(client, tokens, parts)

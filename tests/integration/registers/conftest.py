"""The registers' desk and their HTTP API, on one database for a module, emptied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from obstore.store import LocalStore

from services.casework.api.limits import Rates
from services.casework.api.parts import Parts, caller
from services.casework.api.problems import Problem
from services.casework.files import Files
from services.console.app import create_app
from services.infra.postgres import Pool
from services.infra.vault import Vault
from services.registers.api.parts import Parts as Registers
from tests.integration.casework.conftest import PEPPER, Http, database, enter, shared_database
from tests.support.office import Desk
from tests.support.registers import COUNTY_KEEPER, DUTY_OFFICER, ELSEWHERE, KEEPER, MACHINE, OFFICER, STRANGER, RegisterDesk

__all__ = ["database", "shared_database"]


@pytest.fixture
def desk(pool: Pool, vault: Vault) -> RegisterDesk:
    return RegisterDesk(pool, vault)


@pytest.fixture
def office(pool: Pool, vault: Vault, desk: RegisterDesk) -> Desk:
    """Casework on the same clock."""
    made = Desk(pool, vault)
    made.clock = desk.clock
    return made


@pytest.fixture
async def http(pool: Pool, vault: Vault, desk: RegisterDesk, office: Desk, tmp_path: Path) -> AsyncIterator[Http]:
    files = Files(LocalStore(prefix=str(tmp_path / "evidence"), mkdir=True), office.office.rules.case.casework.evidence)
    parts = Parts(pool=pool, vault=vault, office=office.office, pepper=PEPPER, files=files, rates=Rates(1000), clock=desk.clock)
    registers = Registers(
        pool=pool, vault=vault, rules=desk.rules, city=desk.city, files=files, identify=lambda request: caller(request, parts), problem=Problem,
        clock=desk.clock,
    )  # fmt: skip
    tokens = await enter(pool, office, KEEPER, COUNTY_KEEPER, OFFICER, DUTY_OFFICER, ELSEWHERE, STRANGER, MACHINE)
    transport = httpx.ASGITransport(create_app(parts, registers=registers))
    async with httpx.AsyncClient(transport=transport, base_url="http://petitions") as client:
        yield Http(client, tokens, parts)

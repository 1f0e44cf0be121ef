"""A fresh migrated database, a vault and settings for each test; Kafka and PostgreSQL run once for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.domain.sealing import Keyring
from services.infra.postgres import Pool, create_pool
from services.infra.settings import Settings
from services.infra.vault import Vault


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.generate()


@pytest.fixture
def vault(keyring: Keyring) -> Vault:
    return Vault(keyring)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Connections to a database of this test alone; `database` is its DSN."""
    made = await create_pool(database, service="test", size=8)
    yield made
    await made.close()


@pytest.fixture
def settings(database: str, kafka: str, keyring: Keyring, tmp_path: Path) -> Settings:
    """Settings of services under test."""
    return Settings(home=tmp_path, kafka=kafka, database=database, vault_key=keyring.to_json())  # type: ignore[arg-type]

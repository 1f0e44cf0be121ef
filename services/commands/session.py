"""What commands work with: the configured or the local stack's addresses, and a unit of work on its database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.commands.output import Failed
from services.domain.rulebook import RuleBook
from services.infra.failures import TRANSIENT, describe
from services.infra.postgres import Connection, Pool, create_pool
from services.infra.rules import RulesInvalid, load_rules
from services.infra.settings import Settings, UnknownSettings, load
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault, VaultKeyMissing
from services.stack import State, resolve


def settings() -> Settings:
    """The settings with the addresses of the running stack; raises `Failed` where nothing is configured or running."""
    try:
        return resolve(load())
    except UnknownSettings as failure:
        raise Failed(str(failure)) from None


def rule_book() -> RuleBook:
    """The rules in force; raises `Failed` naming what is wrong with them."""
    try:
        return load_rules(settings().rules)
    except RulesInvalid as failure:
        raise Failed(str(failure)) from None


@asynccontextmanager
async def connection(configured: Settings | None = None) -> AsyncIterator[Connection]:
    """A connection to the database for reading."""
    configured = configured or settings()
    assert configured.database is not None
    try:
        pool = await create_pool(configured.database.get_secret_value(), service="cli", size=1)
    except TRANSIENT as failure:
        raise Failed(f"the database does not answer ({describe(failure)}); see petitions status and petitions doctor") from None
    try:
        async with pool.acquire() as found:
            yield found
    finally:
        await pool.close()


@asynccontextmanager
async def unit_of_work(service: str = "cli") -> AsyncIterator[UnitOfWork]:
    """A transaction with outbox and vault, as services have it."""
    configured = settings()
    assert configured.database is not None
    try:
        vault = Vault.from_settings(configured)
        pool = await create_pool(configured.database.get_secret_value(), service="cli", size=1)
    except VaultKeyMissing as failure:
        raise Failed(str(failure)) from None
    except TRANSIENT as failure:
        raise Failed(f"the database does not answer ({describe(failure)}); see petitions status and petitions doctor") from None
    try:
        async with begin(pool, service=service, vault=vault) as unit:
            yield unit
    finally:
        await pool.close()


@asynccontextmanager
async def pool_and_vault(size: int = 2) -> AsyncIterator[tuple[Pool, Vault]]:
    """A pool and the vault, for work that takes several transactions."""
    configured = settings()
    assert configured.database is not None
    try:
        vault = Vault.from_settings(configured)
        pool = await create_pool(configured.database.get_secret_value(), service="cli", size=size)
    except VaultKeyMissing as failure:
        raise Failed(str(failure)) from None
    except TRANSIENT as failure:
        raise Failed(f"the database does not answer ({describe(failure)}); see petitions status and petitions doctor") from None
    try:
        yield pool, vault
    finally:
        await pool.close()


def console_address(configured: Settings) -> str | None:
    """Where the console of this clone listens, or None where it does not run here."""
    if configured.console_url:
        return configured.console_url
    entry = State(configured.home).running("http")
    return f"http://127.0.0.1:{entry.port}/" if entry else None

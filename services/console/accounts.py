"""Local accounts: a login name and a password for a principal; the principals themselves are access's, as for tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.domain.principals import Principal
from services.infra import access
from services.infra.postgres import Connection, Pool

ACCOUNT = "SELECT login, principal_id, password_hash, must_change FROM console.accounts WHERE login = $1 AND NOT disabled"
SET_PASSWORD = """
INSERT INTO console.accounts (login, principal_id, password_hash, must_change, changed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash, must_change = excluded.must_change,
    changed_at = excluded.changed_at, disabled = false
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A local account."""

    login: str
    principal_id: str
    password_hash: str
    must_change: bool


async def find_account(pool: Pool, login: str) -> Account | None:
    """The account of a login name, unless disabled."""
    row = await pool.fetchrow(ACCOUNT, login)
    return Account(**row) if row else None


async def set_password(
    connection: Connection | Pool, login: str, principal_id: str, password_hash: str, now: datetime, *, must_change: bool
) -> None:
    """Make the account, or give it another password."""
    await connection.execute(SET_PASSWORD, login, principal_id, password_hash, must_change, now)


async def find_principal(pool: Pool, principal_id: str) -> Principal | None:
    """The principal of this id, or None where it is unknown or no longer active."""
    async with pool.acquire() as connection:
        return await access.find_principal(connection, principal_id)

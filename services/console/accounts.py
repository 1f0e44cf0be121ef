"""Local accounts and the principals they stand for: the same principals that tokens name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.domain.principals import Principal, Role
from services.infra.postgres import Connection, Pool

ACCOUNT = "SELECT login, principal_id, password_hash, must_change FROM console.accounts WHERE login = $1 AND NOT disabled"
PRINCIPAL = "SELECT id, name, roles, unit_id, regions, person, source FROM access.principals WHERE id = $1 AND active"
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
    row = await pool.fetchrow(PRINCIPAL, principal_id)
    return principal_of(row) if row else None


def principal_of(row: Any) -> Principal:
    """A principal from its row; roles nobody knows any more are left out."""
    known = {role.value for role in Role}
    return Principal(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"] if role in known),
        unit_id=row["unit_id"],
        regions=frozenset(row["regions"]),
        person=row["person"],
        source=row["source"],
    )

"""Who is asking: access tokens and principals, the same for HTTP, Kafka, the command line and the console's login."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from services.domain.principals import TOKEN_BYTES, Principal, Role, TokenRecord, check_token, issue_token, split_token
from services.domain.refusals import Refusal, refuse
from services.infra.postgres import Connection
from services.infra.settings import Settings

COLUMNS = "p.id, p.name, p.roles, p.unit_id, p.regions, p.person, p.source"
PRINCIPAL = f"SELECT {COLUMNS} FROM access.principals p WHERE p.id = $1 AND p.active"
TOKEN = f"""
SELECT {COLUMNS}, t.id AS token_id, t.digest, t.issued_at, t.expires_at, t.revoked_at, p.active
FROM access.tokens t JOIN access.principals p ON p.id = t.principal_id WHERE t.id = $1
"""
TOKENS = TOKEN.replace("t.id = $1", "t.id = ANY($1::text[])")
KEEP_TOKEN = """
INSERT INTO access.tokens (id, principal_id, digest, issued_at, expires_at, note) VALUES ($1, $2, $3, $4, $5, $6)
"""
REVOKE = "UPDATE access.tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"


class PepperMissing(Exception):
    """No key for access tokens: set PETITIONS_TOKEN_KEY or PETITIONS_TOKEN_KEY_FILE, or run petitions up, which makes one."""


def load_pepper(settings: Settings) -> bytes:
    """The key that tokens are hashed under; it never stands in the database. Raises `PepperMissing`."""
    if settings.token_key is not None:
        return settings.token_key.get_secret_value().encode()
    path = settings.token_key_file or settings.home / "secrets" / "tokens.key"
    if not Path(path).exists():
        raise PepperMissing(PepperMissing.__doc__)
    return Path(path).read_bytes().strip()


def as_principal(row: Mapping[str, Any]) -> Principal:
    """A row of `access.principals`; roles this version does not know are left out."""
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


async def find_principal(connection: Connection, id: str) -> Principal | None:
    """The active principal of an id, for a session that has proved who it is."""
    row = await connection.fetchrow(PRINCIPAL, id)
    return as_principal(row) if row else None


async def authenticate(connection: Connection, token: str | None, pepper: bytes, now: datetime) -> Principal | Refusal:
    """The principal a token was issued to; one refusal for everything that is not a good token."""
    return (await authenticate_all(connection, [token], pepper, now))[0]


async def authenticate_all(
    connection: Connection, tokens: Sequence[str | None], pepper: bytes, now: datetime
) -> list[Principal | Refusal]:
    """As `authenticate`, for a whole batch in one query."""
    ids = {parts[0] for token in tokens if token and (parts := split_token(token))}
    found = {row["token_id"]: row for row in await connection.fetch(TOKENS, sorted(ids))} if ids else {}
    return [_checked(token, found, pepper, now) for token in tokens]


def _checked(token: str | None, found: Mapping[str, Any], pepper: bytes, now: datetime) -> Principal | Refusal:
    parts = split_token(token) if token else None
    row = found.get(parts[0]) if parts else None
    if row is None or token is None:
        return refuse("token.unknown")
    record = TokenRecord(row["token_id"], row["id"], row["digest"], row["issued_at"], row["expires_at"], row["revoked_at"])
    refusal = check_token(record, token, pepper, now)
    if refusal:
        return refusal
    return as_principal(row) if row["active"] else refuse("token.revoked")


async def give_token(
    connection: Connection, principal_id: str, pepper: bytes, now: datetime, *, expires_at: datetime | None, note: str
) -> str:
    """Issue a token to a known principal and return it; it is shown this once and kept as a hash."""
    token, record = issue_token(principal_id, os.urandom(8 + TOKEN_BYTES), pepper, now, expires_at=expires_at)
    await connection.execute(
        KEEP_TOKEN, record.id, principal_id, record.digest, record.issued_at, record.expires_at, note
    )
    return token

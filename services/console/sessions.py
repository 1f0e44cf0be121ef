"""Sessions in PostgreSQL: an opaque cookie, its hash in a row, so that any instance knows it and anybody can end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.console.rules import SessionRules
from services.console.security import digest_of, fresh_secret
from services.infra.postgres import Connection, Pool

INSERT = """
INSERT INTO console.sessions (digest, principal_id, how, issued_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)
"""
FIND = """
SELECT principal_id, how, issued_at, seen_at FROM console.sessions
WHERE digest = $1 AND revoked_at IS NULL AND expires_at > $2 AND seen_at > $3
"""
SEEN = "UPDATE console.sessions SET seen_at = $2 WHERE digest = $1"
REVOKE = "UPDATE console.sessions SET revoked_at = $2 WHERE digest = $1 AND revoked_at IS NULL"
REVOKE_ALL = "UPDATE console.sessions SET revoked_at = $2 WHERE principal_id = $1 AND revoked_at IS NULL RETURNING 1"
TOUCH_AFTER = timedelta(minutes=1)
"""A page every few seconds must not be a write every few seconds."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody logged in. `secret` is the cookie, known here only because it was just sent."""

    secret: str
    principal_id: str
    how: str
    issued_at: datetime


async def begin_session(connection: Connection, principal_id: str, how: str, now: datetime, rules: SessionRules) -> Session:
    """A new session with a secret nobody chose but us; whatever cookie was there before means nothing."""
    secret = fresh_secret()
    await connection.execute(INSERT, digest_of(secret), principal_id, how, now, now + timedelta(hours=rules.longest_hours))
    return Session(secret, principal_id, how, now)


async def find_session(pool: Pool, secret: str, now: datetime, rules: SessionRules) -> Session | None:
    """The session of a cookie, or None where it ended, was revoked or never was."""
    digest = digest_of(secret)
    row = await pool.fetchrow(FIND, digest, now, now - timedelta(minutes=rules.idle_minutes))
    if row is None:
        return None
    if now - row["seen_at"] > TOUCH_AFTER:
        await pool.execute(SEEN, digest, now)
    return Session(secret, row["principal_id"], row["how"], row["issued_at"])


async def end_session(pool: Pool, secret: str, now: datetime) -> None:
    """Log out."""
    await pool.execute(REVOKE, digest_of(secret), now)


async def end_sessions(connection: Connection | Pool, principal_id: str, now: datetime) -> int:
    """End every session of a person (a new password, an account disabled); returns how many."""
    return len(await connection.fetch(REVOKE_ALL, principal_id, now))

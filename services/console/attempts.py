"""A bound on guessing: failed logins per name and per address, counted in PostgreSQL so that every instance counts alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.console.rules import LoginRules
from services.console.security import digest_of
from services.infra.postgres import Pool

COUNT = "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM console.login_attempts WHERE subject = ANY($1) AND at > $2 GROUP BY subject) s"
ADD = "INSERT INTO console.login_attempts (subject, at) SELECT s, $2 FROM unnest($1::bytea[]) AS s"
FORGET = "DELETE FROM console.login_attempts WHERE subject = $1"
PURGE = "DELETE FROM console.login_attempts WHERE at < $1"


def subjects(login: str, address: str) -> list[bytes]:
    """What attempts are counted under; hashed, so that the table is no list of who logs in from where."""
    return [digest_of(f"login/{login.lower()}"), digest_of(f"address/{address}")]


async def too_many(pool: Pool, who: list[bytes], now: datetime, rules: LoginRules) -> bool:
    """Whether one of the subjects failed too often just now."""
    return int(await pool.fetchval(COUNT, who, now - timedelta(minutes=rules.minutes))) >= rules.attempts


async def note_failure(pool: Pool, who: list[bytes], now: datetime, rules: LoginRules) -> None:
    """Count a failed attempt."""
    await pool.execute(PURGE, now - timedelta(minutes=rules.minutes))
    await pool.execute(ADD, who, now)


async def forget(pool: Pool, who: list[bytes]) -> None:
    """After a good login the name counts from nought again; the address does not, others may guess from it."""
    await pool.execute(FORGET, who[0])

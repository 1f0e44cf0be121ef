"""A request sent twice is carried out once: its key is claimed in its transaction and its answer kept beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork

# A second request of the same key waits here until the first one has committed, then finds its answer.
CLAIM = """
INSERT INTO casework.idempotency (principal_id, key, fingerprint, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (principal_id, key) DO NOTHING RETURNING true
"""
FIND = "SELECT fingerprint, status, response FROM casework.idempotency WHERE principal_id = $1 AND key = $2"
KEEP = "UPDATE casework.idempotency SET status = $3, response = $4 WHERE principal_id = $1 AND key = $2"
PURGE = "DELETE FROM casework.idempotency WHERE at < $1"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is ours: carry the request out and `keep` its answer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer of the first time."""

    status: int
    body: bytes


async def claim(unit: UnitOfWork, principal_id: str, key: str, request: bytes) -> Claimed | Kept | Refusal:
    """Claim a key for a request, or find what became of it; another request under the same key is refused."""
    fingerprint = hashlib.sha256(request).hexdigest()
    if await unit.connection.fetchval(CLAIM, principal_id, key, fingerprint, unit.clock()):
        return Claimed()
    row = await unit.connection.fetchrow(FIND, principal_id, key)
    if row is None or row["fingerprint"] != fingerprint or row["status"] is None:
        return refuse("request.key", field="Idempotency-Key")
    return Kept(row["status"], row["response"])


async def keep(unit: UnitOfWork, principal_id: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer with the claim; both stand or fall with the transaction."""
    await unit.connection.execute(KEEP, principal_id, key, status, body)

"""Showing an identity: an act with a purpose, on record before anything is shown, gone from the page after a minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from services.console.access import Visit
from services.domain.case.state import CaseState
from services.domain.identity import normalise_name
from services.domain.principals import Grant, What
from services.domain.refusals import Refusal, refuse
from services.infra.vault import Blob

RECORD = "INSERT INTO vault.unsealings (complaint_id, actor, purpose, fields, at) VALUES ($1, $2, $3, $4, $5)"
REVEAL = """
INSERT INTO console.reveals (id, principal_id, complaint_id, case_id, fields, purpose, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
SHOWN = "SELECT complaint_id, fields, until FROM console.reveals WHERE case_id = $1 AND principal_id = $2 AND until > $3 ORDER BY at"
ORIGINAL = "SELECT version, key_id, sealed FROM vault.originals WHERE complaint_id = $1 ORDER BY version DESC LIMIT 1"
SHORTEST_PURPOSE = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one complaint, for so many seconds more."""

    fields: tuple[tuple[str, str], ...]
    seconds: int


LABELS = {"name": "姓名", "surname": "姓氏", "phone": "电话", "id_number": "证件号", "address": "住址"}


def grant_for(visit: Visit, state: CaseState, complaint_id: str, purpose: str | None) -> Grant | Refusal:
    """What this person may see of who stands behind a complaint; the matrix decides, a purpose is owed."""
    link = state.link(complaint_id)
    if link is None:
        return refuse("link.unknown", complaint="", field="complaint_id")
    said = purpose.strip() if purpose and len(purpose.strip()) >= SHORTEST_PURPOSE else None
    return visit.reading(What.IDENTITY, confidential=link.confidential, purpose=said)


async def reveal(visit: Visit, case_id: UUID, state: CaseState, complaint_id: str, purpose: str) -> Refusal | None:
    """Put the act on record; from then on, and for a minute, the page shows it."""
    granted = grant_for(visit, state, complaint_id, purpose)
    if isinstance(granted, Refusal):
        return granted
    now, fields = visit.now, list(granted.fields)
    until = now + timedelta(seconds=visit.office.console.reveal.seconds)
    async with visit.office.pool.acquire() as connection, connection.transaction():
        await connection.execute(RECORD, UUID(complaint_id), visit.principal.id, purpose.strip(), fields, now)
        await connection.execute(REVEAL, uuid4(), visit.principal.id, UUID(complaint_id), case_id, fields, purpose.strip(), now, until)
    return None


async def shown(visit: Visit, case_id: UUID) -> dict[str, Shown]:
    """Complaint id → what this person revealed within the last minute."""
    pool = visit.office.pool
    found: dict[str, Shown] = {}
    for row in await pool.fetch(SHOWN, case_id, visit.principal.id, visit.now):
        block = await _petitioner(visit, row["complaint_id"])
        fields = tuple((LABELS[name], text) for name in row["fields"] if (text := _field(block, name)))
        found[str(row["complaint_id"])] = Shown(fields or (("身份", "来件没有提供"),), max(1, int((row["until"] - visit.now).total_seconds())))
    return found


def _field(block: dict[str, Any], name: str) -> str:
    """One field of the block; of the surname, only the first character."""
    if name == "surname":
        full = normalise_name(str(block.get("name") or ""))
        return f"{full[:1]}某" if full else ""
    return str(block.get(name) or "")


async def _petitioner(visit: Visit, complaint_id: UUID) -> dict[str, Any]:
    row = await visit.office.pool.fetchrow(ORIGINAL, complaint_id)
    if row is None:
        return {}
    context = complaint_id.bytes + row["version"].to_bytes(4, "big")
    original = orjson.loads(visit.office.vault.unseal_bytes(Blob(row["key_id"], row["sealed"]), context=context))
    block = original.get("petitioner")
    return block if isinstance(block, dict) else {}

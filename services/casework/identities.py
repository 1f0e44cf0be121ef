"""Seeing who complained: an act with a purpose, recorded and told before anything is shown; and who saw whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson

from contracts.casework import IdentityRevealed
from contracts.topics import IDENTITY_REVEALED
from services.casework.reading import UNIT_ROLES, find_case
from services.domain.history import IdentityRead, record_read
from services.domain.principals import AccessRules, Grant, Principal, Role, What, may_read
from services.domain.refusals import Refusal, refuse
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork
from services.infra.vault import Blob

COMPLAINT = "SELECT id, region_code, event ->> 'confidential' AS confidential FROM intake.complaints WHERE receipt_no = $1"
ORIGINAL = """
SELECT version, key_id, sealed FROM vault.originals WHERE complaint_id = $1 ORDER BY version DESC LIMIT 1
"""
RECORD = """
INSERT INTO vault.unsealings (complaint_id, actor, role, unit, purpose, fields, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
WHO_SAW = """
SELECT u.complaint_id, u.actor, u.role, u.unit, u.purpose, u.fields, u.at, c.receipt_no FROM vault.unsealings u
JOIN intake.complaints c ON c.id = u.complaint_id WHERE c.receipt_no = $1 ORDER BY u.at, u.id
"""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What one reader may see of one petitioner: the granted fields, in the granted form."""

    receipt_no: str
    fields: Mapping[str, Any]


async def reveal(unit: UnitOfWork, rules: AccessRules, actor: Principal, receipt_no: str, purpose: str) -> Revealed | Refusal:
    """Unseal what the caller's role grants of a petitioner; the act is on record in the same transaction, or nothing is shown."""
    row = await unit.connection.fetchrow(COMPLAINT, receipt_no)
    if row is None:
        return refuse("request.path", what=f"受理编号{receipt_no}", field="receipt_no")
    if not actor.covers(row["region_code"]):
        return refuse("actor.region", region=row["region_code"], actor=actor.name)
    granted = _grant(rules, actor, purpose, confidential=row["confidential"] == "true")
    if isinstance(granted, Refusal):
        return granted
    role, grant = granted
    if role in UNIT_ROLES:
        state = await find_case(unit.connection, receipt_no)
        if state is None or state.part(actor.unit_id) is None:
            return refuse("actor.unit", actor=actor.name, command="查看信访人身份")
    now = unit.clock()
    read = record_read(IdentityRead(str(row["id"]), receipt_no, actor.id, role.value, actor.unit_id, grant.fields, purpose, now))
    if isinstance(read, Refusal):
        return read
    await unit.connection.execute(RECORD, row["id"], actor.id, role.value, actor.unit_id, purpose, list(grant.fields), now)
    told = IdentityRevealed(
        event_id=uuid4(), occurred_at=now, complaint_id=row["id"], receipt_no=receipt_no, reader=actor.id, role=role.value,
        unit=actor.unit_id, fields=grant.fields, purpose=purpose,
    )  # fmt: skip
    unit.emit(IDENTITY_REVEALED, row["id"], told)
    return Revealed(receipt_no, _shown(await _petitioner(unit, row["id"]), grant))


def _grant(rules: AccessRules, actor: Principal, purpose: str, *, confidential: bool) -> tuple[Role, Grant] | Refusal:
    """The widest grant among the caller's roles, or the last reason why there is none."""
    found: tuple[Role, Grant] | None = None
    refusal: Refusal = refuse("access.denied", reader=actor.name, what=What.IDENTITY.label)
    for role in sorted(actor.roles):
        grant = may_read(rules, role, What.IDENTITY, confidential=confidential, purpose=purpose)
        if isinstance(grant, Refusal):
            refusal = grant
        elif found is None or len(grant.fields) > len(found[1].fields):
            found = (role, grant)
    return found or refusal


async def _petitioner(unit: UnitOfWork, complaint_id: UUID) -> Mapping[str, Any]:
    row = await unit.connection.fetchrow(ORIGINAL, complaint_id)
    if row is None:
        return {}
    context = complaint_id.bytes + row["version"].to_bytes(4, "big")
    original = orjson.loads(unit.vault.unseal_bytes(Blob(row["key_id"], row["sealed"]), context=context))
    block: Mapping[str, Any] = original.get("petitioner") or {}
    return block


def _shown(block: Mapping[str, Any], grant: Grant) -> dict[str, Any]:
    """The granted fields; `surname` is the first character of the name, `masked` leaves the ends of a number."""
    shown: dict[str, Any] = {}
    for field in grant.fields:
        value = block.get("name" if field == "surname" else field)
        if value is None:
            shown[field] = None
        elif field == "surname":
            shown[field] = str(value)[:1]
        else:
            text = str(value)
            shown[field] = f"{text[:3]}****{text[-2:]}" if grant.form == "masked" and len(text) > 6 else text
    return shown


async def who_saw(connection: Connection, receipt_no: str) -> list[IdentityRead]:
    """Every read of one complaint's identity, oldest first."""
    return [
        IdentityRead(
            str(row["complaint_id"]), row["receipt_no"], row["actor"], row["role"] or "", row["unit"], tuple(row["fields"]), row["purpose"], row["at"]
        )
        for row in await connection.fetch(WHO_SAW, receipt_no)
    ]

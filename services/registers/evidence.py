"""Evidence of registers: files of casework's store, named by the hash of their content, uploaded with `POST /evidence`.

The store is one for all services: types and sizes are bounded there, photos are shown without place and device. An
entry only names files; what an entry names is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.registers import Act, may, missing, no_evidence
from services.infra.unit_of_work import UnitOfWork

# A file that is being swept is waited for, and then is not there.
STORED = "SELECT sha256 FROM casework.files WHERE sha256 = ANY($1::text[]) AND state = 'stored' ORDER BY sha256 FOR KEY SHARE"
CITE = """
INSERT INTO registers.evidence (register, entry, sha256, by, at) SELECT $1, $2, sha256, $4, $5 FROM unnest($3::text[]) AS sha256
ON CONFLICT DO NOTHING
"""
CITED = """
SELECT f.media_type, f.shown, f.thumbnail FROM registers.evidence e JOIN casework.files f USING (sha256)
WHERE e.register = $1 AND e.entry = $2 AND e.sha256 = $3
"""
FORMS = ("shown", "thumbnail", "original")


class Store(Protocol):
    """Where the bytes are."""

    async def get(self, sha256: str, form: str = "") -> bytes:
        """The bytes of a stored file in one of its forms; raises FileNotFoundError."""


async def cite(unit: UnitOfWork, actor: Principal, register: str, entry: str, hashes: Iterable[str], field: str = "evidence") -> Refusal | None:
    """Stored files become evidence of an entry; refused where one of them is not there."""
    wanted = sorted(set(hashes))
    if not wanted:
        return None
    there = {row["sha256"] for row in await unit.connection.fetch(STORED, wanted)}
    if strange := [name for name in wanted if name not in there]:
        return no_evidence(strange, field)
    await unit.connection.execute(CITE, register, entry, wanted, actor.id, unit.clock())
    return None


async def find(
    unit: UnitOfWork, actor: Principal, register: str, entry: str, sha256: str, form: str
) -> tuple[str, str] | Refusal:
    """(form of the store, media type) of a file of an entry the actor was found to see; originals are for who inspects."""
    if form == "original" and (refusal := may(actor, Act.INSPECT, "证据原件")):
        return refusal
    row: Mapping[str, Any] | None = await unit.connection.fetchrow(CITED, register, entry, sha256)
    if row is None:
        return missing("证据", sha256[:12])
    chosen = "" if form == "original" else row[form]
    if chosen is None and form == "thumbnail":
        return missing("缩略图", sha256[:12])
    return chosen or "", "image/jpeg" if form == "thumbnail" else row["media_type"]

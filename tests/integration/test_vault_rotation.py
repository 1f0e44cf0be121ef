"""A sealing key is replaced while everything sealed before stays readable to whoever holds the new ring, and to nobody else."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts.dead_letter import FailureVerdict
from contracts.topics import SUBMITTED
from services.domain.sealing import UnknownKey
from services.infra.dead_letters import reveal
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.rotation import reseal, rows_by_key
from services.infra.unit_of_work import begin
from services.infra.vault import Blob, Vault
from services.intake.repository import insert_originals

ORIGINALS = 1203
"""More than two batches, so that the last one is not full."""


async def test_everything_sealed_moves_under_the_new_key_and_opens_with_it_alone(pool: Pool, vault: Vault) -> None:
    complaints = [uuid4() for _ in range(ORIGINALS)]
    sealed = [vault.seal_bytes(b"a block", context=id.bytes + (1).to_bytes(4, "big")) for id in complaints]
    async with begin(pool, service="test", vault=vault) as unit:
        await insert_originals(unit.connection, [(id, 1, s.key_id, s.blob, datetime.now(UTC)) for id, s in zip(complaints, sealed, strict=True)])
        record = Record(SUBMITTED.name, 0, 7, b"k", b"not json", {}, 0)
        letter = await unit.dead_letter(record, FailureVerdict.PERMANENT, "text: not json")
    newer = Vault(vault.keyring.rotated("second"))
    moved = [count async for count in reseal(pool, newer)]
    assert sum(moved) == ORIGINALS + 1
    assert await rows_by_key(pool) == {"second": ORIGINALS + 1}
    assert [count async for count in reseal(pool, newer)] == [], "a second run finds nothing to do"
    row = await pool.fetchrow("SELECT * FROM vault.originals WHERE complaint_id = $1", complaints[0])
    blob, context = Blob(row["key_id"], row["sealed"]), complaints[0].bytes + (1).to_bytes(4, "big")
    assert newer.unseal_bytes(blob, context=context) == b"a block"
    with pytest.raises(UnknownKey):
        vault.unseal_bytes(blob, context=context)
    async with begin(pool, service="test", vault=newer) as unit:
        assert await reveal(unit, letter, actor="tester", purpose="a test") == b"not json"


async def test_a_value_under_a_key_nobody_has_stops_the_move_and_stays_as_it_was(pool: Pool, vault: Vault) -> None:
    id = uuid4()
    stranger = Vault(vault.keyring.rotated("elsewhere"))
    sealed = stranger.seal_bytes(b"a block", context=id.bytes + (1).to_bytes(4, "big"))
    async with begin(pool, service="test", vault=vault) as unit:
        await insert_originals(unit.connection, [(id, 1, sealed.key_id, sealed.blob, datetime.now(UTC))])
    with pytest.raises(UnknownKey):
        [count async for count in reseal(pool, Vault(vault.keyring.rotated("second")))]
    assert await rows_by_key(pool) == {"elsewhere": 1}

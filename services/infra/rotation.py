"""Moving sealed rows under the active key: every table of sealed bytes, a batch a transaction, to be broken off at will."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from services.infra.postgres import Pool
from services.infra.vault import Blob, Vault

BATCH = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Sealed bytes of one table: where key id and bytes stand, which columns name the row, what they are bound to."""

    table: str
    key_id: str
    sealed: str
    row: tuple[str, ...]
    context: Callable[[Any], bytes]


SEALED = (
    SealedColumn(
        "vault.originals", "key_id", "sealed", ("complaint_id", "version"),
        lambda row: bytes(row["complaint_id"].bytes + row["version"].to_bytes(4, "big")),
    ),
    SealedColumn("bus.dead_letters", "key_id", "sealed", ("id",), lambda row: bytes(row["id"].bytes)),
    SealedColumn("bus.dead_letters", "mended_key_id", "mended", ("id",), lambda row: bytes(row["id"].bytes)),
)  # fmt: skip


async def rows_by_key(pool: Pool) -> dict[str, int]:
    """Key id → how many sealed values are under it."""
    found: dict[str, int] = {}
    for column in SEALED:
        query = f"SELECT {column.key_id} AS key, count(*) AS n FROM {column.table} WHERE {column.sealed} IS NOT NULL GROUP BY 1"
        for row in await pool.fetch(query):
            found[row["key"]] = found.get(row["key"], 0) + row["n"]
    return found


async def reseal(pool: Pool, vault: Vault) -> AsyncIterator[int]:
    """Move everything under the active key; yields how many values each batch moved. Raises the key ring's errors."""
    for column in SEALED:
        names = ", ".join(column.row)
        pick = (
            f"SELECT {names}, {column.key_id} AS key, {column.sealed} AS sealed FROM {column.table} "
            f"WHERE {column.sealed} IS NOT NULL AND {column.key_id} <> $1 LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
        )
        where = " AND ".join(f"{name} = ${n}" for n, name in enumerate(column.row, 3))
        put = f"UPDATE {column.table} SET {column.key_id} = $1, {column.sealed} = $2 WHERE {where}"
        while True:
            async with pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(pick, vault.keyring.active)
                moved = []
                for row in rows:
                    context = column.context(row)
                    blob = vault.seal_bytes(vault.unseal_bytes(Blob(row["key"], row["sealed"]), context=context), context=context)
                    moved.append((blob.key_id, blob.blob, *(row[name] for name in column.row)))
                await connection.executemany(put, moved)
            if not rows:
                break
            yield len(rows)

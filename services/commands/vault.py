"""`petitions vault`: the sealing keys; a new one made active, everything moved under it, old ones let go."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import settings
from services.domain.sealing import Keyring, SealingError
from services.infra.postgres import Pool, create_pool
from services.infra.rotation import reseal as reseal_rows
from services.infra.rotation import rows_by_key
from services.infra.settings import Settings
from services.infra.vault import Vault, VaultKeyMissing

app = typer.Typer(no_args_is_help=True, help="Sealing keys of identities and originals.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="vault")


@app.command()
def status(as_json: bool = JSON_OPTION) -> None:
    """Which keys there are, and how many sealed values are under each."""
    configured = settings()
    vault = _vault(configured)

    async def work() -> dict[str, int]:
        async with _pool(configured) as pool:
            return await rows_by_key(pool)

    counts = run(work())
    known = [(key, key == vault.keyring.active, counts.pop(key, 0)) for key in vault.keyring.keys]
    if as_json:
        print_json({"keys": [{"id": k, "active": a, "sealed": n} for k, a, n in known], "unknown": counts})
    else:
        print_table("密钥", ("key", "active", "sealed"), [(k, "✓" if a else "", n) for k, a, n in known], empty="")
    if counts:
        raise Failed(f"{sum(counts.values())} sealed values are under keys nobody has here ({', '.join(counts)}): put these keys back into the ring")


@app.command()
def rotate(key: str = typer.Option(None, "--id", help="Name of the new key; the moment of its making otherwise.")) -> None:
    """Make a new key active in the key ring's file; the old keys still open what they sealed."""
    configured = settings()
    path = configured.vault_key_file or configured.home / "secrets" / "vault.json"
    if configured.vault_key is not None:
        raise Failed("the key ring comes from PETITIONS_VAULT_KEY: rotate it where it is kept, or set PETITIONS_VAULT_KEY_FILE to its file")
    ring = _vault(configured).keyring
    name = key or f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    try:
        _write(path, ring.rotated(name))
    except SealingError as failure:
        raise Failed(f"{failure}: choose another --id") from None
    console.print(f"{name} is the active key of {path}", markup=False)
    console.print("next: start the services anew (petitions down, petitions up), then petitions vault reseal", style="dim", markup=False)


@app.command()
def reseal(forget: bool = typer.Option(False, "--forget", help="Then drop the keys that nothing is under any more.")) -> None:
    """Move everything sealed under the active key; may be broken off and run again."""
    configured = settings()
    vault = _vault(configured)

    async def work() -> tuple[int, dict[str, int]]:
        async with _pool(configured) as pool:
            before = await rows_by_key(pool)
            total = sum(n for key, n in before.items() if key != vault.keyring.active)
            moved = 0
            with Progress(TextColumn("resealing"), BarColumn(), MofNCompleteColumn(), console=console_err, transient=True) as progress:
                task = progress.add_task("resealing", total=total)
                async for count in reseal_rows(pool, vault):
                    moved += count
                    progress.advance(task, count)
            return moved, await rows_by_key(pool)

    try:
        moved, left = run(work())
    except SealingError as failure:
        raise Failed(f"a sealed value does not open ({failure}): put its key back into the ring, see petitions vault status") from None
    console.print(f"{moved} sealed values moved under {vault.keyring.active}", markup=False)
    if not forget:
        return
    if configured.vault_key is not None:
        raise Failed("the key ring comes from PETITIONS_VAULT_KEY: take the unused keys out where it is kept")
    kept = {key: value for key, value in vault.keyring.keys.items() if key in left or key == vault.keyring.active}
    dropped = sorted(set(vault.keyring.keys) - set(kept))
    _write(configured.vault_key_file or configured.home / "secrets" / "vault.json", Keyring(vault.keyring.active, kept, vault.keyring.equality_root))
    console.print(f"keys dropped: {', '.join(dropped) or 'none'}", markup=False)


def _vault(configured: Settings) -> Vault:
    try:
        return Vault.from_settings(configured)
    except (VaultKeyMissing, SealingError) as failure:
        raise Failed(str(failure)) from None


def _write(path: Path, ring: Keyring) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(ring.to_json())
        out.flush()
        os.fsync(out.fileno())  # whoever loses the ring loses everything under it
    fresh.replace(path)


@asynccontextmanager
async def _pool(configured: Settings) -> AsyncIterator[Pool]:
    assert configured.database is not None
    pool = await create_pool(configured.database.get_secret_value(), service="cli", size=1)
    try:
        yield pool
    finally:
        await pool.close()

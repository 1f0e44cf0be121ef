"""Secrets on a machine that was given none: the vault's key ring, the key of access tokens."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from services.domain.sealing import Keyring
from services.stack.errors import StackError, disk_errors

OTHERS = 0o077
"""Permission bits of anybody but the owner."""


def vault_key(home: Path) -> Path:
    """The file with the key ring: made once, readable by its owner only; see `_secret`."""
    return _secret(
        home / "secrets" / "vault.json", Keyring.generate().to_json,
        "the vault key {path} may be read by others: chmod 600 it, and rotate the key if somebody may have",
    )  # fmt: skip


def token_key(home: Path) -> Path:
    """The file with the key that access tokens are hashed under; without it no token can be checked. See `_secret`."""
    return _secret(
        home / "secrets" / "tokens.key", lambda: os.urandom(32).hex(),
        "the token key {path} may be read by others: chmod 600 it, and issue tokens anew if somebody may have",
    )  # fmt: skip


def _secret(path: Path, make: Callable[[], str], exposed: str) -> Path:
    """A secret made once. Raises `StackError` where others may read it: it must not pass unnoticed."""
    with disk_errors(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(make())
                out.flush()
                os.fsync(out.fileno())  # what depends on it is lost with it
            fresh.replace(path)
        elif path.stat().st_mode & OTHERS:
            raise StackError(exposed.format(path=path))
    return path

"""The vault's key ring on a machine that was given none."""

from __future__ import annotations

import os
from pathlib import Path

from services.domain.sealing import Keyring
from services.stack.errors import StackError, disk_errors

OTHERS = 0o077
"""Permission bits of anybody but the owner."""


def vault_key(home: Path) -> Path:
    """The file with the key ring: made once, readable by its owner only.

    Raises `StackError` where others may read it: whoever did could open every identity, so it must not pass unnoticed.
    """
    path = home / "secrets" / "vault.json"
    with disk_errors(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(Keyring.generate().to_json())
                out.flush()
                os.fsync(out.fileno())  # what it sealed is lost with it
            fresh.replace(path)
        elif path.stat().st_mode & OTHERS:
            raise StackError(f"the vault key {path} may be read by others: chmod 600 it, and rotate the key if somebody may have")
    return path

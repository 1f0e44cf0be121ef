"""The vault's hands: sealing and keyed hashes with the configured key ring. Keys never touch the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.domain.sealing import Keyring, Sealed
from services.infra.settings import Settings


class VaultKeyMissing(Exception):
    """No vault key: set PETITIONS_VAULT_KEY_FILE to a key ring file (petitions doctor tells how to make one)."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Something sealed: the key it is under, and nonce and ciphertext as one run of bytes."""

    key_id: str
    blob: bytes


class Vault:
    """Seals, unseals and hashes; safe to share between tasks and threads."""

    NONCE_BYTES = 12

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring

    @classmethod
    def from_settings(cls, settings: Settings) -> Vault:
        """The vault the settings name; raises `VaultKeyMissing` where they name none."""
        if settings.vault_key is not None:
            return cls(Keyring.from_json(settings.vault_key.get_secret_value()))
        path = settings.vault_key_file or settings.home / "secrets" / "vault.json"
        if not Path(path).exists():
            raise VaultKeyMissing
        return cls(Keyring.from_file(path))

    def seal_bytes(self, plain: bytes, *, context: bytes) -> Blob:
        """Seal under the active key; `context` must be given again to unseal."""
        sealed = self.keyring.seal(plain, context)
        return Blob(sealed.key_id, sealed.nonce + sealed.ciphertext)

    def unseal_bytes(self, blob: Blob, *, context: bytes) -> bytes:
        """Open what `seal_bytes` made; raises the key ring's errors for an unknown key or a changed byte."""
        nonce, ciphertext = blob.blob[: self.NONCE_BYTES], blob.blob[self.NONCE_BYTES :]
        return self.keyring.unseal(Sealed(blob.key_id, nonce, ciphertext), context)

"""Cryptography of the vault: what is sealed, under which key, and keys that make equal values equal. No SQL
here.

Two families of keys, because they live differently:

* *sealing keys* are many, named, and rotated: `active` seals, every known one unseals, `reseal` moves a row
  on;
* one *equality root* is made once and never rotated with them. Keyed hashes of phone numbers, id numbers and
  scrub tokens must stay equal for years, or repeats told after a rotation would no longer meet the earlier
  ones. Replacing it means hashing the whole vault again.

Every use has a key of its own, derived by HKDF-SHA256 with a label: no ciphertext, hash or token shares one.
Sealing is AES-256-GCM with a random 96-bit nonce (fresh for each row; a key is good for 2**32 rows, so rotate
before that). The key's id and the caller's `aad` (complaint and version) are authenticated: a row copied to
another complaint does not open.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEY_VARIABLE: Final = "PETITIONS_VAULT_KEY"
KEY_FILE_VARIABLE: Final = "PETITIONS_VAULT_KEY_FILE"
_ONLY = "k1"  # the id of a key given without one


class SealingError(Exception):
    """The vault could not seal or unseal."""


class BadKeyring(SealingError):
    """The keyring is missing or malformed; the message says what to change and never holds key material."""


class UnknownKey(SealingError):
    """Sealed with a key that is not in the keyring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"sealed with key {key_id!r}, which is not in the keyring; add it under that id to unseal"
        )
        self.key_id = key_id


class Tampered(SealingError):
    """The sealed bytes, the complaint or version they belong to, or the key is not the one they were sealed
    with."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored: the id of the key, a nonce of 12 bytes, and the ciphertext with its 16-byte tag."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


def vault_aad(complaint_id: str, version: int) -> bytes:
    """Binds a sealed block to one version of one complaint."""
    return f"petitions/vault/1\n{complaint_id}\n{version}".encode()


@dataclass(frozen=True, repr=False, eq=False)
class Keyring:
    """Sealing keys by id, the active one, and the equality root; each 32 bytes. `repr` shows ids only."""

    active: str
    keys: Mapping[str, bytes]
    equality_root: bytes
    _ciphers: Mapping[str, AESGCM] = field(init=False)
    reporter_key: bytes = field(init=False)  # for keyed hashes of who complains
    token_key: bytes = field(init=False)  # for the tokens in scrubbed text

    def __post_init__(self) -> None:
        if self.active not in self.keys:
            raise BadKeyring(f"the active key {self.active!r} is not among the keys {sorted(self.keys)}")
        for name, key in {**self.keys, "equality": self.equality_root}.items():
            if len(key) != KEY_BYTES:
                raise BadKeyring(f"key {name!r} has {len(key)} bytes, expected {KEY_BYTES}")
        ciphers = {key_id: AESGCM(_derive(key, "seal")) for key_id, key in self.keys.items()}
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))
        object.__setattr__(self, "_ciphers", ciphers)
        object.__setattr__(self, "reporter_key", _derive(self.equality_root, "reporter"))
        object.__setattr__(self, "token_key", _derive(self.equality_root, "token"))

    def __repr__(self) -> str:
        return f"Keyring(active={self.active!r}, keys={sorted(self.keys)})"

    # ---- made

    @classmethod
    def generate(cls, key_id: str = _ONLY) -> Keyring:
        """A new ring of one random key and a random equality root."""
        return cls(key_id, {key_id: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))

    @classmethod
    def from_json(cls, text: str) -> Keyring:
        """Read `{"active": id, "keys": {id: base64}, "equality": base64}`, or a single base64 key.

        Without `equality` it is derived from the only key; with several keys that is refused, because which
        of them it came from is not known. `rotated` and `to_json` always write it. Raises `BadKeyring`.
        """
        text = text.strip()
        if not text.startswith("{"):
            key = _decode("key", text)
            return cls(_ONLY, {_ONLY: key}, _derive(key, "equality"))
        try:
            ring = json.loads(text)
        except ValueError:
            raise BadKeyring("the keyring is neither one base64 key nor a JSON object") from None
        entries = ring.get("keys")
        if not isinstance(entries, dict) or not entries or not isinstance(ring.get("active"), str):
            raise BadKeyring('the keyring needs "active" (a key id) and "keys" (key id to base64)')
        keys = {key_id: _decode(key_id, value) for key_id, value in entries.items()}
        if "equality" in ring:
            return cls(ring["active"], keys, _decode("equality", ring["equality"]))
        if len(keys) > 1:
            raise BadKeyring(
                'a keyring of several keys needs "equality": the root that stays when keys are rotated'
            )
        return cls(ring["active"], keys, _derive(next(iter(keys.values())), "equality"))

    @classmethod
    def from_file(cls, path: str | Path) -> Keyring:
        """Read the file of a keyring; raises `BadKeyring` where it cannot be read."""
        try:
            text = Path(path).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise BadKeyring(f"the keyring file {path} cannot be read ({type(error).__name__})") from None
        return cls.from_json(text)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Keyring:
        """Read PETITIONS_VAULT_KEY (JSON or one base64 key) or the file PETITIONS_VAULT_KEY_FILE names.

        Raises `BadKeyring` where neither or both are set: which one counts must never be a guess.
        """
        text, path = environ.get(KEY_VARIABLE, ""), environ.get(KEY_FILE_VARIABLE, "")
        if bool(text) == bool(path):
            count = "both" if text else "neither"
            raise BadKeyring(f"set {KEY_VARIABLE} or {KEY_FILE_VARIABLE}: {count} of them is set")
        return cls.from_json(text) if text else cls.from_file(path)

    def to_json(self) -> str:
        """The ring as `from_json` reads it, equality root included. This is key material."""
        return json.dumps(
            {
                "active": self.active,
                "keys": {key_id: _encode(key) for key_id, key in self.keys.items()},
                "equality": _encode(self.equality_root),
            },
            indent=2,
        )

    def rotated(self, key_id: str, key: bytes | None = None) -> Keyring:
        """A ring whose new sealing key is active; old keys still unseal and equality is unchanged."""
        if key_id in self.keys:
            raise BadKeyring(f"there is already a key {key_id!r}; a key id is never used twice")
        return Keyring(key_id, {**self.keys, key_id: key or os.urandom(KEY_BYTES)}, self.equality_root)

    # ---- used

    def seal(self, plain: bytes, aad: bytes) -> Sealed:
        """Encrypt under the active key."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(
            self.active, nonce, self._ciphers[self.active].encrypt(nonce, plain, _bound(self.active, aad))
        )

    def unseal(self, sealed: Sealed, aad: bytes) -> bytes:
        """Decrypt. Raises `UnknownKey` or `Tampered`."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise UnknownKey(sealed.key_id)
        try:
            return cipher.decrypt(sealed.nonce, sealed.ciphertext, _bound(sealed.key_id, aad))
        except (InvalidTag, ValueError):
            raise Tampered(
                "the sealed block does not open: it was changed, or belongs to another record"
            ) from None

    def reseal(self, sealed: Sealed, aad: bytes) -> Sealed:
        """The same content under the active key; the row itself where it already is. Raises like `unseal`."""
        return sealed if sealed.key_id == self.active else self.seal(self.unseal(sealed, aad), aad)

    def seal_many(self, rows: Iterable[tuple[bytes, bytes]]) -> list[Sealed]:
        """`seal` for a batch of (plain, aad)."""
        return [self.seal(plain, aad) for plain, aad in rows]

    def unseal_many(self, rows: Sequence[tuple[Sealed, bytes]]) -> list[bytes]:
        """`unseal` for a batch of (sealed, aad); raises at the first that does not open."""
        return [self.unseal(sealed, aad) for sealed, aad in rows]


def _bound(key_id: str, aad: bytes) -> bytes:
    return key_id.encode() + b"\n" + aad


def _derive(key: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"petitions/{use}/v1".encode()).derive(key)


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _decode(name: str, value: object) -> bytes:
    try:
        key = base64.b64decode(str(value).strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise BadKeyring(f"key {name!r} is not base64") from None
    if len(key) != KEY_BYTES:
        raise BadKeyring(f"key {name!r} has {len(key)} bytes, expected {KEY_BYTES} (openssl rand -base64 32)")
    return key

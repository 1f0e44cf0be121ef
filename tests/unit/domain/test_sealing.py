"""The vault's cryptography: what must not open, what rotation must not break, and keyrings that are
refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.sealing import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    BadKeyring,
    Keyring,
    Sealed,
    Tampered,
    UnknownKey,
    vault_aad,
)

AAD = vault_aad("0198-complaint", 1)
KEY_A, KEY_B, ROOT = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


def ring_json(**changes: object) -> str:
    return json.dumps({"active": "a", "keys": {"a": KEY_A, "b": KEY_B}, "equality": ROOT, **changes})


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(1, 255))
def test_one_changed_byte_anywhere_does_not_open(plain: bytes, place: int, flip: int) -> None:
    ring = Keyring.from_json(ring_json())
    sealed = ring.seal(plain, AAD)
    changed = bytearray(sealed.ciphertext)
    changed[place % len(changed)] ^= flip
    with pytest.raises(Tampered):
        ring.unseal(replace(sealed, ciphertext=bytes(changed)), AAD)


@pytest.mark.parametrize(
    "aad",
    [vault_aad("0198-other", 1), vault_aad("0198-complaint", 2), b""],
    ids=["complaint", "version", "nothing"],
)
def test_a_block_moved_to_another_record_does_not_open(aad: bytes) -> None:
    ring = Keyring.generate()
    with pytest.raises(Tampered):
        ring.unseal(ring.seal(b"block", AAD), aad)


def test_a_block_that_claims_another_key_does_not_open() -> None:
    ring = Keyring.from_json(ring_json())
    with pytest.raises(Tampered):
        ring.unseal(replace(ring.seal(b"block", AAD), key_id="b"), AAD)


@pytest.mark.parametrize("nonce", [b"", b"short", b"\0" * 12], ids=["empty", "short", "other"])
def test_a_wrong_nonce_does_not_open(nonce: bytes) -> None:
    ring = Keyring.generate()
    with pytest.raises(Tampered):
        ring.unseal(replace(ring.seal(b"block", AAD), nonce=nonce), AAD)


def test_an_unknown_key_is_named_and_nothing_else_is() -> None:
    sealed = Keyring.generate("k9").seal(b"block", AAD)
    with pytest.raises(UnknownKey, match="k9") as caught:
        Keyring.from_json(ring_json()).unseal(sealed, AAD)
    assert caught.value.key_id == "k9"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 bytes"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"short").decode(), "5 bytes"),
        ("{", "neither one base64 key nor a JSON object"),
        ("{}", '"active"'),
        (json.dumps({"active": "a", "keys": {}}), '"keys"'),
        (json.dumps({"active": 1, "keys": {"a": KEY_A}}), '"active"'),
        (ring_json(active="z"), "'z' is not among the keys"),
        (ring_json(keys={"a": "??"}), "'a' is not base64"),
        (ring_json(equality="AAAA"), "'equality' has 3 bytes"),
        (json.dumps({"active": "a", "keys": {"a": KEY_A, "b": KEY_B}}), '"equality"'),
    ],
)
def test_a_bad_keyring_says_what_to_change_and_shows_no_key(text: str, says: str) -> None:
    with pytest.raises(BadKeyring) as caught:
        Keyring.from_json(text)
    assert says in str(caught.value)
    assert KEY_A not in str(caught.value)


def test_neither_or_both_places_for_the_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKeyring, match="neither"):
        Keyring.from_env({})
    with pytest.raises(BadKeyring, match="both"):
        Keyring.from_env({KEY_VARIABLE: KEY_A, KEY_FILE_VARIABLE: str(tmp_path / "key")})
    with pytest.raises(BadKeyring, match="FileNotFoundError"):
        Keyring.from_env({KEY_FILE_VARIABLE: str(tmp_path / "key")})


def test_neither_repr_nor_a_traceback_of_it_shows_key_material() -> None:
    ring = Keyring.from_json(ring_json())
    for secret in (KEY_A, ROOT, repr(bytes([1]) * 32), ring.token_key.hex()):
        assert secret not in repr(ring)


@given(st.binary(max_size=500))
def test_what_is_sealed_opens_and_is_not_stored_in_clear(plain: bytes) -> None:
    ring = Keyring.from_json(ring_json())
    sealed = ring.seal(plain, AAD)
    assert ring.unseal(sealed, AAD) == plain
    assert len(plain) < 4 or plain not in sealed.ciphertext


def test_the_same_block_sealed_twice_looks_different() -> None:
    ring = Keyring.generate()
    one, other = ring.seal(b"block", AAD), ring.seal(b"block", AAD)
    assert one.nonce != other.nonce and one.ciphertext != other.ciphertext


def test_batches_are_sealed_and_opened_in_order() -> None:
    ring = Keyring.generate()
    rows = [(bytes([n]) * n, vault_aad(f"c{n}", n)) for n in range(50)]
    sealed = ring.seal_many(rows)
    assert ring.unseal_many([(block, aad) for block, (_, aad) in zip(sealed, rows, strict=True)]) == [
        p for p, _ in rows
    ]


def test_rotation_opens_the_old_reseals_under_the_new_and_keeps_equality() -> None:
    before = Keyring.from_json(KEY_A)
    sealed = before.seal(b"block", AAD)
    after = Keyring.from_json(before.rotated("k2").to_json())
    assert after.unseal(sealed, AAD) == b"block"
    moved = after.reseal(sealed, AAD)
    assert moved.key_id == "k2" and after.unseal(moved, AAD) == b"block"
    assert after.reseal(moved, AAD) is moved
    assert (after.reporter_key, after.token_key) == (before.reporter_key, before.token_key)
    with pytest.raises(UnknownKey):
        before.unseal(moved, AAD)


def test_a_key_id_is_never_used_twice() -> None:
    with pytest.raises(BadKeyring, match="never used twice"):
        Keyring.generate("a").rotated("a")


def test_equality_depends_on_its_own_root_alone() -> None:
    ring = Keyring.from_json(ring_json())
    other_keys = Keyring.from_json(ring_json(keys={"a": KEY_B}))
    other_root = Keyring.from_json(ring_json(equality=KEY_A))
    assert ring.reporter_key == other_keys.reporter_key
    assert ring.reporter_key != other_root.reporter_key
    assert len({ring.reporter_key, ring.token_key, bytes([1]) * 32, bytes([3]) * 32}) == 4


def test_a_keyring_is_read_from_a_file_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    path.write_text(ring_json() + "\n")
    sealed = Keyring.from_env({KEY_FILE_VARIABLE: str(path)}).seal(b"block", AAD)
    assert Keyring.from_env({KEY_VARIABLE: ring_json()}).unseal(sealed, AAD) == b"block"
    assert isinstance(sealed, Sealed) and sealed.key_id == "a"

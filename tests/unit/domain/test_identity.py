"""When two petitioners are one: which values count, how they are spelled, and who is nobody."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.submitted import Petitioner
from services.domain.identity import (
    IdentityKind,
    normalise_address,
    normalise_id_number,
    normalise_name,
    normalise_phone,
    reporter_key,
    reporter_keys,
)

KEY = b"identity-test-key-of-32-bytes-ok"


def key_of(source: str = "hotline", **block: Any) -> bytes | None:
    return reporter_key(Petitioner(**block), source, KEY)


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"anonymous": True, "name": "周岩", "phone": "13912345678", "id_number": "11010519491231002X"},
        {"name": "周岩"},
        {"name": "匿名", "phone": "12345"},
        {"phone": "13900000000"},
        {"phone": "0535-6123456"},
        {"name": "周先生", "address": "翠竹路12号金桂苑3栋"},
        {"name": "周*", "address": "翠竹路12号金桂苑3栋"},
        {"name": "周岩", "address": "城东"},
        {"name": "金桂苑业主委员会", "address": "翠竹路12号金桂苑"},
        {"id_number": "110105194912310021"},
    ],
)
def test_a_petitioner_who_cannot_be_told_from_others_has_no_key(block: dict[str, Any]) -> None:
    assert key_of(**block) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"phone": "139 1234 5678"}, {"phone": "+86-13912345678"}),
        ({"phone": "13912345678", "name": "周岩"}, {"phone": "１３９１２３４５６７８"}),
        ({"id_number": "11010519491231002x"}, {"id_number": "110105 19491231 002X", "phone": "13912345678"}),
        ({"id_number": "110105491231002"}, {"id_number": "11010519491231002X"}),
        ({"phone": "0535-6123456", "name": "周 岩"}, {"phone": "(0535)6123456", "name": "周岩"}),
        (
            {"name": "周岩", "address": "山东省明光市翠竹路十二号"},
            {"name": "周岩", "address": "明光市翠竹路十二号 "},
        ),
    ],
)
def test_the_same_person_spelled_otherwise_has_the_same_key(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert key_of(**one) == key_of(**other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"phone": "13912345678"}, {"phone": "13912345679"}),
        ({"phone": "05356123456", "name": "周岩"}, {"phone": "05356123456", "name": "沈禾"}),
        ({"name": "周岩", "address": "翠竹路12号3栋"}, {"name": "周岩", "address": "翠竹路12号4栋"}),
    ],
)
def test_different_people_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key_of(**one) != key_of(**other)


def test_numbers_count_across_sources_but_name_and_address_within_one() -> None:
    assert key_of("a", phone="13912345678") == key_of("b", phone="13912345678")
    block = {"name": "周岩", "address": "翠竹路12号3栋"}
    assert key_of("a", **block) != key_of("b", **block)


def test_the_strongest_value_wins_and_all_of_them_are_told() -> None:
    block = Petitioner(
        name="周岩", phone="13912345678", id_number="11010519491231002X", address="翠竹路12号3栋"
    )
    keys = reporter_keys(block, "a", KEY)
    assert list(keys) == [IdentityKind.ID_NUMBER, IdentityKind.PHONE, IdentityKind.NAME_ADDRESS]
    assert reporter_key(block, "a", KEY) == keys[IdentityKind.ID_NUMBER]
    assert len(set(keys.values())) == 3 and all(len(value) == 32 for value in keys.values())


def test_another_key_gives_another_hash() -> None:
    block = Petitioner(phone="13912345678")
    assert reporter_key(block, "a", KEY) != reporter_key(block, "a", KEY[::-1])


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("0086 139 1234 5678", "13912345678"),
        ("013912345678", "13912345678"),
        ("一三九一二三四五六七八", "13912345678"),
        ("0535-6123456-801", "05356123456-801"),
        ("010 6123 4567", "01061234567"),
        ("61234567", ""),
        ("95588", ""),
        ("", ""),
    ],
)
def test_phones_have_one_spelling(written: str, phone: str) -> None:
    assert normalise_phone(written) == phone


def test_names_cards_and_addresses_have_one_spelling() -> None:
    assert (
        normalise_name(" 周 · 岩 ") == "周岩" and normalise_name("某某") == "" and normalise_name("无") == ""
    )
    assert normalise_id_number("１１０１０５４９１２３１００２") == "11010519491231002X"
    assert normalise_address("中国山东省明光市 翠竹路１２号") == normalise_address("明光市翠竹路12号")

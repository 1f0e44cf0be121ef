"""One spelling for names, phones, identity numbers and addresses, and keyed hashes that make equal ones
equal.

A hash is HMAC-SHA256 over the kind and the normalised value. Without the key (which is not in the database)
phone numbers could be found by trying them all; with it, "same person" is a comparison of bytes.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from enum import StrEnum

from contracts.submitted import Petitioner, is_identity_card

# What is written where nobody gave a name.
_NO_NAME = """
    匿名 不详 未知 无 市民 群众 居民 村民 业主 住户 网友 先生 女士 小姐 某某 热心市民 匿名市民 不愿透露
    不愿透露姓名 保密 未提供 未留名 来电人 诉求人 投诉人 举报人 反映人 测试 test unknown anonymous
"""
NO_NAME = frozenset(_NO_NAME.split())
_ORGANISATION = re.compile(
    r"(?:公司|委员会|业委会|学校|小学|中学|医院|物业|居委会|村委会|工厂|商会|协会|中心|办公室|代表)$"
)
_JUNK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff.,，。·•・‧_'\"“”()（）\[\]【】:：;；、—–~～-]+")
_ADMIN = re.compile(r"^(?:中华人民共和国|中国)?(?:[^\W\d_]{2,8}?(?:自治区|特别行政区|省))?")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:(?:10|2\d)\d{7,8}|[3-9]\d{9,10})", re.ASCII)
_EXTENDED = re.compile(r"^(.*\d)\s*(?:[-—–#转*]|ext\.?)\s*(\d{1,5})\s*$", re.IGNORECASE)
_NUMERALS = str.maketrans("零〇一二三四五六七八九幺", "0012345678" + "91")


class IdentityKind(StrEnum):
    """What a keyed hash was made of, strongest first."""

    ID_NUMBER = "id_number"
    PHONE = "phone"
    LANDLINE = "landline"
    NAME_ADDRESS = "name_address"


def normalise_name(name: str) -> str:
    """Without spaces, dots and case; empty where it names nobody (匿名, 市民)."""
    plain = _JUNK.sub("", unicodedata.normalize("NFKC", name)).lower()
    return "" if plain in NO_NAME or len(plain) < 2 or set(plain) <= set("*x×某") else plain


def is_person(name: str) -> bool:
    """True for a normalised name of a person, not of an organisation."""
    return bool(name) and not _ORGANISATION.search(name)


def normalise_phone(phone: str) -> str:
    """Digits without country code, trunk zero of a mobile, separators; the extension of a land-line is kept
    after `-`.

    Empty where it is neither a mobile nor a land-line with area code, or plainly a filler (all digits the
    same).
    """
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone).translate(_NUMERALS))
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) >= 11 + len(prefix):
            digits = digits[len(prefix) :]
            break
    if digits.startswith("01") and _MOBILE.fullmatch(digits[1:]):
        digits = digits[1:]
    if len(set(digits[3:])) <= 1:
        return ""
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return digits
    line = _EXTENDED.search(unicodedata.normalize("NFKC", phone).translate(_NUMERALS))
    return f"{number}-{line[2]}" if line and _LANDLINE.fullmatch(number := re.sub(r"\D", "", line[1])) else ""


def normalise_id_number(number: str) -> str:
    """Upper case without separators; empty where it is no identity number of 15 or 18 characters.

    15 digits (before 1999) become the 18 of the same person, so that both spellings are equal (GB 11643).
    """
    plain = _JUNK.sub("", unicodedata.normalize("NFKC", number)).upper()
    if re.fullmatch(r"\d{15}", plain):
        body = plain[:6] + "19" + plain[6:]
        return next((body + check for check in "0123456789X" if is_identity_card(body + check)), "")
    return plain if is_identity_card(plain) else ""


def normalise_address(address: str) -> str:
    """Without country, province, spaces and marks, digits in one form."""
    plain = _JUNK.sub("", unicodedata.normalize("NFKC", address)).lower().translate(_NUMERALS)
    return _ADMIN.sub("", plain)


def keyed_hash(kind: str, value: str, key: bytes) -> bytes:
    """HMAC-SHA256 (32 bytes) of a normalised value; different kinds never meet."""
    return hmac.digest(key, f"{kind}\n{value}".encode(), "sha256")


def reporter_keys(petitioner: Petitioner, source: str, key: bytes) -> dict[IdentityKind, bytes]:
    """Every keyed hash the block allows, strongest first; empty for an anonymous petitioner.

    An identity number and a mobile are one person's wherever they are given. A land-line is a household's or
    an office's, so it counts only with the name. Name and address are spelled by each hotline's own habit and
    may coincide between cities: they count only within one source, and only a name of a person, not 王先生.
    """
    if petitioner.anonymous:
        return {}
    keys: dict[IdentityKind, bytes] = {}
    if petitioner.id_number and (number := normalise_id_number(petitioner.id_number)):
        keys[IdentityKind.ID_NUMBER] = keyed_hash(IdentityKind.ID_NUMBER, number, key)
    name = normalise_name(petitioner.name or "")
    phone = normalise_phone(petitioner.phone or "")
    if _MOBILE.fullmatch(phone):
        keys[IdentityKind.PHONE] = keyed_hash(IdentityKind.PHONE, phone, key)
    elif phone and name:
        keys[IdentityKind.LANDLINE] = keyed_hash(IdentityKind.LANDLINE, f"{phone}\n{name}", key)
    address = normalise_address(petitioner.address or "")
    if is_person(name) and not re.search(r"[*×某]|先生$|女士$|小姐$", name) and len(address) >= 6:
        keys[IdentityKind.NAME_ADDRESS] = keyed_hash(
            IdentityKind.NAME_ADDRESS, f"{source}\n{name}\n{address}", key
        )
    return keys


def reporter_key(petitioner: Petitioner, source: str, key: bytes) -> bytes | None:
    """The strongest of `reporter_keys`: identity number, then mobile, then land-line with name, then name
    with address; None where the petitioner is anonymous or gave nothing that tells one person from
    another."""
    return next(iter(reporter_keys(petitioner, source, key).values()), None)

"""Receipt numbers: readable, safe against slips of the hand, and easy to find when a later complaint cites
one.

`XF20261124-000123-7` is a prefix of the city (2 to 6 capital letters), the date of registration, the day's
sequence (six digits, seven or eight when a day has more than a million) and a check digit (Damm's, over
letters as two digits, which notices every single wrong digit and every swap of neighbours). It begins with
letters and a date, so it is never taken for a phone or identity number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_PREFIX = re.compile(r"[A-Z]{2,6}")
_RECEIPT = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{2,6})[ ]?((?:20|21)\d{6})"
    r"[ ]?[-—–]?[ ]?(\d{6,8})[ ]?[-—–]?[ ]?(\d)(?![A-Za-z0-9])",
    re.ASCII,
)
MAX_SEQUENCE = 99_999_999

# Damm, H. M. (2004), the totally anti-symmetric quasigroup of order 10.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


class ReceiptError(ValueError):
    """Not a receipt number."""


@dataclass(frozen=True, slots=True, order=True)
class ReceiptNumber:
    """A receipt number taken apart; `str()` gives its one spelling."""

    prefix: str
    day: date
    sequence: int

    def __str__(self) -> str:
        body = f"{self.day:%Y%m%d}-{self.sequence:06d}"
        return f"{self.prefix}{body}-{_check_digit(self.prefix + body)}"


def _check_digit(body: str) -> str:
    interim = 0
    for character in body:
        if character.isdigit():
            interim = int(_DAMM[interim][int(character)])
        elif character.isalpha():
            for digit in str(ord(character) - 55):  # A is 10, Z is 35
                interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def receipt_no(prefix: str, day: date, sequence: int) -> str:
    """The receipt number of the `sequence`-th complaint of `day`.

    Raises `ReceiptError` for a prefix that is not 2 to 6 capital letters or a sequence outside 1 to
    99,999,999.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ReceiptError("a receipt prefix is 2 to 6 capital letters")
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise ReceiptError(f"a receipt sequence is 1 to {MAX_SEQUENCE}")
    return str(ReceiptNumber(prefix, day, sequence))


def parse_receipt(text: str) -> ReceiptNumber:
    """Read one receipt number as people write it (lower case, full width, spaces, hyphens left out).

    Raises `ReceiptError` where the form, the date or the check digit is wrong.
    """
    match = _RECEIPT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    number = _read(match) if match else None
    if number is None:
        raise ReceiptError("not a receipt number, or its check digit is wrong")
    return number


def is_receipt(text: str) -> bool:
    """True where `parse_receipt` would succeed."""
    try:
        parse_receipt(text)
    except ReceiptError:
        return False
    return True


def receipt_at(text: str, start: int) -> bool:
    """True where a receipt number with its right check digit begins at `start` (ASCII spelling only)."""
    match = _RECEIPT.match(text, start)
    return match is not None and _read(match) is not None


def find_receipts(text: str) -> tuple[str, ...]:
    """Receipt numbers cited in free text, in canonical spelling, each once, in order; wrong check digits are
    left out."""
    numbers = (_read(match) for match in _RECEIPT.finditer(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(str(number) for number in numbers if number is not None))


def _read(match: re.Match[str]) -> ReceiptNumber | None:
    prefix, day, sequence, check = match[1].upper(), match[2], match[3], match[4]
    try:
        number = ReceiptNumber(prefix, date(int(day[:4]), int(day[4:6]), int(day[6:])), int(sequence))
    except ValueError:
        return None
    canonical = str(number)
    return number if number.sequence and canonical == f"{prefix}{day}-{sequence}-{check}" else None

"""Receipt numbers: slips of the hand are noticed, citations are found, the scrubber lets them be."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.receipts import (
    MAX_SEQUENCE,
    ReceiptError,
    ReceiptNumber,
    find_receipts,
    is_receipt,
    parse_receipt,
    receipt_no,
)
from services.domain.scrub import scrub

NUMBERS = st.builds(
    receipt_no,
    st.from_regex(r"[A-Z]{2,6}", fullmatch=True),
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.integers(1, MAX_SEQUENCE),
)


@given(NUMBERS, st.data())
def test_one_wrong_digit_is_always_noticed(number: str, data: st.DataObject) -> None:
    places = [place for place, character in enumerate(number) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    assert not is_receipt(number[:place] + digit + number[place + 1 :])


@given(NUMBERS, st.data())
def test_two_neighbours_swapped_are_always_noticed(number: str, data: st.DataObject) -> None:
    places = [p for p in range(len(number) - 1) if number[p : p + 2].isdigit() and number[p] != number[p + 1]]
    place = data.draw(st.sampled_from(places))
    assert not is_receipt(number[:place] + number[place + 1] + number[place] + number[place + 2 :])


@pytest.mark.parametrize(
    "text", ["", "XF", "XF20261124-000123", "XF20261324-000123-5", "20261124-000123-5", "XF20261124-000000-0"]
)
def test_what_is_no_receipt_number_is_refused(text: str) -> None:
    with pytest.raises(ReceiptError):
        parse_receipt(text)


@pytest.mark.parametrize(
    ("prefix", "sequence"), [("X", 1), ("xf", 1), ("XF1", 1), ("XF", 0), ("XF", MAX_SEQUENCE + 1)]
)
def test_a_number_that_could_not_be_read_back_is_never_made(prefix: str, sequence: int) -> None:
    with pytest.raises(ReceiptError):
        receipt_no(prefix, date(2026, 11, 24), sequence)


@given(NUMBERS)
def test_what_is_made_is_read_back_and_looks_like_no_identity(number: str) -> None:
    assert str(parse_receipt(number)) == number
    assert find_receipts(f"前次受理{number}，至今未办") == (number,)
    assert scrub(f"前次受理{number}，至今未办", None, b"k" * 32).text == f"前次受理{number}，至今未办"


def test_a_receipt_number_is_readable() -> None:
    assert receipt_no("XF", date(2026, 11, 24), 123) == "XF20261124-000123-5"
    assert parse_receipt("XF20261124-000123-5") == ReceiptNumber("XF", date(2026, 11, 24), 123)


@pytest.mark.parametrize(
    "written",
    [
        "xf20261124-000123-5",
        "XF 20261124 000123 5",
        "XF202611240001235",
        "ＸＦ２０２６１１２４－０００１２３－５",
        "XF20261124—000123—5",
    ],
)
def test_citations_are_found_as_people_write_them(written: str) -> None:
    assert find_receipts(f"我的单号是{written}（去年）") == ("XF20261124-000123-5",)


def test_every_citation_is_found_once_in_order_and_wrong_ones_are_left_out() -> None:
    first, second = receipt_no("XF", date(2026, 11, 24), 2), receipt_no("MG", date(2026, 1, 1), 10)
    assert find_receipts(f"{first}、{second}、{first}、XF20261124-000123-6") == (first, second)

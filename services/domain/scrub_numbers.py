"""Numbers that name a person: phones, identity cards, bank cards, in every spelling people use to get them
past a filter.

A *chunk* is a stretch of digits (ASCII or Chinese) with at most three separators between two of them; its
*groups* are the runs of one script without separators. A group that is a number by itself is taken first;
then groups in a row that make one (`138 0013 8000`). What a number is follows from its form and from the
label before it, the nearest one counting.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from contracts.submitted import is_identity_card
from services.domain.scrub_patterns import (
    CARD15,
    CARD18,
    CHUNK,
    DATE_LIKE,
    DIGIT_VALUES,
    GROUP,
    LABEL,
    LANDLINE,
    MASKED,
    MOBILE,
)

PHONE, CARD, BANK = "电话", "证件", "银行卡"
_LABEL_REACH = 16  # characters looked at before a number
# Identity numbers of people born later are believed only with a right check digit: area + date + sequence is
# also how many receipt numbers of recent years are made.
_NEWEST_UNCHECKED_BIRTH = 2014


class Span(NamedTuple):
    """Characters `[start, end)` that name a person, and their normalised value (equal values get equal
    tokens)."""

    start: int
    end: int
    kind: str
    value: str


class _Group(NamedTuple):
    start: int
    end: int
    offset: int  # of its first digit among the chunk's digits


def number_spans(text: str, known: frozenset[str]) -> Iterator[Span]:
    """Phones, identity and bank cards in width-narrowed `text`. `known` are digit strings of the petitioner's
    own numbers (seven digits at least), found whatever stands around them."""
    for chunk in CHUNK.finditer(text):
        yield from _chunk_spans(text, chunk.start(), chunk.end(), known)
    if "**" in text or "××" in text or "xx" in text or "XX" in text or "●●" in text or "••" in text:
        for match in MASKED.finditer(text):
            span = _masked(text, match, known)
            if span:
                yield span


def _chunk_spans(text: str, start: int, end: int, known: frozenset[str]) -> Iterator[Span]:
    groups: list[_Group] = []
    digits = ""
    parts = []
    offset = 0
    for match in GROUP.finditer(text, start, end):
        groups.append(_Group(match.start(), match.end(), offset))
        parts.append(match[0])
        offset += match.end() - match.start()
    digits = "".join(parts).translate(DIGIT_VALUES) if not text[start:end].isascii() else "".join(parts)
    if len(digits) < 7:
        return
    taken = [False] * len(groups)
    for number in known:
        yield from _known_spans(text, digits, number, groups, taken)
    for index, group in enumerate(groups):
        size = group.end - group.start
        if size >= 7 and not taken[index]:
            found = list(_whole(text, digits[group.offset : group.offset + size], group))
            taken[index] = bool(found)
            yield from found
    if len(groups) > 1:
        yield from _joined(text, digits, groups, taken)


def _known_spans(
    text: str, digits: str, number: str, groups: list[_Group], taken: list[bool]
) -> Iterator[Span]:
    at = digits.find(number)
    offsets = [group.offset for group in groups] if at >= 0 else []
    while at >= 0:
        first, last = bisect_right(offsets, at) - 1, bisect_right(offsets, at + len(number) - 1) - 1
        start = groups[first].start + at - groups[first].offset
        end = groups[last].start + at + len(number) - groups[last].offset
        if len(number) == 17 and text[end : end + 1] in ("X", "x"):
            end += 1
        for index in range(first, last + 1):
            taken[index] = True
        yield Span(start, end, CARD if len(number) in (15, 17, 18) else PHONE, number)
        at = digits.find(number, at + len(number))


def label_before(text: str, start: int) -> str | None:
    """`receipt`, `phone`, `card` or `bank`: what the words right before a number call it."""
    match = LABEL.search(text, max(0, start - _LABEL_REACH), start)
    return match.lastgroup if match else None


def _whole(text: str, digits: str, group: _Group) -> Iterator[Span]:
    """What one group of seven digits or more is by itself."""
    start, end = group.start, group.end
    label = label_before(text, start)
    if label == "receipt":
        return
    size = len(digits)
    if (
        size == 17
        and text[end : end + 1] in ("X", "x")
        and (label == "card" or CARD18.fullmatch(digits + "X"))
    ):
        yield Span(start, end + 1, CARD, digits + "X")
    elif _is_card(digits) or (label == "card" and 14 <= size <= 19):
        yield Span(start, end, CARD, digits)
    elif MOBILE.fullmatch(digits):
        yield Span(start, end, PHONE, digits[-11:])
    elif LANDLINE.fullmatch(digits):
        yield Span(start, end, PHONE, digits)
    elif (label == "bank" and 12 <= size <= 21) or (
        16 <= size <= 19 and digits[0] in "3456" and _luhn(digits)
    ):
        yield Span(start, end, BANK, digits)
    elif label == "phone" and size <= 12 and not digits.startswith(("400", "800", "95", "96", "20", "19")):
        yield Span(start, end, PHONE, digits)
    elif size in (22, 33, 44) and all(MOBILE.fullmatch(digits[at : at + 11]) for at in range(0, size, 11)):
        for at in range(0, size, 11):  # several mobiles written without anything between them
            yield Span(start + at, start + at + 11, PHONE, digits[at : at + 11])
    elif not text[start].isascii() and (inside := re.search(r"1[3-9]\d{9}", digits)):
        yield Span(start + inside.start(), start + inside.end(), PHONE, inside[0])


def _joined(text: str, digits: str, groups: list[_Group], taken: list[bool]) -> Iterator[Span]:
    """Numbers written in several groups."""
    ends = {group.offset + group.end - group.start: index for index, group in enumerate(groups)}
    index = 0
    while index < len(groups):
        found = None if taken[index] else _join_at(text, digits, groups, ends, index)
        if found is None or any(taken[index : found[1] + 1]):
            index += 1
            continue
        span, last = found
        yield span
        index = last + 1


def _join_at(
    text: str, digits: str, groups: list[_Group], ends: dict[int, int], index: int
) -> tuple[Span, int] | None:
    group = groups[index]
    offset, start = group.offset, group.start
    first = digits[offset]
    if first != "0" and (match := CARD18.match(digits, offset)) and match.end() in ends:
        last = ends[match.end()]
        if last > index and _is_card(match[0]) and label_before(text, start) != "receipt":
            return Span(start, groups[last].end, CARD, match[0]), last
    if first in "018" and (match := MOBILE.match(digits, offset)) and match.end() in ends:
        last = ends[match.end()]
        if (
            last > index
            and _is_one_number(text, groups[index : last + 1])
            and label_before(text, start) != "receipt"
        ):
            return Span(start, groups[last].end, PHONE, match[0][-11:]), last
    if first == "0":
        for size in (12, 11):
            last = ends.get(offset + size, -1)
            if (
                last > index
                and LANDLINE.fullmatch(digits, offset, offset + size)
                and _is_one_number(text, groups[index : last + 1])
            ):
                end = groups[last].end
                if last + 1 < len(groups) and text[end : groups[last + 1].start] == "-":  # an extension
                    size_next = groups[last + 1].end - groups[last + 1].start
                    if size_next <= 5:
                        last += 1
                return Span(start, groups[last].end, PHONE, digits[offset : offset + size]), last
    return _join_rest(text, digits, groups, ends, index)


def _join_rest(
    text: str, digits: str, groups: list[_Group], ends: dict[int, int], index: int
) -> tuple[Span, int] | None:
    """Identity numbers of 17 digits and X, bank cards in fours, and local numbers with a label, in several
    groups."""
    offset, start = groups[index].offset, groups[index].start
    last = ends.get(offset + 17, -1)
    if last > index and digits[offset] != "0":
        end = groups[last].end
        tail = re.compile(r"[ \-]?[Xx]").match(text, end)
        if tail and CARD18.fullmatch(digits[offset : offset + 17] + "X"):
            return Span(start, tail.end(), CARD, digits[offset : offset + 17] + "X"), last
    if digits[offset] in "3456":
        for size in (19, 18, 17, 16):
            last = ends.get(offset + size, -1)
            if last > index and _in_fours(groups[index : last + 1]):
                number = digits[offset : offset + size]
                label = label_before(text, start)
                if label == "bank" or (label != "receipt" and _luhn(number)):
                    return Span(start, groups[last].end, BANK, number), last
    for size in (8, 7):
        last = ends.get(offset + size, -1)
        if last == index + 1 and digits[offset] not in "01" and label_before(text, start) == "phone":
            return Span(start, groups[last].end, PHONE, digits[offset : offset + size]), last
    return None


def _is_one_number(text: str, groups: list[_Group]) -> bool:
    """Whether groups in a row were meant as one mobile number rather than dates, ranges or a list of
    values."""
    gaps = {text[left.end : right.start] for left, right in pairwise(groups) if left.end != right.start}
    if len(gaps) > 2:
        return False
    return not DATE_LIKE.search(text, groups[0].start, groups[-1].end + 1)


def _in_fours(groups: list[_Group]) -> bool:
    return all(group.end - group.start == 4 for group in groups[:-1])


def _is_card(digits: str) -> bool:
    if len(digits) == 15:
        return CARD15.fullmatch(digits) is not None
    match = CARD18.fullmatch(digits)
    return match is not None and (int(match["year"]) <= _NEWEST_UNCHECKED_BIRTH or is_identity_card(digits))


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _masked(text: str, match: re.Match[str], known: frozenset[str]) -> Span | None:
    """A number with stars in it still tells seven of eleven digits; where it fits a known number it is that
    number."""
    written = re.sub(r"[^0-9]", "*", match[0])
    if len(written) > 18 and len(written.rstrip("0123456789")) <= 18:
        written = written[
            : max(18, len(written.rstrip("0123456789")))
        ]  # digits of what follows, such as a year
    size = len(written)
    end = match.start() + size
    stars = written.replace("*", r"\d")
    for number in known:
        if len(number) == size and re.fullmatch(stars, number):
            return Span(match.start(), end, PHONE if size <= 12 else CARD, number)
    if label_before(text, match.start()) == "receipt":
        return None
    if size == 11 and written[0] == "1":
        return Span(match.start(), end, PHONE, written)
    if size in (15, 18):
        return Span(match.start(), end, CARD, written)
    label = label_before(text, match.start())
    if label in ("phone", "card", "bank") and size >= 7:
        return Span(match.start(), end, {"phone": PHONE, "card": CARD, "bank": BANK}[label], written)
    return None

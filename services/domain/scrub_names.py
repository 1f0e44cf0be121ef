"""Names of people in free text, found by what speaks for a name: a form of address, a cue, 某, a number next
to it.

Without such a sign a name is not looked for: among 400 surnames most are everyday characters, and a scrubber
that guesses eats the place complained of. The petitioner's own name, known from the order, is found wherever
it stands (`scrub`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from services.domain.identity import NO_NAME
from services.domain.scrub_numbers import Span
from services.domain.scrub_patterns import (
    AFTER_NUMBER,
    BEFORE_NUMBER,
    COMMON,
    COMPOUND,
    ENDS_WORD,
    EVERYDAY,
    FUNCTION,
    HAN,
    MOU,
    MOU_PLACE,
    NEVER_GIVEN,
    NOT_GIVEN,
    SHOP,
    SIGNATURE,
    STRONG_CUE,
    STRONG_OPEN,
    SURNAMES,
    TITLE,
    WEAK_CUE,
)

NAME = "姓名"
_IS_HAN = re.compile(f"[{HAN}]")
_ALL_HAN = re.compile(f"[{HAN}]+")
# What may stand before a surname: then even a surname that is also an everyday word is believed.
_BEFORE = frozenset("人民的是叫主户者众和与及系姓友为称由请找工生家属同")
_REACH = 14  # characters looked at before a number


def name_spans(text: str, numbers: Iterable[Span]) -> Iterator[Span]:
    """Names in width-narrowed `text`; `numbers` are the phones and identity cards found, which names stand
    next to."""
    for title in TITLE.finditer(text):
        start = _before_title(text, title.start(), title.end())
        if start is not None:
            yield Span(start, title.end(), NAME, text[start : title.end()])
    if "某" in text:
        for match in MOU.finditer(text):
            if not _is_place(text, match):
                yield Span(match.start(), match.end(), NAME, match[0])
    for cue in STRONG_CUE.finditer(text):
        labelled = -1 if cue["gap"].strip() in (":", "：") else 0
        if _is_name(cue["name"], labelled if cue["gap"] or cue[0].startswith("我") else 1):
            yield Span(cue.start("name"), cue.end("name"), NAME, cue["name"])
    for cue in STRONG_OPEN.finditer(text):
        name = cue["name"][:4] if cue["name"][:2] in COMPOUND else cue["name"][:3]
        if _is_name(name, 0):
            yield Span(cue.start("name"), cue.start("name") + len(name), NAME, name)
    for pattern in (WEAK_CUE, SIGNATURE):
        for cue in pattern.finditer(text):
            if _is_name(cue["name"], 1):
                yield Span(cue.start("name"), cue.end("name"), NAME, cue["name"])
    for number in numbers:
        for beside in (
            BEFORE_NUMBER.search(text, max(0, number.start - _REACH), number.start),
            AFTER_NUMBER.match(text, number.end),
        ):
            if beside and _is_name(beside["name"], 1):
                yield Span(beside.start("name"), beside.end("name"), NAME, beside["name"])


def _is_name(name: str, caution: int) -> bool:
    """Whether a stretch of Chinese characters can be a full name.

    Caution -1: the words before it say so, any surname will do; 0: any known surname; 1: a surname that is
    also an everyday character needs two behind it.
    """
    if name[:2] in COMPOUND:
        return 3 <= len(name) <= 4 and NOT_GIVEN.isdisjoint(name[2:])
    if len(name) not in (2, 3) or name in NO_NAME or name[:2] in EVERYDAY or name[1:] in EVERYDAY:
        return False
    if caution < 1:
        known = name[0] in SURNAMES or (caution < 0 and name[0] not in NOT_GIVEN)
        return known and NEVER_GIVEN.isdisjoint(name[1:])
    if not NOT_GIVEN.isdisjoint(name[1:]) or name[-1] in "人村家庄":
        return False
    return name[0] in COMMON or (name[0] in SURNAMES and name[0] not in FUNCTION and len(name) == 3)


def _before_title(text: str, end: int, after: int) -> int | None:
    """Where the name before a form of address begins: the longest that can be one, at least the surname."""
    for size in (4, 3, 2):
        start = end - size
        if start >= 0 and text[start : start + 2] in COMPOUND and _ALL_HAN.fullmatch(text, start, end):
            return start
    for size in (3, 2):
        start = end - size
        if start < 0 or text[start] not in SURNAMES or not _ALL_HAN.fullmatch(text, start, end):
            continue
        if (
            text[start : start + 2] in EVERYDAY
            or text[start + 1 : end] in EVERYDAY
            or text[max(0, start - 1) : start + 1] in ENDS_WORD
        ):
            continue
        if not NOT_GIVEN.isdisjoint(text[start + 1 : end]):
            continue
        if (text[start] in COMMON and text[start] not in FUNCTION) or _bounded(text, start):
            return start
    start = end - 1
    if (
        start < 0
        or text[start] not in SURNAMES
        or SHOP.match(text, after)
        or text[max(0, start - 1) : end] in ENDS_WORD
    ):
        return None
    if text[start] in FUNCTION and not _bounded(text, start):
        return None
    return start


def _bounded(text: str, start: int) -> bool:
    return start == 0 or text[start - 1] in _BEFORE or not _IS_HAN.match(text, start - 1)


def _is_place(text: str, match: re.Match[str]) -> bool:
    """于某小区, 和某些人: a function word and 某 of a thing, no surname."""
    rest = match["rest"] or text[match.end() : match.end() + 1]
    if match["title"] or (match["surname"] in COMMON and rest not in ("些", "个", "种")):
        return False
    return rest in MOU_PLACE or (match["surname"] in FUNCTION and not _bounded(text, match.start()))

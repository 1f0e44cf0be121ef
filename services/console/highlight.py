"""Where two texts say the same, and where they contradict: spans for the eye, found without a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

SHORTEST = 3
"""Characters in a row that count as the same; two are too common in Chinese to mean anything."""
LONGEST_TEXT = 8000
_BREAK = re.compile(r"[\s，。、；：！？,.;:!?（）()“”\"'《》【】\-—…]")
_NUMBERED = re.compile(r"(\d+|[一二三四五六七八九十]+)(号楼|栋|幢|单元|号院|号门|路段|期|区|组|号线|号)")
Pieces = tuple[tuple[str, str], ...]
"""(kind, text) in order; kind is same, differ or empty."""


def compare(one: str, other: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, what agrees marked `same`, numbered places that contradict each other marked `differ`."""
    return pieces(one, _same(one, other), _differ(one, other)), pieces(other, _same(other, one), _differ(other, one))


def against(text: str, reference: str) -> Pieces:
    """One text in pieces, marked against a reference."""
    return pieces(text, _same(text, reference), _differ(text, reference))


def pieces(text: str, same: Iterable[tuple[int, int]], differ: Iterable[tuple[int, int]] = ()) -> Pieces:
    """The text cut at the borders of the spans."""
    kinds = [""] * len(text)
    for start, end in same:
        kinds[start:end] = ["same"] * (end - start)
    for start, end in differ:
        kinds[start:end] = ["differ"] * (end - start)
    found, at = [], 0
    for kind, run in groupby(kinds):
        length = sum(1 for _ in run)
        found.append((kind, text[at : at + length]))
        at += length
    return tuple(found)


def _same(text: str, reference: str) -> list[tuple[int, int]]:
    """Runs of at least three characters that the reference has too, none across punctuation."""
    text, reference = text[:LONGEST_TEXT], reference[:LONGEST_TEXT]
    known = {reference[i : i + SHORTEST] for i in range(len(reference) - SHORTEST + 1)}
    spans: list[tuple[int, int]] = []
    for i in range(len(text) - SHORTEST + 1):
        gram = text[i : i + SHORTEST]
        if gram not in known or _BREAK.search(gram):
            continue
        if spans and i <= spans[-1][1]:
            spans[-1] = (spans[-1][0], i + SHORTEST)
        else:
            spans.append((i, i + SHORTEST))
    return spans


def _differ(text: str, reference: str) -> list[tuple[int, int]]:
    """Numbered places (3栋, 二单元) of a sort that both texts name, with numbers the other does not have."""
    others: dict[str, set[str]] = {}
    for found in _NUMBERED.finditer(reference[:LONGEST_TEXT]):
        others.setdefault(found[2], set()).add(_number(found[1]))
    return [
        found.span()
        for found in _NUMBERED.finditer(text[:LONGEST_TEXT])
        if found[2] in others and _number(found[1]) not in others[found[2]]
    ]


def _number(text: str) -> str:
    """Small Chinese numerals as digits, so that 三栋 is 3栋."""
    digits = "零一二三四五六七八九"
    if text.isdigit():
        return str(int(text))
    if text == "十":
        return "10"
    tens, ten, ones = text.partition("十")
    if ten:
        return str((digits.find(tens) if tens else 1) * 10 + (digits.find(ones) if ones else 0))
    return "".join(str(digits.find(character)) for character in text)

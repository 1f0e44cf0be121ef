"""One writing for the many ways a complaint is typed; every step keeps the length, so offsets stay valid.

`normalize` maps full-width letters and digits to half-width, folds case and unifies punctuation and blanks, one
character for one character: position i of the result is position i of the input. Identity tokens that intake leaves
in scrubbed text, such as 〔电话·a1b2c3d4〕, stand for a value nobody may read; `blank_tokens` takes them out of the
words and `identity_tokens` lists them for comparison, because equal tokens mean the same value.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(r"〔([^〔〕·]{1,12})(?:·([0-9a-zA-Z]{4,64}))?〕")
_DIGITS = "零一二三四五六七八九"
_UNITS = {"十": 10, "百": 100, "千": 1000}
_CN_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千]+")


def _table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    table |= {ord(upper) + 0xFEE0: upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    table |= dict.fromkeys((9, 11, 12, 133, 160, 12288, 8203, 8204, 8205, 65279), " ")
    table |= {ord("\r"): "\n"}
    for source, target in (
        (",，﹐、､", "，"), (";；﹔", "；"), (":：﹕︰", "："), ("?？﹖", "？"), ("!！﹗", "！"), ("(（【[{﹝", "（"),
        (")）】]}﹞", "）"), ("。｡", "。"), ("“”„‟＂〝〞「」『』\"", "“"), ("‘’＇′", "'"), ("—–―－‐‑─−~～〜", "-"),
        ("·•・∙", "·"), ("○Ｏ", "〇"),
    ):
        table |= {ord(character): target for character in source}
    table[ord("、")] = "、"
    table[ord("､")] = "、"
    return table


_CHANGED = {chr(code): target for code, target in _table().items() if chr(code) != target}
_CHANGES = re.compile(f"[{re.escape(''.join(_CHANGED))}]")


@lru_cache(maxsize=2048)
def normalize(text: str) -> str:
    """Return `text` in one writing, with exactly as many characters."""
    # few characters change, so finding those is cheaper than translating all; a batch asks for its texts twice
    return _CHANGES.sub(lambda match: _CHANGED[match[0]], text)


def identity_tokens(text: str) -> tuple[tuple[str, str, int], ...]:
    """(kind, key, start) of every keyed identity token; tokens without a key say nothing and are left out."""
    if "〔" not in text:
        return ()
    return tuple((m[1], m[2], m.start()) for m in _TOKEN.finditer(text) if m[2])


def blank_tokens(text: str) -> str:
    """Replace identity tokens, keyed or not, by as many blanks: they are never words."""
    return _TOKEN.sub(lambda m: " " * len(m[0]), text) if "〔" in text else text


@lru_cache(maxsize=4096)
def number(digits: str) -> int | None:
    """The whole number written in ASCII digits or Chinese numerals (十二, 一百零三, 二〇一), else None."""
    if digits.isascii():
        return int(digits) if digits.isdigit() and len(digits) < 16 else None
    if not _CN_NUMBER.fullmatch(digits):
        return None
    plain = digits.replace("〇", "零").replace("两", "二")
    if not any(unit in plain for unit in _UNITS):
        return int("".join(str(_DIGITS.index(character)) for character in plain))
    total, current = 0, 0
    for character in plain:
        if character in _UNITS:
            total += (current or 1) * _UNITS[character]
            current = 0
        else:
            current = _DIGITS.index(character)
    return total + current

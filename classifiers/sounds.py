"""How characters sound, without tone and with the confusions of hearing and dictation merged.

n and l, front and back nasals (in/ing, en/eng, an/ang), and z/zh, c/ch, s/sh count as one: that is how speech
recognition and southern speakers write names.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # readings of single characters are all we ask for; phrases are 30 MB

from pypinyin.constants import PINYIN_DICT

_TONES = str.maketrans(
    {mark: plain for plain, marks in {"a": "āáǎà", "e": "ēéěèê", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "üǖǘǚǜ"}.items()
     for mark in marks} | {"ń": "n", "ň": "n", "ǹ": "n", "ḿ": "m"}
)
_RETROFLEX = re.compile(r"^([zcs])h")
_NASAL = re.compile(r"(?<=[aei])ng$")


@lru_cache(maxsize=30_000)
def code(character: str) -> str:
    """The merged reading of one character; itself where it has none."""
    readings = PINYIN_DICT.get(ord(character))
    if not readings:
        return character
    sound = readings.split(",")[0].translate(_TONES)
    sound = _RETROFLEX.sub(r"\1", sound)
    if sound.startswith("l"):
        sound = "n" + sound[1:]
    return _NASAL.sub("n", sound)


def codes(text: str) -> list[str]:
    """The merged reading of every character."""
    return [code(character) for character in text]

"""Words of complaints as the search box finds them: pairs of characters, since no dictionary knows every shop and lane.

A key is a hash of a month and a pair of characters in it. Keys narrow down, the text decides: a word is found where it
stands in the text as one piece, whatever stands between its hashes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.domain.clocks.calendar import day_of

Row = dict[str, Any]
_PUNCTUATION = re.compile(r"[\s，。、；：！？（）“”《》,.;:!?()\"-]+")
_SIGN = 1 << 31


def plain(text: str) -> str:
    """Text without what people do not type into a search box; `console.plain` of the migrations does the same."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFC", text)).lower()


def pairs(text: str) -> set[str]:
    """Neighbouring characters of a plain text."""
    return {text[i : i + 2] for i in range(len(text) - 1)}


def keys(month: date, found: Iterable[str]) -> list[int]:
    """The keys of pairs in a month, as PostgreSQL's integers."""
    seed = zlib.crc32(f"{month:%Y-%m}".encode())
    return sorted({zlib.crc32(pair.encode(), seed) - _SIGN for pair in found})


def month_of(moment: datetime) -> date:
    """The first day of a moment's month in China."""
    return day_of(moment).replace(day=1)


def text_of(event: Mapping[str, Any]) -> str:
    """What is searched of a complaint: its title and its scrubbed text."""
    return f"{event.get('title') or ''}\n{event.get('text') or ''}"


def digest(truth: Mapping[str, Any]) -> bytes:
    """Tells a complaint whose words, month and district are known from one to be read anew."""
    said = f"{truth['received_at'].isoformat()}|{truth['region']}|{truth['title']}|{truth['text']}"
    return hashlib.md5(said.encode(), usedforsecurity=False).digest()


def word_row(truth: Mapping[str, Any], known: bytes) -> Row:
    """The row of one complaint."""
    return {
        "complaint_id": truth["complaint_id"], "received_at": truth["received_at"], "region": truth["region"], "digest": known,
        "keys": keys(month_of(truth["received_at"]), pairs(plain(text_of(truth)))),
    }  # fmt: skip

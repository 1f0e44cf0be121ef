"""Takes identities out of text and leaves the matter in it.

Every identity becomes `〔kind·1a2b3c4d〕`: its kind in Chinese and eight hex digits of a keyed hash of its
normalised value, so that equal values stay equal (linking loses nothing) and nothing can be read back.
Streets, estates, building numbers, businesses, offices, dates, decibels and receipt numbers stay. Scrubbing
is idempotent and takes linear time.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.submitted import ComplaintSubmitted
from services.domain.receipts import receipt_at
from services.domain.scrub_known import KnownIdentity
from services.domain.scrub_names import name_spans
from services.domain.scrub_numbers import PHONE, Span, number_spans
from services.domain.scrub_patterns import (
    ACCOUNT,
    ACCOUNT_HINT,
    DIGIT_VALUES,
    EMAIL_HEAD,
    EMAIL_TAIL,
    HIDDEN,
    MOBILE,
    NARROW,
    ODD,
    PLATE,
    ROOM,
    ROOM_AFTER,
    ROOM_BEFORE,
    ROOM_START,
)

__all__ = [
    "KINDS",
    "TOKEN",
    "CleanAttachment",
    "CleanComplaint",
    "KnownIdentity",
    "Scrubbed",
    "open_sealed",
    "scrub",
    "scrub_complaint",
    "token",
]

KINDS: Final = ("姓名", "电话", "证件", "车牌", "房号", "微信", "QQ", "邮箱", "银行卡", "住址")
TOKEN: Final = re.compile(f"〔(?:{'|'.join(KINDS)})·[0-9a-f]{{8}}〕")
# A word of a list (大气, 群体, 特急): too short and plain to name anybody.
_PLAIN_WORD = re.compile(r"[\u4e00-\u9fff]{1,4}|[\u4e00-\u9fff]{2,6}[区县市业]")
_NOBODY = KnownIdentity()
# A replacement can lay bare another identity beside it; text needing more rounds than this was built to.
_MAX_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """Text without identities, and how many of each kind were taken out of it (earlier tokens not
    counted)."""

    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


def scrub(text: str, known: KnownIdentity | None, key: bytes) -> Scrubbed:
    """Replace every identity in `text` by its token.

    `known` is what the order says about the petitioner; `key` is `Keyring.token_key`. Characters that hide
    something (zero width, control) are removed. Names are found by signs (see `scrub_names`), numbers by form
    and label.
    """
    if HIDDEN.search(text):
        text = HIDDEN.sub("", text)
    counts: Counter[str] = Counter()
    tokens: dict[tuple[str, str], str] = {}
    for _ in range(_MAX_ROUNDS):
        spans = _spans(text, known or _NOBODY)
        if not spans:
            break
        parts: list[str] = []
        done = 0
        for span in spans:
            if span.start < done:
                continue
            named = (span.kind, span.value)
            if named not in tokens:
                tokens[named] = token(*named, key)
            parts += (text[done : span.start], tokens[named])
            counts[span.kind] += 1
            done = span.end
        parts.append(text[done:])
        text = "".join(parts)
    return Scrubbed(text, dict(counts))


@dataclass(frozen=True, slots=True)
class CleanAttachment:
    """What may be known of an attachment outside the vault; its address stays sealed, for addresses hold file
    names.

    `position` is its place in the sealed record's list.
    """

    position: int
    name: str | None
    media_type: str | None
    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class CleanComplaint:
    """The free-text fields of a complaint without identities; `counts` over all of them, by kind."""

    text: str
    title: str | None
    address: str | None
    region_name: str | None
    respondent: str | None
    respondent_address: str | None
    industry: str | None
    urgency: str | None
    pollution_types: tuple[str, ...]
    flags: tuple[str, ...]
    earlier_receipts: tuple[str, ...]
    attachments: tuple[CleanAttachment, ...]
    counts: Mapping[str, int]


def scrub_complaint(submitted: ComplaintSubmitted, key: bytes) -> tuple[CleanComplaint, bytes]:
    """Split a complaint into what goes on and what is sealed.

    The sealed bytes are the whole record as JSON (`open_sealed` reads it back), so that better rules can
    scrub it again. What goes on lacks the petitioner's block and the attachments' addresses, and every free
    text in it is scrubbed. An earlier receipt number that is the petitioner's own number is left out. Fields
    of codes, times, coordinates and flags of the block (anonymous, confidential, reply wanted, signatories)
    name nobody and are the caller's to pass on.
    """
    known = KnownIdentity.of(submitted)
    counts: Counter[str] = Counter()

    def clean(text: str) -> str:
        if _PLAIN_WORD.fullmatch(text) and (known is None or not any(name in text for name in known.names)):
            return text
        scrubbed = scrub(text, known, key)
        counts.update(scrubbed.counts)
        return scrubbed.text

    def maybe(text: str | None) -> str | None:
        return clean(text) if text else None

    numbers = known.numbers if known else frozenset[str]()
    receipts = tuple(
        receipt for receipt in submitted.earlier_receipts if not any(number in receipt for number in numbers)
    )
    if left_out := len(submitted.earlier_receipts) - len(receipts):
        counts[PHONE] += left_out
    complaint = CleanComplaint(
        text=clean(submitted.text),
        title=maybe(submitted.title),
        address=maybe(submitted.address),
        region_name=maybe(submitted.region_name),
        respondent=maybe(submitted.respondent),
        respondent_address=maybe(submitted.respondent_address),
        industry=maybe(submitted.industry),
        urgency=maybe(submitted.urgency),
        pollution_types=tuple(map(clean, submitted.pollution_types)),
        flags=tuple(map(clean, submitted.flags)),
        earlier_receipts=receipts,
        attachments=tuple(
            CleanAttachment(position, maybe(file.name), file.media_type, file.size, file.sha256)
            for position, file in enumerate(submitted.attachments)
        ),
        counts=dict(counts),
    )
    return complaint, submitted.model_dump_json(exclude_defaults=True).encode()


def open_sealed(plain: bytes) -> ComplaintSubmitted:
    """The record that `scrub_complaint` gave to be sealed."""
    return ComplaintSubmitted.model_validate_json(plain)


def token(kind: str, value: str, key: bytes) -> str:
    """The opaque token of a normalised value."""
    digest = hmac.digest(key, f"{kind}\n{value}".encode(), "sha256")
    return f"〔{kind}·{digest.hex()[:8]}〕"


def _spans(text: str, known: KnownIdentity) -> list[Span]:
    """Identities by position, the longer first where two begin together; they may overlap."""
    plain = text.translate(NARROW) if ODD.search(text) else text
    if "〔" in plain:
        plain = TOKEN.sub(_blank, plain)
    spans = list(number_spans(plain, known.numbers))
    spans += name_spans(plain, [span for span in spans if span.kind in ("电话", "证件")])
    spans += known.spans(plain)
    spans += _account_spans(plain)
    for match in PLATE.finditer(plain):
        if sum(character.isdigit() for character in match[0]) >= (2 if match[0][1].isupper() else 3):
            spans.append(Span(match.start(), match.end(), "车牌", re.sub(r"[ ·•.\-—]", "", match[0]).upper()))
    spans += _room_spans(plain)
    spans.sort(key=lambda span: (span.start, -span.end))
    return spans


def _blank(match: re.Match[str]) -> str:
    return "〔" * len(match[0])


def _room_spans(plain: str) -> Iterator[Span]:
    done = 0
    for first in ROOM_START.finditer(plain):
        start, end = first.span()
        near = plain[end : end + 1] in ROOM_AFTER or (start and plain[start - 1] in ROOM_BEFORE)
        match = ROOM.match(plain, start) if near and start >= done else None
        if match:
            done = match.end()
            parts = re.findall(r"[0-9A-Za-z甲乙丙丁东西十]+", match[0].translate(DIGIT_VALUES))
            yield Span(start, done, "房号", "-".join(parts).upper())


def _account_spans(plain: str) -> Iterator[Span]:
    """E-mail addresses, WeChat and QQ numbers."""
    at = plain.find("@")
    while at >= 0:
        tail = EMAIL_TAIL.match(plain, at)
        head = EMAIL_HEAD.search(plain, max(0, at - 64), at) if tail else None
        if head and tail:
            yield Span(head.start(), tail.end(), "邮箱", plain[head.start() : tail.end()].lower())
        at = plain.find("@", at + 1)
    if not ACCOUNT_HINT.search(plain):
        return
    for match in ACCOUNT.finditer(plain):
        account = match["account"]
        kind = "微信" if match["wechat"] else "QQ"
        if (kind == "QQ" and not account.isdigit()) or receipt_at(plain, match.start()):
            continue
        if MOBILE.fullmatch(account):
            kind = PHONE  # the same number given as a phone must get the same token
        yield Span(match.start("account"), match.end("account"), kind, account.lower())

"""History nobody can rewrite unseen: a hash chain per case, and one root a day over the heads of all chains.

Each link's hash covers the hash before it and the stored bytes of the event. The daily root is a Merkle root over
(case id, version, hash), so that one number kept elsewhere (in print, with an auditor) anchors the whole day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.refusals import Refusal, refuse

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One stored event: `body` are the bytes as stored, `digest` what was stored beside them (hex SHA-256)."""

    case_id: str
    version: int
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first fault of a chain; `why` in Chinese."""

    case_id: str
    version: int
    why: str
    expected: str
    found: str


def link_digest(previous: str, case_id: str, version: int, body: bytes) -> str:
    """The hash of one link. Lengths stand before the parts, so that no two inputs look alike."""
    digest = hashlib.sha256(b"petitions-history-1\0")
    for part in (previous.encode(), case_id.encode(), str(version).encode(), body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def chain(
    case_id: str, bodies: Iterable[bytes], previous: str = GENESIS, version: int = 0
) -> tuple[ChainLink, ...]:
    """Links for new events after (`version`, `previous`)."""
    links = []
    for body in bodies:
        version += 1
        previous = link_digest(previous, case_id, version, body)
        links.append(ChainLink(case_id, version, body, previous))
    return tuple(links)


def verify_chain(
    case_id: str, links: Iterable[ChainLink], head: tuple[int, str] | None = None
) -> Break | None:
    """The first break of a case's chain in version order, or None. `head` is an anchored (version, digest) to meet.

    Without an anchored head a chain cut off at its end, or wholly rewritten, looks sound: that is what the root is for.
    """
    previous, version = GENESIS, 0
    met = head is None
    for link in links:
        version += 1
        if link.version != version or link.case_id != case_id:
            return Break(case_id, version, "缺少或错排一条历史记录", str(version), str(link.version))
        expected = link_digest(previous, case_id, version, link.body)
        if expected != link.digest:
            return Break(case_id, version, "历史记录内容与其校验值不符", expected, link.digest)
        if head is not None and head[0] == version:
            if head[1] != link.digest:
                return Break(case_id, version, "历史记录与当日存证不符", head[1], link.digest)
            met = True
        previous = link.digest
    if not met and head is not None:
        return Break(case_id, version + 1, "存证之后的历史记录缺失", str(head[0]), str(version))
    return None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a case's chain ends."""

    case_id: str
    version: int
    digest: str


def daily_root(heads: Iterable[Head]) -> str:
    """The Merkle root over all heads, sorted by case id; of no heads, the genesis value."""
    level = [_leaf(head) for head in sorted(heads, key=lambda head: head.case_id)]
    if not level:
        return GENESIS
    while len(level) > 1:
        # An odd one out moves up alone; doubling it would let two different sets have one root.
        level = [_node(level[i : i + 2]) for i in range(0, len(level), 2)]
    return level[0].hex()


def _leaf(head: Head) -> bytes:
    text = f"{head.case_id}\0{head.version}\0{head.digest}".encode()
    return hashlib.sha256(b"\0" + text).digest()


def _node(pair: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0]


def verify_day(root: str, heads: Sequence[Head]) -> Break | None:
    """None when the heads kept for a day give the root anchored for it."""
    found = daily_root(heads)
    return None if found == root else Break("", 0, "当日存证根与各案链尾不符", root, found)


@dataclass(frozen=True, slots=True)
class IdentityRead:
    """One act of unsealing: who, when, which fields of which complaint, what for."""

    complaint_id: str
    receipt_no: str
    reader: str
    role: str
    unit: str | None
    fields: tuple[str, ...]
    purpose: str
    at: datetime

    @property
    def text(self) -> str:
        """One Chinese line for `who saw`."""
        place = f"（{self.unit}）" if self.unit else ""
        return (
            f"{self.at:%Y-%m-%d %H:%M} {self.reader}{place}查看{'、'.join(self.fields)}，用途：{self.purpose}"
        )


def record_read(read: IdentityRead) -> IdentityRead | Refusal:
    """The record to append before anything is shown, or a refusal for a read without a purpose."""
    return (
        read
        if read.purpose.strip() and read.fields
        else refuse("access.purpose", what="信访人身份", field="purpose")
    )


def who_saw(reads: Iterable[IdentityRead], receipt_no: str) -> tuple[IdentityRead, ...]:
    """Every read of one complaint's identity, oldest first."""
    return tuple(sorted((read for read in reads if read.receipt_no == receipt_no), key=lambda read: read.at))

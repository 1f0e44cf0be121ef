"""The keys a complaint is found by: rare grams of its text and of the names in it, and identities, by channel.

text      the rarest 3-grams of the text
name      the rarest 2- and 3-grams inside names of places and businesses
nation    the few rarest of the names again, not salted: a border or an unknown region does not part one matter
identity  reporter, respondent, receipt numbers (own and cited) and keyed identity tokens, not salted

Text and name keys are salted with the city, so cities never meet; a complaint from a district that borders on another
city asks there too, by names. Only the rarest are posted, but nearly all are asked for: what is rare to the first teller need
not be rare to the second, and a question needs no memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from classifiers.grams import Grams, read_grams
from classifiers.normalize import identity_tokens
from classifiers.postings import KEY_BITS
from classifiers.rarity import GramCounts
from classifiers.reading import Complaint, Reading

TEXT, NAME, NATION, IDENTITY = range(4)
# the share of a complaint's grams that is posted, at least and at most so many; text, name, nation
SHARE = (0.125, 0.5, 0.0)
LEAST = (10, 18, 3)
MOST = (48, 48, 3)
# asked for: nearly everything, for a question costs little and needs no memory
COMMON = 0.65  # a gram in more than N ** 0.65 of N complaints is not asked for: it says next to nothing
ASKED = (192, 96, 6)
_MIX = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a batch of complaints is found by.

    `rows`, `keys`, `channels`, `frequency` (complaints with that gram; of identities 0) and `posted` (whether it is
    found by that key, too) are parallel and `rows` ascend; `text` and `names` hold every gram, for counting.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.uint32]
    channels: NDArray[np.uint8]
    frequency: NDArray[np.int64]
    posted: NDArray[np.bool_]
    size: int
    text: Grams
    names: Grams


@dataclass(frozen=True, slots=True)
class _Part:
    """Grams of one channel, the salt of each text, how frequent they are and which are posted."""

    channel: int
    salts: NDArray[np.uint64]
    grams: Grams
    frequency: NDArray[np.uint32]
    posted: NDArray[np.bool_]

    def keys(self) -> NDArray[np.uint32]:
        """Keys of the posting lists: a gram of one city and channel never meets that of another, but by chance."""
        mixed = self.grams.hashes.astype(np.uint64) << np.uint64(32)
        mixed ^= (self.salts * _MIX)[self.grams.rows] ^ np.uint64(self.channel * 0x9E3779B1)
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(32)
        mixed *= _MIX
        return (mixed >> np.uint64(64 - KEY_BITS)).astype(np.uint32)


def read_keys(
    complaints: Sequence[Complaint], readings: Sequence[Reading] | None, counts: GramCounts,
    neighbours: Mapping[str, Sequence[str]], together: bool, live: int,
) -> Keys:
    """Keys of at most 512 complaints; nothing is counted yet.

    With `together` they also ask for grams that only others of the same batch have.
    """
    text, names = read_grams(complaints, readings)
    cities = np.array([city_salt(complaint.region) for complaint in complaints], np.uint64)
    size = len(complaints)
    nowhere = np.zeros(size, np.uint64)
    identity = _identities(complaints, readings)
    commonest = float(live + 100) ** COMMON
    parts = [
        _Part(TEXT, cities, *_rarest(text, size, TEXT, counts, together, commonest)),
        _Part(NAME, cities, *_rarest(names, size, NAME, counts, together, commonest)),
        _Part(NATION, nowhere, *_rarest(names, size, NATION, counts, together, commonest)),
        _Part(IDENTITY, nowhere, identity, np.zeros(identity.rows.size, np.uint32), np.ones(identity.rows.size, bool)),
    ]
    parts += _abroad(complaints, parts[NAME], neighbours)
    rows = np.concatenate([part.grams.rows for part in parts]).astype(np.int64)
    keys = np.concatenate([part.keys() for part in parts])
    frequency = np.concatenate([part.frequency for part in parts]).astype(np.int64)
    posted = np.concatenate([part.posted for part in parts])
    channels = np.repeat(np.array([part.channel for part in parts], np.uint8), [part.grams.rows.size for part in parts])
    order = np.argsort(rows, kind="stable")
    return Keys(rows[order], keys[order], channels[order], frequency[order], posted[order], size, text, names)


def _rarest(
    grams: Grams, texts: int, channel: int, counts: GramCounts, together: bool, commonest: float
) -> tuple[Grams, NDArray[np.uint32], NDArray[np.bool_]]:
    """The grams one channel asks for or posts, their frequency, and which of them it posts.

    A gram nobody has written yet is posted, but there is nothing to ask for, save the rest of the batch.
    """
    quota = np.clip(grams.sizes(texts) * SHARE[channel], LEAST[channel], MOST[channel]).astype(np.int64)
    grams, frequency, rank = grams.by_rarity(counts.of(grams.hashes))
    posted = rank < quota[grams.rows]
    known = (frequency > 0) & (frequency < commonest)
    if together:
        known |= grams.repeated()
    kept = posted | (known & (rank < ASKED[channel]))
    return Grams(grams.rows[kept], grams.hashes[kept]), frequency[kept], posted[kept]


def _abroad(
    complaints: Sequence[Complaint], names: _Part, neighbours: Mapping[str, Sequence[str]]
) -> list[_Part]:
    """The questions after names put to the cities, too, that a complaint's district borders on."""
    if not neighbours:
        return []
    cities = [
        sorted({other[:4] for other in neighbours.get(complaint.region or "", ())} - {(complaint.region or "")[:4]})
        for complaint in complaints
    ]
    found: list[_Part] = []
    for turn in range(max(map(len, cities), default=0)):
        asks = np.array([len(others) > turn for others in cities])
        salts = np.array([city_salt(others[turn]) if len(others) > turn else 0 for others in cities], np.uint64)
        kept = asks[names.grams.rows]
        grams = Grams(names.grams.rows[kept], names.grams.hashes[kept])
        found.append(_Part(NAME, salts, grams, names.frequency[kept], np.zeros(grams.rows.size, bool)))
    return found


def city_salt(region: str | None) -> int:
    """A number for the city of a district code (its first four digits); 0 where unknown."""
    return crc32(region[:4].encode()) if region else 0


def _identities(
    complaints: Sequence[Complaint], readings: Sequence[Reading] | None
) -> Grams:
    rows: list[int] = []
    hashes: list[int] = []
    for row, complaint in enumerate(complaints):
        reading = readings[row] if readings else None
        cited = complaint.cited_receipts + (reading.cited_receipts if reading else ())
        respondent = complaint.respondent or (reading.respondent if reading else None)
        found = {f"receipt:{receipt}" for receipt in (*cited, complaint.receipt_no) if receipt}
        if complaint.reporter:
            found.add(f"reporter:{complaint.reporter}")
        if respondent:
            found.add(f"respondent:{respondent}")
        found |= {f"token:{kind}:{key}" for kind, key, _ in identity_tokens(complaint.full_text)}
        rows += [row] * len(found)
        hashes += [crc32(value.encode()) for value in sorted(found)]
    return Grams(np.array(rows, np.uint32), np.array(hashes, np.uint32))

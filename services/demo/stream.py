"""The records to publish, and what is known to be true about each. Equal arguments give equal bytes."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from contracts.vocabulary import SourceChannel
from services.demo.malformed import malformed
from services.demo.story import Matter, Person, introduce, matters, people, tell

LOCAL = ZoneInfo("Asia/Shanghai")
DAYS = 18
OWN_WORDS = 0.6
"""How often somebody who complains again says the same thing in much the same words (estimate, not measured)."""
RESENDS = 22
CHANGES = 3
CHANNELS: dict[SourceChannel, tuple[str, str, int]] = {
    SourceChannel.HOTLINE_12345: ("hotline-12345", "GD", 50),
    SourceChannel.ENV_12369_PHONE: ("env-12369", "JB", 16),
    SourceChannel.ENV_12369_WECHAT: ("env-12369-wechat", "WX", 15),
    SourceChannel.XF_LETTER: ("petition-office", "LX", 6),
    SourceChannel.MAYOR_BOX: ("mayor-box", "SZ", 8),
    SourceChannel.DC_CENTRAL_CALL: ("inspection-central", "DC", 5),
}
"""Channel → source system, prefix of its numbers, share in per cent (the hotline dominates, as in published statistics)."""
SUPPLEMENTS = ("补充：昨天又出现同样的情况，时间更长。", "补充：已有照片和录像，可以提供。", "补充：地点说错了门牌，以现场为准。")


class Fate(StrEnum):
    """What must become of a record."""

    REGISTERED = "registered"
    RESEND = "resend"
    CHANGED = "changed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known about a record: its fate; for complaints the matter and the person; for rejections the reasons."""

    fate: Fate
    source: str | None = None
    external_id: str | None = None
    matter: str | None = None
    person: str | None = None
    emergency: bool = False
    key_item: bool = False
    signatories: int = 1
    reasons: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """What the complaint is registered under; raises `ValueError` for a record without."""
        if self.source is None or self.external_id is None:
            raise ValueError("a rejected record has no identity")
        return self.source, self.external_id


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """One record for the submitted topic, and the truth about it."""

    value: bytes
    key: bytes
    headers: list[tuple[str, bytes]]
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class _Turn:
    """One complaint before it has a number: who says what when."""

    matter: Matter
    person: Person
    at: datetime
    first: datetime | None
    turn: int
    telling: int
    single: bool


def stream(seed: int, now: datetime) -> list[DemoRecord]:
    """At least 400 invented complaints in the order of their times, with resends, changes and malformed records.

    `now` must be aware; everything lies in the days before it. Numbers carry a mark of (seed, now), so that a second run
    is a second batch of complaints about the same matters.
    """
    rng = random.Random(f"petitions/{seed}")
    mark = hashlib.blake2b(f"{seed}/{now.isoformat()}".encode(), digest_size=2).hexdigest()
    numbers: Counter[str] = Counter()
    texts: set[str] = set()
    records = [_record(turn, mark, numbers, texts, rng) for turn in _turns(now.astimezone(LOCAL), rng)]
    _repeat_some(records, rng)
    for bad in malformed(now.astimezone(LOCAL), mark):
        expectation = Expectation(Fate.REJECTED, reasons=bad.reasons)
        records.insert(rng.randrange(len(records)), DemoRecord(bad.value, bad.key, _headers(rng), expectation))
    return records


def _turns(now: datetime, rng: random.Random) -> list[_Turn]:
    story = matters()
    cast = _cast(story, rng)
    turns: list[_Turn] = []
    for matter in story:
        if matter.emergency:
            begin, end = now - timedelta(minutes=40), now - timedelta(minutes=5)
        else:
            begin = now - timedelta(days=rng.uniform(3, DAYS))
            end = now - timedelta(hours=1)
        spoken: list[tuple[datetime, Person, datetime | None, bool]] = []
        for count, person in zip(matter.voices, cast[matter.id], strict=True):
            times = sorted(begin + (end - begin) * rng.random() for _ in range(count))
            spoken += [(at, person, times[0] if i else None, count == 1) for i, at in enumerate(times)]
        own: dict[Person, int] = {}
        for turn, (at, person, first, single) in enumerate(sorted(spoken, key=lambda entry: (entry[0], entry[1].name))):
            telling = own.setdefault(person, turn) if rng.random() < OWN_WORDS else turn
            turns.append(_Turn(matter, person, at.replace(microsecond=0), first, turn, telling, single))
    return sorted(turns, key=lambda turn: (turn.at, turn.matter.id, turn.turn))


def _cast(story: Sequence[Matter], rng: random.Random) -> dict[str, list[Person]]:
    """Who speaks about which matter. Some neighbours complain about two: the same person is no proof of the same matter."""
    everybody = iter(people(sum(len(matter.voices) for matter in story), rng))
    cast = {matter.id: [next(everybody) for _ in matter.voices] for matter in story}
    town = {matter.id: matter.place.town for matter in story}
    beside = [matter for matter in story if matter.near and town[matter.near] == matter.place.town]
    for matter in beside[::2]:
        cast[matter.id][-1] = cast[matter.near or matter.id][-1]
    return cast


def _record(turn: _Turn, mark: str, numbers: Counter[str], texts: set[str], rng: random.Random) -> DemoRecord:
    matter, person = turn.matter, turn.person
    channel = _channel(turn, rng)
    source, prefix, _ = CHANNELS[channel]
    numbers[source] += 1
    key_item = matter.key and channel is SourceChannel.DC_CENTRAL_CALL
    external_id = f"{prefix}{turn.at:%y%m%d}{mark}{numbers[source]:04d}" + ("*" if key_item else "")
    first = f"{turn.first.month}月{turn.first.day}日" if turn.first else None
    text = tell(matter, turn.telling, channel, first, rng)
    while text in texts:
        text = tell(matter, turn.telling, channel, first, rng)
    texts.add(text)
    written = channel in (SourceChannel.XF_LETTER, SourceChannel.MAYOR_BOX, SourceChannel.ENV_12369_WECHAT)
    anonymous = turn.single and rng.random() < 0.12
    if not anonymous and rng.random() < (0.4 if written else 0.06):
        text += introduce(person, rng)
    signatories = rng.choice((1, 1, 8, 36)) if channel is SourceChannel.XF_LETTER and len(matter.voices) >= 5 else 1
    complaint: dict[str, Any] = {
        "source": source,
        "external_id": external_id,
        "channel": channel.value,
        "received_at": _time(turn.at, channel, rng),
        "text": text,
        **_where(turn, rng),
        "petitioner": _petitioner(person, anonymous, signatories, rng),
    }
    if written or rng.random() < 0.35:
        complaint["title"] = matter.title
    if matter.respondent and rng.random() < 0.55:
        complaint["respondent"] = matter.respondent
    if matter.environmental and source.startswith("env-") and rng.random() < 0.6:
        complaint["pollution_types"] = [matter.kind.split("/")[0]]
    expectation = Expectation(
        Fate.REGISTERED, source, external_id, matter.id, None if anonymous else person.phone,
        emergency=matter.emergency, key_item=key_item, signatories=signatories,
    )  # fmt: skip
    return DemoRecord(orjson.dumps(complaint), external_id.encode(), _headers(rng), expectation)


def _channel(turn: _Turn, rng: random.Random) -> SourceChannel:
    if turn.matter.emergency:
        return rng.choice((SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_PHONE))
    if turn.matter.key and turn.turn in (1, 4):
        return SourceChannel.DC_CENTRAL_CALL
    weights = [share for _, _, share in CHANNELS.values()]
    return rng.choices(list(CHANNELS), weights)[0]


def _where(turn: _Turn, rng: random.Random) -> dict[str, str]:
    """Code, name and address as clerks give them: often one of the three, seldom all."""
    matter = turn.matter
    place = matter.cross if matter.cross and turn.turn % 2 else matter.place
    where: dict[str, str] = {}
    coded = rng.random() < 0.45
    if coded:
        where["region_code"] = place.code
    if rng.random() < 0.25:
        where["region_name"] = place.district
    if rng.random() < 0.75 or not coded:
        prefix = rng.choice((f"{place.district}{place.town}", place.town, f"云泽市{place.district}", place.district))
        where["address"] = prefix + matter.address
    return where


def _petitioner(person: Person, anonymous: bool, signatories: int, rng: random.Random) -> dict[str, Any]:
    if anonymous:
        return {"anonymous": True, "reply_wanted": False}
    block: dict[str, Any] = {"name": person.name, "phone": person.phone, "reply_wanted": rng.random() < 0.9}
    if rng.random() < 0.4:
        block["address"] = person.home
    if rng.random() < 0.12:
        block["confidential"] = True
    if signatories > 1:
        block["signatories"] = signatories
    return block


def _time(at: datetime, channel: SourceChannel, rng: random.Random) -> str | int:
    """In the ways systems write it."""
    if channel is SourceChannel.MAYOR_BOX:
        return f"{at:%Y-%m-%d %H:%M:%S}"
    if channel is SourceChannel.ENV_12369_WECHAT:
        return int(at.timestamp() * 1000)
    return at.isoformat() if rng.random() < 0.8 else f"{at:%Y/%m/%d %H:%M}"


def _headers(rng: random.Random) -> list[tuple[str, bytes]]:
    trace = f"00-{rng.getrandbits(128):032x}-{rng.getrandbits(64):016x}-01"
    return [("content-type", b"application/json"), ("traceparent", trace.encode())]


def _repeat_some(records: list[DemoRecord], rng: random.Random) -> None:
    """Resends some time after the original, and a few whose content changed."""
    chosen = [record for record in rng.sample(records, RESENDS + CHANGES) if not record.expectation.emergency]
    for number, record in enumerate(chosen):
        complaint = orjson.loads(record.value)
        if number < CHANGES:
            complaint["text"] += SUPPLEMENTS[number % len(SUPPLEMENTS)]
            fate = Fate.CHANGED
        else:
            fate = Fate.RESEND
        again = replace(
            record, value=orjson.dumps(complaint), headers=_headers(rng), expectation=replace(record.expectation, fate=fate)
        )
        at = records.index(record)
        records.insert(min(len(records), at + rng.randint(4, 60)), again)

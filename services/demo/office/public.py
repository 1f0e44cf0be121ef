"""The public of the scripted office: first complaints as they are given, repeats of who waits, rebounds after close-out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from contracts.topics import SUBMITTED
from services.demo.office.luck import Luck
from services.infra.records import Record
from services.intake.handlers import complaint_id_for

REPEATS, REBOUNDS = 0.12, 0.09
"""Share of cases whose petitioner writes again while waiting, and of closed-out ones that come back (invented)."""
AGAIN = ("此事上次反映后仍未解决。", "再次反映同一问题，请尽快处理。", "反映多日没有改善，")
BACK = ("整改后没过多久又恢复原样。", "处理过一阵又出现同样问题，", "销号后再次发生，")


@dataclass(order=True)
class Complaint:
    """One complaint to be submitted at a moment; `body` is what a hotline sends, `matter` what it is about, where that is known."""

    at: datetime
    external_id: str
    body: dict[str, Any] = field(compare=False)
    matter: str | None = field(default=None, compare=False)

    @property
    def complaint_id(self) -> UUID:
        """Under which intake registers it."""
        return complaint_id_for(self.body["source"], self.external_id)

    def record(self, offset: int) -> Record:
        """As it lies in the submitted topic."""
        value = orjson.dumps(self.body | {"external_id": self.external_id, "received_at": self.at.isoformat()})
        return Record(SUBMITTED.name, 0, offset, self.external_id.encode(), value, {}, int(self.at.timestamp() * 1000))


class Public:
    """Complaints still to come, in the order of time, and what petitioners add to them."""

    def __init__(self, complaints: Iterable[Complaint], luck: Luck, until: datetime) -> None:
        self.coming = sorted(complaints, reverse=True)
        self.luck = luck
        self.until = until
        self.known: dict[UUID, Complaint] = {}
        self.sent = 0

    def due(self, now: datetime) -> Iterator[Record]:
        """Complaints up to this moment."""
        while self.coming and self.coming[-1].at <= now:
            complaint = self.coming.pop()
            self.known[complaint.complaint_id] = complaint
            self.sent += 1
            yield complaint.record(self.sent)

    def waits(self, case_id: UUID, complaint_id: UUID, now: datetime) -> None:
        """A case was assigned: perhaps its petitioner will write again before it is done."""
        luck = self.luck.of("repeat", case_id)
        if luck.happens("repeats", REPEATS):
            for n in range(1 + luck.happens("twice", 0.4) + luck.happens("thrice", 0.2)):
                self._again(complaint_id, now + timedelta(days=6 + 8 * n) + luck.days(f"after/{n}", 6), luck.pick("again", AGAIN), f"r{n}")

    def closed(self, case_id: UUID, complaint_id: UUID, ordinal: int, now: datetime) -> None:
        """A case was closed out: perhaps it comes back."""
        luck = self.luck.of("rebound", case_id, ordinal)
        if luck.happens("rebounds", REBOUNDS):
            self._again(complaint_id, now + timedelta(days=5) + luck.days("after", 20), luck.pick("back", BACK), f"b{ordinal}")

    def _again(self, complaint_id: UUID, at: datetime, words: str, mark: str) -> None:
        first = self.known.get(complaint_id)
        if first is None or at >= self.until:
            return
        body = first.body | {"text": words + first.body["text"]}
        self.coming.append(Complaint(at, f"{first.external_id}-{mark}", body, first.matter))
        self.coming.sort(reverse=True)

"""What one worker keeps in memory: the models, and the index of the shards whose complaints it has met.

The rows in PostgreSQL are the truth. A shard is read from them when its first complaint arrives, and what other workers
or people changed since is read before each batch; everything here can be thrown away at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from classifiers.history import History
from classifiers.reading import Complaint, Decision, Reading
from classifiers.triage import Triage
from contracts.complaints import ComplaintRegistered
from services.infra.settings import Settings


def as_complaint(event: ComplaintRegistered) -> Complaint:
    """The registered event as classifiers see it."""
    return Complaint(
        id=str(event.complaint_id),
        text=event.text,
        title=event.title or "",
        time=event.received_at,
        reporter=event.reporter,
        address=event.address,
        region=event.region.code,
        respondent=event.respondent,
        receipt_no=event.receipt_no,
        cited_receipts=event.cited_receipts,
        demand=event.demand,
    )


def case_id_for(complaint_id: str, ordinal: int = 0) -> str:
    """The id of the case a complaint opens: the same however often the batch is tried again.

    `ordinal` tells apart the cases one complaint opens after its links were undone.
    """
    return str(uuid5(NAMESPACE_URL, f"petitions/case/{complaint_id}/{ordinal}"))


@dataclass(frozen=True, slots=True)
class Known:
    """A complaint as the index knows it."""

    complaint: Complaint
    reading: Reading
    case: str


@dataclass(slots=True)
class Memory:
    """Models and index of one worker. Everything here is synchronous and meant to run off the event loop."""

    triage: Triage
    history: History
    shards: set[str] = field(default_factory=set)
    snapshot: str | None = None

    @classmethod
    def load(cls, settings: Settings) -> Memory:
        """Load the models; the index starts empty."""
        return cls(Triage.load(settings.models), History())

    def read(self, complaints: Sequence[Complaint]) -> list[Reading]:
        """What each complaint says when read alone."""
        return self.triage.read(complaints)

    def decide(self, complaints: Sequence[Complaint], readings: Sequence[Reading]) -> list[Decision]:
        """Where each belongs; they are in the index afterwards."""
        new_case: Callable[[Complaint], str] = lambda complaint: case_id_for(complaint.id)
        return self.triage.decide(complaints, readings, self.history, new_case)

    def learn(self, known: Iterable[Known]) -> None:
        """Add complaints that others registered; those already there only move to their case."""
        for item in known:
            if item.complaint.id in self.history:
                self.history.move(item.complaint.id, item.case)
            else:
                self.history.add(item.complaint, item.reading, item.case)

    def replace(self, known: Known) -> None:
        """A complaint has a new version; its case stays."""
        self.history.forget([known.complaint.id])
        self.history.add(known.complaint, known.reading, known.case)

    def end(self, cases: Iterable[tuple[str, bool]]) -> None:
        """Cases ended (true) or were opened again (false); those the index does not hold are passed over."""
        for case, ended in cases:
            if self.history.cases.number(case) >= 0:
                (self.history.close if ended else self.history.reopen)(case)

    def constrain(self, rule: str, a: UUID, b: UUID) -> None:
        """Obey what a person said of two complaints."""
        (self.history.must_link if rule == "must" else self.history.cannot_link)(str(a), str(b))

    def forget(self, ids: Sequence[str]) -> None:
        """As if these had never been added."""
        self.history.forget([id for id in ids if id in self.history])

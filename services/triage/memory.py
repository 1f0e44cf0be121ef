"""What one worker keeps in memory: the models, and the index of the shards whose complaints it has met.

The rows in PostgreSQL are the truth. The index of the last run is opened from disk; a shard it does not hold is read from
the rows when its first complaint arrives. Before each batch, what other workers added to the batch's shards since they
were last met is read, and what people changed anywhere: a shard that went to another worker costs nothing until it is back.
Everything here can be thrown away at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

from classifiers import shelf
from classifiers.history import History
from classifiers.reading import Complaint, Decision, Reading
from classifiers.triage import Triage
from contracts.complaints import ComplaintRegistered
from services.domain.city import City
from services.infra.cities import load_city
from services.infra.settings import Settings
from services.triage.snapshots import Mark, Slot

log = structlog.get_logger()

SAVE_LEAST = 20_000
"""Fewer new complaints than this are read again from PostgreSQL sooner than they are saved."""


def bordering(city: City) -> dict[str, tuple[str, ...]]:
    """The districts each borders on, from both sides."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for district in city.document.districts:
        for other in district.neighbours:
            found[district.code].add(other)
            found[other].add(district.code)
    return {code: tuple(sorted(others)) for code, others in found.items()}


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
    """A complaint as the index knows it; `fresh` is false where its profile is of an older format."""

    complaint: Complaint
    reading: Reading
    case: str
    fresh: bool = True


@dataclass(slots=True)
class Memory:
    """Models and index of one worker. Everything here is synchronous and meant to run off the event loop."""

    triage: Triage
    history: History
    shards: dict[str, str] = field(default_factory=dict)
    """Shard → the snapshot of the database up to which its complaints were read."""
    snapshot: str | None = None
    neighbours: Mapping[str, Sequence[str]] = field(default_factory=dict)
    slot: Slot | None = None
    installation: str = ""
    origin: str = ""
    """Which rebuilding the index comes from; empty where it grew by itself."""
    models: Path | None = None
    _saved: int = 0
    _seen: tuple[int, ...] = ()

    @classmethod
    def load(cls, settings: Settings) -> Memory:
        """Load the models; the index starts empty, or as `open_saved` finds it."""
        neighbours = bordering(load_city(settings.city))
        models = settings.models_kept
        seen = _stamp(models)
        return cls(Triage.load(models), History(neighbours), neighbours=neighbours, models=models, _seen=seen)

    def promoted(self) -> bool:
        """Whether other models have come into force since ours were loaded: a look at two files."""
        return self.models is not None and _stamp(self.models) != self._seen

    def load_promoted(self) -> None:
        """Load the models in force, between batches. The index stays: it holds profiles, and their format is the program's.

        Models this program cannot read are passed over: it goes on with those it has and says so.
        """
        self._seen, before = _stamp(self.models), self.triage.versions.model
        try:
            self.triage = Triage.load(self.models)
        except (ValueError, OSError) as failure:
            log.error("models_not_loaded", reason=str(failure), in_force=before,
                      remedy="go back with petitions models use VERSION, or restart triage with the program that trained them")
        else:
            log.info("models_loaded", model=self.triage.versions.model, before=before)

    def open_saved(self, root: Path, installation: str, now: str) -> int:
        """Claim a slot below `root` and open what is saved there for this database; the number of complaints in it.

        `now` is the database's present snapshot: an index that claims to have seen more is of a past that was undone.
        """
        self.slot, self.installation = Slot.claim(root), installation
        self.slot.adopt(installation)
        if found := self.slot.open(installation, self.neighbours):
            history, mark = found
            if int(mark.snapshot) > int(now):
                self.slot.drop("the database was set back to an earlier time")
                return 0
            self.history, self.shards, self.snapshot = history, dict(mark.shards), mark.snapshot
            self._saved, self.origin = len(history), mark.origin
        return len(self.history)

    def due(self) -> bool:
        """Whether so much is new that saving is worth it: a tenth, so that its cost a complaint stays the same."""
        new = abs(len(self.history) - self._saved)
        return self.slot is not None and new >= max(SAVE_LEAST, self._saved // 10)

    def save(self) -> None:
        """Save the index, between batches only: nothing may be staged that is not committed."""
        if self.slot is not None and self.snapshot is not None:
            self.slot.save(self.history, Mark(self.installation, self.shards, self.snapshot, self.origin))
            self._saved = len(self.history)

    def read(self, complaints: Sequence[Complaint]) -> list[Reading]:
        """What each complaint says when read alone."""
        return self.triage.read(complaints)

    def guards(self, readings: Sequence[Reading]) -> list[tuple[int, ...]]:
        """By which features another worker's like complaints are noticed; see `classifiers.triage.Triage.guards`."""
        return self.triage.guards(readings, self.history)

    def decide(self, complaints: Sequence[Complaint], readings: Sequence[Reading]) -> list[Decision]:
        """Where each belongs; they are in the index afterwards."""
        new_case: Callable[[Complaint], str] = lambda complaint: case_id_for(complaint.id)
        return self.triage.decide(complaints, readings, self.history, new_case)

    def learn(self, known: Iterable[Known]) -> None:
        """Add complaints that others registered; of those already there, take over a new version or another case."""
        new: list[Known] = []
        for item in self._fresh(list(known)):
            stored = self.history.get(item.complaint.id)
            if stored is None:
                new.append(item)
            elif stored.profile != item.reading.profile:
                self.replace(item)
            elif stored.case != item.case:
                self.history.move(item.complaint.id, item.case)
        self.history.add_many([item.complaint for item in new], [item.reading for item in new], [item.case for item in new])

    def _fresh(self, known: list[Known]) -> list[Known]:
        """The same with profiles of an older format read anew from the text."""
        old = [item for item in known if not item.fresh]
        again = iter(self.triage.read([item.complaint for item in old]))
        return [item if item.fresh else replace(item, reading=next(again), fresh=True) for item in known]

    def replace(self, known: Known) -> None:
        """A complaint has a new version."""
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


def _stamp(models: Path | None) -> tuple[int, ...]:
    """Changes when another version comes into force or the map of older names is replaced."""
    found: list[int] = []
    for path in (models / shelf.CURRENT, models / shelf.RENAMES) if models else ():
        try:
            about = path.stat()
            found += [about.st_mtime_ns, about.st_ino]
        except OSError:
            found.append(0)
    return tuple(found)

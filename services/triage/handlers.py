"""A batch of registered complaints becomes links, cases and questions to people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from pydantic import ValidationError

from classifiers import profile as pf
from classifiers.reading import Decision, Reading
from contracts.cases import CaseOpened, ComplaintLinked, LinkReviewRequested, Matter
from contracts.complaints import ComplaintRegistered
from contracts.dead_letter import FailureVerdict
from contracts.topics import LINKED, OPENED, REVIEW_REQUESTED
from contracts.vocabulary import LinkBand, LinkKind
from services.infra.clock import Clock
from services.infra.failures import describe
from services.infra.metrics import LINKED as LINKED_TOTAL
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork
from services.triage import repository as rows
from services.triage.memory import Known, Memory, as_complaint
from services.triage.telling import answering, as_matter, case_number, facts, reasons, versions_of, words_of

log = structlog.get_logger()
MACHINE = "machine"


class Triaging:
    """Handles batches one after another; the index is only touched from here."""

    def __init__(self, memory: Memory, *, worker: UUID, clock: Clock) -> None:
        self.memory = memory
        self.worker = worker
        self.clock = clock
        self._staged: list[str] = []
        self._doubtful = False

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work; see `services.infra.batches` for what surrounds it."""
        self._staged = []
        if self.memory.due() and not self._doubtful:
            with stage("triage", "save_index"):
                await asyncio.to_thread(self.memory.save)
        if self.memory.promoted():
            await asyncio.to_thread(self.memory.load_promoted)
        events: list[tuple[ComplaintRegistered, Record]] = []
        for record in records:
            try:
                events.append((ComplaintRegistered.from_bytes(record.value), record))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not events:
            return None
        connection = unit.connection
        known = await rows.already(connection, [event.complaint_id for event, _ in events])
        fresh: list[tuple[ComplaintRegistered, Record]] = []
        for event, record in events:
            if event.complaint_id not in known:
                known[event.complaint_id] = event.version
                fresh.append((event, record))
            elif event.version > known[event.complaint_id]:
                await self._new_version(unit, event, [e for e, _ in fresh])
        if not fresh:
            return None
        complaints = [as_complaint(event) for event, _ in fresh]
        with stage("triage", "read"):
            readings = await asyncio.to_thread(self.memory.read, complaints)
        with stage("triage", "catch_up"):
            await self._catch_up(unit, {event.region.shard for event, _ in fresh})
        with stage("triage", "guard"):
            guards = await self._guard(unit, readings)
        with stage("triage", "decide"):
            self._staged = [complaint.id for complaint in complaints]
            decisions = await asyncio.to_thread(self.memory.decide, complaints, readings)
        with stage("triage", "write"):
            await self._write(unit, fresh, readings, decisions, guards)
        return lambda: count(decisions)

    def abandon(self, records: Sequence[Record]) -> None:
        """The transaction failed, or its answer was lost: the index forgets what it had staged.

        It may have been committed all the same, so the next batch reads our own rows again, too.
        """
        self.memory.forget(self._staged)
        self._doubtful = bool(self._staged) or self._doubtful
        self._staged = []

    async def open(self, pool: Pool, root: Path) -> None:
        """At the start: the index of the last run, as far as it fits this database."""
        async with pool.acquire() as connection:
            installation, now = await rows.installation(connection), await rows.snapshot(connection)
        held = await asyncio.to_thread(self.memory.open_saved, root, installation, now)
        log.info("index_opened", complaints=held, shards=len(self.memory.shards), slot=self.memory.slot and self.memory.slot.path.name)

    async def close(self) -> None:
        """At the stop: save the index for the next start."""
        await asyncio.to_thread(self.memory.save)

    async def _catch_up(self, unit: UnitOfWork, shards: set[str]) -> None:
        """Read what others did in these shards since they were last met, and whole shards met for the first time."""
        memory, connection = self.memory, unit.connection
        now = await rows.snapshot(connection)
        if memory.snapshot is not None:
            worker = rows.NOBODY if self._doubtful else self.worker
            since = {shard: mark for shard, mark in memory.shards.items() if self._doubtful or shard in shards}
            if since:
                async for newer in rows.newer_rows(connection, since, worker):
                    await asyncio.to_thread(memory.learn, newer)
            memory.shards.update(dict.fromkeys(since, now))
            for complaint, case in await rows.moved(connection, memory.snapshot, worker):
                if complaint in memory.history:
                    memory.history.move(complaint, case)
            memory.end(await rows.ended(connection, min([memory.snapshot, *since.values()], key=int)))
        if missing := shards - memory.shards.keys():
            async for part in rows.shard_rows(connection, sorted(missing)):
                await asyncio.to_thread(memory.learn, part)
            memory.end((case, True) for case in await rows.ended_in(connection, sorted(missing)))
        for rule, a, b in await rows.constraints(connection, memory.snapshot):
            memory.constrain(rule, a, b)
        memory.shards.update(dict.fromkeys(missing, now))
        memory.snapshot, self._doubtful = now, False

    async def _guard(self, unit: UnitOfWork, readings: list[Reading]) -> list[tuple[int, ...]]:
        """Take turns with workers that hold something like these, and learn what they hold that our index does not know."""
        guards = self.memory.guards(readings)
        alike = await rows.guard(unit.connection, {key for keys in guards for key in keys}, self.memory.shards)
        if strangers := [id for id in alike if id not in self.memory.history]:
            await asyncio.to_thread(self.memory.learn, await rows.rows_by_id(unit.connection, strangers))
        return guards

    async def _new_version(self, unit: UnitOfWork, event: ComplaintRegistered, before: list[ComplaintRegistered]) -> None:
        """The source changed a complaint: read it again; people decide whether its link still stands."""
        complaint = as_complaint(event)
        [reading] = await asyncio.to_thread(self.memory.read, [complaint])
        await unit.connection.execute(
            rows.NEW_VERSION,
            event.complaint_id,
            event.version,
            event.reporter,
            event.to_bytes(),
            rows.reading_json(reading),
            reading.profile,
            self.worker,
            pf.VERSION,
        )
        if complaint.id in self.memory.history:
            [row] = await rows.rows_by_id(unit.connection, [complaint.id])
            self.memory.replace(Known(complaint, reading, row.case))

    async def _write(
        self,
        unit: UnitOfWork,
        fresh: list[tuple[ComplaintRegistered, Record]],
        readings: list[Reading],
        decisions: list[Decision],
        guards: list[tuple[int, ...]],
    ) -> None:
        connection, now = unit.connection, self.clock()
        opening = {UUID(d.case) for d in decisions if d.band is not LinkBand.AUTO}
        joined = {UUID(d.case) for d in decisions} - opening
        reporters = sorted({event.reporter for event, _ in fresh if event.reporter})
        cases = await rows.lock_cases(connection, sorted(joined), reporters)
        numbers = iter(await rows.case_numbers(connection, len(opening)))
        tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ("complaints", "cases", "links", "live_links", "guards")}
        opened: list[UUID] = []
        firsts: dict[UUID, tuple[ComplaintRegistered, Matter]] = {}
        for (event, record), reading, decision, keys in zip(fresh, readings, decisions, guards, strict=True):
            case_id, link_id = UUID(decision.case), uuid4()
            versions, spoken = versions_of(reading)
            why, against = facts(decision.why), facts(decision.against)
            if case_id not in cases:
                matter = as_matter(reading, versions, words_of(event), decision.respondent)
                cases[case_id] = rows.CaseCounts(case_number(now, next(numbers)))
                opened.append(case_id)
                firsts[case_id] = (event, matter)
            counts = cases[case_id]
            first = decision.band is not LinkBand.AUTO
            if first or decision.kind is not LinkKind.DUPLICATE_DELIVERY:
                counts.count(event.reporter)
            shared = dict(
                occurred_at=now, case_id=case_id, complaint_id=event.complaint_id, receipt_no=event.receipt_no,
                link_id=link_id, region=event.region, channel=event.channel, key_item=event.key_item,
                reporter=event.reporter, signatories=event.signatories, received_at=event.received_at,
                registered_at=event.registered_at, **answering(event),
            )  # fmt: skip
            if first:
                payload = CaseOpened(case_no=counts.case_no, matter=firsts[case_id][1], **shared)
                unit.emit(OPENED, case_id, payload, traceparent=record.traceparent)
            else:
                linked = ComplaintLinked(
                    kind=decision.kind, band=decision.band, score=decision.score,
                    to_complaint=UUID(decision.to) if decision.to else None, decided_by=MACHINE, why=why, against=against,
                    complaints=counts.complaints, reporters=counts.reporters, repeat_ordinal=counts.repeat_ordinal,
                    versions=versions, **shared,
                )  # fmt: skip
                unit.emit(LINKED, case_id, linked, traceparent=record.traceparent)
            link = (
                link_id, event.complaint_id, case_id, "link",
                LinkKind.FIRST_REPORT.value if first else decision.kind.value,
                LinkBand.NEW.value if first else decision.band.value, 1.0 if first else decision.score,
                None if first or not decision.to else UUID(decision.to), reasons(() if first else decision.why),
                reasons(() if first else decision.against), decision.parts, spoken, MACHINE, now, self.worker,
            )  # fmt: skip
            tables["links"].append(link)
            if decision.band is LinkBand.SUGGEST and decision.to and decision.suggested_case:
                question = LinkReviewRequested(
                    occurred_at=now, link_id=uuid4(), complaint_id=event.complaint_id, case_id=case_id,
                    suggested_case=UUID(decision.suggested_case), to_complaint=UUID(decision.to), kind=decision.kind,
                    score=decision.score, why=why, against=against, versions=versions,
                )  # fmt: skip
                unit.emit(REVIEW_REQUESTED, case_id, question, traceparent=record.traceparent)
                tables["links"].append(
                    (question.link_id, event.complaint_id, question.suggested_case, "suggest", decision.kind.value,
                     decision.band.value, decision.score, question.to_complaint, reasons(decision.why),
                     reasons(decision.against), decision.parts, spoken, MACHINE, now, self.worker)
                )  # fmt: skip
            tables["live_links"].append((event.complaint_id, case_id, link_id))
            tables["complaints"].append(
                (event.complaint_id, event.receipt_no, event.version, event.region.shard, event.reporter,
                 event.received_at, record.value, rows.reading_json(reading), reading.profile, self.worker, pf.VERSION)
            )  # fmt: skip
            tables["guards"] += [(feature, event.complaint_id, now, event.region.shard) for feature in keys]
        for case_id in opened:
            event, matter = firsts[case_id]
            counts = cases[case_id]
            tables["cases"].append(
                (case_id, counts.case_no, event.complaint_id, event.region.code, matter.model_dump_json().encode(),
                 counts.complaints, counts.reporters, counts.repeat_ordinal, now)
            )  # fmt: skip
        await rows.copy(connection, "complaints", rows.COMPLAINT_COLUMNS, tables["complaints"])
        await rows.copy(connection, "cases", rows.CASE_COLUMNS, tables["cases"])
        await rows.save_counts(connection, cases, set(opened))
        await rows.copy(connection, "links", rows.LINK_COLUMNS, tables["links"])
        await rows.copy(connection, "live_links", rows.LIVE_COLUMNS, tables["live_links"])
        await rows.copy(connection, "guards", rows.GUARD_COLUMNS, tables["guards"])


def count(decisions: Sequence[Decision]) -> None:
    """Outcomes into the metrics, after the commit."""
    for decision in decisions:
        LINKED_TOTAL.labels(decision.kind.value, decision.band.value).inc()

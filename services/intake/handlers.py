"""A batch of submitted records becomes registered complaints, changed versions, resends and rejections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from classifiers.urgency import assess
from contracts.cases import EmergencySuspected
from contracts.complaints import (
    AnswerState,
    ComplaintAnswered,
    ComplaintRegistered,
    ComplaintRejected,
    RejectionReason,
)
from contracts.dead_letter import FailureVerdict
from contracts.rejections import Rejection
from contracts.topics import ANSWERED, EMERGENCY, REGISTERED, REJECTED
from services.domain.city import City
from services.domain.receipts import receipt_no
from services.infra.clock import Clock
from services.infra.metrics import REGISTERED as OUTCOMES
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork
from services.infra.vault import Vault
from services.intake import repository as rows
from services.intake.preparation import Prepared, Preparing

LOCAL = ZoneInfo("Asia/Shanghai")
EMERGENCY_REPORT = timedelta(hours=2)
"""The strictest limit of 部令17号 runs from knowledge, which is now; a person grades and may relax it."""
TRIGGER_LENGTH = 40
"""A trigger is a few words for the duty officer, never the text."""
MESSAGES = {
    AnswerState.REGISTERED: "您的诉求已登记，受理编号 {receipt}。可凭此编号查询办理进展。",
    AnswerState.RESENT: "该诉求此前已登记，受理编号 {receipt}，内容没有变化，不重复登记。",
    AnswerState.UPDATED: "您补充的内容已记入原诉求，受理编号不变：{receipt}。",
}


def complaint_id_for(source: str, external_id: str) -> UUID:
    """One id for one (source, external id), whoever computes it and however often."""
    return uuid5(NAMESPACE_URL, f"petitions/complaint/{source}/{external_id}")


def count(outcomes: dict[str, int]) -> None:
    """Outcomes into the metrics, after the commit."""
    for name, n in outcomes.items():
        OUTCOMES.labels(name).inc(n)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record with what preparation made of it."""

    record: Record
    outcome: Prepared | list[Rejection]
    alarming: tuple[str, ...] = ()
    """Words that suggest an emergency."""


class Registering:
    """Registers batches. Preparation (parsing, scrubbing, sealing) is CPU work and runs off the event loop."""

    def __init__(self, city: City, *, clock: Clock, vault: Callable[[], Vault]) -> None:
        self.city = city
        self.clock = clock
        self.vault = vault
        self.preparing: Preparing | None = None

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> Callable[[], None] | None:
        """One transaction's work."""
        self.preparing = self.preparing or Preparing(self.city, self.vault())
        with stage("intake", "prepare"):
            arrivals = await asyncio.to_thread(self._prepare, self.preparing, records)
        with stage("intake", "register"):
            outcomes = await self._register(unit, arrivals)
        return lambda: count(outcomes)

    @staticmethod
    def _prepare(preparing: Preparing, records: Sequence[Record]) -> list[Arrival]:
        arrivals = [Arrival(record, preparing.prepare(record.value)) for record in records]
        told = [arrival.outcome.fields for arrival in arrivals if isinstance(arrival.outcome, Prepared)]
        texts = [f"{fields['title']}\n{fields['text']}" if fields["title"] else fields["text"] for fields in told]
        words = iter([tuple(span.text for span in spans) for _, spans in assess(texts)])
        return [replace(arrival, alarming=next(words)) if isinstance(arrival.outcome, Prepared) else arrival for arrival in arrivals]

    async def _register(self, unit: UnitOfWork, arrivals: Sequence[Arrival]) -> dict[str, int]:
        connection, now = unit.connection, self.clock()
        outcomes = {"registered": 0, "resent": 0, "updated": 0, "rejected": 0}
        good: list[tuple[UUID, Arrival, Prepared]] = []
        for arrival in arrivals:
            if isinstance(arrival.outcome, list):
                await self._reject(unit, arrival.record, arrival.outcome)
                outcomes["rejected"] += 1
            else:
                prepared = arrival.outcome
                good.append((complaint_id_for(prepared.source, prepared.external_id), arrival, prepared))
        known = await rows.lock_new(connection, sorted({id for id, _, _ in good}))
        fresh = len({id for id, _, _ in good} - set(known))
        numbers = iter(await rows.next_receipts(connection, fresh))
        new: dict[UUID, tuple[Any, ...]] = {}
        originals: list[tuple[Any, ...]] = []
        resent: dict[UUID, int] = {}
        for id, arrival, prepared in good:
            record, before = arrival.record, known.get(id)
            if before is not None and before.content_mac == prepared.content_mac:
                resent[id] = resent.get(id, 0) + 1
                outcomes["resent"] += 1
                self._answer(unit, record, prepared, before.receipt_no, AnswerState.RESENT)
                continue
            if before is None:
                receipt = receipt_no(self.city.receipt_prefix, now.astimezone(LOCAL).date(), next(numbers))
                version, registered_at, state = 1, now, AnswerState.REGISTERED
            else:
                receipt, version, registered_at = before.receipt_no, before.version + 1, before.registered_at
                state = AnswerState.UPDATED
            known[id] = rows.Known(receipt, version, prepared.content_mac, registered_at)
            event = ComplaintRegistered(
                occurred_at=now, complaint_id=id, version=version, receipt_no=receipt, registered_at=registered_at,
                **prepared.fields,
            )  # fmt: skip
            body = unit.emit(REGISTERED, event.region.shard, event, traceparent=record.traceparent)
            row = (
                id, prepared.source, prepared.external_id, receipt, version, prepared.content_mac, event.channel.value,
                event.region.code, event.region.confidence, event.reporter, event.received_at, registered_at, body,
            )  # fmt: skip
            if before is None:
                new[id] = row
            elif id in new:
                # The first version came in this very batch: both are kept, in order.
                await rows.insert_complaints(connection, list(new.values()))
                new.clear()
                await rows.change_complaint(connection, id, now, version, prepared.content_mac, *row[7:10], body)
            else:
                await rows.change_complaint(connection, id, now, version, prepared.content_mac, *row[7:10], body)
            sealed = unit.vault.seal_bytes(prepared.original, context=id.bytes + version.to_bytes(4, "big"))
            originals.append((id, version, sealed.key_id, sealed.blob, now))
            self._answer(unit, record, prepared, receipt, state)
            self._alarm(unit, arrival, event)
            outcomes["registered" if version == 1 else "updated"] += 1
        await rows.insert_complaints(connection, list(new.values()))
        await rows.insert_originals(connection, originals)
        await rows.count_resends(connection, resent)
        return outcomes

    def _answer(self, unit: UnitOfWork, record: Record, prepared: Prepared, receipt: str, state: AnswerState) -> None:
        answer = ComplaintAnswered(
            occurred_at=self.clock(), source=prepared.source, external_id=prepared.external_id, receipt_no=receipt,
            state=state, message=MESSAGES[state].format(receipt=receipt),
        )  # fmt: skip
        unit.emit(ANSWERED, prepared.source, answer, traceparent=record.traceparent)

    def _alarm(self, unit: UnitOfWork, arrival: Arrival, event: ComplaintRegistered) -> None:
        """Suspected emergencies leave with the registration: nothing slow stands before them."""
        if not arrival.alarming:
            return
        now = self.clock()
        suspected = EmergencySuspected(
            event_id=uuid5(event.complaint_id, f"emergency/{event.version}"), occurred_at=now,
            complaint_id=event.complaint_id, receipt_no=event.receipt_no, region=event.region, triggers=tuple(dict.fromkeys(words[:TRIGGER_LENGTH] for words in arrival.alarming)),
            received_at=event.received_at, report_due_at=now + EMERGENCY_REPORT,
        )  # fmt: skip
        unit.emit(EMERGENCY, event.complaint_id, suspected, traceparent=arrival.record.traceparent)

    async def _reject(self, unit: UnitOfWork, record: Record, rejections: Sequence[Rejection]) -> None:
        """Told to the source, kept sealed for mending."""
        reasons = tuple(RejectionReason(**rejection.model_dump(mode="json")) for rejection in rejections)
        source, external_id = Preparing.origin(record.value)
        letter = uuid4()
        await unit.dead_letter(
            record,
            FailureVerdict.PERMANENT,
            "; ".join(f"{reason.field}: {reason.code}" for reason in reasons[:5]),
            reasons=[reason.model_dump() for reason in reasons],
            id=letter,
        )
        rejected = ComplaintRejected(
            occurred_at=self.clock(), source=source, external_id=external_id, topic=record.topic,
            partition=record.partition, offset=record.offset, dead_letter_id=letter, reasons=reasons,
        )  # fmt: skip
        unit.emit(REJECTED, source, rejected, traceparent=record.traceparent)

"""The book of links as casework changes it: the people's acts, and where complaints stand after a split or a merge."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid4

from contracts.cases import ComplaintLinked, ModelVersions
from contracts.complaints import ComplaintRegistered
from contracts.topics import LINKED
from contracts.vocabulary import LinkBand, LinkKind
from services.infra.unit_of_work import UnitOfWork
from services.triage import links
from services.triage import repository as rows
from services.triage.links import CONSTRAIN, EVENT, INSERT_LINK, Outcome, recount
from services.triage.telling import answering

LIVE_LINK = "SELECT link_id FROM triage.live_links WHERE complaint_id = $1 AND case_id = $2"
STANDS = """
SELECT v.case_id, v.link_id, v.weight, l.kind, l.band, l.score, l.to_complaint, l.versions, l.weight AS linked_weight
FROM triage.live_links v JOIN triage.links l ON l.id = v.link_id WHERE v.complaint_id = $1 FOR UPDATE OF v
"""
LEAVE = "DELETE FROM triage.live_links WHERE complaint_id = $1"
STAND = "INSERT INTO triage.live_links (complaint_id, case_id, link_id, weight) VALUES ($1, $2, $3, $4)"
JOINED = "SELECT l.to_complaint, c.first_complaint FROM triage.links l JOIN triage.cases c ON c.id = l.case_id WHERE l.id = $1"
WHOLE = Decimal(1)


class Placed(Protocol):
    """Where a complaint stands after an operation; see casework's ports."""

    @property
    def complaint_id(self) -> UUID: ...
    @property
    def shares(self) -> Mapping[UUID, Decimal]: ...
    @property
    def kinds(self) -> Mapping[UUID, str]: ...


class Book:
    """What casework is given; see `services.casework.ports.LinkBook` for the promises."""

    async def lock(self, unit: UnitOfWork, case_ids: Collection[UUID]) -> None:
        """Lock the cases' counts, in the order in which every writer of links does."""
        await rows.lock_cases(unit.connection, sorted(case_ids), [])

    async def live_link(self, unit: UnitOfWork, complaint_id: UUID, case_id: UUID) -> UUID | None:
        """The link in force."""
        found: UUID | None = await unit.connection.fetchval(LIVE_LINK, complaint_id, case_id)
        return found

    async def undo(self, unit: UnitOfWork, link_id: UUID, *, actor: str, reason: str) -> Outcome:
        """See `links.undo`."""
        return await links.undo(unit, link_id, actor=actor, reason=reason)

    async def confirm(self, unit: UnitOfWork, link_id: UUID, *, actor: str) -> Outcome:
        """See `links.confirm`."""
        return await links.confirm(unit, link_id, actor=actor)

    async def refuse(self, unit: UnitOfWork, link_id: UUID, *, actor: str) -> Outcome:
        """See `links.refuse`."""
        return await links.refuse(unit, link_id, actor=actor)

    async def confirm_link(self, unit: UnitOfWork, complaint_id: UUID, case_id: UUID, *, actor: str) -> None:
        """A must-link between the complaint and the one it was linked to."""
        link = await self.live_link(unit, complaint_id, case_id)
        row = await unit.connection.fetchrow(JOINED, link) if link else None
        other = (row["to_complaint"] or row["first_complaint"]) if row else None
        if other and other != complaint_id:
            await unit.connection.execute(CONSTRAIN, complaint_id, other, "must", actor, unit.clock())

    async def place(self, unit: UnitOfWork, placements: Sequence[Placed], *, actor: str, reason: str) -> None:
        """Write where complaints stand now, count the cases anew, and tell those that gained one."""
        touched: set[UUID] = set()
        gained: list[tuple[Placed, UUID, UUID, Any]] = []
        for placed in placements:
            before = {row["case_id"]: row for row in await unit.connection.fetch(STANDS, placed.complaint_id)}
            if not before:
                continue  # a complaint that did not come through triage has no links here
            touched |= before.keys() | placed.shares.keys()
            await unit.connection.execute(LEAVE, placed.complaint_id)
            like = next(iter(before.values()))
            for case_id, share in placed.shares.items():
                link = uuid4()
                kind = placed.kinds[case_id]
                await unit.connection.execute(
                    INSERT_LINK, link, placed.complaint_id, case_id, "place", None, kind, like["band"], like["score"],
                    like["to_complaint"], like["versions"], actor, reason, unit.clock(), share,
                )  # fmt: skip
                await unit.connection.execute(STAND, placed.complaint_id, case_id, link, share)
                if case_id not in before:
                    gained.append((placed, case_id, link, like))
        counts = {case_id: await recount(unit, case_id) for case_id in sorted(touched)}
        for placed, case_id, link, like in gained:
            event = ComplaintRegistered.from_bytes((await unit.connection.fetchval(EVENT, placed.complaint_id)).encode())
            count = counts[case_id]
            linked = ComplaintLinked(
                occurred_at=unit.clock(), case_id=case_id, complaint_id=placed.complaint_id, receipt_no=event.receipt_no,
                link_id=link, kind=LinkKind(placed.kinds[case_id]), band=LinkBand.AUTO, score=like["score"],
                to_complaint=like["to_complaint"], decided_by=actor, region=event.region, channel=event.channel,
                key_item=event.key_item, reporter=event.reporter, signatories=event.signatories, complaints=count.complaints,
                reporters=count.reporters, repeat_ordinal=count.repeat_ordinal, versions=ModelVersions(**like["versions"]),
                received_at=event.received_at, registered_at=event.registered_at, **answering(event),
            )  # fmt: skip
            unit.emit(LINKED, case_id, linked)

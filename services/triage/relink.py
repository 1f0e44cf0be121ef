"""A full re-link of the history under other models, beside the live service: compared, proposed, never applied by itself.

Every complaint is read and decided again in its order, against those before it as they are linked now. Where the new
models see it otherwise, that is a proposal for a person: to join another case, or to part from the one the machine had
put it in. What a person decided is left alone.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from classifiers import generations
from classifiers.history import History
from classifiers.reading import Decision
from classifiers.triage import Triage
from contracts.complaints import ComplaintRegistered
from contracts.vocabulary import LinkBand, LinkKind
from services.infra.clock import Clock
from services.infra.postgres import Pool
from services.triage import repository as rows
from services.triage.handlers import MACHINE
from services.triage.memory import as_complaint, case_id_for
from services.triage.telling import reasons

BATCH = 512
SAVE_EVERY = 40
"""Batches between two savings of the position: what a stop loses at most."""
RUNNING = "SELECT id, counts FROM triage.relinks WHERE model = $1 AND ended_at IS NULL"
BEGIN = "INSERT INTO triage.relinks (id, model, started_at) VALUES ($1, $2, $3)"
KEEP = "UPDATE triage.relinks SET counts = $2, ended_at = $3 WHERE id = $1"
TOTAL = "SELECT count(*) FROM triage.complaints WHERE changed < $1::text::xid8"
PART = """
SELECT c.id, c.received_at, c.event::text AS event, v.case_id, v.link_id, l.act, l.kind, l.decided_by
FROM triage.complaints c JOIN LATERAL (
    SELECT case_id, link_id FROM triage.live_links WHERE complaint_id = c.id ORDER BY weight DESC LIMIT 1) v ON true
JOIN triage.links l ON l.id = v.link_id
WHERE c.changed < $1::text::xid8 AND ($2::timestamptz IS NULL OR (c.received_at, c.id) > ($2, $3::uuid))
ORDER BY c.received_at, c.id LIMIT $4
"""
ASKED = """
SELECT DISTINCT l.complaint_id, l.case_id FROM triage.links l WHERE l.act = 'suggest' AND l.complaint_id = ANY($1::uuid[])
"""
PROPOSE = """
INSERT INTO triage.relink_proposals (id, relink_id, complaint_id, act, link_id, to_complaint, kind, score, why, against, versions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (relink_id, complaint_id, act) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a complaint stands now, by which link, and whether a person put it there."""

    case: str
    link: UUID
    by_machine: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the new models would change about one complaint."""

    complaint: str
    act: str
    link: UUID | None
    to: str | None
    decision: Decision


def compare(decision: Decision, now: Standing, case_of: Callable[[str], str | None]) -> Proposal | None:
    """The change a decision under the new models comes to; None where it agrees, or where a person has decided."""
    if decision.band is LinkBand.AUTO and decision.to is not None:
        target = case_of(decision.to)
        if target is not None and target != now.case and (now.by_machine or now.first):
            return Proposal(decision.id, "join", None, decision.to, decision)
    elif decision.band is LinkBand.NEW and now.by_machine and not now.first:
        return Proposal(decision.id, "part", now.link, None, decision)
    return None


class Relink:
    """One run over the whole history; `share` of one core, and what is done is kept now and then in `folder`."""

    def __init__(self, triage: Triage, pool: Pool, folder: Path, *, clock: Clock, share: float = 0.5,
                 neighbours: Mapping[str, Sequence[str]] | None = None, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        self.triage, self.pool, self.folder, self.clock = triage, pool, folder, clock
        self.share, self.neighbours, self.on_progress = share, neighbours, on_progress
        self.history = History(neighbours)
        self.counts: Counter[str] = Counter()
        self.id = uuid4()
        self._after: tuple[datetime, UUID] | None = None

    async def run(self, most: int | None = None) -> dict[str, int]:
        """Go through all that is registered by now, or `most` complaints more; the counts so far."""
        async with self.pool.acquire() as connection:
            up_to = await rows.snapshot(connection)
            await self._resume(connection)
            total = await connection.fetchval(TOTAL, up_to)
            for rule, a, b in await rows.constraints(connection, None):
                (self.history.must_link if rule == "must" else self.history.cannot_link)(str(a), str(b))
        done = batches = 0
        while most is None or done < most:
            began = time.process_time()
            async with self.pool.acquire() as connection:
                part = await connection.fetch(PART, up_to, *(self._after or (None, None)), min(BATCH, most - done if most else BATCH))
                if not part:
                    await self._keep(connection, ended=True)
                    return dict(self.counts)
                proposals = await asyncio.to_thread(self._decide, part)
                await self._propose(connection, proposals)
            self._after = (part[-1]["received_at"], part[-1]["id"])
            done += len(part)
            batches += 1
            self.on_progress(self.counts["seen"], total)
            if batches % SAVE_EVERY == 0:
                async with self.pool.acquire() as connection:
                    await self._keep(connection, ended=False)
            await asyncio.sleep((time.process_time() - began) * (1 / self.share - 1))
        async with self.pool.acquire() as connection:
            await self._keep(connection, ended=False)
        return dict(self.counts)

    def _decide(self, part: Sequence[Any]) -> list[Proposal]:
        complaints = [as_complaint(ComplaintRegistered.model_validate_json(row["event"])) for row in part]
        standing = {
            str(row["id"]): Standing(
                str(row["case_id"]), row["link_id"], row["decided_by"] == MACHINE, row["kind"] == LinkKind.FIRST_REPORT.value
            )
            for row in part
        }
        decisions = self.triage.decide(
            complaints, self.triage.read(complaints), self.history, lambda complaint: case_id_for(complaint.id)
        )
        found = []
        for decision in decisions:
            now = standing[decision.id]
            if decision.case != now.case:
                self.history.move(decision.id, now.case)
        for decision in decisions:
            proposal = compare(decision, standing[decision.id], self.history.case_of)
            self.counts["seen"] += 1
            self.counts[f"now {decision.band.value}"] += 1
            if proposal is not None:
                found.append(proposal)
        return found

    async def _propose(self, connection: Any, proposals: list[Proposal]) -> None:
        asked = {(r["complaint_id"], str(r["case_id"])) for r in await connection.fetch(ASKED, [UUID(p.complaint) for p in proposals])}
        versions = asdict(self.triage.versions)
        for p in proposals:
            # what was asked before, answered or not, is not asked in another way
            if p.to is not None and (UUID(p.complaint), self.history.case_of(p.to)) in asked:
                continue
            d = p.decision
            written = await connection.execute(
                PROPOSE, uuid4(), self.id, UUID(p.complaint), p.act, p.link, UUID(p.to) if p.to else None,
                d.kind.value, d.score, reasons(d.why), reasons(d.against), versions,
            )  # fmt: skip
            self.counts[f"would {p.act}"] += written.endswith(" 1")

    async def _resume(self, connection: Any) -> None:
        """Go on with a run of these models that was stopped, from where its history was last kept."""
        row = await connection.fetchrow(RUNNING, self.triage.versions.model)
        if row is None:
            await connection.execute(BEGIN, self.id, self.triage.versions.model, self.clock())
            return
        self.id = row["id"]
        try:
            history = await asyncio.to_thread(History.open, self.folder / str(self.id), self.neighbours)
        except (FileNotFoundError, generations.Damaged, ValueError):
            return  # nothing was kept: from the beginning; proposals written before stay as they are
        self.history, self.counts = history, Counter(row["counts"])
        self._after = (datetime.fromisoformat(history.notes["received"]), UUID(history.notes["id"]))

    async def _keep(self, connection: Any, *, ended: bool) -> None:
        if not ended and self._after is not None:
            self.history.notes = {"received": self._after[0].isoformat(), "id": str(self._after[1])}
            await asyncio.to_thread(self.history.save, self.folder / str(self.id))
        if ended:
            shutil.rmtree(self.folder / str(self.id), ignore_errors=True)
        await connection.execute(KEEP, self.id, dict(self.counts), self.clock() if ended else None)

"""Proposals of a re-link and what a person does with them: offer them to the reviewers, or dismiss them.

To offer is to ask: a joining becomes a suggestion like any other, with the event a suggestion has, and is confirmed or
refused where suggestions are. A parting is done by undoing the link it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from contracts.cases import Fact, LinkReviewRequested, ModelVersions
from contracts.topics import REVIEW_REQUESTED
from contracts.vocabulary import LinkKind
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork

RELINK = "relink"
LATEST = "SELECT id, model, started_at, ended_at, counts FROM triage.relinks ORDER BY started_at DESC LIMIT 1"
OPEN = """
SELECT p.id, p.act, p.score, p.link_id, p.why, p.against, c.receipt_no, now.case_no AS case_no, t.receipt_no AS to_receipt, k.case_no AS to_case
FROM triage.relink_proposals p JOIN triage.complaints c ON c.id = p.complaint_id
JOIN LATERAL (SELECT case_id FROM triage.live_links WHERE complaint_id = c.id ORDER BY weight DESC LIMIT 1) v ON true
JOIN triage.cases now ON now.id = v.case_id
LEFT JOIN triage.complaints t ON t.id = p.to_complaint
LEFT JOIN LATERAL (SELECT case_id FROM triage.live_links WHERE complaint_id = t.id ORDER BY weight DESC LIMIT 1) w ON true
LEFT JOIN triage.cases k ON k.id = w.case_id
WHERE p.relink_id = $1 AND p.decided IS NULL ORDER BY p.act, p.score DESC, p.id LIMIT $2
"""
TAKE = """
UPDATE triage.relink_proposals p SET decided = $2, decided_by = $3, decided_at = $4
WHERE p.decided IS NULL AND ($5::text IS NULL OR p.act = $5) AND p.id = ANY($1::uuid[]) RETURNING p.*
"""
STANDS = "SELECT case_id FROM triage.live_links WHERE complaint_id = $1 ORDER BY weight DESC LIMIT 1"
SUGGEST = """
INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, why, against, versions, decided_by, at)
VALUES ($1, $2, $3, 'suggest', $4, 'suggest', $5, $6, $7, $8, $9, $10, $11)
"""


async def latest(connection: Connection) -> Any:
    """The newest run, None where there was none."""
    return await connection.fetchrow(LATEST)


async def undecided(connection: Connection, relink: UUID, most: int) -> list[Any]:
    """Proposals nobody has decided on, the surest first."""
    return list(await connection.fetch(OPEN, relink, most))


async def offer(unit: UnitOfWork, ids: Sequence[UUID], *, actor: str) -> list[UUID]:
    """Ask the reviewers: each joining becomes a suggestion; their ids. What no longer applies is dismissed."""
    now, asked = unit.clock(), []
    for row in await unit.connection.fetch(TAKE, list(ids), "offered", actor, now, "join"):
        case, target = [await unit.connection.fetchval(STANDS, id) for id in (row["complaint_id"], row["to_complaint"])]
        if case is None or target is None or case == target:
            continue
        link, versions = uuid4(), ModelVersions(**row["versions"])
        await unit.connection.execute(
            SUGGEST, link, row["complaint_id"], target, row["kind"], row["score"], row["to_complaint"], row["why"], row["against"],
            row["versions"], RELINK, now,
        )  # fmt: skip
        question = LinkReviewRequested(
            occurred_at=now, link_id=link, complaint_id=row["complaint_id"], case_id=case, suggested_case=target,
            to_complaint=row["to_complaint"], kind=LinkKind(row["kind"]), score=row["score"], versions=versions,
            why=_facts(row["why"]), against=_facts(row["against"]),
        )  # fmt: skip
        unit.emit(REVIEW_REQUESTED, case, question)
        asked.append(link)
    return asked


async def dismiss(unit: UnitOfWork, ids: Sequence[UUID], *, actor: str) -> int:
    """Leave these as they are; how many there were."""
    return len(await unit.connection.fetch(TAKE, list(ids), "dismissed", actor, unit.clock(), None))


def _facts(stored: Sequence[dict[str, Any]]) -> tuple[Fact, ...]:
    return tuple(Fact(fact=each["fact"], text=each["text"]) for each in stored)

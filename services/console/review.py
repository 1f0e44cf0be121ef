"""Links the machine asks about: the queue in the order in which answers teach most, and both sides of one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.console import highlight
from services.console.access import NotFound, Visit
from services.console.cases import prefixes
from services.console.channels import channel_name
from services.console.words import moment, sureness

# An answer teaches most where the model is least sure; among equals, where more complaints hang on it, then the oldest.
QUEUE = """
SELECT k.id, k.complaint_id, k.case_id, k.score, k.at, c.case_no, c.complaints, x.receipt_no, x.event ->> 'title' AS title, w.summary, w.region
FROM triage.links k JOIN triage.cases c ON c.id = k.case_id JOIN triage.complaints x ON x.id = k.complaint_id
LEFT JOIN casework.cases w ON w.case_id = k.case_id
WHERE k.act = 'suggest' AND NOT EXISTS (SELECT 1 FROM triage.links a WHERE a.answers = k.id)
  AND (c.region_code IS NULL OR c.region_code LIKE ANY($1))
ORDER BY abs(k.score - 0.5), c.complaints DESC, k.at LIMIT $2
"""
COUNT = """
SELECT count(*) FROM triage.links k JOIN triage.cases c ON c.id = k.case_id
WHERE k.act = 'suggest' AND NOT EXISTS (SELECT 1 FROM triage.links a WHERE a.answers = k.id) AND (c.region_code IS NULL OR c.region_code LIKE ANY($1))
"""
ONE = """
SELECT k.id, k.complaint_id, k.case_id, k.to_complaint, k.score, k.why, k.against, k.kind, k.at, c.case_no, c.complaints, c.reporters, c.region_code,
       own.case_id AS own_case, o.case_no AS own_no, w.status
FROM triage.links k JOIN triage.cases c ON c.id = k.case_id
LEFT JOIN triage.live_links own ON own.complaint_id = k.complaint_id LEFT JOIN triage.cases o ON o.id = own.case_id
LEFT JOIN casework.cases w ON w.case_id = k.case_id WHERE k.id = $1 AND k.act = 'suggest' LIMIT 1
"""
ANSWERED = "SELECT 1 FROM triage.links WHERE answers = $1"
TEXTS = "SELECT id, receipt_no, received_at, event FROM triage.complaints WHERE id = ANY($1)"
MOST = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two complaints."""

    receipt_no: str
    case_no: str
    channel: str
    received: str
    title: str
    pieces: highlight.Pieces
    length: int
    facts: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One suggested link, both texts held against each other."""

    id: UUID
    complaint_id: UUID
    case_id: UUID
    case_no: str
    complaints: int
    own_case: UUID | None
    own_no: str
    sure: str
    score: str
    why: tuple[str, ...]
    against: tuple[str, ...]
    newer: Side
    older: Side
    asked: str


async def queue(visit: Visit) -> tuple[list[Any], int]:
    """The questions of the actor's regions, and how many there are."""
    pool, scope = visit.office.pool, prefixes(visit.principal)
    rows: list[Any] = await pool.fetch(QUEUE, scope, MOST)
    total = len(rows) if len(rows) < MOST else int(await pool.fetchval(COUNT, scope))
    return rows, total


async def question(visit: Visit, link_id: UUID) -> Question:
    """One question; raises `NotFound` where there is none of this id or it was answered."""
    pool = visit.office.pool
    row = await pool.fetchrow(ONE, link_id)
    if row is None or await pool.fetchval(ANSWERED, link_id):
        raise NotFound("这条建议已经有人处理，或不存在。")
    if not visit.principal.covers(row["region_code"]):
        raise NotFound("这条建议不在您的管辖范围内。")
    found = {item["id"]: item for item in await pool.fetch(TEXTS, [row["complaint_id"], row["to_complaint"]])}
    new, old = found.get(row["complaint_id"]), found.get(row["to_complaint"])
    if new is None or old is None:
        raise NotFound("这条建议所指的信访件已不在。")
    mine, theirs = highlight.compare(str(new["event"]["text"]), str(old["event"]["text"]))
    now = visit.now
    return Question(
        id=row["id"], complaint_id=row["complaint_id"], case_id=row["case_id"], case_no=row["case_no"], complaints=row["complaints"],
        own_case=row["own_case"], own_no=row["own_no"] or "", sure=sureness(row["score"]), score=f"{row['score']:.2f}",
        why=tuple(fact["text"] for fact in row["why"]), against=tuple(fact["text"] for fact in row["against"]),
        newer=_side(visit, new, old, row["own_no"] or "", mine), older=_side(visit, old, new, row["case_no"], theirs), asked=moment(row["at"], now),
    )  # fmt: skip


_FACTS = (("respondent", "被举报"), ("address", "地点"), ("region", "属地"))


def _side(visit: Visit, item: Any, other: Any, case_no: str, pieces: highlight.Pieces) -> Side:
    event, held = item["event"], other["event"]
    facts = []
    for name, label in _FACTS:
        mine, theirs = _plain(visit, event.get(name)), _plain(visit, held.get(name))
        if mine or theirs:
            facts.append((label, mine or "没有说", bool(mine) and mine == theirs))
    same = bool(event.get("reporter")) and event.get("reporter") == held.get("reporter")
    facts.append(("信访人", "同一人" if same else "匿名" if not event.get("reporter") else "另一人", same))
    return Side(
        item["receipt_no"], case_no, channel_name(str(event.get("channel"))), moment(item["received_at"], visit.now), str(event.get("title") or ""),
        pieces, len(str(event.get("text"))), tuple(facts),
    )  # fmt: skip


def _plain(visit: Visit, value: object) -> str:
    return visit.office.region(value.get("code")) if isinstance(value, dict) else str(value or "")

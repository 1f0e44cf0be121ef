"""What people say about links: confirm a suggestion, refuse it, undo a link. Each is a new row; nothing is deleted.

An undone link stays undone: a cannot-link is written that every later run obeys. A confirmed one writes a must-link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from contracts.cases import CaseOpened, ComplaintLinked, Fact, LinkUndone, Matter, ModelVersions
from contracts.complaints import ComplaintRegistered
from contracts.topics import LINK_UNDONE, LINKED, OPENED
from contracts.vocabulary import LinkBand, LinkKind
from services.domain.errors import Refused
from services.domain.refusals import refuse as refuse_as
from services.infra.unit_of_work import UnitOfWork
from services.triage import repository as rows
from services.triage.memory import case_id_for
from services.triage.telling import answering, as_matter, case_number, words_of

LINK = "SELECT * FROM triage.links WHERE id = $1"
LIVE = "SELECT case_id, link_id FROM triage.live_links WHERE complaint_id = $1 AND weight = 1 FOR UPDATE"
EVENT = "SELECT event::text FROM triage.complaints WHERE id = $1"
MATTER = "SELECT matter::text AS matter, first_complaint FROM triage.cases WHERE id = $1"
CONSTRAIN = """
INSERT INTO triage.constraints (a, b, rule, decided_by, at) VALUES (least($1::uuid, $2), greatest($1::uuid, $2), $3, $4, $5)
ON CONFLICT (a, b) DO UPDATE SET rule = excluded.rule, decided_by = excluded.decided_by, at = excluded.at,
    changed = pg_current_xact_id()
"""
INSERT_LINK = """
INSERT INTO triage.links (id, complaint_id, case_id, act, answers, kind, band, score, to_complaint, versions, decided_by, reason, at, weight)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
# The id of the question it repeats is kept in the reason; asked twice, the second finds the first still open.
ASK_AGAIN = """
INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, why, against, parts, versions, decided_by, reason, at)
SELECT $2, complaint_id, case_id, act, kind, band, score, to_complaint, why, against, parts, versions, $3, 'again ' || $1::uuid::text, $4
FROM triage.links WHERE id = $1 AND act = 'suggest' AND NOT EXISTS (
    SELECT 1 FROM triage.links o WHERE o.act = 'suggest' AND o.reason = 'again ' || $1::uuid::text
    AND NOT EXISTS (SELECT 1 FROM triage.links a WHERE a.answers = o.id))
RETURNING id
"""
SET_LIVE = "UPDATE triage.live_links SET case_id = $2, link_id = $3 WHERE complaint_id = $1 AND weight = 1"
RECOUNT = """
SELECT count(*)::int AS complaints
FROM triage.live_links v JOIN triage.complaints c ON c.id = v.complaint_id JOIN triage.links l ON l.id = v.link_id
WHERE v.case_id = $1 AND l.kind <> 'DUPLICATE_DELIVERY'
"""
TIMES = """
SELECT coalesce(c.reporter, '') AS reporter, count(*)::int AS times FROM triage.live_links v JOIN triage.complaints c ON c.id = v.complaint_id
JOIN triage.links l ON l.id = v.link_id
WHERE v.case_id = $1 AND l.kind <> 'DUPLICATE_DELIVERY' GROUP BY 1
"""
CASES_OPENED_BY = "SELECT count(*) FROM triage.cases WHERE first_complaint = $1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision did: the complaint, the case it left (if any) and the case it is in now."""

    complaint_id: UUID
    left: UUID | None
    case_id: UUID
    case_no: str
    link_id: UUID


async def undo(unit: UnitOfWork, link_id: UUID, *, actor: str, reason: str) -> Outcome:
    """The link was wrong: the complaint stands in a case of its own again; raises `Refused`."""
    link = await _link(unit, link_id)
    if link["act"] not in ("link", "confirm", "place"):
        raise Refused(refuse_as("link.act", link=link_id, wanted="关联"))
    if link["kind"] == LinkKind.FIRST_REPORT.value:
        raise Refused(refuse_as("link.first_report"))
    live = await unit.connection.fetchrow(LIVE, link["complaint_id"])
    if live is None or live["link_id"] != link_id:
        raise Refused(refuse_as("link.stale"))
    complaint, left, now = link["complaint_id"], link["case_id"], unit.clock()
    await rows.lock_cases(unit.connection, [left], [])
    event = ComplaintRegistered.from_bytes((await unit.connection.fetchval(EVENT, complaint)).encode())
    earlier = await unit.connection.fetchrow(MATTER, left)
    assert earlier is not None
    others = link["to_complaint"] or earlier["first_complaint"]
    restored, case_no = await _own_case(unit, event, left)
    own = await _append(unit, link, act="undo", case=restored, kind=LinkKind.FIRST_REPORT.value, actor=actor, reason=reason)
    await _constrain(unit, complaint, {others, earlier["first_complaint"]}, "cannot", actor)
    counts = await recount(unit, left)
    await recount(unit, restored)
    undone = LinkUndone(
        occurred_at=now, link_id=link_id, complaint_id=complaint, case_id=left, restored_case=restored,
        restored_case_no=case_no, decided_by=actor, reason=reason, complaints=counts.complaints, reporters=counts.reporters, repeat_ordinal=counts.repeat_ordinal,
    )  # fmt: skip
    unit.emit(LINK_UNDONE, left, undone)
    return Outcome(complaint, left, restored, case_no, own)


async def confirm(unit: UnitOfWork, link_id: UUID, *, actor: str) -> Outcome:
    """A suggestion was right: the complaint joins the suggested case; raises `Refused`."""
    link = await _link(unit, link_id)
    if link["act"] != "suggest":
        raise Refused(refuse_as("link.act", link=link_id, wanted="建议"))
    live = await unit.connection.fetchrow(LIVE, link["complaint_id"])
    if live is None:
        raise Refused(refuse_as("link.split"))
    complaint, target, left = link["complaint_id"], link["case_id"], live["case_id"]
    cases = await rows.lock_cases(unit.connection, sorted({left, target}), [])
    new_link = await _append(unit, link, act="confirm", case=target, kind=link["kind"], actor=actor, reason=None)
    await _constrain(unit, complaint, {link["to_complaint"]}, "must", actor)
    counts = await recount(unit, target)
    if left != target:
        await recount(unit, left)
    event = ComplaintRegistered.from_bytes((await unit.connection.fetchval(EVENT, complaint)).encode())
    linked = ComplaintLinked(
        occurred_at=unit.clock(), case_id=target, complaint_id=complaint, receipt_no=event.receipt_no, link_id=new_link,
        kind=LinkKind(link["kind"]), band=LinkBand.SUGGEST, score=link["score"], to_complaint=link["to_complaint"],
        decided_by=actor, why=tuple(Fact(fact=w["fact"], text=w["text"]) for w in link["why"]), region=event.region,
        channel=event.channel, key_item=event.key_item, reporter=event.reporter, signatories=event.signatories,
        complaints=counts.complaints, reporters=counts.reporters, repeat_ordinal=counts.repeat_ordinal,
        versions=ModelVersions(**link["versions"]), received_at=event.received_at, registered_at=event.registered_at,
        **answering(event),
    )  # fmt: skip
    unit.emit(LINKED, target, linked)
    return Outcome(complaint, left, target, cases[target].case_no, new_link)


async def refuse(unit: UnitOfWork, link_id: UUID, *, actor: str) -> Outcome:
    """A suggestion was wrong: both stay where they are, and are never suggested to each other again."""
    link = await _link(unit, link_id)
    if link["act"] != "suggest":
        raise Refused(refuse_as("link.act", link=link_id, wanted="建议"))
    live = await unit.connection.fetchrow(LIVE, link["complaint_id"])
    if live is None:
        raise Refused(refuse_as("link.split"))
    cases = await rows.lock_cases(unit.connection, [live["case_id"]], [])
    said = await _append(unit, link, act="refuse", case=live["case_id"], kind=link["kind"], actor=actor, reason=None, move=False)
    await _constrain(unit, link["complaint_id"], {link["to_complaint"]}, "cannot", actor)
    return Outcome(link["complaint_id"], None, live["case_id"], cases[live["case_id"]].case_no, said)


async def ask_again(unit: UnitOfWork, link_id: UUID, *, actor: str) -> UUID:
    """A refused suggestion was a slip: the same question stands in the queue again, under the id returned.

    The cannot-link stays until the new answer, which overwrites it. Raises `Refused` with the remedy.
    """
    refused = await unit.connection.fetchval("SELECT 1 FROM triage.links WHERE answers = $1 AND act = 'refuse'", link_id)
    if refused is None:
        raise Refused(refuse_as("link.act", link=link_id, wanted="否定过的建议"))
    again = uuid4()
    if await unit.connection.fetchval(ASK_AGAIN, link_id, again, actor, unit.clock()) is None:
        raise Refused(refuse_as("link.decided"))
    return again


async def recount(unit: UnitOfWork, case_id: UUID) -> rows.CaseCounts:
    """Count a case from its live links and write the counts; the case must be locked."""
    connection = unit.connection
    row = await connection.fetchrow(RECOUNT, case_id)
    assert row is not None
    times = {r["reporter"]: r["times"] for r in await connection.fetch(TIMES, case_id)}
    known = [n for reporter, n in times.items() if reporter != rows.ANONYMOUS]
    counts = rows.CaseCounts("", row["complaints"], len(known) or min(1, row["complaints"]), 0, times=times)
    counts.repeat_ordinal = max([*known, min(1, row["complaints"])])
    await connection.execute("DELETE FROM triage.case_reporters WHERE case_id = $1", case_id)
    await rows.save_counts(connection, {case_id: counts})
    return counts


async def _link(unit: UnitOfWork, link_id: UUID) -> Any:
    link = await unit.connection.fetchrow(LINK, link_id)
    if link is None:
        raise Refused(refuse_as("link.missing", link=link_id))
    if await unit.connection.fetchval("SELECT 1 FROM triage.links WHERE answers = $1", link_id):
        raise Refused(refuse_as("link.decided"))
    return link


async def _own_case(unit: UnitOfWork, event: ComplaintRegistered, left: UUID) -> tuple[UUID, str]:
    """A case of its own for a complaint that leaves one."""
    connection, now = unit.connection, unit.clock()
    ordinal = int(await connection.fetchval(CASES_OPENED_BY, event.complaint_id))
    case_id = UUID(case_id_for(str(event.complaint_id), ordinal))
    [number] = await rows.case_numbers(connection, 1)
    row = await connection.fetchrow(
        "SELECT reading::text AS reading, profile FROM triage.complaints WHERE id = $1", event.complaint_id
    )
    assert row is not None
    reading = rows.as_reading(row["reading"], row["profile"])
    versions = ModelVersions(
        model=reading.versions.model, lexicon=reading.versions.lexicon, taxonomy=reading.versions.taxonomy
    )
    matter: Matter = as_matter(reading, versions, words_of(event))
    case_no = case_number(now, number)
    await rows.copy(
        connection,
        "cases",
        rows.CASE_COLUMNS,
        [(case_id, case_no, event.complaint_id, event.region.code, matter.model_dump_json().encode(), 1, 1, 1, now)],
    )
    opened = CaseOpened(
        occurred_at=now, case_id=case_id, case_no=case_no, complaint_id=event.complaint_id, receipt_no=event.receipt_no,
        link_id=uuid4(), region=event.region, matter=matter, channel=event.channel, key_item=event.key_item,
        reporter=event.reporter, signatories=event.signatories, received_at=event.received_at,
        registered_at=event.registered_at, **answering(event),
    )  # fmt: skip
    unit.emit(OPENED, case_id, opened)
    return case_id, case_no


async def _append(
    unit: UnitOfWork, link: Any, *, act: str, case: UUID, kind: str, actor: str, reason: str | None, move: bool = True
) -> UUID:
    id = uuid4()
    await unit.connection.execute(
        INSERT_LINK, id, link["complaint_id"], case, act, link["id"], kind, link["band"], link["score"],
        link["to_complaint"], link["versions"], actor, reason, unit.clock(), 1,
    )  # fmt: skip
    if move:
        await unit.connection.execute(SET_LIVE, link["complaint_id"], case, id)
    return id


async def _constrain(unit: UnitOfWork, complaint: UUID, others: set[UUID | None], rule: str, actor: str) -> None:
    for other in others - {None, complaint}:
        await unit.connection.execute(CONSTRAIN, complaint, other, rule, actor, unit.clock())

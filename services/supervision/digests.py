"""Digests: what waits for each person goes out once a morning; emergencies do not wait.

One instance prepares them at a time. A notice about a clock that meanwhile stopped or moved, or about a reminder the
case has answered, is dropped: a digest tells what still holds. After an outage a person gets one digest with everything, not one for each morning missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.supervision import DigestLine, DigestPrepared
from contracts.topics import DIGEST_PREPARED
from services.domain.clocks.calendar import CHINA, DAY, day_of
from services.domain.rulebook import RuleBook
from services.domain.supervision.digest import HEADINGS, Digest, Notice, compose, may_send, next_digest
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork

ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7008)"
PERSONS = 500
"""Digests of one transaction."""
SETTLED = """
UPDATE supervision.notices AS n SET digest_key = '-' WHERE n.digest_key IS NULL AND n.send_at <= $1 AND (
    n.clock IS NOT NULL AND NOT EXISTS (
        SELECT FROM supervision.clocks c WHERE c.case_id = n.case_id AND c.clock = n.clock AND c.due_at = n.due_at)
    OR n.passing AND EXISTS (SELECT FROM supervision.cases c WHERE c.case_id = n.case_id AND c.last_progress_at > n.at))
"""
WAITING = """
WITH persons AS (
    SELECT person_id FROM supervision.notices WHERE digest_key IS NULL AND send_at <= $1 AND emergency = $2
    GROUP BY person_id ORDER BY person_id LIMIT $3)
SELECT n.id, n.person_id, n.case_id, n.case_no, n.rank, n.reason, n.at, n.about FROM supervision.notices n JOIN persons USING (person_id)
WHERE n.digest_key IS NULL AND n.send_at <= $1 AND n.emergency = $2 ORDER BY n.person_id, n.id
"""
HAD_ONE = "SELECT person_id FROM supervision.digests WHERE at >= $1 AND NOT emergency AND person_id = ANY($2::text[])"
PUT_OFF = "UPDATE supervision.notices SET send_at = $2 WHERE id = ANY($1::bigint[])"
SENT = """
UPDATE supervision.notices AS n SET digest_key = d.key FROM unnest($1::bigint[], $2::text[]) AS d (id, key) WHERE n.id = d.id
"""
KEEP = "INSERT INTO supervision.digests (key, person_id, at, emergency, text, lines) VALUES ($1, $2, $3, $4, $5, $6)"
OF_PERSON = "SELECT key, person_id, at, emergency, text, lines FROM supervision.digests WHERE person_id = $1 ORDER BY at DESC LIMIT $2"


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many digests went out, and whether there may be more."""

    digests: int
    more: bool


async def prepare(unit: UnitOfWork, book: RuleBook, now: datetime) -> Prepared:
    """Send what may be sent now, for up to `PERSONS` persons."""
    if not await unit.connection.fetchval(ONE_AT_A_TIME):
        return Prepared(0, False)
    await unit.connection.execute(SETTLED, now)
    count, more = await _send(unit, book, now, emergency=True)
    if may_send(now, book.ladder.quiet, book.case.calendar):
        mornings, again = await _send(unit, book, now, emergency=False)
        count, more = count + mornings, more or again
    return Prepared(count, more)


async def _send(unit: UnitOfWork, book: RuleBook, now: datetime, *, emergency: bool) -> tuple[int, bool]:
    found = await unit.connection.fetch(WAITING, now, emergency, PERSONS)
    piles: dict[str, list[Any]] = {}
    for row in found:
        piles.setdefault(row["person_id"], []).append(row)
    full = len(piles) == PERSONS
    if not emergency and piles:
        await _put_off(unit, book, now, piles)
    for person, pile in piles.items():
        digest = compose(person, now, [_notice(row, emergency) for row in pile], emergency=emergency)
        key = f"emergency/{person}/{pile[-1]['id']}" if emergency else f"digest/{person}/{day_of(now):%Y%m%d}"
        await _publish(unit, key, digest, emergency)
        await unit.connection.execute(SENT, [row["id"] for row in pile], [key] * len(pile))
    return len(piles), full


async def _put_off(unit: UnitOfWork, book: RuleBook, now: datetime, piles: dict[str, list[Any]]) -> None:
    """Whoever had this morning's digest gets the rest with the next one."""
    today = datetime.combine(day_of(now), datetime.min.time(), CHINA)
    had = [row["person_id"] for row in await unit.connection.fetch(HAD_ONE, today, list(piles))]
    ids = [row["id"] for person in had for row in piles.pop(person)]
    if ids:
        await unit.connection.execute(PUT_OFF, ids, next_digest(today + DAY - timedelta(microseconds=1), book.ladder.quiet, book.case.calendar))


async def _publish(unit: UnitOfWork, key: str, digest: Digest, emergency: bool) -> None:
    lines = tuple(
        DigestLine(
            about=item.about, case_id=UUID(item.case_id), case_no=item.case_no, heading=HEADINGS[min(item.rank, len(HEADINGS) - 1)], reason=item.reason
        )
        for item in digest.notices
    )
    unit.emit(DIGEST_PREPARED, digest.person_id, DigestPrepared(
        event_id=uuid5(NAMESPACE_URL, f"petitions/{key}"), occurred_at=digest.at, digest_key=key, person_id=digest.person_id,
        at=digest.at, emergency=emergency, lines=lines, text=digest.text,
    ))  # fmt: skip
    kept = [line.model_dump(mode="json") for line in lines]
    await unit.connection.execute(KEEP, key, digest.person_id, digest.at, emergency, digest.text, kept)


def _notice(row: Any, emergency: bool) -> Notice:
    return Notice(row["person_id"], str(row["case_id"]), row["case_no"], row["rank"], row["reason"], row["at"], emergency, row["about"])


async def of_person(connection: Connection, person_id: str, limit: int = 30) -> Sequence[dict[str, Any]]:
    """A person's digests, the newest first: key, at, emergency, text, lines (about, case_id, case_no, heading, reason)."""
    return [dict(row) for row in await connection.fetch(OF_PERSON, person_id, limit)]

"""History checked and anchored: a root a day over the chains that grew, and the first break named.

A chain cut off at its end, or wholly rewritten, looks sound by itself; the day's root, kept elsewhere too (print it,
send it to an auditor), tells. Roots are chained to each other, so the newest one stands for every day before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.casework import repository as rows
from services.domain.history import GENESIS, Break, ChainLink, Head, daily_root, link_digest, verify_chain, verify_day
from services.infra.postgres import Connection

CHINA = ZoneInfo("Asia/Shanghai")
SETTLED = timedelta(minutes=5)
"""After midnight; a transaction of the day before has ended by then (statements end after one minute)."""
FIRST = "SELECT min(at) FROM casework.events"
LAST_ANCHOR = "SELECT day, root FROM casework.anchors ORDER BY day DESC LIMIT 1"
HEADS = """
SELECT DISTINCT ON (case_id) case_id, version, digest FROM casework.events
WHERE at >= $1 AND at < $2 ORDER BY case_id, version DESC
"""
KEEP_ANCHOR = "INSERT INTO casework.anchors (day, merkle, root, heads, at) VALUES ($1, $2, $3, $4, $5)"
ANCHORS = "SELECT day, merkle, root, heads FROM casework.anchors ORDER BY day"
ANCHOR_HEADS = "SELECT case_id, version, digest FROM casework.anchor_heads WHERE day = $1 ORDER BY case_id"
HISTORY = "SELECT case_id, version, body, digest FROM casework.events WHERE $1::uuid IS NULL OR case_id = $1 ORDER BY case_id, version"
TIPS = "SELECT case_id, version, head FROM casework.cases WHERE case_id = ANY($1::uuid[])"
ANCHORED = """
SELECT DISTINCT ON (case_id) case_id, version, digest FROM casework.anchor_heads WHERE case_id = ANY($1::uuid[])
ORDER BY case_id, version DESC
"""
LOST = """
SELECT h.case_id, h.version, h.digest FROM casework.anchor_heads h
WHERE ($1::uuid IS NULL OR h.case_id = $1) AND NOT EXISTS (SELECT 1 FROM casework.events e WHERE e.case_id = h.case_id) LIMIT 1
"""
STRAY = "SELECT case_id, version, head FROM casework.cases c WHERE ($1::uuid IS NULL OR case_id = $1) AND NOT EXISTS (SELECT 1 FROM casework.events e WHERE e.case_id = c.case_id) LIMIT 1"
LOCK = "SELECT pg_advisory_xact_lock(7004)"
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how much was looked at, and the first break or None."""

    cases: int
    events: int
    days: int
    root: str
    broken: Break | None


async def anchor_days(connection: Connection, now: datetime) -> list[date]:
    """Anchor every day that has ended and is not anchored yet; returns the days. Inside a transaction of the caller."""
    await connection.execute(LOCK)
    last = await connection.fetchrow(LAST_ANCHOR)
    first = await connection.fetchval(FIRST)
    if first is None:
        return []
    day = last["day"] + timedelta(days=1) if last else first.astimezone(CHINA).date()
    previous = last["root"] if last else GENESIS
    done: list[date] = []
    while day < (now - SETTLED).astimezone(CHINA).date():
        began = datetime.combine(day, datetime.min.time(), CHINA)
        found = await connection.fetch(HEADS, began, began + timedelta(days=1))
        heads = [Head(str(row["case_id"]), row["version"], row["digest"]) for row in found]
        merkle = daily_root(heads)
        previous = day_root(previous, day, merkle)
        await rows.copy(
            connection, "anchor_heads", ("day", "case_id", "version", "digest"), [(day, UUID(h.case_id), h.version, h.digest) for h in heads]
        )
        await connection.execute(KEEP_ANCHOR, day, merkle, previous, len(heads), now)
        done.append(day)
        day += timedelta(days=1)
    return done


def day_root(previous: str, day: date, merkle: str) -> str:
    """The root of a day: chained to the root of the day before."""
    return link_digest(previous, "anchor", day.toordinal(), merkle.encode())


async def verify(connection: Connection, case_id: UUID | None = None, *, progress: Callable[[int], None] = lambda events: None) -> Verdict:
    """Check every chain (or one case's), every snapshot's head, and every anchored day; inside one snapshot of the caller."""
    days, root, broken = (0, GENESIS, None) if case_id else await _days(connection)
    cases = events = 0
    chain: list[ChainLink] = []
    pending: list[list[ChainLink]] = []
    async for row in connection.cursor(HISTORY, case_id, prefetch=PAGE):
        link = ChainLink(str(row["case_id"]), row["version"], row["body"], row["digest"])
        if chain and chain[0].case_id != link.case_id:
            pending.append(chain)
            chain = []
            if len(pending) == PAGE and broken is None:
                broken = await _chains(connection, pending)
                pending = []
            cases += 1
        chain.append(link)
        events += 1
        if events % PAGE == 0:
            progress(events)
        if broken:
            break
    if chain:
        pending.append(chain)
        cases += 1
    broken = broken or await _chains(connection, pending) or await _missing(connection, case_id)
    return Verdict(cases, events, days, root, broken)


async def _chains(connection: Connection, chains: list[list[ChainLink]]) -> Break | None:
    ids = [UUID(chain[0].case_id) for chain in chains]
    tips = {row["case_id"]: row for row in await connection.fetch(TIPS, ids)}
    anchored = {row["case_id"]: row for row in await connection.fetch(ANCHORED, ids)}
    for id, chain in zip(ids, chains, strict=True):
        kept = anchored.get(id)
        broken = verify_chain(str(id), chain, (kept["version"], kept["digest"]) if kept else None)
        if broken:
            return broken
        tip, last = tips.get(id), chain[-1]
        if tip is None:
            return Break(str(id), last.version, "历史记录没有对应的案件", last.digest, "（无）")
        if (tip["version"], tip["head"]) != (last.version, last.digest):
            return Break(str(id), last.version + 1, "历史记录末尾与案件现状不符", tip["head"], last.digest)
    return None


async def _days(connection: Connection) -> tuple[int, str, Break | None]:
    previous, days = GENESIS, 0
    expected: date | None = None
    for row in await connection.fetch(ANCHORS):
        heads = [Head(str(h["case_id"]), h["version"], h["digest"]) for h in await connection.fetch(ANCHOR_HEADS, row["day"])]
        if expected is not None and row["day"] != expected:
            return days, previous, Break("", 0, f"缺少{expected}的当日存证", str(expected), str(row["day"]))
        broken = verify_day(row["merkle"], heads)
        if broken:
            return days, previous, Break("", 0, f"{row['day']}：{broken.why}", broken.expected, broken.found)
        root = day_root(previous, row["day"], row["merkle"])
        if root != row["root"]:
            return days, previous, Break("", 0, f"{row['day']}的存证与前一日不相接", root, row["root"])
        previous, days, expected = root, days + 1, row["day"] + timedelta(days=1)
    return days, previous, None


async def _missing(connection: Connection, case_id: UUID | None) -> Break | None:
    """Cases whose whole history is gone."""
    lost: Any = await connection.fetchrow(LOST, case_id)
    if lost:
        return Break(str(lost["case_id"]), 1, "存证之后的历史记录缺失", str(lost["version"]), "0")
    stray: Any = await connection.fetchrow(STRAY, case_id)
    return Break(str(stray["case_id"]), 1, "案件没有历史记录", stray["head"], "（无）") if stray else None

"""The public table's lines on their way out: from findings alone, prepared, released by a second person, withdrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.console import cases
from services.console.access import Visit
from services.console.office import Office
from services.domain.case.state import load_state
from services.domain.disclosure import Held, Line, disclosed

READY = ("concluded", "close_out_requested", "accepted", "publicity", "publicised", "leader_signed", "city_review", "closed_out", "looked_back")
CANDIDATES = """
SELECT c.case_id, c.case_no, c.summary, c.region, c.state::text AS state FROM console.standing s JOIN casework.cases c USING (case_id)
WHERE s.status = ANY($1) AND (s.region IS NULL OR s.region LIKE ANY($2))
  AND NOT EXISTS (SELECT 1 FROM console.publications p WHERE p.case_id = c.case_id AND p.withdrawn_at IS NULL) ORDER BY s.since LIMIT 100
"""
CHOSEN = """
SELECT c.case_id, c.region, c.state::text AS state FROM console.standing s JOIN casework.cases c USING (case_id)
WHERE c.case_id = ANY($1) AND s.status = ANY($2) AND (s.region IS NULL OR s.region LIKE ANY($3))
"""
PREPARE = """
INSERT INTO console.publications (case_id, line, prepared_by, prepared_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (case_id) DO UPDATE SET line = excluded.line, prepared_by = excluded.prepared_by, prepared_at = excluded.prepared_at,
    released_by = NULL, released_at = NULL, withdrawn_at = NULL WHERE console.publications.withdrawn_at IS NOT NULL
"""
RELEASE = """
UPDATE console.publications p SET released_by = $2, released_at = $3 FROM casework.cases c
WHERE p.case_id = c.case_id AND p.case_id = ANY($1) AND p.prepared_by <> $2 AND p.released_at IS NULL AND p.withdrawn_at IS NULL
  AND (c.region IS NULL OR c.region LIKE ANY($4)) RETURNING 1
"""
WITHDRAW = """
UPDATE console.publications p SET withdrawn_at = $2 FROM casework.cases c
WHERE p.case_id = c.case_id AND p.case_id = ANY($1) AND p.withdrawn_at IS NULL AND (c.region IS NULL OR c.region LIKE ANY($3)) RETURNING 1
"""
LISTED = """
SELECT p.case_id, p.line, p.prepared_by, p.prepared_at, p.released_by, p.released_at, c.case_no, c.summary FROM console.publications p
JOIN casework.cases c USING (case_id) WHERE p.withdrawn_at IS NULL AND (p.released_at IS NOT NULL) = $1
  AND (c.region IS NULL OR c.region LIKE ANY($2)) ORDER BY p.prepared_at DESC LIMIT 200
"""
OUT = """
SELECT line FROM console.publications WHERE released_at IS NOT NULL AND withdrawn_at IS NULL
ORDER BY released_at DESC, case_id LIMIT $1 OFFSET $2
"""
COUNT_OUT = "SELECT count(*) FROM console.publications WHERE released_at IS NOT NULL AND withdrawn_at IS NULL"
GROUPS = """
SELECT l ->> 'region' AS region, l ->> 'types' AS types FROM console.publications p, jsonb_array_elements(p.line) AS l
WHERE p.released_at IS NOT NULL AND p.withdrawn_at IS NULL
"""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that could go out, or is held back."""

    case_id: UUID
    case_no: str
    summary: str
    lines: tuple[Line, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """The publisher's desk."""

    ready: tuple[Candidate, ...]
    held: tuple[Candidate, ...]
    waiting: tuple[Any, ...]
    out: tuple[Any, ...]


async def desk(visit: Visit) -> Desk:
    """Everything of the publisher's regions."""
    pool, scope = visit.office.pool, cases.prefixes(visit.principal)
    found = [_candidate(visit.office, row) for row in await pool.fetch(CANDIDATES, list(READY), scope)]
    return Desk(
        tuple(item for item in found if item.lines),
        tuple(item for item in found if not item.lines),
        tuple(await pool.fetch(LISTED, False, scope)),
        tuple(await pool.fetch(LISTED, True, scope)),
    )


def _candidate(office: Office, row: Any) -> Candidate:
    lines, held = disclosed(load_state(row["state"]), regions_of(office, [row["region"]]))
    return Candidate(row["case_id"], row["case_no"], row["summary"], lines, held)


def regions_of(office: Office, codes: Iterable[str | None]) -> dict[str, str]:
    """Names of regions by code."""
    return {code: office.region(code) for code in codes if code}


async def prepare(visit: Visit, ids: Sequence[UUID]) -> int:
    """Propose cases; the lines are made here, from the case as it stands. Returns how many."""
    pool, done = visit.office.pool, 0
    for row in await pool.fetch(CHOSEN, list(ids), list(READY), cases.prefixes(visit.principal)):
        lines, _ = disclosed(load_state(row["state"]), regions_of(visit.office, [row["region"]]))
        if lines:
            await pool.execute(PREPARE, row["case_id"], [asdict(line) for line in lines], visit.principal.id, visit.now)
            done += 1
    return done


async def release(visit: Visit, ids: Sequence[UUID]) -> int:
    """Release what somebody else prepared; returns how many."""
    return len(await visit.office.pool.fetch(RELEASE, list(ids), visit.principal.id, visit.now, cases.prefixes(visit.principal)))


async def withdraw(visit: Visit, ids: Sequence[UUID]) -> int:
    """Take back; returns how many."""
    return len(await visit.office.pool.fetch(WITHDRAW, list(ids), visit.now, cases.prefixes(visit.principal)))


@dataclass(frozen=True, slots=True)
class Shown:
    """The public page."""

    lines: tuple[dict[str, str], ...]
    total: int
    page: int
    pages: int
    groups: tuple[tuple[str, str], ...]
    at: datetime


async def shown(office: Office, page: int) -> Shown:
    """What is out, and counts by district without the small ones."""
    total = int(await office.pool.fetchval(COUNT_OUT))
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = await office.pool.fetch(OUT, PAGE, (page - 1) * PAGE)
    lines = tuple(line for row in rows for line in row["line"])
    counted = Counter(row["region"] for row in await office.pool.fetch(GROUPS))
    return Shown(lines, total, page, pages, suppressed(counted, office.console.public.smallest_group), office.now)


def suppressed(counted: Counter[str], smallest: int) -> tuple[tuple[str, str], ...]:
    """(group, count in words), the largest first; a group below the smallest size keeps its exact number to itself."""
    return tuple((name, str(number) if number >= smallest else f"少于 {smallest}") for name, number in counted.most_common())

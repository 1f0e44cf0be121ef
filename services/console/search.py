"""Finding a case by whatever somebody has in hand: a number, a place, a business, words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.analytics.words import keys, pairs, plain, text_of
from services.console.access import Visit
from services.console.cases import ANY_CASE, COLUMNS, prefixes
from services.console.highlight import Pieces, pieces
from services.domain.principals import Principal, What
from services.domain.refusals import Refusal

BY_NUMBER = """
SELECT c.case_no FROM casework.complaint_cases k JOIN casework.cases c USING (case_id) WHERE k.receipt_no = $1
UNION SELECT case_no FROM casework.cases WHERE case_no = $1
UNION SELECT c.case_no FROM casework.complaint_sources s JOIN casework.complaint_cases k USING (complaint_id) JOIN casework.cases c USING (case_id)
WHERE s.receipt_no = $1 LIMIT 2
"""
# The pairs narrow it down by index, the text then decides; scope is part of the statement, so that counts tell nothing either.
BY_WORDS = f"""
SELECT {COLUMNS} FROM console.names n JOIN casework.cases c USING (case_id)
WHERE n.pairs @> $1 AND {{words}} AND ({{scope}}) ORDER BY c.last_event_at DESC LIMIT {{limit}}
"""
SEEN = """$2::boolean AND (c.region IS NULL OR c.region LIKE ANY($3)) OR c.leader_id = $4
    OR EXISTS (SELECT 1 FROM console.parts p WHERE p.case_id = c.case_id AND p.unit_id = $5) OR c.lead_unit = $5"""
# Complaints whose texts may hold the words: those of some months, the newest first. `own` are the only ones this person may see.
CANDIDATES = """
SELECT complaint_id, received_at FROM analytics.complaint_words
WHERE ({months}) AND (received_at, complaint_id) < ($1, $2) AND ($3::text[] IS NULL OR region IS NULL OR region LIKE ANY($3))
  AND ($4::uuid[] IS NULL OR complaint_id = ANY($4))
ORDER BY received_at DESC, complaint_id DESC LIMIT {limit}
"""
OLDEST = "SELECT min(received_on) FROM analytics.complaint_facts"
# An array, so that complaints are found by index however many cases there are of others.
OWN = """
SELECT complaint_id FROM casework.complaint_cases WHERE case_id = ANY(ARRAY(
    SELECT case_id FROM casework.cases WHERE leader_id = $1 UNION SELECT case_id FROM casework.cases WHERE lead_unit = $2
    UNION SELECT case_id FROM console.parts WHERE unit_id = $2
))
"""
TOLD = f"""
SELECT {COLUMNS}, i.id AS complaint_id, i.receipt_no, i.event ->> 'title' AS title, i.event ->> 'text' AS text FROM unnest($1::uuid[]) WITH ORDINALITY AS n (id, nth)
JOIN intake.complaints i USING (id) JOIN casework.complaint_cases k ON k.complaint_id = i.id JOIN casework.cases c USING (case_id)
WHERE {{scope}} ORDER BY n.nth
"""
LIMIT = 50
MOST_WORDS = 5
PAGE = 200
MOST_READ = 3000
"""Texts read for one search at most; words as common as that need another word beside them."""
AROUND = 24
"""Characters shown on each side of a word that was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A case found by the words of a complaint: its row, which complaint, and the place in the text, marked."""

    row: Any
    receipt_no: str
    pieces: Pieces


def words_of(query: str) -> list[str]:
    """The words asked for, as the index has them; single characters are dropped, they stand everywhere."""
    return [word for part in query.split()[:MOST_WORDS] if len(word := plain(part)) > 1]


async def by_number(visit: Visit, query: str) -> str | None:
    """The case of a whole receipt or case number, where it is one case's."""
    rows = await visit.office.pool.fetch(BY_NUMBER, query.strip())
    return str(rows[0]["case_no"]) if len(rows) == 1 else None


async def by_words(visit: Visit, query: str) -> list[Any]:
    """Cases whose respondent, place and subject hold every word, the newest first; only those this person may see."""
    words = words_of(query)
    if not words:
        return []
    held = " AND ".join(f"strpos(n.text, ${number}) > 0" for number, _ in enumerate(words, 6))
    statement = BY_WORDS.format(words=held, scope=SEEN, limit=LIMIT)
    found: list[Any] = await visit.office.pool.fetch(statement, sorted(pairs_of(words)), *scope_of(visit.principal), *words)
    return found


async def by_texts(visit: Visit, query: str, known: Collection[UUID], limit: int = LIMIT) -> list[Found]:
    """Cases with a complaint whose text holds every word, the newest first, `known` ones left out; none for who may not read texts."""
    words = words_of(query)
    granted = visit.reading(What.TEXT, purpose="受理和办理")
    if not words or isinstance(granted, Refusal) or granted.form == "summary":
        return []
    pool, actor = visit.office.pool, visit.principal
    oldest = await pool.fetchval(OLDEST)
    anywhere = actor.has(ANY_CASE)
    own = None if anywhere else [row["complaint_id"] for row in await pool.fetch(OWN, actor.id, actor.unit_id or "")]
    found: dict[UUID, Found] = {}
    read = 0
    for months in spans(oldest, visit.today) if oldest else ():
        before, more = (visit.now + timedelta(days=1), UUID(int=0)), True
        while more and read < MOST_READ and len(found) < limit:
            held = " OR ".join(f"keys @> ${number}::int[]" for number, _ in enumerate(months, 5))
            page = await pool.fetch(
                CANDIDATES.format(months=held, limit=PAGE), *before, prefixes(actor) if anywhere else None, own,
                *(keys(month, pairs_of(words)) for month in months),
            )  # fmt: skip
            more, read = len(page) == PAGE, read + len(page)
            before = (page[-1]["received_at"], page[-1]["complaint_id"]) if page else before
            told = await pool.fetch(TOLD.format(scope=SEEN), [row["complaint_id"] for row in page], *scope_of(actor))
            for row in told:
                if row["case_id"] not in known and row["case_id"] not in found and (pieces := _held(text_of(row), words)):
                    found[row["case_id"]] = Found(row, row["receipt_no"], pieces)
    return list(found.values())[:limit]


def spans(first: date, last: date) -> Iterator[list[date]]:
    """Months from the last back to the first, one, then two, then four at once: what is new is found soon, what is old in few steps."""
    months = [date(n // 12, n % 12 + 1, 1) for n in range(last.year * 12 + last.month - 1, first.year * 12 + first.month - 2, -1)]
    size = 1
    while months:
        yield months[:size]
        months, size = months[size:], size * 2


def pairs_of(words: Sequence[str]) -> set[str]:
    """Pairs of characters of all words."""
    return set().union(*(pairs(word) for word in words))


def scope_of(actor: Principal) -> tuple[bool, list[str], str, str]:
    """What `SEEN` asks for from $2 on: whether every case of the regions is seen, the regions, the person, the unit."""
    return actor.has(ANY_CASE), prefixes(actor), actor.id, actor.unit_id or ""


def _held(text: str, words: Sequence[str]) -> Pieces:
    """The surroundings of the first word, every word marked; nothing where the text does not hold them all."""
    if not all(word in plain(text) for word in words):
        return ()
    spoken = [re.compile(r"[\s，。、；：！？（）“”《》,.;:!?()\"-]*".join(map(re.escape, word)), re.IGNORECASE) for word in words]
    places = [match.span() for pattern in spoken if (match := pattern.search(text))]
    start = max(0, min((place[0] for place in places), default=0) - AROUND)
    end = start + 4 * AROUND
    marked = pieces(text[start:end], [(max(a, start) - start, min(b, end) - start) for a, b in places if a < end])
    return (*((("", "…"),) if start else ()), *marked, *((("", "…"),) if end < len(text) else ()))

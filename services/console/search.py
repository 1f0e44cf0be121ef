"""Finding a case by whatever somebody has in hand: a number, a place, a business, words."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from services.console.access import Visit
from services.console.cases import ANY_CASE, COLUMNS, prefixes

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
LIMIT = 50
MOST_WORDS = 5
_PUNCTUATION = re.compile(r"[\s，。、；：！？（）“”《》,.;:!?()\"-]+")


def plain(words: str) -> str:
    """Text as the index has it; the migration's `console.plain` does the same."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFC", words)).lower()


async def by_number(visit: Visit, query: str) -> str | None:
    """The case of a whole receipt or case number, where it is one case's."""
    rows = await visit.office.pool.fetch(BY_NUMBER, query.strip())
    return str(rows[0]["case_no"]) if len(rows) == 1 else None


async def by_words(visit: Visit, query: str) -> list[Any]:
    """Cases whose respondent, place and subject hold every word, the newest first; only those this person may see."""
    words = [word for part in query.split()[:MOST_WORDS] if (word := plain(part))]
    pairs = sorted({word[i : i + 2] for word in words for i in range(len(word) - 1)})
    if not pairs:
        return []
    actor = visit.principal
    held = " AND ".join(f"strpos(n.text, ${number}) > 0" for number, _ in enumerate(words, 6))
    statement = BY_WORDS.format(words=held, scope=SEEN, limit=LIMIT)
    found: list[Any] = await visit.office.pool.fetch(
        statement, pairs, actor.has(ANY_CASE), prefixes(actor), actor.id, actor.unit_id or "", *words
    )
    return found

"""Urgency and suspected emergencies, before anything slow; the words found are what is shown to a person.

Official words are found by rules (`lexicon/urgency.toml`), people's own by what they were learnt from (`alarm`). Either
calls a duty officer, who grades; nothing is graded here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from classifiers import alarm
from classifiers.reading import Span
from classifiers.taxonomy import lexicon
from contracts.vocabulary import Urgency

_CLAUSE = re.compile(r"[，。！？；,!?;\n]")


def _any(alternatives: str) -> re.Pattern[str]:
    """One expression for many, that looks at the first character of all of them at once: most texts hold none."""
    first = "".join(dict.fromkeys(word[0] for word in alternatives.split("|")))
    return re.compile(f"(?=[{first}])(?:{alternatives})")


@cache
def _rules() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], re.Pattern[str]], ...], re.Pattern[str],
                      re.Pattern[str], int]:
    table = lexicon("urgency.toml")
    pairs = tuple((re.compile(a), re.compile(b)) for a, b in table["emergency"])
    gate = _any("|".join(a for a, _ in table["emergency"]))
    denied = re.compile("|".join(sorted(map(re.escape, table["denied"]), key=len, reverse=True)))
    urgent = _any("|".join(sorted(map(re.escape, table["urgent"]), key=len, reverse=True)))
    return gate, pairs, denied, urgent, int(table["window"])


def assess(full_texts: Sequence[str]) -> list[tuple[Urgency, tuple[Span, ...]]]:
    """Urgency of each complaint and the spans that suggest an emergency, in order.

    A happening word counts when a danger word stands within the window and no word before it in its clause denies it
    or only fears it. A suspicion alone makes nothing graver than EMERGENCY pending a person's grading.
    """
    found: list[tuple[Urgency, tuple[Span, ...]]] = []
    for full_text, told in zip(full_texts, alarm.load().suspected(full_texts), strict=True):
        spans = _official(full_text) or told
        if spans:
            found.append((Urgency.EMERGENCY, spans))
        else:
            found.append((Urgency.URGENT if _rules()[3].search(full_text) else Urgency.NORMAL, ()))
    return found


def _official(full_text: str) -> tuple[Span, ...]:
    """Spans of official words that happen."""
    gate, pairs, denied, _, window = _rules()
    spans: dict[int, Span] = {}
    if gate.search(full_text):
        for happening, danger in pairs:
            for match in happening.finditer(full_text):
                low, high = max(0, match.start() - window), match.end() + window
                near = danger.search(full_text, low, match.start()) or danger.search(full_text, match.end(), high)
                clause = _CLAUSE.split(full_text[low : match.start()])[-1]
                if near and not denied.search(clause):
                    start, end = min(near.start(), match.start()), max(near.end(), match.end())
                    spans.setdefault(start, Span(start, end, full_text[start:end]))
    return tuple(spans[k] for k in sorted(spans))

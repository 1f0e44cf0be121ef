"""What triage says of complaints and links, as events and rows carry it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from classifiers.normalize import blank_tokens, normalize
from classifiers.reading import Reading, Span
from classifiers.sources import HARMS, SOURCES
from contracts.cases import Fact, Matter, ModelVersions, TypeShare
from contracts.complaints import ComplaintRegistered

MODEL_THRESHOLD = 0.5
"""A type is named in the case where it is more likely than not."""
MOST_WORDS = 24
"""A letter of 20,000 characters names everything; the first words say what it is about."""


def case_number(at: datetime, sequence: int) -> str:
    """AJ (案件), the year, and a running number."""
    return f"AJ{at:%Y}-{sequence:07d}"


def versions_of(reading: Reading) -> tuple[ModelVersions, dict[str, Any]]:
    """What decided, as events carry it and as rows keep it."""
    return _versions(reading.versions.model, reading.versions.lexicon, reading.versions.taxonomy)


@lru_cache(maxsize=16)
def _versions(model: str, lexicon: str, taxonomy: str) -> tuple[ModelVersions, dict[str, Any]]:
    versions = ModelVersions(model=model, lexicon=lexicon, taxonomy=taxonomy)
    return versions, versions.model_dump()


def answering(event: ComplaintRegistered) -> dict[str, Any]:
    """What whoever answers the complaint must know of it."""
    return {
        "source": event.source,
        "external_id": event.external_id,
        "confidential": event.confidential,
        "reply_wanted": event.reply_wanted,
    }


def words_of(event: ComplaintRegistered) -> tuple[str, ...]:
    """Sources and harms named in a complaint, as the lexicon spells them: enough to route by, nobody's own words."""
    text = blank_tokens(normalize(f"{event.title or ''} {event.text}"))
    found = (text[m.start : m.end] for group in (SOURCES, HARMS) for m in group.find(text))
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def as_matter(reading: Reading, versions: ModelVersions, words: tuple[str, ...], known: str | None = None) -> Matter:
    """What a reading says, as the case's first description; `known` is whom the city knows it to be about."""
    subtype, probability = reading.subtype or (None, 0.0)
    return Matter(
        environmental=reading.environmental,
        types=tuple(TypeShare(type=t, probability=p) for t, p in reading.types if p >= MODEL_THRESHOLD),
        subtype=subtype,
        subtype_probability=probability,
        risk_area=reading.risk_area,
        urgency=reading.urgency,
        respondent=known or reading.respondent,
        place=reading.place.text if reading.place else None,
        words=words,
        versions=versions,
    )


def facts(why: Sequence[Any]) -> tuple[Fact, ...]:
    """Reasons as they may leave triage: the fact and its sentence, without the petitioner's words."""
    return tuple(Fact(fact=reason.fact, text=reason.text) for reason in why)


def reasons(why: Sequence[Any]) -> list[dict[str, Any]]:
    """Reasons with the places of the words in both texts, for the person who reviews the link."""

    def offsets(span: Span | None) -> list[int] | None:
        return [span.start, span.end] if span else None

    return [{"fact": r.fact, "text": r.text, "here": offsets(r.here), "there": offsets(r.there)} for r in why]

"""A batch as the city knows those complained of: known names found in texts, and names that mean one made one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers import profile as pf
from classifiers.aliases import Aliases, Mentioned
from classifiers.learning import names_somebody
from classifiers.normalize import normalize
from classifiers.reading import Complaint, Reading, Reason, Span


@dataclass(frozen=True, slots=True)
class Recognised:
    """`records` to compare, `asked` to search by, and whom each complaint is about where it does not say so itself."""

    records: pf.Records
    asked: Sequence[Reading]
    respondents: dict[int, str]
    names: dict[int, dict[int, str]]


def recognise(
    complaints: Sequence[Complaint], readings: Sequence[Reading], own: pf.Records, aliases: Aliases
) -> Recognised:
    """Look the batch up. The records and readings given are not changed: what is stored depends on a complaint alone."""
    records, asked = own.copy(), list(readings)
    respondents: dict[int, str] = {}
    names: dict[int, dict[int, str]] = {}
    naming = names_somebody(own)
    for i, (complaint, reading) in enumerate(zip(complaints, readings, strict=True)):
        city = int(own["region"][i]) // 100
        known = {} if naming[i] or not city else aliases.known(city, normalize(complaint.full_text))
        for key, text in known.items():
            if _put(records[i], key):
                names.setdefault(i, {})[key] = text
        others = _others(aliases, city, Mentioned.of(*pf.unpack(reading.profile)), known) if aliases.any(city) else []
        if (known or others) and not naming[i] and not _named(complaint, reading):
            respondents[i] = others[0] if others else next(iter(known.values()))
        if more := [name for name in (*known.values(), *others) if name != reading.respondent]:
            asked[i] = replace(reading, respondent="，".join([*([reading.respondent] if reading.respondent else []), *more]))
    return Recognised(aliases.unify(records), asked, respondents, names)


def reasons(
    complaint: Complaint, reading: Reading, earlier: bytes, known: dict[int, str], aliases: Aliases
) -> list[Reason]:
    """What the city's memory of names says for a link."""
    there, texts = pf.unpack(earlier)
    found: list[Reason] = []
    if pair := aliases.reason(Mentioned.of(*pf.unpack(reading.profile)), Mentioned.of(there, texts)):
        found.append(Reason("same_alias", f"“{pair[0]}”与“{pair[1]}”是同一对象", _span(complaint, pair[0]), _stored(there, texts, pair[1])))
    for key, text in known.items():
        if (there["names"] == key).any():
            found.append(Reason("known_name", f"文中提到前件的对象：{text}", _span(complaint, text), _stored(there, texts, text)))
    return found


def _named(complaint: Complaint, reading: Reading) -> bool:
    """Whether the hotline or the text itself names the one complained of, and not only what it does."""
    return complaint.respondent is not None or reading.respondent in pf.unpack(reading.profile)[1]


def _others(aliases: Aliases, city: int, mentioned: Mentioned, known: dict[int, str]) -> list[str]:
    """The other names of whom a complaint mentions, the fullest first."""
    keys = [*mentioned.all, *known]
    groups = [aliases.same(city, key) for key in keys]
    return list(dict.fromkeys(aliases.text(each) for group in groups for each in group if each[1] not in keys and not aliases.described(each)))


def _put(record: np.void, key: int) -> bool:
    """Write a name into a free place of a record; not as one of the head: it may be a landmark here."""
    free = np.flatnonzero(record["names"] == 0)
    if not free.size or (record["names"] == key).any():
        return False
    record["names"][free[0]] = key
    record["name_kinds"][free[0]] = pf.KIND["business"]
    return True


def _span(complaint: Complaint, text: str) -> Span | None:
    at = complaint.full_text.find(text)
    return Span(at, at + len(text), text) if at >= 0 else None


def _stored(record: np.void, texts: Sequence[str], text: str) -> Span | None:
    if text not in texts:
        return None
    at = int(record["name_at"][texts.index(text)])
    return Span(at, at + len(text), text)

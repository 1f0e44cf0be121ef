"""The decision: bands, kinds and constraints over the scored candidates of one complaint; keys that guard between workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers import profile as pf
from classifiers.pairs import INDEX, Floats
from classifiers.reading import Reading
from contracts.vocabulary import LinkBand, LinkKind


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bands. Above `auto` the machine links, from `suggest` a person is asked.

    0.95 comes from the wrong-merge budget of one in a hundred: on held-out matters a score swept for that budget lay
    at 0.93 to 0.96 and did not carry over from one set to another, so it is fixed and high. A suggestion is worth
    reading where at least one in five of its sort is right; of 0.2, 0.25, 0.3 and 0.35 it is the one at which a person
    read two or fewer to find one repeat on both public sets, so those sets do not test it.
    """

    auto: float = 0.95
    suggest: float = 0.2
    duplicate: float = 0.93  # text cosine from which the same person's item is the same item delivered again
    duplicate_days: float = 1.0  # within this time; later the same words are somebody asking again, who is owed an answer


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier complaint, scored: `features` is a row of pairs.features; `blocked` when a cannot-link forbids it.

    `at` is its place among all that were compared, `least` the score from which a person is asked about such a pair.
    """

    id: str
    case: str
    score: float
    features: Floats
    at: int = 0
    bound: bool = False
    blocked: bool = False
    closed: bool = False
    least: float = 0.0


CITED_SCORE = 0.985
BOUND_SCORE = 1.0


def rule_score(score: float, row: Floats) -> float:
    """The model's score after the rules that outrank it: a cited receipt number of the same problem decides."""
    if row[INDEX["cited"]] > 0 and row[INDEX["source_clash"]] == 0:
        return max(score, CITED_SCORE)
    return score


def band(score: float, auto: float, suggest: float) -> LinkBand:
    """The band of a score."""
    if score >= auto:
        return LinkBand.AUTO
    return LinkBand.SUGGEST if score >= suggest else LinkBand.NEW


def choose(candidates: Sequence[Candidate]) -> Candidate | None:
    """The best candidate no constraint forbids; a must-link goes first. Equal scores: the earlier in the list."""
    best: Candidate | None = None
    for candidate in candidates:
        if candidate.blocked:
            continue
        if best is None or (candidate.bound, candidate.score) > (best.bound, best.score):
            best = candidate
    return best


def days_apart(row: Floats) -> float:
    """Days between the two complaints of a pair; thirty where one of them has no time."""
    return float(np.expm1(6 * row[INDEX["days"]]))


def kind_of(chosen: Candidate, reading: Reading, limits: Thresholds) -> LinkKind:
    """What a link is, by person, text, new facts and whether the case was closed."""
    row = chosen.features
    same_person = row[INDEX["same_reporter"]] > 0 or row[INDEX["same_token"]] > 0
    near = row[INDEX["text_cosine"]] >= limits.duplicate and row[INDEX["length_ratio"]] >= 0.8
    if chosen.closed:
        return LinkKind.RECURRENCE
    if same_person and near and days_apart(row) <= limits.duplicate_days:
        return LinkKind.DUPLICATE_DELIVERY
    if reading.new_facts:
        return LinkKind.FOLLOW_ON
    if same_person or row[INDEX["cited"]] > 0:
        return LinkKind.REPEAT_PETITION
    return LinkKind.MERGED_REPORT


def second_matter(here: np.void, chosen: Candidate, others: Sequence[Candidate], heads: Sequence[np.void] | pf.Records) -> Candidate | None:
    """The best candidate of another case that shares another source with the complaint than the chosen one does.

    Such a complaint speaks of two matters; a person may split it. `here` is the complaint's record, `heads` are the
    records of `[chosen, *others]`.
    """
    wanted = _shared_sources(here, heads[0])
    if not wanted:
        return None
    best: Candidate | None = None
    for candidate, record in zip(others, heads[1:], strict=True):
        shared = _shared_sources(here, record)
        apart = candidate.case != chosen.case and shared and not shared & wanted
        if apart and not candidate.blocked and candidate.score >= candidate.least and (best is None or candidate.score > best.score):
            best = candidate
    return best


def _shared_sources(here: np.void, there: np.void) -> int:
    """Bits of the source groups the complaint names and the earlier one is about."""
    bits = here["sources"] & there["head_sources"]
    return int(bits[0]) | int(bits[1]) << 64


_WEAK = np.array([pf.KIND[kind] for kind in ("district", "door", "building", "project", "town")])
GUARDS = 4


def guards(records: pf.Records, rarity: pf.Rarity) -> list[tuple[int, ...]]:
    """For each record up to four signed 64-bit keys of its strongest features, for the guard between workers.

    Independent of the district: the cited receipt, the reporter with the pollution type, and the rarest names,
    those of the head first.
    """
    names = np.ascontiguousarray(records["names"])
    kinds = records["name_kinds"]
    rank = rarity.idf(names) + 20.0 * (kinds >> 7) - 100.0 * (np.isin(kinds & 127, _WEAK) | (names == 0))
    order = np.argsort(-rank, axis=1, kind="stable")[:, :GUARDS]
    chosen = np.take_along_axis(names, order, axis=1).tolist()
    good = (np.take_along_axis(rank, order, axis=1) > -50).tolist()
    kind_of_pollution = records["types"].argmax(axis=1).tolist()
    found = []
    for i, (cite, reporter) in enumerate(zip(records["cites"][:, 0].tolist(), records["reporter"].tolist(), strict=True)):
        keys = [cite] if cite else []
        if reporter:
            keys.append(pf.key64("reporter-type", f"{reporter}:{kind_of_pollution[i]}"))
        keys += [pf.key64("name", str(name)) for name, fit in zip(chosen[i], good[i], strict=True) if fit]
        found.append(tuple(dict.fromkeys(keys))[:GUARDS])
    return found

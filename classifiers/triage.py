"""The facade: read complaints, then decide where each belongs among those before it. Pure, in memory, repeatable.

    triage = Triage.load()
    readings = triage.read(complaints)
    decisions = triage.decide(complaints, readings, history, new_case)

`decide` goes in order; each complaint is in the history before the next is decided, and only earlier ones count. It
changes nothing but the history: after `history.forget(ids)` the same call gives the same answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classifiers import extract_cues as cues
from classifiers import profile as pf
from classifiers import scoring, shelf
from classifiers.aliases import Aliases
from classifiers.categories import Categories as TrainedCategories
from classifiers.evidence import KIND_WORDS, Evidence
from classifiers.extract import take_apart
from classifiers.facts import MEMBERS, contradiction
from classifiers.guesses import Guesses, Labels
from classifiers.linking import (
    BOUND_SCORE,
    Candidate,
    Thresholds,
    band,
    choose,
    guards,
    kind_of,
    rule_score,
    second_matter,
)
from classifiers.meetings import History, Meetings, pair_up
from classifiers.packing import Cues, Labelled, pack_all
from classifiers.pairs import INDEX, NAMES, features
from classifiers.place import place_of
from classifiers.reading import Complaint, Decision, Reading, Reason, Span, Versions
from classifiers.recognised import reasons, recognise
from classifiers.renames import Renames
from classifiers.respondent import find as find_respondent
from classifiers.respondent import respondent_of
from classifiers.segment import Segmenter, shared
from classifiers.units import Units
from contracts.vocabulary import LinkBand, LinkKind, PollutionType

MODELS = Path(__file__).with_name("models")
MOST_REASONS = 6
DECIDED = 6  # of all candidates those the regression puts first are scored by the whole model; the rest count as 0
_SHOWN_PARTS = (
    "text_cosine", "head_cover_min", "actor_grams", "landmark_grams", "name_grams_max", "source_overlap", "harm_overlap",
    "types_agree", "same_reporter", "cited",
)


class Categories(Protocol):
    """Labels of complaints; `classifiers.categories.Categories` is one, `classifiers.guesses.Guesses` the plain one."""

    @property
    def versions(self) -> Versions: ...
    def predict(self, complaints: Sequence[Complaint], tokens: Sequence[Sequence[str]] | None = None) -> Sequence[Labels]: ...


class Triage:
    """Models and thresholds, loaded once; shared by threads as long as each has its own history."""

    def __init__(self, categories: Categories, model: scoring.PairModel, segmenter: Segmenter,
                 limits: Thresholds | None = None) -> None:
        self.categories = categories
        self.model = model
        self.segmenter = segmenter
        self.limits = limits or Thresholds()
        self.versions = Versions(
            f"{categories.versions.model}+{model.version}", categories.versions.lexicon, categories.versions.taxonomy
        )

    @classmethod
    def load(cls, models: Path | None = None) -> Triage:
        """Open the models in force in a folder (classifiers.shelf); the shipped ones by default.

        ValueError where a file is not what it says.
        """
        folder = shelf.in_force(models) or MODELS
        shipped = folder if (folder / "links.json").exists() else MODELS
        renames = Renames.read(models / shelf.RENAMES if models else None)
        return cls(_categories(folder, renames), scoring.load(shipped / "links.json"), shared())

    def read(self, complaints: Sequence[Complaint]) -> list[Reading]:
        """Read each complaint alone."""
        parts = [take_apart(complaint, self.segmenter) for complaint in complaints]
        labels = self.categories.predict(complaints, [part.tokens for part in parts])
        said = [Cues.of(part.plain) for part in parts]
        chances = [dict(label.types) for label in labels]
        packed = [Labelled(label.environmental, [own.get(t, 0.0) for t in PollutionType]) for label, own in zip(labels, chances, strict=True)]
        profiles = pack_all(parts, complaints, packed, said)
        readings = []
        for complaint, part, label, cue, profile in zip(complaints, parts, labels, said, profiles, strict=True):
            full, named = complaint.full_text, find_respondent(part)
            readings.append(
                Reading(
                    id=complaint.id, environmental=label.environmental, types=label.types, versions=self.versions,
                    subtype=label.subtype, risk_area=label.risk_area, demand=label.demand, urgency=label.urgency,
                    emergency=label.emergency, respondent=respondent_of(complaint, named),
                    place=place_of(part, complaint, named), happens=cues.happens(part.plain), since=cues.since(part.plain),
                    numbers=cues.numbers(part.plain), cited_receipts=part.cited,
                    complained_before=cue.complained_before, new_facts=cue.new_facts,
                    quoted=tuple(Span(a, b, full[a:b]) for a, b in part.quoted), lead_unit=label.lead_unit,
                    profile=profile,
                )
            )
        return readings

    def guards(self, readings: Sequence[Reading], history: History) -> list[tuple[int, ...]]:
        """For each up to four signed 64-bit keys of its strongest features.

        Two complaints that could be one matter share at least one as a rule, which is how concurrent workers notice
        each other before they decide.
        """
        return guards(_records(readings), history.rarity)

    def decide(
        self, complaints: Sequence[Complaint], readings: Sequence[Reading], history: History,
        new_case: Callable[[Complaint], str],
    ) -> list[Decision]:
        """Decide in order; see the module's docstring."""
        if not complaints:
            return []
        own = _records(readings)
        known = recognise(complaints, readings, own, history.aliases)
        met = pair_up(complaints, known.asked, known.records, history)
        rows, scores = score_pairs(self.model, known.records, met, history.rarity, history.aliases)
        least = self.model.worth_asking(rows, self.limits.suggest)
        first = np.searchsorted(met.here, np.arange(len(complaints) + 1)).tolist()
        worth = np.flatnonzero(scores >= least)
        asks = np.searchsorted(met.here[worth], np.arange(len(complaints) + 1)).tolist()
        # what people said of these complaints can only be held against cases that already have them
        one_by_one = any(history.constrained(complaint.id) for complaint in complaints)
        decisions: list[Decision] = []
        joined: defaultdict[str, list[int]] = defaultdict(list)
        for i, (complaint, reading) in enumerate(zip(complaints, readings, strict=True)):
            bound = history.bound(complaint.id) if one_by_one else ()
            candidates = []
            for at in range(first[i], first[i + 1]) if bound else worth[asks[i] : asks[i + 1]].tolist():
                item = met.earlier(at)
                id, case = (complaints[item].id, decisions[item].case) if isinstance(item, int) else (item.id, item.case)
                blocked = one_by_one and history.forbidden(complaint.id, case)
                candidates.append(
                    Candidate(id, case, float(scores[at]), rows[at], at, id in bound, blocked, history.closed(case), float(least[at]))
                )
            chosen = choose(candidates)
            if chosen is None:
                best = float(scores[first[i] : first[i + 1]].max(initial=0.0)) if not candidates else 0.0
                decision = Decision(
                    complaint.id, new_case(complaint), LinkBand.NEW, LinkKind.FIRST_REPORT, round(best, 4)
                )
            else:
                item = met.earlier(chosen.at)
                earlier = readings[item].profile if isinstance(item, int) else item.profile
                rest = [candidate for candidate in candidates if candidate is not chosen]
                other = second_matter(own[i], chosen, rest, met.records[[chosen.at, *(c.at for c in rest)]]) if rest else None
                decision = self._decide_one(complaint, reading, chosen, earlier, history.rarity, new_case, other)
                decision = self._checked(decision, known.records, i, joined, history, chosen, complaint, new_case)
                if decision.band is not LinkBand.NEW:
                    told = reasons(complaint, reading, earlier, known.names.get(i, {}), history.aliases)
                    decision = replace(decision, why=(*told, *decision.why)[:MOST_REASONS]) if told else decision
            if i in known.respondents:
                decision = replace(decision, respondent=known.respondents[i])
            joined[decision.case].append(i)
            if one_by_one:
                history.add(complaint, reading, decision.case)
            decisions.append(decision)
        if not one_by_one:
            history.add_many(complaints, readings, [decision.case for decision in decisions])
        return decisions

    def _checked(
        self, decision: Decision, own: pf.Records, i: int, joined: dict[str, list[int]], history: History, chosen: Candidate,
        complaint: Complaint, new_case: Callable[[Complaint], str],
    ) -> Decision:
        """An automatic link that contradicts what its case has established is only suggested (classifiers.facts)."""
        if decision.band is not LinkBand.AUTO or chosen.bound or chosen.features[INDEX["cited"]] > 0:
            return decision
        members = np.concatenate([history.member_records(decision.case, MEMBERS), own[joined.get(decision.case, [])]])
        kind = contradiction(own[i], history.aliases.unify(members[-MEMBERS:]))
        if kind is None:
            return decision
        against = Reason("other_established", f"与事项已确认的{KIND_WORDS[kind]}不符")
        return replace(decision, case=new_case(complaint), band=LinkBand.SUGGEST, against=(against, *decision.against))

    def _decide_one(
        self, complaint: Complaint, reading: Reading, chosen: Candidate, earlier: bytes, rarity: pf.Rarity,
        new_case: Callable[[Complaint], str], other: Candidate | None,
    ) -> Decision:
        score = BOUND_SCORE if chosen.bound else chosen.score
        where = band(score, self.limits.auto, chosen.least)
        if where is LinkBand.NEW:
            return Decision(
                complaint.id, new_case(complaint), where, LinkKind.FIRST_REPORT, round(score, 4)
            )
        evidence = Evidence(complaint, reading, chosen.features, earlier)
        return Decision(
            complaint.id, chosen.case if where is LinkBand.AUTO else new_case(complaint), where,
            kind_of(chosen, reading, self.limits), round(score, 4), to=chosen.id, suggested_case=chosen.case,
            why=tuple(evidence.why(rarity)), against=tuple(evidence.against(other)),
            parts={name: round(float(chosen.features[INDEX[name]]), 3) for name in _SHOWN_PARTS},
        )


def _records(readings: Sequence[Reading]) -> pf.Records:
    size = pf.DTYPE.itemsize
    return np.frombuffer(b"".join(reading.profile[:size] for reading in readings), pf.DTYPE)


def score_pairs(
    model: scoring.PairModel | None, own: pf.Records, met: Meetings, rarity: pf.Rarity, aliases: Aliases | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Feature rows and scores of all meetings; without a model the scores are zero."""
    if not len(met):
        return np.zeros((0, len(NAMES)), np.float32), np.zeros(0)
    there = met.records if aliases is None else aliases.unify(met.records)
    rows = features(own, met.here, there, rarity)
    if model is None:
        return rows, np.zeros(len(rows))
    kept = _foremost(model.linear(rows), met.here, DECIDED)
    scores = np.zeros(len(rows))
    scores[kept] = model(rows[kept])
    for at in np.flatnonzero(rows[:, INDEX["cited"]] > 0):
        scores[at] = rule_score(float(scores[at]), rows[at])
    return rows, scores


def _foremost(score: npt.NDArray[np.float64], group: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """Rows of the `most` highest scores of each group, ascending; `group` ascends."""
    order = np.lexsort((-score, group))
    start = np.searchsorted(group, group)
    rank = np.arange(len(order)) - start
    return np.sort(order[rank < most])


def _categories(folder: Path, renames: Renames) -> Categories:
    try:
        loaded = TrainedCategories.load(folder)
    except FileNotFoundError:
        guesses: Categories = Guesses()
        return guesses
    return TrainedCategories(loaded.model, Units(loaded.units.model, renames)) if loaded.units else loaded

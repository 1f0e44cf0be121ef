"""Links and cases against labels: repeats found, wrong links, B-cubed of the cases before and after a person's answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from classifiers.calibration import calibration_error
from classifiers.evaluate import Evaluation, Floats, Gold, Judged, Measure, Row, bootstrap, ratio

LIMITS = (0.01, 0.02, 0.05)
Target = tuple[str, float, bool]  # row linked to, score, automatic


def score_links(rows: Sequence[Row], gold: Gold, hidden: Collection[str], result: Evaluation) -> None:
    """Add every measure of links to `result`; intervals resample matters."""
    stream = _Stream(rows, gold, hidden)
    asked, helped, final = stream.answered()
    matters = list(stream.members)
    number = {matter: n for n, matter in enumerate(matters)}
    repeated = np.array([len(ids) > 1 for ids in stream.members.values()], bool)
    rates = {}
    for name, case in (("macro B-cubed F1", stream.case), ("macro B-cubed F1 after answers", final)):
        together = stream.by_case(case)
        rates[name] = np.array([_b_cubed(ids, case, together, gold) for ids in stream.members.values()]).reshape(-1, 2)
    found = np.zeros((len(matters), 3))  # to find, found automatically, found with suggestions
    for id in stream.repeats:
        automatic, suggested = stream.reaches(id)
        found[number[gold.matter[id]]] += (1, automatic, suggested)
        if not suggested:
            result.missed.append(id)
    links = sorted(stream.judged(), key=lambda link: -link.score)
    owner = np.array([number[_matter_of(link, gold)] for link in links], int)
    score, right, auto = (np.array([getattr(link, name) for link in links]) for name in ("score", "right", "auto"))
    right, auto = right.astype(bool), auto.astype(bool)
    share = np.divide(1.0, found[:, 0], out=np.zeros(len(matters)), where=found[:, 0] > 0)

    def statistic(w: Floats) -> dict[str, float]:
        total = float(w[repeated].sum())
        out = {}
        for name, rate in rates.items():
            precision, recall = (ratio(float((w * rate[:, k])[repeated].sum()), total) for k in (0, 1))
            out[name] = ratio(2 * precision * recall, precision + recall)
        of_link = w[owner]
        out["wrong share of automatic links"] = ratio(float((of_link * (auto & ~right)).sum()), float((of_link * auto).sum()))
        out["found automatically"] = ratio(float((w * share * found[:, 1]).sum()), total)
        out["found with suggestions"] = ratio(float((w * share * found[:, 2]).sum()), total)
        out["link score calibration error"] = calibration_error(score, right, weight=of_link) if links else float("nan")
        recall_by_threshold = np.cumsum(of_link * right * share[owner]) / max(total, 1e-9)
        wrong_by_threshold = np.cumsum(of_link * ~right) / np.maximum(np.cumsum(of_link), 1e-9)
        last = np.append(score[1:] != score[:-1], True) if links else np.zeros(0, bool)  # equal scores are one step
        for limit in LIMITS:
            fit = last & (wrong_by_threshold <= limit)
            out[f"repeats found at wrong links <= {limit:.0%}"] = float(recall_by_threshold[fit].max()) if fit.any() else 0.0
        return out

    result.measures |= bootstrap(statistic, len(matters))
    result.links, result.wrong = links, [link for link in links if link.auto and not link.right]
    if asked:
        result.measures["suggestions read per repeat found"] = Measure(ratio(asked, helped))
    result.counts |= {
        "matters": len(matters), "matters of two rows or more": int(repeated.sum()), "repeats to find": len(stream.repeats),
        "links judged": len(links), "automatic links judged": int(auto.sum()), "wrong automatic links": len(result.wrong),
        "suggestions read": asked, "repeats found by them": helped,
    }


def _matter_of(link: Judged, gold: Gold) -> str:
    return gold.matter[link.id] if gold.in_matter(link.id) else gold.matter[link.to]


def _b_cubed(
    ids: Sequence[str], case: Mapping[str, str], together: Mapping[str, Sequence[str]], gold: Gold
) -> tuple[float, float]:
    """Mean precision and recall of a matter's rows in their cases."""
    precision = recall = 0.0
    for id in ids:
        others = together[case[id]]
        same = sum(gold.matter[other] == gold.matter[id] for other in others)
        bad = sum(gold.same(id, other) is False for other in others)
        precision += same / (same + bad)
        recall += same / len(ids)
    return precision / len(ids), recall / len(ids)


class _Stream:
    """An output in order with its labels: who is linked to whom once hidden rows are walked through."""

    def __init__(self, rows: Sequence[Row], gold: Gold, hidden: Collection[str]) -> None:
        self.gold, self._hidden = gold, hidden
        self._rows = {str(row["id"]): row for row in rows}
        self.place = {id: n for n, id in enumerate(self._rows)}
        self.case = {id: str(row["case"]) for id, row in self._rows.items()}
        self.known = [id for id in self._rows if id in gold.matter]
        self.members: dict[str, list[str]] = defaultdict(list)
        for id in self.known:
            if gold.in_matter(id):
                self.members[gold.matter[id]].append(id)
        self.repeats = [id for ids in self.members.values() for id in ids[1:]]
        self._together = self.by_case(self.case)
        self.targets = {id: self._target(id) for id in self.known}

    def by_case(self, case: Mapping[str, str]) -> dict[str, list[str]]:
        """Labelled rows of each case, in order."""
        together: dict[str, list[str]] = defaultdict(list)
        for id in self.known:
            together[case[id]].append(id)
        return together

    def _target(self, id: str) -> Target | None:
        link: Mapping[str, Any] = self._rows[id]["link"]
        to, score, auto = link.get("to"), float(link.get("score") or 0), link.get("band") == "auto"
        if link.get("band") not in ("auto", "suggest"):
            return None
        while to in self._hidden:
            link = self._rows[to]["link"] if to in self._rows else {}
            if link.get("band") not in ("auto", "suggest"):
                return None
            to, score, auto = link.get("to"), min(score, float(link["score"])), auto and link["band"] == "auto"
        if to is None:
            return None
        if self.place.get(str(to), -1) >= self.place[id]:
            raise ValueError(f"{id} is linked to {to}, which is not earlier")
        return str(to), score, auto

    def judged(self) -> list[Judged]:
        """Every link that labels say yes or no to, in order."""
        out = []
        for id in self.known:
            target = self.targets[id]
            verdict = self.gold.same(id, target[0]) if target else None
            if target and verdict is not None:
                out.append(Judged(id, target[0], target[1], verdict, target[2]))
        return out

    def reaches(self, id: str) -> tuple[bool, bool]:
        """Whether a repeat's case, and whether its case or the one it is linked or suggested to, holds an earlier mate."""
        automatic, target = self._mate(id, self.case[id]), self.targets[id]
        return automatic, automatic or bool(target and target[0] in self.case and self._mate(id, self.case[target[0]]))

    def _mate(self, id: str, case: str) -> bool:
        return any(
            self.gold.matter[other] == self.gold.matter[id] and self.place[other] < self.place[id]
            for other in self._together.get(case, ())
        )

    def answered(self) -> tuple[int, int, dict[str, str]]:
        """Suggestions read, repeats found by them, and the case of each row after a person answered as the gold would."""
        joined: dict[str, str] = {}

        def root(case: str) -> str:
            while case in joined:
                case = joined[case]
            return case

        asked = helped = 0
        for id in self.known:
            target = self.targets[id]
            verdict = self.gold.same(id, target[0]) if target and not target[2] else None
            if target is None or verdict is None:
                continue
            asked += 1
            mine, other = root(self.case[id]), root(self.case[target[0]])
            if verdict and mine != other:
                joined[mine] = other
                helped += 1
        return asked, helped, {id: root(case) for id, case in self.case.items()}



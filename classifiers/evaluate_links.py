"""The linking table, both columns: `python -m classifiers.evaluate_links DATA` prints it as Markdown.

Shipped: the models of the package, which saw the own corpus only, stream each set. After training: the same pairs,
scored by models trained on the gold of both sets, each pair by one that saw nothing of either side's matter, and
calibrated on the other folds; decided row by row at the shipped thresholds.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.evaluate import Evaluation, evaluate
from classifiers.linking import Thresholds, band, rule_score
from classifiers.offline import triage_file
from classifiers.pairs import INDEX
from classifiers.reading import Complaint
from classifiers.train_city_links import complaints_of, links_from, out_of_fold
from classifiers.train_links import (
    FOLDS,
    PairSet,
    best_of_query,
    calibrated,
    collect,
    folds_of,
    matter_weights,
)
from classifiers.triage import Triage

SETS = ("messages_2019", "tickets_2018")
_CITES = re.compile(r"工单(编)?号|20\d{12}|20〔电话〕")
SHOWN = (
    "repeats found at wrong links <= 1%", "repeats found at wrong links <= 2%", "repeats found at wrong links <= 5%",
    "automatic links judged", "wrong automatic links", "found automatically", "look-alike pairs in one case",
    "found with suggestions", "suggestions read per repeat found", "macro B-cubed F1 after answers",
    "link score calibration error",
)


@dataclass(frozen=True, slots=True)
class MeasuringSet:
    """One public set with its labels; `invisible` rows (borderline messages, copied tickets) are not judged."""

    name: str
    rows: list[dict[str, Any]]
    gold: list[dict[str, Any]]
    traps: list[dict[str, Any]]
    ignore: list[dict[str, Any]]
    invisible: frozenset[str]

    @property
    def complaints(self) -> list[Complaint]:
        """In order of time, as `petitions triage` would meet them."""
        return complaints_of(self.rows)

    def judge(self, output: Sequence[Mapping[str, Any]]) -> Evaluation:
        """Measures of an output over this set."""
        return evaluate(output, self.gold, self.traps, self.ignore, self.invisible)


def read_set(folder: Path, name: str) -> MeasuringSet:
    """One set of the folder. FileNotFoundError where it is absent."""

    def lines(path: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]

    rows, gold = lines(folder / f"{name}.jsonl"), lines(folder / f"{name}_gold.jsonl")
    text = {row["id"]: row["text"] for row in rows}
    messages = name.startswith("messages")
    if messages:
        rows.sort(key=lambda row: row["time"])
    hidden = {
        row["id"] for row in gold
        if (row["env"] and row.get("borderline") if messages
            else row.get("role") in ("admin_followup", "copy") or _CITES.search(text.get(row["id"], "")))
    }
    return MeasuringSet(
        name, rows, gold, lines(folder / f"{name}_traps.jsonl"), lines(folder / f"{name}_ignore.jsonl"), frozenset(hidden)
    )


def shipped(sets: Sequence[MeasuringSet], triage: Triage) -> dict[str, Evaluation]:
    """The package's models over each set."""
    return {s.name: s.judge(list(triage_file(_as_lines(s), triage=triage))) for s in sets}


def _as_lines(measuring: MeasuringSet) -> Iterable[str]:
    for row in measuring.rows:
        kept = {key: row.get(key) for key in ("id", "text", "title", "user", "address")}
        yield json.dumps({**kept, "time": row.get("time") or row.get("created")}, ensure_ascii=False)


def after_training(sets: Sequence[MeasuringSet], triage: Triage) -> dict[str, Evaluation]:
    """The same after learning from the labels of all sets, out of fold by matter."""
    collected = [_labelled(s, triage) for s in sets]
    data = collected[0][0]
    for pairs, _ in collected[1:]:
        data = data + pairs
    known = np.flatnonzero(data.y >= 0)
    raw = np.zeros(len(data))
    raw[known] = out_of_fold(data.pick(known), triage.model)
    rest = np.flatnonzero(data.y < 0)
    raw[rest] = _unknown(data, known, rest, triage)
    chance = _calibrated_across_folds(data, raw, triage)
    result, low = {}, 0
    for s, (pairs, ids) in zip(sets, collected, strict=True):
        part = chance[low : low + len(pairs)]
        low += len(pairs)
        result[s.name] = s.judge(_decided(s, pairs, ids, part, triage.limits))
    return result


def _labelled(measuring: MeasuringSet, triage: Triage) -> tuple[PairSet, list[str]]:
    links = links_from(measuring.gold)
    ignored = {frozenset((pair["a"], pair["b"])) for pair in measuring.ignore}
    to: list[str] = []
    verdicts: list[int] = []

    def judge(a: str, b: str) -> bool:
        verdict = None if frozenset((a, b)) in ignored else links.judge(a, b)
        to.append(b)
        verdicts.append(-1 if verdict is None else int(verdict))
        return bool(verdict)

    name = measuring.name
    pairs = collect(triage, measuring.complaints, judge, lambda id: f"{name}/{links.group(id)}")
    y = np.array(verdicts, np.int8)
    return PairSet(pairs.x, y, pairs.query, pairs.here, pairs.there, matter_weights((y == 1).astype(np.int8), pairs.here)), to


def _unknown(data: PairSet, known: npt.NDArray[np.intp], rest: npt.NDArray[np.intp], triage: Triage) -> npt.NDArray[np.float64]:
    """Scores of pairs nobody labelled, by the models that saw nothing of the query's matter."""
    from classifiers.train_city_links import SHIPPED_SHARE
    from classifiers.train_links import fit_raw, mixed

    here, there = folds_of(data.here), folds_of(data.there)
    raw = np.zeros(len(rest))
    for k in range(FOLDS):
        seen = known[(here[known] != k) & (there[known] != k)]
        held = np.flatnonzero(here[rest] == k)
        raw[held] = mixed(fit_raw(data.pick(seen)), triage.model, SHIPPED_SHARE).raw(data.x[rest[held]])
    return raw


def _calibrated_across_folds(data: PairSet, raw: npt.NDArray[np.float64], triage: Triage) -> npt.NDArray[np.float64]:
    fold, chance = folds_of(data.here), np.zeros(len(raw))
    for k in range(FOLDS):
        others = np.flatnonzero((fold != k) & (data.y >= 0))
        model = calibrated(replace(triage.model, prior={}), raw[others], data.pick(others))
        chance[fold == k] = 1 / (1 + np.exp(-model.calibrate(raw[fold == k], data.x[fold == k])))
    for at in np.flatnonzero(data.x[:, INDEX["cited"]] > 0):
        chance[at] = rule_score(float(chance[at]), data.x[at])
    return chance


def _decided(
    measuring: MeasuringSet, pairs: PairSet, to: Sequence[str], chance: npt.NDArray[np.float64], limits: Thresholds
) -> list[dict[str, Any]]:
    best = {int(pairs.query[at]): int(at) for at in best_of_query(chance, pairs.query)}
    case: dict[str, str] = {}
    out = []
    for n, complaint in enumerate(measuring.complaints):
        at = best.get(n)
        score = float(chance[at]) if at is not None else 0.0
        where = str(band(score, limits))
        target = to[at] if at is not None and where != "new" else None
        case[complaint.id] = case[target] if where == "auto" and target else f"C{complaint.id}"
        out.append({
            "id": complaint.id, "environmental": 0.0, "types": [], "case": case[complaint.id],
            "link": {"score": score, "band": where, "to": target},
        })
    return out


def markdown(columns: Mapping[str, Mapping[str, Evaluation]], sets: Sequence[str] = SETS) -> str:
    """The table: measures down, sets and columns across."""
    heads = [f"{name.split('_')[0]}, {column}" for name in sets for column in columns]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for measure in SHOWN:
        cells = []
        for name in sets:
            for column in columns.values():
                value = column[name].measures.get(measure, float("nan"))
                whole = measure in ("automatic links judged", "wrong automatic links", "look-alike pairs in one case")
                cells.append(str(int(value)) if whole else f"{value:.3f}")
        lines.append(f"| {measure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; exit status 2 where the data is absent."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluate_links", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the public sets and their labels")
    options = parser.parse_args(argv)
    try:
        sets = [read_set(options.data, name) for name in SETS]
    except FileNotFoundError as error:
        print(f"measuring data is absent: {error.filename}", file=sys.stderr)
        return 2
    triage = Triage.load()
    print(f"models {triage.versions.model}, lexicon {triage.versions.lexicon}, taxonomy {triage.versions.taxonomy}\n")
    print(markdown({"shipped": shipped(sets, triage), "after training": after_training(sets, triage)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

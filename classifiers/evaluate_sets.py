"""Complaints with labels to measure by: texts in order of time, gold, look-alikes, doubtful pairs; and the shipped answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.evaluate import Evaluation, evaluate, hidden_ids
from classifiers.offline import parse, parse_time, triage_file
from classifiers.reading import Complaint
from classifiers.triage import Triage

SETS = ("messages_2019", "tickets_2018")
_READ = ("id", "text", "title", "user", "address")


@dataclass(frozen=True, slots=True)
class MeasuringSet:
    """One file of complaints with its labels; `letters` where most have titles, else notes of a hotline."""

    name: str
    rows: list[dict[str, Any]]
    gold: list[dict[str, Any]]
    traps: list[dict[str, Any]]
    ignore: list[dict[str, Any]]
    hidden: frozenset[str]

    @classmethod
    def read(cls, texts: Path, gold: Path, traps: Path | None = None, ignore: Path | None = None) -> MeasuringSet:
        """Read the files and put the texts in order of time where every one has a time (`time` or `created`).

        FileNotFoundError where one is absent; ValueError names file and line where one is not JSON or lacks a field.
        """
        rows, labels = read_lines(texts, ("id", "text")), read_lines(gold, ("id", "env"))
        for row in rows:
            row["time"] = row.get("time") or row.get("created")
        if all(row["time"] for row in rows):
            rows.sort(key=_moment)
        trapped, ignored = (read_lines(path, ("a", "b")) if path else [] for path in (traps, ignore))
        return cls(texts.stem, rows, labels, trapped, ignored, hidden_ids(labels, rows))

    @property
    def letters(self) -> bool:
        """Whether most texts have a title."""
        return sum(bool(row.get("title")) for row in self.rows) * 2 > len(self.rows)

    def lines(self) -> Iterator[str]:
        """The texts as `petitions triage` would read them; nothing but what is known at intake."""
        for row in self.rows:
            yield json.dumps({**{key: row.get(key) for key in _READ}, "time": row["time"]}, ensure_ascii=False)

    def complaints(self) -> list[Complaint]:
        """The same as complaints."""
        return [parse(line) for line in self.lines()]

    def judge(self, output: Sequence[Mapping[str, Any]]) -> Evaluation:
        """Measures of an output over this set."""
        return evaluate(output, self.gold, self.traps, self.ignore, self.hidden)

    def shipped(self, triage: Triage, on_progress: Callable[[int], None] | None = None) -> list[dict[str, Any]]:
        """What the models answer, line by line."""
        return list(triage_file(self.lines(), on_progress, triage=triage))


def _moment(row: Mapping[str, Any]) -> float:
    moment = parse_time(row["time"])
    return moment.timestamp() if moment else 0.0


def read_lines(path: Path, needed: Sequence[str]) -> list[dict[str, Any]]:
    """Objects of a JSON lines file that all have the fields `needed`. ValueError names the line and the reason."""
    found = []
    for number, line in enumerate(path.read_text("utf8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path.name}, line {number}: not JSON: {error}") from None
        missing = [name for name in needed if not isinstance(row, dict) or name not in row]
        if missing:
            raise ValueError(f"{path.name}, line {number}: {missing[0]} is missing")
        found.append(row)
    return found


def public_sets(folder: Path) -> list[MeasuringSet]:
    """The public messages and tickets of a folder. FileNotFoundError where they are absent."""
    return [
        MeasuringSet.read(*(folder / f"{name}{end}.jsonl" for end in ("", "_gold", "_traps", "_ignore"))) for name in SETS
    ]

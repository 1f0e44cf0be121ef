"""The table of the shipped models and of those trained on a city's history, with goals: made by one command.

    python -m classifiers.evaluate_table ../shared/data          both columns, as Markdown
    make evaluate                                                the same for the folder beside the repository

The public sets are no part of the repository; where the folder is absent the command says so and ends with status 0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.evaluate import Evaluation, Measure
from classifiers.evaluate_history import after_training
from classifiers.evaluate_sets import MeasuringSet, public_sets
from classifiers.steady import steady
from classifiers.train_city import units_later
from classifiers.triage import Triage

LETTERS, NOTES = "messages", "tickets"
SHIPPED, TRAINED = "shipped", "after training"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a measure, and the goal of each column for letters and notes; `most` where less is better."""

    name: str
    shipped: tuple[float, float] | None = None
    trained: tuple[float, float] | None = None
    most: bool = False
    digits: int = 2

    def goal(self, column: str, letters: bool) -> float | None:
        """The goal of a column; None where there is none."""
        pair = self.shipped if column == SHIPPED else self.trained
        return pair[0 if letters else 1] if pair else None

    def met(self, value: float, column: str, letters: bool) -> bool | None:
        """Whether a figure reaches its goal as printed; None where there is no goal or no figure."""
        goal = self.goal(column, letters)
        if goal is None or value != value:
            return None
        shown = round(value, self.digits + 1)
        return shown <= goal if self.most else shown >= goal


LINES = (
    Line("repeats found at wrong links <= 1%", (0.60, 0.60), (0.85, 0.70)),
    Line("repeats found at wrong links <= 2%", (0.70, 0.65), (0.90, 0.78)),
    Line("automatic links judged", digits=0),
    Line("wrong share of automatic links", (0.01, 0.01), (0.01, 0.01), most=True, digits=3),
    Line("look-alike pairs in one case", (1, 1), (1, 1), most=True, digits=0),
    Line("found automatically"),
    Line("found with suggestions", (0.92, 0.85), (0.95, 0.92)),
    Line("suggestions read per repeat found", (2.0, 2.0), (2.0, 2.0), most=True),
    Line("macro B-cubed F1 after answers", (0.95, 0.92), (0.97, 0.95)),
    Line("types macro F1", (0.80, 0.90), (0.88, 0.95)),
    Line("environmental F1", (0.94, 0.94), (0.97, 0.97)),
    Line("link score calibration error", (0.03, 0.03), (0.03, 0.03), most=True, digits=3),
    Line("environmental calibration error", (0.03, 0.03), (0.03, 0.03), most=True, digits=3),
    Line("types calibration error", (0.03, 0.03), (0.03, 0.03), most=True, digits=3),
    Line("lead unit on later tickets, top-1", None, (0.80, 0.80)),
    Line("lead unit, surest 60 %", None, (0.96, 0.96)),
    Line("lead unit, surest 80 %", None, (0.90, 0.90)),
    Line("lead unit calibration error", None, (0.03, 0.03), most=True, digits=3),
)
_UNITS = {
    "top-1": "lead unit on later tickets, top-1", "surest 60%": "lead unit, surest 60 %",
    "surest 80%": "lead unit, surest 80 %", "ECE": "lead unit calibration error",
}


def cell(line: Line, result: Evaluation, column: str, letters: bool) -> str:
    """Figure, interval and ✓ or ✗ against the goal; a dash where there is no figure."""
    value = result.value(line.name)
    if value != value:
        return "–"
    shown = f"{value:.{line.digits}f}"
    measure = result.measures.get(line.name)
    if measure and measure.low == measure.low:
        shown += f" [{measure.low:.{line.digits}f}, {measure.high:.{line.digits}f}]"
    met, goal = line.met(value, column, letters), line.goal(column, letters)
    sign = "≤" if line.most else "≥"
    return shown if met is None else f"{shown} {'✓' if met else '✗'} {sign} {goal:g}"


def markdown(columns: Mapping[str, Sequence[Evaluation]], sets: Sequence[MeasuringSet]) -> str:
    """The table: measures down, sets and columns across."""
    heads = [f"{LETTERS if s.letters else NOTES}, {column}" for s in sets for column in columns]
    out = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for line in LINES:
        cells = [cell(line, results[n], column, s.letters) for n, s in enumerate(sets) for column, results in columns.items()]
        if any(c != "–" for c in cells):
            out.append(f"| {line.name} | " + " | ".join(cells) + " |")
    return "\n".join(out)


def with_units(result: Evaluation, figures: Mapping[str, float]) -> None:
    """Add the figures of `train_city.units_later`."""
    result.measures |= {_UNITS[name]: Measure(value) for name, value in figures.items() if name in _UNITS}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluate_table", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the public sets and their labels")
    parser.add_argument("--shipped-only", action="store_true", help="leave out the column that has to be trained")
    options = parser.parse_args(argv)
    try:
        sets = public_sets(options.data)
    except FileNotFoundError as error:
        print(f"skipped: the public sets to measure by are absent ({error.filename})", file=sys.stderr)
        return 0

    def tell(stage: str) -> None:
        print(stage, file=sys.stderr, flush=True)

    triage = Triage.load()
    steady()
    tell("shipped models")
    columns = {SHIPPED: [s.judge(s.shipped(triage)) for s in sets]}
    if not options.shipped_only:
        columns[TRAINED] = [s.judge(out) for s, out in zip(sets, after_training(sets, triage, tell), strict=True)]
        tell("lead units")
        with_units(columns[TRAINED][-1], units_later(options.data / "tickets_2018.jsonl"))
    print(f"Models {triage.versions.model}, lexicon {triage.versions.lexicon}, taxonomy {triage.versions.taxonomy}.\n")
    print(markdown(columns, sets))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`petitions evaluate`: how good triage is on labelled complaints, against the goals, with charts and the worst mistakes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table
from services.infra.settings import load

if TYPE_CHECKING:
    from classifiers.evaluate import Evaluation
    from classifiers.evaluate_sets import MeasuringSet

WORST = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    texts: Path = typer.Option(..., help="Complaints, JSON lines: id, text, and title, time or created, user, address."),
    gold: Path = typer.Option(..., help="Labels, JSON lines: id, env, types, matter, and uncertain_with, borderline, role."),
    traps: Path = typer.Option(None, help='Look-alikes that are different matters, JSON lines: {"a", "b"}.'),
    ignore: Path = typer.Option(None, help='Pairs whose label is doubtful, JSON lines: {"a", "b"}.'),
    train_on_history: bool = typer.Option(False, "--train-on-history", help="Add a column for models trained on these labels, out of fold by matter; takes minutes."),
    models: Path = typer.Option(None, exists=True, file_okay=False, help="Trained models; those in force otherwise."),
    charts: Path = typer.Option(None, file_okay=False, help="Folder for reliability.svg and precision-recall.svg."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Measure triage on labelled complaints: intervals, goals, the ids of the worst mistakes. Nothing is learnt or kept."""
    from classifiers import evaluate_charts
    from classifiers.evaluate_history import after_training
    from classifiers.evaluate_sets import MeasuringSet
    from classifiers.evaluate_table import SHIPPED, TRAINED
    from classifiers.steady import steady
    from classifiers.triage import Triage

    try:
        measured = MeasuringSet.read(texts, gold, traps, ignore)
    except FileNotFoundError as error:
        raise Failed(f"there is no file {error.filename}; name an existing one") from None
    except ValueError as error:
        raise Failed(f"{error}; mend the line and try again") from None
    unknown = {row["id"] for row in measured.gold} - {row["id"] for row in measured.rows}
    if len(unknown) == len(measured.gold):
        raise Failed(f"no id of {gold} stands in {texts}; these labels belong to other complaints")
    engine = Triage.load(models or load().models_kept)
    steady()
    columns: dict[str, Evaluation] = {}
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console_err, transient=True) as progress:
        task = progress.add_task("triage", total=len(measured.rows))
        columns[SHIPPED] = measured.judge(measured.shipped(engine, lambda done: progress.update(task, completed=done)))
        if train_on_history:
            task = progress.add_task("training", total=None)
            trained = after_training([measured], engine, lambda stage: progress.update(task, description=stage))
            columns[TRAINED] = measured.judge(trained[0])
    drawn = evaluate_charts.write(columns[SHIPPED], charts) if charts else []
    if as_json:
        print_json({"versions": vars_of(engine), "unknown_gold": len(unknown), "charts": [str(path) for path in drawn],
                    "columns": {name: document(result) for name, result in columns.items()}})
        return
    _show(measured, columns, engine.versions.model)
    if unknown:
        console_err.print(f"{len(unknown)} labels have no complaint in {texts.name} and were left out", markup=False)
    for path in drawn:
        console_err.print(f"chart: {path}", markup=False)


def vars_of(engine: Any) -> dict[str, str]:
    """Versions of model, lexicon and taxonomy."""
    return {name: getattr(engine.versions, name) for name in ("model", "lexicon", "taxonomy")}


def document(result: Evaluation) -> dict[str, Any]:
    """An evaluation as plain values; what could not be measured is null. Ids only, never a text."""

    def plain(value: float) -> float | None:
        return None if math.isnan(value) else value

    measures = {
        name: {"value": plain(m.value), "low": plain(m.low), "high": plain(m.high)} for name, m in result.measures.items()
    }
    mistakes = {
        "wrong_links": [{"id": link.id, "to": link.to, "score": link.score} for link in result.wrong],
        "missed_repeats": result.missed, "lookalikes_in_one_case": result.traps,
        "misread": [{"id": id, "environmental": round(chance, 4)} for id, chance in result.misread],
    }
    return {"measures": measures, "counts": result.counts, "mistakes": mistakes}


def _show(measured: MeasuringSet, columns: dict[str, Evaluation], version: str) -> None:
    from classifiers.evaluate_table import LINES, cell

    rows = [
        [line.name, *(cell(line, result, name, measured.letters) for name, result in columns.items())] for line in LINES
    ]
    rows = [row for row in rows if any(c != "–" for c in row[1:])]
    print_table(f"{measured.name}, models {version}", ["", *columns], rows, empty="no label fits a complaint")
    result = next(iter(columns.values()))
    worst = [
        *([f"wrong automatic link {link.score:.2f}", f"{link.id} → {link.to}"] for link in result.wrong[:WORST]),
        *([f"wrong suggestion {link.score:.2f}", f"{link.id} → {link.to}"]
          for link in result.links if not link.right and not link.auto)][: 2 * WORST]
    worst += [["repeat not found", id] for id in result.missed[:WORST]]
    worst += [["look-alikes in one case", f"{a}, {b}"] for a, b in result.traps[:WORST]]
    worst += [[f"environmental {chance:.2f} is wrong", id] for id, chance in result.misread[:WORST]]
    print_table("Worst mistakes of the first column", ["kind", "ids"], worst, empty="no mistake")
    console.print("✓ and ✗: against the goals of classifiers/README.md for letters or for hotline notes.", markup=False)

"""`petitions triage`: the same code as the service, over files, with no broker and no database."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.commands.output import Failed, console, console_err
from services.infra.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("triage")(triage)


def triage(
    file: Path = typer.Argument(help="JSON lines with at least id and text, in order of time."),
    out: Path = typer.Option(None, "-o", "--out", help="Where the answers go, a line each; standard output otherwise."),
    models: Path = typer.Option(None, exists=True, file_okay=False, help="Trained models; the shipped ones otherwise."),
    explain: str = typer.Option(None, help="Show the decision of this id as a person reads it."),
) -> None:
    """Classify and link a file, each complaint against those before it."""
    # Models and numpy load only where they are needed.
    from classifiers import offline
    from classifiers.steady import steady
    from classifiers.triage import Triage

    if not file.is_file():
        raise Failed(f"there is no file {file}; name a file of JSON lines")
    lines = file.read_bytes().splitlines()
    engine = Triage.load(models or load().models_kept)
    steady()
    if explain is not None:
        try:
            console.print(offline.explain_file(lines, explain, triage=engine), markup=False, highlight=False)
        except KeyError:
            raise Failed(f"no good line of {file} has the id {explain}") from None
        return
    answers: list[bytes] = []
    bad = 0
    with Progress(
        TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console_err, transient=True
    ) as progress:
        task = progress.add_task("reading", total=len(lines))
        for answer in offline.triage_file(lines, triage=engine):
            progress.advance(task)
            bad += "error" in answer
            answers.append(orjson.dumps(answer))
    text = b"\n".join(answers) + b"\n"
    if out is None:
        sys.stdout.buffer.write(text)
    else:
        out.write_bytes(text)
        console_err.print(f"{len(answers)} lines, {bad} with an error (marked in {out})", markup=False)

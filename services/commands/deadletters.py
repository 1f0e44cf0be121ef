"""`petitions dlq`: records set aside, their mending and replay."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, unit_of_work
from services.infra import dead_letters as letters

app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, mend, replay.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="dlq")


@app.command("list")
def list_(
    state: str = typer.Option("waiting", help="waiting, replayed, discarded or all."),
    limit: int = typer.Option(50, min=1, max=10_000),
    as_json: bool = JSON_OPTION,
) -> None:
    """Records that could not be handled, the newest first."""

    async def work() -> list[letters.DeadLetter]:
        async with connection() as c:
            return await letters.dead_letters(c, state=None if state == "all" else state, limit=limit)

    found = run(work())
    if as_json:
        print_json([letter.as_json() for letter in found])
        return
    print_table(
        f"Dead letters ({state})",
        ("id", "topic", "at", "verdict", "reason", "state"),
        [
            (str(x.id), x.topic.removeprefix("petition."), f"{x.partition}@{x.record_offset}", x.verdict, x.reason,
             x.state + (", mended" if x.mended else ""))
            for x in found
        ],
        empty="No dead letters: every record was handled.",
    )  # fmt: skip
    if found:
        console.print("next: petitions dlq show ID, petitions dlq mend ID --set field=value, petitions dlq replay ID", style="dim", markup=False)


@app.command()
def show(
    letter: UUID,
    reveal: bool = typer.Option(False, "--reveal", help="Show the record itself; needs --purpose and is kept on record."),
    purpose: str = typer.Option("", help="Why you must see it."),
    as_json: bool = JSON_OPTION,
) -> None:
    """What is wrong with one record, field by field, with the remedy."""

    async def work() -> tuple[letters.DeadLetter | None, bytes | None]:
        async with unit_of_work("cli") as unit:
            found = await letters.dead_letters(unit.connection, state=None, id=letter)
            value = await letters.reveal(unit, letter, actor=getpass.getuser(), purpose=purpose) if found and reveal else None
            return (found[0] if found else None), value

    found, value = _refusable(lambda: run(work()))
    if found is None:
        raise Failed(f"there is no dead letter {letter}; see petitions dlq list")
    if as_json:
        print_json({**found.as_json(), **({"record": value.decode("utf-8", "replace")} if value is not None else {})})
        return
    console.print(f"{found.id}  {found.topic} {found.partition}@{found.record_offset}  {found.verdict}: {found.reason}", markup=False)
    for reason in found.reasons:
        console.print(f"  {reason['field']}: {reason['reason_zh']} / {reason['reason_en']}", markup=False)
        console.print(f"    → {reason['remedy_zh']} / {reason['remedy_en']}", markup=False, style="dim")
    if value is not None:
        console.print(value.decode("utf-8", "replace"), markup=False, highlight=False)


@app.command()
def mend(
    letter: UUID,
    sets: list[str] = typer.Option([], "--set", help="field=value; the value as JSON, or as text where it is none."),
    file: Path = typer.Option(None, exists=True, dir_okay=False, help="The whole record anew."),
) -> None:
    """Change fields of a record so that it can be replayed; refused where it would fail again."""
    if bool(sets) == bool(file):
        raise typer.BadParameter("give either --set field=value (once or more) or --file FILE")
    changes: dict[str, Any] | bytes = file.read_bytes() if file else dict(_assignment(text) for text in sets)

    async def work() -> None:
        async with unit_of_work("cli") as unit:
            await letters.mend(unit, letter, changes, actor=getpass.getuser())

    _refusable(lambda: run(work()))
    console.print(f"Mended. next: petitions dlq replay {letter}", markup=False)


@app.command()
def replay(
    letter: UUID = typer.Argument(None),
    everything: bool = typer.Option(False, "--all", help="Every waiting record."),
    verdict: str = typer.Option(None, help="With --all: only bug or permanent."),
) -> None:
    """Publish records to their topic again; doing it twice has the effect of once."""
    if (letter is None) == (not everything):
        raise typer.BadParameter("give a dead letter's id, or --all")

    async def work() -> int:
        async with unit_of_work("cli") as unit:
            if letter is not None:
                await letters.replay(unit, letter)
                return 1
            waiting = await letters.dead_letters(unit.connection, limit=10_000)
            chosen = [x for x in waiting if verdict is None or x.verdict == verdict]
            for x in chosen:
                await letters.replay(unit, x.id)
            return len(chosen)

    count = _refusable(lambda: run(work()))
    console.print(f"{count} replayed; what fails again comes back to petitions dlq list.", markup=False)


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"--set needs field=value, not {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _refusable(work: Any) -> Any:
    try:
        return work()
    except letters.DeadLetterRefused as refusal:
        raise Failed(str(refusal)) from None

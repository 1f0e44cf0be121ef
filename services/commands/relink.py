"""`petitions relink`: the whole history under the models in force, beside the live service; what it would change."""

from __future__ import annotations

import getpass
import os
from typing import Any
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import connection, settings, unit_of_work
from services.infra.clock import system_clock
from services.infra.postgres import create_pool
from services.triage import proposals
from services.triage.memory import Memory
from services.triage.relink import Relink

app = typer.Typer(no_args_is_help=True, help="Link the whole history again under the models in force, and propose what would change.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="relink")


ACTS = {"join": "并入另一事项", "part": "移出现在的事项"}


@app.command("run")
def run_all(
    share: float = typer.Option(0.5, min=0.05, max=1.0, help="How much of one core it may take."),
    most: int = typer.Option(None, min=1, help="Stop after so many complaints; the next run goes on from there."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Read and decide every complaint again; nothing is changed. A run that was stopped goes on where it was kept."""
    from classifiers.steady import steady

    configured = settings()
    memory = Memory.load(configured)
    steady()
    os.nice(10)

    async def work() -> dict[str, int]:
        assert configured.database is not None
        pool = await create_pool(configured.database.get_secret_value(), service="relink", size=1)
        try:
            with Progress(TextColumn("relinking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console_err, transient=True) as progress:
                task = progress.add_task("relinking", total=None)
                job = Relink(
                    memory.triage, pool, configured.home / "relink", clock=system_clock, share=share, neighbours=memory.neighbours,
                    on_progress=lambda done, total: progress.update(task, completed=done, total=total),
                )  # fmt: skip
                return await job.run(most)
        finally:
            await pool.close()

    counts = run(work())
    if as_json:
        print_json(counts)
        return
    console.print(
        f"{counts.get('seen', 0)} complaints read again under {memory.triage.versions.model}: {counts.get('would join', 0)} would join another "
        f"case, {counts.get('would part', 0)} would part from theirs. Nothing was changed.",
        markup=False,
    )
    console.print("next: petitions relink show, then petitions relink offer or dismiss", style="dim", markup=False)


@app.command()
def show(limit: int = typer.Option(30, min=1, max=10_000, help="How many, the surest first."), as_json: bool = JSON_OPTION) -> None:
    """Proposals of the newest run that nobody has decided on."""

    async def work() -> tuple[Any, list[Any]]:
        async with connection() as c:
            newest = await proposals.latest(c)
            return newest, [] if newest is None else await proposals.undecided(c, newest["id"], limit)

    newest, found = run(work())
    if newest is None:
        raise Failed("no re-link was run yet: petitions relink run")
    if as_json:
        print_json({**dict(newest), "proposals": [dict(row) for row in found]})
        return
    rows = [
        (row["id"], ACTS[row["act"]], f"{row['score']:.2f}", row["receipt_no"], row["case_no"], row["to_case"] or "",
         "；".join(each["text"] for each in row["why"][:3]), row["link_id"] or "")
        for row in found
    ]  # fmt: skip
    state = "done" if newest["ended_at"] else "stopped, goes on with petitions relink run"
    print_table(f"{newest['model']}: {state}; {newest['counts']}", ("proposal", "变化", "score", "信访件", "现在", "并入", "依据", "undo"), rows,
                empty=f"{newest['model']}: {state}; nothing is left to decide.")  # fmt: skip
    if rows:
        console.print("next: petitions relink offer PROPOSAL… asks the reviewers; for 移出: petitions link undo LINK --reason …", style="dim", markup=False)


@app.command()
def offer(ids: list[UUID] = typer.Argument(help="Proposals to join another case."), as_json: bool = JSON_OPTION) -> None:
    """Put proposals before the reviewers as suggestions; each is confirmed or refused there."""

    async def work() -> list[UUID]:
        async with unit_of_work("triage") as unit:
            return await proposals.offer(unit, ids, actor=getpass.getuser())

    asked = run(work())
    if as_json:
        print_json({"suggestions": asked})
        return
    console.print(f"{len(asked)} of {len(ids)} are suggestions now: {', '.join(map(str, asked)) or 'the others were decided on, or no longer apply'}", markup=False)


@app.command()
def dismiss(ids: list[UUID] = typer.Argument(help="Proposals."), as_json: bool = JSON_OPTION) -> None:
    """Leave everything as it is for these proposals."""

    async def work() -> int:
        async with unit_of_work("triage") as unit:
            return await proposals.dismiss(unit, ids, actor=getpass.getuser())

    count = run(work())
    if as_json:
        print_json({"dismissed": count})
        return
    console.print(f"{count} of {len(ids)} dismissed.", markup=False)

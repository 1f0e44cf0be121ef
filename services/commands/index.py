"""`petitions index`: the saved search index of triage; show it, build it anew from PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import connection, settings
from services.infra.settings import load
from services.triage.memory import Memory
from services.triage.rebuilding import rebuild as rebuild_all
from services.triage.snapshots import Slot, saved

app = typer.Typer(no_args_is_help=True, help="The search index of triage: a copy of rows in PostgreSQL that may be built anew at any time.")

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="index")


@app.command()
def show(as_json: bool = JSON_OPTION) -> None:
    """What is saved: complaints, shards, size and age, and whether every file can be trusted."""
    root = load().home / "index"
    found = saved(root)
    for entry in found:
        files = entry.pop("files", {})
        entry["megabytes"] = round(sum(size for size, _ in files.values()) / 1e6, 1)
        entry["saved_at"] = datetime.fromtimestamp((root / entry["slot"]).stat().st_mtime, UTC).isoformat(timespec="seconds")
    if as_json:
        print_json(found)
        return
    print_table(f"index in {root}", ("slot", "complaints", "shards", "MB", "saved at", "state"), [
        (e["slot"], e.get("size", 0), len(e.get("notes", {}).get("shards", ())), e["megabytes"], e["saved_at"], e.get("damaged", "whole"))
        for e in found
    ], empty=f"Nothing is saved in {root}; triage builds it from PostgreSQL as complaints arrive, or now: petitions index rebuild")  # fmt: skip


@app.command()
def rebuild(as_json: bool = JSON_OPTION) -> None:
    """Build the index of every shard anew from PostgreSQL, beside a running triage, which takes it over at its next start."""
    configured = settings()
    root = configured.home / "index"
    slot = Slot.for_rebuilding(root)
    if slot is None:
        raise Failed(f"the index in {root} is being rebuilt by another process: wait for it to end")
    memory = Memory.load(configured)
    memory.slot, memory.origin = slot, datetime.now(UTC).isoformat(timespec="milliseconds")

    async def work() -> dict[str, Any]:
        async with connection(configured) as c, c.transaction(isolation="repeatable_read", readonly=True):
            with Progress(TextColumn("rebuilding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console_err, transient=True) as progress:
                task = progress.add_task("rebuilding")
                await rebuild_all(c, memory, lambda done, total: progress.update(task, completed=done, total=total))
            return {"complaints": len(memory.history), "shards": len(memory.shards), "folder": str(root)}

    try:
        outcome = run(work())
    finally:
        slot.release()
    if as_json:
        print_json(outcome)
        return
    console.print(f"{outcome['complaints']} complaints of {outcome['shards']} shards are indexed in {root}.", markup=False)
    console.print("next: nothing has to stop; triage takes it over at its next start (petitions down, petitions up) and reads only what came since", style="dim", markup=False)

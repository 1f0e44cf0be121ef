"""`petitions index`: the saved search index of triage; show it, build it anew from PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import connection, settings
from services.infra.settings import load
from services.triage import repository as rows
from services.triage.memory import Memory
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
    """Build the index of every shard anew from PostgreSQL, for the next start of triage; stop triage first."""
    configured = settings()
    root = configured.home / "index"
    slots = Slot.free(root)
    if len(slots) < len(saved(root)):
        for slot in slots:
            slot.release()
        raise Failed("triage is running and holds its index: stop it (petitions down), rebuild, and start it again (petitions up)")
    for slot in slots:
        slot.drop("it is built anew")
        slot.release()
    memory = Memory.load(configured)

    async def work() -> dict[str, Any]:
        async with connection(configured) as c, c.transaction(isolation="repeatable_read", readonly=True):
            memory.open_saved(root, await rows.installation(c), now := await rows.snapshot(c))
            shards = await rows.all_shards(c)
            with Progress(TextColumn("rebuilding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console_err, transient=True) as progress:
                task = progress.add_task("rebuilding", total=sum(shards.values()))
                async for part in rows.shard_rows(c, sorted(shards)):
                    await asyncio.to_thread(memory.learn, part)
                    progress.advance(task, len(part))
            memory.end((case, True) for case in await rows.ended_in(c, sorted(shards)))
            for rule, a, b in await rows.constraints(c, None):
                memory.constrain(rule, a, b)
            memory.shards, memory.snapshot = dict.fromkeys(shards, now), now
            await asyncio.to_thread(memory.save)
            return {"complaints": len(memory.history), "shards": len(shards), "folder": str(root)}

    outcome = run(work())
    if as_json:
        print_json(outcome)
        return
    console.print(f"{outcome['complaints']} complaints of {outcome['shards']} shards are indexed in {root}.", markup=False)
    console.print("next: petitions up; triage opens it and reads only what came since", style="dim", markup=False)

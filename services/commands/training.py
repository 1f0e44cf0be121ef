"""`petitions train` and `petitions models`: learn from a city's own history, see what was learnt, go back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.casework.returned import unit_labels
from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import connection
from services.infra.cities import load_city
from services.infra.settings import load

if TYPE_CHECKING:
    from classifiers.train_city import Comparison

STAGES = 7
models_app = typer.Typer(no_args_is_help=True, help="Trained models: what is kept, what is in force.")
# A person's word only: what the machine linked by itself must not teach it that it was right.
COMPLAINTS = """
SELECT c.id::text AS id, c.event ->> 'text' AS text, c.event ->> 'title' AS title, c.received_at AS time, c.reporter AS user,
       c.event ->> 'address' AS address FROM triage.complaints c ORDER BY c.received_at, c.id
"""
ANSWERS = "SELECT a::text AS a, b::text AS b, rule = 'must' AS same FROM triage.constraints ORDER BY at, a, b"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train")(train)
    app.add_typer(models_app, name="models")


def train(
    tickets: Path = typer.Option(None, help="Closed tickets, JSON lines: id, text, and title, time, user, env, types, subtype, unit, returns, matter."),
    links: Path = typer.Option(None, help='Answers about links, JSON lines: {"a", "b", "same"} or {"id", "matter"}.'),
    from_database: bool = typer.Option(False, "--from-database", help="Learn links from what people confirmed, refused and undid, and units from who led closed cases and who returned them and why, as the database has it."),
    models: Path = typer.Option(None, file_okay=False, help="Folder of trained models; the configured one otherwise."),
    renames: Path = typer.Option(None, exists=True, dir_okay=False, help="What became of older names of units, sub-types and types (TOML); kept beside the models."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Learn units, types and pair weights from a city's history; what is not worse on the newest part comes into force."""
    from classifiers import shelf
    from classifiers.renames import Renames
    from classifiers.train_city import LEAST
    from classifiers.train_history import LINKS, PARTS, BadTicket, read_links, read_tickets
    from classifiers.train_history import train as learn
    from classifiers.units import NAME as UNITS

    if tickets is None and not from_database:
        raise typer.BadParameter("name a file with --tickets, or learn with --from-database")
    folder = models or load().models_kept
    now = datetime.now(UTC)
    sources = [path for path in (tickets, links) if path is not None]
    contents = {path: _content(path) for path in sources}
    stored = run(_stored()) if from_database else ([], [])
    try:
        kept_map = renames or (folder / shelf.RENAMES)
        mapping = Renames.read(kept_map)
        rows = read_tickets([*contents.get(tickets, b"").splitlines(), *stored[0]], mapping)
        answers = read_links([*contents.get(links, b"").splitlines(), *stored[1]])
    except (BadTicket, ValueError) as error:
        raise Failed(f"{error}; mend the file, nothing was learnt") from None
    if renames is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / shelf.RENAMES).write_bytes(renames.read_bytes())
    # what the database holds of types and of what is environmental is the machine's own opinion: it is not learnt from
    led = sum(bool(row.get("unit")) for row in rows)
    parts = (UNITS, LINKS) if led >= LEAST else (LINKS,)
    if tickets is None and led < LEAST:
        console_err.print(f"{led} complaints of closed cases name a unit, {LEAST} are needed: units are not learnt this time", style="dim", markup=False)
    provenance = {
        "made_at": now.isoformat(timespec="seconds"), "from_database": from_database,
        "files": {path.name: hashlib.sha256(content).hexdigest() for path, content in contents.items()},
    }
    try:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console_err, transient=True) as progress:
            task = progress.add_task("reading", total=STAGES)
            learnt = learn(
                rows, answers, folder, f"{now:%Y%m%d-%H%M%S}", renames=mapping, provenance=provenance,
                parts=PARTS if tickets is not None else parts,
                on_progress=lambda stage: progress.update(task, advance=1, description=stage),
            )
    except ValueError as error:
        raise Failed(f"{error}; the models in force stay as they are") from None
    if as_json:
        print_json({"version": learnt.version, "folder": str(folder), "tickets": len(rows), "links": len(answers),
                    "parts": [{"part": p.part, "promoted": p.promoted, "reason": p.reason, "old": p.old, "new": p.new} for p in learnt.parts]})
        return
    print_table(f"{len(rows)} tickets, {len(answers)} answers; the newest part decides", ("model", "figure", "old", "new", "verdict"),
                _compared(learnt.parts), empty="nothing was compared")
    if learnt.version is None:
        console.print("Nothing new is in force: no model was better or as good on the newest part.", markup=False)
        return
    console.print(f"Version {learnt.version} is in force in {folder}.", markup=False)
    console.print("next: a running triage loads it with its next batch; petitions relink run shows what it would change in the history", style="dim", markup=False)


@models_app.command("list")
def list_models(models: Path = typer.Option(None, file_okay=False, help="Folder of trained models; the configured one otherwise."), as_json: bool = JSON_OPTION) -> None:
    """Every version kept, the newest last, and which is in force."""
    from classifiers import shelf

    folder = models or load().models_kept
    rows = shelf.kept(folder)
    if as_json:
        print_json([{"in_force": k.in_force, **k.manifest} for k in rows])
        return
    print_table(f"models in {folder}", ("version", "in force", "made at", "tickets", "promoted", "models"), [
        (k.version, "yes" if k.in_force else "", k.manifest.get("made_at"), k.manifest["provenance"].get("tickets"),
         ", ".join(p["part"] for p in k.manifest["parts"] if p["promoted"]), k.manifest.get("models")) for k in rows
    ], empty=f"No version is kept in {folder}: the shipped models are in force. Learn with petitions train.")  # fmt: skip


@models_app.command("use")
def use_model(version: str, models: Path = typer.Option(None, file_okay=False, help="Folder of trained models; the configured one otherwise.")) -> None:
    """Put a version kept into force again; a running triage loads it with its next batch."""
    from classifiers import shelf

    folder = models or load().models_kept
    try:
        shelf.use(folder, version)
    except ValueError as error:
        raise Failed(str(error)) from None
    console.print(f"Version {version} is in force; a running triage loads it with its next batch.", markup=False)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}") from None


async def _stored() -> tuple[list[bytes], list[bytes]]:
    """Complaints with what casework knows of their units, and answers, as lines of the two files."""
    units = load_city(load().city).index.units
    async with connection() as c:
        labels = await unit_labels(c, lambda id: units[id].name if id in units else id)
        complaints = [orjson.dumps({**dict(row), **labels.get(row["id"], {})}) for row in await c.fetch(COMPLAINTS)]
        return complaints, [orjson.dumps(dict(row)) for row in await c.fetch(ANSWERS)]


def _compared(parts: Sequence[Comparison]) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = []
    for part in parts:
        verdict = "promoted" if part.promoted else f"stays: {part.reason}"
        names = list(dict.fromkeys((*part.old, *part.new))) or [""]
        for name in names:
            old, new = part.old.get(name), part.new.get(name)
            rows.append((part.part, name, *("" if v is None else f"{v:.3f}" for v in (old, new)), verdict if name == names[0] else ""))
    return rows

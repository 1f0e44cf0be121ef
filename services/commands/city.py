"""`petitions city`: check a city file, put it in force, see what it would change."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection
from services.dispatch.matters import matter_of
from services.domain.city import City
from services.domain.city_check import check as check_city
from services.domain.errors import CityFileInvalid
from services.domain.routing import diff as route_diff
from services.infra.settings import load

app = typer.Typer(no_args_is_help=True, help="The city file: units, people, duties, triggers, task forces.")
FOLDER = typer.Argument(None, exists=True, file_okay=False, help="Folder of the city file; the configured one where not given.")
# Loading an earlier version again puts it back in force.
STORE = """
INSERT INTO dispatch.city_versions (version, content, loaded_at, loaded_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (version) DO UPDATE SET loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by
"""
CURRENT = "SELECT version, content::text AS content, loaded_at FROM dispatch.city_versions ORDER BY loaded_at DESC LIMIT 1"
CASES = "SELECT case_no, opened FROM dispatch.cases WHERE opened IS NOT NULL ORDER BY case_no DESC LIMIT $1"


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="city")


def _city(folder: Path | None) -> City:
    path = folder or load().city
    try:
        return check_city(path)
    except CityFileInvalid as invalid:
        for problem in invalid.problems:
            console.print(str(problem), markup=False)
        raise Failed(f"{len(invalid.problems)} problems in {path}; mend them and run petitions city check again") from None


@app.command()
def check(folder: Path = FOLDER, as_json: bool = JSON_OPTION) -> None:
    """Check a city file; every problem names file, line, key, reason and remedy."""
    city = _city(folder)
    document = city.document
    counts = {
        "districts": len(document.districts), "units": len(document.units), "officers": len(document.officers),
        "leaders": len(document.leaders), "duties": len(document.duties), "triggers": len(document.triggers),
    }  # fmt: skip
    if as_json:
        print_json({"city": city.name, "version": city.version, **counts})
        return
    console.print(f"{city.name} 检查通过，版本 {city.version[:12]}：" + "，".join(f"{k} {n}" for k, n in counts.items()), markup=False)
    console.print("next: petitions city diff (what it would change), petitions city load (put it in force)", style="dim", markup=False)


@app.command("load")
def load_city(folder: Path = FOLDER) -> None:
    """Put a city file in force for new decisions; decided cases stay as they are."""
    city = _city(folder)

    async def work() -> None:
        async with connection() as c:
            await c.execute(STORE, city.version, city.to_json().encode(), datetime.now(UTC), getpass.getuser())

    run(work())
    console.print(f"{city.name} 版本 {city.version[:12]} 已生效，新派单起适用；已派案件不变", markup=False)


@app.command()
def diff(folder: Path = FOLDER, limit: int = typer.Option(5000, min=1, help="How many of the newest cases to compare."), as_json: bool = JSON_OPTION) -> None:
    """Cases that would be routed differently under this file; nothing is re-routed."""
    new = _city(folder)

    async def work() -> tuple[City, list[tuple[str, dict[str, Any]]]]:
        async with connection() as c:
            row = await c.fetchrow(CURRENT)
            if row is None:
                raise Failed("no city file is in force yet; run petitions city load")
            cases = [(r["case_no"], r["opened"]) for r in await c.fetch(CASES, limit)]
            return City.from_json(row["content"]), cases

    old, cases = run(work())
    changes = route_diff(old, new, [(case_no, matter_of(opened, new)) for case_no, opened in cases])

    def name(city: City, unit: str) -> str:
        return city.index.units[unit].name if unit in city.index.units else unit

    rows = [(c.case, "、".join(c.changed), name(old, c.before.lead), name(new, c.after.lead)) for c in changes]
    if as_json:
        print_json([{"case": r[0], "changed": r[1], "before": r[2], "after": r[3]} for r in rows])
        return
    print_table(f"{len(cases)} 件中 {len(rows)} 件会改派", ("案号", "变化", "现在", "改后"), rows, empty=f"{len(cases)} 件案件的派单都不变。")

"""What the commands of all registers share: the caller, the city, importing a file, taking a table out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import typer

from services.commands.casework import with_caller
from services.commands.output import Failed, console, print_json, print_table
from services.commands.session import settings
from services.domain.city import City
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook
from services.infra.cities import CityInvalid, load_city
from services.infra.rules import RulesInvalid, load_rules
from services.infra.unit_of_work import UnitOfWork
from services.registers.exporting import Given
from services.registers.importing import Register, Taken, Upload, take_in

T = TypeVar("T")
TOKEN = typer.Option(None, "--token", help="Access token; PETITIONS_TOKEN or the local operator's otherwise.")
FILE = typer.Argument(help="An .xlsx or .csv file.", exists=True, dir_okay=False, readable=True)
COLUMNS = typer.Option([], "--column", help="heading=column for a file with other headings, e.g. 牵头部门=责任单位.")
SHEET = typer.Option(None, "--sheet", help="Name of the sheet; the first one with content otherwise.")
CHECK = typer.Option(False, "--check", help="Only say what would happen.")
RETURNED = typer.Option(None, "--returned", help="Where rows that fail are written (.xlsx); beside the file otherwise.")
REGION = typer.Option(None, "--region", help="Only this region (six digits; trailing zeros widen it).")
SHOWN = 30


def rules() -> RuleBook:
    """The rules in force; raises `Failed`."""
    try:
        return load_rules(settings().rules)
    except RulesInvalid as failure:
        raise Failed(str(failure)) from None


def city() -> City:
    """The city in force; raises `Failed`."""
    try:
        return load_city(settings().city)
    except CityInvalid as failure:
        raise Failed(str(failure)) from None


def granted(result: T | Refusal) -> T:
    """The result; a refusal ends the command in its own words."""
    if isinstance(result, Refusal):
        raise Failed(str(result))
    return result


def ask(token: str | None, work: Callable[[UnitOfWork, Principal], Awaitable[T | Refusal]]) -> T:
    """One act as whoever sits at this terminal; a refusal undoes it."""

    async def inside(unit: UnitOfWork, actor: Principal) -> T:
        return granted(await work(unit, actor))

    return with_caller(token, inside)


def bring_in(
    register: Register, file: Path, columns: list[str], sheet: str | None, check: bool, returned: Path | None, token: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Import a file and say what became of every row; exit status 1 where rows came back."""
    upload = Upload(file.read_bytes(), file.name, dict(_pair(text) for text in columns), sheet)

    async def work(unit: UnitOfWork, actor: Principal) -> Taken | Refusal:
        return await take_in(unit, actor, register, upload, check=check)

    taken = ask(token, work)
    place = returned or file.with_name(f"{file.stem}-退回.xlsx")
    if taken.returned:
        place.write_bytes(taken.returned)
    if as_json:
        print_json(_told(taken, place if taken.returned else None))
    else:
        _show(taken, place, check)
    if taken.refused:
        raise typer.Exit(1)


def _show(taken: Taken, place: Path, check: bool) -> None:
    if taken.problems:
        rows = [(p.row, p.column, p.message) for p in taken.problems[:SHOWN]]
        print_table(f"退回的行（列出前 {len(rows)} 条）", ("行", "列", "原因"), rows, empty="")
    notes = [
        (f"表头上方{taken.above}行未读。" if taken.above else ""),
        (f"另有工作表未读：{'、'.join(taken.unread)}（--sheet 指定）。" if taken.unread else ""),
        (f"没有对应栏目的列：{'、'.join(taken.unknown)}。" if taken.unknown else ""),
    ]
    for note in filter(None, notes):
        console.print(note, style="dim", markup=False)
    console.print(taken.summary, style="bold", markup=False)
    if taken.refused:
        console.print(f"next: mend {place} and import it again", style="dim", markup=False)
    elif check:
        console.print("next: the same command without --check", style="dim", markup=False)


def _told(taken: Taken, place: Path | None) -> dict[str, Any]:
    return {
        "id": taken.id, "summary": taken.summary, **taken.counts, "headings": taken.headings, "unknown": taken.unknown,
        "above": taken.above, "unread": taken.unread, "problems": [{"row": p.row, "column": p.column, "message": p.message} for p in taken.problems],
        "returned": str(place) if place else None,
    }  # fmt: skip


def form_of(out: Path) -> str:
    """xlsx or csv by the name; raises `Failed`."""
    form = out.suffix.lower().removeprefix(".")
    if form not in ("xlsx", "csv"):
        raise Failed(f"{out}: the name must end in .xlsx or .csv")
    return form


def put(given: Given, out: Path) -> None:
    """Write a table that was taken out."""
    out.write_bytes(given.data)
    console.print(f"wrote {given.rows} rows to {out}; on record as {given.number}", markup=False)


def _pair(text: str) -> tuple[str, str]:
    heading, equals, column = text.partition("=")
    if not equals or not heading or not column:
        raise typer.BadParameter(f"--column needs heading=column, not {text!r}")
    return heading, column

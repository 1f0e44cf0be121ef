"""What the commands of all registers share: the caller, the city, importing a file, taking a table out, evidence."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import ValidationError

from services.casework.files import Files
from services.commands.casework import with_caller
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import pool_and_vault, rule_book, settings
from services.domain.city import City
from services.domain.findings import FINDINGS as FINDINGS_OF
from services.domain.findings import Finding, evidence_of
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.cities import CityInvalid, load_city
from services.infra.clock import system_clock
from services.infra.failures import describe
from services.infra.unit_of_work import UnitOfWork
from services.registers.exporting import Given
from services.registers.importing import Register, Taken, Upload, take_in
from services.registers.taking_out import REGISTERS, Wanted, take_out

T = TypeVar("T")
TOKEN = typer.Option(None, "--token", help="Access token; PETITIONS_TOKEN or the local operator's otherwise.")
FILE = typer.Argument(help="An .xlsx or .csv file.", exists=True, dir_okay=False, readable=True)
COLUMNS = typer.Option([], "--column", help="heading=column for a file with other headings, e.g. 牵头部门=责任单位.")
SHEET = typer.Option(None, "--sheet", help="Name of the sheet; the first one with content otherwise.")
CHECK = typer.Option(False, "--check", help="Only say what would happen.")
RETURNED = typer.Option(None, "--returned", help="Where rows that fail are written (.xlsx); beside the file otherwise.")
REGION = typer.Option(None, "--region", help="Only this region (six digits; trailing zeros widen it).")
OUT = typer.Argument(help="A name ending in .xlsx or .csv.")
EVIDENCE = typer.Option([], "--evidence", help="A file, or the hash of a stored one; may be repeated.")
HASH = re.compile(r"[0-9a-f]{64}")
HAZARD = typer.Option(None, "--hazard", help="What is needed against; the triggers' hints otherwise. May be repeated.")
FINDINGS_HELP = "JSON list of findings: text, mode (immediate|ledger), measure, unit, person, deadline, fixed_evidence (files or hashes)."
FINDINGS = typer.Argument(None, help=FINDINGS_HELP)
DAY = typer.Option(None, "--on", formats=["%Y-%m-%d"], help="The day; today where not given.")
SHOWN = 30


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


def add_import(app: typer.Typer, register_of: Callable[[], Register], what: str, name: str = "import") -> None:
    """A command that imports a register that needs nothing but its file."""

    @app.command(name, help=f"Import {what}; what is there is brought up to date, rows that fail come back in a marked workbook.")
    def take(
        file: Path = FILE, columns: list[str] = COLUMNS, sheet: str = SHEET, check: bool = CHECK, returned: Path = RETURNED, token: str = TOKEN,
        as_json: bool = JSON_OPTION,
    ) -> None:  # fmt: skip
        bring_in(register_of(), file, columns, sheet, check, returned, token, as_json)


def add_export(app: typer.Typer, register: str) -> None:
    """`petitions export REGISTER`: a whole register, marked with who took it and when."""

    @app.command(register, help=f"{REGISTERS[register][0]} as a file, marked with who took it and when; .xlsx has its records on further sheets.")
    def take_out_(out: Path = OUT, region: str = REGION, token: str = TOKEN) -> None:
        form, town, book = form_of(out), city(), rule_book()

        async def work(unit: UnitOfWork, actor: Principal) -> Given | Refusal:
            return await take_out(unit, register, form, Wanted(actor, town, book, region))

        put(ask(token, work), out)


def stored(names: Sequence[str], token: str | None) -> dict[str, str]:
    """Names of evidence as hashes of stored files; what is no hash is a file here, and is put into the store. Raises `Failed`."""
    hashes = {name: name for name in names if HASH.fullmatch(name)}
    paths = {name: Path(name) for name in names if name not in hashes}
    if not paths:
        return hashes
    lacking = [name for name, path in paths.items() if not path.is_file()]
    if lacking:
        raise Failed(f"{lacking[0]} is neither a file here nor the hash of a stored one")

    async def who(unit: UnitOfWork, actor: Principal) -> Principal:
        return actor

    by = ask(token, who).id
    store = Files.from_settings(settings(), rule_book().case.casework.evidence)

    async def keep() -> dict[str, str]:
        found = {}
        async with pool_and_vault() as (pool, _):
            for name, path in paths.items():
                with path.open("rb") as source:
                    file = granted(await store.keep(pool, source, kind=None, by=by, now=system_clock()))
                found[name] = file.sha256
        return found

    return hashes | run(keep())


def findings(path: Path | None, token: str | None) -> tuple[Finding, ...]:
    """Findings of an inspection from a file, the files they name put into the store; raises `Failed`."""
    if path is None:
        return ()
    try:
        found = FINDINGS_OF.validate_json(path.read_bytes())
    except (OSError, ValidationError) as failure:
        raise Failed(f"{path}: {describe(failure)}; it must be a JSON list of findings") from None
    hashes = stored(evidence_of(found), token)
    return tuple(replace(item, fixed_evidence=tuple(hashes[name] for name in item.fixed_evidence)) for item in found)


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

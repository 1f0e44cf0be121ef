"""`petitions export`: what may be taken out, in the shapes people use."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import typer

from services.commands import ledger
from services.commands.analytics import FROM, REGION, TO, query_of, today
from services.commands.output import Failed, console, run
from services.commands.session import connection, rule_book, settings

app = typer.Typer(no_args_is_help=True, help="Take figures and facts out.")
WHO = typer.Option(None, "--as", help="Who takes it; the login name where not given.")

def register(root: typer.Typer) -> None:
    """Add the commands."""
    ledger.add_exports(app)
    root.add_typer(app, name="export")


@app.command()
def indicators(
    out: Path = typer.Argument(help="A name ending in .xlsx."), region: str = REGION, start: datetime = FROM, end: datetime = TO, who: str = WHO
) -> None:
    """The indicator workbook: tables, breakdowns, hot sites, charts, definitions; small groups without figures."""
    from services.analytics.exports.workbook import Mark, workbook
    from services.analytics.names import names
    from services.analytics.report import report

    if out.suffix != ".xlsx":
        raise Failed(f"{out}: the name must end in .xlsx")
    rules = rule_book().indicators
    query = query_of(rules, region, None, start, end)

    async def work() -> bytes:
        async with connection() as c:
            known = await names(c, settings())
            found = await report(c, rules, query, today())
            return workbook(found, rules, known, Mark(who or getpass.getuser(), datetime.now(UTC)))

    out.write_bytes(run(work()))
    console.print(f"wrote {out}", markup=False)


@app.command()
def facts(
    out: Path = typer.Argument(help="A name ending in .csv or .parquet."),
    cases: bool = typer.Option(False, "--cases", help="One row a case instead of one a complaint."),
    region: str = REGION, start: datetime = FROM, end: datetime = TO,
) -> None:  # fmt: skip
    """Facts for analysts: pseudonyms of this file only, no free text, small groups blurred."""
    from services.analytics.exports.flat import write

    rules = rule_book().indicators
    query = query_of(rules, region, None, start, end)

    async def work() -> int:
        async with connection() as c:
            return await write(c, rules, "cases" if cases else "complaints", query, out)

    try:
        count = run(work())
    except ValueError as failure:
        raise Failed(str(failure)) from None
    console.print(f"wrote {count} rows to {out}", markup=False)

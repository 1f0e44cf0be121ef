"""`petitions`: one command for everything. Tables for people, `--json` for machines; exit status 0, 1 (failed), 2 (usage)."""

from __future__ import annotations

import sys

import typer

from services.commands import (
    access,
    accounts,
    analytics,
    audit,
    cases,
    city,
    clocks,
    deadletters,
    emergency,
    exports,
    ledger,
    links,
    local,
    look_back,
    offline,
    publish,
    register_folder,
    risk,
    supervision,
)
from services.commands.output import Failed, console_err
from services.stack import StackError

app = typer.Typer(
    name="petitions",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
    help="Public environmental complaints: taken in, repeats found, assigned, not struck off until fixed.",
)
local.register(app)
publish.register(app)
cases.register(app)
offline.register(app)
analytics.register(app)
app.add_typer(links.app, name="link")
app.add_typer(access.app, name="access")
app.add_typer(audit.app, name="audit")
app.add_typer(deadletters.app, name="dlq")
app.add_typer(city.app, name="city")
app.command("overdue")(clocks.overdue)
app.add_typer(clocks.app, name="clocks")
app.add_typer(supervision.app, name="supervise")
app.add_typer(look_back.app, name="look-back")
ledger.register(exports.app)
app.add_typer(exports.app, name="export")
app.add_typer(register_folder.app, name="registers")
app.add_typer(ledger.app, name="ledger")
app.add_typer(risk.app, name="risk")
app.add_typer(risk.hydropower, name="hydropower")
app.add_typer(emergency.app, name="emergency")
app.add_typer(emergency.help_app, name="resources")
app.add_typer(accounts.app, name="account")


def main() -> None:
    """Entry point: failures the user can act on are one sentence on standard error and exit status 1."""
    try:
        app()
    except (Failed, StackError) as failure:
        console_err.print(f"petitions: {failure}", style="red", highlight=False, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()

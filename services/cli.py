"""`petitions`: one command for everything. Tables for people, `--json` for machines; exit status 0, 1 (failed), 2 (usage)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from services.commands.output import Failed, console_err
from services.stack.errors import StackError

COMMANDS: dict[str, str] = {
    "up": "local",
    "down": "local",
    "status": "local",
    "doctor": "local",
    "migrate": "local",
    "run-services": "local",
    "serve": "serve",
    "demo": "demo",
    "publish": "publish",
    "cases": "cases",
    "case": "cases",
    "link": "links",
    "triage": "offline",
    "evaluate": "evaluation",
    "train": "training",
    "models": "training",
    "index": "index",
    "relink": "relink",
    "overdue": "clocks",
    "clocks": "clocks",
    "supervise": "supervision",
    "look-back": "look_back",
    "indicators": "analytics",
    "hot": "analytics",
    "rising": "analytics",
    "matter": "analytics",
    "brief": "analytics",
    "analytics": "analytics",
    "export": "exports",
    "registers": "register_folder",
    "ledger": "ledger",
    "risk": "risk",
    "hydropower": "hydropower",
    "emergency": "emergency",
    "resources": "resources",
    "dlq": "deadletters",
    "city": "city",
    "access": "access",
    "account": "accounts",
    "audit": "audit",
    "vault": "vault",
}
"""Command → module of `services.commands` whose `register` adds it. Only what is asked for is imported: a service process
starts through here too, and must not carry every other command's libraries."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The application with the command that the arguments name, or with all of them."""
    app = typer.Typer(
        name="petitions",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_show_locals=False,
        help="Public environmental complaints: taken in, repeats found, assigned, not struck off until fixed.",
    )
    app.callback()(lambda: None)  # a lone command would otherwise lose its name
    asked = COMMANDS.get(arguments[0]) if arguments else None
    for module in [asked] if asked else dict.fromkeys(COMMANDS.values()):
        import_module(f"services.commands.{module}").register(app)
    return app


def main() -> None:
    """Entry point: failures the user can act on are one sentence on standard error and exit status 1."""
    try:
        app_for(sys.argv[1:])()
    except (Failed, StackError) as failure:
        console_err.print(f"petitions: {failure}", style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

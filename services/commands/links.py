"""`petitions link`: what a person says about a link."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable
from uuid import UUID

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, run
from services.commands.session import unit_of_work
from services.infra.unit_of_work import UnitOfWork
from services.triage import links

app = typer.Typer(no_args_is_help=True, help="Confirm, refuse or undo links between complaints and cases.")
ACTOR = typer.Option(None, "--as", help="Who decides; the login name where not given.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="link")


def _decide(as_json: bool, said: str, decide: Callable[[UnitOfWork], Awaitable[links.Outcome]]) -> None:
    async def work() -> links.Outcome:
        async with unit_of_work("triage") as unit:
            return await decide(unit)

    try:
        outcome = run(work())
    except links.LinkRefused as refusal:
        raise Failed(str(refusal)) from None
    if as_json:
        print_json({"complaint": outcome.complaint_id, "left": outcome.left, "case": outcome.case_id, "case_no": outcome.case_no})
        return
    console.print(f"{said}; the complaint is in case {outcome.case_no}. The index learns it with the next batch.", markup=False)


@app.command()
def undo(link: UUID, reason: str = typer.Option(..., help="Why it is wrong."), actor: str = ACTOR, as_json: bool = JSON_OPTION) -> None:
    """Undo a link: the complaint gets a case of its own back, and is never linked there again."""
    who = actor or getpass.getuser()
    _decide(as_json, "Undone", lambda unit: links.undo(unit, link, actor=who, reason=reason))


@app.command()
def confirm(link: UUID, actor: str = ACTOR, as_json: bool = JSON_OPTION) -> None:
    """Confirm a suggestion: the complaint joins the suggested case."""
    who = actor or getpass.getuser()
    _decide(as_json, "Confirmed", lambda unit: links.confirm(unit, link, actor=who))


@app.command()
def refuse(link: UUID, actor: str = ACTOR, as_json: bool = JSON_OPTION) -> None:
    """Refuse a suggestion: both stay apart, and it is not suggested again."""
    who = actor or getpass.getuser()
    _decide(as_json, "Refused", lambda unit: links.refuse(unit, link, actor=who))

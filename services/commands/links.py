"""`petitions link`: what a person says about a link, by the one code path of casework."""

from __future__ import annotations

from uuid import UUID

import typer

from services.casework.acts import Act, ConfirmSuggestion, RefuseSuggestion, UndoLink
from services.casework.execute import Asked, Denied
from services.commands.casework import TOKEN, office, with_caller
from services.commands.output import JSON_OPTION, Failed, console, print_json
from services.domain.principals import Principal
from services.domain.refusals import refuse
from services.infra.unit_of_work import UnitOfWork

app = typer.Typer(no_args_is_help=True, help="Confirm, refuse or undo links between complaints and cases.")
LINK = "SELECT complaint_id, case_id FROM triage.links WHERE id = $1"
STANDS = """
SELECT v.case_id, c.case_no FROM triage.live_links v JOIN triage.cases c ON c.id = v.case_id
WHERE v.complaint_id = $1 ORDER BY v.weight DESC LIMIT 1
"""

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="link")


def _decide(link: UUID, token: str | None, said: str, as_json: bool, *, reason: str | None = None, confirm: bool = False) -> None:
    desk = office()

    async def work(unit: UnitOfWork, actor: Principal) -> tuple[UUID, UUID, UUID, str]:
        row = await unit.connection.fetchrow(LINK, link)
        if row is None:
            raise Failed(str(refuse("link.missing", link=link)))
        complaint = row["complaint_id"]
        before = await unit.connection.fetchrow(STANDS, complaint)
        act: Act = (
            UndoLink(complaint_id=complaint, reason=reason)
            if reason is not None
            else ConfirmSuggestion(link_id=link)
            if confirm
            else RefuseSuggestion(link_id=link)
        )
        if reason is not None and row["case_id"] != before["case_id"]:
            raise Failed(str(refuse("link.stale")))
        [outcome] = await desk.execute(unit, [Asked(actor, row["case_id"], act)])
        if isinstance(outcome, Denied):
            raise Failed(str(outcome.refusal))
        after = await unit.connection.fetchrow(STANDS, complaint)
        return complaint, before["case_id"], after["case_id"], after["case_no"]

    complaint, left, case_id, case_no = with_caller(token, work)
    if as_json:
        print_json({"complaint": complaint, "left": left if left != case_id else None, "case": case_id, "case_no": case_no})
        return
    console.print(f"{said}; the complaint is in case {case_no}. The index learns it with the next batch.", markup=False)


@app.command()
def undo(link: UUID, reason: str = typer.Option(..., help="Why it is wrong."), token: str = TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Undo a link: the complaint gets a case of its own back, and is never linked there again."""
    _decide(link, token, "Undone", as_json, reason=reason)


@app.command()
def confirm(link: UUID, token: str = TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Confirm a suggestion: the complaint joins the suggested case."""
    _decide(link, token, "Confirmed", as_json, confirm=True)


@app.command("refuse")
def refuse_(link: UUID, token: str = TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Refuse a suggestion: both stay apart, and it is not suggested again."""
    _decide(link, token, "Refused", as_json)

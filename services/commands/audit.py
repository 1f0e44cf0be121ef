"""`petitions audit`: history checked to its first break, days anchored, and who saw whose identity."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import typer

from services.casework import audit, reading
from services.casework.identities import reveal, who_saw
from services.commands.casework import TOKEN, office, with_caller
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.unit_of_work import UnitOfWork

app = typer.Typer(no_args_is_help=True, help="History nobody can rewrite unseen; every read of an identity.")

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="audit")


@app.command()
def verify(case: str = typer.Argument(None, help="Only this case."), as_json: bool = JSON_OPTION) -> None:
    """Check every chain, snapshot and anchored day; names the first break. Exit status 1 where there is one."""

    async def work() -> audit.Verdict:
        async with connection() as c, c.transaction(isolation="repeatable_read", readonly=True):
            id: UUID | None = None
            if case is not None:
                state = await reading.find_case(c, case)
                if state is None:
                    raise Failed(f"there is no case {case}; list cases with: petitions cases")
                id = UUID(state.case_id)
            with console.status("verifying") as spinner:
                return await audit.verify(c, id, progress=lambda events: spinner.update(f"verified {events:,} events"))

    found = run(work())
    broken = found.broken
    if as_json:
        print_json({
            "cases": found.cases, "events": found.events, "days": found.days, "root": found.root,
            "break": None if broken is None else {
                "case_id": broken.case_id, "version": broken.version, "why": broken.why, "expected": broken.expected, "found": broken.found,
            },
        })  # fmt: skip
    elif broken is None:
        console.print(f"{found.events:,} events of {found.cases:,} cases and {found.days} anchored days are unbroken", markup=False)
        console.print(f"root {found.root}", markup=False, highlight=False)
        console.print("compare it with the root you keep elsewhere", style="dim", markup=False)
    if broken is not None:
        where = f"case {broken.case_id} version {broken.version}: " if broken.case_id else ""
        raise Failed(f"history is broken: {where}{broken.why}; expected {broken.expected}, found {broken.found}")


@app.command()
def anchor(as_json: bool = JSON_OPTION) -> None:
    """Anchor every day that has ended; the casework service does it by itself after midnight."""

    async def work() -> list[str]:
        async with connection() as c, c.transaction():
            return [str(day) for day in await audit.anchor_days(c, datetime.now(UTC))]

    days = run(work())
    if as_json:
        print_json({"anchored": days})
        return
    console.print(f"anchored {', '.join(days)}" if days else "every day that has ended is anchored already", markup=False)


@app.command("who-saw")
def who_saw_(receipt: str = typer.Argument(help="Receipt number."), as_json: bool = JSON_OPTION) -> None:
    """Every read of the identity behind a complaint: who, when, which fields, what for."""

    async def work() -> list[Any]:
        async with connection() as c:
            return list(await who_saw(c, receipt))

    reads = run(work())
    if as_json:
        print_json([{"reader": r.reader, "role": r.role, "unit": r.unit, "fields": r.fields, "purpose": r.purpose, "at": r.at} for r in reads])
        return
    rows = [(f"{r.at:%Y-%m-%d %H:%M}", r.reader, r.unit, "、".join(r.fields), r.purpose) for r in reads]
    print_table(f"{receipt} 身份查阅记录", ("时间", "人员", "单位", "内容", "用途"), rows, empty=f"Nobody has seen who is behind {receipt}.")


@app.command("reveal")
def reveal_(
    receipt: str = typer.Argument(help="Receipt number."),
    purpose: str = typer.Option(..., help="Why you must see it; it is kept on record."),
    token: str = TOKEN,
    as_json: bool = JSON_OPTION,
) -> None:
    """See who complained, as far as your role may; the act is recorded."""
    desk = office()

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await reveal(unit, desk.rules.access, actor, receipt, purpose)

    found = with_caller(token, work)
    if isinstance(found, Refusal):
        raise Failed(str(found))
    if as_json:
        print_json({"receipt_no": receipt, "fields": dict(found.fields)})
        return
    print_table(receipt, ("内容", "值"), list(found.fields.items()), empty="Nothing is known of this petitioner.")
    console.print(f"on record: petitions audit who-saw {receipt}", style="dim", markup=False)

"""`petitions look-back`: draw closed-out cases by their risk, and list what is to be looked at and what was found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, rule_book, unit_of_work
from services.domain.supervision.look_back import QUESTIONS, Drawn
from services.infra.clock import system_clock
from services.supervision import look_back
from services.supervision.app import a_seed

app = typer.Typer(no_args_is_help=True, help="回头看: samples of closed-out cases, drawn by risk and repeatable.")

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="look-back")


@app.command("sample")
def sample(
    seed: str = typer.Option(None, help="Seed of the draw; a random one otherwise. It is kept and shown."),
    size: int = typer.Option(None, min=1, max=10_000, help="How many; the configured share otherwise."),
    apply: bool = typer.Option(False, "--apply", help="Make the drawn cases due; without it the draw is only shown."),
    repeat: UUID = typer.Option(None, help="Draw a kept draw again and compare."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Draw cases to look back at: the riskier (repeats, earlier rebounds, the unit's record), the likelier."""
    if repeat is not None:
        _repeat(repeat, as_json)
        return
    book, now = rule_book(), system_clock()

    async def work() -> tuple[look_back.Draw, list[str]]:
        if not apply:
            async with connection() as found:
                return await look_back.draw(found, book, seed=seed or a_seed(), now=now, size=size), []
        async with unit_of_work("supervision") as unit:
            drawn = await look_back.draw(unit.connection, book, seed=seed or a_seed(), now=now, size=size)
            return drawn, await look_back.keep(unit, drawn, book, by="cli")

    drawn, due = run(work())
    if as_json:
        print_json({"draw": str(drawn.id), "seed": drawn.seed, "population": len(drawn.candidates), "due_on": drawn.due_on,
                    "applied": apply, "due": due, "drawn": look_back.reasons_of(drawn.drawn)})  # fmt: skip
        return
    _table(f"回头看抽查（{len(drawn.candidates)} 件中抽 {len(drawn.drawn)} 件，种子 {drawn.seed}）", drawn.drawn)
    if apply:
        console.print(f"{len(due)} 件列入回头看，{drawn.due_on}前完成；draw {drawn.id}", markup=False)
        console.print("next: petitions look-back list", style="dim", markup=False)
    elif drawn.drawn:
        console.print(f"nothing changed yet; next: petitions look-back sample --seed {drawn.seed} --apply", style="dim", markup=False)


def _repeat(id: UUID, as_json: bool) -> None:
    async def work() -> tuple[tuple[Drawn, ...], set[UUID]]:
        async with connection() as found:
            return await look_back.repeat(found, id, rule_book().look_back)

    try:
        again, chosen = run(work())
    except look_back.DrawUnknown:
        raise Failed(f"there is no draw {id}; petitions look-back list --json names the draws") from None
    same = {UUID(item.candidate.case_id) for item in again} == chosen
    if as_json:
        print_json({"draw": str(id), "same": same, "drawn": look_back.reasons_of(again)})
    else:
        _table(f"重抽（{len(again)} 件）", again)
        console.print("与当时抽取一致" if same else "与当时抽取不一致：规则或名单已改变", markup=False)
    if not same:
        raise typer.Exit(1)


@app.command("list")
def listed(
    state: str = typer.Option("due", help="due, done, void or all."),
    unit: str = typer.Option(None, help="Only cases this unit had (id)."),
    limit: int = typer.Option(50, min=1, max=10_000, help="How many."),
    as_json: bool = JSON_OPTION,
) -> None:
    """List cases to look back at, and what was found where somebody has."""
    if state not in ("due", "done", "void", "all"):
        raise typer.BadParameter(f"{state} is none of due, done, void, all", param_hint="--state")

    async def work() -> list[dict[str, Any]]:
        async with connection() as found:
            return await look_back.listed(found, state=None if state == "all" else state, unit_id=unit, limit=limit)

    found = run(work())
    if as_json:
        print_json(found)
        return
    print_table(
        f"回头看（{len(found)} 件）", ("案号", "承办单位", "期限", "原因", "结果", "说明"),
        [(r["case_no"], r["unit_id"], r["due_on"] or "", "；".join(r["reasons"]), _outcome(r), r["finding"] or "") for r in found],
        empty="Nothing to look back at; draw cases with: petitions look-back sample --apply",
    )  # fmt: skip
    if any(r["state"] == "due" for r in found):
        console.print(f"三问：{'；'.join(QUESTIONS)}", markup=False)
        console.print("next: petitions case act 案号 look_back …（answers of the three questions）", style="dim", markup=False)


def _outcome(row: dict[str, Any]) -> str:
    if row["state"] != "done":
        return {"due": "待办", "void": "已重新立案"}[row["state"]]
    if row["passed"]:
        return "通过"
    found = [name for name, said in (("反弹", row["rebound"]), ("假整改", row["fake"])) if said]
    return "不通过" + (f"（{'、'.join(found)}）" if found else "")


def _table(title: str, drawn: tuple[Drawn, ...]) -> None:
    print_table(
        title, ("案号", "销号日", "权重", "原因"),
        [(d.candidate.case_no, f"{d.candidate.closed_at:%Y-%m-%d}", round(d.weight, 2), "；".join(d.reasons)) for d in drawn],
        empty="No case is closed out long enough to be drawn.",
    )  # fmt: skip

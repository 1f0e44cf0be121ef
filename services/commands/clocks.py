"""`petitions overdue` and `petitions clocks`: what is late, how the clocks stand, deadlines computed again."""

from __future__ import annotations

from typing import Any

import typer
from rich.progress import Progress

from services.commands.output import JSON_OPTION, console, console_err, print_json, print_table, run
from services.commands.session import connection, pool_and_vault, rule_book
from services.domain.case.status import Status
from services.domain.clocks.calendar import local
from services.domain.rulebook import RuleBook
from services.infra.clock import system_clock
from services.supervision import recompute as recomputing
from services.supervision.overdue import overdue as find_overdue

app = typer.Typer(no_args_is_help=True, help="Deadlines: how they stand, computed again after a change of rules or calendar.")
SHOWN = 40

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.command("overdue")(overdue)
    root.add_typer(app, name="clocks")


def overdue(
    unit: str = typer.Option(None, help="Only cases this unit leads (id)."),
    leader: str = typer.Option(None, help="Only cases of this leader in charge (id or name)."),
    region: str = typer.Option(None, help="Only cases of this district (six digits)."),
    limit: int = typer.Option(50, min=1, max=10_000, help="How many, those without a unit and the longest overdue first."),
    as_json: bool = JSON_OPTION,
) -> None:
    """List cases with an overdue duty, the rule behind it, and how long the public has waited."""
    book = rule_book()

    async def work() -> list[dict[str, Any]]:
        async with connection() as c:
            return await find_overdue(c, book.case.calendar, system_clock(), unit_id=unit, leader=leader, region=region, limit=limit)

    found = run(work())
    if as_json:
        print_json(found)
        return
    print_table(
        f"逾期案件（{len(found)} 件）",
        ("案号", "状态", "主办", "包案领导", "期限", "届满日", "逾期工作日", "群众已等工作日", "督办", "依据"),
        [
            (r["case_no"], Status(r["status"]).label, r["unit"] or "（无人承办）", r["leader"], r["label"], r["last_day"], r["days"],
             r["public_days"], r["step"] or "", r["rule_id"])
            for r in found
        ],
        empty="Nothing is overdue.",
    )  # fmt: skip
    if found:
        console.print("next: petitions case show 案号 · petitions supervise next", style="dim", markup=False)


@app.command("status")
def status(as_json: bool = JSON_OPTION) -> None:
    """How many clocks run, what waits for a sweep, how far the holiday table reaches, what needs recomputing."""
    book = rule_book()

    async def work() -> dict[str, Any]:
        async with connection() as c:
            return await recomputing.status(c, book, clock=system_clock)

    found = run(work())
    if as_json:
        print_json(found)
        return
    coming = f"{local(found['next_at']):%Y-%m-%d %H:%M}" if found["next_at"] else "无"
    print_table("期限", ("项目", "数"), [
        ("在办案件", found["open_cases"]), ("运行中的期限", found["clocks"]), ("已逾期", found["overdue"]),
        ("到点待播报", found["waiting"]), ("下一到点", coming), ("暂定（次年放假安排未公布）", found["provisional"]),
        ("按旧规则或旧日历计算", found["stale"]), ("无法计算的案件", found["troubled"]),
    ], empty="")  # fmt: skip
    console.print(f"rules {found['rule_version']}, calendar {found['calendar_version']}", style="dim", markup=False)
    console.print(calendar_end(book, found["provisional"]), markup=False)
    if found["trouble"]:
        console.print(found["trouble"], markup=False)
    if found["stale"] or found["troubled"]:
        console.print("next: petitions clocks recompute", style="dim", markup=False)


@app.command("recompute")
def recompute(
    apply: bool = typer.Option(False, "--apply", help="Keep what was computed; without it the differences are only listed."),
    changed_only: bool = typer.Option(False, "--changed-only", help="Only cases whose clocks another version of rules or calendar made."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Compute deadlines again with the rules and calendar in force, and list every one that moves. Nothing is announced twice."""
    book = rule_book()

    async def work() -> recomputing.Recomputed:
        async with pool_and_vault() as (pool, vault):
            with Progress(console=console_err, transient=True) as progress:
                task = progress.add_task("recomputing", total=None)
                return await recomputing.recompute(
                    pool, vault, book, clock=system_clock, by="cli", apply=apply, everything=not changed_only,
                    progress=lambda cases: progress.update(task, completed=cases, description=f"{cases} cases"),
                )  # fmt: skip

    found = run(work()).as_json()
    if as_json:
        print_json({**found, "calendar_until": book.case.calendar.last_year})
        return
    moved = found["differences"]
    print_table(
        f"期限变化（{found['cases']} 件案件，{len(moved)} 处不同{'，显示前 ' + str(SHOWN) if len(moved) > SHOWN else ''}）",
        ("案号", "期限", "原届满日", "新届满日", "说明"),
        [(d["case_no"], d["clock"], d["before"] or "", d["after"] or "", d["text"]) for d in moved[:SHOWN]],
        empty=f"{found['cases']} cases looked at; no deadline moves.",
    )
    console.print(calendar_end(book), markup=False)
    if moved and not apply:
        console.print("nothing changed yet; next: petitions clocks recompute --apply (all differences: --json)", style="dim", markup=False)


@app.command("rebuild")
def rebuild(as_json: bool = JSON_OPTION) -> None:
    """Make rows, clocks, look-back outcomes and rebounds again from casework's log; what was announced stays announced."""
    book = rule_book()

    async def work() -> int:
        async with pool_and_vault() as (pool, vault):
            with Progress(console=console_err, transient=True) as progress:
                task = progress.add_task("rebuilding", total=None)
                return await recomputing.rebuild(
                    pool, vault, book, clock=system_clock,
                    progress=lambda cases: progress.update(task, completed=cases, description=f"{cases} cases"),
                )  # fmt: skip

    cases = run(work())
    if as_json:
        print_json({"cases": cases})
    else:
        console.print(f"{cases} cases rebuilt from the log; next: petitions clocks status", markup=False)


def calendar_end(book: RuleBook, provisional: int = 0) -> str:
    """How far the holidays are known, and what to do when the next year's notice is out."""
    calendar = book.case.calendar
    some = f"，其中{provisional}个期限因此为暂定" if provisional else ""
    beyond = f"之后按周末和元旦暂计{some}" if calendar.provisional_allowed else "之后的期限不予计算"
    return (
        f"节假日表到{calendar.last_year}年底，{beyond}。国务院公布{calendar.last_year + 1}年放假安排后，"
        "请更新 chinese-calendar 或在 deploy/rules/calendar.yaml 录入，再运行 petitions clocks recompute。"
    )

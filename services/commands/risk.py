"""`petitions risk`: risk sources (环境风险源清单), inspections, and cases about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from contracts.vocabulary import RiskArea
from services.commands import registers as shared
from services.commands.output import JSON_OPTION, console, print_json, print_table
from services.domain.principals import Principal
from services.infra.unit_of_work import UnitOfWork
from services.registers.risks import acts

app = typer.Typer(no_args_is_help=True, help="Risk sources of the seven areas (环境风险源清单).")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="risk")


shared.add_import(app, lambda: acts.RiskRegister(shared.city()), "risk sources")


@app.command("list")
def list_sources(
    region: str = shared.REGION, area: RiskArea = typer.Option(None, help="Only this risk area."),
    with_cases: bool = typer.Option(False, "--with-cases", help="Only sources that cases are about."),
    limit: int = typer.Option(100, min=1, max=10_000), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Sources with who watches them, their last inspection, and how many cases are about them."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.page(unit, actor, region=region, area=area, with_cases=with_cases, limit=limit)

    found, _ = shared.ask(token, work)
    if as_json:
        print_json([dict(row) for row in found])
        return
    rows = [(row["id"], row["area"], row["unit"], row["person"], row["inspected_on"], row["cases"]) for row in found]
    print_table("环境风险源清单", ("编号", "类别", "监管单位", "责任人", "最近检查", "信访案件"), rows,
                empty="No risk sources: petitions risk import FILE")  # fmt: skip
    console.print("next: petitions risk show 编号, petitions risk suggested", style="dim", markup=False)


@app.command("show")
def show_source(id: str, token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """One source with its inspections and the cases about it."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.show(unit, actor, id)

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    console.print(f"[bold]{found['name']}[/bold]  {found['area']}  {found['address']}  {found['unit']} {found['person']}")
    console.print(f"风险：{found['risk'] or '未填'}  管控：{found['measures'] or '未填'}", markup=False)
    rows = [(row["held_on"], row["by"], len(row["findings"]), row["note"]) for row in found["inspections"]]
    print_table("检查", ("日期", "检查人", "隐患", "备注"), rows, empty="Not inspected yet: petitions risk inspect")
    words = {"matched": "名称相合", "suggested": "待人判断", "confirmed": "已确认", "refused": "已否定"}
    cases = [(row["case_no"], words[row["state"]], row["why"]) for row in found["complaints"]]
    print_table("信访案件", ("案号", "判断", "依据"), cases, empty="No case is about it.")


@app.command()
def inspect(
    id: str, findings: Path = shared.FINDINGS,
    on: datetime = shared.DAY, note: str = typer.Option("", help="Anything else."), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Put an inspection on record; what is not fixed at once becomes lines of the ledger."""
    city, found = shared.city(), shared.findings(findings, token)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.inspect(unit, actor, city, id, (on or datetime.now(UTC)).date(), found, note)

    done = shared.ask(token, work)
    if as_json:
        print_json(done)
        return
    console.print(f"检查已登记：隐患{done['findings']}处，其中{len(done['on_ledger'])}处列入整改台账。", markup=False)
    console.print("next: petitions ledger list --origin inspection, petitions ledger report LINE --text …", style="dim", markup=False)


@app.command()
def suggested(token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Cases that may be about a source and wait for a person."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.suggestions(unit, actor)

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    rows = [(row["source_id"], row["case_no"], str(row["case_id"]), row["why"]) for row in found]
    print_table("待判断", ("风险源", "案号", "案件编号", "依据"), rows, empty="Nothing waits.")
    if found:
        console.print("next: petitions risk judge 风险源 案件编号 --same (or --other)", style="dim", markup=False)


@app.command()
def judge(
    id: str, case: UUID, same: bool = typer.Option(..., "--same/--other", help="The case is about this source, or not."), token: str = shared.TOKEN
) -> None:
    """Say whether a case is about a source; a yes raises the case's urgency."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.judge(unit, actor, id, case, same=same)

    console.print(f"{shared.ask(token, work)}：{'涉及' if same else '不涉及'}{id}。", markup=False)

"""`petitions ledger`: the rectification ledger (整改台账); `petitions export ledger|disclosure` takes tables out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from services.commands import registers as shared
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table
from services.commands.session import rule_book
from services.domain.findings import LineAct
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.unit_of_work import UnitOfWork
from services.registers.exporting import Given
from services.registers.ledger import acts, findings
from services.registers.ledger.lines import LedgerRegister
from services.registers.taking_out import REGISTERS

app = typer.Typer(no_args_is_help=True, help="The rectification ledger (整改台账).")
LINE = typer.Argument(help="A line an inspection made, as petitions ledger list --origin inspection shows it.")
TEXT = typer.Option(..., "--text", help="In words.")
UNIT = typer.Option(None, "--unit", help="Only lines this unit leads or takes part in (id).")
OPEN = typer.Option(None, "--open/--closed", help="Only lines still owed, or only those done.")
OVERDUE = typer.Option(False, "--overdue", help="Only open lines past their deadline.")
ORIGIN = typer.Option(None, "--origin", help="case, import or inspection.")
MODE = typer.Option(None, "--mode", help="ledger (台账整改) or immediate (立行立改).")
SINCE = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="First received from this day.")
UNTIL = typer.Option(None, "--to", formats=["%Y-%m-%d"], help="First received until this day.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="ledger")


def add_exports(export: typer.Typer) -> None:
    """Add `petitions export ledger`, `petitions export disclosure` and one for each other register."""
    export.command("ledger")(export_ledger)
    export.command("disclosure")(export_disclosure)
    for register in REGISTERS:
        shared.add_export(export, register)


def wanted(region: str | None, unit: str | None, open_: bool | None, overdue: bool, mode: str | None, origin: str | None) -> acts.Filter:
    """The filter from what was typed; raises `Failed` for a word that is none."""
    for name, value, known in (("--mode", mode, ("ledger", "immediate")), ("--origin", origin, ("case", "import", "inspection"))):
        if value is not None and value not in known:
            raise Failed(f"{name} is one of {', '.join(known)}, not {value}")
    return acts.Filter(region, unit, open_, overdue, mode, origin)


@app.command("import")
def take(
    file: Path = shared.FILE, columns: list[str] = shared.COLUMNS, sheet: str = shared.SHEET, check: bool = shared.CHECK,
    region: str = typer.Option(None, "--region", help="District of lines whose unit is none of the city's."),
    returned: Path = shared.RETURNED, token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Import a ledger kept elsewhere; rows that fail come back in a marked workbook."""
    register = LedgerRegister(shared.city(), rule_book().ledger, datetime.now(UTC), region)
    shared.bring_in(register, file, columns, sheet, check, returned, token, as_json)


@app.command("list")
def list_lines(
    region: str = shared.REGION, unit: str = UNIT, open_: bool = OPEN, overdue: bool = OVERDUE, mode: str = MODE, origin: str = ORIGIN,
    limit: int = typer.Option(50, min=1, max=10_000), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Lines by deadline."""
    chosen = wanted(region, unit, open_, overdue, mode, origin)

    async def work(unit_: UnitOfWork, actor: Principal) -> acts.Page | Refusal:
        return await acts.page(unit_, actor, chosen, limit=limit)

    page = shared.ask(token, work)
    if as_json:
        print_json({"total": page.total, "lines": [dict(line) for line in page.lines]})
        return
    rows = [
        (line["deadline"], line["case_no"] or (str(line["id"])[:8] if line["origin"] == "inspection" else line["source"][:20]), line["problem"][:40], line["lead_unit"], line["person"], line["progress"][:30], line["state"])
        for line in page.lines
    ]
    print_table(
        f"整改台账（共 {page.total} 条，列出 {len(rows)} 条）", ("整改时限", "编号或来源", "问题", "责任单位", "责任人", "进展", "状态"), rows,
        empty="The ledger is empty: import one with petitions ledger import FILE, or plan measures in a case.",
    )  # fmt: skip
    console.print("next: petitions export ledger FILE.xlsx, petitions ledger lacking", style="dim", markup=False)


@app.command("lacking")
def list_lacking(token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Cases with measures that are not on the ledger, and what they lack; exit status 1 where there are any."""

    async def work(unit: UnitOfWork, actor: Principal) -> list[dict[str, Any]] | Refusal:
        return await acts.lacking(unit, actor)

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
    else:
        rows = [(row["case_no"], row["region"], "、".join(row["missing"])) for row in found]
        print_table("未列入台账的案件", ("案号", "区划", "缺少"), rows, empty="Every case with measures is on the ledger.")
    if found:
        raise typer.Exit(1)


def _done(line: str, act: LineAct, text: str, evidence: list[str], token: str | None, **more: Any) -> None:
    hashes = shared.stored(evidence, token)
    told = findings.Told(act, text, tuple(hashes[name] for name in evidence), **more)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        id = await findings.named(unit, actor, line)
        return id if isinstance(id, Refusal) else await findings.act(unit, actor, id, told)

    after = shared.ask(token, work)
    console.print(f"{act.label}：{after['problem']}  {after['state']}  时限{after['deadline']}", markup=False)


@app.command()
def report(line: str = LINE, text: str = TEXT, evidence: list[str] = shared.EVIDENCE, token: str = shared.TOKEN) -> None:
    """填报进展: what the unit did about a finding, with its evidence."""
    _done(line, LineAct.REPORT, text, evidence, token)
    console.print("next, by somebody else: petitions ledger close-out LINE --text …, or return", style="dim", markup=False)


@app.command("return")
def send_back(line: str = LINE, text: str = TEXT, token: str = shared.TOKEN) -> None:
    """退回整改: what was reported is not enough."""
    _done(line, LineAct.RETURN, text, [], token)


@app.command()
def postpone(
    line: str = LINE, until: datetime = typer.Option(..., formats=["%Y-%m-%d"], help="The new day."), text: str = TEXT, token: str = shared.TOKEN
) -> None:
    """延期: more time, once and before the day."""
    _done(line, LineAct.POSTPONE, text, [], token, until=until.date())


@app.command("close-out")
def close_out(
    line: str = LINE, text: str = TEXT, number: str = typer.Option("", "--number", help="销号文号."), evidence: list[str] = shared.EVIDENCE,
    token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """销号: a second person found it put right; never without evidence."""
    _done(line, LineAct.CLOSE_OUT, text, evidence, token, document_no=number)


@app.command("show")
def show_line(line: str = LINE, token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """One line with what happened to it."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        id = await findings.named(unit, actor, line)
        return id if isinstance(id, Refusal) else await findings.history(unit, actor, id)

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    console.print(f"[bold]{found['problem']}[/bold]  {found['state']}  {found['lead_unit']} {found['person']}  时限 {found['deadline']}")
    console.print(f"来源：{found['source']}  措施：{found['measures']}  进展：{found['progress'] or '未填报'}", markup=False)
    rows = [(f"{e['at']:%Y-%m-%d}", LineAct(e["kind"]).label, e["by"], e["text"], len(e["evidence"])) for e in found["history"]]
    print_table("经过", ("日期", "事项", "人员", "说明", "证据"), rows, empty="Nothing was reported: petitions ledger report LINE --text …")


def export_ledger(
    out: Path = shared.OUT, region: str = shared.REGION, unit: str = UNIT, open_: bool = OPEN, overdue: bool = OVERDUE, mode: str = MODE,
    origin: str = ORIGIN, token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """The ledger with the columns officials use, marked with who took it and when."""
    chosen, form, rules = wanted(region, unit, open_, overdue, mode, origin), shared.form_of(out), rule_book()

    async def work(unit_: UnitOfWork, actor: Principal) -> Given | Refusal:
        return await acts.export(unit_, actor, rules.ledger, chosen, form)

    shared.put(shared.ask(token, work), out)


def export_disclosure(
    out: Path = shared.OUT, region: str = shared.REGION, start: datetime = SINCE, end: datetime = UNTIL, token: str = shared.TOKEN
) -> None:
    """《群众信访举报转办和边督边改公开情况一览表》: no petitioner in it; what is held back is listed with the reason."""
    city, form = shared.city(), shared.form_of(out)

    async def work(unit: UnitOfWork, actor: Principal) -> acts.Published | Refusal:
        since, until = (day.date() if day else None for day in (start, end))
        return await acts.disclose(unit, actor, city, form, region=region, since=since, until=until)

    published = shared.ask(token, work)
    if published.held:
        rows = [(held.receipt_no, held.case_no, held.why) for held in published.held]
        print_table(f"暂不公开 {len(rows)} 件", ("受理编号", "案号", "原因"), rows, empty="")
    shared.put(published.given, out)

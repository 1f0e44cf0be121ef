"""`petitions risk` and `petitions hydropower`: risk sources (环境风险源) and small hydropower stations (小水电)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from pydantic import ValidationError

from contracts.vocabulary import RiskArea
from services.casework.execute import Asked, Denied, Done, Outcome
from services.commands import registers as shared
from services.commands.casework import office, show, the_case
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table
from services.domain.hydropower import FlowReading, StationCheck
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.failures import describe
from services.infra.unit_of_work import UnitOfWork
from services.registers.risks import acts as risks
from services.registers.stations import acts as stations

app = typer.Typer(no_args_is_help=True, help="Risk sources of the seven areas (环境风险源清单).")
hydropower = typer.Typer(no_args_is_help=True, help="Small hydropower (小水电): stations, checks, the list per county.")
DAY = typer.Option(None, "--on", formats=["%Y-%m-%d"], help="The day; today where not given.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="risk")
    parent.add_typer(hydropower, name="hydropower")


@app.command("import")
def take(
    file: Path = shared.FILE, columns: list[str] = shared.COLUMNS, sheet: str = shared.SHEET, check: bool = shared.CHECK,
    returned: Path = shared.RETURNED, token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Import risk sources; those that are there are brought up to date."""
    shared.bring_in(risks.RiskRegister(shared.city()), file, columns, sheet, check, returned, token, as_json)


@app.command("list")
def list_sources(
    region: str = shared.REGION, area: RiskArea = typer.Option(None, help="Only this risk area."),
    with_cases: bool = typer.Option(False, "--with-cases", help="Only sources that cases are about."),
    limit: int = typer.Option(100, min=1, max=10_000), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Sources with who watches them, their last inspection, and how many cases are about them."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await risks.page(unit, actor, region=region, area=area, with_cases=with_cases, limit=limit)

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
        return await risks.show(unit, actor, id)

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
    id: str, findings: Path = typer.Argument(None, help="JSON list of findings: text, mode (immediate|ledger), measure, unit, person, deadline, fixed_evidence."),
    on: datetime = DAY, note: str = typer.Option("", help="Anything else."), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Put an inspection on record; what is not fixed at once becomes lines of the ledger."""
    city = shared.city()
    try:
        found = risks.FINDINGS.validate_json(findings.read_bytes()) if findings else ()
    except (OSError, ValidationError) as failure:
        raise Failed(f"{findings}: {describe(failure)}; it must be a JSON list of findings") from None

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await risks.inspect(unit, actor, city, id, (on or datetime.now(UTC)).date(), found, note)

    done = shared.ask(token, work)
    if as_json:
        print_json(done)
        return
    console.print(f"检查已登记：隐患{done['findings']}处，其中{len(done['on_ledger'])}处列入整改台账。", markup=False)
    console.print("next: petitions ledger list --origin inspection", style="dim", markup=False)


@app.command()
def suggested(token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Cases that may be about a source and wait for a person."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await risks.suggestions(unit, actor)

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
        return await risks.judge(unit, actor, id, case, same=same)

    console.print(f"{shared.ask(token, work)}：{'涉及' if same else '不涉及'}{id}。", markup=False)


@hydropower.command("import")
def take_stations(
    file: Path = shared.FILE, columns: list[str] = shared.COLUMNS, sheet: str = shared.SHEET, check: bool = shared.CHECK,
    returned: Path = shared.RETURNED, token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Import stations; those that are there are brought up to date."""
    shared.bring_in(stations.StationRegister(shared.city()), file, columns, sheet, check, returned, token, as_json)


@hydropower.command("list")
def list_stations(
    region: str = shared.REGION, status: str = typer.Option(None, help="逾期, 未核查, 整治中 or 完成."), token: str = shared.TOKEN, as_json: bool = JSON_OPTION
) -> None:
    """Stations with the speech's checks answered, those overdue first."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await stations.page(unit, actor, region=region, status=status)

    found = shared.ask(token, work)
    rows = [
        (item.station.id, item.station.decided.value, item.station.deadline, item.status, "".join(answer.sentence for answer in item.answers))
        for item in found
    ]
    if as_json:
        print_json([dict(zip(("id", "decided", "deadline", "status", "answers"), row, strict=True)) for row in rows])
        return
    print_table("小水电", ("编号", "类别", "时限", "状态", "核查"), rows, empty="No stations: petitions hydropower import FILE")


@hydropower.command()
def counties(token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """The status list per county."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await stations.counties(unit, actor)

    found = shared.ask(token, work)
    rows = [(line.county, line.total, line.done, line.running, line.unchecked, "、".join(line.overdue)) for line in found]
    if as_json:
        print_json([dict(zip(("county", "total", "done", "running", "unchecked", "overdue"), row, strict=True)) for row in rows])
        return
    print_table("小水电整治（分县）", ("县市区", "总数", "完成", "整治中", "未核查", "逾期"), rows, empty="No stations: petitions hydropower import FILE")


@hydropower.command("check")
def check_station(
    id: str, done: bool = typer.Option(..., "--done/--not-done", help="What was decided has been done."),
    evidence: list[str] = typer.Option([], help="Ids of evidence."), flow: float = typer.Option(None, help="Measured release, m³/s."),
    online: bool = typer.Option(False, "--online", help="Measured by online monitoring."), on: datetime = DAY, token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """Put a check on record; the answer says what it means for the station."""
    now = datetime.now(UTC)
    flows = () if flow is None else (FlowReading(flow, on.replace(tzinfo=UTC) if on else now, online),)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await stations.check(unit, actor, id, StationCheck(id, (on or now).date(), actor.id, done, tuple(evidence), flows))

    standing = shared.ask(token, work)
    for answer in standing.answers:
        console.print(f"{'✓' if answer.met else '✗' if answer.met is False else '？'} {answer.item.value}：{answer.sentence}", markup=False)
    console.print(f"{standing.station.name}：{standing.status}", style="bold", markup=False)


@hydropower.command()
def plan(
    id: str, case: str = typer.Argument(None, help="Case to give the plan to; shown only where there is none."),
    unit_id: str = typer.Option(None, "--unit", help="Unit that carries the measures; the station's otherwise."), token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """The plan a station's case begins with, one measure for each check that applies; given to a case where one is named."""

    async def template(unit: UnitOfWork, actor: Principal) -> Any:
        return await stations.template(unit, actor, id, unit_id)

    command = shared.ask(token, template)
    if case is None:
        console.print(json.dumps(command.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=2), markup=False)
        console.print("next: petitions hydropower plan STATION CASE", style="dim", markup=False)
        return
    desk = office()

    async def give(unit: UnitOfWork, actor: Principal) -> Outcome | Refusal:
        state = await the_case(unit, desk, actor, case)
        [outcome] = await desk.execute(unit, [Asked(actor, UUID(state.case_id), command)])
        return outcome.refusal if isinstance(outcome, Denied) else outcome

    outcome = shared.ask(token, give)
    assert isinstance(outcome, Done)
    show(outcome, as_json=False)

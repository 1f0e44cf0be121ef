"""`petitions hydropower`: small hydropower stations (小水电), their checks, the list per county, the plan of a case."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from services.casework.execute import Asked, Denied, Done, Outcome
from services.commands import registers as shared
from services.commands.casework import office, show, the_case
from services.commands.output import JSON_OPTION, console, print_json, print_table
from services.domain.clocks.calendar import day_of
from services.domain.hydropower import FlowReading, StationCheck
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.unit_of_work import UnitOfWork
from services.registers.stations import acts

app = typer.Typer(no_args_is_help=True, help="Small hydropower (小水电): stations, checks, the list per county.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="hydropower")


shared.add_import(app, lambda: acts.StationRegister(shared.city()), "stations")


@app.command("list")
def list_stations(
    region: str = shared.REGION, status: str = typer.Option(None, help="逾期, 未核查, 整治中 or 完成."), token: str = shared.TOKEN, as_json: bool = JSON_OPTION
) -> None:
    """Stations with the speech's checks answered, those overdue first."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.page(unit, actor, region=region, status=status)

    found = shared.ask(token, work)
    rows = [
        (item.station.id, item.station.decided.value, item.station.deadline, item.status, "".join(answer.sentence for answer in item.answers))
        for item in found
    ]
    if as_json:
        print_json([dict(zip(("id", "decided", "deadline", "status", "answers"), row, strict=True)) for row in rows])
        return
    print_table("小水电", ("编号", "类别", "时限", "状态", "核查"), rows, empty="No stations: petitions hydropower import FILE")


@app.command()
def counties(token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """The status list per county."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.counties(unit, actor)

    found = shared.ask(token, work)
    rows = [(line.county, line.total, line.done, line.running, line.unchecked, "、".join(line.overdue)) for line in found]
    if as_json:
        print_json([dict(zip(("county", "total", "done", "running", "unchecked", "overdue"), row, strict=True)) for row in rows])
        return
    print_table("小水电整治（分县）", ("县市区", "总数", "完成", "整治中", "未核查", "逾期"), rows, empty="No stations: petitions hydropower import FILE")


@app.command("check")
def check_station(
    id: str, done: bool = typer.Option(..., "--done/--not-done", help="What was decided has been done."),
    evidence: list[str] = shared.EVIDENCE, findings: Path = typer.Option(None, "--findings", help=shared.FINDINGS_HELP), flow: float = typer.Option(None, help="Measured release, m³/s."),
    online: bool = typer.Option(False, "--online", help="Measured by online monitoring."), on: datetime = shared.DAY, token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """Put a check on record; the answer says what it means for the station."""
    now = datetime.now(UTC)
    town, found = shared.city(), shared.findings(findings, token)
    files = tuple(shared.stored(evidence, token)[name] for name in evidence)
    flows = () if flow is None else (FlowReading(flow, on.replace(tzinfo=UTC) if on else now, online),)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.check(unit, actor, town, id, StationCheck(id, on.date() if on else day_of(now), actor.id, done, files, flows, found))

    standing = shared.ask(token, work)
    for answer in standing.answers:
        console.print(f"{'✓' if answer.met else '✗' if answer.met is False else '？'} {answer.item.value}：{answer.sentence}", markup=False)
    console.print(f"{standing.station.name}：{standing.status}", style="bold", markup=False)
    if standing.on_ledger:
        console.print(f"列入整改台账{len(standing.on_ledger)}条；next: petitions ledger list --origin inspection", style="dim", markup=False)


@app.command()
def plan(
    id: str, case: str = typer.Argument(None, help="Case to give the plan to; shown only where there is none."),
    unit_id: str = typer.Option(None, "--unit", help="Unit that carries the measures; the station's otherwise."), token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """The plan a station's case begins with, one measure for each check that applies; given to a case where one is named."""

    async def template(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.template(unit, actor, id, unit_id)

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

"""`petitions case gates|history|act`: what is missing, what happened, and commands by the one code path."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import orjson
import typer

from services.casework import acts, reading
from services.casework.execute import Asked, Denied, Done, Outcome
from services.casework.office import Office
from services.casework.returned import returned_assignments
from services.commands.operator import whoever_asks
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, settings, unit_of_work
from services.domain.case.commands import COMMANDS, fields_of
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.access import PepperMissing
from services.infra.cities import load_city
from services.infra.rules import RulesInvalid, load_rules
from services.infra.unit_of_work import UnitOfWork

T = TypeVar("T")
TOKEN = typer.Option(None, "--token", help="Access token; PETITIONS_TOKEN or the local operator's otherwise.")
CASE = typer.Argument(help="Case number, case id, or the receipt number of one of its complaints.")


def register(case: typer.Typer) -> None:
    """Add the commands to `petitions case`."""
    case.command("gates")(gates)
    case.command("history")(history)
    case.command("act")(act)
    case.command("actions")(actions)
    case.command("returns")(returns)


def office() -> Office:
    """Casework with triage's book of links; raises `Failed` where the rules cannot be used."""
    from services.triage.book import Book  # brings the classifiers with it: seconds that no other command should wait

    try:
        return Office(load_rules(settings().rules), Book())
    except RulesInvalid as failure:
        raise Failed(str(failure)) from None


def with_caller(token: str | None, work: Callable[[UnitOfWork, Principal], Awaitable[T]]) -> T:
    """Run work in one transaction as the principal of the token."""

    async def inside() -> T:
        configured = settings()
        async with unit_of_work("casework") as unit:
            return await work(unit, await whoever_asks(unit.connection, configured, token))

    try:
        return run(inside())
    except PepperMissing as failure:
        raise Failed(str(failure)) from None


async def the_case(unit: UnitOfWork, desk: Office, actor: Principal, name: str) -> CaseState:
    """The case of a name, if the caller may see it; raises `Failed`."""
    state = await reading.find_case(unit.connection, name)
    if state is None:
        raise Failed(f"there is no case {name}; list cases with: petitions cases")
    refusal = reading.may_see(desk.rules, actor, state)
    if refusal:
        raise Failed(str(refusal))
    return state


def gates(case: str = CASE, token: str = TOKEN, as_json: bool = JSON_OPTION) -> None:
    """四不放过: what is met, by which evidence, and what is missing; exit status 1 where something is."""
    desk = office()

    async def work(unit: UnitOfWork, actor: Principal) -> dict[str, Any]:
        return reading.gates_view(await the_case(unit, desk, actor, case), desk.rules, unit.clock())

    found = with_caller(token, work)
    if as_json:
        print_json(found)
    else:
        console.print(f"[bold]{found['case_no']}[/bold]  {'四不放过均已达到' if found['met'] else '尚不能销号'}")
        for gate in found["gates"]:
            console.print(f"{'✓' if gate['met'] else '✗'} {gate['formula']}", style="bold", markup=False)
            for check in gate["checks"]:
                mark = "✓" if check["met"] else "✗"
                evidence = f"  证据 {'、'.join(check['evidence'])}" if check["evidence"] else ""
                console.print(f"    {mark} {check['sentence']}{evidence}", markup=False)
    if not found["met"]:
        raise typer.Exit(1)


def history(
    case: str = CASE,
    after: int = typer.Option(0, min=0, help="Only versions after this one."),
    limit: int = typer.Option(200, min=1, max=5000),
    token: str = TOKEN,
    as_json: bool = JSON_OPTION,
) -> None:
    """What happened to a case, in order, by whom and why."""
    desk = office()

    async def work(unit: UnitOfWork, actor: Principal) -> tuple[str, list[dict[str, Any]]]:
        state = await the_case(unit, desk, actor, case)
        return state.case_no, await reading.events_after(unit.connection, UUID(state.case_id), after, limit, actor)

    number, events = with_caller(token, work)
    if as_json:
        print_json(events)
        return
    rows = [
        (e["version"], f"{e['at']:%Y-%m-%d %H:%M}", e["label"], e["by"], e["unit"], e["detail"].get("reason") or "", e["digest"][:12]) for e in events
    ]
    print_table(f"{number} 办理经过", ("版本", "时间", "事项", "人员", "单位", "理由", "校验值"), rows, empty="Nothing after this version.")
    console.print("next: petitions audit verify", style="dim", markup=False)


def actions(kind: str = typer.Argument(None, help="One command; all of them otherwise."), as_json: bool = JSON_OPTION) -> None:
    """Every command: who may give it and when, and with which fields."""
    if kind is not None and kind not in TABLE and kind not in acts.ACTS:
        raise Failed(f"there is no command {kind}; list them with: petitions case actions")
    if kind is None:
        rows = [(name, rule.label, "、".join(sorted(role.label for role in rule.roles))) for name, rule in TABLE.items()]
        rows += [(name, label, "交办员、督办人员、系统") for name, (_, label) in acts.ACTS.items()]
        if as_json:
            print_json([{"type": name, "label": label, "roles": roles} for name, label, roles in rows])
        else:
            print_table("办理动作", ("type", "名称", "职责"), rows, empty="")
        return
    fields = fields_of(kind) if kind in COMMANDS else _fields(acts.ACTS[kind][0])
    if as_json:
        print_json({"type": kind, "label": acts.label_of(kind), "fields": [{"name": n, "required": r, "type": t} for n, r, t in fields]})
        return
    print_table(f"{kind} {acts.label_of(kind)}", ("字段", "必填", "类型"), [(n, "是" if r else "", t) for n, r, t in fields], empty="No fields.")
    if kind in TABLE:
        console.print(f"{TABLE[kind].provenance}。{TABLE[kind].hint}", style="dim", markup=False)


def _fields(model: type[acts.Act]) -> list[tuple[str, bool, str]]:
    return [(name, field.is_required(), str(field.annotation)) for name, field in model.model_fields.items() if name not in ("type", "expected_version")]


def act(
    case: str = CASE,
    kind: str = typer.Argument(help="The command's type, e.g. sign_in; see petitions case actions."),
    field: list[str] = typer.Option([], "--set", help="field=value; a value that is JSON is read as JSON."),
    file: Path = typer.Option(None, "--file", help="The command's fields as JSON."),
    version: int = typer.Option(None, "--version", help="The version you saw; refused, with what changed, where it is another now."),
    token: str = TOKEN,
    as_json: bool = JSON_OPTION,
) -> None:
    """Give a command to a case."""
    command = parsed(kind, field, file, version)
    desk = office()

    async def work(unit: UnitOfWork, actor: Principal) -> Outcome:
        case_id = await _address(unit, case)
        [outcome] = await desk.execute(unit, [Asked(actor, case_id, command)])
        return outcome

    outcome = with_caller(token, work)
    if isinstance(outcome, Denied):
        for line in outcome.changes:
            console.print(line, markup=False)
        raise Failed(str(outcome.refusal))
    show(outcome, as_json=as_json)


def show(outcome: Done, *, as_json: bool) -> None:
    """What a command did."""
    state = outcome.state
    if as_json:
        print_json({"case_no": state.case_no, "version": state.version, "status": state.status, "events": [e.type for e in outcome.events]})
        return
    for event in outcome.events:
        console.print(f"{event.label}（第{event.version}版）", markup=False)
    console.print(f"{state.case_no} {state.status.label if state.status else ''}", style="bold", markup=False)
    console.print(f"next: petitions case gates {state.case_no}, petitions case history {state.case_no}", style="dim", markup=False)


def returns(
    out: Path = typer.Option(None, "-o", "--out", help="JSON lines for petitions train --tickets; a table otherwise."),
    days: int = typer.Option(365, min=1, help="Returns of so many days back."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Complaints of cases that units returned: whose they were not, and why, and who took them in the end."""
    city = load_city(settings().city)
    known = city.index.units

    async def work() -> list[dict[str, Any]]:
        async with connection() as c:
            return await returned_assignments(c, days, lambda id: known[id].name if id in known else id)

    found = run(work())
    if out is not None:
        out.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in found))
        console.print(f"{len(found)} complaints of returned cases in {out}; next: petitions train --tickets {out}", markup=False)
        return
    if as_json:
        print_json(found)
        return
    rows = [
        (r["matter"], r["id"], "、".join(x["unit"] for x in r["returns"]), "、".join(x["ground"] for x in r["returns"]), r["unit"] or "尚未接受")
        for r in found
    ]
    print_table("退单", ("案件", "受理编号", "退单单位", "理由", "最终承办"), rows, empty=f"Nothing was returned in {days} days.")


def parsed(kind: str, fields: list[str], file: Path | None, version: int | None) -> Any:
    """The command from what was typed; raises `Failed` naming the field."""
    body: dict[str, Any] = {}
    if file is not None:
        try:
            body = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as failure:
            raise Failed(f"{file} cannot be read as JSON: {failure}") from None
    for item in fields:
        name, mark, value = item.partition("=")
        if not mark:
            raise Failed(f"--set takes field=value, not {item!r}")
        try:
            body[name] = json.loads(value)
        except ValueError:
            body[name] = value
    if version is not None:
        body["expected_version"] = version
    found = acts.read({**body, "type": kind})
    if isinstance(found, Refusal):
        raise Failed(f"{found}\npetitions case actions {kind} lists the fields")
    return found


async def _address(unit: UnitOfWork, name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        state = await reading.find_case(unit.connection, name)
        if state is None:
            raise Failed(f"there is no case {name}; list cases with: petitions cases") from None
        return UUID(state.case_id)

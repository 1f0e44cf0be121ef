"""`petitions emergency`: suspected events worked by people on duty, and who is on duty."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from services.commands import registers as shared
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table
from services.commands.session import rule_book
from services.domain import emergency as em
from services.domain.case.values import Position
from services.domain.clocks.calendar import day_of
from services.domain.principals import Principal
from services.domain.resources import Hazard
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies import acts, documents, views
from services.registers.emergencies.acts import Duty
from services.registers.emergencies.repository import by_receipt

app = typer.Typer(no_args_is_help=True, help="Suspected emergencies (突发环境事件): acknowledge, grade, report, dismiss.")
REASON = typer.Option(..., "--reason", help="Why.")
ID = typer.Argument(help="Id of the event, or the receipt number of its complaint.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="emergency")


async def _id(unit: UnitOfWork, name: str) -> UUID:
    """The event of an id or of the receipt number of its complaint; raises `Failed`."""
    try:
        return UUID(name)
    except ValueError:
        found = await by_receipt(unit.connection, name)
        if found is None:
            raise Failed(f"there is no event {name}; list them with: petitions emergency list") from None
        return found


def duty() -> Duty:
    """The rules and the city in force."""
    return Duty(rule_book().emergency, shared.city())


@app.command("list")
def list_emergencies(
    open_: bool = typer.Option(None, "--open/--all", help="Only those somebody still owes something for."), region: str = shared.REGION,
    limit: int = typer.Option(50, min=1, max=1000), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Suspected events, the newest first."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await views.page(unit, actor, open_=open_ or None, region=region, limit=limit)

    found, _ = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    rows = [
        (row["receipt_no"], "、".join(row["triggers"])[:30], row["status"], row["grade"] or "待定级",
         f"{row['report_due_at'].astimezone(documents.LOCAL):%m-%d %H:%M}{' 已超时' if row['report_overdue'] else ''}")
        for row in found
    ]  # fmt: skip
    print_table("突发环境事件", ("受理编号", "线索", "状态", "等级", "初报时限"), rows, empty="Nothing is suspected.")
    if found:
        console.print("next: petitions emergency show 受理编号, petitions emergency acknowledge 受理编号", style="dim", markup=False)


@app.command("show")
def show(id: str = ID, token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Everything about one: state, clocks, history, pages, others that may be the same event."""
    desk = duty()

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await views.show(unit, desk, actor, await _id(unit, id))

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    event = found["emergency"]
    due = found["report_due_at"].astimezone(documents.LOCAL)
    console.print(f"[bold]{found['status']}[/bold]  {'、'.join(event['triggers'])}  {event['grade'] or '待定级'}  初报时限 {due:%Y-%m-%d %H:%M}")
    console.print(f"受理编号 {event['receipt_no']}  案件 {(found['case'] or {}).get('case_no', '未立案')}  报送 {'、'.join(found['recipients'])}", markup=False)
    if found["similar"]:
        console.print(f"可能是同一事件：{'、'.join(found['similar'])}", markup=False)
    history = [(f"{e['at'].astimezone(documents.LOCAL):%m-%d %H:%M}", acts.LABELS[e["kind"]], e["by"], e["reason"] or "") for e in found["history"]]
    print_table("经过", ("时间", "事项", "人员", "理由"), history, empty="")
    words = {"waiting": "待呼叫", "sent": "已呼叫", "cancelled": "已取消"}
    pages = [(f"{p['due_at'].astimezone(documents.LOCAL):%m-%d %H:%M}", p["role"], words[p["state"]], "、".join(p["persons"])) for p in found["pages"]]
    print_table("呼叫", ("时间", "岗位", "状态", "值班人员"), pages, empty="")
    console.print(f"next: petitions emergency help {id}, petitions emergency form initial", style="dim", markup=False)


def _said(event: em.Emergency) -> None:
    grade = f"{event.grade.label}（{event.grade.value}级）" if event.grade else "待定级"
    console.print(f"{event.status}  {grade}  第{event.version}版", style="bold", markup=False)


@app.command()
def acknowledge(
    id: str = ID, with_similar: bool = typer.Option(False, "--with-similar", help="Also those of the same district and hours."),
    token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """接警: paging stops."""
    desk = duty()

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.acknowledge(unit, desk, actor, await _id(unit, id), with_similar=with_similar)

    event = shared.ask(token, work)
    console.print(f"接警：{event.acknowledged_by}", markup=False)
    _said(event)


@app.command()
def grade(
    id: str = ID, value: em.Grade = typer.Argument(help="I, II, III or IV."), reason: str = REASON, sensitive: list[str] = typer.Option([], help="Sensitive places, e.g. 饮用水水源地."),
    token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """定级, by a person; the clock of the first report follows."""
    desk = duty()

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.grade(unit, desk, actor, await _id(unit, id), value, tuple(sensitive), reason)

    event = shared.ask(token, work)
    _said(event)
    console.print(f"初报时限 {em.report_due(event, desk.rules).astimezone(documents.LOCAL):%Y-%m-%d %H:%M}", markup=False)


@app.command()
def locate(id: str = ID, place: str = typer.Argument(help="Where it is."), latitude: float = typer.Option(None), longitude: float = typer.Option(None), token: str = shared.TOKEN) -> None:
    """Where it is, so that the nearest help can be found."""
    desk = duty()
    if (latitude is None) != (longitude is None):
        raise Failed("--latitude and --longitude belong together")
    at = None if latitude is None else Position(latitude=latitude, longitude=longitude)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.locate(unit, desk, actor, await _id(unit, id), place, at)

    _said(shared.ask(token, work))


@app.command()
def dismiss(
    id: str = ID, reason: str = REASON, same_as: UUID = typer.Option(None, "--same-as", help="The other event it is the same as."), token: str = shared.TOKEN
) -> None:
    """A person finds it is none; clocks end and neighbours are told."""
    desk = duty()

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.dismiss(unit, desk, actor, await _id(unit, id), reason, same_as=same_as)

    _said(shared.ask(token, work))


@app.command()
def form(kind: em.ReportKind = typer.Argument(em.ReportKind.INITIAL), out: Path = typer.Option(None, "-o", help="Write an empty form as JSON.")) -> None:
    """The fields of a report; unknown ones are written 待查."""
    rules = rule_book().emergency
    fields = {**rules.header, **rules.forms[kind].required}
    if out:
        out.write_text(json.dumps(dict.fromkeys(fields, "待查"), ensure_ascii=False, indent=2) + "\n", "utf-8")
        console.print(f"wrote {out}\nnext: fill it in, then petitions emergency report ID {kind.value} {out}", markup=False)
        return
    rows = [(key, name, "是") for key, name in fields.items()] + [(key, name, "") for key, name in rules.forms[kind].optional.items()]
    print_table(kind.label, ("key", "栏目", "必填"), rows, empty="")


@app.command()
def report(
    id: str = ID, kind: em.ReportKind = typer.Argument(help="initial, follow_up or result."), fields: Path = typer.Argument(help="JSON of the form's fields; see petitions emergency form."),
    out: Path = typer.Option(None, "-o", help="Also write the report: .docx or .txt."), token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """初报, 续报 or 处理结果报告."""
    desk = duty()
    try:
        told = {str(key): str(value) for key, value in json.loads(fields.read_text("utf-8")).items()}
    except (OSError, ValueError, AttributeError) as failure:
        raise Failed(f"{fields} cannot be read as a JSON object of fields: {failure}") from None

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.report(unit, desk, actor, await _id(unit, id), kind, told)

    event = shared.ask(token, work)
    _said(event)
    if out:
        _write(event, len(event.reports), out, desk, token)


@app.command("print")
def print_report(id: str = ID, number: int = typer.Argument(1, help="Which report, from 1."), out: Path = typer.Argument(help="A name ending in .docx or .txt."), token: str = shared.TOKEN) -> None:
    """A report as a Word document or as text."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await views.visible(unit, actor, await _id(unit, id))

    _write(shared.ask(token, work), number, out, duty(), token)


def _write(event: em.Emergency, number: int, out: Path, desk: Duty, token: str | None) -> None:
    async def who(unit: UnitOfWork, actor: Principal) -> str:
        return documents.printed_by(f"{actor.name}（{actor.id}）", unit.clock())

    mark = shared.ask(token, who)
    try:
        if out.suffix == ".docx":
            out.write_bytes(documents.as_docx(event, number - 1, desk.rules, desk.city, mark))
        else:
            out.write_text(documents.as_text(event, number - 1, desk.rules, desk.city, mark), "utf-8")
    except IndexError:
        raise Failed(f"there is no report {number}; the event has {len(event.reports)}") from None
    console.print(f"wrote {out}", markup=False)


@app.command("help")
def help_for(id: str = ID, hazard: list[Hazard] = shared.HAZARD, token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """The nearest fitting supplies, experts and teams."""
    desk, rules = duty(), rule_book().registers.help

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await views.help_for(unit, rules, desk.city, desk, actor, await _id(unit, id), hazard or None)

    found = shared.ask(token, work)
    if as_json:
        print_json([{"id": p.resource.id, "km": p.distance_km, "sentence": p.sentence, "phone": p.resource.phone} for p in found])
        return
    print_table("就近可用", ("", "电话"), [(p.sentence, p.resource.phone) for p in found], empty="No fitting help is registered: petitions resources import FILE")


@app.command("duty")
def duty_list(days: int = typer.Option(7, min=1, max=60), token: str = shared.TOKEN, as_json: bool = JSON_OPTION) -> None:
    """Who is on duty."""

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        today = day_of(unit.clock())
        return await views.roster(unit, actor, today, today + timedelta(days=days - 1))

    found = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    rows = [(row["day"], row["post"], row["region"], row["person"], row["phone"]) for row in found]
    print_table("应急值班表", ("日期", "岗位", "区划", "值班人员", "电话"), rows, empty="Nobody is on the roster: petitions emergency import-duty FILE")


shared.add_import(app, lambda: views.DutyRegister(duty()), "the duty roster", "import-duty")

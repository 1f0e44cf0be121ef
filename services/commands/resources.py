"""`petitions resources`: emergency supplies, experts and rescue teams (物资、专家、队伍), and the nearest fitting ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from services.commands import registers as shared
from services.commands.output import JSON_OPTION, console, print_json, print_table
from services.commands.session import rule_book
from services.domain.case.values import Position
from services.domain.principals import Principal
from services.domain.resources import Hazard, ResourceKind
from services.infra.unit_of_work import UnitOfWork
from services.registers.resources import acts

app = typer.Typer(no_args_is_help=True, help="Emergency supplies, experts and rescue teams (物资、专家、队伍).")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="resources")


shared.add_import(app, lambda: acts.ResourceRegister(shared.city()), "supplies, experts and teams")


@app.command("list")
def list_resources(
    region: str = shared.REGION, kind: ResourceKind = typer.Option(None), hazard: Hazard = typer.Option(None),
    expired_by: datetime = typer.Option(None, "--expired-by", formats=["%Y-%m-%d"], help="Only those whose term ends before this day."),
    limit: int = typer.Option(200, min=1, max=10_000), token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Supplies, experts and teams."""
    search = acts.Search(region, kind, hazard, expired_by.date() if expired_by else None)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.page(unit, actor, search, limit=limit)

    found, _ = shared.ask(token, work)
    if as_json:
        print_json(found)
        return
    rows = [
        (row["kind"], row["name"], "、".join(row["hazards"]), row["region"], row["place"][:24], f"{row['amount']:g}{row['unit']}" if row["amount"] else "",
         row["contact"], row["phone"], row["checked_on"], row["expires_on"])
        for row in found
    ]  # fmt: skip
    print_table("应急物资、专家和队伍", ("类型", "名称", "适用", "区划", "地点", "数量", "联系人", "电话", "核实", "有效期"), rows,
                empty="Nothing is registered: petitions resources import FILE")  # fmt: skip


@app.command()
def nearest(
    region: str = shared.REGION, latitude: float = typer.Option(None), longitude: float = typer.Option(None), hazard: list[Hazard] = shared.HAZARD,
    token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """The nearest fitting help for a place."""
    city, rules = shared.city(), rule_book().registers.help
    at = None if latitude is None or longitude is None else Position(latitude=latitude, longitude=longitude)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.find(unit, actor, rules, city, region=region, position=at, hazards=hazard or ())

    found = shared.ask(token, work)
    print_table("就近可用", ("", "电话"), [(p.sentence, p.resource.phone) for p in found], empty="No fitting help is registered.")


@app.command()
def verify(
    id: str, gone: bool = typer.Option(False, "--gone", help="It is not there any more."), amount: float = typer.Option(None, min=0),
    expires: datetime = typer.Option(None, formats=["%Y-%m-%d"]), token: str = shared.TOKEN,
) -> None:  # fmt: skip
    """An entry was verified today."""
    seen = acts.Verified(not gone, amount, expires.date() if expires else None)

    async def work(unit: UnitOfWork, actor: Principal) -> Any:
        return await acts.verify(unit, actor, id, seen)

    row = shared.ask(token, work)
    console.print(f"{row['name']}：{'可用' if row['available'] else '不可用'}，{datetime.now(UTC):%Y-%m-%d}核实。", markup=False)

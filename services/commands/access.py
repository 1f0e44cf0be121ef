"""`petitions access`: who may act, and the tokens they act with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, settings
from services.domain.city import City
from services.domain.principals import Role
from services.infra import access
from services.infra.cities import load_city
from services.infra.postgres import Connection

app = typer.Typer(no_args_is_help=True, help="Principals and access tokens.")
token = typer.Typer(no_args_is_help=True, help="Access tokens: shown once, kept as hashes, revocable.")
app.add_typer(token, name="token")

ENTER = """
INSERT INTO access.principals (id, name, roles, unit_id, regions, person, source, origin) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, roles = excluded.roles, unit_id = excluded.unit_id, regions = excluded.regions,
    person = excluded.person, source = excluded.source, active = true
WHERE access.principals.origin = excluded.origin
"""
RETIRE = "UPDATE access.principals SET active = false WHERE origin = 'city' AND active AND NOT id = ANY($1::text[]) RETURNING id"
LIST = """
SELECT p.id, p.name, p.roles, p.unit_id, p.regions, p.person, p.source, p.active, p.origin,
       count(t.id) FILTER (WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())) AS tokens
FROM access.principals p LEFT JOIN access.tokens t ON t.principal_id = p.id
WHERE $1::text IS NULL OR p.unit_id = $1 GROUP BY p.id ORDER BY p.id
"""
TOKENS = """
SELECT t.id, t.principal_id, p.name, t.issued_at, t.expires_at, t.revoked_at, t.note FROM access.tokens t
JOIN access.principals p ON p.id = t.principal_id WHERE $1::text IS NULL OR t.principal_id = $1 ORDER BY t.issued_at DESC
"""

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="access")


def of_city(city: City) -> list[tuple[Any, ...]]:
    """The people of a city file as principals: its officers with their roles, its leaders."""
    found: list[tuple[Any, ...]] = []
    for officer in city.document.officers:
        region = city.unit(officer.unit).region[:6]
        found.append((officer.id, officer.name, list(officer.roles) or ["officer"], officer.unit, [region], True, None, "city"))
    for leader in city.document.leaders:
        found.append((leader.id, leader.name, [Role.LEADER.value], None, [leader.region], True, None, "city"))
    return found


async def synchronise(connection: Connection, city: City) -> tuple[int, int]:
    """Enter the city's people and retire those it no longer has; returns how many of each. Their tokens end with them."""
    people = of_city(city)
    await connection.executemany(ENTER, people)
    gone = await connection.fetch(RETIRE, [row[0] for row in people])
    return len(people), len(gone)


@app.command()
def sync(as_json: bool = JSON_OPTION) -> None:
    """Take the people of the city file over; who left it can no longer act. Principals entered by hand stay."""
    configured = settings()

    async def work() -> tuple[int, int]:
        async with connection(configured) as c, c.transaction():
            return await synchronise(c, load_city(configured.city))

    entered, retired = run(work())
    if as_json:
        print_json({"entered": entered, "retired": retired})
        return
    console.print(f"{entered} people of the city file may act, {retired} that left it may not", markup=False)
    console.print("next: petitions access list, petitions access token issue ID", style="dim", markup=False)


@app.command()
def add(
    id: str = typer.Argument(help="A short id, e.g. the name of a unit's system."),
    name: str = typer.Option(..., help="What people call it."),
    role: list[str] = typer.Option(..., help="One or more roles, e.g. officer, dispatcher, source, system."),
    unit: str = typer.Option(None, help="The unit it belongs to (id)."),
    region: list[str] = typer.Option([], help="Six-digit codes it may act in; trailing zeros widen one."),
    source: str = typer.Option(None, help="Of a source system: its name, as it sends it."),
    system: bool = typer.Option(True, "--system/--person", help="A system, or a person who is not in the city file."),
) -> None:
    """Enter a principal by hand: a unit's system, a source, a person who is not in the city file."""
    unknown = sorted(set(role) - {known.value for known in Role})
    if unknown:
        raise Failed(f"there is no role {unknown[0]}; there are {', '.join(known.value for known in Role)}")
    configured = settings()
    regions = region or [load_city(configured.city).code]

    async def work() -> str:
        async with connection(configured) as c:
            return str(await c.execute(ENTER, id, name, role, unit, regions, not system, source, "hand"))

    if run(work()).endswith(" 0"):
        raise Failed(f"{id} is a person of the city file: change it there, then petitions access sync")
    console.print(f"{id} ({name}) may act as {', '.join(role)}", markup=False)
    console.print(f"next: petitions access token issue {id}", style="dim", markup=False)


@app.command("list")
def list_(unit: str = typer.Option(None, help="Only people of this unit (id)."), as_json: bool = JSON_OPTION) -> None:
    """Who may act, in which roles, where."""

    async def work() -> list[dict[str, Any]]:
        async with connection() as c:
            return [dict(row) for row in await c.fetch(LIST, unit)]

    found = run(work())
    if as_json:
        print_json(found)
        return
    print_table(
        "账号",
        ("编号", "姓名", "职责", "单位", "区域", "来源", "有效令牌"),
        [
            (r["id"], r["name"] + ("" if r["active"] else "（停用）"), labels(r["roles"]), r["unit_id"], "、".join(r["regions"]),
             "城市配置" if r["origin"] == "city" else "手工", r["tokens"])
            for r in found
        ],
        empty="Nobody may act yet: petitions access sync takes the people of the city file over.",
    )  # fmt: skip


def labels(roles: Iterable[str]) -> str:
    """Roles in Chinese."""
    known = {role.value: role.label for role in Role}
    return "、".join(known.get(role, role) for role in roles)


@token.command()
def issue(
    principal: str = typer.Argument(help="Whom it is for (id); see petitions access list."),
    days: int = typer.Option(90, min=1, max=3650, help="How long it is good."),
    note: str = typer.Option("", help="What it is for."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Issue a token. It is shown this once; only its hash is kept."""
    configured = settings()
    try:
        pepper = access.load_pepper(configured)
    except access.PepperMissing as failure:
        raise Failed(str(failure)) from None
    now = datetime.now(UTC)
    until = now + timedelta(days=days)

    async def work() -> str | None:
        async with connection(configured) as c, c.transaction():
            if await access.find_principal(c, principal) is None:
                return None
            return await access.give_token(c, principal, pepper, now, expires_at=until, note=note)

    made = run(work())
    if made is None:
        raise Failed(f"{principal} is not among those who may act; see petitions access list, or enter it: petitions access add")
    if as_json:
        print_json({"principal": principal, "token": made, "expires_at": until})
        return
    console.print(made, markup=False, highlight=False, soft_wrap=True)
    console.print(f"for {principal}, good until {until:%Y-%m-%d}; it is not shown again. Revoke it: petitions access token revoke {made.split('_')[1]}",
                  style="dim", markup=False)  # fmt: skip


@token.command()
def revoke(token: str = typer.Argument(help="The token's id (what stands between its two underscores), or the whole token.")) -> None:
    """Revoke a token, at once."""
    id = token.split("_")[1] if token.startswith("ptn_") else token

    async def work() -> str:
        async with connection() as c:
            return str(await c.execute(access.REVOKE, id, datetime.now(UTC)))

    if run(work()).endswith(" 0"):
        raise Failed(f"there is no token {id} in force; see petitions access token list")
    console.print(f"{id} is revoked", markup=False)


@token.command("list")
def list_tokens(principal: str = typer.Option(None, help="Only tokens of this principal."), as_json: bool = JSON_OPTION) -> None:
    """Tokens by their ids; never the tokens."""

    async def work() -> list[dict[str, Any]]:
        async with connection() as c:
            return [dict(row) for row in await c.fetch(TOKENS, principal)]

    found = run(work())
    if as_json:
        print_json(found)
        return
    print_table(
        "令牌",
        ("令牌编号", "持有人", "签发", "到期", "撤销", "说明"),
        [(r["id"], f"{r['name']}（{r['principal_id']}）", _day(r["issued_at"]), _day(r["expires_at"]), _day(r["revoked_at"]), r["note"]) for r in found],
        empty="No tokens: petitions access token issue ID",
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""

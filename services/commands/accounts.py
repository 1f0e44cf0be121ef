"""`petitions account`: people who log in to the console with a password here; others come by OIDC."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from services.commands.output import JSON_OPTION, Failed, console, print_json, run
from services.commands.session import connection
from services.console.accounts import set_password
from services.console.passwords import fresh_password, hash_password
from services.console.sessions import end_sessions
from services.domain.principals import Role
from services.infra.postgres import Connection

app = typer.Typer(no_args_is_help=True, help="Accounts of the console: the first administrator, new passwords.")
ADMINISTRATOR = "admin"
THERE = "SELECT 1 FROM console.accounts a JOIN access.principals p ON p.id = a.principal_id WHERE 'administrator' = ANY(p.roles) AND p.active AND NOT a.disabled"
MAKE = """
INSERT INTO access.principals (id, name, roles, regions) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, active = true
"""
KNOWN = "SELECT name FROM access.principals WHERE id = $1 AND active"

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="account")


async def first_administrator(c: Connection, region: str) -> str | None:
    """Make the first administrator and return the password, to be shown this once; None where there is one."""
    if await c.fetchval(THERE):
        return None
    password, now = fresh_password(), datetime.now(UTC)
    await c.execute(MAKE, ADMINISTRATOR, "管理员", [Role.ADMINISTRATOR.value], [region])
    await set_password(c, ADMINISTRATOR, ADMINISTRATOR, hash_password(password), now, must_change=True)
    await end_sessions(c, ADMINISTRATOR, now)
    return password


@app.command()
def admin(as_json: bool = JSON_OPTION) -> None:
    """Make the first administrator and print the password once; refuses where there is one."""
    from services.commands.session import settings
    from services.infra.cities import load_city

    async def work() -> str | None:
        async with connection() as c, c.transaction():
            return await first_administrator(c, load_city(settings().city).code)

    password = run(work())
    if password is None:
        raise Failed("there is an administrator already: log in as one, or set a password with petitions account password LOGIN")
    if as_json:
        print_json({"login": ADMINISTRATOR, "password": password})
        return
    console.print(f"login {ADMINISTRATOR}, password {password} (shown this once; it must be changed at the first login)", markup=False)


@app.command()
def password(
    login: str = typer.Argument(help="Login name."),
    principal: str = typer.Option(None, help="Id of the principal, for a new account; the login name otherwise."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Give an account a new password and print it once; every session of the person ends."""
    who = principal or login

    async def work() -> str:
        async with connection() as c, c.transaction():
            name = await c.fetchval(KNOWN, who)
            if name is None:
                raise Failed(f"there is no active principal {who}: name one with --principal, or make it on the administrator's page")
            fresh, now = fresh_password(), datetime.now(UTC)
            await set_password(c, login, who, hash_password(fresh), now, must_change=True)
            await end_sessions(c, who, now)
            return fresh

    fresh = run(work())
    if as_json:
        print_json({"login": login, "principal": who, "password": fresh})
        return
    console.print(f"login {login}, password {fresh} (shown this once; it must be changed at the first login)", markup=False)

"""Who gives commands at this terminal: the token given, or the local operator of a stack on this machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from services.commands.output import Failed
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal
from services.infra.access import authenticate, give_token, load_pepper
from services.infra.postgres import Connection
from services.infra.settings import Settings

OPERATOR = "local-operator"
ENTER = """
INSERT INTO access.principals (id, name, roles, regions, person, origin) VALUES ($1, '本机操作员', $2, $3, true, 'hand')
ON CONFLICT (id) DO NOTHING
"""
ROLES = (Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)


def token_file(settings: Settings) -> Path:
    """Where the local operator's token lies, readable by its owner only."""
    return settings.home / "secrets" / "operator.token"


async def enter_operator(connection: Connection, settings: Settings, region: str) -> None:
    """On a machine of one's own: whoever started the stack may act at its terminal. Made once."""
    path = token_file(settings)
    await connection.execute(ENTER, OPERATOR, [role.value for role in ROLES], [region])
    if path.exists() and not isinstance(
        await authenticate(connection, path.read_text("ascii").strip(), load_pepper(settings), datetime.now(UTC)), Refusal
    ):
        return
    token = await give_token(connection, OPERATOR, load_pepper(settings), datetime.now(UTC), expires_at=None, note="petitions up")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token)


async def whoever_asks(connection: Connection, settings: Settings, token: str | None) -> Principal:
    """The principal at this terminal; raises `Failed` with the remedy."""
    given = token or (settings.token.get_secret_value() if settings.token else None)
    path = token_file(settings)
    if given is None and path.exists():
        given = path.read_text("ascii").strip()
    if given is None:
        raise Failed("commands need a token: set PETITIONS_TOKEN or give --token; an administrator issues one with petitions access token issue ID")
    found = await authenticate(connection, given, load_pepper(settings), datetime.now(UTC))
    if isinstance(found, Refusal):
        raise Failed(str(found))
    return found


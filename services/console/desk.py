"""Giving a command from a page: the one code path of casework, in one transaction, with its answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from services.casework.acts import Act, parse
from services.casework.execute import Asked, Denied, Outcome
from services.console.access import Visit
from services.domain.case.commands import Command
from services.domain.refusals import Refusal
from services.infra.unit_of_work import begin


async def give(visit: Visit, case_id: UUID, command: dict[str, Any]) -> Outcome:
    """Carry out one command, given as its JSON; a refusal of form comes back like one of the rules."""
    parsed = parse(orjson.dumps(command), command.get("type"))
    if isinstance(parsed, Refusal):
        return Denied(case_id, parsed)
    return (await give_all(visit, [(case_id, parsed)]))[0]


async def give_all(visit: Visit, commands: Sequence[tuple[UUID, Command | Act]]) -> list[Outcome]:
    """Carry out several, each done or refused by itself, in one transaction."""
    office = visit.office
    async with begin(office.pool, service="console", vault=office.vault, clock=office.clock) as unit:
        return await office.casework.execute(unit, [Asked(visit.principal, case_id, command) for case_id, command in commands])

"""Batches of records: what other services tell of cases, and what officers' systems ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson
from pydantic import ValidationError

from contracts.casework import TOKEN_HEADER, CaseCommand, ChangeRef, CommandAnswered, Problem
from contracts.dead_letter import FailureVerdict
from contracts.topics import COMMAND_ANSWERED
from services.casework.acts import parse
from services.casework.execute import Asked, Denied, Done, Outcome
from services.casework.inbound import PAYLOADS, Heard, Inbound
from services.casework.office import Office
from services.casework.repeats import Claimed, claim, keep
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.access import authenticate_all
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.stages import stage
from services.infra.unit_of_work import UnitOfWork


class Hearing:
    """Other services' events become commands of the system."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> None:
        """One transaction's work."""
        events: list[Heard] = []
        for record in records:
            try:
                events.append(Heard(record.topic, PAYLOADS[record.topic].from_bytes(record.value)))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not events:
            return
        cases = self.office.cases(unit)
        with stage("casework", "apply"):
            await Inbound(cases).apply(events)
        with stage("casework", "save"):
            await cases.save(traceparent=records[0].traceparent)


class Commands:
    """Officers' systems ask by record; each command is answered, done or not, under its id."""

    def __init__(self, office: Office, pepper: bytes) -> None:
        self.office = office
        self.pepper = pepper

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> None:
        """One transaction's work. A command sent twice is done once and answered twice alike."""
        commands: list[tuple[CaseCommand, Record]] = []
        for record in records:
            try:
                commands.append((CaseCommand.from_bytes(record.value), record))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if not commands:
            return
        tokens = [record.headers.get(TOKEN_HEADER) for _, record in commands]
        actors = await authenticate_all(unit.connection, tokens, self.pepper, unit.clock())
        asked: list[tuple[CaseCommand, Asked]] = []
        for (command, record), actor in zip(commands, actors, strict=True):
            parsed = actor if isinstance(actor, Refusal) else _parsed(command, actor)
            if isinstance(parsed, Refusal):
                self._answer(unit, command, Denied(command.case_id, parsed), record.traceparent)
            else:
                asked.append((command, parsed))
        todo: list[tuple[CaseCommand, Asked, str]] = []
        seen: set[tuple[str, UUID]] = set()
        for command, one in asked:
            if (mark := (one.actor.id, command.event_id)) in seen:
                continue  # twice in one batch: the first one's answer serves both
            seen.add(mark)
            # The command's own id is its key: sent again, even by another record, it is answered from what was kept.
            before = await claim(unit, one.actor.id, str(command.event_id), orjson.dumps(command.command))
            if isinstance(before, Claimed):
                todo.append((command, one, str(command.event_id)))
            elif isinstance(before, Refusal):
                self._answer(unit, command, Denied(command.case_id, before), None)
            else:
                unit.emit(COMMAND_ANSWERED, command.case_id, CommandAnswered.from_bytes(before.body))
        outcomes = await self.office.execute(unit, [one for _, one, _ in todo], traceparent=records[0].traceparent)
        for (command, one, key), outcome in zip(todo, outcomes, strict=True):
            answer = self._answer(unit, command, outcome, None)
            await keep(unit, one.actor.id, key, 200, answer.to_bytes())

    @staticmethod
    def _answer(unit: UnitOfWork, command: CaseCommand, outcome: Outcome, traceparent: str | None) -> CommandAnswered:
        answer = answered(command.event_id, outcome, unit)
        unit.emit(COMMAND_ANSWERED, command.case_id, answer, traceparent=traceparent)
        return answer


def _parsed(command: CaseCommand, actor: Principal) -> Asked | Refusal:
    found = parse(orjson.dumps(command.command), command.command.get("type"))
    return found if isinstance(found, Refusal) else Asked(actor, command.case_id, found)


def answered(command_id: UUID, outcome: Outcome, unit: UnitOfWork) -> CommandAnswered:
    """The answer to a command: what it did, or why not."""
    shared: dict[str, Any] = {
        "event_id": uuid5(command_id, "answered"), "occurred_at": unit.clock(), "command_id": command_id, "case_id": outcome.case_id,
    }  # fmt: skip
    if isinstance(outcome, Done):
        status = outcome.state.status
        events = tuple(
            ChangeRef(case_id=UUID(e.case_id), version=e.version, kind=e.type, label=e.label) for e in outcome.events
        )
        return CommandAnswered(
            accepted=True, version=outcome.state.version, status=status.value if status else None, events=events, **shared
        )
    return CommandAnswered(accepted=False, problem=problem(outcome), **shared)


def problem(denied: Denied) -> Problem:
    """A refusal as the contracts have it."""
    no = denied.refusal
    return Problem(
        code=no.code, message=no.message, instead=no.instead, provenance=no.provenance, field=no.field, changes=denied.changes
    )

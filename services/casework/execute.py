"""The one code path of every command: from Kafka, HTTP and the command line alike.

Locks are taken in one order (the book of links, then cases by id), so that two who meet take turns: the first one's
command is done, the second one is told what changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from services.casework import repository as rows
from services.casework.acts import Act
from services.casework.cases import Cases
from services.casework.linking import carry_out, cases_to_lock
from services.casework.ports import LinkBook
from services.domain.case.case import changes_since
from services.domain.case.commands import AddEvidence, AddLink, Command, ConfirmLink, Open
from services.domain.case.events import AnyEvent, CaseEvent
from services.domain.case.state import CaseState
from services.domain.case.values import Evidence, Link, Position
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse

CHANGES_SHOWN = 20
EVENT: TypeAdapter[CaseEvent] = TypeAdapter(AnyEvent)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command or act on one case, by a principal."""

    actor: Principal
    case_id: UUID
    command: Command | Act


@dataclass(frozen=True, slots=True)
class Done:
    """The command's events, of one case or of several, and the state of the case it was asked of."""

    case_id: UUID
    state: CaseState
    events: tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """Which rule said no; `changes` are what happened since the version the asker had seen, a line each."""

    case_id: UUID
    refusal: Refusal
    changes: tuple[str, ...] = ()


Outcome = Done | Denied


async def execute(cases: Cases, asked: Sequence[Asked], book: LinkBook | None = None) -> list[Outcome]:
    """Carry out commands in order, each refused or done by itself; the caller saves and commits.

    `book` keeps the links: without it acts about links are not possible (a programming error).
    """
    await _lock(cases, asked, book)
    files = await _files(cases, asked)
    elsewhere = await _elsewhere(cases, asked)
    outcomes: list[Outcome] = []
    for one in asked:
        if isinstance(one.command, Act):
            outcomes.append(await _act(cases, one, book))
            continue
        command = _checked(one.command, files, elsewhere, one.case_id)
        result = command if isinstance(command, Refusal) else cases.give(one.case_id, command, one.actor)
        if isinstance(result, Refusal):
            outcomes.append(await _denied(cases, one, result))
            continue
        if book is not None and isinstance(one.command, ConfirmLink):
            await book.confirm_link(cases.unit, UUID(one.command.complaint_id), one.case_id, actor=one.actor.id)
        outcomes.append(Done(one.case_id, cases.state(one.case_id), result))
    return outcomes


async def _lock(cases: Cases, asked: Sequence[Asked], book: LinkBook | None) -> None:
    acts = [one for one in asked if isinstance(one.command, (Act, ConfirmLink))]
    touched = {one.case_id for one in asked}
    if acts and book is not None:
        touched |= await cases_to_lock(cases.unit, [(one.case_id, one.command) for one in acts])
        await book.lock(cases.unit, touched)
    await cases.load(touched, opening=[one.case_id for one in asked if isinstance(one.command, Open)])


async def _act(cases: Cases, one: Asked, book: LinkBook | None) -> Outcome:
    assert book is not None and isinstance(one.command, Act)
    state = cases.state(one.case_id)
    seen = one.command.expected_version
    if seen is not None and seen != state.version:
        changed = refuse("case.changed", seen=seen, now=state.version, field="expected_version")
        return await _denied(cases, one, changed)
    result = await carry_out(cases, book, one.case_id, one.command, one.actor)
    if isinstance(result, Refusal):
        return await _denied(cases, one, result)
    return Done(one.case_id, cases.state(one.case_id), result)


async def _denied(cases: Cases, one: Asked, refusal: Refusal) -> Denied:
    seen = one.command.expected_version
    if refusal.code != "case.changed" or seen is None:
        return Denied(one.case_id, refusal)
    stored = await cases.unit.connection.fetch(rows.SINCE, one.case_id, seen, CHANGES_SHOWN)
    events = [EVENT.validate_json(row["body"]) for row in stored]
    events += [step.event for step in cases.held[one.case_id].steps]
    return Denied(one.case_id, refusal, changes_since(events, seen))


def _checked(
    command: Command, files: Mapping[str, Any], elsewhere: Mapping[UUID, UUID], case_id: UUID
) -> Command | Refusal:
    """What a command says of files and complaints, held against what is known of them."""
    if isinstance(command, AddEvidence):
        file = files.get(command.evidence.sha256)
        if file is None:
            return refuse("evidence.file", sha256=command.evidence.sha256[:12], field="evidence.sha256")
        return command.model_copy(update={"evidence": _from_file(command.evidence, file)})
    link = _link_of(command)
    if link is not None:
        complaint = _uuid(link.complaint_id)
        if complaint is None:
            return refuse("link.id", complaint=link.complaint_id[:40], field="complaint_id")
        there = elsewhere.get(complaint)
        if there is not None and there != case_id:
            return refuse("link.elsewhere", complaint=link.receipt_no, case=there, field="complaint_id")
    return command


def _link_of(command: Command) -> Link | None:
    if isinstance(command, Open):
        return command.first
    return command.link if isinstance(command, AddLink) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _from_file(item: Evidence, file: Any) -> Evidence:
    """Kind, type, size, time and place are the file's, whatever the sender said."""
    place = file["latitude"] is not None
    return item.model_copy(
        update={
            "media_type": file["media_type"],
            "size": file["size"],
            "kind": type(item.kind)(file["kind"]),
            "taken_at": file["taken_at"],
            "position": Position(latitude=file["latitude"], longitude=file["longitude"]) if place else None,
        }
    )


async def _files(cases: Cases, asked: Sequence[Asked]) -> dict[str, Any]:
    wanted = {one.command.evidence.sha256 for one in asked if isinstance(one.command, AddEvidence)}
    found = await cases.unit.connection.fetch(rows.FILES, sorted(wanted)) if wanted else []
    return {row["sha256"]: row for row in found}


async def _elsewhere(cases: Cases, asked: Sequence[Asked]) -> dict[UUID, UUID]:
    """Where complaints that are to be linked stand already. A system's own events were looked at where they came in."""
    ids = {
        found
        for one in asked
        if isinstance(one.command, Command) and (link := _link_of(one.command)) and (found := _uuid(link.complaint_id))
    }
    stored = await cases.unit.connection.fetch(rows.WHERE, sorted(ids)) if ids else []
    return {row["complaint_id"]: row["case_id"] for row in stored}

"""Officers' systems ask by record: tokens, answers under the command's id, the same command twice, batches with bad records."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.casework import TOKEN_HEADER, CaseCommand, CommandAnswered
from contracts.topics import COMMAND, COMMAND_ANSWERED
from services.casework.handlers import Commands
from services.domain.case.commands import SignIn
from services.infra.batches import Batches
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.records import Record
from tests.integration.casework.conftest import PEPPER, enter
from tests.support.office import EVERYBODY, OFFICER, Desk, assigned, case_id, opened


class Line:
    """The command topic's consumer and what it answered."""

    def __init__(self, pool: Pool, desk: Desk, tokens: dict[str, str]) -> None:
        self.pool, self.tokens = pool, tokens
        self.commands = Commands(desk.office, PEPPER)
        count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=10))
        self.batches = Batches("casework-commands", pool, desk.vault, count, retry_seconds=5, clock=desk.clock)
        self.desk = desk

    def record(self, command: dict[str, Any], *, id: UUID | None = None, who: str = "officer", case: UUID | None = None) -> Record:
        event = CaseCommand(event_id=id or uuid4(), occurred_at=self.desk.clock(), case_id=case or case_id(1), command=command)
        headers = {TOKEN_HEADER: self.tokens.get(who, "ptn_none_none")}
        return Record(COMMAND.name, 0, uuid4().int % 10**9, b"k", event.to_bytes(), headers, 1)

    async def send(self, *records: Record) -> Sequence[CommandAnswered]:
        await self.batches.run(list(records), self.commands.handle)
        rows = await self.pool.fetch("DELETE FROM bus.outbox WHERE topic = $1 RETURNING id, value", COMMAND_ANSWERED.name)
        return [CommandAnswered.from_bytes(row["value"]) for row in sorted(rows, key=lambda row: row["id"])]


@pytest.fixture
async def line(pool: Pool, desk: Desk) -> Line:
    tokens = await enter(pool, desk, *EVERYBODY)
    await desk.hear(opened(), assigned())
    return Line(pool, desk, tokens)


async def test_each_command_is_answered_under_its_id_done_or_with_the_rule_that_refused_it(line: Line) -> None:
    ids = [uuid4() for _ in range(4)]
    answers = await line.send(
        line.record({"type": "sign_in"}, id=ids[0]),
        line.record({"type": "sign_in"}, id=ids[1]),
        line.record({"type": "sign_in"}, id=ids[2], who="nobody"),
        line.record({"type": "dance"}, id=ids[3]),
    )
    found = {answer.command_id: answer for answer in answers}
    assert found[ids[0]].accepted and found[ids[0]].status == "signed_in"
    assert [event.kind for event in found[ids[0]].events] == ["signed_in"]
    problems = {id: found[id].problem for id in ids[1:]}
    assert [problem.code for problem in problems.values() if problem] == ["part.state", "token.unknown", "request.kind"]
    assert all(problem and problem.instead and problem.provenance for problem in problems.values())


async def test_a_command_sent_twice_is_done_once_and_answered_alike_even_by_another_record(line: Line) -> None:
    id = uuid4()
    record = line.record({"type": "sign_in"}, id=id)
    twice = await line.send(record, line.record({"type": "sign_in"}, id=id))
    again = await line.send(line.record({"type": "sign_in"}, id=id))
    redelivered = await line.send(record)
    assert len(twice) == len(again) == 1 and twice[0] == again[0] and twice[0].accepted
    assert redelivered == []
    other = await line.send(line.record({"type": "investigate"}, id=id))
    assert other[0].problem and other[0].problem.code == "request.key"


async def test_what_is_no_command_is_set_aside_sealed_and_its_neighbours_are_done(line: Line) -> None:
    bad = Record(COMMAND.name, 0, 7, b"k", b"{", {TOKEN_HEADER: "ptn_secret_token"}, 1)
    answers = await line.send(bad, line.record({"type": "sign_in"}))
    assert [answer.accepted for answer in answers] == [True]
    row = await line.pool.fetchrow("SELECT reason, sealed FROM bus.dead_letters")
    assert row and b"secret" not in row["sealed"] and "secret" not in row["reason"]


async def test_two_consumers_with_one_command_do_it_once(line: Line) -> None:
    id = uuid4()
    rival = Line(line.pool, Desk(line.pool, line.desk.vault, line.desk.office.book), line.tokens)
    both = asyncio.Barrier(2)

    async def send(one: Line) -> None:
        await both.wait()
        await one.batches.run([one.record({"type": "sign_in"}, id=id)], one.commands.handle)

    await asyncio.gather(send(line), send(rival))
    rows = await line.pool.fetch("SELECT value FROM bus.outbox WHERE topic = $1", COMMAND_ANSWERED.name)
    answers = [CommandAnswered.from_bytes(row["value"]) for row in rows]
    assert len(answers) == 2 and answers[0] == answers[1] and answers[0].accepted
    assert await line.pool.fetchval("SELECT count(*) FROM casework.events WHERE kind = 'signed_in'") == 1


async def test_a_person_s_own_version_is_told_of_changes_by_record_too(line: Line) -> None:
    await line.desk.ask(OFFICER, SignIn())
    [answer] = await line.send(line.record({"type": "investigate", "expected_version": 2}))
    assert answer.problem and answer.problem.code == "case.changed" and len(answer.problem.changes) == 1

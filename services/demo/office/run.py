"""The half year, moment by moment: the public writes, services answer, people work, supervision watches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from contracts.vocabulary import SupervisionStep
from services.casework.execute import Asked, Denied
from services.casework.files import File
from services.demo.office.luck import Luck
from services.demo.office.moves import Desk, Move
from services.demo.office.public import Complaint, Public
from services.demo.office.reviewing import review
from services.demo.office.script import moves, wait
from services.demo.office.staff import Staff
from services.demo.office.town import Town
from services.domain.case import commands as c
from services.domain.case.state import CaseState, load_state
from services.domain.case.status import Status
from services.domain.clocks.calendar import CHINA
from services.infra.unit_of_work import begin
from services.supervision import look_back, proposals

WORKING_HOURS = (time(8, 5), time(10), time(12), time(15), time(17), time(21))
DAYS_OFF_HOURS = (time(10), time(20))
DIGITS = re.compile(r"[\d-]+(?:/\d+)?")
STANDING = "SELECT case_id, version, status, lead_unit, ordinal FROM casework.cases ORDER BY case_id"
STATES = "SELECT case_id, state::text AS state FROM casework.cases WHERE case_id = ANY($1::uuid[]) ORDER BY case_id"
FILES = """
INSERT INTO casework.files (sha256, kind, media_type, size, taken_at, state, uploaded_by, at)
SELECT *, 'stored', 'office', $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $6::timestamptz[]) ON CONFLICT DO NOTHING
"""
ACCEPTS = 0.85
"""Share of proposed steps the supervisor takes; the others are declined with a reason."""
CASES_AT_ONCE = 100


@dataclass(slots=True)
class Course:
    """What happened over the half year beside what stands in the tables."""

    since: datetime
    until: datetime
    complaints: int = 0
    commands: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Command, rule and reason (without figures) → how often."""
    events: Counter[str] = field(default_factory=Counter)
    without_officer: tuple[str, ...] = ()


class ScriptedOffice:
    """Thirty officers and the desks around them, on the town's clock."""

    def __init__(self, town: Town, *, seed: str, officers: int = 30, files: Mapping[str, Sequence[File]] | None = None) -> None:
        self.town = town
        self.luck = Luck(seed)
        self.desk = Desk(Staff(town.city, self.luck.of("staff"), officers), town.book.case, files=files or {})
        self._agenda: dict[UUID, datetime | None] = {}
        self._seen: dict[UUID, tuple[str, int, str | None]] = {}
        self._first: dict[UUID, UUID] = {}

    async def work(
        self, complaints: Iterable[Complaint], since: datetime, until: datetime, *, progress: Callable[[datetime], None] = lambda at: None
    ) -> Course:
        """From `since` to `until`; complaints come at their own moments."""
        course = Course(since, until)
        public = Public(complaints, self.luck.of("public"), until)
        for moment in self._moments(since, until):
            self.town.clock.advance(moment - self.town.clock())
            await self.town.submit(list(public.due(moment)))
            await self._look_around(public, moment)
            await self._act(course, moment)
            await self._look_around(public, moment)
            await self._act(course, moment)  # the duty desk does not let urgent ones wait for the next round
            await self.town.duty.once()
            await self.town.bus.drain()
            if moment.astimezone(CHINA).hour == 10:
                await self._supervise(course, moment)
                await self._review(course, public)
            progress(moment)
        course.complaints = public.sent
        course.events = self.town.bus.counts
        course.without_officer = tuple(sorted(self.desk.staff.without))
        return course

    def _moments(self, since: datetime, until: datetime) -> Iterator[datetime]:
        day: date = since.astimezone(CHINA).date()
        while True:
            hours = WORKING_HOURS if self.town.book.case.calendar.is_working(day) else DAYS_OFF_HOURS
            for hour in hours:
                moment = datetime.combine(day, hour, CHINA)
                if moment >= until:
                    return
                if moment >= since:
                    yield moment
            day += timedelta(days=1)

    async def _look_around(self, public: Public, now: datetime) -> None:
        """Notice new and changed cases, and put them on the agenda."""
        changed = []
        staffed = len(self.desk.staff.by_unit)
        for row in await self.town.pool.fetch(STANDING):
            standing = (row["status"], row["ordinal"], row["lead_unit"])
            before = self._seen.get(row["case_id"])
            if before == standing:
                continue
            self._seen[row["case_id"]] = standing
            changed.append(row["case_id"])
            if row["lead_unit"]:
                self.desk.leads[str(row["case_id"])] = row["lead_unit"]
                self.desk.staff.officer(row["lead_unit"])
        for state in await self._states(changed):
            id, luck = UUID(state.case_id), self._luck(state)
            self._first.setdefault(id, UUID(state.links[0].complaint_id) if state.links else id)
            self._plan(id, wait(state, self.desk, luck), now)
            if state.status is Status.ASSIGNED and state.sequence == 1 and state.ordinal == 1:
                public.waits(id, self._first[id], now)
            if state.status is Status.CLOSED_OUT:
                public.closed(id, self._first[id], state.ordinal, now)
        if len(self.desk.staff.by_unit) != staffed or not staffed:
            async with self.town.pool.acquire() as connection:
                await self.desk.staff.enrol(connection)

    def _plan(self, id: UUID, after: timedelta | None, now: datetime) -> None:
        self._agenda[id] = None if after is None else now + after

    async def _act(self, course: Course, now: datetime) -> None:
        """Everything on the agenda by now; on days off only what cannot wait."""
        due = sorted(id for id, at in self._agenda.items() if at is not None and at <= now)
        if not self.town.book.case.calendar.is_working(now.astimezone(CHINA).date()):
            due = [id for id in due if self._seen[id][0] == Status.ASSIGNED and self._agenda[id] == now]
        self.desk.due_look_backs = {
            str(row["case_id"]) for row in await look_back.listed(self.town.pool, limit=10_000)
        } if due else set()  # fmt: skip
        for start in range(0, len(due), CASES_AT_ONCE):
            states = await self._states(due[start : start + CASES_AT_ONCE])
            await self._give(course, states, now)
        if due:
            await self.town.bus.drain()
        for state in await self._states(due):
            after = wait(state, self.desk, self._luck(state))
            self._plan(UUID(state.case_id), after if after is None else max(after, timedelta(hours=2)), now)

    async def _give(self, course: Course, states: Sequence[CaseState], now: datetime) -> None:
        planned: list[tuple[UUID, Move]] = []
        for state in states:
            planned += [(UUID(state.case_id), move) for move in moves(state, now, self.desk, self._luck(state))]
        if not planned:
            return
        async with begin(self.town.pool, service="casework", vault=self.town.vault, clock=self.town.clock) as unit:
            items = [move.command.evidence for _, move in planned if isinstance(move.command, c.AddEvidence)]
            if items and not self.desk.files:
                columns = zip(*((i.sha256, i.kind.value, i.media_type, i.size, i.taken_at) for i in items), strict=True)
                sha, kinds, media, sizes, taken = map(list, columns)
                await unit.connection.execute(FILES, sha, kinds, media, sizes, now, taken)
            outcomes = await self.town.office.execute(unit, [Asked(move.actor, id, move.command) for id, move in planned])
        course.commands += len(outcomes)
        for (_, move), outcome in zip(planned, outcomes, strict=True):
            if isinstance(outcome, Denied):
                # What a refusal says without its days and figures, so that like ones are counted together.
                reason = DIGITS.sub("…", outcome.refusal.message)[:110]
                course.refused[f"{move.command.type}: {outcome.refusal.code}", reason] += 1

    async def _supervise(self, course: Course, now: datetime) -> None:
        """The supervisor decides what the ladder proposes."""
        supervisor = self.desk.staff.desk("supervisor")
        for item in await proposals.waiting(self.town.pool, limit=1000):
            async with begin(self.town.pool, service="supervision", vault=self.town.vault, clock=self.town.clock) as unit:
                if not self.luck.happens(f"accept/{item.case_id}/{item.step}", ACCEPTS):
                    await proposals.decline(unit, item.id, supervisor, reason="单位已作说明", book=self.town.book)
                    continue
                await proposals.accept(unit, item.id, supervisor)
                command = c.Supervise(step=SupervisionStep(item.step), reason=item.reason)
                [outcome] = await self.town.office.execute(unit, [Asked(supervisor, item.case_id, command)])
                if isinstance(outcome, Denied):
                    course.refused[f"supervise: {outcome.refusal.code}", outcome.refusal.message] += 1
        await self.town.bus.drain()

    async def _review(self, course: Course, public: Public) -> None:
        """The reviewer answers what the machine asks about links."""
        outcomes = await review(self.town, self.desk.staff.desk("supervisor"), self.luck, public.known)
        for outcome in outcomes:
            if isinstance(outcome, Denied):
                course.refused[f"review: {outcome.refusal.code}", outcome.refusal.message[:110]] += 1
        if outcomes:
            await self.town.bus.drain()

    def _luck(self, state: CaseState) -> Luck:
        return self.luck.of(state.case_id, state.ordinal)

    async def _states(self, ids: Sequence[UUID]) -> list[CaseState]:
        if not ids:
            return []
        return [load_state(row["state"]) for row in await self.town.pool.fetch(STATES, list(ids))]

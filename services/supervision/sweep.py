"""The sweep: due moments of clocks and due looks of the ladder, found by an index and handled in batches.

Any number of instances may sweep at once: each takes rows nobody else holds, and what a row has announced is written in
the same transaction. After an outage one announcement per clock covers the tiers passed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.supervision import CaseOverdue, CaseWarned, SupervisionDue
from contracts.topics import OVERDUE, SUPERVISION_DUE, WARNED
from contracts.vocabulary import Urgency
from services.domain.clocks.calendar import CalendarExhausted
from services.domain.clocks.deadlines import Deadline
from services.domain.clocks.moments import Firing, due_moments, fire, next_moment
from services.domain.rulebook import RuleBook
from services.domain.supervision.ladder import LadderStep, next_due, steps
from services.infra.clock import Clock
from services.infra.metrics import ESCALATED, FIRED
from services.infra.postgres import Pool
from services.infra.unit_of_work import UnitOfWork, begin
from services.infra.vault import Vault
from services.supervision import proposals
from services.supervision import repository as rows
from services.supervision.notices import Notices
from services.supervision.seen import ASK_AGAIN, as_deadline, as_view

SOON = timedelta(minutes=1)
"""A case the ladder looked at too early by a rounding is looked at again after this."""


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    warned: int = 0
    overdue: int = 0
    lapsed: int = 0
    asked: int = 0
    proposed: int = 0

    @property
    def total(self) -> int:
        """Everything together."""
        return self.warned + self.overdue + self.lapsed + self.asked + self.proposed


class Sweep:
    """Announces what is due at the clock's moment, once."""

    def __init__(self, pool: Pool, vault: Vault, book: RuleBook, *, clock: Clock, batch: int = 1000) -> None:
        self.pool, self.vault, self.book, self.clock, self.batch = pool, vault, book, clock, batch

    async def once(self) -> Swept:
        """Everything due now, batch by batch, each in a transaction of its own."""
        swept = Swept()
        while await self._transaction(self._clocks, swept) >= self.batch:
            pass
        for unowned in (True, False):
            while await self._transaction(self._ladder, swept, unowned) >= self.batch:
                pass
        return swept

    async def _transaction(self, work: Any, *arguments: Any) -> int:
        async with begin(self.pool, service="supervision", vault=self.vault, clock=self.clock) as unit:
            handled: int = await work(unit, *arguments)
            return handled

    async def _clocks(self, unit: UnitOfWork, swept: Swept) -> int:
        now, rules = self.clock(), self.book.case.deadlines
        found = await rows.due_clocks(unit.connection, now, self.batch)
        if not found:
            return 0
        firings: list[tuple[Any, Deadline, Firing]] = []
        advanced: list[tuple[Any, ...]] = []
        for row in found:
            deadline = as_deadline(row)
            moments = [m for m in due_moments(str(row["case_id"]), (deadline,), rules.warn_shares) if m.share > row["fired_share"]]
            reached = fire(moments, now)
            share = reached[0].moment.share if reached else row["fired_share"]
            if reached:
                firings.append((row, deadline, reached[0]))
            coming = next_moment(deadline, rules.warn_shares, share)
            advanced.append((row["case_id"], row["clock"], share, coming.share if coming else None, coming.at if coming else None))
        keys = [
            (row["case_id"], deadline.clock, deadline.due_at, firing.moment.share, firing.moment.at, now, deadline.rule_id,
             deadline.rule_version, deadline.calendar_version)
            for row, deadline, firing in firings
        ]  # fmt: skip
        fresh = await rows.fire(unit.connection, keys)
        notices = Notices(await rows.directory(unit.connection), self.book, now)
        for row, deadline, firing in firings:
            if (row["case_id"], deadline.clock) in fresh:
                self._announce(unit, row, deadline, firing, notices, swept)
        await rows.notify(unit.connection, notices.rows)
        await unit.connection.execute(rows.ADVANCE, *map(list, zip(*advanced, strict=True)))
        return len(found)

    def _announce(self, unit: UnitOfWork, row: Any, deadline: Deadline, firing: Firing, notices: Notices, swept: Swept) -> None:
        share, moment = firing.moment.share, firing.moment.at
        late = deadline.kind == "limit" and share >= 1
        reason = sentence(deadline, share)
        event = (CaseOverdue if late else CaseWarned)(
            event_id=uuid5(row["case_id"], firing.moment.key), occurred_at=self.clock(), case_id=row["case_id"],
            case_no=row["case_no"], clock=deadline.clock, label=deadline.label, kind=deadline.kind, rule_id=deadline.rule_id,
            rule_version=deadline.rule_version, calendar_version=deadline.calendar_version, started_at=deadline.started_at,
            due_at=deadline.due_at, last_day=deadline.last_day, share=share, moment=moment, late_seconds=firing.late_seconds,
            provisional=deadline.provisional, region=row["region"], unit_id=row["unit_id"], person_id=row["person_id"],
            leader_id=row["leader_id"], urgency=Urgency(row["urgency"]), reason=reason,
        )  # fmt: skip
        unit.emit(OVERDUE if late else WARNED, row["case_id"], event)
        notices.fired(as_view(row, (deadline,)), deadline, share, reason)
        kind = "overdue" if late else "warned" if deadline.kind == "limit" else "lapsed"
        setattr(swept, kind, getattr(swept, kind) + 1)
        FIRED.labels(kind).inc()

    async def _ladder(self, unit: UnitOfWork, swept: Swept, unowned: bool) -> int:
        now, book = self.clock(), self.book
        found = await rows.due_steps(unit.connection, now, self.batch, unowned=unowned)
        if not found:
            return 0
        clocks = await rows.kept_clocks(unit.connection, [row["case_id"] for row in found])
        views = [as_view(row, (kept.deadline for kept in clocks.get(row["case_id"], ()))) for row in found]
        try:
            due = {step.case_id: step for step in steps(views, book.ladder, book.case.calendar, now)}
        except CalendarExhausted as exhausted:
            # Nobody can count working days of an unknown year: said by `clocks status`, mended by a new calendar.
            await unit.connection.execute(rows.UNCOUNTABLE, [row["case_id"] for row in found], str(exhausted))
            return len(found)
        notices = Notices(await rows.directory(unit.connection), book, now)
        asked: list[tuple[Any, ...]] = []
        by_id = {view.case_id: view for view in views}
        for case_id, step in due.items():
            if step.person:
                if await proposals.propose(unit, by_id[case_id], step):
                    notices.proposed(by_id[case_id], step)
                    swept.proposed += 1
            else:
                self._ask(unit, step, now)
                swept.asked += 1
            ESCALATED.labels(step.step.value, "proposed" if step.person else "asked").inc()
            asked.append((UUID(case_id), step.step.value, now, None if step.person else now + ASK_AGAIN))
        asked += [(row["case_id"], row["asked_step"], row["asked_at"], self._again(by_id[str(row["case_id"])], now))
                  for row in found if str(row["case_id"]) not in due]  # fmt: skip
        await rows.notify(unit.connection, notices.rows)
        await unit.connection.execute(rows.ASKED, *map(list, zip(*asked, strict=True)))
        return len(found)

    def _ask(self, unit: UnitOfWork, step: LadderStep, now: datetime) -> None:
        case_id = UUID(step.case_id)
        unit.emit(SUPERVISION_DUE, case_id, SupervisionDue(
            event_id=uuid5(case_id, f"supervise/{step.step.value}/{now.isoformat()}"), occurred_at=now, case_id=case_id,
            case_no=step.case_no, step=step.step, reason=step.reason, provenance=step.provenance, unowned=step.unowned,
        ))  # fmt: skip

    def _again(self, case: Any, now: datetime) -> datetime | None:
        due = next_due(case, self.book.ladder, self.book.case.calendar)
        return None if due is None else max(due, now + SOON)


def sentence(deadline: Deadline, share: float) -> str:
    """Why a clock speaks, in Chinese."""
    guess = "（次年放假安排尚未公布，日期为暂定）" if deadline.provisional else ""
    if deadline.kind == "window":
        return f"“{deadline.label}”的期限已于{deadline.last_day}届满{guess}。"
    if deadline.kind == "minimum":
        return f"“{deadline.label}”至{deadline.last_day}已满期{guess}，可以办理下一步。"
    if share >= 1:
        return f"期限“{deadline.label}”已于{deadline.last_day}届满{guess}。"
    return f"期限“{deadline.label}”已用{share:.0%}，{deadline.last_day}届满{guess}。"

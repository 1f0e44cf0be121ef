"""What a supervisor looks at, gathered: cases nobody has, cases overdue, steps that wait for a decision, who looked at identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.vocabulary import SupervisionStep
from services.casework.execute import Asked, Denied
from services.console import cases
from services.console.access import Visit
from services.console.listing import Line
from services.console.pages.work import work_lines
from services.console.story import FIELD_NAMES
from services.domain.case import commands as c
from services.domain.case.status import UNOWNED
from services.infra.unit_of_work import begin
from services.supervision import overdue, proposals
from services.supervision.proposals import Proposal, ProposalGone

READS = """
SELECT u.actor, u.purpose, u.fields, u.at, k.receipt_no, c.case_no, c.region FROM vault.unsealings u
LEFT JOIN LATERAL (SELECT case_id, receipt_no FROM casework.complaint_cases WHERE complaint_id = u.complaint_id LIMIT 1) k ON true
LEFT JOIN casework.cases c ON c.case_id = k.case_id
WHERE c.region IS NULL OR c.region LIKE ANY($1) ORDER BY u.at DESC LIMIT $2
"""
SHOWN = 50
MOST = 2000


@dataclass(frozen=True, slots=True)
class Read:
    """One look at an identity."""

    at: Any
    by: str
    fields: str
    purpose: str
    receipt_no: str
    case_no: str


@dataclass(frozen=True, slots=True)
class Watch:
    """The desk."""

    unowned: tuple[Line, ...]
    more_unowned: bool
    late: tuple[dict[str, Any], ...]
    more_late: bool
    steps: tuple[Proposal, ...]
    reads: tuple[Read, ...]


async def watch(visit: Visit) -> Watch:
    """Everything of the supervisor's regions."""
    office, actor = visit.office, visit.principal
    unowned = await work_lines(visit, await cases.by_status(office.pool, sorted(UNOWNED), actor, limit=SHOWN + 1))
    async with office.pool.acquire() as connection:
        late = await overdue.overdue(connection, office.rules.case.calendar, visit.now, limit=SHOWN * 4)
        steps = [step for step in await proposals.waiting(connection, limit=MOST) if actor.covers(step.region)]
    late = [row for row in late if actor.covers(row["region"]) and not row["unowned"]]
    return Watch(tuple(unowned[:SHOWN]), len(unowned) > SHOWN, tuple(late[:SHOWN]), len(late) > SHOWN, tuple(steps), await reads(visit))


async def reads(visit: Visit, limit: int = 20) -> tuple[Read, ...]:
    """The latest looks at identities."""
    office = visit.office
    return tuple(
        Read(row["at"], office.person(row["actor"]), "、".join(FIELD_NAMES.get(name, name) for name in row["fields"]), row["purpose"],
             row["receipt_no"] or "", row["case_no"] or "")
        for row in await office.pool.fetch(READS, cases.prefixes(visit.principal), limit)
    )  # fmt: skip


async def decide(visit: Visit, ids: Sequence[UUID], *, decline: str | None = None) -> tuple[list[Proposal], list[str]]:
    """Take the steps, or decline them with a reason; each by itself. Returns what was done, and sentences for what was not."""
    office = visit.office
    done: list[Proposal] = []
    failed: list[str] = []
    for id in ids:
        try:
            async with begin(office.pool, service="console", vault=office.vault, clock=office.clock) as unit:
                if decline is not None:
                    done.append(await proposals.decline(unit, id, visit.principal, reason=decline, book=office.rules))
                    continue
                step = await proposals.accept(unit, id, visit.principal)
                command = c.Supervise(step=SupervisionStep(step.step), reason=step.reason)
                [outcome] = await office.casework.execute(unit, [Asked(visit.principal, step.case_id, command)])
                if isinstance(outcome, Denied):
                    raise ProposalGone(f"{step.case_no}：{outcome.refusal.message}")
                done.append(step)
        except ProposalGone as gone:
            failed.append(str(gone))
    return done, failed

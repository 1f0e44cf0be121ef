"""Steps of the ladder that a person decides: listed, previewed, accepted or declined, one by one or in bulk.

Accepting only marks the proposal; the step itself is a `supervise` command of the person who accepts, given to casework
by whoever calls (the console, the command line) in the same transaction, so that neither stands without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid5

from contracts.vocabulary import SupervisionStep
from services.domain.clocks.calendar import CHINA, day_of
from services.domain.principals import Principal, Role
from services.domain.rulebook import RuleBook
from services.domain.supervision.ladder import LadderStep, next_step
from services.domain.supervision.view import CaseView
from services.infra.postgres import Connection
from services.infra.unit_of_work import UnitOfWork

DECIDES = frozenset({Role.SUPERVISOR, Role.LEADER})
FIELDS = "id, case_id, case_no, step, reason, provenance, unowned, region, unit_id, leader_id, proposed_at, state"
WAITING = f"""
SELECT {FIELDS} FROM supervision.proposals WHERE state = 'waiting'
AND ($1::text IS NULL OR unit_id = $1) AND ($2::text IS NULL OR leader_id = $2) AND ($3::text IS NULL OR step = $3)
ORDER BY unowned DESC, array_position(ARRAY['约谈', '挂牌督办', '督办'], step), proposed_at, case_no LIMIT $4
"""
CHOSEN = f"SELECT {FIELDS} FROM supervision.proposals WHERE id = ANY($1::uuid[]) ORDER BY unowned DESC, case_no"
PROPOSE = """
INSERT INTO supervision.proposals (id, case_id, case_no, step, reason, provenance, unowned, region, unit_id, leader_id, proposed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id
"""
DECIDE = """
UPDATE supervision.proposals SET state = $2, decided_by = $3, decided_at = $4, note = $5
WHERE id = $1 AND state = 'waiting' RETURNING case_id
"""
OF_CASES = "SELECT id, case_id, step FROM supervision.proposals WHERE state = 'waiting' AND case_id = ANY($1::uuid[]) FOR UPDATE"
TAKEN = """
UPDATE supervision.proposals SET state = 'accepted', decided_by = $3, decided_at = $4
WHERE case_id = $1 AND state = 'waiting' AND step = ANY($2::text[])
"""
HOLD = "UPDATE supervision.cases SET asked_step = NULL, asked_at = NULL, held_until = $2, ladder_at = $2 WHERE case_id = $1"
SETTLED = "情况已变化，该步骤不再需要"


class ProposalGone(Exception):
    """The proposal cannot be decided any more; the message says what became of it and where to look."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step that waits for a person, with its reason."""

    id: UUID
    case_id: UUID
    case_no: str
    step: str
    reason: str
    provenance: str
    unowned: bool
    region: str | None
    unit_id: str | None
    leader_id: str | None
    proposed_at: datetime
    state: str

    def as_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        return {**asdict(self), "id": str(self.id), "case_id": str(self.case_id), "proposed_at": self.proposed_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Preview:
    """What accepting these proposals would do: the steps to take, and those that cannot be decided, with the reason."""

    steps: tuple[Proposal, ...]
    refused: tuple[tuple[UUID, str], ...]


async def waiting(
    connection: Connection, *, unit_id: str | None = None, leader_id: str | None = None, step: str | None = None, limit: int = 200
) -> list[Proposal]:
    """Proposals that wait, unowned cases first, then the gravest step, then the oldest."""
    return [Proposal(**row) for row in await connection.fetch(WAITING, unit_id, leader_id, step, limit)]


async def preview(connection: Connection, ids: Sequence[UUID], actor: Principal) -> Preview:
    """What `accept` would do for this person, without doing it."""
    found = {row["id"]: Proposal(**row) for row in await connection.fetch(CHOSEN, list(ids))}
    steps, refused = [], []
    for id in dict.fromkeys(ids):
        why = _refusal(found.get(id), actor)
        if why:
            refused.append((id, why))
        else:
            steps.append(found[id])
    steps.sort(key=lambda item: (not item.unowned, item.case_no))
    return Preview(tuple(steps), tuple(refused))


async def accept(unit: UnitOfWork, id: UUID, actor: Principal) -> Proposal:
    """Mark a proposal accepted; the caller gives the `supervise` command. Raises `ProposalGone`."""
    return await _decide(unit, id, actor, "accepted", None)


async def decline(unit: UnitOfWork, id: UUID, actor: Principal, *, reason: str, book: RuleBook) -> Proposal:
    """A person thinks the step is not called for; it is not proposed again for some working days. Raises `ProposalGone`."""
    if not reason.strip():
        raise ProposalGone("declining needs a reason (--reason): it is kept with the proposal")
    proposal = await _decide(unit, id, actor, "declined", reason)
    day = book.case.calendar.add_working_days(day_of(unit.clock()), book.ladder.propose_again_days)
    await unit.connection.execute(HOLD, proposal.case_id, datetime.combine(day, time(), CHINA))
    return proposal


async def _decide(unit: UnitOfWork, id: UUID, actor: Principal, state: str, note: str | None) -> Proposal:
    row = await unit.connection.fetchrow(CHOSEN + " FOR UPDATE", [id])
    proposal = Proposal(**row) if row else None
    why = _refusal(proposal, actor)
    if why or proposal is None:
        raise ProposalGone(why or "")
    await unit.connection.execute(DECIDE, id, state, actor.id, unit.clock(), note)
    return proposal


def _refusal(proposal: Proposal | None, actor: Principal) -> str | None:
    if proposal is None:
        return "没有这条督办建议；请用 petitions supervise next 查看待决定的建议"
    if not actor.has(DECIDES) or not actor.person:
        return f"{actor.name}不能决定督办步骤；须由督办人员或包案领导本人决定"
    if not actor.covers(proposal.region):
        return f"{proposal.case_no}在{proposal.region}，不在{actor.name}的管辖范围"
    if proposal.state != "waiting":
        label = {"accepted": "已采纳", "declined": "已否决", "lapsed": SETTLED}[proposal.state]
        return f"{proposal.case_no}的“{proposal.step}”建议{label}；请用 petitions supervise next 查看待决定的建议"
    return None


async def propose(unit: UnitOfWork, case: CaseView, step: LadderStep) -> bool:
    """Put a step before the supervisors; False where one of this case waits already."""
    id = uuid5(UUID(step.case_id), f"propose/{step.step.value}/{case.ordinal}/{unit.clock().isoformat()}")
    made = await unit.connection.fetchval(
        PROPOSE, id, UUID(step.case_id), step.case_no, step.step.value, step.reason, step.provenance, step.unowned, case.region,
        case.unit_id, case.leader_id, unit.clock(),
    )  # fmt: skip
    return made is not None


async def lapse(unit: UnitOfWork, cases: Mapping[UUID, CaseView], book: RuleBook, now: datetime) -> set[UUID]:
    """Withdraw proposals whose reason no longer holds, and return their cases."""
    gone: set[UUID] = set()
    for row in await unit.connection.fetch(OF_CASES, list(cases)):
        view = cases[row["case_id"]]
        if view.step is SupervisionStep(row["step"]):
            continue  # taken: the change that says so marks it accepted, with the person who took it
        step = next_step(view, book.ladder, book.case.calendar, now)
        if step is None or step.step.value != row["step"]:
            await unit.connection.execute(DECIDE, row["id"], "lapsed", "system", now, SETTLED)
            gone.add(row["case_id"])
    return gone


async def taken(unit: UnitOfWork, case_id: UUID, steps: Sequence[SupervisionStep], *, by: str, at: datetime) -> None:
    """Somebody took the step (or a higher one): what waits for it is decided."""
    await unit.connection.execute(TAKEN, case_id, [step.value for step in steps], by, at)

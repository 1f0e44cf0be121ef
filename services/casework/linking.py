"""Acts about links: triage's book and casework's cases change in one transaction, so that there is one truth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from services.casework import acts
from services.casework import repository as rows
from services.casework.cases import Cases
from services.casework.ports import LinkBook, Moved, Placement
from services.domain.case import operations as op
from services.domain.case.commands import Command
from services.domain.case.events import CaseEvent
from services.domain.case.operations import ACCEPTED_LABEL, ROLES
from services.domain.errors import Refused
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.infra.unit_of_work import UnitOfWork

MERGED_INTO = "SELECT (state ->> 'merged_into')::uuid FROM casework.cases WHERE case_id = $1"
Events = tuple[CaseEvent, ...]


async def cases_to_lock(unit: UnitOfWork, asked: Iterable[tuple[UUID, Command | acts.Act]]) -> set[UUID]:
    """Every case these acts may touch."""
    ids: set[UUID] = set()
    for case_id, act in asked:
        ids.add(case_id)
        match act:
            case acts.Split():
                ids |= set(act.shares)
            case acts.Merge():
                ids.add(act.into)
            case acts.UndoMerge():
                into = await unit.connection.fetchval(MERGED_INTO, case_id)
                ids |= {into} if into else set()
            case acts.UndoSplit():
                ids |= {row["case_id"] for row in await unit.connection.fetch(rows.WHERE, [act.complaint_id])}
    return ids


async def carry_out(cases: Cases, book: LinkBook, case_id: UUID, act: acts.Act, actor: Principal) -> Events | Refusal:
    """One act: the events of the case it was asked of, or why not. A refusal after the book was changed undoes both."""
    refusal = _may(cases, case_id, actor)
    if refusal:
        return refusal
    async with _Savepoint(cases) as attempt:
        try:
            result = await _carry_out(cases, book, case_id, act, actor)
        except Refused as why:
            result = why.refusal
        if isinstance(result, Refusal):
            attempt.undo()
        return result


def _may(cases: Cases, case_id: UUID, actor: Principal) -> Refusal | None:
    if not actor.has(ROLES):
        names = "、".join(role.label for role in ROLES)
        return refuse("actor.role", command=ACCEPTED_LABEL, roles=names, actor=actor.name)
    state = cases.state(case_id)
    if not actor.covers(state.region):
        return refuse("actor.region", region=state.region or "（未知）", actor=actor.name)
    return None


async def _carry_out(cases: Cases, book: LinkBook, case_id: UUID, act: acts.Act, actor: Principal) -> Events | Refusal:
    unit = cases.unit
    match act:
        case acts.UndoLink():
            link = await book.live_link(unit, act.complaint_id, case_id)
            if link is None:
                return refuse("link.unknown", complaint=act.complaint_id, field="complaint_id")
            moved = await book.undo(unit, link, actor=actor.id, reason=act.reason)
            return await undone(cases, moved, actor, act.reason)
        case acts.ConfirmSuggestion():
            return await confirmed(cases, await book.confirm(unit, act.link_id, actor=actor.id), actor, new_facts=act.new_facts)
        case acts.RefuseSuggestion():
            await book.refuse(unit, act.link_id, actor=actor.id)
            return ()
        case acts.Split():
            split = op.Split(
                operation=uuid4().hex, case_id=str(case_id), complaint_id=str(act.complaint_id),
                shares={str(id): share for id, share in act.shares.items()}, reason=act.reason,
            )  # fmt: skip
            return await _operate(cases, book, split, [*act.shares, case_id], case_id, actor)
        case acts.UndoSplit():
            holding = [row["case_id"] for row in await unit.connection.fetch(rows.WHERE, [act.complaint_id])]
            undo = op.UndoSplit(
                operation=act.operation, case_id=str(case_id), complaint_id=str(act.complaint_id), reason=act.reason
            )
            return await _operate(cases, book, undo, [*holding, case_id], case_id, actor)
        case acts.Merge():
            merge = op.Merge(operation=uuid4().hex, source=str(case_id), target=str(act.into), reason=act.reason)
            return await _operate(cases, book, merge, [case_id, act.into], case_id, actor)
        case acts.UndoMerge():
            state = cases.state(case_id)
            if not state.merged_into or not state.merge_operation:
                return refuse("merge.none", operation=state.case_no or case_id)
            into = UUID(state.merged_into)
            back = op.UndoMerge(
                operation=state.merge_operation, source=str(case_id), target=state.merged_into, reason=act.reason
            )
            return await _operate(cases, book, back, [case_id, into], case_id, actor)
    raise AssertionError(act)


async def undone(cases: Cases, moved: Moved, actor: Principal, reason: str) -> Events | Refusal:
    """Casework follows an undone link. What it has not heard of yet comes to it by events, so it is left to them."""
    assert moved.left is not None
    await cases.load([moved.left], opening=[moved.case_id])
    if cases.state(moved.left).link(str(moved.complaint_id)) is None:
        return ()
    undo = op.UndoLink(
        case_id=str(moved.left), complaint_id=str(moved.complaint_id), restored_case=str(moved.case_id),
        restored_case_no=moved.case_no, link_id=str(moved.link_id), reason=reason,
    )  # fmt: skip
    plan = cases.operate(undo, actor, [moved.left, moved.case_id])
    return plan if isinstance(plan, Refusal) else plan[moved.left]


async def confirmed(cases: Cases, moved: Moved, actor: Principal, *, new_facts: bool = False) -> Events | Refusal:
    """Casework follows a confirmed suggestion: the complaint's own case goes into the suggested one, or the complaint alone."""
    if moved.left is None or moved.left == moved.case_id:
        return ()
    await cases.load([moved.left, moved.case_id])
    here, there = cases.state(moved.left), cases.state(moved.case_id)
    complaint = str(moved.complaint_id)
    if here.link(complaint) is None or there.status is None:
        return ()
    return join(cases, moved.left, moved.case_id, complaint, str(moved.link_id), actor, "确认为同一事项", new_facts=new_facts)


def join(
    cases: Cases, left: UUID, joined: UUID, complaint: str, link_id: str, actor: Principal, reason: str,
    *, new_facts: bool = False,
) -> Events | Refusal:
    """A complaint goes from one case into another: with its case where it stands alone, by itself otherwise."""
    alone = all(link.complaint_id == complaint for link in cases.state(left).links)
    operation: op.Operation
    if alone:
        operation = op.Merge(operation=link_id, source=str(left), target=str(joined), reason=reason, recurrence=True, new_facts=new_facts)
    else:
        operation = op.UndoLink(
            case_id=str(left), complaint_id=complaint, restored_case=str(joined),
            restored_case_no=cases.state(joined).case_no, link_id=link_id, reason=reason, apart=False,
            new_facts=new_facts,
        )  # fmt: skip
    plan = cases.operate(operation, actor, [left, joined])
    return plan if isinstance(plan, Refusal) else plan[left]


async def _operate(
    cases: Cases, book: LinkBook, operation: op.Operation, ids: Collection[UUID], case_id: UUID, actor: Principal
) -> Events | Refusal:
    ids = set(ids)
    before = {id: cases.state(id).links for id in ids}
    plan = cases.operate(operation, actor, ids)
    if isinstance(plan, Refusal):
        return plan
    moved = {
        link.complaint_id
        for id in plan
        for link in {*before[id]} ^ {*cases.state(id).links}
    }
    places = await placements(cases, sorted(moved), ids)
    await book.place(cases.unit, places, actor=actor.id, reason=operation.reason)
    return plan.get(case_id, ())


async def placements(cases: Cases, complaints: Sequence[str], ids: Collection[UUID]) -> list[Placement]:
    """Where complaints stand now: in the cases in hand as they are there, elsewhere as stored."""
    stored = await cases.unit.connection.fetch(
        rows.SHARES, [UUID(complaint) for complaint in complaints]
    )
    found: list[Placement] = []
    for complaint in complaints:
        shares: dict[UUID, Decimal] = {}
        kinds: dict[UUID, str] = {}
        for row in stored:
            if str(row["complaint_id"]) == complaint and row["case_id"] not in ids:
                shares[row["case_id"]] = shares.get(row["case_id"], Decimal(0)) + row["weight"]
                kinds.setdefault(row["case_id"], row["kind"])
        for id in ids:
            for link in cases.state(id).links:
                if link.complaint_id == complaint:
                    shares[id] = shares.get(id, Decimal(0)) + link.weight
                    kinds.setdefault(id, link.kind.value)
        found.append(Placement(UUID(complaint), shares, kinds))
    return found


class _Savepoint:
    """A part of the transaction that can be undone by itself, with what it was about to publish and the cases it locked."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases
        self._undo = False

    async def __aenter__(self) -> _Savepoint:
        unit = self._cases.unit
        self._transaction = unit.connection.transaction()
        await self._transaction.start()
        self._mark, self._held = unit.mark(), set(self._cases.held)
        return self

    def undo(self) -> None:
        """Leave nothing of this part behind."""
        self._undo = True

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and not self._undo:
            await self._transaction.commit()
            return
        await self._transaction.rollback()
        self._cases.unit.forget(self._mark)
        for id in self._cases.held.keys() - self._held:
            del self._cases.held[id]  # their locks went with the savepoint

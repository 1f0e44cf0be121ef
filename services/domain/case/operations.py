"""Operations on several cases at once: undo a link, split a complaint, merge cases, and their reversals.

`operate(operation, states, context)` gives the events of every case concerned, to be stored in one transaction, or one
refusal. Whatever the mix, every complaint's live weights over all cases sum to 1, and counts are those of a recount.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from contracts.vocabulary import LinkKind
from services.domain.case import events as e
from services.domain.case.decision import Decision
from services.domain.case.rules import Context
from services.domain.case.state import CaseState
from services.domain.case.status import BEFORE_WORK, CLOSING, ENDED, WORKING, Status
from services.domain.case.values import WHOLE, Id, Link, Text, Value
from services.domain.principals import Role
from services.domain.refusals import Refusal, refuse

MERGEABLE = BEFORE_WORK | WORKING | (CLOSING - {Status.CITY_REVIEW})
ROLES = (Role.DISPATCHER, Role.SUPERVISOR, Role.SYSTEM)
ACCEPTED_LABEL = "关联调整"


class UndoLink(Value):
    """A link was wrong: the complaint leaves `case_id` and stands in `restored_case` (known, or opened by this).

    `apart` keeps every later run from bringing it back; false where the complaint only moves on to a better case.
    """

    type: Literal["undo_link"] = "undo_link"
    case_id: Id
    complaint_id: Id
    restored_case: Id
    restored_case_no: Id
    link_id: Id
    reason: Text
    apart: bool = True
    new_facts: bool = False


class Split(Value):
    """A complaint belongs to several cases, each with its share; the shares sum to 1 (一件多案)."""

    type: Literal["split"] = "split"
    operation: Id
    case_id: Id
    complaint_id: Id
    shares: Mapping[Id, Decimal]
    reason: Text


class UndoSplit(Value):
    """The split complaint is whole again in its first case."""

    type: Literal["undo_split"] = "undo_split"
    operation: Id
    case_id: Id
    complaint_id: Id
    reason: Text


class Merge(Value):
    """`source` goes into `target` with all its complaints (并案).

    `recurrence`: a complaint that had a case of its own turns out to be a repeat of an ended one, which it reopens.
    """

    type: Literal["merge"] = "merge"
    operation: Id
    source: Id
    target: Id
    reason: Text
    recurrence: bool = False
    new_facts: bool = False


class UndoMerge(Value):
    """The merge was wrong: what came from `source` and is still there goes back."""

    type: Literal["undo_merge"] = "undo_merge"
    operation: Id
    source: Id
    target: Id
    reason: Text


Operation = UndoLink | Split | UndoSplit | Merge | UndoMerge
AnyOperation = Annotated[Operation, Field(discriminator="type")]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyOperation, config=ConfigDict(hide_input_in_errors=True))
Plan = dict[str, tuple[e.CaseEvent, ...]]


def parse_operation(raw: bytes | str) -> Operation:
    """An operation from JSON; raises `pydantic.ValidationError`."""
    operation: Operation = _ADAPTER.validate_json(raw)
    return operation


def cases_of(operation: Operation) -> tuple[str, ...]:
    """Ids of the cases to load and lock, sorted; `UndoSplit` also needs every case that holds its rows."""
    match operation:
        case UndoLink():
            ids = {operation.case_id, operation.restored_case}
        case Split():
            ids = {operation.case_id, *operation.shares}
        case UndoSplit():
            ids = {operation.case_id}
        case Merge() | UndoMerge():
            ids = {operation.source, operation.target}
    return tuple(sorted(ids))


def operate(operation: Operation, states: Mapping[str, CaseState], context: Context) -> Plan | Refusal:
    """Events per case, or why not. `states` holds every case of `cases_of`; an unknown one has version 0."""
    role = next((role for role in ROLES if role in context.actor.roles), None)
    if role is None:
        names = "、".join(role.label for role in ROLES)
        return refuse("actor.role", command=ACCEPTED_LABEL, roles=names, actor=context.actor.name)
    for case_id in cases_of(operation):
        state = states.get(case_id)
        if state is not None and not context.actor.covers(state.region):
            return refuse("actor.region", region=state.region or "（未知）", actor=context.actor.name)
    decisions = {
        case_id: Decision(state, context, role, operation.reason) for case_id, state in states.items()
    }
    return _OPERATORS[type(operation)](operation, decisions)


def _known(decisions: Mapping[str, Decision], case_id: str) -> Decision | Refusal:
    decision = decisions.get(case_id)
    if decision is None or decision.state.status is None:
        return refuse("case.missing", case=case_id)
    if decision.state.merged_into:
        return refuse("case.merged", into=decision.state.merged_into)
    return decision


def _undo_link(operation: UndoLink, decisions: Mapping[str, Decision]) -> Plan | Refusal:
    here = _known(decisions, operation.case_id)
    if isinstance(here, Refusal):
        return here
    rows = [link for link in here.state.links if link.complaint_id == operation.complaint_id]
    if not rows:
        return refuse("link.unknown", complaint=operation.complaint_id, field="complaint_id")
    link = rows[0]
    if link.weight != WHOLE or len(rows) > 1:
        return refuse("undo.split", complaint=link.receipt_no)
    if not _holds_up(row for row in here.state.links if row.complaint_id != link.complaint_id):
        return refuse("link.first", complaint=link.receipt_no)
    there = decisions.get(operation.restored_case)
    if there is None or operation.restored_case == operation.case_id:
        return refuse("case.missing", case=operation.restored_case, field="restored_case")
    if link.operation and there.state.status is Status.MERGED:
        return refuse("undo.merge", complaint=link.receipt_no, operation=link.operation)
    removed = e.LinkRemoved(
        link_id=link.id,
        complaint_id=link.complaint_id,
        restored_case=operation.restored_case,
        cannot_link=operation.apart,
        **here.stamp(),
    )
    kind = LinkKind.FIRST_REPORT if not there.state.links else LinkKind.FOLLOW_ON if operation.new_facts else link.kind
    restored = link.model_copy(
        update={
            "id": operation.link_id,
            "kind": kind,
            "operation": None,
            "confirmed_by": here.actor.id,
            "refused": None,
            "new_facts": link.new_facts or operation.new_facts,
        }
    )
    if there.state.status is None:
        joined: e.CaseEvent = e.Opened(
            case_no=operation.restored_case_no,
            region=here.state.region,
            city=here.state.city,
            matter=here.state.matter,
            links=(restored,),
            **there.stamp(),
        )
    elif there.state.status is Status.MERGED:
        return refuse("case.merged", into=there.state.merged_into)
    else:
        joined = e.LinkAdded(link=restored, **there.stamp())
    return {operation.case_id: (removed,), operation.restored_case: (joined,)}


def _holds_up(rows: Iterable[Link]) -> bool:
    """True when a case keeps a complaint of its own: a share of a split could be taken back at any time."""
    return any(row.kind is not LinkKind.SPLIT for row in rows)


def _split(operation: Split, decisions: Mapping[str, Decision]) -> Plan | Refusal:
    here = _known(decisions, operation.case_id)
    if isinstance(here, Refusal):
        return here
    refusal = _check_shares(operation)
    if refusal:
        return refusal
    rows = [link for link in here.state.links if link.complaint_id == operation.complaint_id]
    if not rows:
        return refuse("link.unknown", complaint=operation.complaint_id, field="complaint_id")
    link = rows[0]
    if link.weight != WHOLE or len(rows) > 1:
        return refuse("split.already", complaint=link.receipt_no)
    weighted = e.LinkWeighted(
        link_id=link.id,
        complaint_id=link.complaint_id,
        weight=operation.shares[operation.case_id],
        operation=link.operation,
        **here.stamp(),
    )
    plan: Plan = {operation.case_id: (weighted,)}
    for case_id, share in operation.shares.items():
        if case_id == operation.case_id:
            continue
        there = _known(decisions, case_id)
        if isinstance(there, Refusal):
            return there
        if there.state.status not in MERGEABLE:
            return refuse("merge.state", case=there.state.case_no, state=_label(there.state))
        if there.state.link(operation.complaint_id) is not None:
            return refuse("link.known", complaint=link.receipt_no)
        row = link.model_copy(update={
            "id": f"{operation.operation}/{case_id}", "kind": LinkKind.SPLIT, "weight": share,
            "operation": operation.operation, "decided_by": there.actor.id, "confirmed_by": there.actor.id,
        })  # fmt: skip
        plan[case_id] = (e.LinkAdded(link=row, **there.stamp()),)
    return plan


def _check_shares(operation: Split) -> Refusal | None:
    if operation.case_id not in operation.shares or len(operation.shares) < 2:
        return refuse("split.cases", field="shares")
    for case_id, share in operation.shares.items():
        if not 0 < share <= 1 or share != share.quantize(WHOLE):
            return refuse("split.weight", case=case_id, weight=share, field="shares")
    total = sum(operation.shares.values(), Decimal(0))
    return refuse("split.weights", total=total, field="shares") if total != 1 else None


def _undo_split(operation: UndoSplit, decisions: Mapping[str, Decision]) -> Plan | Refusal:
    here = _known(decisions, operation.case_id)
    if isinstance(here, Refusal):
        return here
    own = [
        row for row in here.state.links
        if row.complaint_id == operation.complaint_id and row.operation != operation.operation
    ]  # fmt: skip
    plan: Plan = {}
    back = Decimal(0)
    for case_id, there in decisions.items():
        rows = [row for row in there.state.links if row.operation == operation.operation]
        rows = [row for row in rows if row.complaint_id == operation.complaint_id]
        if rows and case_id != operation.case_id:
            back += sum((row.weight for row in rows), Decimal(0))
            ids = tuple(row.id for row in rows)
            if len(ids) == len(there.state.links):
                return refuse("split.empties", case=there.state.case_no)
            plan[case_id] = (e.LinksReleased(operation=operation.operation, link_ids=ids, **there.stamp()),)
    if len(own) != 1 or not plan or own[0].weight + back != 1:
        return refuse("split.none", operation=operation.operation)
    plan[operation.case_id] = (
        e.LinkWeighted(
            link_id=own[0].id,
            complaint_id=operation.complaint_id,
            weight=WHOLE,
            operation=own[0].operation,
            **here.stamp(),
        ),
    )
    return plan


def _merge(operation: Merge, decisions: Mapping[str, Decision]) -> Plan | Refusal:
    if operation.source == operation.target:
        return refuse("merge.self", field="target")
    source, target = _known(decisions, operation.source), _known(decisions, operation.target)
    if isinstance(source, Refusal):
        return source
    if isinstance(target, Refusal):
        return target
    again = operation.recurrence and target.state.status in ENDED
    for decision in (source, target):
        if decision.state.status not in MERGEABLE and not (again and decision is target):
            return refuse("merge.state", case=decision.state.case_no, state=_label(decision.state))
    moved = tuple(_moved(link, operation) for link in source.state.links)
    joined: tuple[e.CaseEvent, ...] = (
        e.LinksMerged(source=operation.source, operation=operation.operation, links=moved, **target.stamp()),
    )
    if again:
        joined += (
            e.Reopened(
                ordinal=target.state.ordinal + 1,
                after_close_out=target.state.status in (Status.CLOSED_OUT, Status.LOOKED_BACK),
                received_at=max(link.received_at for link in moved),
                **target.stamp(),
            ),
        )
    return {
        operation.source: (
            e.MergedAway(into=operation.target, operation=operation.operation, **source.stamp()),
        ),
        operation.target: joined,
    }


def _moved(link: Link, operation: Merge) -> Link:
    """The row in its new case: its id tells where it came from; a first report is one among several there."""
    kind = LinkKind.MERGED_REPORT if link.kind is LinkKind.FIRST_REPORT else link.kind
    name, facts = operation.operation, link.new_facts or operation.new_facts
    return link.model_copy(
        update={
            "id": _moved_id(name, link.id), "kind": LinkKind.FOLLOW_ON if operation.new_facts else kind, "operation": name,
            "new_facts": facts,
        }
    )  # fmt: skip


def _moved_id(operation: str, link_id: str) -> str:
    """Operation and old id; a digest of both where a row was moved so often that they would not fit."""
    plain = f"{operation}/{link_id}"
    return plain if len(plain) <= 100 else f"{operation[:60]}/{hashlib.sha256(plain.encode()).hexdigest()[:32]}"


def _undo_merge(operation: UndoMerge, decisions: Mapping[str, Decision]) -> Plan | Refusal:
    source, target = decisions.get(operation.source), _known(decisions, operation.target)
    if isinstance(target, Refusal):
        return target
    state = source.state if source else None
    if source is None or state is None or state.merge_operation != operation.operation:
        return refuse("merge.none", operation=operation.operation)
    here = {link.id: link for link in target.state.links}
    # What left the target since then, or changed its weight there, is taken as it is now.
    back = tuple(
        link.model_copy(update={"weight": here[_moved_id(operation.operation, link.id)].weight})
        for link in state.links_before_merge
        if _moved_id(operation.operation, link.id) in here
    )
    if not back:
        return refuse("merge.none", operation=operation.operation)
    if len(back) == len(target.state.links):
        return refuse("merge.empties", case=target.state.case_no)
    released = tuple(_moved_id(operation.operation, link.id) for link in back)
    return {
        operation.target: (
            e.LinksReleased(operation=operation.operation, link_ids=released, **target.stamp()),
        ),
        operation.source: (e.MergeUndone(operation=operation.operation, links=back, **source.stamp()),),
    }


def _label(state: CaseState) -> str:
    return state.status.label if state.status else "（未立案）"


_OPERATORS: dict[type[Value], Callable[[Any, Mapping[str, Decision]], Plan | Refusal]] = {
    UndoLink: _undo_link,
    Split: _split,
    UndoSplit: _undo_split,
    Merge: _merge,
    UndoMerge: _undo_merge,
}

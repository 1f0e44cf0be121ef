"""What supervision knows of a case: one flat row, made from the state, cheap to keep in a table and to query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.vocabulary import SupervisionStep, Urgency
from services.domain.case.links import counts
from services.domain.case.state import CaseState
from services.domain.case.status import CLOSING, ENDED, UNOWNED, Status
from services.domain.clocks.deadlines import Deadline
from services.domain.clocks.rules import Anchor, DeadlineRules

AFTER_THE_END = frozenset(
    {Anchor.CONCLUDED, Anchor.REVIEW_REQUESTED, Anchor.REVIEW_DECIDED, Anchor.RECHECK_REQUESTED}
)
"""A case that has ended owes nothing more but 复查 and 复核."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case as supervision sees it. `deadlines` are its running duties, the next due first."""

    case_id: str
    case_no: str
    status: Status
    summary: str
    region: str | None
    unit_id: str | None
    unit: str
    person_id: str | None
    leader_id: str | None
    leader: str
    urgency: Urgency
    first_received_at: datetime
    last_progress_at: datetime
    deadlines: tuple[Deadline, ...]
    ordinal: int = 1
    repeat_ordinal: int = 1
    step: SupervisionStep | None = None
    stepped_at: datetime | None = None

    @property
    def unowned(self) -> bool:
        """No unit has it."""
        return self.status in UNOWNED

    @property
    def open(self) -> bool:
        """Somebody still owes something on the matter itself."""
        return self.status not in ENDED and self.status is not Status.MERGED and self.status not in CLOSING

    def overdue(self, now: datetime) -> Deadline | None:
        """The running duty that is overdue longest, if any."""
        late = [deadline for deadline in self.deadlines if deadline.overdue(now)]
        return min(late, key=lambda deadline: deadline.due_at, default=None)


def owed(
    status: Status | None, deadlines: Iterable[Deadline], rules: DeadlineRules
) -> tuple[Deadline, ...]:
    """The running clocks somebody still has to mind: none of a merged case, of an ended one those of its review."""
    running = (deadline for deadline in deadlines if deadline.running)
    if status is Status.MERGED:
        return ()
    if status not in ENDED:
        return tuple(running)
    anchors = {rule.id: rule.anchor for rule in rules.rules}
    return tuple(deadline for deadline in running if anchors.get(deadline.rule_id) in AFTER_THE_END)


def view(state: CaseState, deadlines: tuple[Deadline, ...]) -> CaseView | None:
    """The row of a case, or None before it is opened."""
    if state.status is None or state.first_received_at is None or state.opened_at is None:
        return None
    lead = None if state.status in UNOWNED else state.lead
    last = state.supervision[-1] if state.supervision else None
    return CaseView(
        case_id=state.case_id,
        case_no=state.case_no,
        status=state.status,
        summary=state.matter.summary,
        region=state.region,
        unit_id=lead.unit_id if lead else None,
        unit=lead.name if lead else "",
        person_id=lead.members[0].person_id if lead and lead.members else None,
        leader_id=state.leader.person_id if state.leader else None,
        leader=state.leader.name if state.leader else "",
        urgency=state.matter.urgency,
        first_received_at=state.first_received_at,
        last_progress_at=state.last_progress_at or state.opened_at,
        deadlines=tuple(item for item in deadlines if item.running and item.kind == "limit"),
        ordinal=state.ordinal,
        repeat_ordinal=counts([state.links]).repeat_ordinal,
        step=last.step if last else None,
        stepped_at=last.at if last else None,
    )

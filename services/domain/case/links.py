"""Complaints behind a case: linking, confirming, refusing as repeat, and the counts (件次, 件, 人次).

What touches several cases at once (undo, split, merge and their reversals) is in `operations`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from contracts.vocabulary import LinkKind
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.proposals import propose
from services.domain.case.state import CaseState, Proposal
from services.domain.case.status import ENDED, Status
from services.domain.case.values import WHOLE, Link, ProposalKind
from services.domain.refusals import Refusal, refuse


def add_link(decision: Decision, command: c.AddLink) -> Result:
    """The complaint joins. After the end of a case it opens it again, unless it is the same item delivered twice.

    A matter declined, found untrue or terminated (三级终结) is opened again only by new facts.
    """
    state, link = decision.state, command.link
    if state.link(link.complaint_id) is not None:
        return refuse("link.known", complaint=link.receipt_no, field="link")
    if link.weight != WHOLE or link.operation is not None:
        return refuse("split.weight", case=state.case_no, weight=link.weight, field="link.weight")
    added = e.LinkAdded(link=link, **decision.stamp())
    if not reopens(state, link):
        return (added,)
    decision.reason = decision.reason or f"结案后{link.kind.label}：{link.receipt_no}"
    return (added, e.Reopened(
        ordinal=state.ordinal + 1,
        after_close_out=state.status in (Status.CLOSED_OUT, Status.LOOKED_BACK),
        received_at=link.received_at,
        **decision.stamp(),
    ))  # fmt: skip


def reopens(state: CaseState, link: Link) -> bool:
    """Whether this complaint opens the ended case again."""
    if state.status not in ENDED or link.kind is LinkKind.DUPLICATE_DELIVERY:
        return False
    settled = state.status in (Status.UNTRUE, Status.DECLINED) or state.terminated
    return link.new_facts or link.kind is LinkKind.RECURRENCE or not settled


def confirm_link(decision: Decision, command: c.ConfirmLink) -> Result:
    """A person found the link right: a must-link for every later run."""
    link = _live(decision.state, command.complaint_id)
    if isinstance(link, Refusal):
        return link
    if link.confirmed_by is not None:
        return refuse("link.confirmed", complaint=link.receipt_no)
    return (e.LinkConfirmed(complaint_id=link.complaint_id, **decision.stamp()),)


def refuse_complaint(decision: Decision, command: c.RefuseComplaint) -> Result:
    """Proposed: a repeat of the same person without new facts is answered, not handled again."""
    refusal = _refusable(decision.state, command.complaint_id)
    return refusal or propose(decision, ProposalKind.REFUSE_COMPLAINT, command)


def complaint_refused(decision: Decision, command: c.RefuseComplaint, proposal: Proposal) -> Result:
    """Confirmed by a second person."""
    refusal = _refusable(decision.state, command.complaint_id)
    return refusal or (
        e.ComplaintRefused(complaint_id=command.complaint_id, proposed_by=proposal.by, **decision.stamp()),
    )


def _refusable(state: CaseState, complaint_id: str) -> Refusal | None:
    link = _live(state, complaint_id)
    if isinstance(link, Refusal):
        return link
    if link.new_facts or link.kind is LinkKind.FOLLOW_ON:
        return refuse("link.new_facts", complaint=link.receipt_no)
    if link.kind is not LinkKind.REPEAT_PETITION:
        return refuse("link.not_repeat", complaint=link.receipt_no)
    return refuse("link.refused", complaint=link.receipt_no) if link.refused is not None else None


def _live(state: CaseState, complaint_id: str) -> Link | Refusal:
    return state.link(complaint_id) or refuse("link.unknown", complaint=complaint_id, field="complaint_id")


def note_source_complaint(decision: Decision, command: c.NoteSourceComplaint) -> Result:
    """Another case heard of the same source."""
    return (
        e.SourceComplaintNoted(received_at=command.received_at, case_no=command.case_no, **decision.stamp()),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How much stands behind one case or many.

    `deliveries` 投递件次: live rows, the same item delivered twice included. `submissions` 件次: without those, a split
    complaint by its weights. `matters` 件: cases with at least one complaint. `person_times` 人次: signatories, weighted.
    `petitioners` 人: different known persons; `anonymous`: complaints without one. `repeat_ordinal`: how often the most
    insistent petitioner raised it.
    """

    deliveries: Decimal = Decimal(0)
    submissions: Decimal = Decimal(0)
    matters: int = 0
    person_times: Decimal = Decimal(0)
    petitioners: int = 0
    anonymous: int = 0
    repeat_ordinal: int = 0


def counts(cases: Iterable[Iterable[Link]]) -> Counts:
    """Counts over cases, each given as its live links (`state.links`, empty for one merged away)."""
    deliveries = submissions = person_times = Decimal(0)
    matters = 0
    raised: dict[str, set[str]] = {}
    anonymous: set[str] = set()
    ordinal: Counter[tuple[int, str]] = Counter()
    for number, links in enumerate(cases):
        counted: set[str] = set()
        for link in links:
            deliveries += link.weight
            if link.kind is LinkKind.DUPLICATE_DELIVERY:
                continue
            submissions += link.weight
            person_times += link.weight * link.signatories
            if link.reporter is None:
                anonymous.add(link.complaint_id)
            else:
                raised.setdefault(link.reporter, set()).add(link.complaint_id)
                # Two rows of one complaint (a split merged back) are one time raised.
                ordinal[(number, link.reporter)] += link.complaint_id not in counted
            counted.add(link.complaint_id)
        matters += bool(counted)
    return Counts(
        deliveries=deliveries,
        submissions=submissions,
        matters=matters,
        person_times=person_times,
        petitioners=len(raised),
        anonymous=len(anonymous),
        repeat_ordinal=max(ordinal.values(), default=0),
    )

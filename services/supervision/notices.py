"""What persons should know, as rows: who, about which case, why, and when it may be sent. The key keeps it single."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.vocabulary import SupervisionStep, Urgency
from services.domain.case.dispatching import BY_SYSTEM
from services.domain.clocks.deadlines import Deadline
from services.domain.rulebook import RuleBook
from services.domain.supervision.digest import Notice, send_at
from services.domain.supervision.ladder import LadderStep
from services.domain.supervision.recipients import Directory, Recipients
from services.domain.supervision.view import CaseView

UNOWNED, OVERDUE, DUE_SOON, REPEATED, OTHER = range(5)
"""Headings of a digest, the gravest first (`digest.HEADINGS`)."""


class Notices:
    """Collects the notices of one transaction."""

    def __init__(self, directory: Directory, book: RuleBook, now: datetime) -> None:
        self.directory, self.book, self.now = directory, book, now
        self.rows: list[tuple[Any, ...]] = []

    def fired(self, case: CaseView, deadline: Deadline, share: float, reason: str) -> None:
        """A clock of the case warned, ended, or is overdue."""
        tell = self.book.ladder.tell
        if deadline.kind == "limit":
            late = share >= 1
            audience, rank = (tell.overdue, OVERDUE) if late else (tell.warned, DUE_SOON)
        elif deadline.kind == "minimum":
            audience, rank = tell.lapsed, OTHER
        else:
            return  # that somebody's right has lapsed asks nothing of the office
        if case.unowned:
            audience, rank = tell.unowned, UNOWNED
        key = f"{deadline.clock}/{deadline.due_at.timestamp():.0f}/{share:g}"
        self._add(audience, case, rank, reason, key, deadline)

    def taken(self, case: CaseView, step: SupervisionStep, reason: str, version: int) -> None:
        """A step of the ladder was taken."""
        audience = self.book.ladder.tell.unowned if case.unowned else self.book.ladder.tell.steps.get(step, ())
        self._add(audience, case, self._rank(case), f"【{step.value}】{reason}", f"step/{version}", passing=step in BY_SYSTEM)

    def proposed(self, case: CaseView, step: LadderStep) -> None:
        """A step waits for a person's decision."""
        reason = f"建议{step.step.value}，请决定：{step.reason}"
        self._add(self.book.ladder.tell.proposed, case, self._rank(case), reason, f"proposed/{step.step.value}/{self.now:%Y%m%d}")

    def _rank(self, case: CaseView) -> int:
        if case.unowned:
            return UNOWNED
        if case.overdue(self.now):
            return OVERDUE
        return REPEATED if case.repeat_ordinal > 1 or case.ordinal > 1 else OTHER

    def _add(
        self, audience: Recipients, case: CaseView, rank: int, reason: str, key: str, deadline: Deadline | None = None,
        *, passing: bool = False,
    ) -> None:  # fmt: skip
        emergency = case.urgency is Urgency.EMERGENCY
        for person in self.directory.told(audience, case):
            notice = Notice(person, case.case_id, case.case_no, rank, reason, self.now, emergency)
            at = send_at(notice, self.book.ladder.quiet, self.book.case.calendar)
            self.rows.append((
                f"{person}/{case.case_id}/{key}", person, UUID(case.case_id), case.case_no, rank, reason, self.now, at,
                emergency, deadline.clock if deadline else None, deadline.due_at if deadline else None, passing, "case",
            ))  # fmt: skip

"""Petitioners behind a case and what they answered: counted by rule, the unreachable and the anonymous apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.domain.case.state import CaseState
from services.domain.case.values import Callback, Satisfaction
from services.domain.clocks.calendar import day_of
from services.domain.clocks.rules import Anchor

CONTENT = frozenset({Satisfaction.SATISFIED, Satisfaction.MOSTLY_SATISFIED})
MUTE = frozenset({Satisfaction.NO_ANSWER, Satisfaction.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Tally:
    """Known petitioners by their last answer. `waiting` were not called or stayed silent; `anonymous` are complaints."""

    satisfied: int
    unsatisfied: int
    waiting: int
    unreachable: int
    anonymous: int

    @property
    def reachable(self) -> int:
        """Known petitioners who are not proven unreachable; silence counts among them, on no side."""
        return self.satisfied + self.unsatisfied + self.waiting

    @property
    def text(self) -> str:
        """The figures as one Chinese sentence, to open another."""
        parts = [f"满意{self.satisfied}人", f"不满意{self.unsatisfied}人", f"未表态{self.waiting}人"]
        return "、".join(parts) + f"；另无法联系{self.unreachable}人、匿名{self.anonymous}件。"


def known(state: CaseState) -> frozenset[str]:
    """Opaque ids of all petitioners of the case who gave an identity."""
    return frozenset(link.reporter for link in state.links if link.reporter)


def tally(state: CaseState, attempts: int) -> Tally:
    """Answers since the conclusion, the last one of each petitioner counting.

    Unreachable is who could not be reached on `attempts` different days, the last one included; anything less waits.
    """
    concluded = state.anchors.get(Anchor.CONCLUDED)
    calls: dict[str, list[Callback]] = {}
    for call in state.callbacks:
        if concluded is not None and call.at >= concluded:
            calls.setdefault(call.reporter, []).append(call)
    answers = [_answer(calls.get(reporter, ()), attempts) for reporter in sorted(known(state))]
    return Tally(
        satisfied=sum(answer in CONTENT for answer in answers),
        unsatisfied=sum(answer is Satisfaction.UNSATISFIED for answer in answers),
        waiting=sum(answer is Satisfaction.NO_ANSWER for answer in answers),
        unreachable=sum(answer is Satisfaction.UNREACHABLE for answer in answers),
        anonymous=len({link.complaint_id for link in state.counting if not link.reporter}),
    )


def _answer(calls: Iterable[Callback], attempts: int) -> Satisfaction:
    spoken = [call for call in calls if call.outcome not in MUTE]
    if spoken:
        return spoken[-1].outcome
    missed = {day_of(call.at) for call in calls if call.outcome is Satisfaction.UNREACHABLE}
    return Satisfaction.UNREACHABLE if len(missed) >= attempts else Satisfaction.NO_ANSWER


def last_heard(state: CaseState) -> datetime | None:
    """When the last complaint on the same source came in: behind this case, or noted from another one."""
    moments = [link.received_at for link in state.counting]
    if state.last_source_complaint_at:
        moments.append(state.last_source_complaint_at)
    return max(moments, default=None)

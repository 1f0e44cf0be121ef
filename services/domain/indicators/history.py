"""The history of a case as numbers need it: rounds of handling with their milestones, call-backs, returns.

A round (办理轮次) runs from opening or reopening to the next reopening, so that what was closed twice counts twice. The
fold rests on `case.evolve`, the only place that knows what an event does; of a case with thousands of links only the
acts on the matter move a round, so a later complaint changes no deadline that was already met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.vocabulary import ReturnGround, SupervisionStep, UnitRole, Verdict
from services.domain.case import events_close as close
from services.domain.case import events_work as work
from services.domain.case.evolve import evolve
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.case.values import Leader, Satisfaction
from services.domain.clocks.calendar import CalendarExhausted, WorkCalendar
from services.domain.clocks.deadlines import Deadline, deadlines
from services.domain.clocks.rules import Anchor, DeadlineRules
from services.domain.indicators.dictionary import Thresholds

LINKING = (
    work.LinkAdded, work.LinkConfirmed, work.LinkRemoved, work.LinkWeighted, work.ComplaintRefused, work.SourceComplaintNoted, work.LinksMerged,
    work.LinksReleased,
)  # fmt: skip
"""Events about what stands behind a case; they move no milestone and no status."""
LINKING_KINDS = frozenset(str(event.model_fields["type"].default) for event in LINKING)
SPOKEN = frozenset({Satisfaction.SATISFIED, Satisfaction.MOSTLY_SATISFIED, Satisfaction.UNSATISFIED})


@dataclass(frozen=True, slots=True)
class Round:
    """One round of handling. Moments are the first of their kind in the round but for `concluded_at`, which a send-back
    takes away; `in_time` and its like are None while the duty runs.
    """

    ordinal: int
    started_at: datetime
    received_at: datetime
    unit: str | None = None
    unit_name: str = ""
    leader_at: datetime | None = None
    assigned_at: datetime | None = None
    signed_in_at: datetime | None = None
    accepted_at: datetime | None = None
    verified_at: datetime | None = None
    verdict: Verdict | None = None
    stage_concluded_at: datetime | None = None
    concluded_at: datetime | None = None
    closed_out_at: datetime | None = None
    looked_back_at: datetime | None = None
    look_back_passed: bool | None = None
    fake: bool = False
    rebound_at: datetime | None = None
    returns: int = 0
    sent_back: int = 0
    outcome: str = "open"
    due_at: datetime | None = None
    in_time: bool | None = None
    answer_due_at: datetime | None = None
    answer_in_time: bool | None = None
    notice_due_at: datetime | None = None
    notice_in_time: bool | None = None
    sign_in_due_at: datetime | None = None
    sign_in_in_time: bool | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call-back; `last` marks what counts of each petitioner in a round: his last word, or the last attempt."""

    version: int
    ordinal: int
    at: datetime
    reporter: str
    outcome: Satisfaction
    contacted: bool | None
    solved: bool | None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """One return of one part."""

    version: int
    ordinal: int
    at: datetime
    unit: str | None
    ground: ReturnGround
    lead: bool


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """What the events of a case add up to; `version` is that of the last act on the matter."""

    case_id: str
    version: int
    status: Status | None
    rounds: tuple[Round, ...] = ()
    calls: tuple[Call, ...] = ()
    returns: tuple[Return, ...] = ()
    leader: Leader | None = None
    leader_at: datetime | None = None
    supervised_at: datetime | None = None
    step: SupervisionStep | None = None
    supervisions: int = 0
    rebounds: int = 0
    fakes: int = 0
    first_closed_at: datetime | None = None
    merged_into: str | None = None

    @property
    def unit(self) -> str | None:
        """The lead unit of the last round that had one."""
        return next((item.unit for item in reversed(self.rounds) if item.unit), None)

    @property
    def unit_name(self) -> str:
        """Its name."""
        return next((item.unit_name for item in reversed(self.rounds) if item.unit), "")

    @property
    def resolved(self) -> bool:
        """Closed out and not opened again."""
        return self.status in (Status.CLOSED_OUT, Status.LOOKED_BACK)


def history(
    case_id: str, events: Iterable[work.CaseEvent], rules: DeadlineRules, calendar: WorkCalendar, judged: Thresholds
) -> CaseHistory:
    """The history after all events from the first. `judged` names the clocks that make a conclusion and an answer timely.

    Raises ValueError where an event is missing.
    """
    fold = _Fold(case_id, rules, calendar, judged)
    for event in events:
        fold.add(event)
    return fold.done()


class _Fold:
    def __init__(self, case_id: str, rules: DeadlineRules, calendar: WorkCalendar, judged: Thresholds) -> None:
        self.rules, self.calendar = rules, calendar
        self.judged = (
            (frozenset(judged.conclude_clocks), "due_at", "in_time"), (frozenset(judged.answer_clocks), "answer_due_at", "answer_in_time"),
            (frozenset({"notice"}), "notice_due_at", "notice_in_time"), (frozenset({"sign_in"}), "sign_in_due_at", "sign_in_in_time"),
        )  # fmt: skip
        self.state = CaseState(case_id)
        self.acted = self.state
        """The state after the last act on the matter: clocks are read off it."""
        self.version = 0
        self.rounds: list[Round] = []
        self.calls: list[Call] = []
        self.found = CaseHistory(case_id, 0, None)
        self.returns: list[Return] = []

    def add(self, event: work.CaseEvent) -> None:
        if isinstance(event, close.Reopened):
            self._end_round()
        self.state = evolve(self.state, event)
        if not isinstance(event, LINKING):
            self.version = event.version
            if not isinstance(event, work.MergedAway | work.MergeUndone):
                self.acted = self.state
        match event:
            case work.Opened():
                received = self.state.first_received_at or event.at
                self.rounds.append(Round(1, event.at, received))
            case close.Reopened():
                if event.after_close_out and self.rounds:
                    self._round(rebound_at=event.at)
                    self.found = replace(self.found, rebounds=self.found.rebounds + 1)
                self.rounds.append(Round(event.ordinal, event.at, event.received_at, leader_at=self.found.leader_at))
            case _ if self.rounds:
                self._milestone(event)

    def _round(self, **changes: object) -> None:
        self.rounds[-1] = replace(self.rounds[-1], **changes)  # type: ignore[arg-type]

    def _first(self, name: str, at: datetime) -> None:
        if getattr(self.rounds[-1], name) is None:
            self._round(**{name: at})

    def _milestone(self, event: work.CaseEvent) -> None:
        now = self.rounds[-1]
        match event:
            case work.Assigned():
                lead = next((unit for unit in event.units if unit.role is UnitRole.LEAD), None)
                self._first("assigned_at", event.at)
                if lead:
                    self._round(unit=lead.unit_id, unit_name=lead.name)
            case work.SignedIn(lead=True):
                self._first("signed_in_at", event.at)
            case work.PartAccepted(lead=True):
                self._first("accepted_at", event.at)
            case work.PartReturned():
                self.returns.append(Return(event.version, now.ordinal, event.at, event.unit, event.ground, event.lead))
                self._round(returns=now.returns + event.lead)
            case work.Verified():
                self._round(verified_at=now.verified_at or event.at, verdict=event.verdict)
            case work.StageConcluded():
                self._first("stage_concluded_at", event.at)
            case close.SentBack():
                self._round(sent_back=now.sent_back + 1)
            case close.ClosedOut():
                self._round(closed_out_at=event.at)
                self.found = replace(self.found, first_closed_at=self.found.first_closed_at or event.at)
            case close.LookedBack():
                self._round(looked_back_at=event.at, look_back_passed=event.passed, fake=now.fake or event.fake)
            case close.RectificationJudged(fake=True) if len(self.rounds) > 1:
                self.rounds[-2] = replace(self.rounds[-2], fake=True)
                self.found = replace(self.found, fakes=self.found.fakes + 1)
            case work.LeaderAppointed():
                self._first("leader_at", event.at)
                self.found = replace(self.found, leader=event.leader, leader_at=self.found.leader_at or event.at)
            case close.Supervised():
                self.found = replace(
                    self.found, supervised_at=self.found.supervised_at or event.at, step=event.step,
                    supervisions=self.found.supervisions + 1,
                )  # fmt: skip
            case close.CalledBack():
                call = event.callback
                self.calls.append(Call(
                    event.version, now.ordinal, call.at, call.reporter, call.outcome, call.contacted, call.solved
                ))  # fmt: skip

    def _end_round(self) -> None:
        """What is known of the round only at its end: how it came out, and whether its duties were done in time."""
        if not self.rounds:
            return
        anchors = self.acted.anchors
        self._round(
            concluded_at=anchors.get(Anchor.CONCLUDED),
            outcome=_OUTCOMES.get(self.state.status, "open") if self.state.status else "open",
        )
        try:
            running = deadlines(self.acted.clock_facts(), self.rules, self.calendar)
        except CalendarExhausted:
            return  # past the holiday table no deadline is known, so none is judged
        limits = [deadline for deadline in running if deadline.kind == "limit"]
        for clocks, due, in_time in self.judged:
            if found := [deadline for deadline in limits if deadline.clock in clocks]:
                self._round(**{due: found[0].due_at, in_time: _in_time(found)})

    def done(self) -> CaseHistory:
        self._end_round()
        return replace(
            self.found, version=self.version, status=self.state.status, merged_into=self.state.merged_into,
            rounds=tuple(self.rounds), calls=_last_words(self.calls), returns=tuple(self.returns),
        )  # fmt: skip


_OUTCOMES = {
    Status.CLOSED_OUT: "closed_out",
    Status.LOOKED_BACK: "closed_out",
    Status.UNTRUE: "untrue",
    Status.DECLINED: "declined",
    Status.MERGED: "merged",
}


def _in_time(found: Sequence[Deadline]) -> bool | None:
    """True when every clock was stopped before it was due, False when one was late, None while one runs."""
    if any(deadline.stopped_at is not None and deadline.stopped_at >= deadline.due_at for deadline in found):
        return False
    return None if any(deadline.running for deadline in found) else True


def _last_words(calls: Sequence[Call]) -> tuple[Call, ...]:
    """Each petitioner's last answer of a round, or the last attempt where he never answered, is marked."""
    counted: dict[tuple[int, str], Call] = {}
    for call in calls:
        known = counted.get((call.ordinal, call.reporter))
        if known is None or call.outcome in SPOKEN or known.outcome not in SPOKEN:
            counted[(call.ordinal, call.reporter)] = call
    last = {call.version for call in counted.values()}
    return tuple(replace(call, last=call.version in last) for call in calls)

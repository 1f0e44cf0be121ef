"""Random walks: whatever commands anybody gives in whatever order, a case is not closed out without its due."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.vocabulary import LinkKind, ReturnGround, SupervisionStep, Verdict
from services.domain.case import commands as c
from services.domain.case import gates
from services.domain.case.case import rebuild
from services.domain.case.events import (
    CaseEvent,
    ClosedOut,
    Verified,
    dump_event,
    parse_event,
)
from services.domain.case.links import counts
from services.domain.case.state import dump_state, load_state
from services.domain.case.status import Status
from services.domain.case.timing import waiting
from services.domain.clocks.deadlines import deadlines
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import (
    ACCEPT,
    CLOSE,
    EVERYBODY,
    HELP_UNIT,
    LEAD_UNIT,
    LOOKED,
    SETTLE,
    VERIFY,
    Desk,
    evidence,
    link,
    measure,
    measured,
    person,
    v,
)  # fmt: skip

# Somebody with every role at once is the likeliest to slip through.
TYRANT = person("tyrant", *Role, unit="eco")
TWIN = person("twin", *Role, unit="eco")
PEOPLE = (*EVERYBODY, TYRANT, TWIN, TYRANT, TWIN)
NUMBERS = st.integers(0, 5)


def command_for(desk: Desk, kind: str, n: int) -> c.Command:
    """A command of the kind with plausible content; `n` varies it."""
    now, state = desk.now, desk.state
    proposal = state.proposals[n % len(state.proposals)].id if state.proposals else "p0"
    undone = [item.id for item in state.measures if item.progress < 100] or ["m1"]
    table: dict[str, object] = {
        "add_link": lambda: c.AddLink(link=link(10 + state.version, kind=list(LinkKind)[n], reporter=f"p{n}", received_at=now)),
        "confirm_link": lambda: c.ConfirmLink(complaint_id=state.links[n % len(state.links)].complaint_id),
        "refuse_complaint": lambda: c.RefuseComplaint(complaint_id=state.links[-1].complaint_id, reason="同一事项"),
        "note_source_complaint": lambda: c.NoteSourceComplaint(received_at=now, case_no="A-9"),
        "assign": lambda: c.Assign(units=(LEAD_UNIT, HELP_UNIT) if n == 0 else (LEAD_UNIT,), designated=n > 1),
        "assign_leader": lambda: c.AssignLeader(leader=v.Leader(person_id=("leader", "twin")[n % 2], name="领导")),
        "recuse": lambda: c.Recuse(person_id=f"nobody{n}", reason="回避"),
        "sign_in": c.SignIn,
        "accept_part": c.AcceptPart,
        "return_part": lambda: c.ReturnPart(ground=list(ReturnGround)[n], reason="不归本单位"),
        "finish_part": lambda: c.FinishPart(report="完成"),
        "withdraw_part": lambda: c.WithdrawPart(unit_id="urban", reason="无任务"),
        "investigate": c.Investigate,
        "add_evidence": lambda: c.AddEvidence(evidence=[
            evidence("e-site", "before", now), evidence("e-report", "report", now),
            evidence("e-after", "after", now, pair_of="e-site"),
            evidence(f"e-v{state.version}", "measurement", now, monitoring=measured(20.0 + 20 * n, now)),
        ][n % 4]),
        "verify": lambda: VERIFY.model_copy(update={"verdict": list(Verdict)[n % 4]}),
        "plan": lambda: c.Plan(mode=v.RectifyMode.LEDGER, target="达标", measures=(measure(f"m{n % 2 + 1}"),)),
        "report_measure": lambda: c.ReportMeasure(measure_id=undone[0], progress=100, note="完成", evidence=("e-site",)),
        "settle_responsibility": lambda: SETTLE,
        "conclude_stage": lambda: c.ConcludeStage(controlled="停", remaining="装", person="周", planned_for=now.date() + timedelta(days=9)),
        "resume": c.Resume,
        "conclude": lambda: c.Conclude(result="已整改"),
        "record_callback": lambda: c.RecordCallback(reporter=f"p{n or 1}", outcome=list(v.Satisfaction)[n % 5]),
        "request_close_out": c.RequestCloseOut,
        "accept_work": lambda: ACCEPT,
        "send_back": lambda: c.SendBack(reason="不到位"),
        "start_publicity": lambda: c.StartPublicity(media="网站", days=10),
        "record_objection": lambda: c.RecordObjection(objection_id=f"o{n}", text="异议"),
        "answer_objection": lambda: c.AnswerObjection(objection_id=f"o{n}", answer="已核实"),
        "finish_publicity": c.FinishPublicity,
        "sign": c.Sign,
        "submit_review": c.SubmitReview,
        "close_out": lambda: CLOSE,
        "look_back": lambda: LOOKED.model_copy(update={"rebound": n == 0}),
        "reopen": lambda: c.Reopen(reason="再核"),
        "judge_rectification": lambda: c.JudgeRectification(fake=n == 0, finding="查"),
        "decline": lambda: c.Decline(ground=list(v.DeclineGround)[n % 4], reason="另循途径"),
        "extend": lambda: c.Extend(clock="reply", n=n + 1, reason="等待"),
        "pause_clock": lambda: c.PauseClock(clock="reply", ground="monitoring", until=now.date() + timedelta(days=n + 1), reason="检测"),
        "resume_clock": lambda: c.ResumeClock(clock="reply"),
        "confirm": lambda: c.Confirm(proposal_id=proposal),
        "reject": lambda: c.Reject(proposal_id=proposal, reason="不同意"),
        "supervise": lambda: c.Supervise(step=list(SupervisionStep)[n], reason="督促"),
    }  # fmt: skip
    return table[kind]()  # type: ignore[operator,no-any-return]


WAY = ("assign", "sign_in", "investigate", "add_evidence", "add_evidence", "verify", "plan", "report_measure",
       "settle_responsibility", "conclude", "request_close_out", "accept_work", "start_publicity", "finish_publicity",
       "record_callback", "sign", "submit_review", "close_out", "confirm", "assign_leader", "judge_rectification")  # fmt: skip
KINDS = sorted(set(c.COMMANDS) - {"open", "amend", "change_member", "record_review"})
STEP = st.tuples(
    st.one_of(st.sampled_from(WAY), st.sampled_from(KINDS)),
    st.sampled_from(PEOPLE),
    NUMBERS,
    st.sampled_from((0, 0, 1, 30, 300, 1000)),
)
START_AT = st.sampled_from(("opened", "to_rectifying", "to_concluded", "to_review", "to_closed"))


HANDLING = {"signed_in", "part_accepted", "part_finished", "investigation_started", "planned", "measure_reported",
            "responsibility_settled", "stage_concluded", "resumed", "concluded", "close_out_requested"}  # fmt: skip


def handlers_by_hand(events: list[CaseEvent]) -> set[str]:
    """Who worked on the matter, read from the events by another list than the code's own."""
    people = {event.by for event in events if event.type in HANDLING}
    people |= {
        event.by
        for event in events
        if event.type == "evidence_added" and event.role in (Role.OFFICER, Role.UNIT_HEAD)
    }
    return people | {event.found_by for event in events if isinstance(event, Verified)}


def check_closed_out(desk: Desk, event: ClosedOut) -> None:
    """What must be true of every close-out, whoever gave it."""
    state = rebuild(desk.state.case_id, desk.events[: event.version - 1])
    results = gates.gates(state, desk.rules.gates, desk.rules.calendar, event.at)
    assert len(results) == 4 and all(result.met for result in results)
    handlers = handlers_by_hand(desk.events[: event.version - 1])
    assert handlers and state.acceptance is not None
    assert (
        state.acceptance.by not in handlers and event.by not in handlers and event.by != state.acceptance.by
    )
    assert state.publicity is not None and state.publicity.finished_at is not None
    assert state.publicity.finished_at.date() > state.publicity.last_day - timedelta(days=1)
    assert state.leader is None or state.signed_by == state.leader.person_id
    assert state.verification is not None and state.verification.verdict is not Verdict.UNTRUE
    assert not state.fake_open and not state.leader_due
    assert all(item.progress == 100 for item in state.measures) and all(
        part.state.settled for part in state.parts
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(START_AT, st.lists(STEP, max_size=45))
def test_no_walk_reaches_close_out_without_gates_people_publicity_and_signature(start, steps):
    desk = getattr(Desk(), start)()
    public_waited = timedelta(0)
    for kind, actor, n, hours in steps:
        desk.wait(hours=hours)
        before = desk.state
        result = desk.attempt(actor, command_for(desk, kind, n))
        if isinstance(result, Refusal):
            assert desk.state is before and result.message and result.instead and result.provenance
            continue
        assert desk.state.version == before.version + len(result) and desk.state.ordinal >= before.ordinal
        clock = waiting(desk.state, desk.now, desk.rules.calendar)
        if clock is not None and desk.state.status is before.status:
            assert clock.public >= public_waited or desk.state.first_received_at != before.first_received_at
    for event in desk.events:
        if isinstance(event, ClosedOut):
            check_closed_out(desk, event)
    again = rebuild(desk.state.case_id, (parse_event(dump_event(event)) for event in desk.events))
    assert again == desk.state
    assert load_state(dump_state(desk.state)) == desk.state
    assert counts([desk.state.links]).deliveries == len(desk.state.links)


# The straight way to close-out, with the person whose turn it is; anybody may try each step before.
ROUTE = (
    ("assign", 1, 0, "dispatcher"), ("sign_in", 0, 0, "officer"), ("investigate", 0, 0, "officer"),
    ("add_evidence", 0, 1, "officer"), ("add_evidence", 1, 0, "officer"), ("verify", 0, 0, "officer"),
    ("plan", 0, 0, "officer"), ("add_evidence", 2, 1, "officer"), ("report_measure", 0, 0, "officer"),
    ("settle_responsibility", 0, 0, "officer"), ("conclude", 0, 0, "officer"), ("request_close_out", 0, 0, "officer"),
    ("accept_work", 0, 0, "acceptor"), ("start_publicity", 0, 0, "acceptor"), ("finish_publicity", 0, 600, "acceptor"),
    ("record_callback", 0, 0, "caller"), ("submit_review", 0, 0, "acceptor"), ("close_out", 0, 0, "reviewer"),
)  # fmt: skip
BY_ID = {actor.id: actor for actor in EVERYBODY}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from((None, TYRANT, TWIN)), min_size=len(ROUTE), max_size=len(ROUTE)),
    st.booleans(),
    st.booleans(),
)
def test_whoever_pushes_at_each_step_two_people_and_more_stand_behind_a_close_out(pushers, led, objected):
    desk = Desk().opened()
    if led:
        desk.give(BY_ID["dispatcher"], c.AssignLeader(leader=v.Leader(person_id="leader", name="领导")))
    for (kind, n, hours, right), pusher in zip(ROUTE, pushers, strict=True):
        desk.wait(hours=hours)
        if objected and kind == "finish_publicity":
            desk.give(BY_ID["caller"], c.RecordObjection(objection_id="o", text="异议"))
            assert desk.refused(BY_ID["acceptor"], c.FinishPublicity()).code == "objection.open"
            desk.give(BY_ID["supervisor"], c.AnswerObjection(objection_id="o", answer="已核实"))
        if led and kind == "submit_review":
            assert desk.refused(BY_ID["acceptor"], c.SubmitReview()).code == "signature.due"
            assert desk.refused(TYRANT, c.Sign()).code == "actor.leader"
            desk.give(BY_ID["leader"], c.Sign())
        tried = desk.attempt(pusher, command_for(desk, kind, n)) if pusher else None
        if tried is None or isinstance(tried, Refusal):
            reporter = {"record_callback": c.RecordCallback(reporter="p1", outcome=v.Satisfaction.SATISFIED)}
            desk.give(BY_ID[right], reporter.get(kind) or command_for(desk, kind, n))
    assert desk.state.status is Status.CLOSED_OUT
    closed = desk.events[-1]
    assert isinstance(closed, ClosedOut)
    check_closed_out(desk, closed)


def test_who_accepted_may_not_review_and_who_handled_may_not_confirm():
    desk = Desk().to_concluded().requested().give(TYRANT, ACCEPT).publicised().called()
    desk.give(TYRANT, c.SubmitReview())
    assert desk.refused(TYRANT, CLOSE).code == "actor.same_person"
    other = Desk().opened().assigned().give(TWIN, c.SignIn(), c.Extend(clock="reply", n=2, reason="等待"))
    other.give(TYRANT, c.AcceptPart())
    proposal = other.state.proposals[0].id
    assert other.refused(TYRANT, c.Confirm(proposal_id=proposal)).code == "actor.handler"
    assert other.refused(TWIN, c.Reject(proposal_id=proposal, reason="不")).code == "actor.same_person"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(PEOPLE), NUMBERS), max_size=12))
def test_walks_do_reach_close_out_so_that_the_property_above_means_something(steps):
    desk = Desk().to_review()
    for kind, actor, n in steps:
        desk.attempt(actor, command_for(desk, kind, n))
    if desk.state.status is Status.CITY_REVIEW and not desk.state.leader:
        result = desk.attempt(EVERYBODY[7], CLOSE)
        if not isinstance(result, Refusal):
            assert desk.state.status is Status.CLOSED_OUT
            event = desk.events[-1]
            assert isinstance(event, ClosedOut)
            check_closed_out(desk, event)


def one_person_does_all(actor: Principal) -> Refusal | None:
    desk = Desk()
    desk.opened()
    for kind, n, hours in (
        ("assign", 1, 0), ("sign_in", 0, 0), ("investigate", 0, 1), ("add_evidence", 0, 0), ("add_evidence", 1, 0),
        ("verify", 0, 0), ("plan", 0, 0), ("add_evidence", 2, 1), ("report_measure", 0, 0),
        ("settle_responsibility", 0, 0), ("conclude", 0, 0), ("request_close_out", 0, 0), ("accept_work", 0, 0),
    ):  # fmt: skip
        desk.wait(hours=hours)
        result = desk.attempt(actor, command_for(desk, kind, n))
        if isinstance(result, Refusal):
            return result
    return None


def test_one_person_with_every_role_cannot_close_a_case_alone():
    refusal = one_person_does_all(TYRANT)
    assert refusal is not None and refusal.code == "actor.handler"
    assert "不得自己验收" in refusal.message


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=4), st.integers(1, 90))
def test_the_publics_clock_runs_on_through_returns_and_pauses(hours, wait):
    desk = Desk().opened()
    first = desk.state.first_received_at
    for pause in hours:
        desk.wait(hours=pause)
        desk.attempt(TYRANT, c.Assign(units=(LEAD_UNIT,)))
        desk.attempt(TYRANT, c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="退"))
    desk.wait(hours=wait)
    clock = waiting(desk.state, desk.now, desk.rules.calendar)
    assert clock is not None and first is not None and clock.public == desk.now - first
    route = [
        d
        for d in deadlines(desk.state.clock_facts(), desk.rules.deadlines, desk.rules.calendar)
        if d.clock == "route"
    ]
    assert route[0].started_at == first

"""Links, splits, merges and their undoing: counts are right before, between and after, whatever the mix."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import LinkKind
from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case import operations as o
from services.domain.case.case import evolve, handle, rebuild
from services.domain.case.links import Counts, counts
from services.domain.case.rules import Context
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.principals import Role
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import (
    CALLER,
    DISPATCHER,
    MACHINE,
    REGION,
    START,
    link,
    matter,
    person,
    rules,
)

PARTS = ("0.5", "0.33", "0.01", "0.2", "1.00")


class World:
    """Several cases and every event they had, as a store would keep them."""

    def __init__(self) -> None:
        self.states: dict[str, CaseState] = {}
        self.events: list[e.CaseEvent] = []
        self.complaints = 0
        self.operations = 0

    def apply(self, case_id: str, events: tuple[e.CaseEvent, ...]) -> None:
        state = self.states.get(case_id, CaseState(case_id))
        for event in events:
            state = evolve(state, event)
        self.states[case_id] = state
        self.events += events

    def command(self, case_id: str, command: c.Command) -> None:
        state = self.states.get(case_id, CaseState(case_id))
        result = handle(command, state, Context(MACHINE, START, rules()))
        if not isinstance(result, Refusal):
            self.apply(case_id, result[0])

    def complaint(self, case_id: str, kind: LinkKind, reporter: str | None, signatories: int) -> None:
        self.complaints += 1
        fresh = case_id not in self.states
        row = link(
            self.complaints,
            kind=LinkKind.FIRST_REPORT if fresh else kind,
            reporter=reporter,
            signatories=signatories,
        )
        if fresh:
            self.command(case_id, c.Open(case_no=case_id, region=REGION, matter=matter(), first=row))
        elif self.states[case_id].status is Status.MERGED:
            self.complaints -= 1
        else:
            self.command(case_id, c.AddLink(link=row))

    def operate(self, operation: o.Operation) -> bool:
        known = {
            **self.states,
            **{id_: CaseState(id_) for id_ in o.cases_of(operation) if id_ not in self.states},
        }
        plan = o.operate(operation, known, Context(DISPATCHER, START, rules()))
        if isinstance(plan, Refusal):
            assert plan.message and plan.instead
            return False
        for case_id, events in plan.items():
            self.apply(case_id, events)
        return True

    def counts(self) -> Counts:
        return counts(state.links for state in self.states.values())

    def check(self) -> None:
        """Every complaint is wholly somewhere; counts equal an independent recount from the events."""
        weights: Counter[str] = Counter()
        for state in self.states.values():
            for row in state.links:
                weights[row.complaint_id] += row.weight  # type: ignore[assignment]
            assert state.links or state.status is Status.MERGED
            assert len({row.id for row in state.links}) == len(state.links)
        assert all(weight == 1 for weight in weights.values()), weights
        assert len(weights) == self.complaints
        assert self.counts() == recount(self.events)
        for case_id, state in self.states.items():
            assert rebuild(case_id, [event for event in self.events if event.case_id == case_id]) == state


def recount(events: list[e.CaseEvent]) -> Counts:
    """Counts from nothing but the events, by another road than `evolve`: a flat table of rows."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for event in events:
        case = event.case_id
        match event:
            case e.Opened() | e.LinksMerged() | e.MergeUndone():
                for row in event.links:
                    rows[case, row.id] = row.model_dump()
            case e.LinkAdded():
                rows[case, event.link.id] = event.link.model_dump()
            case e.LinkRemoved():
                del rows[case, event.link_id]
            case e.LinksReleased():
                for link_id in event.link_ids:
                    del rows[case, link_id]
            case e.LinkWeighted():
                rows[case, event.link_id]["weight"] = event.weight
            case e.MergedAway():
                for key in [key for key in rows if key[0] == case]:
                    del rows[key]
    counting = {key: row for key, row in rows.items() if row["kind"] is not LinkKind.DUPLICATE_DELIVERY}
    raised: dict[tuple[str, object], set[object]] = defaultdict(set)
    for (case, _), row in counting.items():
        if row["reporter"]:
            raised[case, row["reporter"]].add(row["complaint_id"])
    return Counts(
        deliveries=sum((row["weight"] for row in rows.values()), Decimal(0)),  # type: ignore[misc]
        submissions=sum((row["weight"] for row in counting.values()), Decimal(0)),  # type: ignore[misc]
        matters=len({case for case, _ in counting}),
        person_times=sum((row["weight"] * row["signatories"] for row in counting.values()), Decimal(0)),  # type: ignore[operator]
        petitioners=len({row["reporter"] for row in counting.values() if row["reporter"]}),
        anonymous=len({row["complaint_id"] for row in counting.values() if not row["reporter"]}),
        repeat_ordinal=max(map(len, raised.values()), default=0),
    )


CASES = st.sampled_from(("a", "b", "c", "d"))
KINDS = st.sampled_from([kind for kind in LinkKind if kind is not LinkKind.FIRST_REPORT])
STEPS = st.one_of(
    st.tuples(
        st.just("complain"), CASES, KINDS, st.sampled_from((None, "p1", "p2", "p3")), st.integers(1, 40)
    ),
    st.tuples(st.just("undo"), CASES, st.integers(1, 12), CASES),
    st.tuples(
        st.just("split"),
        CASES,
        st.integers(1, 12),
        st.lists(CASES, min_size=1, max_size=3),
        st.sampled_from(PARTS),
    ),
    st.tuples(st.just("unsplit"), CASES, st.integers(1, 12), st.integers(0, 8)),
    st.tuples(st.just("merge"), CASES, CASES),
    st.tuples(st.just("unmerge"), CASES, CASES, st.integers(0, 8)),
)


def perform(world: World, step: tuple) -> None:
    match step:
        case ("complain", case, kind, reporter, signatories):
            world.complaint(case, kind, reporter, signatories)
        case ("undo", case, number, there):
            world.operations += 1
            world.operate(o.UndoLink(case_id=case, complaint_id=f"c{number}", restored_case=there, restored_case_no=there,
                                     link_id=f"u{world.operations}", reason="错并"))  # fmt: skip
        case ("split", case, number, others, share):
            world.operations += 1
            shares = dict.fromkeys((other for other in others if other != case), Decimal(share) / 2)
            shares = {key: value.quantize(Decimal("0.01")) for key, value in shares.items()}
            shares[case] = 1 - sum(shares.values(), Decimal(0))
            world.operate(
                o.Split(
                    operation=f"s{world.operations}",
                    case_id=case,
                    complaint_id=f"c{number}",
                    shares=shares,
                    reason="跨区",
                )
            )
        case ("unsplit", case, number, operation):
            world.operate(
                o.UndoSplit(operation=f"s{operation}", case_id=case, complaint_id=f"c{number}", reason="错分")
            )
        case ("merge", source, target):
            world.operations += 1
            world.operate(
                o.Merge(operation=f"m{world.operations}", source=source, target=target, reason="同一事")
            )
        case ("unmerge", source, target, operation):
            world.operate(o.UndoMerge(operation=f"m{operation}", source=source, target=target, reason="错并"))


@settings(max_examples=250, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_counts_equal_a_recount_from_events_after_any_mix(steps):
    world = World()
    for case in ("a", "b", "c"):
        world.complaint(case, LinkKind.FIRST_REPORT, f"p{case}", 1)
    for step in steps:
        perform(world, step)
        world.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=12), CASES, CASES)
def test_a_merge_undone_at_once_leaves_every_case_as_it_was(steps, source, target):
    world = World()
    for case in ("a", "b", "c", "d"):
        world.complaint(case, LinkKind.FIRST_REPORT, f"p{case}", 2)
    for step in steps:
        perform(world, step)
    before = {case: (state.links, state.status) for case, state in world.states.items()}
    if world.operate(o.Merge(operation="M", source=source, target=target, reason="同一事")):
        assert world.states[source].links == ()
        world.check()
        assert world.operate(o.UndoMerge(operation="M", source=source, target=target, reason="错并"))
    assert {case: (state.links, state.status) for case, state in world.states.items()} == before


def test_a_complaint_of_two_districts_counts_half_in_each_and_whole_in_the_city():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 4)
    world.complaint("b", LinkKind.FIRST_REPORT, "p2", 1)
    shares = {"a": Decimal("0.5"), "b": Decimal("0.5")}
    assert world.operate(o.Split(operation="s", case_id="a", complaint_id="c1", shares=shares, reason="跨区"))
    half = counts([world.states["a"].links])
    assert (half.submissions, half.person_times) == (Decimal("0.5"), Decimal("2.0"))
    assert counts([world.states["b"].links]).submissions == Decimal("1.5")
    assert world.counts().submissions == 2 and world.counts().matters == 2
    assert world.operate(o.UndoSplit(operation="s", case_id="a", complaint_id="c1", reason="只涉一区"))
    assert counts([world.states["a"].links]).submissions == 1
    assert world.states["b"].link("c1") is None


def test_thirds_are_written_with_two_digits_and_still_sum_to_one():
    world = World()
    for number, case in enumerate("abc"):
        world.complaint(case, LinkKind.FIRST_REPORT, f"p{number}", 1)
    shares = {"a": Decimal("0.34"), "b": Decimal("0.33"), "c": Decimal("0.33")}
    assert world.operate(
        o.Split(operation="s", case_id="a", complaint_id="c1", shares=shares, reason="跨三区")
    )
    assert world.counts().submissions == 3


def test_an_undone_link_stands_in_its_own_case_and_is_never_linked_there_again_unasked():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 1)
    world.complaint("a", LinkKind.REPEAT_PETITION, "p1", 1)
    assert world.counts().repeat_ordinal == 2
    undo = o.UndoLink(
        case_id="a",
        complaint_id="c2",
        restored_case="z",
        restored_case_no="A-z",
        link_id="n",
        reason="两家店",
    )
    assert world.operate(undo)
    removed = next(event for event in world.events if isinstance(event, e.LinkRemoved))
    assert removed.cannot_link and removed.restored_case == "z"
    restored = world.states["z"].links[0]
    assert (restored.kind, restored.confirmed_by) == (LinkKind.FIRST_REPORT, DISPATCHER.id)
    assert world.counts().repeat_ordinal == 1 and world.counts().matters == 2


def test_an_undone_link_goes_back_to_the_case_it_had_before():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 1)
    world.complaint("b", LinkKind.FIRST_REPORT, "p2", 1)
    world.complaint("a", LinkKind.MERGED_REPORT, "p3", 1)
    assert world.operate(
        o.UndoLink(
            case_id="a",
            complaint_id="c3",
            restored_case="b",
            restored_case_no="b",
            link_id="n",
            reason="属b案",
        )
    )
    assert [row.complaint_id for row in world.states["b"].links] == ["c2", "c3"]
    world.check()


def test_complaints_that_came_after_a_merge_stay_when_it_is_undone():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 1)
    world.complaint("b", LinkKind.FIRST_REPORT, "p2", 1)
    assert world.operate(o.Merge(operation="m", source="b", target="a", reason="同一事"))
    world.complaint("a", LinkKind.MERGED_REPORT, "p3", 1)
    assert world.operate(o.UndoMerge(operation="m", source="b", target="a", reason="错并"))
    assert {row.complaint_id for row in world.states["a"].links} == {"c1", "c3"}
    assert [row.complaint_id for row in world.states["b"].links] == ["c2"]
    assert world.states["b"].status is Status.OPENED


def test_the_same_item_delivered_twice_is_a_delivery_and_no_submission():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 3)
    world.complaint("a", LinkKind.DUPLICATE_DELIVERY, "p1", 3)
    assert world.counts() == Counts(Decimal(2), Decimal(1), 1, Decimal(3), 1, 0, 1)


def test_anonymous_complaints_are_counted_apart_and_never_as_one_person():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, None, 1)
    world.complaint("a", LinkKind.MERGED_REPORT, None, 1)
    assert (world.counts().petitioners, world.counts().anonymous, world.counts().repeat_ordinal) == (0, 2, 0)


def test_only_those_who_may_change_links_do_so_and_only_in_their_region():
    world = World()
    world.complaint("a", LinkKind.FIRST_REPORT, "p1", 1)
    world.complaint("b", LinkKind.FIRST_REPORT, "p2", 1)
    merge = o.Merge(operation="m", source="b", target="a", reason="同一事")
    refusal = o.operate(merge, world.states, Context(CALLER, START, rules()))
    assert (
        isinstance(refusal, Refusal)
        and refusal.code == "actor.role"
        and "交办员、督办人员" in refusal.message
    )
    far = person("far", Role.DISPATCHER, regions=frozenset({"310000"}))
    refusal = o.operate(merge, world.states, Context(far, START, rules()))
    assert isinstance(refusal, Refusal) and refusal.code == "actor.region"


def test_operations_travel_as_json():
    shares = {"a": Decimal("0.5"), "b": Decimal("0.5")}
    for operation in (
        o.Split(operation="s", case_id="a", complaint_id="c1", shares=shares, reason="跨区"),
        o.Merge(operation="m", source="a", target="b", reason="同一事"),
    ):
        assert o.parse_operation(operation.model_dump_json()) == operation

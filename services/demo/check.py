"""Compares what became of the demonstration with what is known to be true: the one judge of `make demo` without a terminal.

Pure. The outcome is plain rows; whoever runs the demonstration fetches them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from services.demo.story import Matter, matters
from services.demo.stream import DemoRecord, Expectation, Fate

Identity = tuple[str, str]
"""(source, external id)."""

LEADER_REPEATS = 3
LEADER_PEOPLE = 5
"""The example city's triggers `repeat-3` and `joint-5` (deploy/city/example/city.yaml)."""


WRONG_ALARMS = 0.1
"""Share of complaints that may be announced as emergencies and are none (a choice of this demonstration)."""

@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """One registered complaint: the case its live link points to (None without one), resends counted, newest version.

    `suggested_case` is where a person was asked to link it, None where nobody was asked; `emergency` whether it was
    announced as a suspected sudden event.
    """

    source: str
    external_id: str
    case_id: Hashable | None
    resends: int = 0
    version: int = 1
    emergency: bool = False
    suggested_case: Hashable | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case with live complaints: its lead unit, leader in charge and task force, where it has them."""

    case_id: Hashable
    lead_unit: str | None
    leader: str | None = None
    task_force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything the check looks at. `rejections` are the reasons (`field: CODE`) of each rejected record;
    `dead_lettered` counts everything set aside, rejected records included; `seconds` from first publish to last assignment."""

    complaints: Sequence[ComplaintRow]
    cases: Sequence[CaseRow]
    rejections: Sequence[tuple[str, ...]]
    dead_lettered: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far linking may be from perfect. Everything else is exact.

    A matter hidden in the wrong case is the worse fault, so a linker decides by itself only where it is sure and asks a
    person otherwise: `repeats_found` counts both, `recall` only what was linked. Defaults are floors below which something
    is broken, not aims.
    """

    repeats_found: float = 0.5
    recall: float = 0.05
    precision: float = 0.97
    wrong_merges: int = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the demonstration and every promise that was broken, as sentences; `good` where there is none.

    `links` counts complaints that joined a known case, `suggested` those a person was asked about, `repeats_found` the share
    of later complaints of a matter that are in one case with another of it or suggested to such a case; `precision` and
    `recall` are over pairs of complaints in one case and in one matter; `wrong_merges` counts complaints in a case whose
    other complaints are mostly about something else.
    """

    published: int
    registered: int
    rejected: int
    resends: int
    changed: int
    matters: int
    cases: int
    links: int
    suggested: int
    assigned: int
    leaders: int
    task_forces: int
    emergencies: int
    dead_lettered: int
    lost: int
    wrong_merges: int
    precision: float
    recall: float
    repeats_found: float
    seconds: float
    failures: tuple[str, ...] = field(default=())

    @property
    def good(self) -> bool:
        """Whether every promise held."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """What is printed as one JSON object."""
        return {**asdict(self), "failures": list(self.failures), "good": self.good}


def check(truth: Sequence[DemoRecord], outcome: Outcome, tolerance: Tolerance | None = None, *, alone: bool = True) -> Summary:
    """Judge an outcome of publishing `truth` into an installation that held no complaints of it before.

    Where other complaints of the same matters are there (not `alone`), cases are not only ours: then it is judged whether
    anything was lost, doubled or left without a unit, and not how well complaints were linked.
    """
    tolerance = tolerance or Tolerance()
    expected = {r.expectation.identity: r.expectation for r in truth if r.expectation.fate is Fate.REGISTERED}
    fates = Counter(record.expectation.fate for record in truth)
    rows = {(row.source, row.external_id): row for row in outcome.complaints}
    groups: dict[Hashable, list[Expectation]] = defaultdict(list)
    for identity, expectation in expected.items():
        if identity in rows and (case := rows[identity].case_id) is not None:
            groups[case].append(expectation)
    cases = {case.case_id: case for case in outcome.cases}
    precision, recall = _pairwise(groups.values(), expected.values())
    repeats_found = _repeats_found(expected, rows, groups)
    wrong, mixed = _wrong_merges(groups)
    lost = sorted(set(expected) - set(rows))
    failures = [
        *_registration(truth, expected, rows, outcome),
        *_assignment(groups, cases),
        *(_leaders(groups, cases) if alone else ()),
    ]
    if alone and wrong > tolerance.wrong_merges:
        failures.append(f"{wrong} complaints are in a case about something else ({'; '.join(mixed[:5])})")
    if alone and precision < tolerance.precision:
        failures.append(f"only {precision:.3f} of the pairs in one case are one matter, {tolerance.precision} wanted")
    if alone and recall < tolerance.recall:
        failures.append(f"only {recall:.3f} of the pairs of one matter were found, {tolerance.recall} wanted")
    if alone and repeats_found < tolerance.repeats_found:
        wanted = tolerance.repeats_found
        failures.append(f"only {repeats_found:.3f} of the repeats were linked or suggested rightly, {wanted} wanted")
    return Summary(
        published=len(truth),
        registered=len(rows),
        rejected=len(outcome.rejections),
        resends=sum(row.resends for row in rows.values()),
        changed=sum(row.version > 1 for row in rows.values()),
        matters=len({e.matter for e in expected.values()}),
        cases=len(cases),
        links=sum(len(group) for group in groups.values()) - len(groups),
        suggested=sum(row.suggested_case is not None for row in rows.values()),
        assigned=sum(case.lead_unit is not None for case in cases.values()),
        leaders=sum(case.leader is not None for case in cases.values()),
        task_forces=sum(case.task_force for case in cases.values()),
        emergencies=sum(row.emergency for row in rows.values()),
        dead_lettered=outcome.dead_lettered,
        lost=len(lost) + max(0, fates[Fate.REJECTED] - len(outcome.rejections)),
        wrong_merges=wrong,
        precision=round(precision, 4),
        recall=round(recall, 4),
        repeats_found=round(repeats_found, 4),
        seconds=round(outcome.seconds, 2),
        failures=tuple(failures),
    )


def _registration(
    truth: Sequence[DemoRecord], expected: Mapping[Identity, Expectation], rows: Mapping[Identity, ComplaintRow], outcome: Outcome
) -> list[str]:
    """Every record became exactly what it had to become."""
    found: list[str] = []
    if lost := sorted(set(expected) - set(rows)):
        found.append(f"{len(lost)} complaints were lost ({_some(lost)})")
    if more := sorted(set(rows) - set(expected)):
        found.append(f"{len(more)} complaints are registered that nobody published ({_some(more)})")
    if len(rows) != len(outcome.complaints):
        found.append(f"{len(outcome.complaints) - len(rows)} complaints were registered twice")
    if unlinked := sorted(id for id, row in rows.items() if row.case_id is None):
        found.append(f"{len(unlinked)} complaints belong to no case ({_some(unlinked)})")
    for fate, counted, word in (
        (Fate.RESEND, {id: row.resends for id, row in rows.items()}, "resends"),
        (Fate.CHANGED, {id: row.version - 1 for id, row in rows.items()}, "changes"),
    ):
        wanted = Counter(r.expectation.identity for r in truth if r.expectation.fate is fate)
        if wrong := sorted(id for id in rows if counted[id] != wanted[id]):
            found.append(f"{word} were not counted as sent for {len(wrong)} complaints ({_some(wrong)})")
    wanted_reasons = Counter(tuple(sorted(r.expectation.reasons)) for r in truth if r.expectation.fate is Fate.REJECTED)
    given_reasons = Counter(tuple(sorted(reasons)) for reasons in outcome.rejections)
    if missing := wanted_reasons - given_reasons:
        found.append(f"{missing.total()} malformed records were not rejected for {'; '.join(', '.join(r) for r in missing)}")
    if surplus := given_reasons - wanted_reasons:
        found.append(f"{surplus.total()} records were rejected for {'; '.join(', '.join(r) for r in surplus)}")
    if outcome.dead_lettered != len(outcome.rejections):
        found.append(f"{outcome.dead_lettered} records were set aside, {len(outcome.rejections)} of them as rejected")
    alarms = {id for id, row in rows.items() if row.emergency}
    due = {id for id, expectation in expected.items() if expectation.emergency}
    if silent := sorted(due & set(rows) - alarms):
        found.append(f"{len(silent)} suspected emergencies were not announced ({_some(silent)})")
    # a wrong suspicion costs a duty officer one look, a missed one a river
    if len(false := sorted(alarms - due)) > WRONG_ALARMS * len(rows):
        found.append(f"{len(false)} complaints were announced as emergencies that are none ({_some(false)})")
    return found


def _assignment(groups: Mapping[Hashable, Sequence[Expectation]], cases: Mapping[Hashable, CaseRow]) -> list[str]:
    """No case is unowned."""
    unknown = [case for case in groups if case not in cases]
    unowned = [case for case in cases.values() if case.lead_unit is None]
    found = [f"{len(unknown)} cases of complaints are not in the list of cases"] if unknown else []
    return found + ([f"{len(unowned)} cases have no unit"] if unowned else [])


def _leaders(groups: Mapping[Hashable, Sequence[Expectation]], cases: Mapping[Hashable, CaseRow]) -> list[str]:
    """A leader where one is due by what lies in the case, none where nothing calls for one, a task force with each."""
    missing = surplus = alone = 0
    for id, group in groups.items():
        case = cases.get(id)
        if case is None:
            continue
        times = Counter(e.person for e in group if e.person is not None)
        due = max(times.values(), default=0) >= LEADER_REPEATS or len(times) >= LEADER_PEOPLE
        # Joint letters and items an inspection watches are triggers too; how the counts meet is the city's to say.
        possible = due or any(e.key_item or e.signatories >= LEADER_PEOPLE for e in group)
        missing += due and case.leader is None
        surplus += not possible and case.leader is not None
        alone += case.leader is not None and not case.task_force
    found = [f"{missing} cases that need a leader in charge have none"] if missing else []
    found += [f"{surplus} cases have a leader in charge that nothing calls for"] if surplus else []
    return found + ([f"{alone} cases have a leader in charge and no task force"] if alone else [])


def _pairwise(groups: Iterable[Sequence[Expectation]], expected: Iterable[Expectation]) -> tuple[float, float]:
    """Precision and recall over pairs; 1.0 where there is nothing to find or nothing found."""
    together = right = 0
    for group in groups:
        together += _pairs(len(group))
        right += sum(_pairs(n) for n in Counter(e.matter for e in group).values())
    wanted = sum(_pairs(n) for n in Counter(e.matter for e in expected).values())
    return (right / together if together else 1.0), (right / wanted if wanted else 1.0)


def _repeats_found(
    expected: Mapping[Identity, Expectation],
    rows: Mapping[Identity, ComplaintRow],
    groups: Mapping[Hashable, Sequence[Expectation]],
) -> float:
    """Share of repeats a person would meet in the right place; a matter of n complaints has n - 1 repeats."""
    inside = {id: {e.matter for e in group} for id, group in groups.items()}
    repeats = found = 0
    grouped: dict[str | None, list[Identity]] = defaultdict(list)
    for identity, expectation in expected.items():
        grouped[expectation.matter].append(identity)
    for matter, identities in grouped.items():
        cases = {row.case_id for id in identities if (row := rows.get(id)) is not None and row.case_id is not None}
        suggested = {
            row.case_id
            for id in identities
            if (row := rows.get(id)) is not None
            and row.suggested_case not in (None, row.case_id)
            and matter in inside.get(row.suggested_case, ())
        }
        repeats += len(identities) - 1
        present = sum(1 for id in identities if id in rows)
        # Every case but one is a repeat nobody linked; a suggestion to another case of the matter mends it.
        found += max(0, present - max(1, len(cases - suggested)))
    return found / repeats if repeats else 1.0


def _wrong_merges(groups: Mapping[Hashable, Sequence[Expectation]]) -> tuple[int, list[str]]:
    """Complaints outside their case's main matter, and which matters met, look-alikes marked."""
    story: dict[str, Matter] = {matter.id: matter for matter in matters()}
    wrong, mixed = 0, []
    for group in groups.values():
        counts = Counter(e.matter for e in group if e.matter is not None)
        if len(counts) < 2:
            continue
        (main, _), *others = counts.most_common()
        wrong += sum(n for _, n in others)
        for other, _ in others:
            near = story[other].near == main or story[main].near == other
            mixed.append(f"{other} in {main}" + (", look-alikes" if near else ""))
    return wrong, mixed


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _some(identities: Sequence[Identity]) -> str:
    shown = ", ".join("/".join(identity) for identity in identities[:3])
    return shown + (" …" if len(identities) > 3 else "")

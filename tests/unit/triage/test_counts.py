"""件次, 人, and how often the most insistent petitioner came: counted one by one, equal to a recount of all."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.triage.repository import CaseCounts

REPORTERS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=40)


@given(REPORTERS)
def test_counts_kept_one_by_one_equal_a_recount(reporters: list[str | None]) -> None:
    counts = CaseCounts("AJ2026-0000001")
    for reporter in reporters:
        counts.count(reporter)
    known = Counter(r for r in reporters if r is not None)
    assert counts.complaints == len(reporters)
    assert counts.reporters == len(known) + (None in reporters)
    assert counts.repeat_ordinal == max([*known.values(), 1])
    assert {mark: n for mark, n in counts.times.items() if mark} == known


def test_anonymous_complaints_count_as_one_petitioner_who_never_insists() -> None:
    counts = CaseCounts("AJ2026-0000001")
    for _ in range(5):
        counts.count(None)
    assert (counts.complaints, counts.reporters, counts.repeat_ordinal) == (5, 1, 1)

"""The hash chain names its first break; the daily root binds all chains."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.history import (
    GENESIS,
    ChainLink,
    Head,
    IdentityRead,
    chain,
    daily_root,
    record_read,
    verify_chain,
    verify_day,
    who_saw,
)  # fmt: skip

BODIES = st.lists(st.binary(max_size=40), min_size=1, max_size=12)
AT = datetime(2026, 3, 2, tzinfo=UTC)


def head(links: tuple[ChainLink, ...]) -> tuple[int, str]:
    return links[-1].version, links[-1].digest


@given(BODIES)
def test_an_untouched_chain_is_whole(bodies):
    links = chain("a", bodies)
    assert verify_chain("a", links, head(links)) is None
    assert chain("a", bodies[1:], links[0].digest, 1) == links[1:], "a chain can be continued from its head"


@given(BODIES, st.data())
def test_any_change_of_a_stored_event_is_named_at_its_version(bodies, data):
    links = list(chain("a", bodies))
    place = data.draw(st.integers(0, len(links) - 1))
    links[place] = replace(links[place], body=links[place].body + b"!")
    found = verify_chain("a", links)
    assert found is not None and found.version == place + 1 and "内容与其校验值不符" in found.why


@given(BODIES, st.data())
def test_a_missing_event_is_named_and_one_cut_off_at_the_end_needs_the_anchor(bodies, data):
    links = chain("a", bodies)
    place = data.draw(st.integers(0, len(links) - 1))
    rest = links[:place] + links[place + 1 :]
    found = verify_chain("a", rest, head(links))
    assert found is not None and found.version == place + 1
    if place == len(links) - 1:
        assert verify_chain("a", rest) is None
        assert "存证之后的历史记录缺失" in found.why


def test_a_chain_rewritten_from_the_start_does_not_meet_its_anchor():
    old, new = chain("a", [b"1", b"2"]), chain("a", [b"1", b"x"])
    assert verify_chain("a", new) is None
    found = verify_chain("a", new, head(old))
    assert found is not None and found.version == 2 and "与当日存证不符" in found.why


def test_a_chain_of_another_case_is_no_chain_of_this_one():
    assert verify_chain("b", chain("a", [b"1"])) is not None


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 13])
def test_the_root_depends_on_every_head_and_on_no_order(count):
    heads = [Head(f"case{n}", n + 1, f"{n:064x}") for n in range(count)]
    root = daily_root(heads)
    assert root == daily_root(reversed(heads)) and verify_day(root, heads) is None
    assert (root == GENESIS) == (count == 0)
    for place in range(count):
        changed = [*heads[:place], replace(heads[place], version=99), *heads[place + 1 :]]
        found = verify_day(root, changed)
        assert found is not None and "存证根" in found.why
        assert daily_root([*heads[:place], *heads[place + 1 :]]) != root
    assert count == 0 or daily_root([*heads, heads[-1]]) != root, (
        "no set shares its root with one that doubles a head"
    )


def test_who_saw_lists_reads_of_one_receipt_in_order_with_their_purpose():
    read = IdentityRead("c1", "R1", "officer", "officer", "eco", ("phone",), "电话核实地点", AT)
    other = replace(read, receipt_no="R2")
    assert record_read(read) is read
    found = who_saw([replace(read, at=AT.replace(hour=9)), other, read], "R1")
    assert [item.at.hour for item in found] == [0, 9]
    assert found[0].text == "2026-03-02 00:00 officer（eco）查看phone，用途：电话核实地点"

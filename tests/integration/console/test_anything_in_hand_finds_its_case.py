"""The search box: what a complaint says is found, marked where it stands, by those who may read it and by nobody else."""

from __future__ import annotations

import re
from datetime import date

from services.analytics.words import keys, pairs
from services.console.search import spans
from tests.support.console_server import Console


def said_only_in_a_text(console: Console) -> tuple[str, str]:
    """A phrase of six characters that stands in one complaint of the officer's unit and in no case's name, and its receipt number."""
    rows = console.run(lambda: console.office.pool.fetch(
        """SELECT i.receipt_no, i.event ->> 'text' AS text FROM intake.complaints i JOIN casework.complaint_cases k ON k.complaint_id = i.id
           JOIN casework.cases c USING (case_id) WHERE c.lead_unit = 'da-cg' AND c.leader_id IS NULL ORDER BY i.receipt_no"""
    ))  # fmt: skip
    named = console.sql("SELECT string_agg(text, '') FROM console.names")
    for row in rows:
        for phrase in re.findall("[\u4e00-\u9fff]{6}", row["text"]):
            if phrase not in named and sum(phrase in other["text"] for other in rows) == 1:
                return phrase, row["receipt_no"]
    raise AssertionError("every phrase is said twice")


def test_a_phrase_of_a_text_finds_its_case_and_is_marked(console: Console) -> None:
    phrase, receipt = said_only_in_a_text(console)
    with console.login("supervisor-1") as supervisor:
        page = supervisor.get("/search", params={"q": phrase}).text
        assert "正文里提到的" in page and f'<mark class="same">{phrase}</mark>' in page and receipt in page
        apart = supervisor.get("/search", params={"q": f"{phrase[:2]} {phrase[4:]}"}).text
        assert receipt in apart, "two words of it, apart"
        assert receipt not in supervisor.get("/search", params={"q": f"{phrase} 从来没有人说过"}).text
        backwards = supervisor.get("/search", params={"q": phrase[::-1]}).text
        assert "没有找到" in backwards, "its characters in another order"


def test_texts_are_found_by_those_who_may_see_the_case(console: Console) -> None:
    phrase, receipt = said_only_in_a_text(console)
    for who, sees in (("da-cg-2", True), ("dispatcher-1", True), ("city-mayor-urban", False), ("grid-1", False), ("accused-1", False)):
        with console.login(who) as person:
            assert (receipt in person.get("/search", params={"q": phrase}).text) is sees, who


def test_months_are_walked_back_to_the_first_each_once_and_in_few_steps() -> None:
    steps = list(spans(date(2024, 12, 30), date(2026, 3, 1)))
    assert steps[0] == [date(2026, 3, 1)] and [len(step) for step in steps] == [1, 2, 4, 8, 1]
    walked = [month for step in steps for month in step]
    assert walked == sorted(set(walked), reverse=True) and walked[-1] == date(2024, 12, 1) and len(walked) == 16


def test_keys_are_postgres_integers_and_differ_from_month_to_month() -> None:
    found = pairs("夜间施工噪声")
    one, other = keys(date(2026, 3, 1), found), keys(date(2026, 4, 1), found)
    assert len(one) == len(found) == 5 and not set(one) & set(other)
    assert all(-(2**31) <= key < 2**31 for key in (*one, *other))

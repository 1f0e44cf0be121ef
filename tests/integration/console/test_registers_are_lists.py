"""Registers on pages: what stands in them, filtered by the address, taken out by those who may, and only one's own region."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.support.console_server import Console


@pytest.mark.parametrize(("path", "kept"), [
    ("ledger", "SELECT problem FROM registers.ledger WHERE open ORDER BY deadline, id LIMIT 1"),
    ("risks", "SELECT name FROM registers.risk_sources ORDER BY id LIMIT 1"),
    ("stations", "SELECT name FROM registers.stations ORDER BY id LIMIT 1"),
    ("resources", "SELECT name FROM registers.resources ORDER BY id LIMIT 1"),
    ("leaders", "SELECT case_no FROM casework.cases JOIN dispatch.leaders_wanted USING (case_id)"),
])  # fmt: skip
def test_what_stands_in_a_register_stands_on_its_page(console: Console, path: str, kept: str) -> None:
    with console.login("supervisor-1") as supervisor:
        page = supervisor.get(f"/registers/{path}")
    assert page.status_code == 200 and console.sql(kept) in page.text


def test_filters_stand_in_the_address_and_words_that_are_none_are_none(console: Console) -> None:
    with console.login("supervisor-1") as supervisor:
        county = supervisor.get("/registers/stations?region=470322").text
        assert "<option value=\"470322\" selected>" in county
        elsewhere = console.sql("SELECT name FROM registers.stations WHERE region <> '470322' LIMIT 1")
        assert elsewhere is None or elsewhere not in county
        area = supervisor.get("/registers/risks?area=尾矿库").text
        assert console.sql("SELECT count(*) FROM registers.risk_sources WHERE area = '尾矿库'") == area.count("<tr") - 1
        assert supervisor.get("/registers/risks?area=没有&region=xx").status_code == 200
        assert supervisor.get("/registers/ledger?after=不是").status_code == 200
    console.sql("UPDATE access.principals SET regions = ARRAY['470322'] WHERE id = 'inspector-1' RETURNING 1")
    try:
        with console.login("inspector-1") as county_inspector:
            seen = county_inspector.get("/registers/risks").text
            other = console.sql("SELECT name FROM registers.risk_sources WHERE region <> '470322' LIMIT 1")
            assert other not in seen
    finally:
        console.sql("UPDATE access.principals SET regions = ARRAY['470300'] WHERE id = 'inspector-1' RETURNING 1")


def test_the_ledger_is_taken_out_by_name_and_on_record_or_not_at_all(console: Console) -> None:
    with console.login("supervisor-1") as supervisor:
        assert "/registers/ledger/export" in supervisor.get("/registers/ledger").text
        file = supervisor.get("/registers/ledger/export?state=open")
    with zipfile.ZipFile(io.BytesIO(file.content)) as book:
        assert "沈知秋" in book.read("xl/sharedStrings.xml").decode(), "marked with who took it"
    number = file.headers["content-disposition"].split("ledger-")[1].removesuffix('.xlsx"')
    assert console.sql("SELECT by FROM registers.exports WHERE number = $1", number) == "supervisor-1"
    with console.login("analyst-1") as analyst:
        assert "/registers/ledger/export" not in analyst.get("/registers/ledger").text
        assert analyst.get("/registers/ledger/export").status_code == 404

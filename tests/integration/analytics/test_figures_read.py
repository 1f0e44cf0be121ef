"""Figures of a small invented history, computed by hand; read from daily sums, from facts and by recount alike; and nobody's identity."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import asyncpg
import pyarrow.parquet as pq
import pytest

from services.analytics import figures as read
from services.analytics import matters, sites, sql
from services.analytics.exports.brief import brief
from services.analytics.exports.flat import write
from services.analytics.exports.workbook import Mark, workbook
from services.analytics.figures import Query
from services.analytics.names import names_of
from services.analytics.pages import Board, asked, story_json
from services.analytics.report import report
from services.domain.indicators.facts import FACTS, Dimension
from services.domain.indicators.figures import Slice, Window
from services.infra.cities import load_city
from services.infra.postgres import Pool
from services.infra.vault import Vault
from tests.integration.analytics.telling import a_story, feed
from tests.support.town import DISTRICT, RULES, Town

INDICATORS = RULES.indicators
MARCH = Query(Window(date(2026, 3, 1), date(2026, 3, 31)))
TODAY = date(2026, 3, 31)
CITY = load_city(Path("deploy/city/example"))
NAMES = names_of(CITY)


async def told(pool: Pool, vault: Vault, *, reporter: str = "p") -> Town:
    async with pool.acquire() as connection:
        town = Town(connection)
        await a_story(town)
    await feed(pool, vault, town.events)
    return town


async def test_figures_of_the_story_are_those_counted_by_hand(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    async with pool.acquire() as c:
        found = {f.id: f for f in await read.figures(c, INDICATORS, MARCH)}
        counts = {id: found[id].numerator for id in ("deliveries", "submissions", "matters", "person_times", "petitioners")}
        # nine complaints: a1 a2 a3 a4 a5 b1 b2 d1 e1; a5 is the same item again; a3 was signed by three
        assert counts == {"deliveries": 9, "submissions": 8, "matters": 4, "person_times": 10, "petitioners": 5}
        shares = {id: found[id].counts for id in (
            "anonymous_share", "repeat_rate_submissions", "repeat_rate_persons", "repeat_rate_same_problem", "repeat_rate_matters",
            "stubborn_share", "merge_saving_valid", "valid_share", "return_rate", "return_times", "auto_undone", "suggestions_confirmed",
        )}  # fmt: skip
        assert shares == {
            "anonymous_share": "1/8",            # b2
            "repeat_rate_submissions": "2/8",    # a2, a4: p1 again
            "repeat_rate_persons": "1/5",        # p1
            # later in their case: a2, a4, half of b1, d1 in A; b2 in B
            "repeat_rate_same_problem": "4.5/8",
            "repeat_rate_matters": "1/4",
            "stubborn_share": "1/4",             # p1 three times
            "merge_saving_valid": "4/8",         # eight valid in four matters
            "valid_share": "8/9",
            "return_rate": "1/1",
            "return_times": "1/1",
            "auto_undone": "1/5",                # a3 of a2 a3 a4 a5 b2
            "suggestions_confirmed": "1/2",
        }  # fmt: skip
        assert found["repeats_after_supervision"].numerator == 1, "a4 came after the supervision of A"
        assert found["led_resolved"].counts == "0/1"


async def test_daily_sums_facts_and_a_recount_agree_for_every_measure_and_slice(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    slices = [
        Slice(), Slice.of({Dimension.REGION: DISTRICT}), Slice.of({Dimension.UNIT: "da-hb"}), Slice.of({Dimension.LEADER: "leader"}),
        Slice.of({Dimension.CHANNEL: "HOTLINE_12345"}), Slice.of({Dimension.TYPE: "大气", Dimension.REGION: DISTRICT}),
    ]  # fmt: skip
    async with pool.acquire() as c:
        facts = {kind: [dict(r) for r in await c.fetch(f"SELECT * FROM analytics.{fact.view}")] for kind, fact in FACTS.items()}
        for slice_ in slices:
            query = Query(MARCH.window, slice_)
            names = list(INDICATORS.measures)
            summed = await read.sums(c, INDICATORS, names, query)
            statement, values = sql.total(INDICATORS.measures, slice_, MARCH.window)
            counted = sql.named(await c.fetch(statement, *values))
            for name, measure in INDICATORS.measures.items():
                rows = [row for row in facts[measure.fact] if _within(row, measure.on) and _in_slice(row, slice_)]
                expected = measure.count(rows)
                assert summed.get(name, Decimal(0)) == counted.get(name, Decimal(0)) == expected, (name, slice_)


def _within(row: dict[str, Any], on: str) -> bool:
    return row[on] is not None and MARCH.window.start <= row[on] <= MARCH.window.end


def _in_slice(row: dict[str, Any], slice_: Slice) -> bool:
    column = {Dimension.TYPE: "types"}
    for dimension, value in slice_.values:
        found = row[column.get(dimension, dimension.value)]
        if (value not in found) if dimension is Dimension.TYPE else found != value:
            return False
    return True


async def test_every_number_opens_the_list_it_counts(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    async with pool.acquire() as c:
        for name, measure in INDICATORS.measures.items():
            found = await read.listing(c, INDICATORS, name, MARCH)
            matching = Decimal(len(found.rows))
            if measure.of is None and measure.distinct is None:
                assert matching == found.total, name
            assert all("reporter" not in row or isinstance(row["reporter"], int) for row in found.rows), name
        page = await read.listing(c, INDICATORS, "submissions", MARCH, limit=2, offset=2)
        assert len(page.rows) == 2 and page.more and page.total == 8


async def test_breakdowns_add_up_and_small_groups_go_without_figures(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    async with pool.acquire() as c:
        for dimension in Dimension:
            shown = await read.breakdown(c, INDICATORS, "repeat_rate_submissions", dimension, MARCH)
            assert sum((f.denominator or Decimal(0)) for _, f in shown) <= 8
        districts = await read.breakdown(c, INDICATORS, "repeat_rate_submissions", Dimension.REGION, MARCH)
        assert [(m, f.counts) for m, f in districts] == [(DISTRICT, "2/8")]
        firms = dict(await read.breakdown(c, INDICATORS, "repeat_rate_submissions", Dimension.RESPONDENT, MARCH, suppress=True))
        assert firms["恒泰搅拌站"].suppressed and firms["恒泰搅拌站"].text == "少于保密下限"
        weeks = await read.trend(c, INDICATORS, ["submissions"], MARCH)
        assert sum(f.numerator for _, f in weeks["submissions", ""]) == 8


async def test_people_of_every_member_are_those_of_its_facts_and_counted_once_over_days(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    measures = INDICATORS.told_apart()
    async with pool.acquire() as c:
        for dimension in (Dimension.REGION, Dimension.UNIT, Dimension.LEADER, Dimension.CHANNEL, Dimension.TYPE):
            shown = {
                (id, member): f.numerator for id in ("matters", "petitioners") for member, f in await read.breakdown(c, INDICATORS, id, dimension, MARCH)
            }  # fmt: skip
            statement, values = sql.by_member(measures, dimension, Slice(), MARCH.window)
            rows = [r for r in await c.fetch(statement, *values) if r["member"] is not None and r["measure"] in ("matters", "petitioners")]
            known = {(r["measure"], r["member"]): r["value"] for r in rows if r["member"] != "-"}
            assert shown == known, dimension
        day_by_day = [
            (await read.sums(c, INDICATORS, ["petitioners"], Query(Window(day, day)))).get("petitioners", Decimal(0))
            for day in (date(2026, 3, n) for n in range(1, 32))
        ]
        assert sum(day_by_day) == 7 and (await read.sums(c, INDICATORS, ["petitioners"], MARCH))["petitioners"] == 5, "p1 came on three days"


async def test_sites_gather_people_and_tell_a_lone_caller(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    async with pool.acquire() as c:
        first, *_ = await sites.hot(c, INDICATORS, MARCH)
        assert first.site.key == "p:云溪路12号" and first.site.petitioners == 5, "p1 to p5 at one address, in three cases"
        assert first.site.top_caller == 3
        held = await sites.concentrated(c, MARCH, sites=1)
        assert held.share == 1.0 and held.total == 2
        assert await sites.rising(c, INDICATORS, TODAY, MARCH) == []


async def test_a_matter_tells_how_its_complaints_came_together(pool: Pool, vault: Vault) -> None:
    await told(pool, vault)
    async with pool.acquire() as c:
        for name in ("AJ-A", "YZ-a2"):
            found = await matters.find(c, name)
            story = await matters.story(c, found) if found else None
            assert story is not None and story.case["case_no"] == "AJ-A"
        labels = [moment.label for moment in story.merging]
        assert "撤销关联" in labels and "并入信访件" in labels and "移出信访件" in labels
        assert [m.label for m in story.moments if m.lane == "act"][:3] == ["立案", "交办", "退单"]
        assert story.network.count("petitioner") == 5 and story.network.count("site") >= 1
        assert await matters.find(c, "no such") is None
        seen = repr(story_json(story))
        assert not any(f"'{mark}'" in seen for mark in ("p1", "p2", "p3", "p4", "p5"))


CANARIES = ("canary-person", "13900001234", "canary-words")


async def test_no_export_page_or_public_view_holds_who_petitioned(pool: Pool, vault: Vault, tmp_path: Path) -> None:
    async with pool.acquire() as connection:
        town = Town(connection)
        await town.opens("A", "a1", reporter=CANARIES[0], respondent="=cmd|' /C calc'!A0")
        for n in range(6):
            await town.wait(hours=1).joins("A", f"j{n}", reporter=f"{CANARIES[0]}-{n}", respondent="=cmd|' /C calc'!A0")
        await connection.execute("UPDATE intake.complaints SET event = jsonb_set(event, '{text}', '\"canary-words 13900001234\"')")
    await feed(pool, vault, town.events)
    mark = Mark("+分析员", datetime(2026, 3, 31, 1, 0, tzinfo=UTC))
    async with pool.acquire() as c:
        found = await report(c, INDICATORS, MARCH, TODAY)
        book = workbook(found, INDICATORS, NAMES, mark)
        word = brief(found, NAMES, mark, ())
        for name in ("complaints.csv", "complaints.parquet", "cases.csv", "cases.parquet"):
            assert await write(c, INDICATORS, "complaints" if "complaints" in name else "cases", MARCH, tmp_path / name) >= 1
        with pytest.raises(ValueError, match=r"\.csv or \.parquet"):
            await write(c, INDICATORS, "cases", MARCH, tmp_path / "cases.txt")
        board, ask = Board(INDICATORS, NAMES), asked({"from": "2026-03-01", "to": "2026-03-31"}, INDICATORS, TODAY)
        pages = [
            await board.overview(c, ask), await board.indicator(c, "repeat_rate_submissions", ask), await board.listing(c, "repeats", ask),
            await board.hot(c, ask), await board.matter(c, "AJ-A"), await board.quality(c, ask, TODAY),
        ]  # fmt: skip
        public = [dict(r) for view in ("daily_sums", "cases", "rounds", "monthly_sites") for r in await c.fetch(f"SELECT * FROM analytics_public.{view}")]
        assert public
        assert await board.matter(c, "AJ-A", regions={"470303"}) is None, "another district's matter is not there"
        assert await board.listing(c, "submissions", asked({"to": "2026-03-31", "region": "470303"}, INDICATORS, TODAY), site="p:云溪路12号") is not None
    out = _files(tmp_path) + _unzipped(book) + _unzipped(word) + repr(pages).encode() + repr(public).encode()
    for canary in CANARIES:
        assert canary.encode() not in out, canary
    rows = pq.read_table(tmp_path / "complaints.parquet").to_pylist()
    assert len({row["petitioner"] for row in rows}) == 7 and all(row["petitioner"].startswith("P") for row in rows)
    sheets = _unzipped(book).decode("utf-8", "ignore")
    assert "<f>" not in sheets, "no cell is a formula"
    assert "&apos;=cmd" in sheets or "'=cmd" in sheets
    assert "+分析员 2026-03-31 09:00" in sheets and "'+分析员" in sheets
    document = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml"))
    assert "宋体" in ElementTree.tostring(document, encoding="unicode")


def _files(folder: Path) -> bytes:
    tables = repr([pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")])
    return b"".join(path.read_bytes() for path in folder.glob("*.csv")) + tables.encode()


def _unzipped(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".xml"))


async def test_a_login_for_figures_reads_the_public_views_and_nothing_else(pool: Pool, vault: Vault) -> None:
    async with pool.acquire() as c:
        await c.execute("SET ROLE petitions_figures")
        assert await c.fetch("SELECT * FROM analytics_public.cases") == []
        for table in ("analytics.complaint_facts", "triage.complaints", "vault.originals"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await c.fetch(f"SELECT * FROM {table}")
        await c.execute("RESET ROLE")

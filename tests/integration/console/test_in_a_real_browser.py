"""People's days in a real browser: keys, drops, two at once, a phone, and every page accessible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.support import browser as real
from tests.support.browser import PHONE, somebody
from tests.support.console_server import Console
from tests.support.invented_photos import paper, photo

pytestmark = pytest.mark.skipif(real.WHY_NOT is not None, reason=str(real.WHY_NOT))
PAGES: dict[str | None, tuple[str, ...]] = {
    None: ("/login", "/public"),
    "da-cg-2": ("/work", "/cases/{measured}", "/cases/{verified}?do=plan", "/cases/{measured}?do=add_evidence", "/search?q=工地", "/password", "/gone"),
    "supervisor-1": ("/registers/ledger", "/registers/risks", "/supervise", "/review", "/look-back", "/dead-letters", "/duty", "/publish", "/analysis", "/analysis/hot"),
    "city-mayor-urban": ("/lead", "/lead/meeting"),
    "callback-1": ("/intake",),
    "admin-1": ("/admin", "/admin/people/da-cg-2", "/admin/tokens", "/admin/city", "/admin/models"),
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with real.browser() as found:
        yield found


@pytest.mark.parametrize("who", list(PAGES), ids=str)
@pytest.mark.parametrize("size", [real.LAPTOP, PHONE], ids=["laptop", "phone"])
def test_every_page_is_accessible_fits_its_screen_and_stays_light(chromium: Browser, console: Console, who: str | None, size: tuple[int, int]) -> None:
    axe = Axe()
    with somebody(chromium, console, who, size) as page:
        for path in PAGES[who]:
            received = 0

            def count(response: object) -> None:
                nonlocal received
                received += int(response.headers.get("content-length") or 0)  # type: ignore[attr-defined]

            page.on("response", count)
            page.goto(console.url + path.format(measured=console.case("measured"), verified=console.case("verified")))
            found = axe.run(page)
            assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than its screen"
            assert received < 200_000, f"{path} took {received} bytes"
            page.remove_listener("response", count)


def test_an_officers_day_from_the_list_to_finished_steps_in_six_clicks_each(chromium: Browser, console: Console, tmp_path: Path) -> None:
    report, before = tmp_path / "report.pdf", tmp_path / "before.jpg"
    report.write_bytes(paper("核查"))
    before.write_bytes(photo("before", datetime(2026, 11, 24, 23, 5), 5))
    case = console.run(lambda: console.scribe.fresh("assigned"))  # type: ignore[union-attr]
    with somebody(chromium, console, "da-cg-2") as page:
        page.goto(f"{console.url}/work?show=new")
        page.click(f"[aria-label='签收：{case}']")  # 1 click: signed in where the row is
        expect(page.locator("#news")).to_contain_text("已签收")
        page.goto(f"{console.url}/cases/{case}")
        page.click(".head .button.main")  # 开始调查
        expect(page.locator(".head")).to_contain_text("调查核实中")
        for path, purpose in ((report, "report"), (before, "before")):
            page.goto(f"{console.url}/cases/{case}?do=add_evidence")
            page.set_input_files("#files", str(path))
            page.select_option("#f-purpose", purpose)
            page.fill("#f-caption", path.stem)
            if purpose == "before":
                page.check("[name=on_site]")
            page.click(".act .form-end .button.main")
            expect(page.locator("#news")).to_contain_text("已上传 1 份证据")
        page.click(".head .button.main")  # 上报核实
        page.check("[name=verdict][value=属实]")
        page.fill("#f-found", "夜间十一点后仍在浇筑混凝土。")
        page.fill("#f-root_cause", "赶工期，未办理夜间施工许可。")
        page.select_option("#f-report", label="report")
        page.click(".act .form-end .button.main")
        expect(page.locator(".head")).to_contain_text("已核实")
        page.click(".head .button.main")  # 制定措施
        page.fill("#f-target", "夜间不再施工")
        page.fill("#m-0-text", "停止夜间施工")
        page.fill("#m-0-deadline", "2099-01-31")
        page.click(".act .form-end .button.main")
        expect(page.locator(".head")).to_contain_text("整改中")
        expect(page.locator(".measures")).to_contain_text("停止夜间施工")


def test_a_draft_survives_and_goes_once_it_was_taken(chromium: Browser, console: Console) -> None:
    case = console.run(lambda: console.scribe.fresh("investigating"))  # type: ignore[union-attr]
    with somebody(chromium, console, "da-cg-2") as page:
        page.goto(f"{console.url}/cases/{case}?do=decline")
        page.fill("#f-reason", "属于诉讼事项，已告知")
        page.goto(f"{console.url}/work")
        page.goto(f"{console.url}/cases/{case}?do=decline")
        expect(page.locator("#f-reason")).to_have_value("属于诉讼事项，已告知")
        page.select_option("#f-ground", index=1)
        page.click(".act .form-end .button.main")
        expect(page.locator("#news")).to_contain_text("等待第二人复核")
        assert page.evaluate("Object.keys(localStorage).filter(key => key.includes('decline')).length") == 0


def test_a_new_assignment_appears_by_itself(chromium: Browser, console: Console) -> None:
    with somebody(chromium, console, "da-cg-2") as page:
        page.goto(f"{console.url}/work?show=new")
        case = console.run(lambda: console.scribe.fresh("assigned"))  # type: ignore[union-attr]
        expect(page.locator(f"#case-{case}")).to_be_visible(timeout=15_000)


def test_links_are_reviewed_with_single_keys_and_the_last_answer_taken_back(chromium: Browser, console: Console) -> None:
    with somebody(chromium, console, "supervisor-1") as page:
        page.goto(f"{console.url}/review")
        expect(page.locator("h1")).to_have_text("这两件是同一事项吗？")
        assert page.locator("mark.same").count() > 1
        before = page.locator(".head .sub").inner_text()
        page.keyboard.press("2")
        expect(page.locator("#news")).to_contain_text("不是同一事项")
        page.keyboard.press("u")
        expect(page.locator("#news")).to_contain_text("已撤销")
        page.goto(f"{console.url}/review")
        assert page.locator(".head .sub").inner_text().split("·")[0] == before.split("·")[0]
        page.keyboard.press("1")
        expect(page.locator("#news")).to_contain_text("已并入")
        page.keyboard.press("j")
        expect(page.locator(".head .sub")).to_contain_text("第 2 件")
        page.keyboard.press("3")
        expect(page.locator("#news")).to_contain_text("新情况")


def test_a_leader_signs_in_two_clicks(chromium: Browser, console: Console) -> None:
    case = console.run(lambda: console.scribe.fresh("publicised"))  # type: ignore[union-attr]
    with somebody(chromium, console, "city-mayor-urban") as page:
        page.goto(f"{console.url}/lead")
        page.click(f"[aria-label='签字：{case}']")
        page.click(".act .form-end .button.main")
        expect(page.locator("#news")).to_contain_text("签字")
        expect(page.locator(".head")).to_contain_text("包案领导已签字")


def test_a_file_with_bad_rows_is_shown_row_by_row_before_anything_is_registered(chromium: Browser, console: Console, tmp_path: Path) -> None:
    file = tmp_path / "来件.csv"
    rows = ["工单编号,来电时间,诉求内容,说明", "A1,2026-11-20 10:00,望江街道工地夜里施工,", "A2,不是时间,河里有死鱼,", "A3,2026-11-20 11:00,,", "A4,2026-11-21 08:00,巷口面馆油烟大,"]
    file.write_text("\n".join(rows), "utf-8")
    with somebody(chromium, console, "callback-1") as page:
        page.goto(f"{console.url}/intake")
        page.set_input_files("#file", str(file))
        page.click("button:has-text('预览')")
        expect(page.locator("h1")).to_have_text("可以登记 2 件，退回 2 行")
        table = page.locator("table").last
        expect(table).to_contain_text("来电时间")
        expect(table.locator("tbody tr").first.locator("td").first).to_have_text("3")
        page.click("button:has-text('登记 2 件')")
        expect(page.locator("#news")).to_contain_text("已提交 2 件，退回 2 行")
        expect(page.locator("h1")).to_contain_text("正在登记")


def test_somebody_without_scripts_gets_through_a_step(chromium: Browser, console: Console) -> None:
    case = console.run(lambda: console.scribe.fresh("assigned"))  # type: ignore[union-attr]
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{console.url}/login")
    page.fill("#login", "da-cg-2")
    page.fill("#password", real.PASSWORD)
    page.click("form button")
    page.goto(f"{console.url}/cases/{case}")
    page.click(".head .button.main")
    assert "已签收" in page.locator("#news").inner_text()
    context.close()
